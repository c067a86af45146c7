"""Each fault of a meter: what is counted, what the energy becomes, and that no energy is carried
where none is known.
"""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_agent.all_nines import NINES, POWERS, all_nines
from reporting_agent.config import Meter
from reporting_agent.metering import MeteredEnergy, MeterQuery, Windows, courses
from reporting_agent.metering.segments import Readings
from reporting_agent.metering.stream import near_power_of_ten

STEP_S = 60
REGISTER = Meter(
    id="m",
    step="eaf",
    carrier="electricity",
    reading="register",
    unit="kWh",
    range=(0.0, 6000.0),
    rollover=10_000.0,
)


def windows(*edges_s: tuple[float, float]) -> Windows:
    return Windows(
        np.array([round(start * 1e6) for start, _ in edges_s], dtype=np.int64),
        np.array([round(end * 1e6) for _, end in edges_s], dtype=np.int64),
    )


def readings(time_s: Iterable[float], value: Iterable[float]) -> Readings:
    times, values = np.array(list(time_s), dtype=float), np.array(list(value), dtype=float)
    return Readings(
        np.round(times * 1e6).astype(np.int64), values, np.arange(2, 2 + len(times), dtype=np.int64)
    )


def measured(
    meter: Meter,
    data: Readings,
    over: Windows,
    *,
    block: int | None = None,
    longest_gap_s: float = 300,
) -> MeteredEnergy:
    size = block or max(len(data), 1)

    def read(names: frozenset[str]) -> Iterable[tuple[str, Readings, str]]:
        for start in range(0, len(data), size):
            yield meter.id, data.at(slice(start, start + size)), "readings.csv"

    asked = MeterQuery(meter, np.concatenate((over.start_us, over.end_us)), longest_gap_s)
    return courses([asked], [read])[meter.id].over(over)


def counts(result: MeteredEnergy) -> dict[str, int]:
    return {finding.code: finding.count for finding in result.findings}


def steady(
    count: int = 60, per_step: float = 50.0, first: float = 1000.0
) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(count) * float(STEP_S), first + per_step * np.arange(count)


WHOLE = windows((0, 59 * STEP_S))


def test_a_clean_register_gives_its_difference_and_no_finding() -> None:
    result = measured(REGISTER, readings(*steady()), WHOLE)
    assert result.energy[0] == pytest.approx(59 * 50.0)
    assert result.completeness[0] == 1.0
    assert result.findings == ()


def test_the_pair_of_all_nines_is_left_out_and_the_register_runs_on() -> None:
    time, value = steady()
    value[20], value[21] = -999.999, 999.999
    result = measured(REGISTER, readings(time, value), WHOLE)
    assert counts(result) == {"sentinel": 2}
    assert result.findings[0].places[0].row == 22
    assert result.energy[0] == pytest.approx(59 * 50.0)


def test_a_register_that_passes_all_nines_on_its_way_is_no_fault() -> None:
    meter = REGISTER.model_copy(update={"rollover": None, "range": None})
    value = 99_979.0 + 20.0 * np.arange(
        60
    )  # the second reading is 99999 and fits between its neighbours
    result = measured(meter, readings(np.arange(60) * 60.0, value), WHOLE)
    assert result.findings == ()


@pytest.mark.parametrize("value", [999.999, -999.999, 99999.0, 99999.9, 9.9999, 9999.99])
def test_what_loggers_write_for_a_fault_is_recognised(value: float) -> None:
    assert bool(all_nines(np.array([value]))[0]) is (abs(value) >= 99)


@pytest.mark.parametrize("value", [-999.999, 999.99, 99.999, 99999.0, 9999.9, 99999.9])
def test_they_are_recognised_out_of_32_bits_too(value: float) -> None:
    assert all_nines(np.array([value], dtype=np.float32).astype(float))[0]


@pytest.mark.parametrize(
    "value",
    [
        0.0,
        9999.0,
        999.0,
        1000.0,
        99998.0,
        99.99,
        48.625,
        1e12,
        999.9991,
        float(np.float32(1e12)),
        float("nan"),
    ],
)
def test_ordinary_values_are_no_sentinels(value: float) -> None:
    assert not all_nines(np.array([value]))[0]


@pytest.mark.parametrize(
    "size", NINES[POWERS[-1] > NINES].tolist()
)  # at 1e12 the last digits are lost
def test_the_screen_holds_back_whatever_cleaning_takes_for_a_fault(size: float) -> None:
    for value in (size, -size, size * (1 + 5e-13), size * (1 - 5e-13)):  # as rounding leaves them
        written = np.array([value])
        assert all_nines(written)[0]
        assert any(near_power_of_ten(written, power) for power in POWERS)


def test_a_rollover_is_added_back() -> None:
    time, value = steady(first=9000.0)
    result = measured(REGISTER, readings(time, value % 10_000), WHOLE)
    assert counts(result) == {"register-rollover": 1}
    assert result.energy[0] == pytest.approx(59 * 50.0)


