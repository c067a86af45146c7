"""Faults that only a meter's whole record shows: each found alone, with its rows; clean records
show none of them.
"""

import numpy as np
import pytest

from reporting_agent.metering import whole_record
from tests.unit.faults.plant import Kind, counts_by_code, course, line, meter, rows, stamps, written

KINDS: tuple[Kind, ...] = ("register", "rate", "interval")
LINE = line()
MOMENTS = stamps()
READ = {kind: written(LINE, kind, MOMENTS) for kind in KINDS}
AT = 8000  # a reading in the middle of the record
BUSY = int(np.flatnonzero(READ["rate"][AT:] > 3000)[3]) + AT


def test_a_standby_load_of_a_few_steps_of_the_resolution_is_no_frozen_sensor() -> None:
    """At 700 kW, in steps of 100, it stands for five readings a hundred times, for fourteen once;
    at 400 to 600 it never stands.
    """
    value = 100.0 * np.resize([4, 5, 6], len(MOMENTS))
    for start in range(100, 10_100, 100):
        value[start : start + 5] = 700.0
    value[BUSY : BUSY + 14] = 700.0
    assert counts_by_code(course(meter("rate"), MOMENTS, value)) == {}
    value[value == 700.0] = 500.0 + 100 * (np.arange(np.count_nonzero(value == 700.0)) % 2)
    value[BUSY : BUSY + 14] = 700.0
    assert counts_by_code(course(meter("rate"), MOMENTS, value)) == {"value-stuck": 1}, (
        "where it stands at that value only once"
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("length_s", [600, 3300, 28_800])
def test_a_clean_record_shows_nothing(kind: Kind, seed: int, length_s: int) -> None:
    of = line(seed=seed + 10, length_s=length_s)
    assert counts_by_code(course(meter(kind), MOMENTS, written(of, kind, MOMENTS))) == {}


def test_a_steady_load_without_any_noise_shows_nothing() -> None:
    of = line()
    values = written(of, "rate", MOMENTS)
    for number, (start, end) in enumerate(zip(of.start_s.tolist(), of.end_s.tolist(), strict=True)):
        values[(start < MOMENTS) & (end >= MOMENTS)] = 3900.0 + number % 97
    values[values < 1000] = 200.0
    assert counts_by_code(course(meter("rate"), MOMENTS, values)) == {}


def test_a_meter_in_whole_kilowatts_shows_nothing() -> None:
    coarse = np.round(READ["rate"] / 200) * 200
    assert counts_by_code(course(meter("rate"), MOMENTS, coarse)) == {}


@pytest.mark.parametrize(("kind", "code"), [("rate", "rate-spike"), ("interval", "interval-spike")])
def test_single_values_far_above_the_meters_own_history_are_spikes(kind: Kind, code: str) -> None:
    value = READ[kind].copy()
    value[[BUSY, BUSY + 500]] *= 8
    spiked = course(meter(kind), MOMENTS, value)
    assert counts_by_code(spiked) == {code: 2}
    assert rows(spiked, code) == [BUSY + 2, BUSY + 502]


@pytest.mark.parametrize("kind", ["rate", "interval"])
@pytest.mark.parametrize("shape", [(1.7, 2.8, 2.1), (2.2, 2.6)])
def test_a_load_that_rises_over_one_reading_and_falls_over_another_is_a_load(
    kind: Kind, shape: tuple[float, ...]
) -> None:
    """After an outage, on a hot afternoon: three rising quarters of an hour of a pump were left
    out, and the day with them.
    """
    value = READ[kind].copy()
    value[BUSY : BUSY + len(shape)] = np.quantile(value, 0.99) * np.array(shape)
    assert counts_by_code(course(meter(kind), MOMENTS, value)) == {}


def test_a_load_that_stays_high_is_a_load() -> None:
    value = READ["rate"].copy()
    value[BUSY : BUSY + 12] *= 3
    assert counts_by_code(course(meter("rate"), MOMENTS, value)) == {}


def test_a_peak_that_comes_back_at_the_same_height_is_a_way_of_running() -> None:
    value = READ["rate"].copy()
    value[1000:15000:1000] = 8100.0
    assert counts_by_code(course(meter("rate"), MOMENTS, value)) == {}


def test_a_register_that_leaps_ahead_and_goes_on_from_there_counted_something_else() -> None:
    value = READ["register"].copy()
    value[BUSY:] += 500_000
    leapt = course(meter("register"), MOMENTS, value)
    assert counts_by_code(leapt) == {"register-jump": 1}
    assert rows(leapt, "register-jump") == [BUSY + 2]


@pytest.mark.parametrize("kind", ["rate", "interval"])
@pytest.mark.parametrize("length", [12, 40, 400])
def test_a_sensor_that_froze_is_stuck(kind: Kind, length: int) -> None:
    value = READ[kind].copy()
    value[BUSY : BUSY + length] = value[BUSY]
    stuck = course(meter(kind), MOMENTS, value)
    assert counts_by_code(stuck) == {"value-stuck": 1}
    assert rows(stuck, "value-stuck") == [BUSY + 2]


def test_over_a_stuck_value_no_energy_is_known() -> None:
    value = READ["rate"].copy()
    value[BUSY : BUSY + 100] = value[BUSY]
    stuck, sound = (
        course(meter("rate"), MOMENTS, series, line=LINE) for series in (value, READ["rate"])
    )
    windows = LINE.windows
    struck = (windows.start_us / 1e6 < MOMENTS[BUSY + 99]) & (windows.end_us / 1e6 > MOMENTS[BUSY])
    assert stuck.over(windows).completeness[struck].max() < 1
    np.testing.assert_allclose(
        stuck.over(windows).energy[~struck], sound.over(windows).energy[~struck], atol=1e-5
    )


def test_a_register_that_hung_and_caught_up_keeps_what_it_counted_apart() -> None:
    value = READ["register"].copy()
    value[BUSY : BUSY + 30] = value[BUSY - 1]
    hung = course(meter("register"), MOMENTS, value, line=LINE)
    sound = course(meter("register"), MOMENTS, READ["register"], line=LINE)
    assert counts_by_code(hung) == {"value-stuck": 1}
    first, last = hung.curve.moments_us[:1], hung.curve.moments_us[-1:]
    counted = value[BUSY + 30] - value[BUSY - 1]
    assert hung.curve.unplaced(first, last)[0] == pytest.approx(counted, abs=1e-5)
    assert (hung.curve.over(first, last)[0] + hung.curve.unplaced(first, last))[0] == pytest.approx(
        sound.curve.over(first, last)[0][0], abs=1e-4
    )


def test_standing_at_rest_is_no_fault() -> None:
    value = READ["rate"].copy()
    value[3000:5000] = 0.0
    assert counts_by_code(course(meter("rate"), MOMENTS, value)) == {}


def test_values_at_the_end_of_the_declared_range_are_cut_off() -> None:
    value = np.minimum(READ["rate"], 4100.0)
    cut = course(meter("rate", range=(0.0, 4100.0)), MOMENTS, value)
    assert counts_by_code(cut) == {"saturated": int((value >= 4100 - 0.0005 * 4100).sum())}


def test_loads_that_reach_the_range_between_two_readings_are_cut_off_too() -> None:
    energy = np.minimum(READ["interval"], 4100.0 / 12)
    cut = course(meter("interval", range=(0.0, 4100.0)), MOMENTS, energy)
    assert counts_by_code(cut)["saturated"] == int((energy * 12 >= 4100 * 0.9995).sum())


@pytest.mark.parametrize("kind", ["rate", "interval"])
def test_a_full_load_that_is_held_counts_until_it_is_declared_the_end_of_the_range(
    kind: Kind,
) -> None:
    """Of a compressor at full load 716 hours were missing from its year."""
    hours = 1.0 if kind == "rate" else 300 / 3600
    value = np.minimum(READ[kind], 4150.0 * hours)
    held = course(meter(kind), MOMENTS, value, line=LINE)
    assert counts_by_code(held) == {"load-plateau": 1}
    unit = "kW" if kind == "rate" else "kWh/h"
    assert f"4150 {unit} is its highest load" in str(held.findings[0].sentence)
    windows = LINE.windows
    assert held.over(windows).completeness[:-5].min() > 0.99  # the record ends before the last
    true = course(meter(kind, range=(0.0, 5000.0)), MOMENTS, value, line=LINE)
    np.testing.assert_allclose(held.over(windows).energy, true.over(windows).energy)
    assert counts_by_code(true) == {}, "a range up to what the meter can show answers it"
    cut = course(meter(kind, range=(0.0, 4150.0)), MOMENTS, value)
    assert set(counts_by_code(cut)) == {"saturated"}


def test_a_value_that_stands_at_the_highest_again_and_again_counts() -> None:
    value = READ["rate"].copy()
    for start in range(BUSY, BUSY + 4000, 800):
        value[start : start + 14] = 7000.0
    assert counts_by_code(course(meter("rate"), MOMENTS, value)) == {"load-plateau": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_digits_that_go_missing_are_told_with_their_row(kind: Kind) -> None:
    moments = MOMENTS
    value = READ[kind].copy()
    if kind == "interval":
        counted = np.floor(np.cumsum(value[AT:]) / 10) * 10
        value[AT:] = np.diff(counted, prepend=0.0)
    else:
        value[AT:] = np.floor(value[AT:] / 10) * 10
    record = course(meter(kind), moments, value)
    assert counts_by_code(record) == {"quantum-change": 1}
    assert abs(rows(record, "quantum-change")[0] - (AT + 2)) <= 40


def test_even_thousands_by_chance_are_no_coarser_step_where_all_are_thousands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    value = READ["rate"].copy()
    value[AT:] = np.round(value[AT:] / 100) * 100
    value[AT + 3000 : AT + 3400] = np.round(value[AT + 3000 : AT + 3400] / 200) * 200
    assert counts_by_code(course(meter("rate"), MOMENTS, value)) == {"quantum-change": 1}
    monkeypatch.setattr(whole_record, "nearly_so_around", lambda value, step, start, end: False)
    assert counts_by_code(course(meter("rate"), MOMENTS, value)) == {"quantum-change": 3}


def test_digits_that_come_back_are_two_changes() -> None:
    value = READ["rate"].copy()
    value[5000:AT] = np.round(value[5000:AT] / 50) * 50
    assert counts_by_code(course(meter("rate"), MOMENTS, value)) == {"quantum-change": 2}


def test_a_longer_step_is_told_with_its_row() -> None:
    indices = np.concatenate((np.arange(AT), np.arange(AT, len(MOMENTS), 3)))
    record = course(meter("register"), MOMENTS[indices], READ["register"][indices])
    assert counts_by_code(record) == {"resolution-change": 1}
    assert abs(rows(record, "resolution-change")[0] - (AT + 2)) <= 100


def test_a_zero_of_a_meter_that_is_never_at_zero_is_no_value() -> None:
    value = written(line(idle=0.3), "interval", MOMENTS)
    value[[BUSY, BUSY + 900]] = 0.0
    dropped = course(meter("interval"), MOMENTS, value)
    assert counts_by_code(dropped) == {"zero-dropout": 2}
    assert rows(dropped, "zero-dropout") == [BUSY + 2, BUSY + 902]
    assert "an outage, or a logger" in str(
        dropped.findings[0].sentence
    )  # of a brewery's nine, five were outages


def test_zeros_of_a_meter_that_rests_are_values() -> None:
    value = READ["interval"].copy()
    value[value < 100] = 0.0
    assert counts_by_code(course(meter("interval"), MOMENTS, value)) == {}


def test_empty_cells_are_counted_and_bridged() -> None:
    value = READ["register"].copy()
    value[[BUSY, BUSY + 70]] = np.nan
    assert counts_by_code(course(meter("register"), MOMENTS, value)) == {"reading-blank": 2}


@pytest.mark.parametrize("block", [64, 1000, 4096])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_found_does_not_depend_on_where_blocks_are_cut(kind: Kind, block: int) -> None:
    value = READ[kind].copy()
    value[BUSY : BUSY + 60] = value[BUSY]
    value[BUSY + 700] *= 1 if kind == "register" else 9
    value[12_000:] = np.floor(value[12_000:] / 10) * 10
    whole, cut = (
        course(meter(kind), MOMENTS, value, line=LINE),
        course(meter(kind), MOMENTS, value, line=LINE, block=block),
    )
    assert counts_by_code(whole) == counts_by_code(cut)
    np.testing.assert_array_equal(whole.curve.steps, cut.curve.steps)


def test_a_zero_of_a_meter_without_a_base_load_is_a_value() -> None:
    value = written(line(idle=0.02), "interval", MOMENTS)
    value[[BUSY, BUSY + 900]] = 0.0
    assert counts_by_code(course(meter("interval"), MOMENTS, value)) == {}
