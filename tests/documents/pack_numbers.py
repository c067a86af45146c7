"""`docs/pack-numbers.md`: every number of the packs that come with Steplabel and of those to start from, its source, what it moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.packs.provenance import MOVES, Number, factors, numbers
from benchmarks.routes import Source
from tests.documents.refusals import ROOT

PAGE = ROOT / "docs" / "pack-numbers.md"
PACKS = (*packs.shipped(), *map(str, sorted((packs.HOME / "further").glob("*.toml"))))

HEAD = """# Every number of the packs

Written by `python -m tests.documents --write` from the packs themselves, newest versions; those of flat glass and ceramics are
packs to start from (`benchmarks/packs/further/`), by which no portal composes. `steplabel-agent pack numbers PACK` prints the
same for any pack. How a number was read: *original-seen* in the document itself, *transcribed* in a transcription of it with clause and
table, *secondary* in a text that reports it, *assumption* nowhere. No number is without a source. None of the standards' own
documents was opened: what the pages call verified is transcribed.
"""


def page() -> str:
    """The whole page."""
    parts = {pack.id: list(numbers(pack)) for pack in map(packs.load, PACKS)}
    parts["conversion factors"] = list(factors(FactorTable.load()))
    every = [number for part in parts.values() for number in part]
    sources = list(dict.fromkeys(number.source for number in every))
    names = {source: f"S{place}" for place, source in enumerate(sources, 1)}
    lines = [HEAD, *_counts(parts), "", *_assumptions(every, names), "", *_sources(names), ""]
    for name, part in parts.items():
        lines += [f"## {name.capitalize()}", "| number | value | unit | clause | status | source |", "|---|---|---|---|---|---|"]
        lines += [_row(number, names) for number in part]
        lines.append("")
    lines += _editions()
    return "\n".join(lines).rstrip() + "\n"


def _status(source: Source | None) -> str:
    return "none" if source is None or source.status is None else source.status


def _counts(parts: dict[str, list[Number]]) -> Iterator[str]:
    kinds = ("original-seen", "transcribed", "secondary", "assumption", "none")
    yield "| | " + " | ".join(kinds) + " | all |"
    yield "|---|" + "---|" * (len(kinds) + 1)
    for name, part in parts.items():
        counted = Counter(_status(number.source) for number in part)
        yield f"| {name} | " + " | ".join(str(counted[kind]) for kind in kinds) + f" | {len(part)} |"


def _assumptions(every: Iterable[Number], names: dict[Source | None, str]) -> Iterator[str]:
    yield "## What is assumed, and what it moves"
    yield "| source | numbers | role | moves |"
    yield "|---|---|---|---|"
    counted = Counter((number.source, number.role) for number in every if _status(number.source) == "assumption")
    for (source, role), count in counted.items():
        yield f"| {names[source]} | {count} | {role.value} | {MOVES[role]} |"


def _sources(names: dict[Source | None, str]) -> Iterator[str]:
    yield "## Sources"
    yield "| | text | document, edition, issuer | place | valid | read | read again | status |"
    yield "|---|---|---|---|---|---|---|---|"
    for source, name in names.items():
        if source is not None:
            document = ", ".join(part for part in (source.document, source.edition, source.issuer) if part)
            valid = "" if source.valid_from is None else f"{source.valid_from} to {source.valid_to or 'open'}"
            read = f"{source.read_on}, {source.read_by}"
            cells = (name, source.text, document, source.jurisdiction, valid, read, source.reread_by or "nobody", _status(source))
            yield "| " + " | ".join(cells) + " |"


def _row(number: Number, names: dict[Source | None, str]) -> str:
    cells: Sequence[str] = (number.place, number.value, number.unit, number.clause, _status(number.source), names[number.source])
    return "| " + " | ".join(cells) + " |"


def _editions() -> Iterator[str]:
    yield "## Editions in force since 2012"
    yield "| pack | edition | layer | levels | from | to | held | where it was looked for |"
    yield "|---|---|---|---|---|---|---|---|"
    for pack in map(packs.load, PACKS):
        for edition in pack.editions:
            title = " ".join((edition.standard, *edition.amendments))
            days = (str(edition.effective_from or "not found"), str(edition.effective_to or "open"))
            cells = (pack.id, title, edition.layer, edition.levels, *days, "yes" if edition.held else "no", edition.looked.en)
            yield "| " + " | ".join(cells) + " |"