def test_a_reset_makes_the_segment_unknown_and_invents_nothing() -> None:
    time, value = steady()
    value[30:] -= value[30]
    result = measured(REGISTER, readings(time, value), WHOLE)
    assert counts(result) == {"register-reset": 1}
    assert result.energy[0] == pytest.approx(58 * 50.0)
    assert result.completeness[0] == pytest.approx(58 / 59)


def test_a_single_wrong_register_value_is_left_out() -> None:
    time, value = steady()
    value[30] = 0.0
    result = measured(REGISTER, readings(time, value), WHOLE)
    assert counts(result) == {"register-spike": 1}
    assert result.energy[0] == pytest.approx(59 * 50.0)
    assert result.completeness[0] == 1.0


def test_no_energy_is_carried_across_a_long_gap() -> None:
    time, value = steady()
    keep = (time < 1200) | (time > 1800)
    result = measured(
        REGISTER, readings(time[keep], value[keep]), windows((0, 59 * STEP_S), (1200, 1800))
    )
    assert counts(result) == {"reading-gap": 1}
    assert result.energy[0] == pytest.approx(
        50.0 * (59 - 12 + 0)
    )  # readings at 1140 and 1860 s: 12 steps unknown
    assert result.completeness[0] == pytest.approx(1 - 720 / (59 * 60))
    assert result.energy[1] == 0.0
    assert result.completeness[1] == 0.0


def test_duplicates_count_once_and_conflicts_take_the_first() -> None:
    time, value = steady()
    twice = np.insert(time, 10, time[10]), np.insert(value, 10, value[10])
    assert counts(measured(REGISTER, readings(*twice), WHOLE)) == {"reading-duplicate": 1}
    conflict = np.insert(value, 11, value[10] + 3)
    result = measured(REGISTER, readings(np.insert(time, 11, time[10]), conflict), WHOLE)
    assert counts(result) == {"reading-conflict": 1}
    assert result.energy[0] == pytest.approx(59 * 50.0)


def test_late_entries_are_put_in_order() -> None:
    time, value = steady()
    order = np.concatenate((np.arange(0, 20), [25], np.arange(20, 25), np.arange(26, 60)))
    result = measured(REGISTER, readings(time[order], value[order]), WHOLE)
    assert counts(result) == {"reading-disordered": 1}
    assert result.energy[0] == pytest.approx(59 * 50.0)


def test_a_clock_that_leapt_ahead_and_back_takes_its_readings_with_it() -> None:
    time, value = steady(count=240)
    time[100:120] += 3600
    result = measured(
        REGISTER, readings(time, value), windows((0, 239 * STEP_S), (110 * STEP_S, 115 * STEP_S))
    )
    assert counts(result) == {"clock-jump": 20, "reading-gap": 1}
    assert result.energy[0] == pytest.approx(50.0 * (239 - 21))
    assert result.completeness[1] == 0.0


@pytest.mark.parametrize("kind", ["register", "rate", "interval"])
def test_a_leap_shorter_than_the_time_it_lasted_is_a_wrong_clock_for_every_kind_of_meter(
    kind: str,
) -> None:
    meter = Meter(id="m", step="eaf", carrier="electricity", reading=kind, unit="kWh")
    time, value = steady(count=240)
    value = value if kind == "register" else np.full(240, 50.0)
    time[100:190] += 3600
    result = measured(meter, readings(time, value), windows((0, 239 * STEP_S)))
    assert counts(result)["clock-jump"] == 90
    assert result.completeness[0] == pytest.approx((239 - 91) / 239)


def test_a_clock_put_back_for_good_loses_the_time_that_came_twice() -> None:
    time, value = steady(count=240)
    time[100:] -= 600
    result = measured(REGISTER, readings(time, value), windows((0, 239 * STEP_S)))
    assert counts(result)["clock-jump"] == 10
    assert "register-reset" not in counts(result)


def test_a_rate_outside_its_range_is_left_out() -> None:
    meter = Meter(
        id="m", step="eaf", carrier="electricity", reading="rate", unit="kW", range=(0.0, 6000.0)
    )
    value = np.full(60, 3000.0)
    value[30] = 50_000.0
    result = measured(meter, readings(np.arange(60) * 60.0, value), WHOLE)
    assert counts(result) == {"out-of-range": 1}
    assert result.energy[0] == pytest.approx(3000 * 59 / 60)


def test_an_interval_of_all_nines_is_unknown_and_its_neighbours_keep_their_own_length() -> None:
    meter = Meter(id="m", step="eaf", carrier="electricity", reading="interval", unit="kWh")
    value = np.full(60, 50.0)
    value[30] = 999.999
    result = measured(
        meter,
        readings(np.arange(60) * 60.0, value),
        windows((0, 59 * STEP_S), (30 * STEP_S, 31 * STEP_S)),
    )
    assert counts(result) == {"sentinel": 1}
    assert result.energy[0] == pytest.approx(58 * 50.0)
    assert result.energy[1] == pytest.approx(50.0)
    assert result.completeness[0] == pytest.approx(58 / 59)


