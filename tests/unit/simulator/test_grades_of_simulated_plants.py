"""Simulated plants declare what the standards ask for, so every limit in force is tested and every
other one says why not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from benchmarks.labels import StepGrade
from benchmarks.measurements import Metric, Period
from fixtures.simulator import Sector
from reporting_agent import pipeline
from reporting_agent.config import load_site

RECOVERY = {
    "coke-dry-quenching",
    "top-gas-turbine",
}  # where a plant runs them, its limits are tested on the account of the route


Grades = Callable[[str, int], dict[tuple[str, Metric], StepGrade]]


@pytest.fixture(scope="module")
def grades(tmp_path_factory: pytest.TempPathFactory) -> Grades:
    """Of a plant and a year, labelled once for all tests that ask."""
    return cache(lambda pack, year: grades_of(pack, year, tmp_path_factory.mktemp("plant")))


def grades_of(pack: str, year: int, folder: Path) -> dict[tuple[str, Metric], StepGrade]:
    """Of a plant that recovers nothing beside its processes."""
    plant = Sector(pack, 1, 1, year).plants[0]
    histories = tuple(history for history in plant.histories if history.step.id not in RECOVERY)
    replace(plant, histories=histories).write(folder, faults=0, road="csv")
    site = load_site(folder / "site.toml")
    labels = pipeline.label(site, Period.parse(str(year), site.zone)).site_label.steps
    return {(label.step, label.metric): label.grade for label in labels}


@pytest.mark.parametrize(
    ("pack", "year", "graded"),
    [
        (
            "aluminium",
            2025,
            {("alumina-refining", Metric.TOTAL), ("electrolysis", Metric.ELECTRICITY)},
        ),
        ("cement", 2025, {("cement-grinding", Metric.ELECTRICITY)}),
        ("steel", 2025, set()),  # GB 21256-2025 and GB 21342-2025 are in force from 2026 on
        (
            "steel",
            2027,
            {
                (step, Metric.TOTAL)
                for step in ("sintering", "pelletising", "blast-furnace", "converter", "eaf")
            },
        ),
    ],
)
def test_a_whole_year_is_graded_where_a_standard_of_one_step_is_in_force(
    pack: str, year: int, graded: set[tuple[str, Metric]], grades: Grades
) -> None:
    by_key = grades(pack, year)
    assert {
        key for key, grade in by_key.items() if any(limit.reason is None for limit in grade.limits)
    } == graded
    for key, grade in by_key.items():
        assert (grade.best_met is None) == (grade.why is not None), key
        assert all((limit.reason is None) == (limit.why is None) for limit in grade.limits), key


def test_a_standard_not_yet_in_force_says_from_when_in_both_languages(grades: Grades) -> None:
    grade = grades("steel", 2025)["eaf", Metric.TOTAL]
    assert grade.reason == "not-in-force"
    assert grade.why is not None
    assert "This pack treats GB 21256-2025 as in force from 2026-07-01" in grade.why.en
    assert "GB 21256-2025 自 2026-07-01 起按已实施处理" in grade.why.said_in("zh")


def test_coke_without_a_charging_variant_is_not_held_against_one(grades: Grades) -> None:
    grade = grades("steel", 2027)["coking", Metric.TOTAL]
    assert {limit.reason for limit in grade.limits} == {"not-applicable"}
