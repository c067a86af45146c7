"""When the next obligatory audit of a site is due: the rule, in days alone.

An audit counts from the day on which its statement was issued, whatever its opinion; one that was withdrawn does not count. While a
certified management system runs no audit is due before its certificate ends; certificates that follow without a gap are one. Where
neither is on record nothing can be said: the duty is *unknown*, never met and never late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.assurance.schemes import ObligatoryAudit


class Duty(StrEnum):
    """How it stands on a day. In the order in which they are shown."""

    OVERDUE = "overdue"
    SOON = "soon"
    UNKNOWN = "unknown"  # no audit and no certificate on record
    LATER = "later"
    EXEMPT = "exempt"  # a certified system runs, and goes on for a while


@dataclass(frozen=True, slots=True)
class Span:
    """The days on which a certificate is valid, the last one included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Due:
    duty: Duty
    day: date | None  # the audit is to be had by the end of it; None where that is unknown
    certified_until: date | None  # the last day of the certificates that run today without a gap


def due(last_audit: date | None, certificates: Iterable[Span], rule: ObligatoryAudit, today: date) -> Due:
    """How the duty stands on `today`, by the last audit and the certificates on record."""
    spans = [one for one in certificates if one.first <= one.last]
    running = _runs_until(spans, today)
    ended = max((one.last for one in spans if one.last < today), default=None)
    days = [day for day in (running, ended, after_years(last_audit, rule.years) if last_audit else None) if day is not None]
    if not days:
        return Due(Duty.UNKNOWN, None, None)
    day = max(days)
    if today > day:
        return Due(Duty.OVERDUE, day, None)
    if today > day - rule.ahead:
        return Due(Duty.SOON, day, running)
    return Due(Duty.EXEMPT if running is not None else Duty.LATER, day, running)


def after_years(day: date, years: int) -> date:
    """The same day so many years later; of 29 February the 28th, where that year has none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _runs_until(spans: list[Span], today: date) -> date | None:
    until = max((one.last for one in spans if one.first <= today <= one.last), default=None)
    for one in sorted(spans, key=lambda one: one.first):
        if until is not None and one.first <= until + timedelta(days=1) and one.last > until:
            until = one.last
    return until
