"""What a plant engineer would act on in the real heats: found by the agent, and so in a plain look
at the same file.

The data may not be redistributed: see `real_data`.
"""

from __future__ import annotations

from statistics import median

import pytest

from benchmarks.guidance.causes import WasteCause
from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.waste.pareto import Dimension
from reporting_agent.config import load_site
from tests.analysed import analysed
from tests.functional.real_data import HEATS, site_of


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    site = load_site(site_of(*HEATS, tmp_path_factory.mktemp("waste")))
    return analysed(site, pipeline.label(site, Period.parse("2015-01-01/2017-01-01", site.zone)))


@pytest.fixture(scope="module")
def heats(analysis: Analysis) -> list[tuple[str, float, float]]:
    """Month, hours stood before, kWh/t of every used heat."""
    (lost,) = analysis.losses
    pause = lost.evidence.pause_s[lost.made_from.rows] / 3600
    return [
        (f"{start:%Y-%m}", hours, value)
        for start, hours, value in zip(
            lost.batches.start, pause.tolist(), lost.batches.value.tolist(), strict=True
        )
    ]


def test_the_level_rose_in_june_2016(
    analysis: Analysis, heats: list[tuple[str, float, float]]
) -> None:
    advice = next(entry for entry in analysis.first_look if entry.code == "level-shift")
    assert "since 2016-06" in advice.words.en
    before, after = (
        median(value for month, _, value in heats if (month >= "2016-06") is late)
        for late in (False, True)
    )
    assert after - before > 8


def test_a_furnace_that_stood_pays_for_it(
    analysis: Analysis, heats: list[tuple[str, float, float]]
) -> None:
    """1,118 kWh an hour: after eight to sixteen hours about 10,400 kWh, 85 kWh/t, as the plain
    medians say.
    """
    (lost,) = analysis.losses
    cold = next(rule for rule in lost.rules if rule.cause is WasteCause.COLD_START)
    assert cold.stands
    assert cold.estimate == pytest.approx(1_118, rel=0.1)
    usual = median(value for _, hours, value in heats if hours < 1)
    assert median(value for _, hours, value in heats if 8 <= hours < 16) - usual > 75
    assert any(advice.code == "cause-cold-start" for advice in analysis.first_look)


def test_most_of_the_gap_went_in_at_power_and_not_in_waiting(analysis: Analysis) -> None:
    (lost,) = analysis.losses
    rules = {rule.cause: rule for rule in lost.rules}
    assert not rules[WasteCause.HOLDING].stands
    assert lost.by_cause[WasteCause.AT_POWER].energy > 0.6 * lost.beyond.energy
    a_minute = rules[WasteCause.AT_POWER].estimate
    assert a_minute is not None
    assert 60 * a_minute > 50_000  # kW: half the furnace's mean power and more


def test_no_shift_and_no_hour_is_blamed(analysis: Analysis) -> None:
    for dimension in (Dimension.SHIFT, Dimension.HOUR):
        table = next(pareto for pareto in analysis.pareto if pareto.dimension is dimension)
        assert not any(row.more_than_chance for row in table.rows)
    assert not any(
        advice.code in {"shift-differs", "hour-differs"} for advice in analysis.first_look
    )


def test_all_of_it_adds_up(analysis: Analysis) -> None:
    (lost,) = analysis.losses
    assert (
        lost.gap.energy
        == lost.explained.energy
        + lost.within_uncertainty.energy
        + lost.avoidable.energy
        + lost.unexplained.energy
    )
    named = [amount.energy for cause, amount in lost.by_cause.items() if cause.named]
    unnamed = [amount.energy for cause, amount in lost.by_cause.items() if not cause.named]
    assert lost.avoidable.energy == sum(named) == float(lost.batches.avoidable.sum()) > 0
    assert (
        lost.unexplained.energy
        == sum(unnamed)
        == float(lost.batches.unexplained.sum())
        > lost.avoidable.energy
    )
    assert lost.avoidable.co2_kg is None
    assert lost.co2_reason is not None  # the table has no grid factor of 2015
