"""Heating values against what the pack takes for usual: a run with another counts only where the
site declares one near it under [[lhv]] with the reason; what a label rests on then is a caveat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from math import fsum

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.labels import ExclusionReason, StepLabel
from benchmarks.labels.columns import EnergyKind, Integers, StepColumns, counts
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.materials import UsualHeat
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Direction, Severity
from benchmarks.phrases import Phrase, significant
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.config.materials import HeatingValue, HeatingValues

NEAR = 0.1
"""By what share an amount's value may differ from the one declared with a reason: what a mixed gas
does in a day (a convention of ours).
"""
ONE_LOT = timedelta(days=100)
"""Over how long a measured fuel that has one value only is told: laboratories sample it by lot or
month (a convention of ours).
"""


def left_out(
    batches: Sequence[Batch], site: SiteSettings, pack: Pack
) -> tuple[list[Batch], list[DataFinding]]:
    """The batches, those with an unusual value that nothing declares left out, and a finding for
    each step and carrier.
    """
    if not pack.heating_values:
        return list(batches), []
    by_step = {step.id: pack.usual_heat(step.id) for step in pack.steps}
    values, tally = site.heating_values, Counter[tuple[str, str]]()
    marked = []
    for batch in batches:
        usual = by_step.get(batch.step, {})
        wrong = (
            energy
            for energy in batch.energy
            if energy.carrier in usual and not _stands(energy, usual[energy.carrier], values, batch)
        )
        first = next(wrong, None) if batch.excluded is None else None
        if first is not None:
            tally[batch.step, first.carrier] += 1
            batch = replace(batch, excluded=ExclusionReason.HEATING_VALUE_UNUSUAL.value)
        marked.append(batch)
    return marked, [
        _unusual(step, by_step[step][carrier], count)
        for (step, carrier), count in sorted(tally.items())
    ]


def _stands(energy: CarrierEnergy, usual: UsualHeat, values: HeatingValues, batch: Batch) -> bool:
    """Whether an amount's value is usual, or near the one declared with a reason; of an amount of
    heat, where something is usual.
    """
    declared = _declared(values, energy.carrier, batch)
    if energy.quantity == 0:
        return True  # none of it was used, whatever value stands beside
    if mj_in(energy.unit) is not None:
        return usual.admits or declared is not None
    if energy.lhv_mj_per_unit is None:
        return True  # has none, which is told elsewhere
    own = CARRIERS[energy.carrier].unit
    try:
        value = energy.lhv_mj_per_unit * ratio(own, energy.unit)
    except InputError:  # a gas by its mass
        return declared is not None
    return usual.holds(value) or (
        declared is not None and abs(value / declared.mj_per(own) - 1) <= NEAR
    )


def _declared(values: HeatingValues, carrier: str, batch: Batch) -> HeatingValue | None:
    value = values.of(carrier, batch.start.date(), batch.step)
    return value if value is not None and value.reason.strip() else None


def _unusual(step: str, usual: UsualHeat, count: int) -> DataFinding:
    sentence = Phrase(
        "Step %(step)s: the heating value of %(carrier)s is not one that the pack regards as "
        "usual (%(usual)s). These runs are left "
        "out. Correct the value or its unit. If it is right, give it under [[lhv]] with the "
        "reason: how, where and how often it is "
        "measured.",
        step=step,
        carrier=CARRIERS[usual.carrier].words,
        usual=Phrase("it has no usual value")
        if not usual.admits
        else f"{usual.least:g}–{usual.most:g} MJ/{CARRIERS[usual.carrier].unit}",
    )
    return DataFinding("heating-value-unusual", Severity.EXCLUSION, sentence, count)


def sentences(label: StepLabel, site: SiteSettings, pack: Pack) -> Iterator[Words]:
    """What the label's heating values rest on: values declared with a reason, those away from what
    is typical, and those of fuels of which nothing is typical: no reading shows them."""
    made_from = label.made_from
    if made_from is None or label.best.value is None or not label.output:
        return
    usual = pack.usual_heat(label.step)
    typical = {
        carrier: usual_heat.typical
        for carrier, usual_heat in usual.items()
        if usual_heat.typical is not None
    }
    wide = {
        carrier
        for carrier, usual_heat in usual.items()
        if usual_heat.typical is None and usual_heat.least is not None
    }
    measured = pack.step(label.step).boundary.measured
    rows = np.zeros(len(made_from.columns.batches), dtype=bool)
    rows[made_from.rows] = True
    amounts = np.where(rows[made_from.columns.entry_row], made_from.columns.entry_quantity, 0.0)
    by_kind = (
        np.bincount(made_from.columns.entry_kind, amounts, len(made_from.columns.kinds))
        if len(amounts)
        else np.zeros(0)
    )
    per_output = 1 / MJ_PER[label.energy_unit] / label.output
    declared = {value.carrier for value in site.lhv if value.reason.strip()}
    for carrier in sorted({*typical, *wide, *measured} | declared):
        if carrier not in label.energy_by_carrier or not counts(carrier, label.metric):
            continue
        better, net_heat, values = 0.0, 0.0, set[float]()
        for into in (True, False):
            own = [
                (kind, by_kind[index])
                for index, kind in enumerate(made_from.columns.kinds)
                if _is(kind, carrier, into) and by_kind[index]
            ]
            amount = fsum(
                quantity * ratio(kind.unit, CARRIERS[carrier].unit) for kind, quantity in own
            )
            heat = fsum(quantity * (kind.lhv_mj_per_unit or 0.0) for kind, quantity in own)
            if amount <= 0:
                continue
            mean = heat / amount
            if (why := _reason(label, site, carrier)) is not None and not (
                into and carrier in wide
            ):
                yield _rests_on(carrier, mean, why, 0.01 * heat * per_output, label)
            better += (
                (typical[carrier] * amount - heat) * per_output * (1 if into else -1)
                if carrier in typical
                else 0.0
            )
            net_heat += heat * (1 if into else -1)
            values |= {
                round((kind.lhv_mj_per_unit or 0.0) * ratio(CARRIERS[carrier].unit, kind.unit), 6)
                for kind, _ in own
            }
            last = mean
        if better > WORTH_TELLING * abs(label.best.value):
            yield _away(carrier, last, typical[carrier], better, label)
        size = abs(0.01 * net_heat * per_output)
        if carrier in wide and net_heat > 0:
            yield from _between(
                usual[carrier], last, net_heat * per_output, label, _reason(label, site, carrier)
            )
        elif (
            carrier in measured
            and len(values) == 1
            and size > WORTH_TELLING * abs(label.best.value)
            and _is_long(made_from.columns, made_from.rows)
        ):
            yield _one_value(carrier, values.pop(), size, label)


def _between(
    usual: UsualHeat, mean: float, energy: float, label: StepLabel, why: HeatingValue | None
) -> Iterator[Words]:
    """What the label would be at either bound; `energy` of the carrier in it, by the mean."""
    least, most, best = usual.least, usual.most, label.best.value
    if least is None or most is None or best is None:
        return
    lower, higher = energy * (least / mean - 1), energy * (most / mean - 1)
    if max(abs(lower), higher) <= WORTH_TELLING * abs(best):
        return
    as_given = Phrase("as the plant gives it: no reading shows it")
    yield Words.of(
        Phrase(
            "%(carrier)s counts at %(mean)s on average, %(given)s. Each percent of error in it "
            "changes the label by %(size)s "
            "%(unit)s; at the usual values, %(least)s to %(most)s, it would be %(low)s to "
            "%(high)s. Keep the laboratory's records "
            "for an auditor.",
            carrier=CARRIERS[usual.carrier].words.each(str.capitalize),
            given=as_given
            if why is None
            else Phrase("as the site declares: %(reason)s", reason=why.reason.strip().rstrip(".")),
            mean=f"{significant(mean, 4)} MJ/{CARRIERS[usual.carrier].unit}",
            size=significant(0.01 * energy, 2),
            unit=label.unit,
            least=f"{least:g}",
            most=f"{most:g}",
            low=significant(best + lower, 4),
            high=significant(best + higher, 4),
        )
    )


def _is_long(columns: StepColumns, rows: Integers) -> bool:
    starts = [columns.batches[row].start for row in rows.tolist()]
    return bool(max(starts) - min(starts) >= ONE_LOT)


def _is(kind: EnergyKind, carrier: str, into: bool) -> bool:
    if (
        kind.carrier != carrier
        or (kind.direction is Direction.IMPORT) is not into
        or kind.lhv_mj_per_unit is None
    ):
        return False
    return mj_in(kind.unit) is None


def _reason(label: StepLabel, site: SiteSettings, carrier: str) -> HeatingValue | None:
    """The last declaration of this stream, of the step's own before that of all."""
    own = [value for value in site.lhv if value.carrier == carrier and value.reason.strip()]
    return next(
        (value for step in (label.step, "") for value in reversed(own) if value.step == step), None
    )


