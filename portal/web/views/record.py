"""Who in a firm saw and did what: for who manages it, as a page and as a file."""

from __future__ import annotations

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.accounts.models import Organisation, Role
from portal.register import record as records
from portal.register.inviting import led_firms
from portal.register.record import OpenedPage, RecordFilter
from portal.web.access import for_role, person
from portal.web.lists.tables import PAGE_ROWS, csv_file, pages_of, whole
from portal.web.presenters.record import record_page, record_table
from portal.web.words.terms import shown_name


@for_role(Role.ENTERPRISE)
def record(request: HttpRequest, firm: int) -> HttpResponse:
    organisation, wanted = _firm(request, firm), _wanted(request)
    total = records.count(organisation, wanted)
    pages = pages_of(total, request.GET)
    rows = records.entries(organisation, wanted, pages.first - 1 if pages else 0, PAGE_ROWS)
    page = record_page(firm, shown_name(organisation.name), rows, total, pages, request.GET)
    records.saw(
        person(request),
        OpenedPage.RECORD,
        f"firm {organisation.name}"[:254],
        timezone.now(),
        firm=firm,
    )
    return render(request, "web/record.html", {"page": page})


@for_role(Role.ENTERPRISE)
def record_csv(request: HttpRequest, firm: int) -> HttpResponse:
    organisation = _firm(request, firm)
    rows = whole(partial(records.entries, organisation, _wanted(request)))
    answer = csv_file("steplabel-record.csv", *record_table(rows))
    records.saw(
        person(request),
        OpenedPage.RECORD,
        f"firm {organisation.name}"[:254],
        timezone.now(),
        firm=firm,
    )
    return answer


def _firm(request: HttpRequest, firm: int) -> Organisation:
    organisation: Organisation | None = led_firms(person(request)).filter(pk=firm).first()
    if organisation is None:
        raise Http404
    return organisation


def _wanted(request: HttpRequest) -> RecordFilter:
    kind = request.GET.get("kind", "")
    return RecordFilter(
        request.GET.get("who", "").strip()[:100],
        request.GET.get("what", "").strip()[:100],
        kind == "seen",
        kind == "done",
    )
