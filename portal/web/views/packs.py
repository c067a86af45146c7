"""For a regulator: packs, to take up another version; periods of peer groups, to open and close;
what audits do to publications.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from benchmarks.errors import SteplabelError
from portal.accounts.models import Role
from portal.catalogue import peer_groups, periods
from portal.catalogue.deadlines import last_day
from portal.catalogue.policies import set_policy
from portal.catalogue.selectors import PeerGroupView, groups_of, peer_group_by_id, period_of_group
from portal.web.access import for_role, person
from portal.web.answers import confirm_page, report_done
from portal.web.forms.audits import AuditPolicyForm
from portal.web.forms.deadlines import PeriodForm
from portal.web.forms.errors import add_error
from portal.web.presenters.packs import group_title, later_versions, packs_page
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import period_name


@for_role(Role.REGULATOR)
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "web/packs.html", {"page": packs_page(groups_of(person(request)))})


@for_role(Role.REGULATOR, posts=True)
def open_period(request: HttpRequest, group: int) -> HttpResponseBase:
    view = _group(request, group)
    form = PeriodForm(request.POST) if request.method == "POST" else PeriodForm()
    if request.method == "POST" and form.is_valid():
        peer_group, asked = peer_group_by_id(group), form.cleaned_data
        try:
            opened = periods.open_period_for(
                person(request), peer_group, asked["name"], timezone.now(), asked["due"]
            )
        except SteplabelError as refusal:
            if refusal.code == "not-regulator":
                raise
            add_error(form, "due" if refusal.code.startswith("due-") else "name", refusal)
        else:
            until = {
                "period": period_name(opened.name),
                "day": date_format(last_day(opened.due), _("j F Y")),
            }
            return report_done(
                request,
                _("The period %(period)s is open for reports; they are due on %(day)s.") % until,
                "web:packs",
            )
    return confirm_page(
        request,
        form,
        title=_("Open a period"),
        sentence=group_title(view),
        button=_("Open this period"),
        back=reverse("web:packs"),
        crumbs=_crumbs(),
    )


@for_role(Role.REGULATOR, posts=True)
def take_up(request: HttpRequest, group: int, version: str) -> HttpResponseBase:
    """Another version of the pack for the same firms: a peer group of its own, whose periods are
    opened next.
    """
    view = _group(request, group)
    if version not in later_versions(view):
        raise Http404
    facts = {"version": version, "group": group_title(view)}
    if request.method == "POST":
        peer_group = peer_group_by_id(group)
        peer_groups.take_up(person(request), peer_group, version, timezone.now())
        return report_done(
            request,
            _("%(group)s now uses version %(version)s. Next, open its periods.") % facts,
            "web:packs",
        )
    return confirm_page(
        request,
        title=_("Adopt version %(version)s for %(group)s?") % facts,
        sentence=_(
            "A peer group with that version gets the same sites and duties. Close a period here "
            "before you open it there. What was "
            "published stays public."
        ),
        button=_("Adopt version %(version)s") % facts,
        back=reverse("web:packs"),
        crumbs=_crumbs(),
    )


@for_role(Role.REGULATOR, posts=True)
def close_period(request: HttpRequest, group: int, period: str) -> HttpResponseBase:
    view = _group(request, group)
    if period not in {entry.name for entry in view.periods}:
        raise Http404
    if request.method == "POST":
        period_row = period_of_group(group, period)
        periods.close_period_for(person(request), period_row, timezone.now())
        return report_done(
            request,
            _("The period %(period)s is closed for reports.") % {"period": period_name(period)},
            "web:packs",
        )
    return confirm_page(
        request,
        title=_("Close %(period)s?") % {"period": period_name(period)},
        sentence=_(
            "No more reports are accepted. A closed period cannot be opened again. What was "
            "published stays public."
        ),
        button=_("Close this period"),
        warning=True,
        back=reverse("web:packs"),
        crumbs=_crumbs(),
    )


@for_role(Role.REGULATOR, posts=True)
def policy(request: HttpRequest, group: int) -> HttpResponseBase:
    """What attestations and adverse opinions do to the group's publications."""
    view = _group(request, group)
    peer_group = peer_group_by_id(group)
    form = (
        AuditPolicyForm(request.POST)
        if request.method == "POST"
        else AuditPolicyForm.of(peer_group.attested_only, peer_group.adverse_leaves)
    )
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        set_policy(
            peer_group,
            attested_only=answers["attested"] == "yes",
            adverse_leaves=answers["adverse"] == "yes",
            by=person(request),
            now=timezone.now(),
        )
        return report_done(request, _("The policy applies from the next draft."), "web:packs")
    return confirm_page(
        request,
        form,
        title=_("What audits change"),
        sentence=group_title(view),
        button=_("Decide"),
        back=reverse("web:packs"),
        crumbs=_crumbs(),
    )


def _group(request: HttpRequest, group: int) -> PeerGroupView:
    view = next(
        (peer_group for peer_group in groups_of(person(request)) if peer_group.id == group), None
    )
    if view is None:
        raise Http404
    return view


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Packs and periods"), reverse("web:packs")),)
