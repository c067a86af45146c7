"""From raw files to what leaves: how many other records one input record changes, and what everything that leaves then tells of it.

Neighbours differ in one input record at the level of files: a row replaced, added or removed in any field, the readings in one window
replaced by anything. Of each pair the batches that count are compared account by account, and over every drawn cell of the report the
exact laws on both sides; a joint loss is the sum over all draws of the largest ratio of their probabilities. It is held against what the
ledger debits from the accounts that the changed record names, on the side where that is more.

Set aside, because they are declared and not noised: a step withheld, or refused altogether, on either side; and classes.

The control is the plant's own label on the same neighbours: were the outward judgement switched off, this is what would be released.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import SteplabelError
from benchmarks.labels import SiteLabel
from benchmarks.measurements import Period
from benchmarks.privacy.accounting import add_up
from benchmarks.privacy.bounds import clamp_to_cells
from benchmarks.privacy.mechanism import exact_law, scores
from benchmarks.privacy.stability import RECORDS
from benchmarks.released import rank
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.planning import Plan, Subject, plan
from tests.statistical import raw_plants
from tests.statistical.outcome import Outcome
from tests.statistical.raw_plants import Account, Plant

PERIOD = "2025"
HALF = Fraction(1, 2)
Cell = tuple[str, str, str, str]

PLANTS: tuple[tuple[Callable[[], Plant], bool], ...] = (
    (raw_plants.by_energy, True),
    (lambda: raw_plants.by_energy(xlsx=True), True),
    (lambda: raw_plants.by_readings("register"), True),
    (lambda: raw_plants.by_readings("rate"), True),
    (lambda: raw_plants.by_readings("interval"), True),
    (raw_plants.by_log, True),
    (lambda: raw_plants.by_log("campaign"), False),
    (lambda: raw_plants.shared("power"), True),
    (lambda: raw_plants.shared("shares"), False),
    (lambda: raw_plants.shared("output"), False),
    (lambda: raw_plants.shared("hours"), False),
    (lambda: raw_plants.shared("rated-power"), False),
)
"""Every road and kind of sharing, and whether it has a bound: a road without one must be refused."""

TELLING = 100  # others that the control must find changed by one record, somewhere


@dataclass(frozen=True, slots=True)
class Report:
    """What a plant's files give: by account what counts of it, the drawn values by cell, and the debits."""

    counts: dict[Account, frozenset[tuple[Cell, float]]]
    drawn: dict[Cell, tuple[Fraction, NDArray[np.float64], NDArray[np.float64]]]
    debits: dict[Account, Fraction]
    refused: bool = False


NOTHING = Report({}, {}, {}, refused=True)


@dataclass(slots=True)
class Found:
    """The worst over the neighbours of one road."""

    tried: int = 0
    refused: int = 0
    others: int = 0
    loss: float = 0.0
    ratio: float = 0.0
    worst: str = field(default="")


def run(long: bool) -> Outcome:
    held, rows, told = True, [], 0
    for place, (make, bounded) in enumerate(PLANTS):
        plant = make()
        outward, local = compare(plant, (10_000 if bounded else 200) if long else (14 if bounded else 3), seed=place)
        held &= outward.others == 0 and outward.ratio <= 1 + 1e-9
        held &= (outward.refused < outward.tried / 2) if bounded else (outward.refused == outward.tried)
        told = max(told, local.others)
        rows.append(
            (
                plant.road,
                f"{outward.tried:,}",
                f"{outward.refused:,}",
                "1" if bounded else "none: refused",
                f"{outward.others}" if bounded else "",
                f"{outward.ratio:.2f}" if bounded else "",
                f"{local.others}",
                f"{local.ratio:.1f}",
            )
        )
    return Outcome(
        "stability",
        held and told >= TELLING,
        "neighbours in raw files: how many other records change, and the exact joint loss over all that leaves as a share of the debit",
        ("road", "neighbours", "refused", "bound", "others changed", "loss / debit", "own label: others", "own label: loss / debit"),
        tuple(rows),
    )


