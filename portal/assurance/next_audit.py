"""When the next obligatory audit of a site is due: the rule, in days alone (`schemes.toml` has it
by jurisdiction).

An audit counts from the day on which its statement was issued, whatever its opinion; one that was
withdrawn does not count. While a certified management system runs no audit is due before its
certificate ends; certificates that follow without a gap are one. Where neither is on record nothing
can be said: the duty is *unknown*, never met and never late.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from benchmarks.declared import Words
from portal.assurance.schemes import SOURCE


@dataclass(frozen=True, slots=True)
class ObligatoryAudit:
    """Due again `years` after the last one, unless one of `systems` (id: name of the standard) is
    certified; told of `ahead` of the day.
    """

    name: Words
    source: Words
    years: int
    ahead: timedelta
    systems: Mapping[str, str]


@cache
def obligatory_audit(jurisdiction: str) -> ObligatoryAudit:
    """The rule of a jurisdiction's path (`cn/he`): that of the longest path in which it lies. Of
    all jurisdictions (`""`) there is one.
    """
    rules = tomllib.loads(SOURCE.read_text(encoding="utf-8"))["obligatory_audit"]
    read = max(
        rules,
        key=lambda rule: max(
            (
                len(path)
                for path in rule["jurisdictions"]
                if f"{jurisdiction}/".startswith(f"{path}/" if path else "")
            ),
            default=-1,
        ),
    )
    systems = {system["id"]: system["name"] for system in read["systems"]}
    return ObligatoryAudit(
        Words(**read["name"]),
        Words(**read["source"]),
        read["years"],
        timedelta(days=read["ahead_days"]),
        systems,
    )


class Duty(StrEnum):
    """How it stands on a day. In the order in which they are shown."""

    OVERDUE = "overdue"
    SOON = "soon"
    UNKNOWN = "unknown"  # no audit and no certificate on record
    LATER = "later"
    EXEMPT = "exempt"  # a certified system runs, and goes on for a while


@dataclass(frozen=True, slots=True)
class ValidityPeriod:
    """The days on which a certificate is valid, the last one included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class NextAudit:
    duty: Duty
    day: date | None  # the audit is to be had by the end of it; None where that is unknown
    certified_until: date | None  # the last day of the certificates that run today without a gap


def due(
    last_audit: date | None,
    certificates: Iterable[ValidityPeriod],
    rule: ObligatoryAudit,
    today: date,
) -> NextAudit:
    """How the duty stands on `today`, by the last audit and the certificates on record."""
    spans = [certificate for certificate in certificates if certificate.first <= certificate.last]
    running = _runs_until(spans, today)
    ended = max((span.last for span in spans if span.last < today), default=None)
    days = [
        day
        for day in (running, ended, after_years(last_audit, rule.years) if last_audit else None)
        if day is not None
    ]
    if not days:
        return NextAudit(Duty.UNKNOWN, None, None)
    day = max(days)
    if today > day:
        return NextAudit(Duty.OVERDUE, day, None)
    if today >= day - rule.ahead:
        return NextAudit(Duty.SOON, day, running)
    return NextAudit(Duty.EXEMPT if running is not None else Duty.LATER, day, running)


def after_years(day: date, years: int) -> date:
    """The same day so many years later; of 29 February the 28th, where that year has none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _runs_until(spans: list[ValidityPeriod], today: date) -> date | None:
    until = max((span.last for span in spans if span.first <= today <= span.last), default=None)
    for certificate in sorted(spans, key=lambda span: span.first):
        if (
            until is not None
            and certificate.first <= until + timedelta(days=1)
            and certificate.last > until
        ):
            until = certificate.last
    return until
