"""How sure a label is: the meter's part by hand, the order statistics' part by trial, and batches
that are alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import hypot

import numpy as np
import pytest

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.labels import StepLabel, label_step
from benchmarks.labels.uncertainty import ExpandedUncertainty, Floats, alike, label_uncertainty
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Period
from benchmarks.routes import Step

P5 = Fraction(1, 20)


def test_the_interval_of_a_quantile_holds_it_in_95_of_100_years() -> None:
    """Plants of 400 independent batches each: the true p5 of a normal law lies within the sampling
    part.
    """
    chance = np.random.default_rng(1)
    truth = 400 - 1.6449 * 20
    covered = 0
    for _ in range(400):
        values = chance.normal(400, 20, 400)
        uncertainty = label_uncertainty(values, P5, 0.0, 400.0, 400, 0.0, "kWh/t").best
        assert uncertainty is not None
        best = float(np.sort(values)[19])
        covered += abs(best - truth) <= uncertainty.sampling
    assert 0.93 <= covered / 400 <= 1.0


def test_batches_in_sequence_that_are_alike_tell_less() -> None:
    """Each value 0.8 of the one before and fresh noise: (1 + 0.8) / (1 - 0.8), so that nine tell as
    much as one alone.
    """
    chance = np.random.default_rng(2)
    walk, noise = np.zeros((30, 2000)), chance.normal(0, 20, (30, 2000))
    for row in range(1, 2000):
        walk[:, row] = 0.8 * walk[:, row - 1] + 0.6 * noise[:, row]
    assert np.mean([alike(plant) for plant in noise]) == pytest.approx(1.0, abs=0.1)
    assert np.mean([alike(plant) for plant in walk]) == pytest.approx(9.0, rel=0.15)
    alone, together = (np.mean([_sampling(plant) for plant in plants]) for plants in (noise, walk))
    assert together > 1.5 * alone


def _sampling(values: Floats) -> float:
    best = label_uncertainty(values, P5, 0.0, 0.0, len(values), 0.0, "kWh/t").best
    assert best is not None
    return best.sampling


def test_few_batches_hold_no_interval_of_their_lowest_value() -> None:
    values = np.random.default_rng(3).permutation(np.arange(20, dtype=float))
    uncertainty = label_uncertainty(values, P5, 0.0, 10.0, 20, 0.01, "kWh/t")
    assert uncertainty.best is not None
    assert not uncertainty.best.bounded
    assert uncertainty.typical.bounded


def test_the_mean_is_exact_but_for_the_meters_and_the_batches_that_are_missing() -> None:
    values = np.tile([390.0, 410.0], 50)
    whole = label_uncertainty(values, P5, 390.0, 400.0, 100, 0.01, "kWh/t").mean
    assert (whole.value, whole.meter, whole.sampling) == (4.0, 4.0, 0.0)
    half = label_uncertainty(values, P5, 390.0, 400.0, 200, 0.01, "kWh/t").mean
    assert half.sampling == pytest.approx(1.96 * 10.05 / 10 * 0.5**0.5, rel=1e-3)


def test_a_common_error_stays_and_a_batchs_own_does_not(
    factors: FactorTable, year: Period, a_step: Callable[..., Step], a_heat: Callable[..., Batch]
) -> None:
    """A class error of 1 % common to all, and 2 % of each batch's own: the label carries the first,
    the gap both.
    """

    def entry(kwh: float) -> CarrierEnergy:
        return CarrierEnergy(
            "electricity", kwh, "kWh", relative_uncertainty=0.05**0.5 / 10, relative_systematic=0.01
        )

    step = a_step()
    heats = [a_heat(number, 0, energy=(entry(40_000.0),)) for number in range(40)]
    label: StepLabel = label_step(
        heats, step, step.metrics[0], product="", variant="", factors=factors, period=year
    )
    assert label.uncertainty is not None
    assert label.uncertainty.relative_meter == pytest.approx(0.01)
    assert label.uncertainty.mean.value == pytest.approx(4.0)
    assert label.made_from is not None
    assert label.made_from.uncertainty.tolist() == pytest.approx([40_000 * 0.05**0.5 / 10] * 40)
    uncertainty = label.to_json()["uncertainty"]
    assert (uncertainty["coverage_factor"], uncertainty["unit"]) == (2, "kWh/t")


def test_batches_of_another_period_and_rows_that_stand_twice_are_not_missing_ones(
    factors: FactorTable, year: Period, a_step: Callable[..., Step], a_heat: Callable[..., Batch]
) -> None:
    """Every batch of the period is in the mean, so that nothing but the meter makes it uncertain; a
    tenth that is missing does.
    """
    step = a_step()
    heats = [a_heat(number, 390 + 20 * (number % 2)) for number in range(40)]
    others = [
        a_heat(number, 400, start=datetime(2015, 6, 1, number, tzinfo=UTC)) for number in range(20)
    ]
    again = [replace(heat, excluded="duplicate") for heat in heats[:5]]

    def mean(*rows: Batch) -> ExpandedUncertainty:
        label = label_step(
            rows, step, step.metrics[0], product="", variant="", factors=factors, period=year
        )
        assert label.uncertainty is not None
        assert label.mean == pytest.approx(400)
        return label.uncertainty.mean

    assert mean(*heats, *others, *again).sampling == 0
    assert mean(*heats, *others, *(a_heat(40 + number, None) for number in range(4))).sampling > 0


def test_what_is_given_back_is_measured_no_better_than_what_is_taken() -> None:
    """1 kg of coke out of 1.4 kg of coal: 1 % of 36,800 MJ taken and 1 % of 28,000 given back, on
    what is left of them, 8,800 a tonne.
    """
    pack = packs.load("steel")
    step = pack.step("coking")
    intake, back = (1_400_000 * 26.0 + 400_000, "cleaned-coal", "coke-oven-gas"), 1_000_000 * 28.0
    energy = (
        CarrierEnergy(intake[1], 1_400_000, "kg", lhv_mj_per_unit=26.0),
        CarrierEnergy(intake[2], 25_000, "Nm3", lhv_mj_per_unit=16.0),
        CarrierEnergy("electricity", 0.0, "kWh"),
        CarrierEnergy("coke", 1_000_000, "kg", Direction.RECOVERED, lhv_mj_per_unit=28.0),
    )
    day = timedelta(days=1)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    days = [
        Batch(
            f"d{at}",
            step.id,
            "",
            "",
            start + at * day,
            start + (at + 1) * day,
            1000.0,
            energy=energy,
        )
        for at in range(60)
    ]
    step_label = label_step(
        days,
        step,
        step.metrics[0],
        product="",
        variant="",
        factors=packs.factors(pack),
        period=Period.parse("2025", UTC),
    )
    assert step_label.made_from is not None
    assert step_label.made_from.energy.relative_systematic(np.arange(60)) == pytest.approx(
        0.01 * hypot(intake[0], back) / (intake[0] - back)
    )
    assert step_label.made_from.energy.uncertainty[0] * 29.3076 == pytest.approx(
        0.01 * hypot(intake[0], back)
    )
