"""One period of a sector for an officer, by tabs: who reported, when it is due, the draft, the
standings, the results; and its files. What an officer does there is in `views/deadlines.py`,
`views/drafts.py` and `pages/periods.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.accounts.models import Role
from portal.assurance.period_audits import audits_of_period, refusals_of_period
from portal.catalogue.selectors import period_of_group
from portal.days import scheme_day
from portal.intake.participation import ParticipationView
from portal.publication.in_force import in_force_at
from portal.publication.selectors import benchmark
from portal.standings.quality import quality
from portal.standings.ranked import ranked
from portal.web.access import for_role, person
from portal.web.answers import attachment
from portal.web.lists.tables import csv_file
from portal.web.pages.periods import participation_seen
from portal.web.papers import evaluation as evaluation_paper
from portal.web.presenters.evaluation import EvaluationFacts, EvaluationPage, evaluation_page
from portal.web.presenters.participation import participation_page, participation_table, steps_of
from portal.web.presenters.period_standings import standings_page, standings_table
from portal.web.presenters.regulator import period_frame
from portal.web.views import deadlines, drafts
from portal.web.words.terms import Names

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@for_role(Role.REGULATOR)
def page(request: HttpRequest, group: int, period: str, tab: str) -> HttpResponse:
    view = participation_seen(request, group, period)
    shown: Mapping[str, object]
    if tab == "reports":
        shown = {"page": participation_page(view, quality(view, steps_of(view)), request.GET)}
    elif tab == "deadlines":
        shown = deadlines.shown(request, view)
    elif tab == "draft":
        shown = drafts.shown(request, view)
    elif tab == "standings":
        rows = ranked(person(request), group, period)
        shown = {"page": standings_page(view, rows, request.GET)}
    else:
        shown = {"page": _evaluation(view)}
    return render(request, "web/period.html", {**period_frame(view, tab), **shown})


@for_role(Role.REGULATOR)
def participation_csv(request: HttpRequest, group: int, period: str) -> HttpResponse:
    view = participation_seen(request, group, period)
    name = f"steplabel-participation-{view.pack}-{period.replace('/', '_')}.csv"
    return csv_file(name, *participation_table(view, quality(view, steps_of(view)), request.GET))


@for_role(Role.REGULATOR)
def standings_csv(request: HttpRequest, group: int, period: str) -> HttpResponse:
    view = participation_seen(request, group, period)
    name = f"steplabel-standings-{view.pack}-{period.replace('/', '_')}.csv"
    names = Names.of(view.pack, view.pack_version)
    rows = ranked(person(request), group, period)
    return csv_file(name, *standings_table(rows, request.GET, names))


@for_role(Role.REGULATOR)
def results_pdf(request: HttpRequest, group: int, period: str) -> HttpResponse:
    results = _evaluation(participation_seen(request, group, period))
    return attachment(evaluation_paper.pdf(results), "application/pdf", f"{results.file_name}.pdf")


@for_role(Role.REGULATOR)
def results_docx(request: HttpRequest, group: int, period: str) -> HttpResponse:
    results = _evaluation(participation_seen(request, group, period))
    return attachment(evaluation_paper.docx(results), DOCX, f"{results.file_name}.docx")


def _evaluation(view: ParticipationView) -> EvaluationPage:
    now = timezone.now()
    jurisdiction = period_of_group(view.peer_group, view.period).peer_group.scope.path
    in_force = in_force_at(view.pack, jurisdiction, view.route, view.period)
    published = (
        None
        if in_force is None
        else benchmark(view.pack, view.period, view.route, jurisdiction, in_force.version)
    )
    sites = [participant.site_id for participant in view.participants]
    audits, refusals = (
        audits_of_period(sites, view.period, scheme_day(now)),
        refusals_of_period(sites, view.period),
    )
    return evaluation_page(EvaluationFacts(view, published, in_force, audits, refusals, now))
