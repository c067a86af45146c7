"""For a regulator: who took part, compose a draft, read it, publish what another person drafted, withdraw with a reason."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.accounts.models import Role
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.selectors import groups_of
from portal.intake.selectors import ParticipationView, participation
from portal.keys import receipt_key
from portal.publication import services
from portal.publication.models import Publication
from portal.publication.selectors import DraftView, draft_review, drafts_of
from portal.standings import services as standings
from portal.web.access import for_role, person
from portal.web.forms import ReasonForm, mark_errors
from portal.web.presenters.drafts import draft_page
from portal.web.presenters.regulator import group_row, participation_page
from portal.web.viewmodels.shared import Crumb


@require_GET
@for_role(Role.REGULATOR)
def publications(request: HttpRequest) -> HttpResponse:
    user, now = person(request), timezone.now()
    rows = []
    for group in groups_of(user):
        for period in group.periods:
            view = participation(user, group.id, period.name, now)
            if view is not None:
                rows.append(group_row(view, drafts_of(user, group.id, period.name)))
    return render(request, "web/groups.html", {"groups": tuple(rows)})


@require_GET
@for_role(Role.REGULATOR)
def participation_of(request: HttpRequest, group: int, period: str) -> HttpResponse:
    view = _participation(request, group, period)
    versions = drafts_of(person(request), group, period)
    page = participation_page(view, versions, request.GET.get("q", "").strip()[:100], request.GET.get("state", ""))
    return render(request, "web/participation.html", {"page": page, "crumbs": (_crumb(),)})


@require_http_methods(["GET", "POST"])
@for_role(Role.REGULATOR)
def compose(request: HttpRequest, group: int, period: str) -> HttpResponseBase:
    """The draft, and with it the standings, so that every enterprise finds its place when the label is out."""
    _participation(request, group, period)
    if request.method == "GET":  # a refusal stood at this address, and was loaded again
        return redirect("web:participation", group, period)
    asked = ReportingPeriod.objects.select_related("peer_group__scope").get(peer_group=group, name=period)
    row = services.draft(asked, person(request), timezone.now(), request.POST.get("what_changed", "").strip()[:1000])
    standings.compute(asked, person(request).email, timezone.now())
    messages.success(request, _("Version %(n)d is drafted. A second person has to read and publish it.") % {"n": row.version})
    return redirect("web:draft", row.pk)


@require_GET
@for_role(Role.REGULATOR)
def draft(request: HttpRequest, publication: int) -> HttpResponse:
    return render(request, "web/draft.html", {"page": draft_page(_draft(request, publication))})


@require_http_methods(["GET", "POST"])
@for_role(Role.REGULATOR)
def publish(request: HttpRequest, publication: int) -> HttpResponseBase:
    view = _draft(request, publication)
    if request.method == "GET" or view.status == "published":  # loaded again, or sent twice: the version's page says how it stands
        return redirect("web:draft", publication)
    services.publish(Publication.objects.get(pk=publication), person(request), receipt_key(), timezone.now())
    messages.success(request, _("Version %(n)d is published.") % {"n": view.version})
    return redirect("web:draft", publication)


@require_http_methods(["GET", "POST"])
@for_role(Role.REGULATOR)
def withdraw(request: HttpRequest, publication: int) -> HttpResponseBase:
    view = _draft(request, publication)
    if not view.may_withdraw:  # sent twice, or never published: the version's page says how it stands
        return redirect("web:draft", publication)
    form = ReasonForm(request.POST) if request.method == "POST" else ReasonForm()
    if request.method == "POST" and form.is_valid():
        services.withdraw(Publication.objects.get(pk=publication), person(request), form.cleaned_data["reason"], timezone.now())
        messages.success(request, _("Version %(n)d is withdrawn. Its page stays, marked with the reason.") % {"n": view.version})
        return redirect("web:draft", publication)
    mark_errors(form)
    page = draft_page(view)
    return render(
        request,
        "web/confirm.html",
        {
            "form": form,
            "title": _("Withdraw version %(n)d?") % {"n": view.version},
            "sentence": _("The page stays at its address, marked as withdrawn, with the reason you give."),
            "button": _("Withdraw version %(n)d") % {"n": view.version},
            "warning": True,
            "back": reverse("web:draft", args=[publication]),
            "crumbs": page.crumbs,
        },
        status=400 if form.errors else 200,
    )


def _participation(request: HttpRequest, group: int, period: str) -> ParticipationView:
    view = participation(person(request), group, period, timezone.now())
    if view is None:
        raise Http404
    return view


def _draft(request: HttpRequest, publication: int) -> DraftView:
    view = draft_review(person(request), publication)
    if view is None:
        raise Http404
    return view


def _crumb() -> Crumb:
    return Crumb(_("Publications"), reverse("web:publications"))
