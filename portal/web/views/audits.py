"""For an enterprise: the audits at its own sites, what was found, and its answers."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.assurance import findings
from portal.assurance.engagements import audit_of_own_site, audits_of_own_sites
from portal.assurance.obliged_sites import obliged_own
from portal.days import scheme_day
from portal.problems import RefusedError
from portal.web.access import for_role, person
from portal.web.answers import form_page
from portal.web.forms.audits import AnswerForm
from portal.web.forms.errors import add_error
from portal.web.presenters.assurance import audit_block, finding_page
from portal.web.presenters.obliged_audits import duties_list
from portal.web.viewmodels.shared import Crumb
from portal.web.views.engagements import finding_of


@for_role(Role.ENTERPRISE)
def audits(request: HttpRequest) -> HttpResponse:
    today = scheme_day()
    blocks = tuple(audit_block(view, today) for view in audits_of_own_sites(person(request), today))
    context = {
        "blocks": blocks,
        "waiting": sum(block.waiting for block in blocks),
        "duties": duties_list(obliged_own(person(request), today), request.GET, firm=True),
    }
    return render(request, "web/audits.html", context)


@for_role(Role.ENTERPRISE, posts=True)
def finding(request: HttpRequest, assignment: int, number: int) -> HttpResponseBase:
    today = scheme_day()
    view = audit_of_own_site(person(request), assignment, today)
    if view is None:
        raise Http404
    shown = finding_of(view, number)
    form = AnswerForm(request.POST) if request.method == "POST" else AnswerForm()
    if request.method == "POST" and form.is_valid():
        appealed = request.POST.get("act") == "appeal"
        finding_row = findings.finding_by_number(assignment, number)
        try:
            say = findings.appeal if appealed else findings.answer
            say(
                finding_row,
                form.cleaned_data["text"],
                form.cleaned_data["evidence_digest"],
                person(request),
                timezone.now(),
            )
        except RefusedError as refusal:
            if refusal.status == 403:
                raise
            add_error(form, "text", refusal)
        else:
            done = _("Your appeal is on record; the regulator decides.") if appealed else ""
            messages.success(
                request, done or _("Your answer is on record; the certification body can read it.")
            )
            return redirect("web:audit-finding", assignment, number)
    crumbs = (Crumb(_("Audits"), reverse("web:audits")),)
    context = {"page": finding_page(view, shown, today, crumbs), "reader": "plant"}
    return form_page(request, "web/finding.html", context, form)
