"""The tables of the pages in `docs` that hold some: written by one command, and compared with what
is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.statistical.outcome import Outcome

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = DOCS / "privacy.md"


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
    for path, tables in _by_page(outcomes).items():
        path.write_text(filled(path.read_text(encoding="utf-8"), tables), encoding="utf-8")


def agrees(outcomes: Sequence[Outcome]) -> bool:
    """Whether the documents hold exactly these tables."""
    texts = {path: path.read_text(encoding="utf-8") for path in _by_page(outcomes)}
    return all(
        filled(texts[path], tables) == texts[path] for path, tables in _by_page(outcomes).items()
    )


def _by_page(outcomes: Sequence[Outcome]) -> dict[Path, list[Outcome]]:
    return {
        DOCS / page: [outcome for outcome in outcomes if outcome.page == page]
        for page in sorted({outcome.page for outcome in outcomes})
    }
