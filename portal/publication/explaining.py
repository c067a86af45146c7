"""A version's explanation: how each figure came about, with how many reported, what was excluded,
and who drafted and approved.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext, override

from benchmarks.declared import Words
from benchmarks.disclosure import GateResult
from benchmarks.explanation import (
    Explanation,
    Participation,
    VersionApproval,
    VersionChange,
    explain,
)
from benchmarks.phrases import Phrase, sentences
from benchmarks.routes import Pack
from portal.accounts.models import Jurisdiction, Role, User
from portal.accounts.selectors import organisations_as
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.days import scheme_day
from portal.names import in_chinese
from portal.publication.audited import excluded, told_of_change, verification
from portal.publication.errata import erratum_in_words
from portal.publication.models import Publication
from portal.publication.rows import shown_beside
from portal.standings.cohort import Cohort

NAMELESS = Phrase("regulator")
"""Whoever approved and has no say over the whole of its jurisdiction any more, as published
documents name them.
"""


OF_THE_REPORTS = (
    "sample_characteristics",
    "participants_and_coordinator",
    "verification_of_data",
    "exclusions",
)


def explained(
    gate: GateResult,
    pack: Pack,
    period: ReportingPeriod,
    present: Cohort,
    version: int,
    what_changed: str,
    drafted: tuple[User, datetime],
    approved: tuple[User, datetime] | None = None,
    erratum: Publication | None = None,
) -> Explanation:
    """Of what the gate lets through. `drafted` and `approved`: by whom, and when. What an erratum
    says of the reports is what the version says that it corrects (`OF_THE_REPORTS`).
    """
    route = pack.route(period.peer_group.route)
    participation = _participation(
        period, present, version, what_changed, drafted, approved, erratum
    )
    explanation = explain(
        gate, pack, route, participation, version=str(version), on=_last_day(period)
    )
    if erratum is None or erratum.corrects is None:
        return explanation
    before = Explanation.from_json(erratum.corrects.explanation)
    return replace(explanation, **{part: getattr(before, part) for part in OF_THE_REPORTS})


def _last_day(period: ReportingPeriod) -> date:
    """The limits of standards in force on it stand beside the label: those that the sites' own
    grades are tested against.
    """
    return scheme_day(period.end - timedelta(microseconds=1))


def _participation(
    period: ReportingPeriod,
    present: Cohort,
    version: int,
    what_changed: str,
    drafted: tuple[User, datetime],
    approved: tuple[User, datetime] | None,
    erratum: Publication | None,
) -> Participation:
    members = PeerGroupMember.objects.filter(peer_group=period.peer_group)
    rows = members.values_list("site", "obliged", "site__organisation__controlling_firm")
    obliged = {str(firm) for site, now, firm in rows if period.obliges(site, now=now)}
    reporting = {row.firm for row in present.labels}
    before = shown_beside(period).filter(version__lt=version).order_by("-version").first()
    corrected = None if erratum is None else erratum_in_words(erratum)
    scope = period.peer_group.scope
    approvals = [_approval(*drafted, "drafted", scope)]
    if approved is not None:
        approvals.append(_approval(*approved, "published", scope))
    return Participation(
        firms_reporting=len(reporting),
        sites_reporting=len(present.submissions),
        firms_obliged=len(obliged),
        firms_volunteering=len(reporting - obliged),
        approvals=tuple(approvals),
        excluded=excluded(present),
        verification=verification(present),
        change=None
        if before is None
        else VersionChange(
            str(before.version),
            told_of_change(what_changed, present, before.participants)
            if corrected is None
            else Words.of(sentences([what_changed, corrected])),
        ),
    )


def _approval(user: User, at: datetime, act: str, scope: Jurisdiction) -> VersionApproval:
    """By the organisation whose say over all of `scope` the person used, the nearest to it: what is
    public holds no private name.
    """
    offices = organisations_as(user, Role.REGULATOR).select_related("jurisdiction").order_by("pk")
    deciding = [
        (office.jurisdiction.path, office.name)
        for office in offices
        if office.jurisdiction and office.jurisdiction.covers(scope)
    ]
    if not deciding:
        with override("zh-hans"):
            return VersionApproval(str(NAMELESS), scheme_day(at), act, gettext(NAMELESS))
    _path, name = max(deciding, key=lambda office: len(office[0]))
    return VersionApproval(str(name), scheme_day(at), act, in_chinese(name))
