"""One firm's value from two metrics of one publication, where it stands in one of them alone.

A firm with two variants releases the metrics that its yearly cap pays for, so that the total of a
kiln may hold it and the heat of the same kiln not. Heat and total differ by a little electricity,
which the two typical values tell. The attacker knows that the second or the sixth best firm is the one that lacks, and
takes the best linear guess from all published figures, learnt on sectors of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import packs
from benchmarks.composition import (
    IndustryLabel,
    ReportedLabel,
    Roster,
    by_step,
    compose_with_roster,
)
from benchmarks.disclosure import GateReason, differencing, gate
from benchmarks.measurements import Metric
from benchmarks.privacy.mechanism import to_replace
from benchmarks.released import ReleasedLabel, ReleasedQuantile, rank
from benchmarks.routes import MetricRule
from tests.attacks.conftest import State
from tests.attacks.published import CLOSE, close, end_of, median_error
from tests.attacks.table import Row

Array = NDArray[np.float64]

PACK = packs.load("cement", None)
STEP = PACK.step("clinker-burning")
ROUTE = next(route for route in PACK.routes if route.id == "clinker")
METRICS = {rule.metric: rule for rule in STEP.metrics}
FIRMS = 24
KGCE_PER_MJ = 0.0341208
WITHIN = 0.03  # oftener than from the total alone


@dataclass(frozen=True, slots=True)
class Seen:
    """One publication: the exact value of the firm that lacks, the figures shown (NaN where withheld), and why
    the heat was withheld.
    """

    exact: float
    figures: tuple[float, ...]  # best and typical of the total, best and typical of the heat
    reason: GateReason


def test_two_metrics_of_one_publication(
    stated: State, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sectors = 500 if long else 80
    drafts = [drafted(seed) for seed in range(sectors)]
    gated = [published(*draft) for draft in drafts]
    assert all(
        publication.reason is GateReason.METRICS and np.isnan(publication.figures[2])
        for publication in gated
    )
    monkeypatch.setattr(differencing, "alone_give_away", lambda *_: False)
    shown = [published(*draft) for draft in drafts]
    assert not any(np.isnan(publication.figures).any() for publication in shown)
    exact = [publication.exact for publication in shown]
    with_gate, without_gate = (
        learnt([publication.figures[:2] for publication in gated], exact),
        learnt([publication.figures for publication in shown], exact),
    )
    alone = close(learnt([publication.figures[:2] for publication in shown], exact), exact)
    assert close(with_gate, exact) <= alone + WITHIN
    assert close(without_gate, exact) > alone + WITHIN
    gated_error, off = median_error(with_gate, exact), median_error(without_gate, exact)
    stated(
        Row(
            "metrics",
            "total and heat of one step, which differ in one firm, in one publication, the "
            f"second or the sixth best: its value to within {CLOSE:.0%}",
            "firms that stand in one metric of a step alone: none, or three that matter",
            f"{alone:.0%}, the best linear guess from the total alone",
            f"{sectors} of {sectors} without heat (`metrics`): {close(with_gate, exact):.0%}, "
            f"median error {gated_error:.1%}",
            f"{close(without_gate, exact):.0%}, median error {off:.1%}",
        )
    )


def learnt(figures: list[tuple[float, ...]], exact: list[float]) -> list[float]:
    """The linear guess of each sector, learnt on the other half of them."""
    x, y = np.column_stack([np.ones(len(exact)), np.array(figures)]), np.array(exact)
    guess = np.empty(len(y))
    odd = np.arange(len(y)) % 2 == 1
    for half in (odd, ~odd):
        guess[half] = x[half] @ np.linalg.lstsq(x[~half], y[~half], rcond=None)[0]
    return [float(value) for value in guess]


def drafted(seed: int) -> tuple[float, IndustryLabel, Roster]:
    """A sector of kilns, composed: the second or sixth best of them, which releases no heat, and the draft."""
    rng = np.random.default_rng(seed)
    total, heat, best = [], [], np.empty(FIRMS)
    for firm, level in enumerate(rng.standard_normal(FIRMS)):
        batches = int(rng.integers(700, 2500))
        burnt = 2940 * (1 + 0.0412 * level) + 60 * rng.standard_normal(batches)
        electricity = (
            2.7 * (1 + 0.1 * rng.standard_normal()) * (1 + 0.03 * rng.standard_normal(batches))
        )
        values = burnt * KGCE_PER_MJ + electricity
        best[firm] = np.sort(values)[rank(STEP.label_rule.quantile, batches) - 1]
        total.append(
            ReportedLabel(
                f"firm-{firm:02}", f"site-{firm:02}", released(values, METRICS[Metric.TOTAL], rng)
            )
        )
        heat.append(
            ReportedLabel(
                f"firm-{firm:02}", f"site-{firm:02}", released(burnt, METRICS[Metric.THERMAL], rng)
            )
        )
    lacks = int(np.argsort(best)[end_of(seed)])
    reported = by_step([*total, *(label for firm, label in enumerate(heat) if firm != lacks)])
    draft, roster = compose_with_roster(
        PACK, ROUTE, reported, np.random.default_rng(seed + 1000), period="2016"
    )
    return float(best[lacks]), draft, roster


def published(exact: float, draft: IndustryLabel, roster: Roster) -> Seen:
    """What the gate lets out."""
    everybody = frozenset(row.site for cell in roster.cells for row in cell.members)
    result = gate(
        draft,
        roster,
        PACK.disclosure,
        period_end=date(2017, 1, 1),
        today=date(2017, 6, 1),
        audited={STEP.id: everybody},
    )
    of_step = {step.metric: step for step in result.published.cells if step.step == STEP.id}
    figures = [
        value
        for metric in METRICS_SEEN
        for value in (of_step[metric].best, of_step[metric].typical)
    ]
    reason = next(
        cell.reason_code
        for cell in result.cells
        if cell.step == STEP.id and cell.metric is Metric.THERMAL
    )
    return Seen(
        exact, tuple(np.nan if value is None else float(value) for value in figures), reason
    )


METRICS_SEEN = (Metric.TOTAL, Metric.THERMAL)


def released(values: Array, rule: MetricRule, rng: np.random.Generator) -> ReleasedLabel:
    """A label by the mechanism's law."""
    grid = rule.grid
    points = np.clip(
        np.floor((values - float(grid.lower)) / float(grid.width) + 0.5), 0, grid.points - 1
    ).astype(int)
    counts = np.bincount(points, minlength=grid.points)
    at_most = np.cumsum(counts)
    drawn = []
    for quantile, epsilon in (
        (STEP.label_rule.quantile, PACK.policy.epsilon_best),
        (Fraction(1, 2), PACK.policy.epsilon_typical),
    ):
        lost = to_replace(at_most - counts, at_most, rank(quantile, values.size))
        point = int((rng.standard_exponential(grid.points) - float(epsilon) / 2 * lost).argmax())
        drawn.append(ReleasedQuantile(quantile, point, epsilon))
    count_class = max(edge for edge in PACK.policy.count_classes if edge <= values.size)
    best, typical = drawn
    return ReleasedLabel(
        STEP.id,
        STEP.product,
        "grey",
        STEP.boundary.id,
        rule.metric,
        rule.unit,
        grid,
        count_class,
        best,
        typical,
    )
