"""Bias and coverage of potentials, and coverage of what moved between two years, in sectors whose
truth is known.

Two years are two sectors of a kind, the second as it was drawn after the first: other firms, other
values, other noise.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from benchmarks.composition import IndustryCell, apply_rule, compose_cell, median_of_ordered
from benchmarks.composition.posterior import saved
from benchmarks.composition.result import Known, difference, spread
from benchmarks.composition.rules import CurvePoint, percents, read_off
from tests.statistical.outcome import Outcome
from tests.statistical.sectors import BETWEEN, PACK, RULE, STEP, Sector, sector

_SHORT = {8: 40, 20: 30, 100: 8, 500: 2}
_LONG = dict.fromkeys(_SHORT, 200)
_MOST_BIAS, _COVERED = 0.02, 0.95
MOVED = ("best", "typical", "spread")


@dataclass(slots=True)
class _Tally:
    """Of each potential what was composed and the truth, and of every figure whether its interval
    holds the truth.
    """

    composed: dict[str, list[float]] = field(default_factory=dict)
    truth: dict[str, list[float]] = field(default_factory=dict)
    held: dict[str, list[bool]] = field(default_factory=dict)

    def add(self, name: str, value_and_interval: Known, truth: float) -> None:
        self.composed.setdefault(name, []).append(value_and_interval[0])
        self.truth.setdefault(name, []).append(truth)
        self.held.setdefault(name, []).append(
            value_and_interval[1][0] <= truth <= value_and_interval[1][1]
        )

    def bias(self, name: str) -> tuple[float, float]:
        """Of all sectors together, as a share of the truth, and its standard error."""
        off, level = (
            np.subtract(self.composed[name], self.truth[name]),
            float(np.mean(self.truth[name])),
        )
        return float(off.mean()) / level, float(off.std()) / off.size**0.5 / level


def run(long: bool) -> Outcome:
    rows, sound = [], True
    for shape in BETWEEN:
        for firms, sectors in (_LONG if long else _SHORT).items():
            totals = tally(shape, firms, sectors)
            biases = []
            for to in ("typical", "best"):
                bias, error = totals.bias(to)
                sound &= abs(bias) <= _MOST_BIAS + (0.0 if long else 3 * error)
                biases.append(f"{100 * bias:+.1f}")
            hits_by_figure = [
                totals.held.get(name)
                for name in ("typical", "best", *(f"{figure} moved" for figure in MOVED))
            ]
            for hits in hits_by_figure:
                if hits is not None:
                    sound &= bool(
                        stats.binomtest(sum(hits), len(hits)).proportion_ci(0.99, "exact").high
                        >= _COVERED
                    )
                    sound &= not long or float(np.mean(hits)) >= _COVERED
            shares = [
                "-" if covered is None else f"{100 * float(np.mean(covered)):.1f}"
                for covered in hits_by_figure
            ]
            rows.append((shape, f"{firms}", biases[0], shares[0], biases[1], *shares[1:]))
    counts = ", ".join(map(str, (_LONG if long else _SHORT).values()))
    return Outcome(
        "potentials",
        sound,
        f"{counts} sectors of 8, 20, 100 and 500 firms, and as many pairs of years: bias of the "
        "potential at the typical value and at the "
        "best in % of the truth, and % of the 95 % intervals that hold it; then the same % of "
        "what best, typical value and the firms' "
        "spread moved by",
        (
            "spread",
            "firms",
            "at typical: bias",
            "held",
            "at best: bias",
            "held",
            "best moved",
            "typical moved",
            "spread moved",
        ),
        tuple(rows),
        "composition.md",
    )


def tally(shape: str, firms: int, sectors: int) -> _Tally:
    rng = np.random.default_rng([firms, 17, *shape.encode()])
    totals, before = _Tally(), _year(sector(rng, shape, firms), rng)
    for _ in range(sectors):
        cohort = sector(rng, shape, firms)
        composed, truth = year = _year(cohort, rng)
        for potential in composed.potential:
            totals.add(
                potential.to, (potential.value, potential.interval), truth[f"to {potential.to}"]
            )
        for name in MOVED:
            if name in truth:
                totals.add(
                    f"{name} moved",
                    difference(
                        _value_and_interval(composed, name), _value_and_interval(before[0], name)
                    ),
                    truth[name] - before[1][name],
                )
        before = year
    return totals


def _value_and_interval(composed: IndustryCell, name: str) -> Known:
    value, interval = (
        {
            "best": (composed.best, composed.interval),
            "typical": (composed.typical, composed.typical_interval),
        }.get(name)
        or spread(composed.curve)
        or (None, None)
    )
    if value is None or interval is None:
        raise RuntimeError(f"no {name} of {composed.firms} firms")
    return value, interval


def _year(sector: Sector, rng: np.random.Generator) -> tuple[IndustryCell, dict[str, float]]:
    """What is composed of a sector, and the same of its exact values."""
    composed = compose_cell(sector.labels, PACK, STEP, RULE, rng, variant="any")
    if composed.rule is None:
        raise RuntimeError(f"{composed.firms} firms gave no value")
    exact, typicals = np.sort(sector.best), np.sort(sector.typical)
    best, typical = apply_rule(composed.rule, exact), median_of_ordered(typicals)
    truth = {"best": float(best), "typical": float(typical)}
    truth |= {
        f"to {to}": float(saved(typicals[None, :], np.array([at]))[0]) for to, at in truth.items()
    }
    points = [
        CurvePoint(at, float(value), (float(value), float(value)))
        for at, value in zip(percents(composed.firms), read_off(exact), strict=True)
    ]
    if (apart := spread(points)) is not None:
        truth["spread"] = apart[0]
    return composed, truth
