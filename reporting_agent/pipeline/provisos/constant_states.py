"""Settings of state by which a meter's gas or steam counts: temperature, pressure, the atmosphere
that a gauge reads from, the state that a meter's computer assumes, feed water, condensate and
dryness. No reading shows them, so each is told beside the label with what an error of 10 K, 5 kPa,
a tenth of the condensate or a percent of the vapour would make of it, and to which side. One that
is the worst of what is usual already is not told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks import gas_and_steam
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase, Value, enumerated, significant
from reporting_agent.config.agreement import amount_unit
from reporting_agent.config.meters import DesignState, Meter, Steam
from reporting_agent.metering import MeterRecord, steam_gas_and_virtual
from reporting_agent.pipeline.sitewide import SiteTotals

KELVIN, KPA, CONDENSATE, VAPOUR = 10.0, 5.0, 0.1, 0.01
"""Steps by which a setting is moved to show its size: K, kPa, shares of the mass (a convention of
ours).
"""
USUAL_GAS_C, USUAL_FEED_WATER_C = (0, 40), (60, 160)
"""Of gas in a works' main, and of feed water behind its deaerator, which is 104 at 120 kPa
(conventions of ours).
"""


def sentences(label: StepLabel, whole: SiteTotals) -> Iterator[Words]:
    """A sentence each meter of which a constant is worth telling."""
    output = whole.outputs.get(label.step, 0.0)
    if label.best.value is None or output <= 0:
        return
    for counted in whole.site.tree.counted:
        if not counts(counted.carrier, label.metric) or not whole.serves(counted, label.step):
            continue
        of = [
            whole.records[name]
            for name in {counted.id, *whole.site.tree.needed_by(counted)}
            if name in whole.records
        ]
        if not (at_state := [candidate for candidate in of if candidate.mean_state is not None]):
            continue
        record = max(at_state, key=lambda candidate: candidate.total)
        mj = whole.of_steps(counted.carrier, counted.direction).get(
            label.step, 0.0
        ) * whole.share_of(counted, label.step)
        each, sign = (
            mj / MJ_PER[label.energy_unit] / output,
            1 if counted.direction is Direction.IMPORT else -1,
        )
        sizes = [
            (constant, each * moved)
            for constant, moved in _moved(record, whole.site.tree.by_id, sign)
        ]
        if worth := [
            (constant, size)
            for constant, size in sizes
            if size > WORTH_TELLING * abs(label.best.value)
        ]:
            sentence = Phrase(
                "The %(carrier)s that meter %(meter)s counts depends on settings that no reading "
                "shows. The label would be higher by "
                "%(constants)s. Measure them with meters (temperature_meter, pressure_meter), or "
                "keep the records of how they were "
                "measured for an auditor.",
                meter=record.meter.id,
                carrier=CARRIERS[counted.carrier].words,
                constants=enumerated(
                    Phrase(
                        "%(size)s %(unit)s for %(constant)s",
                        constant=constant,
                        size=significant(size, 3),
                        unit=label.unit,
                    )
                    for constant, size in worth
                ),
            )
            yield Words.of(sentence)


def _moved(
    record: MeterRecord, meters: Mapping[str, Meter], sign: int
) -> Iterator[tuple[Value, float]]:
    """Each setting in words with the side on which its true value makes the label higher, and the
    share of its energy that a step to that side is; `sign` is -1 of a credit."""
    meter, state = record.meter, record.mean_state
    if state is None:
        return
    moved = _Moved(meter, state, sign)
    if meter.temperature_c is not None:
        usual = None if meter.steam is not None else USUAL_GAS_C
        yield from moved.kelvin(
            Phrase("temperature"), meter.temperature_c, usual, lambda by: moved.at(kelvin=by)
        )
    if meter.pressure_kpa is not None:
        yield from moved.kpa(
            Phrase("absolute pressure"), meter.pressure_kpa, lambda by: moved.at(kpa=by)
        )
    elif (
        meter.pressure_meter is not None
        and (reads := meters[meter.pressure_meter]).pressure_is == "gauge"
    ):
        atmosphere = Phrase(
            "atmosphere at gauge %(meter)s (101.3 kPa at sea level)", meter=reads.id
        )
        yield from moved.kpa(atmosphere, reads.atmosphere_kpa, lambda by: moved.at(kpa=by))
    elif meter.pressure_meter is not None:
        constant = Phrase(
            "readings of %(meter)s that are gauge pressure and not absolute",
            meter=meter.pressure_meter,
        )
        yield constant, moved.at(kpa=gas_and_steam.NORMAL_KPA)
    if (design := meter.computed_at) is not None:
        temperature, pressure = (
            Phrase("temperature that the meter computes with"),
            Phrase("pressure that the meter computes with"),
        )
        yield from moved.kelvin(
            temperature,
            design.temperature_c,
            None,
            lambda by: moved.computed(design, "temperature_c", by),
        )
        yield from moved.kpa(
            pressure, design.pressure_kpa, lambda by: moved.computed(design, "pressure_kpa", by)
        )
    if (steam := meter.steam) is not None:
        yield from moved.kelvin(
            Phrase("feed water"),
            steam.feed_water_c,
            USUAL_FEED_WATER_C,
            lambda by: moved.steam(steam, "feed_water_c", by, 300.0),
        )
        yield from _of_condensate(steam, moved)


def _of_condensate(steam: Steam, moved: _Moved) -> Iterator[tuple[Value, float]]:
    if steam.condensate_c is not None:
        share, side = _worse(
            CONDENSATE, lambda by: moved.steam(steam, "condensate_returned", by, 1.0)
        )
        yield (
            _each(
                Phrase("10 % of the mass"),
                Phrase("condensate that returns"),
                side,
                f"{100 * steam.condensate_returned:g} %",
            ),
            share,
        )
        yield from moved.kelvin(
            Phrase("condensate's temperature"),
            steam.condensate_c,
            None,
            lambda by: moved.steam(steam, "condensate_c", by, 300.0),
        )
    if steam.state == "saturated":
        share, side = _worse(VAPOUR, lambda by: moved.steam(steam, "dryness", by, 1.0))
        yield (
            _each(
                Phrase("1 % of the mass"),
                Phrase("share of vapour"),
                side,
                f"{100 * steam.dryness:g} %",
            ),
            share,
        )


@dataclass(frozen=True, slots=True)
class _Moved:
    """By what share a meter would count more, were one of its settings another; 0 where that state
    is none.
    """

    meter: Meter
    state: tuple[float, float]  # K, kPa absolute: means of the period
    sign: int

    def at(self, kelvin: float = 0.0, kpa: float = 0.0) -> float:
        return self._share(self.meter, (self.state[0] + kelvin, self.state[1] + kpa))

    def computed(self, design: DesignState, key: str, by: float) -> float:
        return self._share(
            self.meter.model_copy(
                update={"computed_at": design.model_copy(update={key: getattr(design, key) + by})}
            )
        )

    def steam(self, steam: Steam, key: str, by: float, most: float) -> float:
        changed = min(max(getattr(steam, key) + by, 0.0), most)
        return self._share(
            self.meter.model_copy(update={"steam": steam.model_copy(update={key: changed})})
        )

    def kelvin(
        self,
        what: Phrase,
        value_c: float,
        usual: tuple[int, int] | None,
        share: Callable[[float], float],
    ) -> Iterator[tuple[Value, float]]:
        """What 10 K make; nothing where the value is at the end of what is usual, or beyond, to
        which an error makes the label higher.
        """
        size, side = _worse(KELVIN, share)
        if usual is None:
            yield _each(Phrase("10 K"), what, side, f"{value_c:g} °C"), size
        elif usual[0] < value_c if side == BELOW else value_c < usual[1]:
            yield _each(Phrase("10 K"), what, side, f"{value_c:g} °C", usual), size

    @staticmethod
    def kpa(
        what: Phrase, value_kpa: float, share: Callable[[float], float]
    ) -> Iterator[tuple[Value, float]]:
        size, side = _worse(KPA, share)
        yield _each(Phrase("5 kPa"), what, side, f"{value_kpa:g} kPa"), size

    def _share(self, changed: Meter, state: tuple[float, float] | None = None) -> float:
        unit = amount_unit(self.meter)
        moved, here = (
            steam_gas_and_virtual.factor(meter, unit, np.array([kelvin]), np.array([kpa]))[0]
            for meter, (kelvin, kpa) in ((changed, state or self.state), (self.meter, self.state))
        )
        share = self.sign * (moved / here - 1)
        return float(share) if np.isfinite(share) else 0.0


def _each(
    step: Phrase, what: Phrase, side: Phrase, value: str, usual: tuple[int, int] | None = None
) -> Phrase:
    shown: dict[str, Value] = {"step": step, "what": what, "side": side, "value": value}
    if usual is None:
        return Phrase("each %(step)s that the true %(what)s is %(side)s %(value)s", **shown)
    low, high = usual
    return Phrase(
        "each %(step)s that the true %(what)s is %(side)s %(value)s (usual %(low)s to %(high)s)",
        low=low,
        high=high,
        **shown,
    )


BELOW, ABOVE = Phrase("below"), Phrase("above")


def _worse(step: float, share: Callable[[float], float]) -> tuple[float, Phrase]:
    """The larger share of a step down and one up, with its side."""
    down, up = share(-step), share(step)
    return (down, BELOW) if down > up else (up, ABOVE)
