"""What may be said of the members of a group: counts of those that are only counted, through the
gate; labels of those that show them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db import transaction

from benchmarks import packs
from benchmarks.disclosure import member_counts
from benchmarks.disclosure.member_counts import Contributions
from benchmarks.phrases import Name
from extras.sharing.labels import Labels, labels_of_all
from extras.sharing.models import Action, GroupCount, GroupMember, SiteGroup
from portal import wall
from portal.accounts.models import User
from portal.assurance.grades import CONFIRMED
from portal.auditlog.recording import record
from portal.days import scheme_day
from portal.intake.models import Submission
from portal.intake.selectors import newest_accepted
from portal.names import name_of
from portal.standings.attested import Verdicts, verdicts_of

GRADE = "grade"
"""Counted beside steps: an officer confirmed the grade that the firm declared for a programme."""


class RecountOutcome(StrEnum):
    """What became of counting again."""

    COUNTED = "counted"
    STANDS = "stands"  # nothing changed, or too few firms to count again
    TOO_FEW = "too-few"


@dataclass(frozen=True, slots=True)
class ShownMember:
    """A member that shows labels of its newest accepted report, chosen by its firm. `attested` by
    step: the body, and until when.
    """

    slug: str
    labels: Labels
    attested: Mapping[str, tuple[Name, date]]
    grade: str  # as declared, where an officer confirmed it


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """For who runs the group. `told` by thing: at least so many of the `counted` firms, as of
    `told_at`; None where no count is shown.
    """

    members: tuple[GroupMember, ...]
    shown: tuple[ShownMember, ...]
    joined: int
    counted: int  # firms that are counted: they show nothing, and are not the runner's own
    fewest: int  # of these, from which on counts are shown
    counts: Mapping[str, int] | None
    told_at: datetime | None


def group_view(group: SiteGroup, today: date) -> GroupCounts:
    """For a caller who let the reader in: a fixed number of questions, however many members there
    are.
    """
    rows = tuple(
        GroupMember.objects.filter(group=group)
        .select_related("site__organisation")
        .order_by("slug")
    )
    joined = [row for row in rows if row.state == GroupMember.State.JOINED]
    gathered = _gather(joined, today)
    last = GroupCount.objects.filter(group=group).first()
    shows = [row for row in joined if row.steps]
    marks = _marks_of_today(joined)
    counted = set(marks.values()) - _known_marks(group, joined, marks)
    return GroupCounts(
        members=rows,
        shown=tuple(gathered.shown(row) for row in shows if row.slug in gathered.labels),
        joined=len(joined),
        counted=len(counted),
        fewest=_policy(joined)[0],
        counts=member_counts.rounded_down(last.contributions, last.told) if last else None,
        told_at=last.at if last else None,
    )


def count_again(group: SiteGroup, by: User, now: datetime) -> RecountOutcome:
    """Count the members anew where the gate lets the new counts stand beside all that were shown.
    For a caller who let `by` in.
    """
    with transaction.atomic():
        row = (
            SiteGroup.objects.select_for_update(of=("self",))
            .select_related("run_by")
            .get(pk=group.pk)
        )
        joined = list(
            GroupMember.objects.filter(group=row, state=GroupMember.State.JOINED).select_related(
                "site__organisation"
            )
        )
        gathered = _gather(joined, scheme_day(now))
        marks = _marks_of_today(joined)
        known_marks = _known_marks(row, joined, marks)
        ours: defaultdict[str, set[str]] = defaultdict(set)
        for member in joined:
            if (mark := marks[member.mark]) not in known_marks:
                ours[mark] |= gathered.things(member)
        shown_counts = GroupCount.objects.filter(group=row)
        before = [_contributions(count, marks) for count in shown_counts]
        if not member_counts.may_replace(ours, before, known_marks, *_policy(joined)):
            return RecountOutcome.STANDS if before else RecountOutcome.TOO_FEW
        things = sorted(
            {
                *(thing for of in ours.values() for thing in of),
                *(step for peer in joined for step in gathered.steps(peer)),
            }
        )
        counts = member_counts.rounded_down(ours, things)
        GroupCount.objects.create(
            group=row,
            at=now,
            contributions={mark: sorted(of) for mark, of in ours.items()},
            told=counts,
        )
        record(now, by.email, Action.GROUP_COUNTED, f"site group {row.pk}", f"{len(ours)} firms")
    return RecountOutcome.COUNTED


def _contributions(count: GroupCount, marks: Mapping[str, str]) -> Contributions:
    """As they were counted, by the firms of today: that two became one is no change of what the
    count tells.
    """
    things_of: defaultdict[str, set[str]] = defaultdict(set)
    for mark, things in count.contributions.items():
        things_of[marks.get(mark, mark)].update(things)
    return things_of


@dataclass(frozen=True, slots=True)
class _Gathered:
    """On record of the members, by slug of the site."""

    reports: Mapping[str, Submission]
    labels: Mapping[str, Labels]
    verdicts: Verdicts
    grades: Mapping[str, str]

    def steps(self, row: GroupMember) -> set[str]:
        """Of the newest accepted report, each with its sector: `cement/raw-milling`."""
        report = self.reports.get(row.slug)
        return {f"{report.site.pack}/{step}" for step in report.covers.split()} if report else set()

    def things(self, row: GroupMember) -> set[str]:
        """Those of its steps that are attested, and the grade."""
        report = self.reports.get(row.slug)
        attested: set[str] = {GRADE} if row.slug in self.grades else set()
        if report is not None:
            attested |= {
                f"{report.site.pack}/{step}"
                for step in report.covers.split()
                if self.verdicts.attests(report.pk, step)
            }
        return attested

    def shown(self, row: GroupMember) -> ShownMember:
        labels, report = self.labels[row.slug], self.reports[row.slug]
        attested = {
            step: (name_of(attestation.body, attestation.body_zh), attestation.valid_until)
            for step in {label.step for label in labels.rows}
            if (attestation := self.verdicts.attestation(report.pk, step)) is not None
        }
        return ShownMember(row.slug, labels, attested, self.grades.get(row.slug, ""))


@wall.opened()  # members chose what the runner reads of them
def _gather(joined: list[GroupMember], today: date) -> _Gathered:
    sites = {row.site_id: row.slug for row in joined if row.site_id is not None}
    newest = {sites[site]: report for site, report in newest_accepted(sites).items()}
    attested = verdicts_of([report.pk for report in newest.values()], today)
    grades = {sites[site]: grade for site, grade in CONFIRMED(sites)}
    chosen = {row.slug: set(row.steps) for row in joined if row.steps}
    shows = [report for slug, report in newest.items() if slug in chosen]
    labels = {
        site_labels.site: site_labels.only(chosen[site_labels.site])
        for site_labels in labels_of_all(shows)
    }
    return _Gathered(newest, labels, attested, grades)


def _policy(joined: Iterable[GroupMember]) -> tuple[int, int]:
    """Firms behind a count and firms that must have changed: of the strictest of the sectors that
    members are of, or that there are.
    """
    named = {row.site.pack for row in joined if row.site is not None} or set(packs.available())
    policies = [packs.versions(pack)[0].disclosure for pack in named]
    return max(policy.fewest_firms for policy in policies), max(
        policy.least_changed_participants for policy in policies
    )


def _marks_of_today(joined: Iterable[GroupMember]) -> dict[str, str]:
    """By mark as it was drawn when a site joined, the one mark of its controlling firm as the
    register has it today.

    Firms that became one count once. A part that was sold goes on with the mark of its former
    owner: counted is a firm too few, never one too many.
    """
    marked = sorted(
        (row.mark, row.site.organisation.controlling_firm_id)
        for row in joined
        if row.site is not None
    )
    smallest: dict[int | None, str] = {}
    today: dict[str, str] = {}
    for mark, firm in marked:
        today[mark] = min(today.get(mark, mark), smallest.setdefault(firm, mark))
    return today


def _known_marks(
    group: SiteGroup, joined: Iterable[GroupMember], marks: Mapping[str, str]
) -> set[str]:
    """Of firms that are not counted, for the runner reads their labels anyway."""
    return {marks[row.mark] for row in joined if row.steps or _same_firm(group, row)}


def _same_firm(group: SiteGroup, row: GroupMember) -> bool:
    """Whether who runs the group knows this member as its own."""
    firm = group.run_by.controlling_firm_id
    return (
        firm is not None
        and row.site is not None
        and row.site.organisation.controlling_firm_id == firm
    )
