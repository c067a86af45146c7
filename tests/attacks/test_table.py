"""The table of docs/attacks.md is whole: a row for each attack, and none that no test states."""

from __future__ import annotations

import pytest

from tests.attacks.table import DOCUMENT, HEAD, ORDER, filled, lines_of


def test_the_document_has_one_line_for_each_attack() -> None:
    lines = lines_of(DOCUMENT.read_text(encoding="utf-8"))
    assert len(lines) == len(set(lines)) == len(ORDER)
    assert {line.count(" | ") for line in lines} == {HEAD.splitlines()[0].count(" | ")}


def test_the_document_is_what_its_own_lines_fill_in_and_a_missing_row_is_told() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    lines = dict(zip(ORDER, lines_of(text), strict=True))
    assert filled(text, lines) == text
    with pytest.raises(LookupError, match="redraw"):
        filled(text, {name: line for name, line in lines.items() if name != "redraw"})
