"""Causes of the gap on plants whose causes are known: how often a named one is right, and its
interval holds what it costs (docs/waste.md).

A plant has two to four ladle furnaces of unequal size and need and three products in campaigns,
which are not spread alike over the furnaces. Output varies, heats wait, stand, are reheated and
change product in every plant; in half of them one of these costs energy, in the others none does.
Errors remember the heat before, and months drift.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import numpy as np

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.guidance.causes import WasteCause
from benchmarks.labels import label_site
from benchmarks.measurements import Batch, CarrierEnergy, Period
from reporting_agent.analysis.waste.gap_parts import StepLosses, losses
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult, PlantData
from tests.statistical.outcome import Outcome

LONG, SHORT = 200, 10  # plants with a cause, and as many without
LEAST_RIGHT = LEAST_INSIDE = 0.95
MOST_FALSE = 0.02  # of the gap
HEATS = 600  # of a furnace
USUAL_MIN = 42.0
START = datetime(2023, 1, 2, tzinfo=UTC)
KGCE_PER_KWH = 0.1229
PLANTED = (
    WasteCause.HOLDING,
    WasteCause.REHEAT,
    WasteCause.COLD_START,
    WasteCause.CHANGEOVER,
    WasteCause.LOW_LOAD,
)
SIZES: Mapping[WasteCause, tuple[float, float]] = {
    WasteCause.HOLDING: (0.003, 0.008),  # a minute
    WasteCause.REHEAT: (0.04, 0.10),  # a time
    WasteCause.COLD_START: (0.015, 0.04),  # an hour beyond the usual stop
    WasteCause.CHANGEOVER: (0.03, 0.08),  # a heat
    WasteCause.LOW_LOAD: (0.08, 0.20),  # a heat, whatever its output
}
"""What each costs, as a share of the energy of the plant's median heat."""


Named: TypeAlias = tuple[WasteCause, float, bool]
"""A cause that was named, its share of the gap of its label, and whether its interval holds what it
costs."""


