"""What no reading shows of meters, each with its size.

Settings of state (temperature, pressure, atmosphere, `computed_at`, feed water, condensate,
dryness): what an error of 10 K, 5 kPa, a tenth of the condensate or a percent of the vapour makes,
unless the setting is the worst usual. Vapour: warm wet gas given back as dry (a fifth of converter
gas at 60 °C). Meters whose energy stands in no label, by what meters below leave of it, unless
[site_boundary] names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import fsum

import numpy as np

from benchmarks import gas_and_steam
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts, within
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.quantities import converts, mj_in, ratio
from benchmarks.routes import Pack
from reporting_agent.config.agreement import amount_unit
from reporting_agent.config.meters import DesignState, Meter, Steam
from reporting_agent.config.site_boundary import Flow, SiteBoundary
from reporting_agent.metering import MeterRecord, steam_gas_and_virtual
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.provisos.beside_the_meters import USUAL, size_of
from reporting_agent.pipeline.sitewide import SiteTotals

KELVIN, KPA, CONDENSATE, VAPOUR = 10.0, 5.0, 0.1, 0.01
"""Steps by which a setting is moved to show its size: K, kPa, shares of the mass (a convention of
ours).
"""
USUAL_GAS_C, USUAL_FEED_WATER_C = (0, 40), (60, 160)
"""Of gas in a works' main, and of feed water behind its deaerator, which is 104 at 120 kPa
(conventions of ours).
"""


def state_caveats(label: StepLabel, whole: SiteTotals) -> Iterator[Words]:
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


LITTLE = 0.042
"""Of a gas's volume, what saturated gas at 30 degC and 101.325 kPa holds as vapour: above it what
is given back is asked about (a convention of ours)."""


def humidity_caveats(label: StepLabel, whole: SiteTotals) -> Iterator[Words]:
    """By how much the label would be higher, were what is given back saturated, and what is taken
    dry.
    """
    output = whole.outputs.get(label.step, 0.0)
    if label.best.value is None or output <= 0:
        return
    metered_gases = set()
    for counted, record in _gases(label, whole):
        metered_gases.add((counted.carrier, counted.direction))
        declared = record.meter.relative_humidity_pct
        vapour, back = record.vapour_if_saturated, counted.direction is Direction.RECOVERED
        dry = 1 - vapour * (declared or 0) / 100
        wrong = 1 - (1 - vapour) / dry if back else 1 / dry - 1
        mj = whole.of_steps(counted.carrier, counted.direction).get(
            label.step, 0.0
        ) * whole.share_of(counted, label.step)
        size = mj * wrong / MJ_PER[label.energy_unit] / output
        if (back and vapour * (1 - (declared or 0) / 100) <= LITTLE) or size <= WORTH_TELLING * abs(
            label.best.value
        ):
            continue
        yield Words.of(
            _sentence(
                declared,
                back=back,
                carrier=CARRIERS[counted.carrier].words,
                meter=record.meter.id,
                vapour=f"{vapour if back else 1 - dry:.1%}",
                size=significant(size, 3),
                unit=label.unit,
            )
        )

    for carrier in sorted(
        {
            gas
            for step, gas, is_taken, unit, _ in whole.amounts
            if step == label.step and not is_taken and mj_in(unit) is None
        }
    ):
        is_known = (
            (carrier, Direction.RECOVERED) in metered_gases
            or CARRIERS[carrier].form != "gas"
            or not counts(carrier, label.metric)
        )
        mj = 0.0 if is_known else whole.of_steps(carrier, Direction.RECOVERED).get(label.step, 0.0)
        size = 0.01 * mj / MJ_PER[label.energy_unit] / output
        if size > WORTH_TELLING * abs(label.best.value):
            sentence = Phrase(
                "Nothing shows that the Nm3 of %(carrier)s that are given back are of dry gas. A "
                "corrector for temperature and "
                "pressure alone counts water vapour as gas: in saturated gas 4 %% at 30 °C and 20 "
                "%% at 60 °C. Each percent lowers "
                "the label by %(size)s %(unit)s. If this is the case, give the meter in m3 with "
                "its temperature, pressure and "
                "relative_humidity_pct.",
                carrier=CARRIERS[carrier].words,
                size=significant(size, 3),
                unit=label.unit,
            )
            yield Words.of(sentence)


def _gases(label: StepLabel, whole: SiteTotals) -> Iterator[tuple[Meter, MeterRecord]]:
    """Meters that count a gas for the label, each with the record of the gas that flows through it
    or through those it is made from.
    """
    tree = whole.site.tree
    for meter in tree.counted:
        if (
            CARRIERS[meter.carrier].form == "gas"
            and counts(meter.carrier, label.metric)
            and whole.serves(meter, label.step)
        ):
            of = [
                whole.records[name]
                for name in sorted({meter.id, *tree.needed_by(meter)})
                if name in whole.records
            ]
            if wet := [record for record in of if record.vapour_if_saturated]:
                yield meter, max(wet, key=lambda record: record.total)


def _sentence(declared: float | None, *, back: bool, **size: Value) -> Phrase:
    if declared is None:
        return Phrase(
            "Nothing states the humidity of the %(carrier)s that meter %(meter)s measures. If the "
            "gas were saturated, as washed gas "
            "is, it would be %(vapour)s water vapour at its temperature and pressure, and the "
            "label would be higher by %(size)s "
            "%(unit)s. Give relative_humidity_pct of the meter: 100 if the gas is saturated, 0 if "
            "it was dried.",
            **size,
        )
    if back:
        return Phrase(
            "The site declares a relative humidity of %(humidity)s %% for the %(carrier)s that "
            "meter %(meter)s measures; no reading "
            "shows it. If the gas were saturated, as washed gas is, it would be %(vapour)s water "
            "vapour, and the label would be "
            "higher by %(size)s %(unit)s. Keep the humidity measurements for an auditor.",
            humidity=f"{declared:g}",
            **size,
        )
    return Phrase(
        "The site declares a relative humidity of %(humidity)s %% for the %(carrier)s that meter "
        "%(meter)s measures; no reading "
        "shows it. So %(vapour)s of its volume is deducted as water vapour. If the gas were dry, "
        "the label would be higher by "
        "%(size)s %(unit)s. Keep the humidity measurements for an auditor.",
        humidity=f"{declared:g}",
        **size,
    )


CLOSES = 0.03
"""Of what a meter counts, what the sum of the meters below it may differ by and show that they hang
on it: two meters of class 2 (a convention of ours)."""


def uncounted_meter_caveats(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """By how much the label would be higher at most, were all of it this step's own."""
    step = pack.step(label.step)
    output = whole.outputs.get(label.step, 0.0)
    if label.best.value is None or output <= 0:
        return
    takes = {(by, carrier) for by, carrier, is_taken, *_ in whole.amounts if is_taken}
    by_any = {carrier for _, carrier in takes}
    own = {
        carrier
        for carrier in within(step.boundary)
        if counts(carrier, label.metric)
        and (carrier in step.boundary.asked or (step.id, carrier) in takes or carrier not in by_any)
    }
    named = _named(whole.site.site_boundary)
    of_no_step, in_the_file_alone = dict[str, float](), dict[str, float]()
    for name, record in whole.records.items():
        if (
            record.meter.carrier not in own
            or record.meter.computed
            or record.meter.role in {"check", "state"}
            or name in named
        ):
            continue
        size = size_of(Flow(carrier=record.meter.carrier, meter=name), label, whole, pack) / output
        size *= _untold(record, whole) / record.total if record.total else 0.0
        if size > 0 and _counts_nowhere(record.meter, whole):
            of_no_step[name] = size
        elif size > 0 and _hangs_on_one_of(record.meter, label.step, whole):
            in_the_file_alone[name] = size
    if (together := fsum(of_no_step.values())) > USUAL * abs(label.best.value):
        sentence = Phrase(
            "Some meters count for no step that ran, and nothing states what they serve, per "
            "%(per)s of this step's output: "
            "%(meters)s %(unit)s. If their energy belonged to this step, the label would be "
            "higher by %(size)s %(unit)s. Give each "
            "the step that it serves, the meter above it, or its line in [site_boundary].",
            per=step.output_unit,
            meters=_shown(of_no_step, whole),
            size=significant(together, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)
    if (together := fsum(in_the_file_alone.values())) > USUAL * abs(label.best.value):
        sentence = Phrase(
            "Some meters are declared to be below a meter of this step, but its balance does not "
            "show that it measures them, per %(per)s"
            " of this step's output: %(meters)s %(unit)s. If they are not part of it, the label "
            "would be %(size)s %(unit)s higher. Meter"
            " the rest below it too, so that the balance can show it.",
            per=step.output_unit,
            meters=_shown(in_the_file_alone, whole),
            size=significant(together, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)


def _shown(sizes: dict[str, float], whole: SiteTotals) -> Value:
    ordered = sorted(sizes.items(), key=lambda item: -item[1])
    return enumerated(_of(whole.records[name].meter, size, whole) for name, size in ordered)


def _of(meter: Meter, size: float, whole: SiteTotals) -> Phrase:
    shown: dict[str, Value] = {
        "meter": meter.id,
        "carrier": CARRIERS[meter.carrier].words,
        "size": significant(size, 3),
    }
    if meter.direction is not Direction.IMPORT:
        return Phrase("%(meter)s (%(carrier)s, declared as given back) %(size)s", **shown)
    if any(sub_meter.id in whole.records for sub_meter in whole.site.tree.below(meter)):
        return Phrase("%(meter)s (%(carrier)s, beyond the meters below it) %(size)s", **shown)
    return Phrase("%(meter)s (%(carrier)s) %(size)s", **shown)


def _counts_nowhere(meter: Meter, whole: SiteTotals) -> bool:
    """Whether no label of the site holds its energy, itself or through the meters above it; of one
    that hangs on a meter which is balanced below and whose energy goes the other way (a generator),
    what it feeds in is in the balance."""
    tree = whole.site.tree
    if meter in tree.counted:
        return not whole.outputs.keys() & {sink.step for sink in sinks_of(meter, whole.site)}
    if meter.direction is not Direction.IMPORT and any(
        _closes(above, whole) for above in tree.above(meter)
    ):
        return False
    return not tree.times_counted(meter)


def _untold(record: MeterRecord, whole: SiteTotals) -> float:
    """What is left of a meter's energy once the meters below it are taken off; nothing where they
    make it up.
    """
    below = [whole.records.get(sub_meter.id) for sub_meter in whole.site.tree.below(record.meter)]
    if not any(below):
        return record.total
    left = _left(record, whole)
    return left if left > CLOSES * record.total else 0.0


def _left(record: MeterRecord, whole: SiteTotals) -> float:
    below = [
        sub_record
        for sub_meter in whole.site.tree.below(record.meter)
        if (sub_record := whole.records.get(sub_meter.id)) is not None
    ]
    turned = {True: 1.0, False: -1.0}
    own = record.meter.direction is Direction.IMPORT
    sums = fsum(
        turned[(part.meter.direction is Direction.IMPORT) is own] * _as_of(record, part, whole)
        for part in below
    )
    return record.total * (1 - record.meter.loss_pct / 100) - sums


def _as_of(record: MeterRecord, part: MeterRecord, whole: SiteTotals) -> float:
    """What a meter below another counted, in the unit of that one: by its heat, where one counts
    volume and the other heat.
    """
    if converts(part.unit, record.unit):
        return part.total * ratio(part.unit, record.unit)
    heat, of_whole = (
        whole.flow_mj(Flow(carrier=each.meter.carrier, meter=each.meter.id))
        for each in (part, record)
    )
    return record.total * heat / of_whole if heat and of_whole else 0.0


def _closes(meter: Meter, whole: SiteTotals) -> bool:
    record = whole.records.get(meter.id)
    return record is not None and abs(_left(record, whole)) <= CLOSES * record.total


def _hangs_on_one_of(meter: Meter, step: str, whole: SiteTotals) -> bool:
    """Whether labels of the step hold it only as a part of a meter above it, and the balances
    between the two do not show that it is.
    """
    tree, between = whole.site.tree, list[Meter]()
    if meter in tree.counted or meter.direction is not Direction.IMPORT:
        return False
    for above in tree.above(meter):
        between.append(above)
        if any(
            above.id in tree.parts(counted) and whole.serves(counted, step)
            for counted in tree.counted
        ):
            return not all(_closes(link, whole) for link in between)
    return False


def _named(fence: SiteBoundary | None) -> set[str | None]:
    """The meters that stand in the site's account."""
    if fence is None:
        return set()
    flows = (*fence.purchased, *fence.sold, *fence.auxiliaries, *fence.others)
    return {
        flow.meter
        for flow in (
            *flows,
            *(
                stream
                for conversion in fence.conversions
                for stream in (*conversion.takes, *conversion.gives)
            ),
        )
    }
