"""Protected values of many plants straight into PostgreSQL, by COPY: inserting hundreds of
thousands one by one would take longer than all that is measured. What a plant drew has no bearing
on the time that anything takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from benchmarks.routes import MetricRule, Pack, Step

COLUMNS = (
    "submission_id, step, product, variant, boundary, metric, unit, grid_lower, grid_upper, "
    "grid_width, count_class, best_quantile, "
    "best_cell, best_epsilon, typical_quantile, typical_cell, typical_epsilon, years"
)
_BATCH = 20_000  # rows
_APART = 0.04  # of a typical value, between plants
_NOISE = 0.005  # of a typical value

Cell = tuple[Step, str, MetricRule]
"""Step, variant and metric that every plant releases a value of."""


def copy_values(pack: Pack, cells: Iterable[Cell], plants: int, classes: Sequence[int]) -> None:
    """One row a cell and plant; plant n's submission is the one of key n, from 1."""
    from django.db import connection

    rows = _rows(pack, cells, plants, classes)
    with connection.cursor() as cursor:
        while block := list(islice(rows, _BATCH)):
            with cursor.copy(f"COPY standings_protectedvalue ({COLUMNS}) FROM STDIN") as copy:
                for row in block:
                    copy.write_row(row)
        cursor.execute("ANALYZE")


def _rows(
    pack: Pack, cells: Iterable[Cell], plants: int, classes: Sequence[int]
) -> Iterator[tuple[Any, ...]]:
    rng = np.random.default_rng(1)
    policy = pack.policy
    for step, variant, rule in cells:
        grid, scale = rule.grid, abs(rule.typical)
        centres = rule.typical + _APART * scale * rng.standard_normal(plants)
        best = centres - 1.2 * rule.spread + _NOISE * scale * rng.standard_normal(plants)
        drawn = [
            np.clip(
                np.rint((v - float(grid.lower)) / float(grid.width)), 0, grid.points - 1
            ).astype(int)
            for v in (best, centres)
        ]
        count_classes = rng.choice(classes, plants)
        key = (step.id, step.product, variant, step.boundary.id, rule.metric.value, rule.unit)
        edges = (str(grid.lower), str(grid.upper), str(grid.width))
        for plant in range(plants):
            low = (str(step.label_rule.quantile), int(drawn[0][plant]), str(policy.epsilon_best))
            middle = ("1/2", int(drawn[1][plant]), str(policy.epsilon_typical))
            yield (plant + 1, *key, *edges, int(count_classes[plant]), *low, *middle, 1)
