"""What a proposed version says otherwise than the one before it, and which labels, grades and
published values it moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from benchmarks import packs, shelf
from benchmarks.errors import InputError
from benchmarks.pack_remarks import remarks
from benchmarks.packs import provenance
from benchmarks.packs.changed_numbers import NumberChange, changed_numbers
from benchmarks.packs.changes import FieldChange, changes
from benchmarks.packs.consequences import GradeMoves, LabelsMove, grades_move, labels_move
from benchmarks.packs.faults import PackFault
from benchmarks.packs.public_effects import PublishedValue, ValueMove, moved
from benchmarks.routes import Pack
from portal.governance.approved import with_factors
from portal.governance.selectors import published_by
from portal.publication.in_force import in_force_of


@dataclass(frozen=True, slots=True)
class MovedPublication:
    """A publication in force by the version before, and what moves in it."""

    pack: str
    pack_version: str
    route: str
    jurisdiction: str
    period: str
    version: int
    units: dict[tuple[str, str], str]
    values: tuple[ValueMove, ...]


@dataclass(frozen=True, slots=True)
class PackDifference:
    """`before` is None for a pack that there was not."""

    before: Pack | None
    after: Pack
    numbers: tuple[NumberChange, ...]
    fields: tuple[FieldChange, ...]
    labels_move: tuple[LabelsMove, ...]
    grades_move: tuple[GradeMoves, ...]
    publications: tuple[MovedPublication, ...]
    incomplete: int  # numbers of the new version without a complete source
    remarks: tuple[PackFault, ...]  # what a good pack does otherwise than the new version


def difference(file: str, factors_version: str, factors: str, corrects: str) -> PackDifference:
    """Of a checked file against the version that it corrects, else the one in force before it."""
    with shelf.used(with_factors(factors_version, factors)):
        after = packs.checked(file, "pack.toml")
        before = before_of(after, corrects)
        if before is None:
            return PackDifference(
                None, after, (), (), (), (), (), _incomplete(after), tuple(remarks(after))
            )
        return between(before, after)


def between(before: Pack, after: Pack) -> PackDifference:
    """What `after` says otherwise than `before`."""
    return PackDifference(
        before,
        after,
        changed_numbers(before, after),
        changes(before, after),
        labels_move(before, after),
        grades_move(before, after),
        tuple(_publications(before, after)),
        _incomplete(after),
        tuple(remarks(after)),
    )


def _incomplete(pack: Pack) -> int:
    return sum(
        not number.is_complete
        for number in (*provenance.numbers(pack), *provenance.factors(packs.factors(pack)))
    )


def before_of(pack: Pack, corrects: str) -> Pack | None:
    """The version that an erratum corrects; else, of those that took effect no later, the last;
    None where there is none.
    """
    if corrects:
        try:
            return packs.load(pack.id, corrects)
        except InputError:
            return None
    others = (
        other
        for other in packs.versions(pack.id)
        if other.version != pack.version and other.effective_from <= pack.effective_from
    )
    return max(
        others,
        key=lambda other: (other.effective_from, packs.version_order(other.version)),
        default=None,
    )


def _publications(before: Pack, after: Pack) -> list[MovedPublication]:
    rows = published_by(before.id, before.version)
    views = in_force_of([row.period_id for row in rows])
    publications = []
    for row in rows:
        view, on = views[row.period_id], (row.period.end - timedelta(days=1)).date()
        label = view.label
        values = [
            PublishedValue(cell.step, cell.variant, cell.metric, cell.best, on, cell.headline)
            for cell in label.cells
            if cell.shown and cell.best is not None
        ]
        units = {(cell.step, cell.metric): cell.unit for cell in label.cells}
        if label.composite.shown and label.composite.value is not None:
            metric = next(iter(label.headline)).metric
            values.append(PublishedValue("", "", metric, label.composite.value, on))
            units["", metric] = label.composite.unit
        if those := tuple(moved(before, after, values, view.route)):
            publications.append(
                MovedPublication(
                    view.pack,
                    view.pack_version,
                    view.route,
                    view.jurisdiction,
                    view.period,
                    view.version,
                    units,
                    those,
                )
            )
    return publications
