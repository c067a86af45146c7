"""Breaks: what one version defines otherwise than another, so that a difference between them is no trend.

A break is a change of definition (method pack, boundary, unit, reference ratio, rules, years that values cover). That other firms take part
is no break: their number tells it. Figures on both sides of a break may be read side by side and must not be joined to a series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from benchmarks.label_keys import LabelKey
from portal.publication.shapes import CellView, DefinedCell, LabelView


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One definition that differs: `code` is pack-version, pack-content, boundary, unit, ratio, rule, averaging, years, new or gone."""

    code: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Breaks:
    """`whole` holds for every figure of the version, `cells` for one cell besides."""

    since: str  # the version compared with: `2025 v1`
    whole: tuple[DefinitionChange, ...]
    cells: Mapping[LabelKey, tuple[DefinitionChange, ...]]

    def codes_of(self, cell: LabelKey) -> tuple[str, ...]:
        return tuple(break_.code for break_ in (*self.whole, *self.cells.get(cell, ())))

    @property
    def any(self) -> bool:
        return bool(self.whole) or any(self.cells.values())


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


def breaks(before: VersionDefinition, after: VersionDefinition) -> Breaks:
    """What `after` defines otherwise than `before`."""
    old = {LabelKey.of(cell): cell for cell in before.cells}
    new = {LabelKey.of(cell): cell for cell in after.cells}
    cells = {cell: _of_cell(old.get(cell), new.get(cell)) for cell in dict.fromkeys((*new, *old))}
    return Breaks(f"{before.period} v{before.version}", _of_whole(before, after), cells)


def totals_compare(before: LabelView, after: LabelView) -> bool:
    """Whether both add the same up: the same headline cells, of one boundary and unit and in the same ratios."""
    return _summands(before) == _summands(after)


def _summands(label: LabelView) -> set[tuple[LabelKey, str, str, float]]:
    return {(LabelKey.of(cell), cell.boundary, cell.unit, cell.ratio) for cell in label.headline}


def _of_whole(before: VersionDefinition, after: VersionDefinition) -> tuple[DefinitionChange, ...]:
    differences = []
    if before.pack_version != after.pack_version:
        differences.append(DefinitionChange("pack-version", before.pack_version, after.pack_version))
    elif (old := before.pack_digest) != (new := after.pack_digest):
        differences.append(DefinitionChange("pack-content", old[:12], new[:12]))
    return tuple(differences)


def _of_cell(before: CellView | DefinedCell | None, after: CellView | DefinedCell | None) -> tuple[DefinitionChange, ...]:
    if before is None or after is None:
        return (DefinitionChange("new", "", ""),) if before is None else (DefinitionChange("gone", "", ""),)
    pairs = {
        "boundary": (before.boundary, after.boundary),
        "unit": (before.unit, after.unit),
        "ratio": (f"{before.ratio:g}", f"{after.ratio:g}"),
        # a cell that is held back has no rule: nothing is known to have changed
        "rule": (before.rule or after.rule or "", after.rule or before.rule or ""),
        "averaging": (before.averaging, after.averaging) if before.shown and after.shown else ("", ""),
        "years": (_years(before), _years(after)) if before.shown and after.shown else ("", ""),
    }
    return tuple(DefinitionChange(code, old, new) for code, (old, new) in pairs.items() if old != new)


def _years(cell: CellView | DefinedCell) -> str:
    """The years that the firms' values cover: `1`, or `1-3` where some are pooled."""
    return f"1-{max(years for years, _ in cell.pooled)}" if cell.pooled else "1"
