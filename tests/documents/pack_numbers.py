"""The page of numbers: every number of the packs that come with Steplabel and of those to start
from, its source, what it moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.declared import FigureSource
from benchmarks.packs.provenance import MOVES, Number, factors, numbers
from reporting_agent.analysis.account import made_and_needed
from reporting_agent.changes import uncounted
from reporting_agent.pipeline import constants, site_flows
from tests.documents import limits_by_year

PACKS = (*packs.shipped(), *map(str, sorted((packs.HOME / "further").glob("*.toml"))))

HEAD = """# Every number of the packs

Built by `python -m tests.documents` from the packs themselves, newest versions; those of flat glass, ceramics and data centres
are packs to start from (`benchmarks/packs/further/`), by which no portal composes. `steplabel-agent pack numbers PACK` prints the
same for any pack. How a number was read: *original-seen* in the document itself, *transcribed* in a transcription of it with clause and
table, *secondary* in a text that reports it, *assumption* nowhere. No number is without a source. Of the standards' own
documents first pages were seen and no table: what the pages call verified is transcribed.
"""


def page() -> str:
    """The whole page."""
    parts = {pack.id: list(numbers(pack)) for pack in map(packs.load, PACKS)}
    parts["conversion factors"] = list(factors(FactorTable.load()))
    every = [number for part in parts.values() for number in part]
    sources = list(dict.fromkeys(number.source for number in every))
    names = {source: f"S{position}" for position, source in enumerate(sources, 1)}
    lines = [HEAD, *_counts(parts), "", *_assumptions(every, names), "", *_sources(names), ""]
    for name, part in parts.items():
        lines += [
            f"## {name.capitalize()}",
            "| number | value | unit | clause | status | source |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_row(number, names) for number in part]
        lines.append("")
    lines += [*_constants(), ""]
    lines += [*_editions(), "", *limits_by_year.table()]
    return "\n".join(lines).rstrip() + "\n"


def _status(source: FigureSource | None) -> str:
    return "none" if source is None or source.status is None else source.status


def _counts(parts: dict[str, list[Number]]) -> Iterator[str]:
    kinds = ("original-seen", "transcribed", "secondary", "assumption", "none")
    yield "| | " + " | ".join(kinds) + " | all |"
    yield "|---|" + "---|" * (len(kinds) + 1)
    for name, part in parts.items():
        counted = Counter(_status(number.source) for number in part)
        yield (
            f"| {name} | " + " | ".join(str(counted[kind]) for kind in kinds) + f" | {len(part)} |"
        )


def _assumptions(every: Iterable[Number], names: dict[FigureSource | None, str]) -> Iterator[str]:
    yield "## What is assumed, and what it moves"
    yield "| source | numbers | role | moves |"
    yield "|---|---|---|---|"
    counted = Counter(
        (number.source, number.role) for number in every if _status(number.source) == "assumption"
    )
    for (source, role), count in counted.items():
        yield f"| {names[source]} | {count} | {role.value} | {MOVES[role]} |"


def _sources(names: dict[FigureSource | None, str]) -> Iterator[str]:
    yield "## Sources"
    yield "| | text | document, edition, issuer | place | valid | read | read again | status |"
    yield "|---|---|---|---|---|---|---|---|"
    for source, name in names.items():
        if source is not None:
            document = ", ".join(
                part for part in (source.document, source.edition, source.issuer) if part
            )
            valid = (
                ""
                if source.valid_from is None
                else f"{source.valid_from} to {source.valid_to or 'open'}"
            )
            read = ", ".join(filter(None, (f"{source.read_on}", source.read_by, source.read_in)))
            cells = (
                name,
                source.text,
                document,
                source.jurisdiction,
                valid,
                read,
                source.reread_by or "nobody",
                _status(source),
            )
            yield "| " + " | ".join(cells) + " |"


def _row(number: Number, names: dict[FigureSource | None, str]) -> str:
    cells: Sequence[str] = (
        number.path,
        number.value,
        number.unit,
        number.clause,
        _status(number.source),
        names[number.source],
    )
    return "| " + " | ".join(cells) + " |"


CONSTANTS = (
    *constants.OF_A_LABEL,
    (
        made_and_needed.WEIGHING,
        "of what a step takes of an intermediate, that what was made may fall short by",
    ),
    (
        site_flows.MOST_DECLARED,
        "of what came over the fence, that losses of no class are trusted to",
    ),
    (
        uncounted.LEAST,
        "of a step's metered energy, from which what counts in no batch is asked about",
    ),
)
"""Numbers that rules of the program hold labels and accounts by: what they are of. Each is the
program's own.
"""


def _constants() -> Iterator[str]:
    yield "## Constants of the rules"
    yield "What the program itself holds labels and accounts by, whatever the pack. Conventions of ours; of a standard is the first alone."
    yield f"The first {len(constants.OF_A_LABEL)} can move a label, which names their digest (`method.constants_digest` of label.json)."
    yield "| value | what it is | status |"
    yield "|---|---|---|"
    for value, what in CONSTANTS:
        yield f"| {value:g} | {what} | assumption |"


def _editions() -> Iterator[str]:
    yield "## Editions in force since 2012"
    yield "| pack | edition | layer | levels | from | to | held | where it was looked for |"
    yield "|---|---|---|---|---|---|---|---|"
    for pack in map(packs.load, PACKS):
        for edition in pack.editions:
            title = " ".join((edition.standard, *edition.amendments))
            days = (str(edition.effective_from or "not found"), str(edition.effective_to or "open"))
            cells = (
                pack.id,
                title,
                edition.layer,
                edition.levels,
                *days,
                "yes" if edition.held else "no",
                edition.looked.en,
            )
            yield "| " + " | ".join(cells) + " |"
