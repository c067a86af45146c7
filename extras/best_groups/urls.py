"""For a regulator: what may be told of the firms behind the best of a published version, proposed
by one and published by another.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from extras.best_groups import publishing
from extras.best_groups.review import review_page
from portal.accounts.models import Role
from portal.accounts.selectors import may_decide_for
from portal.keys import receipt_key
from portal.problems import RefusedError
from portal.sentences import in_words
from portal.web.access import for_role, freshly, person
from portal.web.answers import report_done


@for_role(Role.REGULATOR, posts=True)
@freshly
def best_group(request: HttpRequest, publication: int) -> HttpResponseBase:
    """A POST proposes it, or publishes what another proposed as it was read. Not found for who does
    not regulate the whole of its scope.
    """
    user, now = person(request), timezone.now()
    row = publishing.published_version(publication)
    if row is None or not may_decide_for(user, row.period.peer_group.scope):
        raise Http404
    problem = ""
    if request.method == "POST":
        try:
            if request.POST.get("act") == "publish":
                publishing.publish(
                    row, request.POST.get("read_against", ""), user, receipt_key(), now
                )
                done = _("It is published, signed and logged.")
            else:
                publishing.propose(row, user, now)
                done = _("It is proposed. A second officer has to publish it.")
            return report_done(request, done, "web:best-group", publication)
        except RefusedError as refusal:
            if refusal.code not in (publishing.changed().code, publishing.outdated().code):
                raise
            problem = in_words(refusal.whole)
    proposal = publishing.proposal_of(row)
    sheet = review_page(
        row, publishing.composed_of_best(row), proposal, reads=user.pk, problem=problem
    )
    return render(request, "web/form_sheet.html", {"page": sheet}, status=409 if problem else 200)


urlpatterns = [
    path("periods/versions/<int:publication>/best-group/", best_group, name="best-group"),
]
