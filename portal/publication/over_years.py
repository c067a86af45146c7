"""A benchmark over its years: what each version in force shows of a cell, what moved since the
version before; as CSV, too.

Made of what the gate let out and the log holds, version by version, and of nothing else: a row
names the digest of the signed document that its figures stand in. What moved is told between
periods of one length that do not overlap, and never across a break.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.composition.result import Known, difference, spread
from benchmarks.csv_cells import csv_of
from benchmarks.label_keys import LabelKey
from portal.publication.codebook import OVER_YEARS
from portal.publication.definition_changes import Breaks, breaks
from portal.publication.rows import VersionColumns, benchmark_view, follows, in_force, read
from portal.publication.shapes import BenchmarkView, CellView

MOST_VERSIONS = 12  # each is one question to the database
DOCUMENT_DIGITS = 9  # more than a signed document gives: its figures stand as they are
WORKED_OUT_DIGITS = (
    3  # the finest grid of a label is 0.001 of a unit; what is worked out from labels says no more
)
FIGURES = ("best", "typical", "spread")
"""What is followed over the years: the industry's best, its typical value, and how far its
quartiles lie apart.
"""


@dataclass(frozen=True, slots=True)
class Year:
    """One cell in one version. `moved` holds, by figure, the difference to the version before where
    both tell it and nothing broke.
    """

    view: BenchmarkView
    cell: CellView
    figures: dict[str, Known]
    before: str  # the version compared with: `2025 v1`; empty for the first
    breaks: tuple[str, ...]
    moved: dict[str, Known]


def versions(pack: str, jurisdiction: str, route: str) -> tuple[VersionColumns, ...]:
    """The newest in force, oldest first; empty where nothing is."""
    group = {
        "period__peer_group__pack": pack,
        "period__peer_group__scope__path": jurisdiction,
        "period__peer_group__route": route,
    }
    return tuple(
        reversed(
            read(
                in_force()
                .filter(**group)
                .order_by("-period__start", "-period__end", "-published_at")[:MOST_VERSIONS]
            )
        )
    )


def years(rows: Sequence[VersionColumns]) -> tuple[Year, ...]:
    """Every cell that a version shows, version by version."""
    views = [benchmark_view(row, row.version) for row in rows]
    collected: list[Year] = []
    for index, (row, view) in enumerate(zip(rows, views, strict=True)):
        prior = next((at for at in reversed(range(index)) if follows(rows[at], row)), None)
        broken = None if prior is None else breaks(views[prior], view)
        earlier = (
            {}
            if prior is None
            else {LabelKey.of(cell): cell for cell in views[prior].label.cells if cell.shown}
        )
        collected += [
            _year(view, cell, earlier.get(LabelKey.of(cell)), broken)
            for cell in view.label.cells
            if cell.shown
        ]
    return tuple(collected)


def _year(
    view: BenchmarkView, cell: CellView, earlier: CellView | None, broken: Breaks | None
) -> Year:
    figures, codes = _figures(cell), broken.codes_of(LabelKey.of(cell)) if broken else ()
    then = _figures(earlier) if earlier and not codes else {}
    moved = {name: difference(now, then[name]) for name, now in figures.items() if name in then}
    return Year(view, cell, figures, broken.since if broken else "", codes, moved)


def _figures(cell: CellView) -> dict[str, Known]:
    stated = {"best": (cell.best, cell.interval), "typical": (cell.typical, cell.typical_interval)}
    figures = {
        name: (value, interval)
        for name, (value, interval) in stated.items()
        if value is not None and interval is not None
    }
    apart = spread(cell.curve)
    return figures | ({"spread": apart} if apart else {})


def table(of: Sequence[Year]) -> str:
    """As CSV, by the codebook's `OVER_YEARS`."""
    names = [variable.name for variable in OVER_YEARS]
    rows = ({**_named(year), **dict(_values(year))} for year in of)
    return csv_of(names, ([row.get(name) for name in names] for row in rows))


def _named(year: Year) -> dict[str, object]:
    view, cell = year.view, year.cell
    return {
        "pack": view.pack,
        "pack_version": view.pack_version,
        "jurisdiction": view.jurisdiction,
        "route": view.route,
        "period": view.period,
        "version": view.version,
        "published_on": view.published_on,
        "step": cell.step,
        "product": cell.product,
        "variant": cell.variant,
        "boundary": cell.boundary,
        "metric": cell.metric,
        "unit": cell.unit,
        "firms": cell.firms,
        "break_since": year.before,
        "breaks": " ".join(year.breaks),
        "digest": view.digest,
    }


def _values(year: Year) -> Iterator[tuple[str, float]]:
    figures = [
        *year.figures.items(),
        *(
            (f"saved_at_{saving.to}", (saving.value, saving.interval))
            for saving in year.cell.potential
        ),
    ]
    figures += [(f"{name}_moved", change) for name, change in year.moved.items()]
    for name, (value, (low, high)) in figures:
        digits = (
            WORKED_OUT_DIGITS if name == "spread" or name.endswith("_moved") else DOCUMENT_DIGITS
        )
        yield from zip(
            (name, f"{name}_low", f"{name}_high"),
            (round(end, digits) for end in (value, low, high)),
            strict=True,
        )
