"""Constants of state by which a meter's gas or steam counts (temperature, pressure, feed water): told beside the label with what an error
of 10 K and of 5 kPa would make of it, since no reading shows them."""

from __future__ import annotations

from collections.abc import Iterator
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
                "What meter %(meter)s counts of %(carrier)s rests on constants that no reading shows, and an error of them can make the"
                " label lower: %(constants)s.",
                meter=record.meter.id,
                carrier=CARRIERS[counted.carrier].words,
                constants=enumerated(
                    Phrase("%(constant)s by %(size)s %(unit)s", constant=said, size=f"{size:.3g}", unit=label.unit) for said, size in worth
                ),
            )
            yield Words.of(said)


def _moved(record: MeterRecord, sign: int) -> Iterator[tuple[Value, float]]:
    """Each constant in words, and the share of its energy by which a step to the worse side moves it; `sign` is -1 of a credit."""
    meter, state = record.meter, record.mean_state
    if state is None:
        return
    temperature_k, pressure_kpa = state
    if meter.temperature_c is not None:
        share = max(_share(meter, (temperature_k + by, pressure_kpa), state, sign) for by in (-KELVIN, KELVIN))
        said = Phrase("temperature %(value)s °C, each 10 K", value=f"{meter.temperature_c:g}")
        if meter.steam is None:
            low, high = USUAL_GAS_C
            said = Phrase(
                "temperature %(value)s °C (usual %(low)s to %(high)s), each 10 K", value=f"{meter.temperature_c:g}", low=low, high=high
            )
        yield said, share
    if meter.pressure_kpa is not None:
        share = max(_share(meter, (temperature_k, pressure_kpa + by), state, sign) for by in (-KPA, KPA))
        yield Phrase("absolute pressure %(value)s kPa, each 5 kPa", value=f"{meter.pressure_kpa:g}"), share
    if meter.steam is not None:
        water = meter.steam.feed_water_c
        moved = (meter.steam.model_copy(update={"feed_water_c": max(water + by, 0.0)}) for by in (-KELVIN, KELVIN))
        share = max(_share(meter.model_copy(update={"steam": one}), state, state, sign, meter) for one in moved)
        low, high = USUAL_FEED_WATER_C
        yield Phrase("feed water %(value)s °C (usual %(low)s to %(high)s), each 10 K", value=f"{water:g}", low=low, high=high), share


def _share(meter: Meter, state: tuple[float, float], declared: tuple[float, float], sign: int, as_declared: Meter | None = None) -> float:
    """By what share what it counts would be more; 0 where that state is none."""
    unit = amount_unit(meter)
    moved, here = (
        derived.factor(one, unit, np.array([kelvin]), np.array([kpa]))[0]
        for one, (kelvin, kpa) in ((meter, state), (as_declared or meter, declared))
    )
    share = sign * (moved / here - 1)
    return float(share) if np.isfinite(share) else 0.0
