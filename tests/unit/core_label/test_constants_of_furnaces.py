"""What a limit asks of a furnace does not hold for two that share one value of the site, nor for
two that differ.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks import packs
from benchmarks.labels.coverage import Coverage
from benchmarks.labels.limit_test import doubtful, grade_step
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
    ("recorded", "stated", "reasons"),
    [
        (
            {"hot_metal_pct": 45.0},
            0.0,
            {"constant-two-valued"},
        ),  # limits of 61 and more for 25, 28 and 36
        ({"hot_metal_pct": 45.0}, 45.1, {"not-applicable", None}),
        ({}, 0.0, {"not-applicable", None}),
    ],
)
def test_a_limit_is_not_corrected_by_a_constant_that_the_batches_refute(
    recorded: dict[str, float], stated: float, reasons: set[str | None]
) -> None:
    batches = [
        replace(heat, variables={"furnace_capacity_t": 60.0, **recorded})
        for heat in heats(("F1", 60.0), ("F1", 60.0))
    ]
    static: dict[str, float | str] = {"hot_metal_pct": stated}
    means = {"furnace_capacity_t": 60.0, **recorded}
    whole = Coverage(365, 365, (START, START), 12, 12)
    of_year = Period.parse("2027", UTC), whole, frozenset({"eaf"})
    grade = grade_step(
        EAF, EAF.metrics[0], "any", 47.31, means, static, *of_year, doubtful(EAF, batches, static)
    )
    assert {limit.reason for limit in grade.limits} == reasons
    if recorded and stated > 45:  # the batches' own value corrects it, not the site's
        assert (
            grade.limits
            == grade_step(EAF, EAF.metrics[0], "any", 47.31, means, {}, *of_year).limits
        )


@pytest.mark.parametrize(
    ("batches", "static", "expected"),
    [
        (heats(("F1", None)), {"furnace_capacity_t": 45.0}, {"not-applicable", None}),
        (
            heats(("F1", None), ("F2", None)),
            {"furnace_capacity_t": 45.0},
            {"constant-shared"},
        ),  # of 45 and 120 t: 86 instead of 72
        (heats(("F1", 45.0), ("F2", 120.0)), {}, {"constant-shared"}),
        (heats(("F1", 60.0), ("F2", 60.0)), {}, {"not-applicable", None}),
        (heats(("F1", 60.0), ("F2", 60.0)), {"furnace_capacity_t": 45.0}, {"constant-shared"}),
    ],
)
def test_a_limit_by_capacity_is_tested_where_one_capacity_is_known(
    batches: list[Batch], static: dict[str, float | str], expected: set[str | None]
) -> None:
    means = {
        **TAKEN,
        **{name: value for batch in batches[:1] for name, value in batch.variables.items()},
    }
    doubts = doubtful(EAF, batches, static)
    whole = Coverage(365, 365, (START, START), 12, 12)
    grade = grade_step(
        EAF,
        EAF.metrics[0],
        "any",
        80.0,
        means,
        static,
        Period.parse("2027", UTC),
        whole,
        frozenset({"eaf"}),
        doubts,
    )
    assert {limit.reason for limit in grade.limits} == expected
