"""The library of practices for everybody, as a page and a file, one practice, and what one's own
sites report that it did there.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from benchmarks.errors import SteplabelError
from benchmarks.wire.outcomes import MOST_BYTES
from portal.accounts.models import Role
from portal.accounts.selectors import roles_of
from portal.assurance import confirming
from portal.days import scheme_day
from portal.keys import receipt_key
from portal.practices import outcomes, selectors
from portal.read_replica import from_replica
from portal.web.access import for_role, person
from portal.web.answers import form_page, report_done
from portal.web.forms.errors import add_error
from portal.web.forms.practices import OutcomeForm
from portal.web.lists.tables import csv_file
from portal.web.presenters import practices as presenter

CONCERNED = (Role.ENTERPRISE, Role.REGULATOR)


@require_safe
@from_replica
def every(request: HttpRequest) -> HttpResponse:
    """The whole library, or what fits a sector, a step, a cause (`?sector=&step=&cause=`)."""
    contributes = request.user.is_authenticated and not roles_of(person(request)).isdisjoint(
        CONCERNED
    )
    page = presenter.library_page(selectors.library(), request.GET)
    return render(request, "web/practices.html", {"page": page, "contributes": contributes})


@require_safe
@from_replica
def every_csv(request: HttpRequest) -> HttpResponse:
    """What the page lists for the same query, in the columns in which a list is imported, and what
    the library adds.
    """
    return csv_file(
        "steplabel-practices.csv", *presenter.library_table(selectors.library(), request.GET)
    )


@require_safe
@from_replica
def practice_page(request: HttpRequest, practice: str) -> HttpResponse:
    """The version in force, or the one that is asked for (`?version=1`)."""
    asked = request.GET.get("version")
    if asked is not None and not (asked.isdecimal() and len(asked) < 9):
        raise Http404
    version = int(asked) if asked else None
    reports = request.user.is_authenticated and Role.ENTERPRISE in roles_of(person(request))
    library = selectors.library()
    versions = selectors.versions_of(practice)
    page = presenter.practice_page(
        library, practice, versions, version, selectors.agencies_of(versions), reports=reports
    )
    if page is None:
        raise Http404
    payback = presenter.payback_of(library, practice, scheme_day()) if version is None else None
    return render(request, "web/practice.html", {"page": page, "payback": payback})


@for_role(Role.ENTERPRISE, posts=True)
def outcome(request: HttpRequest, practice: str) -> HttpResponseBase:
    """What one's own sites report that a practice did there; `withdraw` names a report that is not
    counted yet.
    """
    user = person(request)
    shown = next(
        (candidate for candidate in selectors.library().practices if candidate.id == practice), None
    )
    if shown is None:
        raise Http404
    if (withdrawn := request.POST.get("withdraw", "")).isdecimal():
        outcomes.withdraw(int(withdrawn[:18]), user, timezone.now())
        return report_done(
            request,
            _("The report is withdrawn, as if it had never been submitted."),
            "web:practice-outcome",
            practice,
        )
    form = OutcomeForm(request.POST, request.FILES) if request.method == "POST" else OutcomeForm()
    if request.method == "POST" and form.is_valid():
        try:
            raw, ask = form.cleaned_data["outcome"].read(MOST_BYTES + 1), form.cleaned_data["ask"]
            report = confirming.hand_in(raw, practice, user, receipt_key(), timezone.now(), ask=ask)
        except SteplabelError as refusal:
            add_error(form, "outcome", refusal)
        else:
            waits = _(
                "The report is submitted. It is shown to nobody else until four other firms have "
                "reported."
            )
            done = (
                _("The report is counted, with those of four other firms.")
                if report.counted_at
                else waits
            )
            if report.asked:
                done = _(
                    "The report is submitted. An auditor of your site can now read and confirm it."
                )
            return report_done(request, done, "web:practice-outcome", practice)
    may_report = selectors.may_report(user, practice, shown.sector)
    page = presenter.outcome_page(
        shown, list(selectors.reports_of(user, practice)), may_report=may_report
    )
    return form_page(request, "web/practice_outcome.html", {"page": page}, form)
