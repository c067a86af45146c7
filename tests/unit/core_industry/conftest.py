"""A small pack with three steps (one of them negative), and plants whose true batches are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from benchmarks.composition import ReportedLabel
from benchmarks.measurements import Metric
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.mechanism import scores
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, rank
from benchmarks.routes import Pack

Array = np.ndarray[Any, np.dtype[np.float64]]

ASSUMPTION = {"text": "for the tests", "kind": "engineering-assumption", "verified": False}
STANDARD = {"text": "GB 0-2000, clause 4", "kind": "standard", "verified": True}
COUNT_CLASSES = (50, 100, 200, 340, 500, 670, 1000, 2000, 5000)
EPSILONS = {"best": Fraction(3, 4), "typical": Fraction(1, 4)}


def words(text: str) -> dict[str, str]:
    return {"en": text, "zh": f"{text}（中）"}


def step(
    name: str,
    typical: float,
    grid: tuple[str, str, str],
    spread: float,
    limits: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    lower, upper, width = grid
    metric = {
        "metric": "total",
        "unit": "kgce/t",
        "floor": typical - 20 * spread,
        "ceiling": typical + 20 * spread,
        "typical": typical,
        "spread": spread,
        "grid_lower": lower,
        "grid_upper": upper,
        "grid_width": width,
        "grid_source": ASSUMPTION,
    }
    rule = {
        "quantile": "0.1",
        "fewest_batches": 50,
        "least_completeness": 0.9,
        "longest_gap_s": 60,
        "shortest_s": 60,
        "longest_s": 9999,
    }
    return {
        "id": name,
        "words": words(name.capitalize()),
        "product": f"{name}-product",
        "product_words": words(f"{name} product"),
        "run_kind": "day",
        "boundary": {
            "id": f"{name}-gate",
            "words": words(f"gate to gate of {name}"),
            "carriers": ["electricity"],
        },
        "variants": [
            {"id": "plain", "words": words("plain")},
            {"id": "special", "words": words("special"), "parent": "plain"},
        ],
        "label_rule": rule,
        "metrics": [metric],
        "limits": list(limits),
    }


def limit(name: str, source: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "words": words(name),
        "standard": "GB 0-2000",
        "clause": "4",
        "metric": "total",
        "unit": "kgce/t",
        "grades": [61, None, 72],
        "steps_covered": ["melting"],
        "effective_from": date(2010, 1, 1),
        "source": source,
        **more,
    }


@pytest.fixture(scope="session")
def pack() -> Pack:
    return Pack.model_validate(
        {
            "id": "tests",
            "version": "1",
            "words": words("Tests"),
            "standard_basis": "calorific",
            "effective_from": date(2010, 1, 1),
            "policy": {
                "epsilon_best": "0.75",
                "epsilon_typical": "0.25",
                "cap_per_year": "2",
                "corrections_per_year": 1,
                "fewest_batches": 50,
                "count_classes": COUNT_CLASSES,
                "largest_expected_error": "0.01",
            },
            "composition": [
                {
                    "firms_from": 8,
                    "rule": "trimmed-best-five",
                    "words": words("mean of the best five"),
                },
                {
                    "firms_from": 50,
                    "rule": "trimmed-best-decile",
                    "words": words("mean of the top decile"),
                },
            ],
            "disclosure": {
                "fewest_firms": 8,
                "largest_weight": "0.25",
                "p_percent": "0.1",
                "least_changed_participants": 3,
                "largest_share_of_change": "0.6",
                "lag_days": 90,
                "reason": words("Fewer would give firms away."),
            },
            "routes": [
                {
                    "id": "main",
                    "words": words("main route"),
                    "product": "bar",
                    "product_words": words("bar"),
                    "steps": [
                        {"step": "melting", "ratio": "1.05", "source": ASSUMPTION},
                        {"step": "blowing", "ratio": "1.02", "source": STANDARD},
                        {"step": "rolling", "ratio": "1", "source": STANDARD},
                    ],
                }
            ],
            "steps": [
                step(
                    "melting",
                    60.0,
                    ("40", "80", "0.25"),
                    3.0,
                    [
                        limit("in force", STANDARD),
                        limit("assumed", ASSUMPTION),
                        limit("hearsay", {**STANDARD, "verified": False}),
                        limit("not yet", STANDARD, effective_from=date(2026, 7, 1)),
                        limit("no more", STANDARD, effective_to=date(2015, 1, 1)),
                    ],
                ),
                step("blowing", -30.0, ("-50", "-10", "0.1"), 1.2),
                step("rolling", 50.0, ("30", "70", "0.2"), 2.0),
            ],
        }
    )


@dataclass(frozen=True)
class Plants:
    """Participants of one cell, drawn by the mechanism's law, and their true quantiles."""

    labels: list[ReportedLabel]
    best: Array
    typical: Array


def draw_grid_point(
    values: Array, grid: Grid, quantile: Fraction, epsilon: Fraction, rng: np.random.Generator
) -> int:
    """Permute-and-flip's law by noisy maximum with exponential noise: quick, and for tests only."""
    points, _ = clamp_to_grid(values.tolist(), grid)
    utility = np.array(scores(points, grid.points, rank(quantile, len(points))), dtype=float)
    return int((float(epsilon) / 2 * utility + rng.standard_exponential(grid.points)).argmax())


def released(
    pack: Pack, step_id: str, values: Array, rng: np.random.Generator, variant: str = "plain"
) -> ReleasedLabel:
    step = pack.step(step_id)
    rule = step.metrics[0]
    drawn = {
        which: ReleasedQuantile(
            q, draw_grid_point(values, rule.grid, q, EPSILONS[which], rng), EPSILONS[which]
        )
        for which, q in (("best", step.label_rule.quantile), ("typical", Fraction(1, 2)))
    }
    count_class = max(edge for edge in COUNT_CLASSES if edge <= len(values))
    return ReleasedLabel(
        step_id,
        step.product,
        variant,
        step.boundary.id,
        Metric.TOTAL,
        rule.unit,
        rule.grid,
        count_class,
        drawn["best"],
        drawn["typical"],
    )


@pytest.fixture(scope="session")
def grow(pack: Pack) -> Callable[..., Plants]:
    """grow(rng, firms, step="melting", between=..., batches=..., shape=...): one site a firm, true
    means normal between plants.
    """

    def grow_plants(
        rng: np.random.Generator,
        firms: int,
        step: str = "melting",
        between: float | None = None,
        batches: tuple[int, int] = (400, 1500),
        shape: Callable[[int], Array] | None = None,
    ) -> Plants:
        declared = pack.step(step)
        rule = declared.metrics[0]
        gap = 0.04 * abs(rule.typical) if between is None else between
        draw = shape or rng.standard_normal
        reported, best, typical = [], [], []
        for i, centre in enumerate(rng.normal(rule.typical, gap, firms)):
            values = np.sort(
                centre + rule.spread * rng.uniform(0.8, 1.2) * draw(int(rng.integers(*batches)))
            )
            label = released(pack, step, values, rng)
            reported.append(ReportedLabel(f"firm-{i:03}", f"site-{i:03}", label))
            best.append(values[rank(declared.label_rule.quantile, len(values)) - 1])
            typical.append(values[rank(Fraction(1, 2), len(values)) - 1])
        return Plants(reported, np.array(best), np.array(typical))

    return grow_plants
