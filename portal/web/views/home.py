"""A person's first page, whatever their roles: their tasks."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.accounts.models import Role, User
from portal.accounts.saved_filters import saved_by
from portal.accounts.selectors import jurisdictions_of, regulated_sites, roles_of
from portal.assurance import confirming
from portal.assurance.engagements import appeals_regulated, engagements_of
from portal.assurance.obliged_sites import obliged_regulated
from portal.days import scheme_day
from portal.governance import selectors as governance
from portal.intake.reminders import asked_for
from portal.intake.turnout import turnout
from portal.practices.selectors import entries_to_review
from portal.publication.sectors import drafts_waiting
from portal.register import applying, siting
from portal.web import areas
from portal.web.access import for_role, person
from portal.web.lists.saved_lists import links
from portal.web.presenters import home as presenter
from portal.web.presenters.home import WaitingTask


@for_role(*(role for role in Role if role is not Role.ENTERPRISE))
def home(request: HttpRequest) -> HttpResponse:
    user, now = person(request), timezone.now()
    roles = roles_of(user)
    today = scheme_day(now)
    waiting = presenter.in_order(_waiting(user, roles, now))
    days = [row.day for row in waiting if row.day is not None]
    context = {
        "waiting": waiting,
        "late": sum(row.late for row in waiting),
        "soon": sum(0 <= (day - today).days <= presenter.SOON_DAYS for day in days),
        "filters": links(saved_by(user)),
        "regulator": Role.REGULATOR in roles,
    }
    return render(request, "web/home.html", context)


def _waiting(user: User, roles: frozenset[str], now: datetime) -> list[WaitingTask]:
    today = scheme_day(now)
    waiting: list[WaitingTask] = []
    if Role.REGULATOR in roles:
        waiting += presenter.of_regulator(
            turnout(user, now),
            [*applying.waiting_for(user), *siting.waiting_for(user)],
            drafts_waiting(user),
            obliged_regulated(user, today),
            [proposal for proposal in governance.proposals(user) if proposal.may_decide],
            asked_for(regulated_sites(user)),
            appeals_regulated(user),
            today,
        )
        waiting += presenter.of_reviewers(*_to_review(user), today)
    if Role.CERTIFICATION_BODY in roles:
        waiting += presenter.of_body(engagements_of(user, today), today)
        waiting += presenter.of_auditors(confirming.waiting_for(user).count(), today)
    waiting += areas.HOME(user, roles, today)
    return waiting


def _to_review(user: User) -> tuple[int, int]:
    """Practices offered and not reviewed, and practices that somebody else reviewed."""
    national = any(jurisdiction.parent_id is None for jurisdiction in jurisdictions_of(user))
    return entries_to_review(user) if national else (0, 0)
