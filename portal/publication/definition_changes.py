"""Breaks: what one version defines otherwise than another, so that a difference between them is no
trend.

A break is a change of definition (method pack, length of the period, boundary, unit, reference
ratio, rules, years that values cover; of totals, which cells they add up). That other firms take
part is no break: their number tells it. Figures on both sides of a break may be read side by side
and must not be joined to a series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Protocol

from benchmarks.label_keys import LabelKey
from benchmarks.measurements import Period
from portal.publication.shapes import CellView, DefinedCell, LabelView


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One definition that differs: `code` is pack-version, pack-content, length, summands,
    boundary, unit, ratio, rule, years, new or gone."""

    code: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Breaks:
    """`whole` holds for every figure of the version, `cells` for one cell besides, `totals` for the
    totals besides.
    """

    since: str  # the version compared with: `2025 v1`
    whole: tuple[DefinitionChange, ...]
    cells: Mapping[LabelKey, tuple[DefinitionChange, ...]]
    totals: tuple[
        DefinitionChange, ...
    ] = ()  # empty where the versions are told without their labels

    def codes_of(self, cell: LabelKey) -> tuple[str, ...]:
        return tuple(break_.code for break_ in (*self.whole, *self.cells.get(cell, ())))

    @property
    def codes_of_totals(self) -> tuple[str, ...]:
        """Each once."""
        return tuple(dict.fromkeys(break_.code for break_ in (*self.whole, *self.totals)))

    @property
    def any(self) -> bool:
        return bool(self.whole or self.totals) or any(self.cells.values())


class VersionDefinition(Protocol):
    """A version as far as it defines its figures."""

    @property
    def period(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def pack_version(self) -> str: ...
    @property
    def pack_digest(self) -> str: ...
    @property
    def cells(self) -> Sequence[CellView | DefinedCell]: ...


class LabelledVersion(VersionDefinition, Protocol):
    """A version that tells which cells its totals add up, too."""

    @property
    def label(self) -> LabelView: ...


def breaks(before: VersionDefinition, after: VersionDefinition) -> Breaks:
    """What `after` defines otherwise than `before`."""
    old = {LabelKey.of(cell): cell for cell in before.cells}
    new = {LabelKey.of(cell): cell for cell in after.cells}
    cells = {cell: _of_cell(old.get(cell), new.get(cell)) for cell in dict.fromkeys((*new, *old))}
    return Breaks(f"{before.period} v{before.version}", _of_whole(before, after), cells)


def breaks_with_totals(before: LabelledVersion, after: LabelledVersion) -> Breaks:
    """The same with what the totals have otherwise: which cells they add up, or how any of these is
    defined.
    """
    broken = breaks(before, after)
    old, new = (
        [LabelKey.of(cell) for cell in version.label.headline] for version in (before, after)
    )
    summands = (DefinitionChange("summands", "", ""),) if set(old) != set(new) else ()
    of_cells = (change for cell in dict.fromkeys((*new, *old)) for change in broken.cells[cell])
    return replace(broken, totals=(*summands, *of_cells))


def totals_compare(before: LabelView, after: LabelView) -> bool:
    """Whether both add the same up: the same headline cells, of one boundary and unit and in the
    same ratios.
    """
    return _summands(before) == _summands(after)


def _summands(label: LabelView) -> set[tuple[LabelKey, str, str, float]]:
    return {(LabelKey.of(cell), cell.boundary, cell.unit, cell.ratio) for cell in label.headline}


def change_of_length(before: str, after: str) -> tuple[DefinitionChange, ...]:
    """Of two periods, by their names: that the one is longer than the other, in days. A quarter is
    no year, and has its season.
    """
    old, new = (
        period.end - period.start
        for period in (Period.parse(name, UTC) for name in (before, after))
    )
    return (
        () if same_length(old, new) else (DefinitionChange("length", str(old.days), str(new.days)),)
    )


def same_length(*spans: timedelta) -> bool:
    """Whether two spans differ by less than a tenth: a leap year is no other year, February is a
    month.
    """
    shorter, longer = sorted(spans)
    return shorter > 0.9 * longer


def _of_whole(before: VersionDefinition, after: VersionDefinition) -> tuple[DefinitionChange, ...]:
    differences = list(change_of_length(before.period, after.period))
    if before.pack_version != after.pack_version:
        differences.append(
            DefinitionChange("pack-version", before.pack_version, after.pack_version)
        )
    elif (old := before.pack_digest) != (new := after.pack_digest):
        differences.append(DefinitionChange("pack-content", old[:12], new[:12]))
    return tuple(differences)


def _of_cell(
    before: CellView | DefinedCell | None, after: CellView | DefinedCell | None
) -> tuple[DefinitionChange, ...]:
    if before is None or after is None:
        return (
            (DefinitionChange("new", "", ""),)
            if before is None
            else (DefinitionChange("gone", "", ""),)
        )
    pairs = {
        "boundary": (before.boundary, after.boundary),
        "unit": (before.unit, after.unit),
        "ratio": (f"{before.ratio:g}", f"{after.ratio:g}"),
        # a cell that is held back has no rule: nothing is known to have changed
        "rule": (before.rule or after.rule or "", after.rule or before.rule or ""),
        "years": (_years(before), _years(after)) if before.shown and after.shown else ("", ""),
    }
    return tuple(
        DefinitionChange(code, old, new) for code, (old, new) in pairs.items() if old != new
    )


def _years(cell: CellView | DefinedCell) -> str:
    """The years that the firms' values cover: `1`, or `1-3` where some are pooled."""
    return f"1-{max(years for years, _ in cell.pooled)}" if cell.pooled else "1"
