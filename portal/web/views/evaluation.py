"""For a regulator: the evaluation of a period as a page, a PDF and a DOCX, made from the record."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.assurance.period_audits import audits_of_period, refusals_of_period
from portal.catalogue.selectors import period_of_group
from portal.days import scheme_day
from portal.intake.participation import participation
from portal.publication.in_force import in_force_at
from portal.publication.selectors import benchmark
from portal.web.access import for_role, person
from portal.web.answers import attachment
from portal.web.papers import evaluation as evaluation_paper
from portal.web.presenters.evaluation import EvaluationFacts, EvaluationPage, evaluation_page
from portal.web.presenters.regulator import periods_crumb
from portal.web.viewmodels.shared import Crumb

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@for_role(Role.REGULATOR)
def page(request: HttpRequest, group: int, period: str) -> HttpResponse:
    evaluation = _evaluation(request, group, period)
    crumbs = (
        periods_crumb(),
        Crumb(_("Participation"), reverse("web:participation", args=[group, period])),
    )
    return render(request, "web/evaluation.html", {"page": evaluation, "crumbs": crumbs})


@for_role(Role.REGULATOR)
def as_pdf(request: HttpRequest, group: int, period: str) -> HttpResponse:
    evaluation = _evaluation(request, group, period)
    return attachment(
        evaluation_paper.pdf(evaluation), "application/pdf", f"{evaluation.file_name}.pdf"
    )


@for_role(Role.REGULATOR)
def as_docx(request: HttpRequest, group: int, period: str) -> HttpResponse:
    evaluation = _evaluation(request, group, period)
    return attachment(evaluation_paper.docx(evaluation), DOCX, f"{evaluation.file_name}.docx")


def _evaluation(request: HttpRequest, group: int, period: str) -> EvaluationPage:
    """Not found where the reader regulates nothing of the group."""
    now = timezone.now()
    taking = participation(person(request), group, period, now)
    if taking is None:
        raise Http404
    jurisdiction = period_of_group(group, period).peer_group.scope.path
    in_force = in_force_at(taking.pack, jurisdiction, taking.route, period)
    published = (
        None
        if in_force is None
        else benchmark(taking.pack, period, taking.route, jurisdiction, in_force.version)
    )
    sites = [participant.site_id for participant in taking.participants]
    audits, refusals = (
        audits_of_period(sites, period, scheme_day(now)),
        refusals_of_period(sites, period),
    )
    return evaluation_page(EvaluationFacts(taking, published, in_force, audits, refusals, now))
