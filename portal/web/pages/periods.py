"""An officer's periods: who reported, which label is out; and what an officer does with them: open
one, close it, adopt another version of the pack, set what audits change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from benchmarks import packs, shelf
from benchmarks.errors import SteplabelError
from portal.accounts.models import Role, SizeClass
from portal.catalogue import peer_groups, periods
from portal.catalogue.deadlines import last_day
from portal.catalogue.policies import set_policy
from portal.catalogue.selectors import PeerGroupView, groups_of, peer_group_by_id, period_of_group
from portal.intake.participation import ParticipationView, ReportingState, participation
from portal.intake.turnout import TurnoutView, regions_of, turnout
from portal.publication.selectors import VersionState, drafts_of_periods
from portal.web.access import for_role, person
from portal.web.answers import confirm_page, report_done
from portal.web.forms.audits import AuditPolicyForm
from portal.web.forms.deadlines import PeriodForm
from portal.web.forms.errors import add_error
from portal.web.lists.tables import (
    Key,
    columns,
    csv_file,
    filter_choices,
    paged,
    sort_form,
    sorted_rows,
    with_query,
)
from portal.web.presenters.regulator import (
    group_title,
    page_title,
    period_url,
    periods_crumb,
    version_url,
)
from portal.web.viewmodels.shared import SelectOption
from portal.web.words.terms import SIZE_CLASSES, Names, period_name, shown_name

PERIODS_A_PAGE = 25
STAGES = ("all", "open", "closed")
DEFAULT_ORDER = "-due"


def _share(view: TurnoutView) -> float:
    return view.obliged_reported / view.obliged if view.obliged else 0.0


KEYS: Mapping[str, Key[TurnoutView]] = {
    "group": lambda view: (view.pack, view.route, view.scope, view.period),
    "due": lambda view: (view.due, view.pack, view.route),
    "reported": lambda view: (_share(view), view.due),
    "overdue": lambda view: (view.states.get(ReportingState.LATE, 0), view.due),
}


@for_role(Role.REGULATOR)
def page(request: HttpRequest) -> HttpResponse:
    user, query = person(request), request.GET
    groups = groups_of(user)
    known = {group.id for group in groups}
    views = [view for view in _asked_for(request) if view.peer_group in known]
    found = _in_stage(views, query)
    here, pages = paged(sorted_rows(found, KEYS, query, DEFAULT_ORDER), query, PERIODS_A_PAGE)
    heads = columns(
        {
            "group": _("Period"),
            "reported": _("Obliged sites that reported"),
            "overdue": pgettext("taking part", "Late"),
            "due": _("Due"),
            "published": _("In force"),
            "drafts": _("Drafts"),
        },
        KEYS,
        query,
        DEFAULT_ORDER,
    )
    open_ones = [view for view in found if view.closed_at is None]
    asked = Names.newest(query.get("sector", ""))  # another filter may have emptied it
    sectors = {view.pack for view in views} | ({asked.pack_id} if asked.pack else set())
    filters = (
        (
            "stage",
            _("Periods"),
            tuple(
                SelectOption(stage, text, stage == query.get("stage", STAGES[0]))
                for stage, text in zip(
                    STAGES, (_("All periods"), _("Open periods"), _("Closed periods")), strict=True
                )
            ),
        ),
        (
            "sector",
            _("Sector"),
            filter_choices(
                query.get("sector", ""),
                _("All sectors"),
                {pack: Names.newest(pack).sector for pack in sorted(sectors)},
            ),
        ),
        (
            "region",
            _("Region"),
            filter_choices(
                query.get("region", ""),
                _("All regions"),
                {region.path: shown_name(region.name) for region in regions_of(user)},
            ),
        ),
        (
            "size",
            _("Declared size"),
            filter_choices(
                query.get("size", ""),
                _("All sizes"),
                {size.value: str(SIZE_CLASSES[size]) for size in SizeClass},
            ),
        ),
    )
    context = {
        "rows": tuple(_rows(here, groups)),
        "groups": _peer_groups(groups),
        "columns": heads,
        "sort_form": sort_form(heads, len(found), query),
        "pages": pages,
        "found": len(found),
        "reported": sum(view.obliged_reported for view in open_ones),
        "obliged": sum(view.obliged for view in open_ones),
        "late": sum(view.states.get(ReportingState.LATE, 0) for view in open_ones),
        "filters": filters,
        "export_url": reverse("web:periods-csv") + with_query(query, page=None),
    }
    return render(request, "web/periods.html", context)


@for_role(Role.REGULATOR)
def as_csv(request: HttpRequest) -> HttpResponse:
    views = _in_stage(_asked_for(request), request.GET)
    return csv_file("steplabel-participation.csv", tuple(COLUMNS), _table(views))


COLUMNS: Mapping[str, Any] = {
    "pack": lambda view: view.pack,
    "pack_version": lambda view: view.pack_version,
    "route": lambda view: view.route,
    "scope": lambda view: view.scope,
    "period": lambda view: view.period,
    "due": lambda view: view.due.isoformat(),
    "closed": lambda view: view.closed_at.isoformat() if view.closed_at else "",
    "sites": lambda view: view.sites,
    "obliged": lambda view: view.obliged,
    "obliged_reported": lambda view: view.obliged_reported,
    "firms": lambda view: view.firms,
    "firms_reported": lambda view: view.firms_reported,
    **{
        taking.value.replace("-", "_"): lambda view, taking=taking: view.states.get(taking, 0)
        for taking in ReportingState
    },
    "committed_only": lambda view: view.committed,
    "arrived_late": lambda view: view.arrived_late,
}


def _table(views: Iterable[TurnoutView]) -> Iterator[Sequence[object]]:
    return ([value(view) for value in COLUMNS.values()] for view in views)


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
                "web:periods",
            )
    return confirm_page(
        request,
        form,
        title=_("Open a period"),
        sentence=group_title(view),
        button=_("Open this period"),
        back=reverse("web:periods"),
        crumbs=(periods_crumb(),),
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
            "web:periods",
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
        back=period_url(group, period),
        crumbs=(periods_crumb(),),
    )


@for_role(Role.REGULATOR, posts=True)
def take_up(request: HttpRequest, group: int, version: str) -> HttpResponseBase:
    """Another version of the pack for the same firms: a peer group of its own, whose periods are
    opened next.
    """
    view = _group(request, group)
    if version not in _later_versions(view):
        raise Http404
    facts = {"version": version, "group": group_title(view)}
    if request.method == "POST":
        peer_group = peer_group_by_id(group)
        peer_groups.take_up(person(request), peer_group, version, timezone.now())
        return report_done(
            request,
            _("%(group)s now uses version %(version)s. Next, open its periods.") % facts,
            "web:periods",
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
        back=reverse("web:periods"),
        crumbs=(periods_crumb(),),
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
        return report_done(request, _("The policy applies from the next draft."), "web:periods")
    return confirm_page(
        request,
        form,
        title=_("Audit rules"),
        sentence=group_title(view),
        button=_("Decide"),
        back=reverse("web:periods"),
        crumbs=(periods_crumb(),),
    )


def _asked_for(request: HttpRequest) -> tuple[TurnoutView, ...]:
    asked = {
        name: request.GET.get(parameter, "")[:120]
        for name, parameter in (("pack", "sector"), ("region", "region"), ("size", "size"))
    }
    return turnout(person(request), timezone.now(), **asked)


def _in_stage(views: Iterable[TurnoutView], query: QueryDict) -> list[TurnoutView]:
    stage = query.get("stage", STAGES[0])
    return [
        view
        for view in views
        if stage == "all" or (view.closed_at is not None) == (stage == "closed")
    ]


def _rows(
    views: Sequence[TurnoutView], groups: Sequence[PeerGroupView]
) -> Iterator[Mapping[str, object]]:
    """Each period with the links to its versions, as far as the reader may open them."""
    by_id = {group.id: group for group in groups}
    ids = {(group.id, period.name): period.id for group in groups for period in group.periods}
    shown = [ids[cell] for view in views if (cell := (view.peer_group, view.period)) in ids]
    versions = drafts_of_periods(groups, shown)
    for view in views:
        group = by_id[view.peer_group]
        states = versions.get(ids.get((view.peer_group, view.period), 0), ())
        yield {
            "view": view,
            "title": page_title(Names.of(view.pack, view.pack_version), view.route, view.period),
            "scope": shown_name(view.scope),
            "due": last_day(view.due),
            "share": f"{100 * _share(view):.1f}%",
            "late": view.states.get(ReportingState.LATE, 0),
            "in_force": _links((state for state in states if state.in_force), group, view.period),
            "drafts": _links(
                (state for state in states if state.status == "draft"), group, view.period
            ),
        }


def _links(
    states: Iterable[VersionState], group: PeerGroupView, period: str
) -> tuple[tuple[str, str], ...]:
    """Words and address of each version; no address of a draft that is not the reader's to read."""
    return tuple(
        (_("version %(n)s") % {"n": state.version}, version_url(state, group, period))
        for state in states
    )


