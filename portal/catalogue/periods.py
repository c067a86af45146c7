"""Opening and closing the periods of peer groups."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from benchmarks import packs
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.wire.schema import canonical_period
from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import User
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue.deadlines import due_before_end, end_of
from portal.catalogue.models import PeerGroup, ReportingPeriod
from portal.catalogue.selectors import groups_of_route, overlapping
from portal.problems import RefusedError

TIME_TO_REPORT = timedelta(days=90)


def open_period(
    group: PeerGroup,
    name: str,
    by: str,
    now: datetime,
    due: datetime | None = None,
    due_moved_at: datetime | None = None,
) -> ReportingPeriod:
    """Take reports of a period from now on. Its ends are midnights in the portal's time zone; due
    some months after its end if not said.

    `due_moved_at` is when a regulator chose the day, which the register file leaves then.

    Raises:
        RefusedError: `period-overlaps` (409): two periods of a group share a day, and what is
            published of both could be subtracted; `period-open-by-other-version` (409): whom two
            groups oblige for the same time would be late in the one that has no report;
            `due-before-end` (409).
    """
    period = _period(name)
    if due is not None and due <= period.end:
        raise due_before_end()
    with transaction.atomic():
        # who opens two at once, of whatever version, waits for the first
        list(groups_of_route(group.pack, group.route, group.scope).select_for_update(of=("self",)))
        _require_apart(group, period)
        _require_only_version(group, period)
        opened, created = ReportingPeriod.objects.get_or_create(
            peer_group=group,
            name=period.name,
            defaults={
                "start": period.start,
                "end": period.end,
                "due": due or period.end + TIME_TO_REPORT,
                "due_moved_at": due_moved_at,
            },
        )
        if created:
            record(now, by, Action.PERIOD_OPENED, f"period {group.pack}/{period.name}", str(group))
    return opened


def close_period(period: ReportingPeriod, by: str, now: datetime) -> None:
    """Take no more reports of it; whom a later list obliges did not owe one."""
    with transaction.atomic():
        period = ReportingPeriod.objects.select_for_update().get(pk=period.pk)
        if period.closed_at is None:
            obliged = period.peer_group.members.filter(obliged=True).order_by("site")
            period.closed_at, period.obliged_when_closed = (
                now,
                list(obliged.values_list("site", flat=True)),
            )
            period.save(update_fields=["closed_at", "obliged_when_closed"])
            record(
                now,
                by,
                Action.PERIOD_CLOSED,
                f"period {period.peer_group.pack}/{period.name}",
                str(period.peer_group),
            )


def open_period_for(
    user: User, group: PeerGroup, name: str, now: datetime, last_day: date | None = None
) -> ReportingPeriod:
    """Open a period by decision of a regulator of the whole scope, where the group's pack version
    is in force when it begins.

    `last_day` is the last one for its reports; some months after the period if not said.

    Raises:
        RefusedError: `not-regulator` (403), `period-closed`, `pack-not-in-force`,
            `period-open-by-other-version`, `period-overlaps`, `due-before-end`, `due-in-the-past`
            (409).
        SteplabelError: what `canonical_period` says of the name.
    """
    require_regulator_of_scope(user, group.scope)
    period = _period(name)
    if group.periods.filter(name=period.name).exclude(closed_at=None).exists():
        raise RefusedError(
            409,
            "period-closed",
            Phrase("The period %(period)s is closed.", period=period.name),
            "A closed period cannot be opened again. Open another one.",
        )
    pack, first = packs.load(group.pack, group.pack_version), period.start.date()
    if first < pack.effective_from or (
        pack.effective_to is not None and first >= pack.effective_to
    ):
        raise RefusedError(
            409,
            "pack-not-in-force",
            Phrase(
                "Version %(version)s of the pack %(pack)s is not in force on %(day)s.",
                version=pack.version,
                pack=pack.id,
                day=first.isoformat(),
            ),
            "Open the period for the peer group whose version is in force.",
        )
    _require_only_version(group, period)
    _require_apart(group, period)
    chosen_at = None if last_day is None else now
    return open_period(group, name, user.email, now, _due(group, period, last_day, now), chosen_at)


def _period(name: str) -> Period:
    return Period.parse(canonical_period(name), ZoneInfo(settings.TIME_ZONE))


def _require_apart(group: PeerGroup, period: Period) -> None:
    if (
        other := group.periods.filter(overlapping(period.start, period.end))
        .exclude(name=period.name)
        .first()
    ):
        raise RefusedError(
            409,
            "period-overlaps",
            Phrase(
                "The period %(period)s overlaps %(other)s, which this peer group has already.",
                period=period.name,
                other=other.name,
            ),
            Phrase(
                "Use that period, or one that begins where it ends. For other reports of the same "
                "time, create another peer group."
            ),
        )


def _require_only_version(group: PeerGroup, period: Period) -> None:
    """A period that the group has already stays as it is."""
    if group.periods.filter(name=period.name).exists():
        return
    beside = groups_of_route(group.pack, group.route, group.scope).exclude(pk=group.pk)
    taking = ReportingPeriod.objects.filter(
        overlapping(period.start, period.end), peer_group__in=beside, closed_at=None
    )
    if other := taking.select_related("peer_group").first():
        raise RefusedError(
            409,
            "period-open-by-other-version",
            Phrase(
                "Reports of %(period)s are accepted with version %(version)s of the pack.",
                period=other.name,
                version=other.peer_group.pack_version,
            ),
            "Close that period first: only one version can be open for the reports of a period.",
        )


def _due(group: PeerGroup, period: Period, last_day: date | None, now: datetime) -> datetime:
    """When reports of a period that is opened are due. A period that is open already keeps its
    own.
    """
    due = period.end + TIME_TO_REPORT if last_day is None else end_of(last_day)
    if due <= period.end:
        raise due_before_end()
    if due <= now and not group.periods.filter(name=period.name).exists():
        raise RefusedError(
            409,
            "due-in-the-past",
            Phrase(
                "Reports of %(period)s would have been due on %(day)s, so every obliged site "
                "would be late at once.",
                period=period.name,
                day=(due - timedelta(days=1))
                .astimezone(ZoneInfo(settings.TIME_ZONE))
                .date()
                .isoformat(),
            ),
            "Choose a last day for its reports that is in the future.",
        )
    return due


def close_period_for(user: User, period: ReportingPeriod, now: datetime) -> None:
    """Close it by decision of a regulator of the whole scope: no report is taken any more, for
    good.

    Raises:
        RefusedError: `not-regulator` (403).
    """
    require_regulator_of_scope(user, period.peer_group.scope)
    close_period(period, user.email, now)