def _rests_on(carrier: str, mean: float, why: HeatingValue, size: float, label: StepLabel) -> Words:
    return Words.of(
        Phrase(
            "The site declares that %(carrier)s counts at %(mean)s on average: %(reason)s. Each "
            "percent of error in it changes the "
            "label by %(size)s %(unit)s. Keep the laboratory's records for an auditor.",
            carrier=CARRIERS[carrier].words,
            mean=f"{significant(mean, 4)} MJ/{CARRIERS[carrier].unit}",
            reason=why.reason.strip().rstrip("."),
            size=significant(size, 2),
            unit=label.unit,
        )
    )


def _one_value(carrier: str, value: float, size: float, label: StepLabel) -> Words:
    return Words.of(
        Phrase(
            "%(carrier)s counts at one heating value for the whole time, %(value)s, although its "
            "lots differ. Each percent of error "
            "in it changes the label by %(size)s %(unit)s. Give the laboratory's values by date "
            "under [[lhv]].",
            carrier=CARRIERS[carrier].words.each(str.capitalize),
            value=f"{significant(value, 4)} MJ/{CARRIERS[carrier].unit}",
            size=significant(size, 2),
            unit=label.unit,
        )
    )


def _away(carrier: str, mean: float, typical: float, better: float, label: StepLabel) -> Words:
    return Words.of(
        Phrase(
            "%(carrier)s counts at %(mean)s on average; typical is %(typical)s, with which the "
            "label would be higher by %(better)s "
            "%(unit)s. Keep the laboratory's records for an auditor.",
            carrier=CARRIERS[carrier].words.each(str.capitalize),
            mean=f"{significant(mean, 4)} MJ/{CARRIERS[carrier].unit}",
            typical=f"{typical:g}",
            better=significant(better, 2),
            unit=label.unit,
        )
    )
