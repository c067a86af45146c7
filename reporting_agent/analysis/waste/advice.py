"""Where to look first, ranked by what can be gained, and what each use of energy that made no
product could give: an upper bound, and said so.

A *cause*: what it took beyond uncertainty. A *group* or *months* above the others (the best
quarter) by more than chance: the difference times their output. *Energy that made nothing*: all of
it. Entries overlap and are not added up. Shares are of the energy above the label beyond slopes and
uncertainty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import Basis, FactorTable
from benchmarks.declared import Words, worded
from benchmarks.errors import InputError
from benchmarks.measurements import CarrierEnergy, Period
from benchmarks.phrases import Phrase, Value, enumerated, sentences
from benchmarks.routes import Pack
from reporting_agent.analysis.energy_costs.amounts import Amount, added
from reporting_agent.analysis.energy_costs.prices import Prices, in_unit, to_us
from reporting_agent.analysis.figures import percent, shown
from reporting_agent.analysis.waste.evidence import Use
from reporting_agent.analysis.waste.gains import (
    LEAST_SHARE,
    Advice,
    named,
    of_causes,
    of_groups,
    worst_first,
)
from reporting_agent.analysis.waste.gap_parts import StepLosses
from reporting_agent.analysis.waste.pareto import Pareto
from reporting_agent.analysis.waste.use import StepUse
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult

_LEAST_USE = 0.005  # of a meter's total
_LOST_USES = (
    Use.IDLING,
    Use.STANDBY,
    Use.WARM_HOLDING,
    Use.CHANGEOVER,
    Use.START_UP,
    Use.SCRAP,
    Use.REJECT,
    Use.OUTSIDE,
)


def of_uses(
    pack: Pack,
    used: Sequence[StepUse],
    period: Period,
    prices: Prices | None,
    factors: FactorTable,
    doubt: Words,
) -> Iterator[Advice]:
    """One sentence a step, carrier and use; meters of one step are added up. `doubt` stands behind
    a unit that is an assumption.
    """
    by_step: dict[tuple[str, str, str], list[StepUse]] = {}
    for step_use in used:
        by_step.setdefault((step_use.step, step_use.carrier, step_use.unit), []).append(step_use)
    for (step, carrier, unit), meters in by_step.items():
        total = sum(entry.total for entry in meters)
        for use in _LOST_USES:
            energy = sum(entry.parts.get(use, 0.0) for entry in meters)
            if total <= 0 or energy < _LEAST_USE * total:
                continue
            amount = _of_carrier(carrier, energy, unit, period, prices, factors)
            if amount is not None:
                names = [
                    entry.meter for entry in meters if entry.meter and entry.parts.get(use, 0.0) > 0
                ]
                counted = worded(
                    "%(energy)s %(unit)s%(doubt)s", energy=shown(energy), unit=unit, doubt=doubt
                )
                yield _advice(pack, step, carrier, use, amount, counted, energy / total, names)


def _advice(
    pack: Pack,
    step: str,
    carrier: str,
    use: Use,
    amount: Amount,
    counted: Words,
    share: float,
    meters: Sequence[str],
) -> Advice:
    name, of = pack.step(step).words, CARRIERS[carrier].words
    where = ""
    if meters:
        several = enumerated(meters)
        where = (
            Phrase(" (meter %(meter)s)", meter=several)
            if len(meters) == 1
            else Phrase(" (meters %(meters)s)", meters=several)
        )
    parts: list[Value] = [
        Phrase(
            "%(step)s: %(share)s of the %(carrier)s counted, %(counted)s, made no product: "
            "%(use)s%(where)s. The part that can be "
            "switched off is at most all of it.",
            step=name,
            share=percent(share),
            carrier=of,
            counted=counted,
            use=use.words.each(str.lower),
            where=where,
        )
    ]
    if amount.money is not None:
        parts.append(Phrase("Priced at the period's mean."))
    return Advice(
        f"use-{use}",
        step,
        Words.of(sentences(parts)),
        amount,
        None,
        (),
        0,
        None,
    )


def _of_carrier(
    carrier: str,
    energy: float,
    unit: str,
    period: Period,
    prices: Prices | None,
    factors: FactorTable,
) -> Amount | None:
    """An amount of one carrier by the factors of the period's first day; None for a fuel whose
    heating value is not known here.
    """
    day = period.start.date()
    carrier_energy = CarrierEnergy(carrier, energy, unit)
    try:
        kgce = factors.kgce(carrier_energy, Basis.CALORIFIC, day)
    except InputError:
        # lhv-required or factor-missing: the figure stands in its own unit in the table of uses
        return None
    kwh = kgce / float(factors.factor("electricity", Basis.CALORIFIC, day).kgce_per_unit)
    if carrier != "electricity" and (heat := factors.mj(carrier_energy, day)):
        kwh = heat / 3.6
    money = None if prices is None else _money(carrier_energy, day, period, prices, factors)
    try:
        co2 = factors.co2_kg(carrier_energy, day)
    except InputError:
        return Amount(energy, kwh, kgce, None, money)
    return Amount(energy, kwh, kgce, co2, money)


def _money(
    carrier_energy: CarrierEnergy, day: date, period: Period, prices: Prices, factors: FactorTable
) -> float | None:
    curve = prices.curve(carrier_energy.carrier)
    if curve is None:
        return None
    mean = float(
        prices.mean(
            carrier_energy.carrier, np.array([to_us(period.start)]), np.array([to_us(period.end)])
        )[0]
    )
    money = (
        carrier_energy.quantity
        * in_unit(
            CarrierEnergy(carrier_energy.carrier, 1.0, carrier_energy.unit),
            curve.unit,
            day,
            factors,
        )[0]
        * mean
    )
    return money if np.isfinite(money) else None


ASSUMED = worded(" (unit assumed)")
SURE = Words(en="")
_WITHOUT_CAUSE = 0.5  # of the gap beyond uncertainty: from here on, what to record is said


def advise(
    site: SiteSettings,
    result: LabelResult,
    losses: Sequence[StepLosses],
    tables: Sequence[Pareto],
    used: Sequence[StepUse],
) -> tuple[Advice, ...]:
    """The sentences, most to be gained first."""
    pack, period = result.data.pack, result.site_label.period
    prices = Prices.of(site, period.start, period.end)
    doubt = ASSUMED if result.data.unit_assumed else SURE
    counted = [label for label in losses if label.counted]
    whole = added(label.beyond for label in counted).kgce
    shared_out = (
        counted if whole > 0 else []
    )  # what gives back more than it takes in has no mix that a gap could be told with
    proposals = [
        *of_causes(pack, shared_out, whole),
        *of_groups(pack, shared_out, tables, whole),
        *of_uses(pack, used, period, prices, site.emissions.factors, doubt),
    ]
    ranked = sorted(
        proposals, key=lambda advice: -(advice.amount.kgce if advice.amount is not None else 0.0)
    )
    if not counted and not ranked:
        return ()
    if not ranked:
        ranked = [_nothing(len(counted))]
    return (*ranked, *_unknown(pack, counted, whole))


def _nothing(labels: int) -> Advice:
    return Advice(
        "nothing-stands-out",
        "",
        worded(
            "Nothing is unusual: no cause, shift, equipment, hour or month that makes up "
            "%(least)s of the gap or more differs by more than "
            "chance. Labels looked at: %(labels)s.",
            labels=labels,
            least=percent(LEAST_SHARE),
        ),
        None,
        None,
        (),
        0,
        None,
    )


def _unknown(pack: Pack, counted: Sequence[StepLosses], whole: float) -> Iterator[Advice]:
    """The step with most unexplained energy, and what would tell."""
    if not counted or whole <= 0:
        return
    unexplained = sum(label.unexplained.kgce for label in counted)
    if unexplained < _WITHOUT_CAUSE * whole:
        return
    worst = max(counted, key=lambda label: label.unexplained.kgce)
    missing = _not_recorded(worst)
    name = named(pack, worst)
    yield Advice(
        "record-more",
        worst.step,
        worded(
            "%(share)s of the gap beyond uncertainty has no reason in the data (longer power-on "
            "included), most of it at %(step)s. "
            "Recording %(missing)s with every batch would explain more of it.",
            share=percent(unexplained / whole),
            step=name,
            missing=enumerated(missing),
        ),
        None,
        unexplained / whole,
        worst_first(worst, worst.batches.unexplained),
        len(worst.batches.ids),
        None,
    )


def _not_recorded(label: StepLosses) -> list[Words]:
    rows, evidence = label.made_from.rows, label.evidence
    variables = {
        name
        for row in rows[:50].tolist()
        for name in label.made_from.columns.batches[row].variables
    }
    wanted = []
    if not any(name.startswith("input.") for name in variables):
        wanted.append(worded("what was charged (input.MATERIAL)"))
    if not np.isfinite(evidence.interval_s[rows]).mean() > 0.9:
        wanted.append(worded("true start and end"))
    if "holding_min" not in variables and "holding_s" not in variables:
        wanted.append(worded("minutes of waiting (var.holding_min)"))
    names = dict.fromkeys(
        each.variable for each in label.made_from.columns.step.reference_conditions
    )
    lacking = [f"var.{name}" for name in names if name not in variables]
    return [*wanted, *(Words.of(name) for name in lacking), worded("temperatures and settings")]
