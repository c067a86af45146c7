"""What energy costs now, of a meter and of the mix that a batch takes."""

from __future__ import annotations

from datetime import UTC, datetime

from benchmarks.errors import InputError
from benchmarks.quantities import ratio
from reporting_agent.config import Site
from reporting_agent.live.running.batch_log import Batch
from reporting_agent.live.running.meter_total import Total
from reporting_agent.live.running.totals import Totals


def price(site: Site, total: Total, now_us: int) -> float | None:
    """Of one unit of a meter's energy; None without a tariff."""
    when = datetime.fromtimestamp(now_us / 1e6, UTC).astimezone(site.zone)
    rate = None if site.tariff is None else site.tariff.price_of(total.meter.carrier, when)
    if rate is None:
        return None
    try:
        return rate.amount * ratio(total.unit, rate.unit)
    except InputError:
        return None


def money(site: Site, totals: Totals, batch: Batch, kgce: float) -> float | None:
    """So much energy at the price of the mix that the batch takes now; None where a price is not known."""
    now_us = totals.now_us
    took = [(total, float(total.at(now_us) - total.at(batch.start_us))) for total in totals.followed(batch.line, batch.start_us)]
    paid = [price(site, total, now_us) for total, _ in took]
    whole = sum(amount for _, amount in took)
    if whole <= 0 or any(each is None for each, (_, amount) in zip(paid, took, strict=True) if amount > 0):
        return None
    return kgce * sum((each or 0.0) * amount / abs(total.kgce) for each, (total, amount) in zip(paid, took, strict=True)) / whole
