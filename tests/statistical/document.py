"""The tables of the pages in `docs` that hold some: written by one command, and compared with what
is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

from tests.statistical.outcome import Outcome

DOCS = Path(__file__).parents[2] / "docs"


def filled(text: str, outcomes: Sequence[Outcome]) -> str:
    """The document with every outcome's table between its markers."""
    for outcome in outcomes:
        begin, end = f"<!-- table: {outcome.name} -->", f"<!-- end: {outcome.name} -->"
        if begin not in text or end not in text:
            raise LookupError(
                f"{outcome.page} has no place for the table {outcome.name!r}: {begin} ... {end}"
            )
        table = f"{begin}\n{outcome.sentence[0].upper()}{outcome.sentence[1:]}.\n\n{outcome.markdown()}\n{end}"
        before, rest = text.split(begin, 1)
        text = before + table + rest.split(end, 1)[1]
    return text


def write(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        path = DOCS / outcome.page
        path.write_text(filled(path.read_text(encoding="utf-8"), [outcome]), encoding="utf-8")


def differing(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """What is written of each table that the documents do not hold, line by line: by its name."""
    differences = {}
    for outcome in outcomes:
        text = (DOCS / outcome.page).read_text(encoding="utf-8")
        there, wanted = text.splitlines(), filled(text, [outcome]).splitlines()
        if lines := [*unified_diff(there, wanted, outcome.page, outcome.page, n=0, lineterm="")]:
            differences[outcome.name] = "\n".join(lines)
    return differences
