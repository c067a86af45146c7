"""For an auditor: confirm what firms report that practices saved, refuse it, and withdraw what was
confirmed.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from benchmarks.errors import SteplabelError
from benchmarks.wire.outcomes import MOST_BYTES
from portal.accounts.models import Role
from portal.assurance import confirming
from portal.keys import receipt_key
from portal.practices.models import SiteReport
from portal.practices.selectors import library
from portal.web.access import for_role, freshly, person
from portal.web.answers import attachment, confirm_page, form_page, report_done
from portal.web.forms.errors import add_error
from portal.web.forms.practices import ConfirmedForm, UnconfirmForm
from portal.web.presenters import confirmations as presenter
from portal.web.words.terms import sentence_space


@for_role(Role.CERTIFICATION_BODY)
def page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    waiting, refused = list(confirming.waiting_for(user)), list(confirming.refused_for(user))
    sheet = presenter.confirmations_page(library(), waiting, refused, confirming.confirmed_by(user))
    return render(request, "web/sheet.html", {"page": sheet})


@for_role(Role.CERTIFICATION_BODY, posts=True)
@freshly
def confirm(request: HttpRequest, report: int) -> HttpResponseBase:
    """A POST brings the firm's file back, signed."""
    row = _waiting(request, report)
    form = (
        ConfirmedForm(request.POST, request.FILES) if request.method == "POST" else ConfirmedForm()
    )
    if request.method == "POST" and form.is_valid():
        try:
            confirming.confirm(
                report,
                form.cleaned_data["signed"].read(MOST_BYTES + 1),
                person(request),
                receipt_key(),
                timezone.now(),
            )
        except SteplabelError as refusal:
            add_error(form, "signed", refusal)
        else:
            return report_done(
                request,
                _("The report is confirmed. It is counted with those of other firms."),
                "web:confirmations",
            )
    return form_page(
        request, "web/form_sheet.html", {"page": presenter.confirm_page(library(), row)}, form
    )


@for_role(Role.CERTIFICATION_BODY)
def file(request: HttpRequest, report: int) -> HttpResponse:
    return attachment(
        _waiting(request, report).asked, "application/json", f"practice-outcome-{report}.json"
    )


@for_role(Role.CERTIFICATION_BODY, posts=True)
@freshly
def withdraw(request: HttpRequest, report: int) -> HttpResponseBase:
    """Refuse what waits, or take back what was confirmed."""
    confirmed = {row.pk: row for row, _key in confirming.confirmed_by(person(request))}
    row = confirmed.get(report) or _waiting(request, report)
    if row.unconfirmed_at is not None:
        return report_done(
            request, _("This confirmation is withdrawn already."), "web:confirmations"
        )
    form = UnconfirmForm(request.POST) if request.method == "POST" else UnconfirmForm()
    if request.method == "POST" and form.is_valid():
        confirming.withdraw(
            report, form.cleaned_data["reason"], person(request), receipt_key(), timezone.now()
        )
        done = (
            _("The confirmation is withdrawn.")
            if report in confirmed
            else _("The firm can read that you do not confirm it, and why.")
        )
        return report_done(request, done, "web:confirmations")
    act = (
        _(
            "The report itself stays. The library counts one confirmation fewer from now on, and "
            "the firm is told."
        )
        if row.counted_at is not None
        else _("The report is not counted. The firm can withdraw it and submit another one.")
    )
    return confirm_page(
        request,
        form,
        title=_("Withdraw the confirmation?")
        if report in confirmed
        else _("Refuse to confirm it?"),
        sentence=f"{presenter.which(library(), row)}{sentence_space()}{act}",
        button=_("Withdraw it") if report in confirmed else _("Refuse it"),
        warning=True,
        back=reverse("web:confirmations"),
        crumbs=presenter.crumbs(),
    )


def _waiting(request: HttpRequest, report: int) -> SiteReport:
    row = confirming.waiting_for(person(request)).filter(pk=report).first()
    if row is None:
        raise Http404
    return row
