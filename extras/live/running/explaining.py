"""What is said of a batch beside its energy: the likely cause of its waste and what helps against
it, what is foreseen after a stop or a change of product, why its energy is not known, its cost.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from math import isfinite, isnan
from typing import TYPE_CHECKING

from benchmarks.guidance.causes import WasteCause
from benchmarks.guidance.practices import Library, Practice
from benchmarks.phrases import Phrase, Value
from extras.live.running.batch_log import RunningBatch
from extras.live.running.excess_alarms import UsualCourse
from extras.live.running.history import History
from extras.live.running.meter_total import MeterTotal
from extras.live.running.totals import RunningTotals
from reporting_agent.analysis.energy_costs.prices import amount_in
from reporting_agent.config import SiteSettings

if TYPE_CHECKING:
    from extras.live.running.plant import Alert


def per(output_unit: str) -> Phrase:
    """Energy for one of it, as people read it: the unit itself has its word in each language
    (`benchmarks.catalogue`).
    """
    return Phrase("kgce/%(unit)s", unit=output_unit)


def price(site: SiteSettings, total: MeterTotal, now_us: int) -> float | None:
    """Of one unit of a meter's energy; None without a tariff, or where its unit cannot be turned
    into that of the price.
    """
    when = datetime.fromtimestamp(now_us / 1e6, UTC).astimezone(site.zone)
    rate = None if site.tariff is None else site.tariff.price_of(total.meter.carrier, when)
    if rate is None or total.counted is None:
        return None
    paid = amount_in(total.counted, rate.unit, when.date(), site.emissions.factors)
    amount = rate.amount * abs(paid) * total.of_counted
    return None if isnan(amount) else amount


def money(
    site: SiteSettings, totals: RunningTotals, batch: RunningBatch, kgce: float
) -> float | None:
    """So much energy at the price of the mix that the batch takes now; None where a price is not
    known.
    """
    now_us = totals.now_us
    took = [
        (total, float(total.at(now_us) - total.at(batch.start_us)))
        for total in totals.followed(batch.line, batch.start_us)
    ]
    paid = [price(site, total, now_us) for total, _ in took]
    whole = sum(amount for _, amount in took)
    if whole <= 0 or any(
        each is None for each, (_, amount) in zip(paid, took, strict=True) if amount > 0
    ):
        return None
    return (
        kgce
        * sum(
            (each or 0.0) * amount / abs(total.kgce)
            for each, (total, amount) in zip(paid, took, strict=True)
        )
        / whole
    )


def why_not_known(totals: RunningTotals, batch: RunningBatch, zone: tzinfo) -> Phrase | None:
    """The first reason; None where it is known."""
    until_us = float("inf") if batch.end_us is None else batch.end_us
    if batch.end_us is None and (why := totals.later(batch.line, batch.start_us)) is not None:
        return Phrase("Known once the batch has ended: %(why)s", why=why)
    for total in totals.followed(batch.line, batch.start_us):
        name = total.meter.id
        if total.time_us and not isfinite(total.kgce):
            return Phrase(
                "Not known: the temperature or pressure of %(meter)s was not read", meter=name
            )
        if not total.holds(batch.start_us):
            return Phrase("Not known: readings of %(meter)s begin after the batch", meter=name)
        for fall in total.falls(batch.start_us):
            if fall.since_us < until_us:
                return Phrase(
                    "Not known: the register of %(meter)s fell at %(at)s, and no declared "
                    "rollover explains it",
                    meter=name,
                    at=_clock(fall.until_us, zone),
                )
        for since_us, gap_until_us in total.gaps(batch.start_us):
            if since_us < until_us:
                span = {
                    "meter": name,
                    "since": _clock(since_us, zone),
                    "until": _clock(gap_until_us, zone),
                }
                if total.meter.range is None:
                    return Phrase(
                        "Not known: no reading of %(meter)s from %(since)s to %(until)s", **span
                    )
                return Phrase(
                    "Not known: no reading of %(meter)s within its range from %(since)s to "
                    "%(until)s",
                    **span,
                )
    return None


def _clock(moment_us: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(moment_us / 1e6, UTC).astimezone(zone):%H:%M}"


HELD_TIMES = 1.05  # the usual duration


def reason(history: History, batch: RunningBatch, usual: UsualCourse, now_s: float) -> str:
    """Its code; empty for a cause that lasts over batches."""
    began = history.began(batch)
    if began in history.more.get(batch.line, {}):
        return WasteCause.COLD_START if began == "stop" else WasteCause.CHANGEOVER
    if now_s > HELD_TIMES * usual.duration_s:
        return WasteCause.HOLDING
    return "" if batch.by == "sum" else WasteCause.AT_POWER


def cause(history: History, batch: RunningBatch, usual: UsualCourse, now_s: float) -> str:
    """The same in words."""
    code = reason(history, batch, usual, now_s)
    if code in (WasteCause.COLD_START, WasteCause.CHANGEOVER):
        return (
            Phrase("First batch after a stop")
            if code == WasteCause.COLD_START
            else Phrase("Change of product")
        )
    if code == WasteCause.HOLDING:
        return Phrase("Longer than usual: holding or waiting")
    if not code:
        since = history.since(batch)
        return Phrase(
            "More in every batch since %(batch)s: look for a setting or a charge that changed then",
            batch=since,
        )
    return Phrase("Higher power than usual; the data do not show why")


def foretold(history: History, batch: RunningBatch) -> str:
    """What such batches took more, of one after a stop or a change of product; empty where nothing
    is foreseen.
    """
    began = history.began(batch)
    if (more := history.more.get(batch.line, {}).get(began)) is None:
        return ""
    values: dict[str, Value] = {
        "more": f"{more * history.usual[batch.of_kind].end_spread:.1f}",
        "unit": per(batch.unit),
    }
    if began == "stop":
        return Phrase(
            "First batch after a stop: such batches used %(more)s %(unit)s more", **values
        )
    return Phrase(
        "First batch of another product: such batches used %(more)s %(unit)s more", **values
    )


MOST = 2


def practices_against(
    site: SiteSettings, alert: Alert, library: Library | None = None
) -> tuple[Practice, ...]:
    """Those that come with Steplabel and those of the signed library, as `practices fetch` keeps
    it; only such as name that cause.
    """
    if not alert.reason:
        return ()
    practice_library = library or Library.held()
    return tuple(
        practice
        for practice in practice_library.of_step(site.site.pack, alert.step)
        if practice.cause == alert.reason
    )[:MOST]
