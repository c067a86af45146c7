"""Why the energy of a batch is not known, where its meters told of its time: as `label` would say
it.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from math import isfinite

from benchmarks.phrases import Phrase
from extras.live.running.batch_log import RunningBatch
from extras.live.running.totals import RunningTotals


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
