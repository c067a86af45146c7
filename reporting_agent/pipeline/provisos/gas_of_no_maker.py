"""Gas that ovens and furnaces make, at a site where nothing makes it: a richer gas that is bought
may stand behind the name.

Natural gas booked by the cubic metre as coke-oven gas counts half of its heat, and every account
agrees. Where steps and conversions give less of such a gas than steps take, the rest was bought:
told beside the label with what it would be at the richest gas that the pack knows, until
[site_boundary] names the purchase and its heating value is determined again and again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from math import ceil, fsum

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.materials import UsualHeat
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase, significant
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import Pack
from reporting_agent.pipeline.sitewide import SiteTotals

ANALYSED = timedelta(days=31)
"""In which a gas that is bought is analysed once at least, so that its values differ (a convention
of ours).
"""


def sentences(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """By gas that the label counts and nothing on the site makes, the label were it the richest."""
    best, rule = label.best.value, pack.step(label.step).metric(label.metric)
    gases = {
        usual.carrier: value
        for usual in pack.heating_values
        if CARRIERS[usual.carrier].form == "gas" and (value := _usual(usual))
    }
    if best is None or rule is None or not label.output or not gases:
        return
    for carrier, energy in label.energy_by_carrier.items():
        if CARRIERS[carrier].form != "gas" or not counts(carrier, label.metric) or energy <= 0:
            continue
        bought, (mean, values, months) = (
            _bought(carrier, whole),
            _values(label, carrier, energy, gases.get(carrier, 0.0)),
        )
        if mean <= 0 or (_is_purchased(carrier, whole) and values >= max(2, ceil(months))):
            continue
        as_richer = {
            gas: best + bought * energy / label.output * (value / mean - 1)
            for gas, value in gases.items()
        }
        can_be = {
            gas: value for gas, value in as_richer.items() if value <= rule.ceiling
        }  # beyond it no such step lies
        richest = max(can_be, key=can_be.__getitem__, default=carrier)
        if richest == carrier or can_be[richest] - best <= WORTH_TELLING * abs(best):
            continue
        sentence = Phrase(
            "No step and no conversion in the files makes %(share)s of the %(carrier)s (%(mean)s "
            "on average): it was bought, or "
            "another gas is recorded under its name. If it were %(richest)s (%(value)s), the "
            "label would be %(high)s %(unit)s "
            "instead of %(best)s. Log what makes it, or name it under purchased of "
            "[site_boundary], with heating values from an "
            "analysis each month; keep the supplier's contract for an auditor.",
            share=f"{bought:.0%}",
            carrier=CARRIERS[carrier].words,
            mean=f"{significant(mean, 4)} MJ/{CARRIERS[carrier].unit}",
            richest=CARRIERS[richest].words,
            value=f"{gases[richest]:g}",
            high=significant(can_be[richest], 4),
            best=significant(best, 4),
            unit=label.unit,
        )
        yield Words.of(sentence)


def _bought(carrier: str, whole: SiteTotals) -> float:
    """Of what steps took of a gas, the share that neither steps gave back nor conversions made."""
    fence = whole.site.site_boundary
    given_mj = fsum(whole.of_steps(carrier, Direction.RECOVERED).values())
    flows = (
        flow
        for conversion in (fence.conversions if fence else ())
        for flow in conversion.gives
        if flow.carrier == carrier
    )
    given_mj += fsum(whole.flow_mj(flow) or 0.0 for flow in flows)
    taken_mj = fsum(whole.of_steps(carrier, Direction.IMPORT).values())
    return max(1 - given_mj / taken_mj, 0.0) if taken_mj > 0 else 1.0


def _usual(usual: UsualHeat) -> float:
    """What is typical of a carrier, or lies between its bounds; 0 where nothing is usual."""
    return usual.typical or ((usual.least or 0.0) + (usual.most or 0.0)) / 2


def _is_purchased(carrier: str, whole: SiteTotals) -> bool:
    fence = whole.site.site_boundary
    return fence is not None and any(flow.carrier == carrier for flow in fence.purchased)


def _values(
    label: StepLabel, carrier: str, energy: float, usual: float
) -> tuple[float, int, float]:
    """The mean heating value in MJ per the gas's own unit, how many different ones its runs have,
    over how many times `ANALYSED`; an amount of heat stands for so much of the usual gas."""
    measured, own = label.made_from, CARRIERS[carrier].unit
    if measured is None:
        return 0.0, 0, 0.0
    columns, used = measured.columns, np.isin(measured.columns.entry_row, measured.rows)
    quantities = np.bincount(
        columns.entry_kind[used], columns.entry_quantity[used], len(columns.kinds)
    )
    amount, values = 0.0, set[float]()
    for index in np.flatnonzero(quantities).tolist():
        kind = columns.kinds[index]
        if kind.carrier != carrier or kind.direction is not Direction.IMPORT:
            continue
        if (of_energy := mj_in(kind.unit)) is not None:
            amount += quantities[index] * of_energy / usual if usual else 0.0
        else:
            with suppress(InputError):  # a gas by its mass
                amount += quantities[index] * ratio(kind.unit, own)
            values |= {kind.lhv_mj_per_unit} if kind.lhv_mj_per_unit is not None else set()
    starts = [columns.batches[row].start for row in measured.rows.tolist()]
    mean = energy * MJ_PER[label.energy_unit] / amount if amount else 0.0
    return mean, len(values), (max(starts) - min(starts)) / ANALYSED
