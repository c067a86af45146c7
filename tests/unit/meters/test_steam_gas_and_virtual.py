"""Worked-out meters close to the last digit, whatever the pieces; a difference knows what all its
parts know.
"""

from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.errors import InputError
from reporting_agent.config import Meter
from reporting_agent.config.tree import MeterTree
from reporting_agent.metering import MeterFacts
from reporting_agent.metering.curve import Course, Curve
from reporting_agent.metering.moments import of_readings
from reporting_agent.metering.segments import HOUR_US
from reporting_agent.metering.steam_gas_and_virtual import NO_FACTS, work_out


def course(
    moments_us: np.ndarray,
    steps: list[int],
    known_shares: list[float],
    facts: MeterFacts = NO_FACTS,
) -> Course:
    """A course from energy (in grid steps) and known share of each piece."""
    curve = Curve(moments_us)
    length_us = np.diff(moments_us)
    curve.steps[1:] = np.cumsum(steps)
    curve.known_us[1:] = np.cumsum(np.rint(length_us * np.array(known_shares)).astype(np.int64))
    return Course(curve, (), facts)


def a_meter(name: str, **keys: Any) -> Meter:
    return Meter.model_validate(
        {"id": name, "carrier": "natural-gas", "reading": "register", "unit": "m3"} | keys
    )


def state_meter(name: str, unit: str, **keys: Any) -> Meter:
    return Meter.model_validate(
        {"id": name, "role": "state", "reading": "rate", "unit": unit} | keys
    )


pieces = st.lists(
    st.tuples(
        st.integers(1, 3_600),
        st.integers(0, 10**9),
        st.floats(-20, 60),
        st.floats(20, 900),
        st.sampled_from([1.0, 1.0, 0.4, 0.0]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(pieces=pieces, first=st.integers(0, 39), last=st.integers(1, 40))
def test_any_window_of_a_gas_is_the_sum_of_its_pieces(
    pieces: list[tuple[int, int, float, float, float]], first: int, last: int
) -> None:
    moments = np.concatenate(
        ([0], np.cumsum([second * 1_000_000 for second, *_ in pieces]))
    ).astype(np.int64)
    hours = np.diff(moments) / HOUR_US
    known_shares = [share for *_, share in pieces]
    grid = 2**20
    tree = MeterTree(
        (
            a_meter("gas", temperature_meter="t", pressure_meter="p"),
            state_meter("t", "°C"),
            state_meter("p", "kPa", pressure_is="absolute"),
        ),
        Path("site.toml"),
    )
    heat = [
        round(degrees * hour * share * grid)
        for (_, _, degrees, _, share), hour in zip(pieces, hours, strict=True)
    ]
    press = [
        round(kpa * hour * share * grid)
        for (_, _, _, kpa, share), hour in zip(pieces, hours, strict=True)
    ]
    courses = {
        "gas": course(moments, [volume for _, volume, *_ in pieces], [1.0] * len(pieces)),
        "t": course(moments, heat, known_shares),
        "p": course(moments, press, known_shares),
    }
    curve = work_out(tree, courses, {"gas": ("m3", 1.0), "t": ("°C", 1.0), "p": ("kPa", 1.0)}, UTC)[
        "gas"
    ].course.curve
    low, high = sorted((min(first, len(pieces)), min(last, len(pieces))))
    parts = curve.over(moments[low:high], moments[low + 1 : high + 1])[0]
    assert float(parts.sum()) == float(curve.over(moments[[low]], moments[[high]])[0][0])
    lost = np.array(known_shares) < 0.5
    assert (curve.over(moments[:-1], moments[1:])[1][lost] == 0).all()
    assert (curve.over(moments[:-1], moments[1:])[0][lost] == 0).all()


def test_a_difference_counts_each_part_over_the_time_that_all_know() -> None:
    moments = np.array([0, HOUR_US, 2 * HOUR_US], dtype=np.int64)
    tree = MeterTree(
        (
            a_meter("all", unit="Nm3"),
            a_meter("one", unit="Nm3", parent="all"),
            Meter.model_validate(
                {
                    "id": "rest",
                    "carrier": "natural-gas",
                    "unit": "Nm3",
                    "role": "virtual",
                    "step": "eaf",
                    "formula": {"plus": ["all"], "minus": ["one"]},
                }
            ),
        ),
        Path("site.toml"),
    )
    courses = {
        "all": course(moments, [100 << 20, 100 << 20], [1.0, 1.0]),
        "one": course(
            moments, [40 << 20, 20 << 20], [1.0, 0.5]
        ),  # half of the second hour is not known: 20 of 40
    }
    derived = work_out(tree, courses, {"all": ("Nm3", 1.0), "one": ("Nm3", 1.0)}, UTC)["rest"]
    assert derived.course.curve.over(moments[:-1], moments[1:])[0].tolist() == [60.0, 30.0]
    assert derived.course.curve.over(moments[:-1], moments[1:])[1].tolist() == [3600.0, 1800.0]


def test_parts_are_read_off_where_the_meter_made_from_them_is() -> None:
    tree = MeterTree(
        (
            a_meter("a", temperature_meter="t", pressure_kpa=100),
            state_meter("t", "K"),
            Meter.model_validate(
                {
                    "id": "v",
                    "carrier": "natural-gas",
                    "unit": "Nm3",
                    "role": "virtual",
                    "formula": {"plus": ["a"]},
                }
            ),
        ),
        Path("site.toml"),
    )
    asked = of_readings(tree, {"a": np.array([1]), "v": np.array([2])})
    assert {name: moments.tolist() for name, moments in asked.items()} == {"a": [1, 2], "t": [1, 2]}


def test_a_virtual_meter_of_another_unit_is_refused() -> None:
    moments = np.array([0, HOUR_US], dtype=np.int64)
    tree = MeterTree(
        (
            a_meter("a", unit="Nm3"),
            Meter.model_validate(
                {
                    "id": "v",
                    "carrier": "natural-gas",
                    "unit": "t",
                    "role": "virtual",
                    "formula": {"plus": ["a"]},
                }
            ),
        ),
        Path("site.toml"),
    )
    with pytest.raises(InputError, match="adds up Nm3") as caught:
        work_out(tree, {"a": course(moments, [1], [1.0])}, {"a": ("Nm3", 1.0)}, UTC)
    assert caught.value.code == "meter-tree-invalid"
