"""Versions in force as a firm reads its own values beside them: gated labels, and series of them.

Which version is in force is asked at every view, so that one that is withdrawn or replaced goes at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from benchmarks.disclosure import GateResult
from benchmarks.label_keys import LabelKey
from portal.publication.models import Publication, Status
from portal.publication.shapes import DefinedCell, LabelView, label_view


@dataclass(frozen=True, slots=True)
class InForceView:
    """A version in force."""

    period_id: int
    pack: str
    pack_version: str
    route: str
    place: str  # path of the jurisdiction
    period: str
    version: int
    label: LabelView


@dataclass(frozen=True, slots=True)
class DefinedVersion:
    """A version in force as a series tells it."""

    period: str
    version: int
    pack_version: str
    pack_digest: str
    cells: tuple[DefinedCell, ...]

    @property
    def bests(self) -> Mapping[LabelKey, float]:
        return {LabelKey.of(cell): cell.best for cell in self.cells if cell.best is not None}


def in_force_at(pack: str, place: str, route: str, period: str) -> InForceView | None:
    """The version in force of one benchmark; None where none was published or all were withdrawn. `place` is its jurisdiction's path."""
    named = {f"{_GROUP}pack": pack, f"{_GROUP}scope__path": place, f"{_GROUP}route": route, "period__name": period}
    return next(iter(_read(_published().filter(**named).order_by("-version", "-published_at")[:1])), None)


def in_force_of(periods: Collection[int]) -> Mapping[int, InForceView]:
    """The versions in force of these periods, by the period's row."""
    newest_last = _published().filter(period__in=periods).order_by("version")
    return {view.period_id: view for view in _read(newest_last)}


def defined_in(periods: Collection[int]) -> Mapping[int, DefinedVersion]:
    """The same as far as a series of them needs, which stands in their summaries."""
    rows = _published().filter(period__in=periods).order_by("version").select_related("period__peer_group")
    return {
        row.period_id: DefinedVersion(
            period=row.period.name,
            version=row.version,
            pack_version=row.period.peer_group.pack_version,
            pack_digest=row.summary["pack_digest"],
            cells=tuple(DefinedCell(**cell) for cell in row.summary["cells"]),
        )
        for row in rows.only("version", "summary", "period__name", "period__peer_group__pack_version")
    }


_GROUP = "period__peer_group__"
_COLUMNS = {
    "period_id": "period_id",
    "pack": f"{_GROUP}pack",
    "pack_version": f"{_GROUP}pack_version",
    "route": f"{_GROUP}route",
    "place": f"{_GROUP}scope__path",
    "period": "period__name",
    "version": "version",
}
"""Where the fields of a view are found; its label comes of the gate's result."""


def _published() -> QuerySet[Publication]:
    return Publication.objects.filter(status=Status.PUBLISHED)


def _read(rows: QuerySet[Publication]) -> list[InForceView]:
    """In the order of the rows."""
    return [_view(row) for row in rows.values("gate", *_COLUMNS.values())]


def _view(row: Mapping[str, Any]) -> InForceView:
    label = label_view(GateResult.from_json(row["gate"]))
    return InForceView(**{name: row[column] for name, column in _COLUMNS.items()}, label=label)
