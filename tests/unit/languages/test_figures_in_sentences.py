"""A figure in a sentence for people is written as people write it: 1,230, and never 1.23e+03, as
Python's `g` does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.phrases import significant

ROOMS = (
    "benchmarks/labels",
    "reporting_agent/analysis",
    "reporting_agent/changes",
    "reporting_agent/pipeline",
)
_ROUNDED = re.compile(r",?\.\d+g")


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234.0, 3, "1230"),
        (13_487.0, 4, "13,490"),
        (9_999.9, 4, "10,000"),
        (0.5, 3, "0.5"),
        (100.0, 2, "100"),
        (1.2346e-5, 2, "0.000012"),
        (-1234.0, 2, "-1200"),
        (0.0, 3, "0"),
    ],
)
def test_a_figure_has_its_significant_digits_and_no_power_of_ten(
    value: float, digits: int, text: str
) -> None:
    assert significant(value, digits) == text


def test_no_sentence_rounds_a_figure_to_significant_digits_in_another_way() -> None:
    assert [
        place
        for room in ROOMS
        for path in sorted(Path(room).rglob("*.py"))
        for place in _rounded(path)
    ] == []


def _rounded(path: Path) -> Iterator[str]:
    """Where a module formats a figure by `.3g`, but to make a number of it again, or TOML."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    of_numbers = {
        id(part)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "float"
        for part in ast.walk(call)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FormattedValue)
            and isinstance(node.format_spec, ast.JoinedStr)
            and id(node) not in of_numbers
        ):
            for spec in node.format_spec.values:
                if (
                    isinstance(spec, ast.Constant)
                    and _ROUNDED.fullmatch(str(spec.value))
                    and spec.value != ".6g"
                ):
                    yield f"{path}:{node.lineno}"
