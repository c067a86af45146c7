"""Reminding late sites, once a day at most, and telling those that have less time; who was reminded
when, who was given more time, and which requests for it wait.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from benchmarks.phrases import Name, Phrase
from portal.accounts.audience import named, people_of_site
from portal.accounts.models import Membership, Role, Site, User
from portal.accounts.selectors import own_sites, regulated_sites
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue.deadlines import last_day, set_due
from portal.catalogue.models import Extension, ExtensionRequest, Reminder, ReportingPeriod
from portal.catalogue.peer_groups import counted
from portal.catalogue.selectors import period_of_group
from portal.intake.models import Submission, SubmissionState
from portal.intake.owed import owed, owed_of
from portal.intake.participation import ParticipationView, ReportingState
from portal.intake.turnout import REMINDER_PAUSE
from portal.notifications.kinds import MailFrequency, NoticeKind
from portal.notifications.selectors import mail_frequencies
from portal.notifications.telling import tell
from portal.problems import RefusedError

OWING = frozenset({ReportingState.LATE, ReportingState.UNUSABLE})
"""Nothing came by the due date; or what came was refused, and the due date is past as well."""


@dataclass(frozen=True, slots=True)
class ReminderView:
    site: str
    site_name: Name
    sent_at: datetime
    sent_by: str
    reminded: tuple[tuple[str, MailFrequency], ...]  # names, and how a mail of it goes to each
    telephone: str  # of the firm


@dataclass(frozen=True, slots=True)
class RemindedReport:
    """A report that an own site was reminded of and still owes."""

    site_name: Name
    pack: str
    period: str
    due: datetime
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class ExtensionView:
    site: str
    site_name: Name
    due: datetime
    reason: str
    granted_by: str
    granted_at: datetime


def owing(view: ParticipationView, now: datetime) -> tuple[str, ...]:
    """The sites of that view whose due date is past and whose report is still owed."""
    return tuple(
        participant.site
        for participant in view.participants
        if participant.obliged and participant.taking in OWING and now > participant.due
    )


def remindable(view: ParticipationView) -> tuple[str, ...]:
    """The obliged sites of that view that have no usable report, before the due date as well."""
    return tuple(
        participant.site
        for participant in view.participants
        if participant.obliged and participant.taking in (*OWING, ReportingState.MISSING)
    )


def remind(
    view: ParticipationView, by: User, now: datetime, chosen: Collection[str] | None = None
) -> tuple[Reminder, ...]:
    """Remind the late sites, or those of `chosen` that still owe a report, late or not; none twice
    within a day. Those that were reminded.

    The people of a site are those who act for its enterprise. A site without any is on the list all
    the same: somebody has to call.

    Raises:
        RefusedError: `period-closed`, `nobody-late` (409).
    """
    with transaction.atomic():
        period = ReportingPeriod.objects.select_for_update().get(
            peer_group=view.peer_group, name=view.period
        )
        if period.closed_at is not None:
            raise RefusedError(
                409,
                "period-closed",
                Phrase("The period %(period)s is closed.", period=period.name),
                "It does not accept reports any more. Choose an open period.",
            )
        late_now = set(owing(view, now))
        asked = late_now if chosen is None else set(chosen) & set(remindable(view))
        recent = Reminder.objects.filter(period=period, sent_at__gt=now - REMINDER_PAUSE).values(
            "site"
        )
        late = (
            regulated_sites(by)
            .filter(slug__in=asked)
            .exclude(pk__in=recent)
            .select_related("organisation")
            .order_by("slug")
        )
        sites: Sequence[Site] = list(late)
        if not sites:
            raise RefusedError(
                409,
                "nobody-late",
                "There is no site that owes a report and was not reminded within the last day.",
                "Come back tomorrow.",
            )
        kinds = {
            site.pk: (
                NoticeKind.REPORT_REMINDED if site.slug in late_now else NoticeKind.REPORT_COMES
            )
            for site in sites
        }
        people = _people(sites)
        mails = {
            kind: mail_frequencies(kind, {user.pk for users in people.values() for user in users})
            for kind in {*kinds.values()}
        }
        sent = [
            Reminder.objects.create(
                period=period,
                site=site,
                sent_by=by,
                sent_at=now,
                reminded=[
                    [str(user), mails[kinds[site.pk]][user.pk]]
                    for user in people.get(site.organisation_id, ())
                ],
            )
            for site in sites
        ]
        due = {
            participant.site: last_day(participant.due).isoformat()
            for participant in view.participants
        }
        for site in sites:
            facts = {**named(site), "period": period.name, "due": due[site.slug]}
            tell(kinds[site.pk], people_of_site(site), "web:upload", {}, facts, now)
        record(
            now,
            by.email,
            Action.REMINDERS_SENT,
            f"period {period.peer_group.pack}/{period.name}",
            ", ".join(site.slug for site in sites),
        )
    return tuple(sent)


def move_due(view: ParticipationView, until: date, by: User, now: datetime) -> None:
    """As `set_due`; where that leaves a site less time for a report that it owes, its people are
    told.

    Raises:
        RefusedError: what `set_due` refuses.
    """
    with transaction.atomic():
        period = period_of_group(view.peer_group, view.period)
        tell_of_less_time(period, set_due(period, until, by, now), now)


def tell_of_less_time(period: ReportingPeriod, before: datetime, now: datetime) -> None:
    """Tell the people of each obliged site that owes the report and has less time for it than until
    `before`, when all were due.
    """
    members = (
        counted(period)
        .filter(obliged=True)
        .select_related("site__organisation", "peer_group")
        .order_by("site__slug")
    )
    sites = {member.site.slug: member.site for member in members}
    for duty in owed_of(sites.values(), now, members):
        if duty.period == period.name and duty.due < before:
            site = sites[duty.site]
            facts = {
                **named(site),
                "period": period.name,
                "due": last_day(duty.due).isoformat(),
                "event": "earlier",
            }
            tell(NoticeKind.REPORT_COMES, people_of_site(site), "web:upload", {}, facts, now)


def reminders(view: ParticipationView) -> tuple[ReminderView, ...]:
    """Who of the sites in that view was reminded when, newest first."""
    rows = Reminder.objects.filter(
        period__peer_group=view.peer_group, period__name=view.period, site__slug__in=_slugs(view)
    )
    return tuple(
        ReminderView(
            row.site.slug,
            row.site.name,
            row.sent_at,
            str(row.sent_by),
            tuple((name, MailFrequency(how)) for name, how in row.reminded),
            row.site.organisation.telephone,
        )
        for row in rows.select_related("site__organisation", "sent_by")
    )


def extensions(view: ParticipationView) -> tuple[ExtensionView, ...]:
    """Who of the sites in that view was given more time, newest first."""
    rows = Extension.objects.filter(
        period__peer_group=view.peer_group, period__name=view.period, site__slug__in=_slugs(view)
    )
    return tuple(
        ExtensionView(
            row.site.slug, row.site.name, row.due, row.reason, str(row.granted_by), row.granted_at
        )
        for row in rows.select_related("site", "granted_by").order_by("-pk")
    )


def asked_for(sites: QuerySet[Site]) -> tuple[ExtensionRequest, ...]:
    """The requests for more time of these sites that wait, oldest first: of open periods, and of
    reports that have not come since.
    """
    by_its_version = Q(pack_version="") | Q(
        pack_version=OuterRef("period__peer_group__pack_version")
    )
    came = Submission.objects.filter(
        by_its_version,
        site=OuterRef("site"),
        period=OuterRef("period__name"),
        state=SubmissionState.ACCEPTED,
    )
    rows = ExtensionRequest.objects.filter(
        ~Exists(came), granted=None, site__in=sites, site__retired_at=None, period__closed_at=None
    )
    return tuple(
        rows.annotate(**_SITE_DUE)
        .select_related("site__organisation", "period__peer_group", "asked_by")
        .order_by("pk")
    )


_GIVEN = (
    Extension.objects.filter(period=OuterRef("period"), site=OuterRef("site"))
    .order_by("-pk")
    .values("due")[:1]
)
_SITE_DUE = {"site_due": Greatest("period__due", Coalesce(Subquery(_GIVEN), "period__due"))}
"""When the report of a request's site is due now: the newest extension counts, or the period's day
where that is later.
"""


def owed_by(user: User, now: datetime) -> tuple[RemindedReport, ...]:
    """What the person's own sites were reminded of and still owe, those due first on top; for the
    page of their submissions.
    """
    rows = (
        Reminder.objects.filter(site__in=own_sites(user), period__closed_at=None)
        .select_related("site", "period")
        .order_by("pk")
    )
    newest = {
        (row.site.slug, row.period.peer_group_id, row.period.name): row.sent_at for row in rows
    }
    duties = owed(user, now)
    return tuple(
        RemindedReport(duty.site_name, duty.pack, duty.period, duty.due, newest[of_site])
        for duty in duties
        if (of_site := (duty.site, duty.group, duty.period)) in newest
    )


def _slugs(view: ParticipationView) -> list[str]:
    return [participant.site for participant in view.participants]


def _people(sites: Sequence[Site]) -> dict[int, list[User]]:
    rows = Membership.objects.filter(
        organisation__in={site.organisation_id for site in sites},
        role=Role.ENTERPRISE,
        user__is_active=True,
    )
    people: dict[int, list[User]] = {}
    for row in rows.select_related("user").order_by("user__email"):
        people.setdefault(row.organisation_id, []).append(row.user)
    return people
