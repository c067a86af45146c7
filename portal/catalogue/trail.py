"""Who did what, for regulators: the whole record for a nation, what concerns its own sites and
people for a province or city.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from portal.accounts.models import Membership, Role, User
from portal.accounts.selectors import jurisdictions_of, regulated_sites
from portal.auditlog.models import Event


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """`actor` and `subject` are looked for anywhere in the text; `after` and `before` bound the
    time, half-open.
    """

    action: str = ""
    actor: str = ""
    subject: str = ""
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailEvent:
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


def count(user: User, wanted: TrailFilter) -> int:
    """How many events the person may read that fit."""
    return _fitting(user, wanted).count()


def events(user: User, wanted: TrailFilter, first: int, most: int) -> Iterator[TrailEvent]:
    """Those events, newest first, from the `first` (0 is the newest) on."""
    rows = _fitting(user, wanted).order_by("-id")[first : first + most]
    for at, actor, action, subject, detail in rows.values_list(
        "at", "actor", "action", "subject", "detail"
    ):
        yield TrailEvent(at, actor, action, subject, detail)


def _fitting(user: User, wanted: TrailFilter) -> QuerySet[Event]:
    rows: QuerySet[Event] = _readable(user).filter(
        actor__icontains=wanted.actor, subject__icontains=wanted.subject
    )
    if wanted.action:
        rows = rows.filter(action=wanted.action)
    if wanted.after is not None:
        rows = rows.filter(at__gte=wanted.after)
    return rows if wanted.before is None else rows.filter(at__lt=wanted.before)


def _readable(user: User) -> QuerySet[Event]:
    jurisdictions = jurisdictions_of(user)
    rows: QuerySet[Event] = Event.objects.all()
    if any(jurisdiction.parent_id is None for jurisdiction in jurisdictions):
        return rows
    if not jurisdictions:
        return rows.none()
    sites = [f"site {slug}" for slug in regulated_sites(user).values_list("slug", flat=True)]
    offices = Membership.objects.filter(user=user, role=Role.REGULATOR).values("organisation")
    colleagues = User.objects.filter(
        memberships__organisation__in=offices, memberships__role=Role.REGULATOR
    ).values("email")
    return rows.filter(Q(subject__in=sites) | Q(actor__in=colleagues))
