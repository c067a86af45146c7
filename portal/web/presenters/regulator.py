"""The regulator's pages: peer groups and periods, who took part, the versions of each."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.intake.selectors import ParticipantView, ParticipationView, Taking
from portal.publication.selectors import DraftView
from portal.publication.shapes import VersionView
from portal.web.addresses import benchmark_url
from portal.web.figures import energy_units
from portal.web.presenters.benchmarks import version_row
from portal.web.presenters.ladders import Shown
from portal.web.viewmodels.regulator import GroupRow, ParticipationPage, ParticipationRow, Square, SquareKind
from portal.web.viewmodels.shared import Choice, VersionRow
from portal.web.words import TAKING_PART, Names, in_language, period_name, state

SQUARES: dict[str, SquareKind] = {
    "reported": "reported",
    "waiting": "reported",
    "unusable": "unusable",
    "late": "late",
    "missing": "missing",
}


def page_title(names: Names, route: str, period: str) -> str:
    return _("%(title)s, %(period)s") % {"title": names.title(route), "period": period_name(period)}


def shown_in_kgce(view: ParticipationView | DraftView) -> Shown:
    return Shown(Names.of(view.pack, view.pack_version), view.route, energy_units(1.0)["kgce"])


def version_rows(view: ParticipationView, versions: Sequence[VersionView]) -> tuple[VersionRow, ...]:
    shown = shown_in_kgce(view)
    return tuple(version_row(row, reverse("web:draft", args=[row.id]), shown, None) for row in versions)


def group_row(view: ParticipationView, versions: Sequence[VersionView]) -> GroupRow:
    names = Names.of(view.pack, view.pack_version)
    rows = dict(zip((row.id for row in versions), version_rows(view, versions), strict=True))
    in_force = next((row for row in versions if row.status == "published"), None)
    return GroupRow(
        title=f"{names.title(view.route)} · {in_language(view.scope, view.scope_zh)}",
        period=period_name(view.period),
        url=reverse("web:participation", args=[view.peer_group, view.period]),
        reported=view.firms_reported,
        of=view.firms,
        drafts=tuple(rows[row.id] for row in versions if row.status == "draft"),
        published=rows[in_force.id] if in_force else None,
    )


def participation_page(view: ParticipationView, versions: Sequence[VersionView], query: str, wanted: str) -> ParticipationPage:
    names = Names.of(view.pack, view.pack_version)
    words = query.lower().split()
    rows = [_row(participant) for participant in view.participants]
    found = tuple(
        row
        for participant, row in zip(view.participants, rows, strict=True)
        if wanted in ("", participant.taking)
        and all(word in f"{row.firm} {row.site} {participant.site} {row.jurisdiction}".lower() for word in words)
    )
    here = [code for code in TAKING_PART if view.count(Taking(code))]
    return ParticipationPage(
        title=page_title(names, view.route, view.period),
        scope=in_language(view.scope, view.scope_zh),
        due=view.due,
        rows=found,
        counts=tuple((SQUARES[code], view.count(Taking(code)), state(TAKING_PART, code).word) for code in here),
        squares=_squares(view.participants),
        square_width=f"{78 / max(len(view.participants), 12):.3f}%",
        reported=view.firms_reported,
        of=view.firms,
        states=(
            Choice("", _("All states"), not wanted),
            *(Choice(code, state(TAKING_PART, code).word, code == wanted) for code in TAKING_PART),
        ),
        query=query,
        compose_url=reverse("web:compose", args=[view.peer_group, view.period]),
        may_compose=view.may_decide,
        drafts=version_rows(view, versions),
    )


def _row(view: ParticipantView) -> ParticipationRow:
    return ParticipationRow(
        firm=in_language(view.firm, view.firm_zh),
        site=in_language(view.site_name, view.site_name_zh),
        jurisdiction=in_language(view.jurisdiction, view.jurisdiction_zh),
        state=state(TAKING_PART, view.taking.value),
        received=view.received_at,
        note=view.reason,
    )


def _squares(participants: Sequence[ParticipantView]) -> tuple[Square, ...]:
    """One square a site, those that reported first."""
    order = list(TAKING_PART)
    kinds = sorted((view.taking.value for view in participants), key=order.index)
    room = 100 / max(len(kinds), 12)
    return tuple(Square(f"{place * room:.3f}%", SQUARES[kind]) for place, kind in enumerate(kinds))


def public_address(view: DraftView) -> str:
    return benchmark_url(view.pack, view.pack_version, view.route, view.period, view.version) if view.published_at else ""
