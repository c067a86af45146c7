"""What energy costs now, of a meter and of the mix that a batch takes."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isnan

from extras.live.running.batch_log import RunningBatch
from extras.live.running.meter_total import MeterTotal
from extras.live.running.totals import RunningTotals
from reporting_agent.analysis.energy_costs.priced_energy import amount_in
from reporting_agent.config import SiteSettings


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
