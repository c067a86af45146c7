"""What a limit asks of a furnace does not hold for two that share one value of the site, nor for two that differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks import packs
from benchmarks.labels.coverage import Coverage
from benchmarks.labels.limit_test import grade_step, shared_constants
from benchmarks.measurements import Batch, Period

EAF = packs.load("steel").step("eaf")
START = datetime(2027, 1, 1, tzinfo=UTC)
TAKEN = {"hot_metal_pct": 0.0}


def heats(*furnaces: tuple[str, float | None]) -> list[Batch]:
    """A heat of each furnace, with its capacity in the log where one is given."""
    return [
        Batch(
            name,
            "eaf",
            "",
            "",
            START,
            START + timedelta(hours=1),
            100.0,
            equipment=name,
            variables={"furnace_capacity_t": size} if size else {},
        )
        for name, size in furnaces
    ]


@pytest.mark.parametrize(
    ("batches", "static", "expected"),
    [
        (heats(("F1", None)), {"furnace_capacity_t": 45.0}, {"not-applicable", None}),
        (heats(("F1", None), ("F2", None)), {"furnace_capacity_t": 45.0}, {"constant-shared"}),  # of 45 and 120 t: 86 instead of 72
        (heats(("F1", 45.0), ("F2", 120.0)), {}, {"constant-shared"}),
        (heats(("F1", 60.0), ("F2", 60.0)), {}, {"not-applicable", None}),
        (heats(("F1", 60.0), ("F2", 60.0)), {"furnace_capacity_t": 45.0}, {"constant-shared"}),
    ],
)
def test_a_limit_by_capacity_is_tested_where_one_capacity_is_known(
    batches: list[Batch], static: dict[str, float | str], expected: set[str | None]
) -> None:
    means = {**TAKEN, **{name: value for batch in batches[:1] for name, value in batch.variables.items()}}
    shared = shared_constants(EAF, batches, static)
    whole = Coverage(365, 365, (START, START), 12, 12)
    grade = grade_step(EAF, EAF.metrics[0], "any", 80.0, means, static, Period.parse("2027", UTC), whole, frozenset({"eaf"}), shared)
    assert {one.reason for one in grade.limits} == expected
