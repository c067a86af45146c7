"""Versions in force as a firm reads its own values beside them: gated labels, and series of them.

Which version is in force is asked at every view, so that one that is withdrawn or replaced goes at
once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from benchmarks.disclosure import GateResult
from benchmarks.label_keys import LabelKey
from portal.publication.models import Publication, VersionStatus
from portal.publication.rows import in_force
from portal.publication.shapes import CellView, DefinedCell, LabelView, label_view
from portal.standings.reports import ReportView


@dataclass(frozen=True, slots=True)
class InForceView:
    """A version in force."""

    period_id: int
    pack: str
    pack_version: str
    pack_digest: str
    route: str
    jurisdiction: str  # its path
    period: str
    version: int
    label: LabelView

    @property
    def cells(self) -> tuple[CellView, ...]:
        return self.label.cells


@dataclass(frozen=True, slots=True)
class DefinedVersion:
    """A version in force as a series tells it."""

    period: str
    version: int
    pack_version: str
    pack_digest: str
    cells: tuple[DefinedCell, ...]

    def best_in(self, cell: LabelKey, unit: str) -> float | None:
        """The best of a cell where it is published in this unit; one in another is on another
        scale.
        """
        return next(
            (
                defined.best
                for defined in self.cells
                if LabelKey.of(defined) == cell and defined.unit == unit
            ),
            None,
        )


def in_force_at(pack: str, jurisdiction: str, route: str, period: str) -> InForceView | None:
    """The version in force of one benchmark; None where none was published or all were withdrawn.
    `jurisdiction` is a path.
    """
    named = dict(zip(_ADDRESS, (pack, jurisdiction, route, period), strict=True))
    published = Publication.objects.filter(status=VersionStatus.PUBLISHED, **named)
    return next(iter(_read(published.order_by("-version", "-published_at")[:1])), None)


def in_force_of(periods: Collection[int]) -> Mapping[int, InForceView]:
    """The versions in force of these periods, by the period's row."""
    return {view.period_id: view for view in _read(in_force().filter(period__in=periods))}


def defined_beside(reports: Collection[ReportView]) -> Mapping[int, DefinedVersion]:
    """By the row of each report's period, the version in force that it is read beside, as far as a
    series of them needs: its summary.

    That may be of another version of the pack than the report: the two share their address.
    """
    addresses = {
        report.period_id: (report.pack, report.jurisdiction, report.route, report.period)
        for report in reports
    }
    asked = {
        f"{part}__in": {address[index] for address in addresses.values()}
        for index, part in enumerate(_ADDRESS)
    }
    rows = in_force().filter(**asked).values("summary", *_COLUMNS.values())
    at = {tuple(row[part] for part in _ADDRESS): _defined(row) for row in rows}
    return {period: at[address] for period, address in addresses.items() if address in at}


def _defined(row: Mapping[str, Any]) -> DefinedVersion:
    return DefinedVersion(
        period=row["period__name"],
        version=row["version"],
        pack_version=row[f"{_GROUP}pack_version"],
        pack_digest=row["summary"]["pack_digest"],
        cells=tuple(DefinedCell(**cell) for cell in row["summary"]["cells"]),
    )


_GROUP = "period__peer_group__"
_COLUMNS = {
    "period_id": "period_id",
    "pack": f"{_GROUP}pack",
    "pack_version": f"{_GROUP}pack_version",
    "route": f"{_GROUP}route",
    "jurisdiction": f"{_GROUP}scope__path",
    "period": "period__name",
    "version": "version",
}
"""Where the fields of a view are found; its label comes of the gate's result."""
_ADDRESS = (f"{_GROUP}pack", f"{_GROUP}scope__path", f"{_GROUP}route", "period__name")


def _read(rows: QuerySet[Publication]) -> list[InForceView]:
    """In the order of the rows."""
    return [_view(row) for row in rows.values("gate", *_COLUMNS.values())]


def _view(row: Mapping[str, Any]) -> InForceView:
    gate = GateResult.from_json(row["gate"])
    columns = {name: row[column] for name, column in _COLUMNS.items()}
    return InForceView(**columns, pack_digest=gate.published.pack_digest, label=label_view(gate))
