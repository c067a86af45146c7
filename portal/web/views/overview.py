"""For a regulator: the sector at a glance, and the same as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.accounts.models import Role
from portal.intake.turnout import TurnoutView, regions_of, turnout
from portal.web.access import for_role, person
from portal.web.lists.tables import csv_file
from portal.web.presenters.overview import in_stage, overview_page, overview_table


@for_role(Role.REGULATOR)
def overview(request: HttpRequest) -> HttpResponse:
    page = overview_page(_asked_for(request), regions_of(person(request)), request.GET)
    return render(request, "web/overview.html", {"page": page})


@for_role(Role.REGULATOR)
def overview_csv(request: HttpRequest) -> HttpResponse:
    return csv_file(
        "steplabel-participation.csv", *overview_table(in_stage(_asked_for(request), request.GET))
    )


def _asked_for(request: HttpRequest) -> tuple[TurnoutView, ...]:
    asked = {
        name: request.GET.get(parameter, "")[:120]
        for name, parameter in (("pack", "sector"), ("region", "region"), ("size", "size"))
    }
    return turnout(person(request), timezone.now(), **asked)
