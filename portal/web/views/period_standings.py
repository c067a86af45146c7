"""For a regulator: where the sites of a period stand, as a page and as a file."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.accounts.models import Role
from portal.intake.participation import ParticipationView, participation
from portal.standings.ranked import ranked
from portal.web.access import for_role, person
from portal.web.lists.tables import csv_file
from portal.web.presenters.period_standings import standings_page, standings_table
from portal.web.words.terms import Names


@for_role(Role.REGULATOR)
def standings(request: HttpRequest, group: int, period: str) -> HttpResponse:
    view = _participation(request, group, period)
    page = standings_page(view, ranked(person(request), group, period), request.GET)
    return render(request, "web/standings.html", {"page": page})


@for_role(Role.REGULATOR)
def standings_csv(request: HttpRequest, group: int, period: str) -> HttpResponse:
    view = _participation(request, group, period)
    name = f"steplabel-standings-{view.pack}-{period.replace('/', '_')}.csv"
    return csv_file(
        name,
        *standings_table(
            ranked(person(request), group, period),
            request.GET,
            Names.of(view.pack, view.pack_version),
        ),
    )


def _participation(request: HttpRequest, group: int, period: str) -> ParticipationView:
    view = participation(person(request), group, period, timezone.now())
    if view is None:
        raise Http404
    return view