def compare(plant: Plant, count: int, seed: int) -> tuple[Found, Found]:
    """Neighbours of one plant, as they are judged on their way out and, as the control, by the plant's own label."""
    chance = random.Random(seed)  # noqa: S311  # which neighbours are tried
    found = Found(), Found()
    with tempfile.TemporaryDirectory() as folder:
        bases = reports(plant, Path(folder))
        for number in range(count):
            other = raw_plants.neighbour(plant, chance) if number else raw_plants.mistyped(plant)
            for one, base, beside in zip(found, bases, reports(other, Path(folder)), strict=True):
                _add(one, base, beside, other)
    return found


def reports(plant: Plant, folder: Path) -> tuple[Report, Report]:
    """What the files would release: judged on their way out, and as the plant's own label would have it."""
    plant.write(folder)
    try:
        site = load_site(folder / "site.toml")
        period = Period.parse(PERIOD, site.zone)
        data = pipeline.read(site, period, outward=True)
        outward = pipeline.label_of(site, data, period, outward=True)
        local = pipeline.label_of(site, data, period)
    except SteplabelError:
        return NOTHING, NOTHING
    switched_off = replace(local, steps=tuple(replace(label, path=RECORDS) for label in local.steps))
    return _report(outward, data), _report(switched_off, data)


def _report(label: SiteLabel, data: pipeline.PlantData) -> Report:
    try:
        planned = plan(label, data.batches, data.pack, Subject("works-1", PERIOD, 1, correction=False))
    except SteplabelError:
        return NOTHING
    counts: dict[Account, set[tuple[Cell, float]]] = {}
    for step_label in label.steps:
        cell = (step_label.step, step_label.product, step_label.variant, step_label.metric.value)
        for value in step_label.values:
            if value.excluded is None and value.at_reference is not None:
                counts.setdefault((step_label.step, value.batch_id), set()).add((cell, round(value.at_reference, 9)))
    debits = {account: spent.regular for account, spent in add_up(planned.debits()).items()}
    return Report({account: frozenset(what) for account, what in counts.items()}, dict(_laws(planned)), debits)


def _laws(planned: Plan) -> list[tuple[Cell, tuple[Fraction, NDArray[np.float64], NDArray[np.float64]]]]:
    """Of every released cell: the low quantile and the records on the grid."""
    made = []
    for one in planned.releases:
        cells, _ = clamp_to_cells(one.label.used_values(), one.rule.grid)
        key = (one.label.step, one.label.product, one.label.variant, one.label.metric.value)
        low, high = planned.pack.policy.epsilon_best, planned.pack.policy.epsilon_typical
        quantile = one.step.label_rule.quantile
        listed = tuple(cells)
        best, typical = _law(listed, one.rule.grid.cells, quantile, low), _law(listed, one.rule.grid.cells, HALF, high)
        made.append((key, (quantile, best, typical)))
    return made


@lru_cache(maxsize=256)
def _law(cells: tuple[int, ...], grid_cells: int, quantile: Fraction, epsilon: Fraction) -> NDArray[np.float64]:
    return exact_law(scores(cells, grid_cells, rank(quantile, len(cells))), epsilon)


def _add(found: Found, base: Report, beside: Report, other: Plant) -> None:
    found.tried += 1
    if base.refused or beside.refused:
        found.refused += 1
        return
    names = other.accounts
    changed = {account for account in base.counts.keys() | beside.counts.keys() if base.counts.get(account) != beside.counts.get(account)}
    found.others = max(found.others, len(changed - names))
    loss = joint_loss(base, beside)
    debit = sum((max(base.debits.get(name, Fraction(0)), beside.debits.get(name, Fraction(0))) for name in names), Fraction(0))
    ratio = loss / float(debit) if debit else (float("inf") if loss > 1e-9 else 0.0)
    found.loss = max(found.loss, loss)
    if ratio > found.ratio:
        found.ratio, found.worst = ratio, f"{other.kind} {sorted(names)}"


def joint_loss(one: Report, other: Report) -> float:
    """The largest log ratio of the probabilities of everything drawn on both sides, either way."""
    ahead = behind = 0.0
    for cell in one.drawn.keys() & other.drawn.keys():
        for mine, theirs in zip(one.drawn[cell][1:], other.drawn[cell][1:], strict=True):
            if mine is not theirs and not np.array_equal(mine, theirs):
                ratio = np.log(mine) - np.log(theirs)
                ahead, behind = ahead + float(ratio.max()), behind + float(-ratio.min())
    return max(ahead, behind)