def run(long: bool) -> Outcome:
    count = LONG if long else SHORT
    rng = np.random.default_rng(58)
    with_one = [(cause, told(rng, cause)) for cause in PLANTED for _ in range(count // 5)]
    without = [told(rng, None) for _ in range(count)]
    rows, right, named, inside = [], 0, 0, 0
    for cause in PLANTED:
        plants = [each for planted, each in with_one if planted is cause]
        of_all = [entry for each in plants for entry in each]
        own = [entry for entry in of_all if entry[0] is cause]
        held = sum(entry[2] for entry in own)
        right, named, inside = right + len(own), named + len(of_all), inside + held
        found = sum(any(entry[0] is cause for entry in each) for each in plants)
        rows.append(
            (
                cause.value,
                f"{len(plants)}",
                f"{found}",
                f"{len(own)} of {len(of_all)}",
                f"{held} of {len(own)}",
            )
        )
    false = [entry for each in without for entry in each]
    large = sum(any(entry[1] > MOST_FALSE for entry in each) for each in without)
    rows.append(("none", f"{count}", "", f"0 of {len(false)}", ""))
    holds = right >= LEAST_RIGHT * named and inside >= LEAST_INSIDE * right and not large
    sentence = (
        f"of {named} causes named on {len(with_one)} plants with one, {right} are right, and "
        f"{inside} of their intervals of 95 % hold what it costs; {large} of {count} plants "
        f"without a cause are told one above {100 * MOST_FALSE:g} % of the gap"
    )
    header = ("cause", "plants", "it is named", "named causes that are right", "interval holds it")
    return Outcome("causes", holds, sentence, header, tuple(rows), "waste.md")


def told(rng: np.random.Generator, cause: WasteCause | None) -> list[Named]:
    """What is said of a plant with this cause, in all its products' labels."""
    heats, cost_kwh = plant(rng, cause)
    pack = packs.load("steel")
    period = Period.parse("2023", UTC)
    label = label_site(heats, pack, FactorTable.load(), period, site="works", at_home=True)
    site = SiteSettings.model_validate(
        {
            "site": {"id": "works", "timezone": "UTC", "pack": "steel"},
            "inputs": {"batches": "batches.csv", "energy": "energy.csv"},
        }
    )
    result = LabelResult(label, PlantData(pack, heats, [], [], ()))
    named = list[Named]()
    for loss in losses(site, result, ()):
        named += [
            _entry(loss, rule.cause, cost_kwh) for rule in loss.rules if _is_named(loss, rule.cause)
        ]
    return named


def _is_named(loss: StepLosses, cause: WasteCause) -> bool:
    """Of a batch's own, or of shift and hour; that furnaces differ is true here."""
    stands = any(rule.cause is cause and rule.stands for rule in loss.rules)
    return stands and cause.named and cause is not WasteCause.EQUIPMENT and loss.counted


def _entry(loss: StepLosses, cause: WasteCause, cost_kwh: float) -> Named:
    rule = next(rule for rule in loss.rules if rule.cause is cause)
    low, high = rule.interval or (np.nan, np.nan)
    share = loss.by_cause[cause].kgce / loss.gap.kgce
    return cause, share, bool(low <= cost_kwh * KGCE_PER_KWH <= high)


def plant(rng: np.random.Generator, cause: WasteCause | None) -> tuple[list[Batch], float]:
    """Its heats, and what a unit of the cause costs in kWh."""
    lines = int(rng.integers(2, 5))
    size = rng.uniform(40, 120, lines)
    need = rng.uniform(38, 55, lines)  # kWh/t
    product = rng.uniform(0.94, 1.06, 3)
    months = rng.normal(0, 0.01, 12)
    cost = 0.0 if cause is None else rng.uniform(*SIZES[cause]) * float(np.median(size * need))
    heats: list[Batch] = []
    for line in range(lines):
        heats += _line(rng, cause, cost, f"lf-{line}", size[line], need[line] * product, months)
    return sorted(heats, key=lambda heat: heat.start), cost


def _line(
    rng: np.random.Generator,
    cause: WasteCause | None,
    cost: float,
    name: str,
    size: float,
    need: np.ndarray,
    months: np.ndarray,
) -> list[Batch]:
    mix = rng.dirichlet((2.0, 2.0, 2.0))
    rho, spread = rng.uniform(0, 0.6), rng.uniform(0.008, 0.02)
    heats, start, made, error = [], START, int(rng.choice(3, p=mix)), 0.0
    for number in range(HEATS):
        before = made
        if rng.random() < 0.15:
            made = int(rng.choice(3, p=mix))
        stop_h = rng.uniform(3, 12) if rng.random() < 0.03 else rng.uniform(0.1, 0.5)
        start += timedelta(hours=stop_h)
        output = size * rng.uniform(0.8, 1.05)
        waits = rng.uniform(5, 40) if rng.random() < 0.15 else 0.0
        reheats = float(rng.random() < 0.08)
        minutes = rng.normal(USUAL_MIN, 0.6) + waits
        error = rho * error + np.sqrt(1 - rho**2) * rng.normal(0, spread)
        doses = {
            WasteCause.HOLDING: minutes - USUAL_MIN,  # whatever made it longer or shorter
            WasteCause.REHEAT: reheats,
            WasteCause.COLD_START: min(max(stop_h - 1.0, 0.0), 12.0),
            WasteCause.CHANGEOVER: float(made != before),
            WasteCause.LOW_LOAD: 1.0,
        }
        kwh = output * need[made] * (1 + error + months[start.month - 1])
        kwh += 0.0 if cause is None else cost * doses[cause]
        heats.append(
            Batch(
                batch_id=f"{name}-{number}",
                step="ladle-refining",
                product=f"product {made}",
                variant="",
                start=start,
                end=start + timedelta(minutes=minutes),
                output=output,
                equipment=name,
                energy=(CarrierEnergy("electricity", kwh, "kWh"),),
                variables={"reheats": reheats},
            )
        )
        start += timedelta(minutes=minutes)
    return heats