def test_a_change_of_resolution_is_told_and_costs_no_energy() -> None:
    meter = Meter(id="m", step="eaf", carrier="electricity", reading="interval", unit="kWh")
    time = np.concatenate((np.arange(0, 3600, 60), np.arange(3600, 3600 + 60 * 300, 300)))
    value = np.diff(time, prepend=-60) / 60 * 5.0
    result = measured(meter, readings(time, value), windows((0, float(time[-1]))))
    assert counts(result) == {"resolution-change": 1}
    assert result.energy[0] == pytest.approx(time[-1] / 60 * 5.0)


def test_a_wrong_meter_clock_is_set_right() -> None:
    meter = REGISTER.model_copy(update={"clock_offset_s": 120.0})
    time, value = steady()
    over = windows((600, 1200))
    assert measured(meter, readings(time + 120, value), over).energy[0] == pytest.approx(
        measured(REGISTER, readings(time, value), over).energy[0]
    )


FAULTS = st.sampled_from(
    ["none", "sentinel", "spike", "reset", "rollover", "gap", "duplicate", "late"]
)


@settings(max_examples=80, deadline=None)
@given(
    fault=FAULTS,
    at=st.integers(3, 110),
    block=st.integers(1, 50),
    kind=st.sampled_from(["register", "rate", "interval"]),
)
def test_the_result_does_not_depend_on_where_blocks_are_cut(
    fault: str, at: int, block: int, kind: str
) -> None:
    time = np.arange(120) * 60.0
    value = 9000 + np.cumsum(30 + 20 * np.sin(np.arange(120)))
    if kind != "register":
        value = 100 + 20 * np.sin(np.arange(120))
    elif fault == "rollover":
        value = value % 10_000
    order = np.arange(120)
    if fault == "sentinel":
        value[at] = -999.999
    elif fault == "spike" and kind == "register":
        value[at] = 12.0
    elif fault == "reset" and kind == "register":
        value[at:] -= value[at]
    elif fault == "gap":
        order = np.delete(order, slice(at, at + 9))
    elif fault == "duplicate":
        order = np.insert(order, at, at)
    elif fault == "late":
        order = np.concatenate(
            (np.delete(order, at)[: at + 4], [at], np.delete(order, at)[at + 4 :])
        )
    meter = Meter(
        id="m",
        step="s",
        carrier="electricity",
        reading=kind,
        unit="kWh",
        rollover=10_000 if kind == "register" else None,
    )
    data = readings(time[order], value[order])
    over = windows((0, 7140), (100, 1000), (3000, 5000.5))
    whole, cut = measured(meter, data, over), measured(meter, data, over, block=block)
    assert cut.energy == pytest.approx(whole.energy, rel=1e-9, abs=1e-9)
    assert cut.completeness == pytest.approx(whole.completeness)
    if (
        kind != "register" or fault != "sentinel"
    ):  # a register's all-nines is judged by its neighbours in the block
        assert counts(cut) == counts(whole)


INTERVAL = Meter(id="m", step="eaf", carrier="electricity", reading="interval", unit="kWh")


@pytest.mark.parametrize("block", [None, 1, 2, 3, 7])
def test_the_first_interval_has_the_length_of_the_two_after_it(block: int | None) -> None:
    time = np.arange(1, 11) * 300.0  # stamps end their intervals: the first begins at 0
    whole = measured(
        INTERVAL,
        readings(time, np.full(10, 90.0)),
        windows((0, 3000), (0, 300)),
        **({"block": block} if block else {}),
    )
    assert counts(whole) == {}
    assert whole.energy == pytest.approx([900.0, 90.0])
    assert whole.completeness == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("block", [None, 1, 2, 3, 7])
def test_the_last_interval_of_a_meter_that_stamps_its_start_has_the_length_of_the_two_before_it(
    block: int | None,
) -> None:
    meter = INTERVAL.model_copy(update={"stamp": "start"})
    time = np.arange(10) * 300.0
    whole = measured(
        meter,
        readings(time, np.full(10, 90.0)),
        windows((0, 3000), (2700, 3000)),
        **({"block": block} if block else {}),
    )
    assert counts(whole) == {}
    assert whole.energy == pytest.approx([900.0, 90.0])


@pytest.mark.parametrize("stamp", ["end", "start"])
@pytest.mark.parametrize("times", [(300.0,), (300.0, 600.0), (300.0, 500.0, 800.0)])
def test_an_edge_interval_of_unknown_length_is_left_out_and_told_unless_its_length_is_declared(
    times: tuple[float, ...], stamp: str
) -> None:
    meter = INTERVAL.model_copy(update={"stamp": stamp})
    data = readings(np.array(times), np.full(len(times), 90.0))
    edge = windows((0, 300) if stamp == "end" else (times[-1], times[-1] + 300))
    unknown = measured(meter, data, edge)
    assert counts(unknown) == {"first-interval-unknown": 1}
    assert unknown.completeness[0] == 0.0
    declared = measured(meter.model_copy(update={"interval_s": 300.0}), data, edge)
    assert counts(declared) == {}
    assert declared.energy[0] == pytest.approx(90.0)
