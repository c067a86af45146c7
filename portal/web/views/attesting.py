"""For a certification body: drawing an attestation up, the file to sign, the signed file, the
withdrawal.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from benchmarks.errors import SteplabelError
from benchmarks.wire import attestations
from benchmarks.wire.attestations import Assurance, Opinion
from portal.accounts.models import Role
from portal.assurance import attesting
from portal.assurance.attestation_standing import attestation_of_body, audited_report, views_of
from portal.assurance.browser_signing import statement_to_sign
from portal.assurance.engagements import EngagementView
from portal.assurance.models import Attestation
from portal.assurance.schemes import reached
from portal.days import scheme_day
from portal.intake.selectors import last_day_of
from portal.web.access import for_role, freshly, person
from portal.web.answers import attachment, confirm_page, form_page
from portal.web.forms.audits import OpinionForm, SignedFileForm, WithdrawalForm
from portal.web.forms.errors import add_error
from portal.web.presenters.assurance import attestation_page, engagement_title, file_to_sign
from portal.web.viewmodels.shared import Crumb
from portal.web.views.engagements import row, seen_engagement
from portal.web.words.terms import Names

FIELD_OF = {
    "major-open": "opinion",
    "validity-too-long": "valid_until",
    "level-not-reached": "improvement",
    "baseline-out-of-range": "baseline",
    "opinion-contradicts-checks": "reason",
}
"""Beside which field a refusal stands; the others concern the whole of it."""

WITHDRAWAL = "withdrawal"


@for_role(Role.CERTIFICATION_BODY, posts=True)
def opinion(request: HttpRequest, assignment: int) -> HttpResponseBase:
    view = seen_engagement(request, assignment)
    names, report = Names.newest(view.pack), audited_report(row(request, assignment))
    steps = [(step, names.step_name(step)) for step in (report.covers.split() if report else ())]
    today = scheme_day()
    if request.method == "POST":
        form = OpinionForm(request.POST, steps=steps, today=today)
    else:
        form = OpinionForm(steps=steps, today=today, initial={"materiality": "5"})
    if request.method == "POST" and form.is_valid():
        try:
            terms = _terms(form.cleaned_data, last_day_of(view.period).year)
            drawn = attesting.draw_up(
                row(request, assignment), terms, person(request), timezone.now()
            )
        except SteplabelError as refusal:
            add_error(form, FIELD_OF.get(refusal.code, "opinion"), refusal)
        else:
            return redirect("web:attestation", drawn.digest)
    context = {
        "title": engagement_title(view),
        "back": reverse("web:engagement", args=[view.id]),
        "crumbs": _crumbs(view),
    }
    return form_page(request, "web/opinion.html", context, form)


@for_role(Role.CERTIFICATION_BODY, posts=True)
@freshly
def attestation(request: HttpRequest, digest: str) -> HttpResponseBase:
    """What is said, the file to sign where one waits, and the place to hand the signed one in."""
    statement = _own(request, digest)
    waiting = _waiting(statement)
    form = (
        SignedFileForm(request.POST, request.FILES)
        if request.method == "POST"
        else SignedFileForm()
    )
    if request.method == "POST" and form.is_valid():
        try:
            raw = form.raw(
                lambda signature, _number: attestations.signed(
                    _opened_for(request, statement), signature
                )
            )
            stored = attesting.take(raw, person(request), timezone.now())
        except SteplabelError as refusal:
            add_error(form, "signed", refusal)
        else:
            withdrawn = stored.state == Attestation.State.WITHDRAWN
            messages.success(
                request,
                _("The attestation is withdrawn.")
                if withdrawn
                else _("The attestation is issued and is in the log."),
            )
            return redirect("web:attestation", stored.digest)
    (view,) = views_of([statement], scheme_day())
    crumbs = [Crumb(_("Assigned sites"), reverse("web:assigned"))]
    if statement.assignment_id is not None:
        crumbs.append(
            Crumb(_("Engagement"), reverse("web:engagement", args=[statement.assignment_id]))
        )
    context = {
        "page": attestation_page(view, tuple(crumbs)),
        "signing": statement_to_sign(waiting) if waiting else None,
        "opened_for": WITHDRAWAL if statement.state == Attestation.State.ISSUED else "attestation",
    }
    return form_page(request, "web/attestation.html", context, form)


@for_role(Role.CERTIFICATION_BODY)
def to_sign(request: HttpRequest, digest: str) -> HttpResponse:
    """The canonical bytes that wait for the signature: of the withdrawal where one was drawn up,
    else of the attestation.
    """
    statement = _own(request, digest)
    if not (waiting := _waiting(statement)):
        raise Http404
    return attachment(
        waiting,
        "application/cbor",
        file_to_sign(digest, withdrawal=statement.state == Attestation.State.ISSUED),
    )


@for_role(Role.CERTIFICATION_BODY, posts=True)
def withdraw(request: HttpRequest, digest: str) -> HttpResponseBase:
    statement = _own(request, digest)
    form = WithdrawalForm(request.POST) if request.method == "POST" else WithdrawalForm()
    if request.method == "POST" and form.is_valid():
        try:
            attesting.draw_up_withdrawal(
                statement, form.cleaned_data["reason"], person(request), timezone.now()
            )
        except SteplabelError as refusal:
            add_error(form, "reason", refusal)
        else:
            return redirect("web:attestation", digest)
    back = reverse("web:attestation", args=[digest])
    return confirm_page(
        request,
        form,
        title=_("Withdraw this attestation?"),
        sentence=_(
            "It stays readable at its address, marked as withdrawn, with the reason. The "
            "withdrawal takes effect once you "
            "have signed it too."
        ),
        button=_("Prepare the withdrawal"),
        warning=True,
        back=back,
        crumbs=(Crumb(_("Assigned sites"), reverse("web:assigned")), Crumb(_("Attestation"), back)),
    )


def _terms(cleaned: dict[str, Any], year: int) -> attesting.AttestationTerms:
    return attesting.AttestationTerms(
        opinion=Opinion(cleaned["opinion"]),
        assurance=Assurance(cleaned["assurance"]),
        steps=tuple(cleaned["steps"]),
        boundary=cleaned["boundary"],
        materiality=Fraction(cleaned["materiality"]) / 100,
        checked=cleaned["checked"],
        not_checked=cleaned["not_checked"],
        reason=cleaned["reason"],
        valid_until=cleaned["valid_until"],
        surveillance_on=cleaned["surveillance_on"],
        performance=reached(
            cleaned["scheme"], cleaned["baseline"], Fraction(cleaned["improvement"]) / 100, year
        )
        if cleaned["scheme"]
        else None,
    )


def _waiting(statement: Attestation) -> bytes:
    """What waits for a signature: the withdrawal where one was drawn up, else the attestation;
    empty where nothing does.
    """
    if statement.state == Attestation.State.DRAWN_UP:
        return bytes(statement.content)
    return (
        bytes(statement.withdrawal or b"") if statement.state == Attestation.State.ISSUED else b""
    )


def _opened_for(request: HttpRequest, statement: Attestation) -> bytes:
    """What the form was opened to sign, which may be signed since: a second click hands the same
    signature in again.
    """
    return bytes(
        (
            statement.withdrawal
            if request.POST.get("opened_for") == WITHDRAWAL
            else statement.content
        )
        or b""
    )


def _own(request: HttpRequest, digest: str) -> Attestation:
    statement = attestation_of_body(person(request), digest)
    if statement is None or statement.state == Attestation.State.DISCARDED:
        raise Http404
    return statement


def _crumbs(view: EngagementView) -> tuple[Crumb, ...]:
    return (
        Crumb(_("Assigned sites"), reverse("web:assigned")),
        Crumb(engagement_title(view), reverse("web:engagement", args=[view.id])),
    )
