"""For a regulator: the audit trail, as a page and as a file."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.accounts.models import Role
from portal.catalogue import trail as trails
from portal.catalogue.trail import TrailFilter
from portal.web.access import for_role, person
from portal.web.lists.tables import PAGE_ROWS, csv_file, pages_of, whole
from portal.web.presenters.audit_trail import trail_page, trail_table


@for_role(Role.REGULATOR)
def trail(request: HttpRequest) -> HttpResponse:
    wanted = _wanted(request)
    total = trails.count(person(request), wanted)
    pages = pages_of(total, request.GET)
    rows = trails.events(person(request), wanted, pages.first - 1 if pages else 0, PAGE_ROWS)
    return render(request, "web/trail.html", {"page": trail_page(rows, total, pages, request.GET)})


@for_role(Role.REGULATOR)
def trail_csv(request: HttpRequest) -> HttpResponse:
    rows = whole(partial(trails.events, person(request), _wanted(request)))
    return csv_file("steplabel-audit-trail.csv", *trail_table(rows))


def _wanted(request: HttpRequest) -> TrailFilter:
    """What the address asks for; a day that is none bounds nothing."""
    return TrailFilter(
        action=request.GET.get("action", "")[:40],
        actor=request.GET.get("actor", "").strip()[:100],
        subject=request.GET.get("subject", "").strip()[:100],
        after=_midnight(request.GET.get("after", "")),
        before=_midnight(request.GET.get("before", ""), days_later=1),  # the last day belongs to it
    )


def _midnight(text: str, days_later: int = 0) -> datetime | None:
    """The midnight that begins the day, or one later, in the zone of who asks; None for what is no
    day, and where no day comes after it.
    """
    try:
        return (
            timezone.make_aware(datetime.combine(date.fromisoformat(text), time()))
            + timedelta(days=days_later)
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
