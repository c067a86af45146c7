"""The uncertainty of batches' energy, term by term against arithmetic by hand."""

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest

from reporting_agent.config import Meter, SiteSettings
from reporting_agent.metering import Windows
from reporting_agent.metering.record import MeterFacts
from reporting_agent.metering.segments import HOUR_US
from reporting_agent.metering.uncertainty import WindowUncertainty, doubt, limit_of_error, together
from reporting_agent.pipeline import LabelResult
from tests.unit.meters.conftest import heats, meter, register


def a_meter(**keys: object) -> Meter:
    defaults = {
        "id": "m",
        "step": "eaf",
        "carrier": "electricity",
        "reading": "register",
        "unit": "kWh",
        "accuracy_class": 1.0,
    }
    return Meter.model_validate(defaults | keys)


def facts(step_s: float | None = None, quantum: float | None = None) -> MeterFacts:
    return MeterFacts(1000, 0, 10**12, None, None, quantum, step_s, 0.0)


def doubt_of(
    meter: Meter,
    facts: MeterFacts,
    *,
    begin_h: float = 0.0,
    hours: float = 1.0,
    energy: float = 1000.0,
    completeness: float = 1.0,
) -> WindowUncertainty:
    windows = Windows(
        np.array([round(begin_h * HOUR_US)]), np.array([round((begin_h + hours) * HOUR_US)])
    )
    uncertainty = doubt(meter, facts, windows, np.array([energy]), np.array([completeness]))
    assert uncertainty is not None
    return uncertainty


def test_a_class_of_the_reading_is_a_rectangle_that_all_batches_share() -> None:
    doubt = doubt_of(a_meter(), facts())
    assert doubt.systematic[0] == pytest.approx(10 / sqrt(3))
    assert doubt.own[0] == 0
    assert doubt.relative(np.array([1000.0]))[0][0] == pytest.approx(2 * 0.01 / sqrt(3))


def test_a_class_of_the_range_weighs_more_the_lower_the_load() -> None:
    meter = a_meter(accuracy_class=1.5, accuracy_of="range", range=(0.0, 5000.0))
    limit = limit_of_error(meter, np.array([210.0]), np.array([1.0]))
    assert limit is not None
    assert limit[0] / 210 == pytest.approx(0.357, abs=0.001)


def test_a_register_has_two_readings_of_its_smallest_step() -> None:
    assert doubt_of(a_meter(), facts(60, 10.0)).own[0] == pytest.approx(10 * sqrt(2) / sqrt(12))


def test_intervals_and_rates_add_up_the_steps_of_their_readings() -> None:
    assert doubt_of(a_meter(reading="interval"), facts(900, 10.0)).own[0] == pytest.approx(
        10 * sqrt(4) / sqrt(12)
    )
    assert doubt_of(a_meter(reading="rate"), facts(900, 10.0)).own[0] == pytest.approx(
        10 * 0.25 * sqrt(4) / sqrt(12)
    )


def test_a_declared_resolution_goes_before_the_one_seen() -> None:
    assert doubt_of(a_meter(resolution=1.0), facts(60, 10.0)).own[0] == pytest.approx(
        sqrt(2) / sqrt(12)
    )


def test_an_edge_between_two_readings_splits_their_energy_by_time_alone() -> None:
    # readings every 15 minutes, the batch from 5 past to 5 past: both edges at a third of a segment
    # of 250 kWh
    doubt = doubt_of(a_meter(), facts(900), begin_h=5 / 60)
    assert doubt.own[0] == pytest.approx(250 * sqrt(2 * (1 / 3) * (2 / 3) / 3))
    assert doubt_of(a_meter(), facts(900)).own[0] == 0
    assert doubt_of(a_meter(reading="rate"), facts(900), begin_h=5 / 60).own[0] == 0


def test_missing_seconds_reach_to_twice_the_mean_power() -> None:
    doubt = doubt_of(a_meter(), facts(), energy=950, completeness=0.95)
    assert doubt.own[0] == pytest.approx(50)
    assert doubt.expanded[0] == pytest.approx(2 * sqrt(50**2 + (9.5**2) / 3))


def test_without_a_class_nothing_is_computed() -> None:
    windows = Windows(np.array([0]), np.array([HOUR_US]))
    assert (
        doubt(
            a_meter(accuracy_class=None),
            facts(900, 10.0),
            windows,
            np.array([1.0]),
            np.array([1.0]),
        )
        is None
    )


def test_errors_of_different_meters_are_independent() -> None:
    doubt = together(
        [
            WindowUncertainty(np.array([3.0]), np.array([0.0])),
            WindowUncertainty(np.array([4.0]), np.array([2.0])),
        ]
    )
    assert doubt.systematic[0] == 5
    assert doubt.own[0] == 2


def test_the_class_reaches_the_label_whole_and_does_not_average_out(
    a_site: Callable[..., SiteSettings], labelled: Callable[[SiteSettings], LabelResult]
) -> None:
    def of(count: int) -> float:
        toml = meter("f1", step='"eaf"', accuracy_class=2.0)
        result = labelled(
            a_site(toml, heats(count), {"f1": register(lambda _: 45_000.0, count / 24 + 1)})
        )
        label = next(step for step in result.site_label.steps if step.metric == "electricity")
        assert label.uncertainty is not None
        assert label.uncertainty.best is not None
        return label.uncertainty.best.meter / (label.best.value or 0.0)

    assert of(60) == pytest.approx(2 * 0.02 / sqrt(3), rel=1e-3)
    assert of(240) == pytest.approx(of(60), rel=1e-3)