def _later_versions(group: PeerGroupView) -> tuple[str, ...]:
    """Other versions of the group's pack that took effect no earlier than its own, the newest
    first.
    """
    versions = packs.versions(group.pack) if packs.is_known(group.pack) else ()
    own = next((pack for pack in versions if pack.version == group.pack_version), None)
    if own is None:
        return ()
    return tuple(
        pack.version
        for pack in versions
        if pack.version != group.pack_version and pack.effective_from >= own.effective_from
    )


def _peer_groups(groups: Sequence[PeerGroupView]) -> tuple[Mapping[str, object], ...]:
    used = {(group.pack, group.route, group.scope, group.pack_version) for group in groups}
    approved = set(shelf.approved().versions()) if groups else set()
    return tuple(
        {
            "view": group,
            "title": group_title(group),
            "policy": _policy_in_words(group),
            "take_up": _to_take_up(group, used, approved) if group.may_decide else (),
        }
        for group in groups
    )


def _to_take_up(
    group: PeerGroupView, used: Collection[tuple[str, ...]], approved: Collection[tuple[str, str]]
) -> tuple[str, ...]:
    """Approved versions that the reader may take up for the group's firms, and that no group of
    theirs has yet.
    """
    return tuple(
        version
        for version in _later_versions(group)
        if (group.pack, version) in approved
        and (group.pack, group.route, group.scope, version) not in used
    )


def _policy_in_words(view: PeerGroupView) -> str:
    sentences = {
        (False, False): _("Audits do not change its publications."),
        (True, False): _("Only attested reports set its values."),
        (False, True): _("A report with an adverse opinion is not included in the next version."),
        (True, True): _(
            "Only attested reports set its values. A report with an adverse opinion is not "
            "included in the next version."
        ),
    }
    return sentences[view.attested_only, view.adverse_leaves]


def participation_seen(request: HttpRequest, group: int, period: str) -> ParticipationView:
    """Not found where the reader regulates nothing of the group."""
    view = participation(person(request), group, period, timezone.now())
    if view is None:
        raise Http404
    return view


def _group(request: HttpRequest, group: int) -> PeerGroupView:
    view = next(
        (peer_group for peer_group in groups_of(person(request)) if peer_group.id == group), None
    )
    if view is None:
        raise Http404
    return view
