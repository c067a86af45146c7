"""Water vapour in gas that a meter reads in m3: what no reading shows of it is told beside the
label, with its size.

Washed gas is saturated, and a heating value is of dry gas: what is given back warm and wet and
counted as dry credits vapour (a fifth of converter gas at 60 degC). So is a humidity that takes
vapour off a gas that the step takes.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase, Value, significant
from benchmarks.quantities import mj_in
from reporting_agent.config.meters import Meter
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline.sitewide import SiteTotals

LITTLE = 0.042
"""Of a gas's volume, what saturated gas at 30 degC and 101.325 kPa holds as vapour: above it what
is given back is asked about (a convention of ours)."""


def sentences(label: StepLabel, whole: SiteTotals) -> Iterator[Words]:
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
