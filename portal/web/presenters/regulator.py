"""Peer groups and periods: their titles, the frame of a period's page, and the versions of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.catalogue.deadlines import last_day
from portal.catalogue.selectors import PeerGroupView
from portal.intake.participation import ParticipationView
from portal.publication.models import UNSEEN
from portal.publication.review import DraftView
from portal.publication.selectors import VersionState
from portal.publication.shapes import VersionView
from portal.web.addresses import benchmark_url
from portal.web.presenters.benchmarks import version_row
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.viewmodels.shared import Crumb, VersionRow
from portal.web.words.figures import NONE
from portal.web.words.terms import Names, period_name, shown_name


@dataclass(frozen=True, slots=True)
class _Benchmark:
    """What the public address of a version is made of."""

    pack: str
    jurisdiction: str
    route: str
    period: str


def page_title(names: Names, route: str, period: str) -> str:
    return _("%(title)s, %(period)s") % {"title": names.title(route), "period": period_name(period)}


def group_title(group: PeerGroupView) -> str:
    names = Names.of(group.pack, group.pack_version)
    return f"{names.title(group.route)} · {shown_name(group.scope)}"


def periods_crumb() -> Crumb:
    return Crumb(_("Periods"), reverse("web:periods"))


TABS = {
    "reports": gettext_lazy("Reports"),
    "deadlines": gettext_lazy("Deadlines"),
    "draft": gettext_lazy("Draft"),
    "standings": gettext_lazy("Standings"),
    "results": gettext_lazy("Results"),
}
"""The parts of a period's page, by how their address ends."""


def period_url(group: int, period: str, tab: str = "reports") -> str:
    return reverse("web:period", args=[group, period, tab])


def draft_url(group: int, period: str, version: int) -> str:
    """Where a version is read and decided about."""
    return f"{period_url(group, period, 'draft')}?version={version}"


def period_crumbs(view: DraftView) -> tuple[Crumb, ...]:
    title = page_title(Names.of(view.pack, view.pack_version), view.route, view.period)
    draft = draft_url(view.peer_group, view.period, view.version)
    return (
        periods_crumb(),
        Crumb(title, period_url(view.peer_group, view.period)),
        Crumb(_("Version %(n)s") % {"n": view.version}, draft),
    )


def period_frame(view: ParticipationView, tab: str) -> Mapping[str, object]:
    """What stands around the parts of a period's page."""
    parts = [view.peer_group, view.period]
    return {
        "title": page_title(Names.of(view.pack, view.pack_version), view.route, view.period),
        "scope": shown_name(view.scope),
        "due": last_day(view.due),
        "closed": view.closed_at is not None,
        "close_url": reverse("web:close-period", args=parts)
        if view.may_decide and view.closed_at is None
        else "",
        "tab": TABS[tab],
        "tabs": tuple(
            (text, period_url(view.peer_group, view.period, name), name == tab)
            for name, text in TABS.items()
        ),
        "part": f"web/parts/period_{tab}.html",
        "crumbs": (periods_crumb(),),
    }


def shown_in_kgce(view: ParticipationView | DraftView) -> TotalsDisplay:
    return TotalsDisplay(Names.of(view.pack, view.pack_version), view.route)


def version_rows(
    view: ParticipationView, versions: Sequence[VersionView]
) -> tuple[VersionRow, ...]:
    """Of drafts, waiting or discarded, only who may decide about them sees the label and how many
    firms it is of.
    """
    shown = shown_in_kgce(view)
    rows = [
        version_row(version, version_url(version, view, view.period), shown, None)
        for version in versions
    ]
    return tuple(
        row
        if view.may_decide or version.status not in UNSEEN
        else replace(row, label="", firms=NONE)
        for row, version in zip(rows, versions, strict=True)
    )


def version_url(
    version: VersionState | VersionView, of: PeerGroupView | ParticipationView, period: str
) -> str:
    """The review page for who decides about the whole scope; for others the page that everybody
    reads, and none of what is unseen.
    """
    if of.may_decide:
        group = of.id if isinstance(of, PeerGroupView) else of.peer_group
        return draft_url(group, period, version.version)
    if version.status in UNSEEN:
        return ""
    return benchmark_url(_Benchmark(of.pack, of.jurisdiction, of.route, period), version.version)


def public_address(view: DraftView) -> str:
    return benchmark_url(view, view.version) if view.published_at else ""
