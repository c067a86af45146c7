"""Corrected limits equal to workings by hand: twenty and more an edition that is held, with the
edges of every edition of constants.
"""

from __future__ import annotations

import ast
import operator
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.packs.corrections import NotAssessable, corrected_limits
from benchmarks.standard_limits import StandardLimit

FILE = Path(__file__).parents[3] / "fixtures" / "correction_vectors.toml"
VECTORS: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["vector"]
LATER = date(2027, 1, 1)
ONE_DAY = timedelta(days=1)
SIGNS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def shipped_limits() -> tuple[StandardLimit, ...]:
    """Every limit of the packs that come with Steplabel."""
    return tuple(
        limit
        for name in packs.available()
        for step in packs.load(name).steps
        for limit in step.limits
    )


def worked(line: str) -> Fraction | None:
    """`80 + 1.10 * 25 = 107.5`: the value of the left side, exactly, after a check that the right
    side is it. `-`: no such grade.
    """
    if line == "-":
        return None
    formula, _, result = line.partition(" = ")
    value = _value(ast.parse(formula, mode="eval").body, formula)
    assert float(value) == pytest.approx(float(result), abs=6e-7), line
    return value


def _value(node: ast.expr, text: str) -> Fraction:
    match node:
        case ast.BinOp(left, sign, right):
            return SIGNS[type(sign)](_value(left, text), _value(right, text))
        case ast.UnaryOp(ast.USub(), operand):
            return -_value(operand, text)
        case _:
            return Fraction(ast.get_source_segment(text, node) or "")


def test_every_edition_that_is_held_has_twenty_vectors_each_with_a_name_of_its_own() -> None:
    counted = Counter(vector["edition"] for vector in VECTORS)
    assert min(counted[limit.standard] for limit in shipped_limits()) >= 20
    assert len({vector["id"] for vector in VECTORS}) == len(VECTORS)


def test_every_limit_of_constants_has_a_vector_on_each_edge_of_its_validity() -> None:
    """A correction moves nothing there: what can be wrong is the figure, its day or its process."""
    days = {(vector["limit"], vector.get("on"), "refused" in vector) for vector in VECTORS}
    for limit in shipped_limits():
        if any(other.correction for other in shipped_limits() if other.standard == limit.standard):
            continue
        edges = {(limit.effective_from, False), (limit.effective_from - ONE_DAY, True)}
        if limit.effective_to is not None:
            edges |= {(limit.effective_to - ONE_DAY, False), (limit.effective_to, True)}
        assert {(limit.id, on, refused) for on, refused in edges} <= days, limit.id


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_the_corrected_limit_is_the_one_worked_by_hand(vector: dict[str, Any]) -> None:
    step = packs.load(vector["pack"]).step(vector["step"])
    limit = next(each for each in step.limits if each.id == vector["limit"])
    assert limit.standard == vector["edition"]
    corrected = corrected_limits(limit, vector["variables"], vector.get("on", LATER))
    if "refused" in vector:
        assert isinstance(corrected, NotAssessable)
        assert corrected.code == vector["refused"]
        assert corrected.reason.en
        assert corrected.reason.said_in("zh")
    else:
        assert corrected == tuple(
            None if (value := worked(line)) is None else float(value) for line in vector["grades"]
        )
