"""Peer groups and periods, and the versions of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext as _

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
        return reverse("web:draft", args=[version.id])
    if version.status in UNSEEN:
        return ""
    return benchmark_url(_Benchmark(of.pack, of.jurisdiction, of.route, period), version.version)


def public_address(view: DraftView) -> str:
    return benchmark_url(view, view.version) if view.published_at else ""
