"""The method packs, the periods of each peer group in the reader's jurisdiction, and later versions
that it could take up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from benchmarks import packs, shelf
from benchmarks.routes import Pack
from portal.catalogue.deadlines import last_day
from portal.catalogue.selectors import PeerGroupView, PeriodView
from portal.web.viewmodels.shared import StateWord
from portal.web.words.terms import Names, in_page_language, period_name, shown_name


@dataclass(frozen=True, slots=True)
class PackLine:
    """A method pack; its versions, digests and what changed between them stand on its own public
    page.
    """

    name: str
    id: str
    versions: int
    newest: str
    effective_from: date  # of the newest


@dataclass(frozen=True, slots=True)
class PeriodLine:
    name: str
    first: date
    last: date
    due: date
    state: StateWord
    url: str
    close_url: str  # empty where it cannot be closed by this reader


@dataclass(frozen=True, slots=True)
class TakeUp:
    """A version of the group's pack that its firms could report by instead."""

    version: str
    url: str


@dataclass(frozen=True, slots=True)
class GroupBlock:
    id: int
    title: str
    scope: str
    version: str
    sites: int
    periods: tuple[PeriodLine, ...]
    open_url: str  # empty where this reader opens none
    obliged_url: str  # likewise
    policy_url: str  # likewise
    policy: str  # what audits do to its publications
    take_up: tuple[TakeUp, ...]


@dataclass(frozen=True, slots=True)
class PacksPage:
    packs: tuple[PackLine, ...]
    groups: tuple[GroupBlock, ...]
    open_periods: int


def later_versions(group: PeerGroupView) -> tuple[str, ...]:
    """Other versions of the group's pack that took effect no earlier than its own, the newest
    first.
    """
    return _later(group, packs.versions(group.pack))


def _later(group: PeerGroupView, versions: Sequence[Pack]) -> tuple[str, ...]:
    own = next((pack for pack in versions if pack.version == group.pack_version), None)
    later = (
        pack for pack in versions if own is not None and pack.effective_from >= own.effective_from
    )
    return tuple(pack.version for pack in later if pack.version != group.pack_version)


def packs_page(groups: Sequence[PeerGroupView]) -> PacksPage:
    versions_by_pack = {pack_id: packs.versions(pack_id) for pack_id in packs.available()}
    used_versions = {(group.pack, group.route, group.scope, group.pack_version) for group in groups}
    return PacksPage(
        packs=tuple(
            PackLine(
                in_page_language(versions[0].words),
                pack_id,
                len(versions),
                versions[0].version,
                versions[0].effective_from,
            )
            for pack_id, versions in versions_by_pack.items()
        ),
        groups=tuple(
            _group(group, _take_up(group, versions_by_pack, used_versions)) for group in groups
        ),
        open_periods=sum(period.closed_at is None for group in groups for period in group.periods),
    )


def group_title(group: PeerGroupView) -> str:
    return (
        f"{Names.of(group.pack, group.pack_version).title(group.route)} · {shown_name(group.scope)}"
    )


def _take_up(
    group: PeerGroupView,
    versions_by_pack: Mapping[str, Sequence[Pack]],
    used_versions: Collection[tuple[str, ...]],
) -> tuple[TakeUp, ...]:
    """Approved versions that this reader may take up for the group's firms, and that no group of
    theirs has yet.
    """
    if not group.may_decide:
        return ()
    own = (group.pack, group.route, group.scope)
    approved = {version for pack, version in shelf.approved().versions() if pack == group.pack}
    versions = (
        version
        for version in _later(group, versions_by_pack.get(group.pack, ()))
        if version in approved and (*own, version) not in used_versions
    )
    return tuple(
        TakeUp(version, reverse("web:take-up", args=[group.id, version])) for version in versions
    )


def _group(view: PeerGroupView, take_up: tuple[TakeUp, ...]) -> GroupBlock:
    return GroupBlock(
        id=view.id,
        title=Names.of(view.pack, view.pack_version).title(view.route),
        scope=shown_name(view.scope),
        version=view.pack_version,
        sites=view.sites,
        periods=tuple(_period(view, period) for period in view.periods),
        open_url=reverse("web:open-period", args=[view.id]) if view.may_decide else "",
        obliged_url=reverse("web:obliged", args=[view.id]) if view.may_decide else "",
        policy_url=reverse("web:audit-policy", args=[view.id]) if view.may_decide else "",
        policy=_policy(view),
        take_up=take_up,
    )


def _policy(view: PeerGroupView) -> str:
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


def _period(group: PeerGroupView, view: PeriodView) -> PeriodLine:
    closes = group.may_decide and view.closed_at is None
    return PeriodLine(
        name=period_name(view.name),
        first=last_day(view.start) + timedelta(days=1),
        last=last_day(view.end),
        due=last_day(view.due),
        state=StateWord(_("Closed"), "ok")
        if view.closed_at
        else StateWord(_("Open for reports"), "wait"),
        url=reverse("web:participation", args=[group.id, view.name]),
        close_url=reverse("web:close-period", args=[group.id, view.name]) if closes else "",
    )
