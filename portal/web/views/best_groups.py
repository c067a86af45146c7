"""For a regulator: what may be told of the firms behind the best of a published version, proposed
by one and published by another.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.accounts.selectors import may_decide_for
from portal.keys import receipt_key
from portal.problems import RefusedError
from portal.publication import best_groups
from portal.sentences import in_words
from portal.web.access import for_role, freshly, person
from portal.web.answers import report_done
from portal.web.presenters.best_group_review import review_page


@for_role(Role.REGULATOR, posts=True)
@freshly
def best_group(request: HttpRequest, publication: int) -> HttpResponseBase:
    """A POST proposes it, or publishes what another proposed as it was read. Not found for who does
    not regulate the whole of its scope.
    """
    user, now = person(request), timezone.now()
    row = best_groups.published_version(publication)
    if row is None or not may_decide_for(user, row.period.peer_group.scope):
        raise Http404
    problem = ""
    if request.method == "POST":
        try:
            if request.POST.get("act") == "publish":
                best_groups.publish(
                    row, request.POST.get("read_against", ""), user, receipt_key(), now
                )
                done = _("It is published, signed and logged.")
            else:
                best_groups.propose(row, user, now)
                done = _("It is proposed. A second officer has to publish it.")
            return report_done(request, done, "web:best-group", publication)
        except RefusedError as refusal:
            if refusal.code not in (best_groups.changed().code, best_groups.outdated().code):
                raise
            problem = in_words(refusal.whole)
    proposal = best_groups.proposal_of(row)
    sheet = review_page(
        row, best_groups.composed_of_best(row), proposal, reads=user.pk, problem=problem
    )
    return render(request, "web/form_sheet.html", {"page": sheet}, status=409 if problem else 200)
