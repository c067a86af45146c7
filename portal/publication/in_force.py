"""Versions in force as a firm reads its own values beside them: gated labels without their curves, and what changed between two.

Which version is in force is asked at every view, so that one that is withdrawn or replaced goes at once. What was let out of a version
never changes and is public: a process remembers it by row and digest of the signed document, as many versions as a few sectors publish in
two years.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet

from benchmarks.disclosure import GateResult
from portal.intake.stamps import Remembered
from portal.publication.breaks import Breaks, Cell, breaks, cell_of
from portal.publication.models import Publication, Status
from portal.publication.shapes import LabelView, label_view

VERSIONS_KEPT = 512
"""Labels without curves, some twenty kilobytes each."""

BREAKS_KEPT = 1024
"""Pairs of versions, a few kilobytes each."""


@dataclass(frozen=True, slots=True)
class InForceView:
    """A version in force; its label has no curves."""

    id: int  # the version's row
    digest: str  # of the signed document, hex
    period_id: int
    pack: str
    pack_version: str
    route: str
    place: str  # path of the jurisdiction
    period: str
    version: int
    pack_digest: str
    label: LabelView
    bests: Mapping[Cell, float]  # of the cells that are shown


Key = tuple[int, str]  # row and digest: another database's row is never taken for this one


def in_force_at(pack: str, place: str, route: str, period: str) -> InForceView | None:
    """The version in force of one benchmark; None where none was published or all were withdrawn. `place` is its jurisdiction's path."""
    named = {f"{_GROUP}pack": pack, f"{_GROUP}scope__path": place, f"{_GROUP}route": route, "period__name": period}
    return next(iter(_read(_published().filter(**named).order_by("-version", "-published_at")[:1])), None)


def in_force_of(periods: Collection[int]) -> Mapping[int, InForceView]:
    """The versions in force of these periods, by the period's row."""
    newest_last = _published().filter(period__in=periods).order_by("version")
    return {view.period_id: view for view in _read(newest_last)}


def breaks_between(before: InForceView, after: InForceView) -> Breaks:
    """What `after` defines otherwise than `before`."""
    return _breaks.of(((before.id, before.digest), (after.id, after.digest)), lambda: breaks(before, after))


def forget() -> None:
    """Read what was let out afresh: for tests, in which one digest may stand in two worlds."""
    _views.clear()
    _breaks.clear()


_views: Remembered[InForceView] = Remembered(VERSIONS_KEPT)
_breaks: Remembered[Breaks] = Remembered(BREAKS_KEPT)

_GROUP = "period__peer_group__"
_COLUMNS = {
    "id": "pk",
    "digest": "digest",
    "period_id": "period_id",
    "pack": f"{_GROUP}pack",
    "pack_version": f"{_GROUP}pack_version",
    "route": f"{_GROUP}route",
    "place": f"{_GROUP}scope__path",
    "period": "period__name",
    "version": "version",
    "pack_digest": "document__pack_digest",
}
"""Where the fields of a view are found; its label comes of the gate's result."""


def _published() -> QuerySet[Publication]:
    return Publication.objects.filter(status=Status.PUBLISHED)


def _read(rows: QuerySet[Publication]) -> list[InForceView]:
    """In the order of the rows; those that this process has not read yet by one question."""
    keys: list[Key] = list(rows.values_list("pk", "digest"))
    known = {key: view for key in keys if (view := _views.get(key)) is not None}
    missing = [pk for pk, digest in keys if (pk, digest) not in known]
    if missing:
        for gate, *row in Publication.objects.filter(pk__in=missing).values_list("gate", *_COLUMNS.values()):
            view = _view(gate, dict(zip(_COLUMNS, row, strict=True)))
            known[view.id, view.digest] = _views.put((view.id, view.digest), view)
    return [known[key] for key in keys]


def _view(gate: Mapping[str, Any], told: Mapping[str, Any]) -> InForceView:
    label = _without_curves(label_view(GateResult.from_json(gate)))
    bests = {cell_of(step): step.best for step in label.steps if step.shown and step.best is not None}
    return InForceView(**told, label=label, bests=bests)


def _without_curves(label: LabelView) -> LabelView:
    return replace(label, steps=tuple(replace(step, curve=()) for step in label.steps))
