"""For a certification body: the submissions it is assigned, from outside."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.accounts.models import Role
from portal.assurance.selectors import assigned_submission, assigned_submissions
from portal.intake.selectors import SubmissionView
from portal.web.access import for_role, person
from portal.web.presenters.submissions import assignment_block, submission_page
from portal.web.viewmodels.shared import Crumb
from portal.web.views.enterprise import receipt_file

PAGE = "web:assigned-submission"


@require_GET
@for_role(Role.CERTIFICATION_BODY)
def assigned(request: HttpRequest) -> HttpResponse:
    return render(
        request, "web/assigned.html", {"assignments": tuple(assignment_block(view) for view in assigned_submissions(person(request)))}
    )


@require_GET
@for_role(Role.CERTIFICATION_BODY)
def submission_detail(request: HttpRequest, digest: str) -> HttpResponse:
    crumbs = (Crumb(_("Assigned submissions"), reverse("web:assigned")),)
    page = submission_page(_assigned(request, digest), (), PAGE)
    return render(request, "web/submission.html", {"page": page, "crumbs": crumbs, "outside_only": True})


@require_GET
@for_role(Role.CERTIFICATION_BODY)
def submission_receipt(request: HttpRequest, digest: str) -> HttpResponse:
    return receipt_file(_assigned(request, digest))


def _assigned(request: HttpRequest, digest: str) -> SubmissionView:
    view = assigned_submission(person(request), digest)
    if view is None:
        raise Http404
    return view
