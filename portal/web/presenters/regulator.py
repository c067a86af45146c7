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
from portal.web.viewmodels.shared import VersionRow
from portal.web.words.figures import NONE
from portal.web.words.terms import Names, period_name, shown_name


@dataclass(frozen=True, slots=True)
class VersionLink:
    text: str
    url: str  # empty of a draft that is not the reader's to read


@dataclass(frozen=True, slots=True)
class _Benchmark:
    """What the public address of a version is made of."""

    pack: str
    jurisdiction: str
    route: str
    period: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One peer group and period in the regulator's list."""

    title: str
    period: str
    url: str
    reported: str  # how many of how many firms
    drafts: tuple[VersionLink, ...]
    published: VersionLink | None


def page_title(names: Names, route: str, period: str) -> str:
    return _("%(title)s, %(period)s") % {"title": names.title(route), "period": period_name(period)}


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
        version_row(version, _url_of(version, view, view.period), shown, None)
        for version in versions
    ]
    return tuple(
        row
        if view.may_decide or version.status not in UNSEEN
        else replace(row, label="", firms=NONE)
        for row, version in zip(rows, versions, strict=True)
    )


def group_row(
    group: PeerGroupView, period: str, reported: int, firms: int, versions: Sequence[VersionState]
) -> GroupRow:
    """One period of a peer group: how many of the firms in the reader's jurisdiction reported, and
    its versions, newest first.
    """
    names = Names.of(group.pack, group.pack_version)
    in_force = next((row for row in versions if row.in_force), None)
    return GroupRow(
        title=f"{names.title(group.route)} · {shown_name(group.scope)}",
        period=period_name(period),
        url=reverse("web:participation", args=[group.id, period]),
        reported=_("%(n)s of %(of)s") % {"n": reported, "of": firms},
        drafts=tuple(_link(row, group, period) for row in versions if row.status == "draft"),
        published=_link(in_force, group, period) if in_force else None,
    )


def _link(version: VersionState, group: PeerGroupView, period: str) -> VersionLink:
    return VersionLink(_("version %(n)s") % {"n": version.version}, _url_of(version, group, period))


def _url_of(
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
