"""What could be gained of the energy that made no product, use by use, each in a sentence: an upper bound, and said so.

Its money is the mean price of the period by the clock: when in the period a use ran is not kept apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import Basis, FactorTable
from benchmarks.errors import InputError
from benchmarks.measurements import CarrierEnergy, Period
from benchmarks.phrases import Phrase, Value, enumerated, sentences
from benchmarks.routes import Pack, Words
from reporting_agent.analysis.amounts import Amount
from reporting_agent.analysis.figures import percent, shown
from reporting_agent.analysis.gains import Advice
from reporting_agent.analysis.priced import in_unit
from reporting_agent.analysis.prices import Prices, to_us
from reporting_agent.analysis.purpose import Use
from reporting_agent.analysis.use import StepUse

_LEAST_USE = 0.005  # of a meter's total
_LOST_USES = (Use.IDLING, Use.STANDBY, Use.WARM_HOLDING, Use.CHANGEOVER, Use.START_UP, Use.SCRAP, Use.REJECT, Use.OUTSIDE)


def of_uses(
    pack: Pack, used: Sequence[StepUse], period: Period, prices: Prices | None, factors: FactorTable, doubt: Words
) -> Iterator[Advice]:
    """One sentence a step, carrier and use; meters of one step are added up. `doubt` stands behind a unit that is an assumption."""
    by_step: dict[tuple[str, str, str], list[StepUse]] = {}
    for one in used:
        by_step.setdefault((one.step, one.carrier, one.unit), []).append(one)
    for (step, carrier, unit), meters in by_step.items():
        total = sum(one.total for one in meters)
        for use in _LOST_USES:
            energy = sum(one.parts.get(use, 0.0) for one in meters)
            if total <= 0 or energy < _LEAST_USE * total:
                continue
            amount = _of_carrier(carrier, energy, unit, period, prices, factors)
            if amount is not None:
                names = [one.meter for one in meters if one.meter and one.parts.get(use, 0.0) > 0]
                counted = Words.of(Phrase("%(energy)s %(unit)s%(doubt)s", energy=shown(energy), unit=unit, doubt=doubt))
                yield _advice(pack, step, carrier, use, amount, counted, energy / total, names)


def _advice(pack: Pack, step: str, carrier: str, use: Use, amount: Amount, counted: Words, share: float, meters: Sequence[str]) -> Advice:
    name, of = pack.step(step).words, CARRIERS[carrier].words
    where = ""
    if meters:
        several = enumerated(meters)
        where = Phrase(" (meter %(meter)s)", meter=several) if len(meters) == 1 else Phrase(" (meters %(meters)s)", meters=several)
    told: list[Value] = [
        Phrase(
            "%(step)s: %(share)s of the %(carrier)s counted, %(counted)s, made no product: %(use)s%(where)s."
            " What of it can be switched off is at most all of it.",
            step=name,
            share=percent(share),
            carrier=of,
            counted=counted,
            use=use.words.each(str.lower),
            where=where,
        )
    ]
    if amount.money is not None:
        told.append(Phrase("Priced at the period's mean."))
    return Advice(
        f"use-{use}",
        step,
        Words.of(sentences(told)),
        amount,
        None,
        (),
        0,
        None,
    )


def _of_carrier(carrier: str, energy: float, unit: str, period: Period, prices: Prices | None, factors: FactorTable) -> Amount | None:
    """An amount of one carrier by the factors of the period's first day; None for a fuel whose heating value is not known here."""
    day = period.start.date()
    one = CarrierEnergy(carrier, energy, unit)
    try:
        kgce = factors.kgce(one, Basis.CALORIFIC, day)
    except InputError:
        return None  # lhv-required or factor-missing: the figure stands in its own unit in the table of uses
    kwh = kgce / float(factors.factor("electricity", Basis.CALORIFIC, day).kgce_per_unit)
    if carrier != "electricity" and (heat := factors.mj(one, day)):
        kwh = heat / 3.6
    money = None if prices is None else _money(one, day, period, prices, factors)
    try:
        co2 = factors.co2_kg(one, day)
    except InputError:
        return Amount(energy, kwh, kgce, None, money)
    return Amount(energy, kwh, kgce, co2, money)


def _money(one: CarrierEnergy, day: date, period: Period, prices: Prices, factors: FactorTable) -> float | None:
    curve = prices.curve(one.carrier)
    if curve is None:
        return None
    mean = float(prices.mean(one.carrier, np.array([to_us(period.start)]), np.array([to_us(period.end)]))[0])
    money = one.quantity * in_unit(CarrierEnergy(one.carrier, 1.0, one.unit), curve.unit, day, factors)[0] * mean
    return money if np.isfinite(money) else None
