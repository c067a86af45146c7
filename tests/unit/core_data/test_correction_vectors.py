"""Corrected limits equal to workings by hand: twenty and more an edition, at the edges, inside and outside validity."""

from __future__ import annotations

import ast
import operator
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.packs.corrections import NotAssessable, corrected_limits

FILE = Path(__file__).parents[3] / "fixtures" / "correction_vectors.toml"
VECTORS: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["vector"]
LATER = date(2027, 1, 1)
SIGNS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def worked(line: str) -> Fraction | None:
    """`80 + 1.10 * 25 = 107.5`: the value of the left side, exactly, after a check that the right side is it. `-`: no such grade."""
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


def test_every_edition_with_correction_terms_has_twenty_vectors_each_with_a_name_of_its_own() -> None:
    corrected = {
        limit.standard for name in packs.available() for step in packs.load(name).steps for limit in step.limits if limit.correction
    }
    counted = Counter(vector["edition"] for vector in VECTORS)
    assert set(counted) == corrected
    assert min(counted.values()) >= 20
    assert len({vector["id"] for vector in VECTORS}) == len(VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_the_corrected_limit_is_the_one_worked_by_hand(vector: dict[str, Any]) -> None:
    step = packs.load(vector["pack"]).step(vector["step"])
    limit = next(each for each in step.limits if each.id == vector["limit"])
    assert limit.standard == vector["edition"]
    found = corrected_limits(limit, vector["variables"], vector.get("on", LATER))
    if "refused" in vector:
        assert isinstance(found, NotAssessable)
        assert found.code == vector["refused"]
        assert found.reason.en
        assert found.reason.zh
    else:
        assert found == tuple(None if (value := worked(line)) is None else float(value) for line in vector["grades"])
