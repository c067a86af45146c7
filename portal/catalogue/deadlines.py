"""When reports are due: setting the day of a period; more time for a site, asked for by its firm,
given or refused by a regulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F

from benchmarks.phrases import Phrase
from portal.accounts.audience import named, people_of_site, regulators_of
from portal.accounts.deciding import require_regulator_of_scope, require_regulator_of_site
from portal.accounts.models import Site, User
from portal.accounts.selectors import managed_sites
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue.models import Extension, ExtensionRequest, PeerGroupMember, ReportingPeriod
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import NoticeFacts, tell
from portal.problems import RefusedError
from portal.whole_text import whole_text

MOST_CHARACTERS = 500
"""Of a reason or an answer."""


def due_dates(periods: Iterable[int]) -> Mapping[tuple[int, int], datetime]:
    """The due dates that are later than their period's, by period and site: who was given more time
    is never due before all others.
    """
    rows = Extension.objects.filter(period__in=periods, due__gt=F("period__due")).order_by("pk")
    return {
        (period, site): due for period, site, due in rows.values_list("period_id", "site_id", "due")
    }


def set_due(period: ReportingPeriod, last_day: date, by: User, now: datetime) -> datetime:
    """Move the day by which every report of the period is due, to the end of that day in the
    portal's time zone; when they were due before.

    Raises:
        RefusedError: `not-regulator` (403), `period-closed`, `due-before-end`, `due-past` (409).
    """
    with transaction.atomic():
        period = ReportingPeriod.objects.select_for_update().get(pk=period.pk)
        require_regulator_of_scope(by, period.peer_group.scope)
        _require_open(period)
        before = period.due
        if _move(period, last_day, by.email, now):
            period.due_moved_at = now
            period.save(update_fields=["due_moved_at"])
    return before


def bring_due_to(period: ReportingPeriod, last_day: date, by: str, now: datetime) -> bool:
    """Move the day to what a register file says; whether it moved. Once a regulator has chosen it,
    and once the period is closed, it stays.

    Raises:
        RefusedError: `due-before-end`, `due-past` (409).
    """
    with transaction.atomic():
        period = ReportingPeriod.objects.select_for_update().get(pk=period.pk)
        return (
            period.due_moved_at is None
            and period.closed_at is None
            and _move(period, last_day, by, now)
        )


def _move(period: ReportingPeriod, last_day: date, by: str, now: datetime) -> bool:
    """Whether the day was another. The row is locked by who calls."""
    due = end_of(last_day)
    if due <= period.end:
        raise due_before_end()
    if due == period.due:
        return False
    if due <= now:
        raise _past(Phrase("Choose today or a later day."))
    before, period.due = period.due, due
    period.save(update_fields=["due"])
    record(
        now,
        by,
        Action.DUE_CHANGED,
        f"period {period.peer_group.pack}/{period.name}",
        f"{_day(before)} to {_day(due)}",
    )
    return True


def due_before_end() -> RefusedError:
    return RefusedError(
        409,
        "due-before-end",
        "Reports cannot be due before their period has ended.",
        "Choose a day after the period's last one.",
    )


def extend(
    period: ReportingPeriod, site: Site, last_day: date, reason: str, by: User, now: datetime
) -> Extension:
    """Give a site more time for one period, which settles what its firm asked for. A form sent
    twice gives it once.

    Raises:
        RefusedError: `not-regulator` (403), `not-a-member`, `period-closed`, `extension-not-later`,
            `due-past`, `extension-reason-missing`, `text-too-long` (409).
    """
    with transaction.atomic():
        period = ReportingPeriod.objects.select_for_update().get(pk=period.pk)
        require_regulator_of_site(by, site)
        _require_member(period, site)
        _require_open(period)
        sentence, due = whole_text(reason, MOST_CHARACTERS), end_of(last_day)
        if not sentence:
            raise RefusedError(
                409,
                "extension-reason-missing",
                "An extension needs a reason.",
                "Say in a sentence why the site gets more time.",
            )
        last: Extension | None = Extension.objects.filter(period=period, site=site).last()
        if last is not None and (last.due, last.reason, last.granted_by_id) == (
            due,
            sentence,
            by.pk,
        ):
            return last
        if due <= _due_of(period, site):
            raise _not_later()
        if due <= now:
            raise _past(Phrase("Choose today or a later day."))
        extension = Extension.objects.create(
            period=period, site=site, due=due, reason=sentence, granted_by=by, granted_at=now
        )
        _settle(period, site, due, sentence, by, now)
    return extension


def grant(request: ExtensionRequest, answer: str, by: User, now: datetime) -> None:
    """Give the time that a firm asked for, for the reason that it gave if `answer` is empty. Where
    the period's day was moved to that day or beyond it meanwhile, the site has the time already.

    Raises:
        RefusedError: as `extend`; `extension-decided` (409), `due-past` (409): the day has passed
            since the firm asked.
    """
    with transaction.atomic():
        period = ReportingPeriod.objects.select_for_update().get(pk=request.period_id)
        if not ExtensionRequest.objects.filter(pk=request.pk, granted=None).exists():
            raise _decided()
        require_regulator_of_site(by, request.site)
        _require_open(period)
        due, asked = _due_of(period, request.site), end_of(request.until)
        if max(due, asked) <= now:
            raise _past(Phrase("Give the site a later day, or refuse the request with a reason."))
        if asked > due:
            extend(period, request.site, request.until, answer or request.reason, by, now)
        else:
            _settle(
                period,
                request.site,
                due,
                whole_text(answer or request.reason, MOST_CHARACTERS),
                by,
                now,
            )


def ask(
    period: ReportingPeriod, site: Site, until: date, reason: str, by: User, now: datetime
) -> ExtensionRequest:
    """A firm asks for more time; its regulators are told. The same asked twice is asked once.

    Raises:
        RefusedError: `not-your-site` (403), `not-a-member`, `period-closed`, `extension-not-later`,
            `due-past`, `extension-asked`, `text-too-long` (409).
    """
    with transaction.atomic():
        period = ReportingPeriod.objects.select_for_update().get(pk=period.pk)
        if not managed_sites(by).filter(pk=site.pk).exists():
            raise RefusedError(
                403, "not-your-site", "You do not act for this site.", "Ask the firm’s manager."
            )
        _require_member(period, site)
        _require_open(period)
        sentence = whole_text(reason, MOST_CHARACTERS)
        waiting: ExtensionRequest | None = ExtensionRequest.objects.filter(
            period=period, site=site, granted=None
        ).first()
        if waiting is not None and (waiting.until, waiting.reason) == (until, sentence):
            return waiting
        if waiting is not None:
            raise RefusedError(
                409,
                "extension-asked",
                "More time has already been requested.",
                "Wait for the regulator’s decision.",
            )
        if end_of(until) <= _due_of(period, site):
            raise _not_later()
        if end_of(until) <= now:
            raise _past(Phrase("Choose today or a later day."))
        request: ExtensionRequest = ExtensionRequest.objects.create(
            period=period, site=site, until=until, reason=sentence, asked_by=by, asked_at=now
        )
        record(
            now,
            by.email,
            Action.EXTENSION_ASKED,
            f"site {site.slug}",
            f"{period.peer_group.pack}/{period.name} until {until}: {sentence}",
        )
        facts: NoticeFacts = {**named(site), "period": period.name, "due": until.isoformat()}
        parts: NoticeFacts = {
            "group": period.peer_group_id,
            "period": period.name,
            "tab": "deadlines",
        }
        tell(
            NoticeKind.EXTENSION_ASKED,
            regulators_of(site.jurisdiction),
            "web:period",
            parts,
            facts,
            now,
        )
    return request


def refuse(request: int, answer: str, by: User, now: datetime) -> ExtensionRequest:
    """No more time, and why; the firm is told. Refused twice is refused once.

    Raises:
        RefusedError: `not-regulator` (403), `extension-reason-missing`, `extension-decided`,
            `text-too-long` (409).
    """
    with transaction.atomic():
        # as whoever grants it; a request goes with a site that retires or moves
        period = (
            ReportingPeriod.objects.select_for_update(of=("self",))
            .filter(extension_requests=request)
            .first()
        )
        request_row: ExtensionRequest | None = (
            ExtensionRequest.objects.select_for_update().filter(pk=request).first()
        )
        if period is None or request_row is None:
            raise _decided()
        require_regulator_of_site(by, request_row.site)
        sentence = whole_text(answer, MOST_CHARACTERS)
        if not sentence:
            raise RefusedError(
                409,
                "extension-reason-missing",
                "A refusal needs a reason.",
                "Say in a sentence why. The firm can read it.",
            )
        if request_row.granted is not None:
            if (request_row.granted, request_row.answer) == (False, sentence):
                return request_row
            raise _decided()
        request_row.granted, request_row.answer, request_row.decided_by, request_row.decided_at = (
            False,
            sentence,
            by,
            now,
        )
        request_row.save(update_fields=["granted", "answer", "decided_by", "decided_at"])
        record(
            now,
            by.email,
            Action.EXTENSION_REFUSED,
            f"site {request_row.site.slug}",
            f"{period.peer_group.pack}/{period.name}: {sentence}",
        )
        facts = {**named(request_row.site), "period": period.name}
        tell(
            NoticeKind.EXTENSION_REFUSED,
            people_of_site(request_row.site),
            "web:site-record",
            {"slug": request_row.site.slug},
            facts,
            now,
        )
    return request_row


def end_of(day: date) -> datetime:
    """The midnight that ends the day in the portal's time zone."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(settings.TIME_ZONE))


