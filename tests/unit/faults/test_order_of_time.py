"""Stamps that step back: late entries, doubled rows and wrong clocks, each told from the others."""

import numpy as np
import pytest

from reporting_agent.metering import order
from tests.unit.faults.plant import (
    STEP_S,
    Kind,
    counts_by_code,
    course,
    line,
    meter,
    rows,
    stamps,
    written,
)

LINE = line(20)
MOMENTS = stamps(20)
VALUE = {kind: written(LINE, kind, MOMENTS) for kind in ("register", "rate", "interval")}
KINDS: tuple[Kind, ...] = ("register", "rate", "interval")
HOUR = 3600 // STEP_S


def at(
    order: np.ndarray, kind: Kind, shift: tuple[int, int, int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    moments = MOMENTS.copy()
    first, end, seconds = shift or (0, 0, 0)
    moments[first:end] += seconds
    return moments[order], VALUE[kind][order]


EVERY = np.arange(len(MOMENTS))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1, 2, 8])
@pytest.mark.parametrize("wait", [3, 20, 110])
def test_a_buffer_handed_over_late_is_put_in_order_row_by_row(
    kind: Kind, length: int, wait: int
) -> None:
    if length > wait:
        pytest.skip("then the others are the late ones")
    first = 2000
    order = np.concatenate(
        (
            EVERY[:first],
            EVERY[first + length : first + length + wait],
            EVERY[first : first + length],
            EVERY[first + length + wait :],
        )
    )
    late = course(meter(kind), *at(order, kind))
    assert counts_by_code(late) == {"reading-disordered": length}
    assert rows(late, "reading-disordered") == [first + wait + 2 + index for index in range(length)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1, 2, 3, 40])
def test_rows_written_twice_are_doubles_and_neither_late_nor_of_a_wrong_clock(
    kind: Kind, length: int
) -> None:
    order = np.concatenate(
        (EVERY[: 2000 + length], EVERY[2000 : 2000 + length], EVERY[2000 + length :])
    )
    assert counts_by_code(course(meter(kind), *at(order, kind))) == {"reading-duplicate": length}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seconds", [3600, -3600, 7200])
@pytest.mark.parametrize("length", [2 * HOUR, 9 * HOUR])
def test_a_clock_set_wrong_for_some_hours_takes_its_readings_with_it(
    kind: Kind, seconds: int, length: int
) -> None:
    wrong = course(meter(kind), *at(EVERY, kind, (2000, 2000 + length, seconds)))
    assert counts_by_code(wrong) == {"clock-jump": length, "reading-gap": 1}
    assert rows(wrong, "clock-jump")[0] == 2002


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("first", "second"), [(3600, 3600), (3600, -3600), (-3600, 3600), (-3600, -3600)]
)
def test_two_wrong_settings_soon_after_one_another_take_the_right_readings(
    kind: Kind, first: int, second: int
) -> None:
    moments = MOMENTS.copy()
    moments[2000:2060] += first
    moments[2090:2150] += second
    wrong = course(meter(kind), moments, VALUE[kind])
    assert rows(wrong, "clock-jump")[:1] == [2002]
    assert counts_by_code(wrong)["clock-jump"] == 120


@pytest.mark.parametrize("kind", KINDS)
def test_a_gap_of_an_hour_days_before_a_doubled_row_is_no_clock(kind: Kind) -> None:
    order = np.concatenate((EVERY[:500], EVERY[500 + 2 : 3002], EVERY[3000:3002], EVERY[3002:]))
    assert counts_by_code(course(meter(kind), *at(order, kind), gap_s=300)) == {
        "reading-duplicate": 2,
        "reading-gap": 1,
    }


def beside_a_gap(shift: int, gap: int) -> tuple[np.ndarray, np.ndarray]:
    """An hour wrong over the readings 2000 to 2060, and soon after (30 readings) this many readings
    missing.
    """
    moments = MOMENTS.copy()
    moments[2000:2060] += shift
    indices = np.delete(EVERY, slice(2090, 2090 + gap))
    return moments, indices


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gap", [HOUR - 1, HOUR + 1])
def test_a_gap_of_about_an_hour_soon_after_a_wrong_clock_is_a_gap(kind: Kind, gap: int) -> None:
    moments, indices = beside_a_gap(3600, gap)
    wrong = course(meter(kind), moments[indices], VALUE[kind][indices])
    assert rows(wrong, "clock-jump")[:1] == [2002]
    assert counts_by_code(wrong)["clock-jump"] == 60


def test_a_register_tells_a_gap_of_just_an_hour_from_a_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments, indices = beside_a_gap(3600, HOUR)
    data = meter("register"), moments[indices], VALUE["register"][indices]
    assert rows(course(*data), "clock-jump")[:1] == [2002]
    monkeypatch.setattr(order, "passed", lambda count, place, times: False)
    assert rows(course(*data), "clock-jump")[:1] == [2062]  # the fewest readings


@pytest.mark.parametrize("kind", KINDS)
def test_a_clock_put_back_for_good_loses_the_time_that_came_twice(kind: Kind) -> None:
    back = course(meter(kind), *at(EVERY, kind, (2000, len(MOMENTS), -1800)))
    assert counts_by_code(back)["clock-jump"] == 6
    assert set(counts_by_code(back)) <= {
        "clock-jump",
        "register-jump",
    }  # half an hour's count within one step


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_from_the_newest_to_the_oldest_is_turned_round(kind: Kind) -> None:
    turned, straight = (
        course(meter(kind), *at(EVERY[::-1], kind), line=LINE),
        course(meter(kind), *at(EVERY, kind), line=LINE),
    )
    assert counts_by_code(turned) == {}
    np.testing.assert_array_equal(turned.curve.steps, straight.curve.steps)


def test_two_values_of_one_stamp_take_the_first() -> None:
    order = np.concatenate((EVERY[:2001], EVERY[2000:]))
    moments, value = at(order, "rate")
    value[2001] += 30
    assert counts_by_code(course(meter("rate"), moments, value)) == {"reading-conflict": 1}


def test_left_out_readings_leave_no_gap() -> None:
    value = VALUE["rate"].copy()
    value[2000] = 999.999
    assert counts_by_code(course(meter("rate"), MOMENTS, value, gap_s=STEP_S)) == {"sentinel": 1}
    missing = np.delete(EVERY, 2000)
    assert counts_by_code(course(meter("rate"), *at(missing, "rate"), gap_s=STEP_S)) == {
        "reading-gap": 1
    }


def test_a_register_reset_near_its_end_is_no_rollover() -> None:
    value = np.mod(VALUE["register"] + 9_600_000 - VALUE["register"][2000], 1e7)
    value[2000:] = VALUE["register"][2000:] - VALUE["register"][2000]
    reset = course(meter("register", rollover=1e7, range=(0.0, 20_000.0)), MOMENTS, value)
    assert counts_by_code(reset) == {"register-reset": 1}


def test_a_register_that_goes_on_in_another_unit_is_told_from_a_reset() -> None:
    value = VALUE["register"].copy()
    value[2000:] = value[2000:] / 1000
    assert counts_by_code(course(meter("register"), MOMENTS, value))["register-rescaled"] == 1
