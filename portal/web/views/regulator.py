"""For a regulator: who took part in a period, the devices of a site, and
composing a draft.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from benchmarks.errors import SteplabelError
from portal.accounts.models import Role
from portal.accounts.selectors import regulated_site
from portal.catalogue.selectors import period_of_group
from portal.intake.participation import ParticipationView, participation
from portal.publication import drafting
from portal.publication.rows import shown_beside
from portal.publication.selectors import every_version
from portal.sentences import in_words
from portal.standings import computing as standings
from portal.standings.quality import QualitiesView, quality
from portal.web.access import for_role, person
from portal.web.lists.tables import csv_file
from portal.web.presenters.participation import participation_page, participation_table, steps_of
from portal.web.presenters.regulator import periods_crumb
from portal.web.presenters.submissions import site_row


@for_role(Role.REGULATOR)
def participation_of(request: HttpRequest, group: int, period: str) -> HttpResponse:
    view = _participation(request, group, period)
    versions = every_version(view.peer_group, view.period)
    page = participation_page(view, _quality(view), versions, request.GET)
    return render(request, "web/participation.html", {"page": page, "crumbs": (periods_crumb(),)})


@for_role(Role.REGULATOR)
def participation_csv(request: HttpRequest, group: int, period: str) -> HttpResponse:
    view = _participation(request, group, period)
    name = f"steplabel-participation-{view.pack}-{period.replace('/', '_')}.csv"
    return csv_file(name, *participation_table(view, _quality(view), request.GET))


@for_role(Role.REGULATOR)
def agents(request: HttpRequest, slug: str) -> HttpResponse:
    """The devices that sign for a site of the regulator's jurisdiction, to revoke one; who they
    are, never what they sent.
    """
    view = regulated_site(person(request), slug, timezone.now())
    if view is None:
        raise Http404
    return render(
        request, "web/agents.html", {"site": site_row(view), "crumbs": (periods_crumb(),)}
    )


@for_role(Role.REGULATOR, posts=True)
def compose(request: HttpRequest, group: int, period: str) -> HttpResponseBase:
    """The draft, and with it the standings, so that every enterprise finds its rank when the label
    is out.
    """
    view = _participation(request, group, period)
    if request.method == "GET":  # a refusal stood at this address, and was loaded again
        return redirect("web:participation", group, period)
    asked = period_of_group(group, period)
    what_changed = request.POST.get("what_changed", "").strip()
    if (beyond := len(what_changed) - drafting.MOST_CHARACTERS) > 0:
        longer = ngettext(
            "Nothing was drafted: what you wrote is longer by %(n)d character than the %(most)d "
            "that are kept. Shorten it.",
            "Nothing was drafted: what you wrote is longer by %(n)d characters than the %(most)d "
            "that are kept. Shorten it.",
            beyond,
        )
        return _not_composed(
            request, view, longer % {"n": beyond, "most": drafting.MOST_CHARACTERS}, what_changed
        )
    if (
        view.may_decide and not what_changed and shown_beside(asked).exists()
    ):  # the public reads it beside the new version
        unsaid = _("State what changes and why. The public can read this beside the new version.")
        return _not_composed(request, view, unsaid, what_changed)
    try:
        row = drafting.draft(asked, person(request), timezone.now(), what_changed)
    except SteplabelError as refusal:
        if not view.may_decide:
            raise
        return _not_composed(request, view, in_words(refusal.whole), what_changed)
    standings.compute(asked, person(request).email, timezone.now())
    messages.success(
        request,
        _("Version %(n)d is drafted. A second person must read and publish it.")
        % {"n": row.version},
    )
    return redirect("web:draft", row.pk)


def _not_composed(
    request: HttpRequest, view: ParticipationView, problem: str, typed: str
) -> HttpResponse:
    """Why there is no draft, beside what was typed."""
    page = participation_page(
        view, _quality(view), every_version(view.peer_group, view.period), request.GET
    )
    context = {"page": page, "crumbs": (periods_crumb(),), "problem": problem, "typed": typed}
    return render(request, "web/participation.html", context, status=400)


def _participation(request: HttpRequest, group: int, period: str) -> ParticipationView:
    view = participation(person(request), group, period, timezone.now())
    if view is None:
        raise Http404
    return view


def _quality(view: ParticipationView) -> QualitiesView:
    return quality(view, steps_of(view))
