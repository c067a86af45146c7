"""The tables of `docs/privacy.md`: written from the long form by one command, and compared with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.statistical.outcome import Outcome

DOCUMENT = Path(__file__).parents[2] / "docs" / "privacy.md"


def filled(text: str, outcomes: Sequence[Outcome]) -> str:
    """The document with every outcome's table between its markers."""
    for outcome in outcomes:
        begin, end = f"<!-- table: {outcome.name} -->", f"<!-- end: {outcome.name} -->"
        if begin not in text or end not in text:
            raise LookupError(f"{DOCUMENT.name} has no place for the table {outcome.name!r}: {begin} ... {end}")
        table = f"{begin}\n{outcome.sentence[0].upper()}{outcome.sentence[1:]}.\n\n{outcome.markdown()}\n{end}"
        before, rest = text.split(begin, 1)
        text = before + table + rest.split(end, 1)[1]
    return text


def write(outcomes: Sequence[Outcome]) -> None:
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8"), outcomes), encoding="utf-8")


def agrees(outcomes: Sequence[Outcome]) -> bool:
    """Whether the document holds exactly these tables."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return filled(text, outcomes) == text