def last_day(due: datetime) -> date:
    """The day that `end_of` was made from; for any other moment the day that it lies in."""
    return (due.astimezone(ZoneInfo(settings.TIME_ZONE)) - timedelta(microseconds=1)).date()


def _due_of(period: ReportingPeriod, site: Site) -> datetime:
    return due_dates([period.pk]).get((period.pk, site.pk), period.due)


def _settle(
    period: ReportingPeriod, site: Site, due: datetime, sentence: str, by: User, now: datetime
) -> None:
    """What the firm asked for is answered with the day that holds now, on record, and the firm is
    told.
    """
    asked = ExtensionRequest.objects.filter(period=period, site=site, granted=None)
    asked.update(granted=True, answer=sentence, decided_by=by, decided_at=now)
    subject, detail = (
        f"site {site.slug}",
        f"{period.peer_group.pack}/{period.name} until {_day(due)}: {sentence}",
    )
    record(now, by.email, Action.EXTENSION_GRANTED, subject, detail)
    facts = {**named(site), "period": period.name, "due": _day(due)}
    tell(NoticeKind.EXTENSION_GRANTED, people_of_site(site), "web:submissions", {}, facts, now)


def _day(due: datetime) -> str:
    return last_day(due).isoformat()


def _decided() -> RefusedError:
    return RefusedError(
        409, "extension-decided", "This request has been decided.", "Read what was decided."
    )


def _past(remedy: Phrase) -> RefusedError:
    return RefusedError(
        409,
        "due-past",
        "That day is past: a report that has not come would be late at once.",
        remedy,
    )


def _not_later() -> RefusedError:
    return RefusedError(
        409,
        "extension-not-later",
        "The new day is not later than the present one.",
        "Choose a later day. Time that was given cannot be withdrawn.",
    )


def _require_member(period: ReportingPeriod, site: Site) -> None:
    if not PeerGroupMember.objects.filter(peer_group=period.peer_group, site=site).exists():
        raise RefusedError(
            409,
            "not-a-member",
            Phrase("The site %(site)s does not report in this peer group.", site=site.slug),
            "Choose one of its sites.",
        )


def _require_open(period: ReportingPeriod) -> None:
    if period.closed_at is not None:
        raise RefusedError(
            409,
            "period-closed",
            Phrase("The period %(period)s is closed.", period=period.name),
            "Its dates cannot be changed any more. Choose an open period.",
        )
