"""Who took part in a period of a peer group, site by site: the part of every site in short, and the
details of those that are shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from benchmarks.phrases import Name, restored
from portal.accounts.models import Jurisdiction, User
from portal.accounts.selectors import jurisdictions_of, within
from portal.catalogue.deadlines import due_dates
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.catalogue.peer_groups import counted
from portal.catalogue.selectors import touch
from portal.intake.models import IN_THE_VAULT, Commitment, Submission, SubmissionState, counting_by
from portal.names import RelatedName


class ReportingState(StrEnum):
    """Where a site stands with its report."""

    REPORTED = "reported"  # accepted
    WAITING = "waiting"  # received, not yet opened
    UNUSABLE = "unusable"  # refused, and no later revision accepted
    LATE = "late"  # nothing there, the due date is past, and the site is obliged
    # nothing there and the due date is past, but the site takes part by its own will
    NOT_OWED = "not-owed"
    MISSING = "missing"  # nothing there, not yet due


class PartView(NamedTuple):
    """A site's part in the period, in short: what is counted of all sites, however few a page
    shows.
    """

    site_id: int
    firm: str  # the controlling one, else the organisation itself
    obliged: bool
    region: int  # row of the jurisdiction
    taking: ReportingState
    due: datetime
    covers: str  # ids of the steps that the accepted report has values of, a space between them
    report: int | None  # row of the report that counts


class ParticipantView(NamedTuple):
    """The same with all that is shown."""

    firm: Name  # the controlling one, else the organisation itself
    organisation: str
    credit_code: str  # of the site, where it has one of its own, else of its organisation
    telephone: str  # of its organisation
    site: str
    site_name: Name
    jurisdiction: Name
    size_class: str  # as declared
    obliged: bool
    cohort: str  # hundred, thousand, ten-thousand, or none
    site_id: int
    taking: ReportingState
    due: datetime
    committed_at: datetime | None  # of the first commitment
    first_received_at: datetime | None  # of the first report, whatever became of it
    received_at: datetime | None  # of the report that counts
    revision: int | None
    reason: str  # of a refusal; a phrase, which pages say in their reader's language
    covers: str

    @property
    def arrived_late(self) -> bool:
        """Whether the first report that was owed came after the due date."""
        return (
            self.obliged
            and self.first_received_at is not None
            and self.first_received_at > self.due
        )


@dataclass(frozen=True, slots=True)
class ParticipationTotals:
    """Everybody who takes part, counted."""

    firms: int
    firms_reported: int
    states: Mapping[ReportingState, int]  # sites
    committed: int  # sites that committed to their data and have sent no report yet
    regions: tuple[Name, ...]  # names of the jurisdictions of the sites, sorted


@dataclass(frozen=True, slots=True)
class ParticipantFilter:
    """What narrows the list; every one of the words has to stand in a name of any language, in the
    site's id or in its code.
    """

    taking: str = ""
    obliged: bool | None = None
    region: str = ""  # its name
    size_class: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParticipationView:
    """Who reported for a period. No value, by design: regions show participation only."""

    peer_group: int
    pack: str
    pack_version: str
    route: str
    scope: Name
    jurisdiction: str  # the path of the scope
    period: str
    start: datetime
    due: datetime
    closed_at: datetime | None
    may_decide: bool
    previous: (
        str | None
    )  # the period before, by name, of this group or its like by another version of the pack
    members: QuerySet[PeerGroupMember]  # whom the reader may see
    parts: tuple[PartView, ...]  # of these, by firm and site

    @cached_property
    def participants(self) -> tuple[ParticipantView, ...]:
        """Everybody who takes part, by firm and site."""
        return participants(self, self.parts)

    @cached_property
    def totals(self) -> ParticipationTotals:
        return _totals(self)

    @property
    def firms(self) -> int:
        return self.totals.firms

    @property
    def firms_reported(self) -> int:
        return self.totals.firms_reported

    def count(self, taking: ReportingState) -> int:
        return self.totals.states.get(taking, 0)


def participation(
    user: User, peer_group: int, period: str, now: datetime
) -> ParticipationView | None:
    """Who of the group's sites in the regulator's jurisdiction reported; None where the person is
    no regulator of any of it.
    """
    jurisdictions = jurisdictions_of(user)
    alike = {
        name: OuterRef(name)
        for name in ("peer_group__pack", "peer_group__route", "peer_group__scope")
    }  # by any version of the pack
    earlier = ReportingPeriod.objects.filter(**alike, end__lte=OuterRef("start")).order_by("-end")
    periods = ReportingPeriod.objects.select_related("peer_group__scope").annotate(
        previous=Subquery(earlier.values("name")[:1])
    )
    asked = periods.filter(peer_group=peer_group, name=period).first()
    if asked is None or not any(
        touch(jurisdiction, asked.peer_group.scope.path) for jurisdiction in jurisdictions
    ):
        return None
    group = asked.peer_group
    members = counted(asked).filter(within(jurisdictions, "site__jurisdiction__path"))
    return ParticipationView(
        peer_group=group.pk,
        pack=group.pack,
        pack_version=group.pack_version,
        route=group.route,
        scope=group.scope.name,
        jurisdiction=group.scope.path,
        period=asked.name,
        start=asked.start,
        due=asked.due,
        closed_at=asked.closed_at,
        may_decide=any(jurisdiction.covers(group.scope) for jurisdiction in jurisdictions),
        previous=asked.previous,
        members=members,
        parts=_parts(members, asked, now),
    )


def _parts(
    members: QuerySet[PeerGroupMember], period: ReportingPeriod, now: datetime
) -> tuple[PartView, ...]:
    """One question, however many sites there are. An accepted report counts, else the last one."""
    later = due_dates([period.pk])
    counting_here = Q(
        site__submissions__period=period.name,
        site__submissions__pack_version__in=counting_by(period.peer_group.pack_version),
    )
    of_the_period = FilteredRelation("site__submissions", condition=counting_here)
    rows = members.annotate(sent=of_the_period).order_by(*ORDERS["firm"], "sent__revision")
    counting: dict[int, Any] = {}
    for row in rows.values_list(
        "site_id",
        _FIRM,
        "obliged",
        "site__jurisdiction_id",
        "sent__pk",
        "sent__state",
        "sent__covers",
    ):
        site, *_about, state, _covers = row
        if site not in counting or counting[site][-2] not in IN_THE_VAULT or state in IN_THE_VAULT:
            counting[site] = row
    parts = []
    for site, firm, obliged_now, region, report, state, covers in counting.values():
        obliged = period.obliges(site, now=obliged_now)
        due = later.get((period.pk, site), period.due)
        parts.append(
            PartView(
                site,
                firm,
                obliged,
                region,
                taking_of(state, due, now, obliged=obliged),
                due,
                covers or "",
                report,
            )
        )
    return tuple(parts)


def participants(
    view: ParticipationView, parts: Collection[PartView]
) -> tuple[ParticipantView, ...]:
    """The details of these, in their order: three questions, however many they are. A site that has
    left since then is left out.
    """
    members = view.members
    if len(parts) < len(view.parts):
        members = members.filter(site__in=[part.site_id for part in parts])
    theirs = {"period": view.period, "site__in": members.values("site")}
    counting_here = counting_by(view.pack_version)
    reports = Submission.objects.filter(**theirs, pack_version__in=counting_here)
    commitments = Commitment.objects.filter(
        ~Exists(_answers().exclude(pack_version__in=counting_here)), **theirs
    )
    committed = dict(
        commitments.order_by("-committed_at").values_list("site_id", "committed_at")
    )  # the first one stays
    sent = {row.pk: row for row in reports.order_by("-revision").values_list(*_REPORT, named=True)}
    first = {row.site_id: row.received_at for row in sent.values()}
    sites = {
        row.site_id: row
        for row in members.annotate(**_NAMES).values_list(*_NAMES, *_MEMBER, named=True)
    }
    return tuple(
        _participant(part, sites[part.site_id], sent, first, committed)
        for part in parts
        if part.site_id in sites
    )


def _participant(
    part: PartView,
    site: Any,
    sent: Mapping[int | None, Any],
    first: Mapping[int, datetime],
    committed: Mapping[int, datetime],
) -> ParticipantView:
    report = sent.get(part.report)  # and no other, though one may have come since
    return ParticipantView(
        firm=site.firm,
        organisation=site.site__organisation__name,
        credit_code=site.site__credit_code or site.site__organisation__credit_code,
        telephone=site.site__organisation__telephone,
        site=site.site__slug,
        site_name=site.site_name,
        jurisdiction=site.region,
        size_class=site.site__size_class,
        obliged=part.obliged,
        cohort=site.cohort,
        site_id=part.site_id,
        taking=part.taking,
        due=part.due,
        committed_at=committed.get(part.site_id),
        first_received_at=first.get(part.site_id) if report else None,
        received_at=report and report.received_at,
        revision=report and report.revision,
        reason=_reason(report) if part.taking is ReportingState.UNUSABLE and report else "",
        covers=part.covers,
    )


def _reason(report: Any) -> str:
    return restored(report.reason_phrase) if report.reason_phrase else report.reason


def fitting(view: ParticipationView, wanted: ParticipantFilter) -> Sequence[PartView]:
    """Those of its parts that fit, in their order."""
    parts = [
        part
        for part in view.parts
        if wanted.taking in ("", part.taking) and wanted.obliged in (None, part.obliged)
    ]
    members = view.members
    if wanted.region:
        members = members.filter(site__jurisdiction__name=wanted.region)
    if wanted.size_class:
        members = members.filter(site__size_class=wanted.size_class)
    for word in wanted.words:
        members = members.filter(_with_word(word))
    if not (wanted.region or wanted.size_class or wanted.words):
        return parts
    sites = set(members.values_list("site_id", flat=True))
    return [part for part in parts if part.site_id in sites]


def _with_word(word: str) -> Q:
    """In the names that a row shows: the firm's is the organisation's where no firm controls it, as
    the code is where a site has none.
    """
    named = ("site__", "site__jurisdiction__", "site__organisation__controlling_firm__")
    firm = Q(site__organisation__controlling_firm=None) & _in_names("site__organisation__", word)
    code = Q(site__credit_code="", site__organisation__credit_code__icontains=word)
    alternatives = (
        Q(site__slug__icontains=word),
        Q(site__credit_code__icontains=word),
        firm,
        code,
        *(_in_names(of, word) for of in named),
    )
    return Q(*alternatives, _connector=Q.OR)


def _in_names(of: str, word: str) -> Q:
    return Q(**{f"{of}name__icontains": word}) | Q(**{f"{of}name_zh__icontains": word})


_FIRM = Coalesce("site__organisation__controlling_firm__name", "site__organisation__name")
ORDERS: Mapping[str, tuple[Any, ...]] = {
    "firm": (_FIRM, "site__slug"),
    "site": ("site__name", "site__slug"),
    "region": ("site__jurisdiction__name", _FIRM, "site__slug"),
}
"""What the database orders sites by; `firm` is the order of all parts."""


def in_order(
    view: ParticipationView, parts: Sequence[PartView], order: str, *, descending: bool = False
) -> Sequence[PartView]:
    """By one of the `ORDERS`, by `state` or by `received`: when the report that counts was
    received, and after these those without one.
    """
    if order == "firm":
        return parts[::-1] if descending else parts
    if order == "state":
        return sorted(parts, key=lambda part: _ORDER_OF_STATES[part.taking], reverse=descending)
    if order == "received":
        reports = Submission.objects.filter(
            period=view.period, site__in=view.members.values("site")
        )
        received: dict[int | None, int] = {
            report: index
            for index, report in enumerate(
                reports.order_by("received_at", "log_index").values_list("pk", flat=True)
            )
        }
        return sorted(
            parts, key=lambda part: received.get(part.report, len(received)), reverse=descending
        )
    positions = {
        site: index
        for index, site in enumerate(
            view.members.order_by(*ORDERS[order]).values_list("site_id", flat=True)
        )
    }
    return sorted(
        parts, key=lambda part: positions.get(part.site_id, len(positions)), reverse=descending
    )


_ORDER_OF_STATES = {taking: index for index, taking in enumerate(ReportingState)}
_NAMES = {
    "firm": Coalesce(
        RelatedName("site__organisation__controlling_firm__"), RelatedName("site__organisation__")
    ),
    "site_name": RelatedName("site__"),
    "region": RelatedName("site__jurisdiction__"),
}
_SITE = (
    *("slug", "size_class", "credit_code"),
    *("organisation__name", "organisation__credit_code", "organisation__telephone"),
)
_MEMBER = ("site_id", "cohort", *(f"site__{name}" for name in _SITE))
_REPORT = ("pk", "site_id", "received_at", "revision", "reason", "reason_phrase")


def _totals(view: ParticipationView) -> ParticipationTotals:
    commitments = unanswered_commitments().filter(
        period=view.period, site__in=view.members.values("site")
    )
    committed = set(commitments.values_list("site_id", flat=True))
    regions = Jurisdiction.objects.filter(pk__in={part.region for part in view.parts})
    return ParticipationTotals(
        firms=len({part.firm for part in view.parts}),
        firms_reported=len(
            {part.firm for part in view.parts if part.taking is ReportingState.REPORTED}
        ),
        states=Counter(part.taking for part in view.parts),
        committed=sum(part.site_id in committed and part.report is None for part in view.parts),
        regions=tuple(sorted({region.name for region in regions})),
    )


def unanswered_commitments() -> QuerySet[Commitment]:
    """Those of which no report came: not those of a report by another version of the pack
    either.
    """
    return Commitment.objects.filter(~Exists(_answers()))


def _answers() -> QuerySet[Submission]:
    """The report that a commitment was made to."""
    return Submission.objects.filter(
        site=OuterRef("site"), period=OuterRef("period"), revision=OuterRef("revision")
    )


def taking_of(state: str | None, due: datetime, now: datetime, *, obliged: bool) -> ReportingState:
    """Where a site stands whose last report that counts is in this state; None: nothing came."""
    if state is None:
        if now <= due:
            return ReportingState.MISSING
        return ReportingState.LATE if obliged else ReportingState.NOT_OWED
    if state in IN_THE_VAULT:  # superseded: by a report that another version of the pack takes
        return ReportingState.REPORTED
    return ReportingState.UNUSABLE if state == SubmissionState.REFUSED else ReportingState.WAITING
