"""Bias and coverage of the industry's best, and coverage of rank intervals, in sectors whose truth
is known.

By the rule that holds for the number of firms; beside them what nobody should publish, the least
released value against the truly least. `told` is how often the page says that the assumed normal
spread between firms fits poorly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchmarks.composition import apply_rule, compose_cell
from benchmarks.composition.rules import read_off
from benchmarks.ranking import standings
from tests.statistical.outcome import Outcome
from tests.statistical.sectors import BETWEEN, PACK, RULE, STEP, Sector, sector

APART = (0.04, 0.012)
"""Standard deviations of the plants' centres as a share of the typical value: an ordinary sector,
and one of like plants, where noise and prior weigh most."""
_SHORT = {8: 60, 20: 40, 100: 16, 1000: 2}
_LONG = {8: 600, 20: 400, 100: 200, 1000: 60}
_MOST_BIAS = 0.002
_COVERED = 0.95


@dataclass(slots=True)
class _Tally:
    """What many sectors of one kind gave; errors as shares of the typical value."""

    errors: list[float]
    least_of_all: list[float]
    held: int = 0
    told: int = 0
    ranks_held: int = 0
    ranks: int = 0
    points_held: int = 0
    points: int = 0
    rule: str = ""


def run(long: bool) -> Outcome:
    rows = []
    sound = True
    for apart in APART if long else APART[:1]:
        for shape in BETWEEN:
            for firms, sectors in (_LONG if long else _SHORT).items():
                totals = tally(shape, firms, sectors, apart)
                sound &= _sound(totals, sectors, long)
                rows.append(
                    (
                        f"{100 * apart:g} %",
                        shape,
                        f"{firms:,}",
                        totals.rule.replace("-", " "),
                        f"{100 * float(np.mean(totals.errors)):+.3f}",
                        f"{100 * totals.held / sectors:.1f}",
                        f"{100 * totals.points_held / totals.points:.1f}" if totals.points else "-",
                        f"{100 * float(np.mean(totals.least_of_all)):+.2f}",
                        f"{100 * totals.ranks_held / totals.ranks:.1f}",
                        f"{100 * totals.told / sectors:.0f}",
                    )
                )
    counts = ", ".join(map(str, (_LONG if long else _SHORT).values()))
    return Outcome(
        "composition",
        sound,
        f"{counts} sectors of 8, 20, 100 and 1,000 firms: bias of the industry's best in % of the "
        "typical value, % of its 95 % intervals "
        "that hold the truth, % of those of a curve's points that do, bias of the least released "
        "value, % of 95 % rank intervals that "
        "hold the true rank, and % of sectors where a poor fit is told",
        (
            "plants apart",
            "spread",
            "firms",
            "rule",
            "bias",
            "held",
            "curve held",
            "naive minimum",
            "ranks held",
            "poor fit told",
        ),
        tuple(rows),
        "composition.md",
    )


def _sound(totals: _Tally, sectors: int, long: bool) -> bool:
    """Refused when the claim is outside what so many sectors can tell; in the long form, when the
    figure itself is.
    """
    doubt = 0.0 if long else 3 * float(np.std(totals.errors)) / sectors**0.5 + 0.001
    sound = abs(float(np.mean(totals.errors))) <= _MOST_BIAS + doubt
    sound &= bool(
        stats.binomtest(totals.held, sectors).proportion_ci(0.99, "exact").high >= _COVERED
    )
    sound &= totals.points_held >= (_COVERED if long else _COVERED - 0.05) * totals.points
    sound &= totals.ranks_held >= (_COVERED if long else _COVERED - 0.02) * totals.ranks
    return sound and (not long or totals.held >= _COVERED * sectors)


def tally(shape: str, firms: int, sectors: int, apart: float) -> _Tally:
    rng = np.random.default_rng([firms, round(1000 * apart), *shape.encode()])
    totals = _Tally([], [])
    for _ in range(sectors):
        _add(totals, sector(rng, shape, firms, apart), rng)
    return totals


def _add(totals: _Tally, sector: Sector, rng: np.random.Generator) -> None:
    composed = compose_cell(sector.labels, PACK, STEP, RULE, rng, variant="any")
    if composed.best is None or composed.interval is None or composed.rule is None:
        raise RuntimeError(f"{len(sector.labels)} firms gave no value")
    truth = float(apply_rule(composed.rule, sector.best))
    released = [float(row.label.best_value) for row in sector.labels]
    totals.rule = composed.rule
    totals.errors.append((composed.best - truth) / RULE.typical)
    totals.least_of_all.append((min(released) - float(sector.best.min())) / RULE.typical)
    totals.held += composed.interval[0] <= truth <= composed.interval[1]
    totals.told += composed.good_fit is False
    for point, exact in zip(composed.curve, read_off(np.sort(sector.best)), strict=True):
        totals.points_held += point.interval[0] <= float(exact) <= point.interval[1]
        totals.points += 1
    rank_of = {
        sector.labels[i].site: rank for rank, i in enumerate(np.argsort(sector.best), start=1)
    }
    for standing in standings(sector.labels, PACK, rng):
        totals.ranks_held += (
            standing.rank_interval[0] <= rank_of[standing.site] <= standing.rank_interval[1]
        )
        totals.ranks += 1
