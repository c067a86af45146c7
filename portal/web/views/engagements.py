"""For a certification body: one engagement, its interests and its findings."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.assurance import auditors, findings
from portal.assurance.engagements import EngagementView, FindingView, assigned_to, engagement
from portal.assurance.models import Assignment
from portal.days import scheme_day
from portal.problems import RefusedError
from portal.web.access import for_role, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.audits import FindingForm, InterestForm, SettleForm
from portal.web.forms.errors import add_error
from portal.web.presenters.assurance import engagement_page, engagement_title, finding_page
from portal.web.viewmodels.shared import Crumb


@for_role(Role.CERTIFICATION_BODY)
def page(request: HttpRequest, assignment: int) -> HttpResponse:
    today = scheme_day()
    return render(
        request,
        "web/engagement.html",
        {"page": engagement_page(seen_engagement(request, assignment), today)},
    )


@for_role(Role.CERTIFICATION_BODY, posts=True)
def interest(request: HttpRequest, assignment: int) -> HttpResponseBase:
    view = seen_engagement(request, assignment)
    form = InterestForm(request.POST) if request.method == "POST" else InterestForm()
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        try:
            auditors.declare(
                row(request, assignment),
                person(request),
                answers["interest"] == "some",
                answers["text"],
                timezone.now(),
            )
        except RefusedError as refusal:
            add_error(form, "text" if refusal.code == "interest-unsaid" else "interest", refusal)
        else:
            return report_done(
                request, _("Your declaration is on record."), "web:engagement", assignment
            )
    title = _("Declare your interest")
    sentence = _(
        "Before anything can be concluded, everybody who works on this audit must state whether "
        "they have an interest in the firm."
    )
    return _form_page(request, form, view, title, sentence, _("Declare"))


@for_role(Role.CERTIFICATION_BODY, posts=True)
def new_finding(request: HttpRequest, assignment: int) -> HttpResponseBase:
    view = seen_engagement(request, assignment)
    form = FindingForm(request.POST if request.method == "POST" else None, today=scheme_day())
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        try:
            findings.raise_finding(
                row(request, assignment),
                answers["grade"],
                answers["text"],
                answers["evidence"],
                answers["evidence_digest"],
                answers["due"],
                person(request),
                timezone.now(),
            )
        except RefusedError as refusal:
            add_error(form, "grade", refusal)
        else:
            return report_done(
                request,
                _("The finding is on record; the plant can read it."),
                "web:engagement",
                assignment,
            )
    title = _("Add a finding")
    sentence = _("The plant answers it on its own page. An auditor closes it. It is never changed.")
    return _form_page(request, form, view, title, sentence, _("Record it"))


@for_role(Role.CERTIFICATION_BODY, posts=True)
def finding(request: HttpRequest, assignment: int, number: int) -> HttpResponseBase:
    view = seen_engagement(request, assignment)
    shown = finding_of(view, number)
    form = SettleForm(request.POST) if request.method == "POST" else SettleForm()
    if request.method == "POST" and form.is_valid():
        finding_row = findings.finding_by_number(assignment, number)
        settle = findings.close if request.POST.get("act") == "close" else findings.send_back
        try:
            settle(finding_row, form.cleaned_data["text"], person(request), timezone.now())
        except RefusedError as refusal:
            add_error(form, "text", refusal)
        else:
            return report_done(
                request,
                _("Your decision is on record; the plant can read it."),
                "web:engagement-finding",
                assignment,
                number,
            )
    crumbs = (*_crumbs(), Crumb(engagement_title(view), reverse("web:engagement", args=[view.id])))
    context = {"page": finding_page(view, shown, scheme_day(), crumbs), "reader": "auditor"}
    return form_page(request, "web/finding.html", context, form)


def seen_engagement(request: HttpRequest, assignment: int) -> EngagementView:
    """The engagement as the reader may see it; not there for anybody else."""
    view = engagement(person(request), assignment, scheme_day())
    if view is None:
        raise Http404
    return view


def row(request: HttpRequest, assignment: int) -> Assignment:
    return assigned_to(person(request)).select_related("body", "site").get(pk=assignment)


def finding_of(view: EngagementView, number: int) -> FindingView:
    sought = next((candidate for candidate in view.findings if candidate.number == number), None)
    if sought is None:
        raise Http404
    return sought


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Assigned sites"), reverse("web:assigned")),)


def _form_page(
    request: HttpRequest,
    form: FindingForm | InterestForm,
    view: EngagementView,
    title: str,
    sentence: str,
    button: str,
) -> HttpResponseBase:
    back = reverse("web:engagement", args=[view.id])
    return confirm_page(
        request,
        form,
        title=title,
        sentence=sentence,
        button=button,
        back=back,
        crumbs=(*_crumbs(), Crumb(engagement_title(view), back)),
    )
