"""Constants of state by which a meter's gas or steam counts (temperature, pressure, feed water): told beside the label with what an error
of 10 K and of 5 kPa would make of it, and to which side, since no reading shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import fsum

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Direction, Status
from benchmarks.phrases import Phrase, Value, enumerated
from benchmarks.routes import Words
from reporting_agent.config.agreement import amount_unit
from reporting_agent.config.meters import Meter
from reporting_agent.metering import MeterRecord, derived
from reporting_agent.pipeline.sitewide import Sitewide

KELVIN, KPA = 10.0, 5.0
"""Steps by which a constant is moved to show its size (a convention of ours)."""
USUAL_GAS_C, USUAL_FEED_WATER_C = (0, 40), (60, 160)
"""Of gas in a works' main, and of feed water behind its deaerator, which is 104 at 120 kPa (conventions of ours)."""


def told(label: StepLabel, whole: Sitewide) -> Iterator[Words]:
    """A sentence each meter of which a constant is worth telling."""
    output = fsum(batch.output_t for batch in whole.batches if batch.step == label.step and batch.status is Status.GOOD)
    if label.best.value is None or output <= 0:
        return
    for counted in whole.site.tree.counted:
        if not counts(counted.carrier, label.metric) or not whole.serves(counted, label.step):
            continue
        of = [whole.records[name] for name in {counted.id, *whole.site.tree.needed_by(counted)} if name in whole.records]
        if not (at_state := [one for one in of if one.mean_state is not None]):
            continue
        record = max(at_state, key=lambda one: one.total)
        mj = whole.of_steps(counted.carrier, counted.direction).get(label.step, 0.0) * whole.share_of(counted, label.step)
        each, sign = mj / MJ_PER[label.energy_unit] / output, 1 if counted.direction is Direction.IMPORT else -1
        sizes = [(said, each * moved) for said, moved in _moved(record, sign)]
        if worth := [(said, size) for said, size in sizes if size > WORTH_TELLING * abs(label.best.value)]:
            said = Phrase(
                "What meter %(meter)s counts of %(carrier)s rests on constants that no reading shows. The label would be higher by"
                " %(constants)s. Let meters read them (temperature_meter, pressure_meter), or keep the records of how they were measured"
                " for an auditor.",
                meter=record.meter.id,
                carrier=CARRIERS[counted.carrier].words,
                constants=enumerated(
                    Phrase("%(size)s %(unit)s for %(constant)s", constant=said, size=f"{size:.3g}", unit=label.unit) for said, size in worth
                ),
            )
            yield Words.of(said)


def _moved(record: MeterRecord, sign: int) -> Iterator[tuple[Value, float]]:
    """Each constant in words with the side on which its true value makes the label higher, and the share of its energy that a step to that
    side is; `sign` is -1 of a credit."""
    meter, state = record.meter, record.mean_state
    if state is None:
        return
    temperature_k, pressure_kpa = state
    if meter.temperature_c is not None:
        share, side = _worse(KELVIN, lambda by: _share(meter, (temperature_k + by, pressure_kpa), state, sign))
        shown: dict[str, Value] = {"side": side, "value": f"{meter.temperature_c:g}"}
        said = Phrase("each 10 K that the true temperature is %(side)s %(value)s °C", **shown)
        if meter.steam is None:
            low, high = USUAL_GAS_C
            said = Phrase(
                "each 10 K that the true temperature is %(side)s %(value)s °C (usual %(low)s to %(high)s)", low=low, high=high, **shown
            )
        yield said, share
    if meter.pressure_kpa is not None:
        share, side = _worse(KPA, lambda by: _share(meter, (temperature_k, pressure_kpa + by), state, sign))
        value = f"{meter.pressure_kpa:g}"
        yield Phrase("each 5 kPa that the true absolute pressure is %(side)s %(value)s kPa", side=side, value=value), share
    if meter.steam is not None:
        steam, (low, high) = meter.steam, USUAL_FEED_WATER_C

        def with_water(by: float) -> Meter:
            return meter.model_copy(update={"steam": steam.model_copy(update={"feed_water_c": max(steam.feed_water_c + by, 0.0)})})

        share, side = _worse(KELVIN, lambda by: _share(with_water(by), state, state, sign, meter))
        said = Phrase(
            "each 10 K that the true feed water is %(side)s %(value)s °C (usual %(low)s to %(high)s)",
            side=side,
            value=f"{steam.feed_water_c:g}",
            low=low,
            high=high,
        )
        yield said, share


def _worse(step: float, share: Callable[[float], float]) -> tuple[float, Phrase]:
    """The larger share of a step down and one up, with its side."""
    down, up = share(-step), share(step)
    return (down, Phrase("below")) if down > up else (up, Phrase("above"))


def _share(meter: Meter, state: tuple[float, float], declared: tuple[float, float], sign: int, as_declared: Meter | None = None) -> float:
    """By what share what it counts would be more; 0 where that state is none."""
    unit = amount_unit(meter)
    moved, here = (
        derived.factor(one, unit, np.array([kelvin]), np.array([kpa]))[0]
        for one, (kelvin, kpa) in ((meter, state), (as_declared or meter, declared))
    )
    share = sign * (moved / here - 1)
    return float(share) if np.isfinite(share) else 0.0
