"""A meter's clock against the production log's: drift, summer time, offset; and nothing where the
clock is right.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks.measurements import DataFinding
from reporting_agent.config import Meter
from reporting_agent.metering.declared import put_right, stays_on_standard_time, summers
from reporting_agent.metering.standstills import MeterContext, Suspicion
from reporting_agent.pipeline.metered import compare
from tests.unit.faults.plant import (
    DAY_S,
    SECOND,
    STEP_S,
    Kind,
    Line,
    course,
    line,
    meter,
    stamps,
    written,
)

BERLIN = ZoneInfo("Europe/Berlin")


def look(
    of: Meter,
    at: Line,
    moments: np.ndarray,
    value: np.ndarray,
    zone: ZoneInfo | None = None,
    *,
    skipped: bool = False,
) -> Suspicion:
    order = np.argsort(moments, kind="stable")
    own_course = course(of, moments[order], value[order], line=at)
    beside = MeterContext(np.full(len(at.start_s), 100.0), in_skipped_hour=skipped)
    return compare(of, own_course, at.windows, 0.98, zone or UTC, beside)


def by_code(suspicion: Suspicion) -> dict[str, DataFinding]:
    return {finding.code: finding for finding in suspicion.findings}


@pytest.mark.parametrize("kind", ["register", "rate", "interval"])
@pytest.mark.parametrize("length_s", [600, 3300, 28_800])
@pytest.mark.parametrize("seed", range(3))
def test_a_right_clock_gives_no_finding(kind: Kind, length_s: int, seed: int) -> None:
    at, moments = line(length_s=length_s, seed=seed), stamps()
    assert by_code(look(meter(kind), at, moments, written(at, kind, moments))) == {}


@pytest.mark.parametrize("per_day", [-12.0, 3.0, 20.0])
@pytest.mark.parametrize("length_s", [3300, 28_800])
def test_a_clock_that_runs_away_is_told_with_its_rate_and_the_keys_that_put_it_right(
    per_day: float, length_s: int
) -> None:
    at, moments = line(120, length_s=length_s, pause_s=1800), stamps(120)
    value = written(at, "register", moments)
    shown = moments + np.round(per_day * (moments - moments[0]) / DAY_S).astype(np.int64)
    grid = (
        np.arange(shown[0] // STEP_S + 1, shown[-1] // STEP_S) * STEP_S
    )  # a logger that reads by its own clock
    value = np.interp(grid, shown, value)
    finding = by_code(look(meter("register"), at, grid, value))["clock-drift"]
    drift = float(finding.sentence.split("clock_drift_s_per_day = ")[1].split(",")[0])
    offset = float(finding.sentence.split("clock_offset_s = ")[1].split(",")[0])
    day = date.fromisoformat(finding.sentence.split("clock_read_on = ")[1][:10])
    assert drift == pytest.approx(per_day, abs=0.6)
    again = meter("register", clock_offset_s=offset, clock_drift_s_per_day=drift, clock_read_on=day)
    assert by_code(look(again, at, grid, value)) == {}


@pytest.mark.parametrize("per_day", [-9.0, 5.0])
def test_a_clock_that_creeps_and_is_set_right_is_told_by_its_stamps_with_their_rows(
    per_day: float,
) -> None:
    at, moments = line(), stamps()
    value = written(at, "register", moments)
    since = (moments - moments[0]) % (19 * DAY_S)
    suspicion = look(
        meter("register"), at, moments + np.round(per_day * since / DAY_S).astype(np.int64), value
    )
    finding = by_code(suspicion)["clock-drift"]
    assert f"{abs(per_day):.1f} s a day" in finding.sentence
    settings = [DAY_S // STEP_S * 19 * times for times in (1, 2, 3)]
    assert all(
        abs((place.row or 0) - row) < 20
        for place, row in zip(finding.places, settings, strict=True)
    )


def test_a_logger_that_waits_a_little_too_long_between_readings_has_no_wrong_clock() -> None:
    at = line()
    moments = stamps()
    late = moments + np.round(np.arange(len(moments)) * 0.02).astype(np.int64)
    assert (
        by_code(
            look(
                meter("register"),
                at,
                late,
                np.interp(late, moments, written(at, "register", moments)),
            )
        )
        == {}
    )


def test_a_logger_that_creeps_and_begins_anew_anywhere_has_no_wrong_clock() -> None:
    at, moments = line(), stamps()
    since, times = (moments - moments[0]) % (19 * DAY_S), (moments - moments[0]) // (19 * DAY_S)
    late = moments + np.round(2.0 * since / DAY_S).astype(np.int64) + 100 * times
    assert (
        by_code(
            look(
                meter("register"),
                at,
                late,
                np.interp(late, moments, written(at, "register", moments)),
            )
        )
        == {}
    )


@pytest.mark.parametrize("length_s", [600, 3300])
def test_a_meter_on_standard_time_is_told_by_its_load(length_s: int) -> None:
    at = line(150, length_s=length_s)  # the year's first 150 days: summer time begins on 30 March
    moments = stamps(150)
    (summer,) = summers(BERLIN, int(moments[0]) * SECOND, int(moments[-1]) * SECOND)
    stamp = moments - 3600 * (moments >= summer[0] // SECOND)
    suspicion = look(meter("rate"), at, stamp, written(at, "rate", moments), BERLIN)
    assert list(by_code(suspicion)) == ["clock-standard-time"]
    wrong = suspicion.batches["clock-standard-time"]
    assert (wrong == (at.start_s + at.end_s >= 2 * summer[0] // SECOND)).mean() > 0.999


def test_without_a_load_that_tells_stamps_in_the_skipped_hour_do() -> None:
    at = Line(
        line(150, length_s=DAY_S, pause_s=0).start_s,
        line(150, length_s=DAY_S, pause_s=0).end_s,
        np.full(150 * 1440 + 600, 4000.0),
    )
    moments = stamps(150)
    value = written(at, "register", moments)
    assert by_code(look(meter("register"), at, moments, value, BERLIN)) == {}
    assert list(by_code(look(meter("register"), at, moments, value, BERLIN, skipped=True))) == [
        "clock-standard-time"
    ]


def test_a_meter_that_keeps_summer_time_where_the_plant_has_none_is_told() -> None:
    at, moments = line(150), stamps(150)
    first, last = moments[0] + 60 * DAY_S, moments[0] + 120 * DAY_S
    stamp = moments + 3600 * ((moments >= first) & (moments < last))
    indices = np.unique(stamp, return_index=True)[1]
    suspicion = look(
        meter("rate"),
        at,
        stamp[indices],
        written(at, "rate", moments)[indices],
        ZoneInfo("Asia/Shanghai"),
    )
    assert "clock-daylight-saving" in by_code(suspicion)


@pytest.mark.parametrize("minutes", [-40, 25])
def test_a_constant_offset_is_told_from_a_quarter_of_a_batch_on(minutes: int) -> None:
    at, moments = line(), stamps()
    findings = by_code(
        look(meter("interval"), at, moments + minutes * 60, written(at, "interval", moments))
    )
    assert list(findings) == ["clock-offset"]
    assert float(
        findings["clock-offset"].sentence.split("clock_offset_s = ")[1].split(".")[0]
    ) == pytest.approx(minutes * 60, abs=60)


def test_a_few_minutes_may_be_the_shape_of_the_load() -> None:
    at, moments = line(), stamps()
    assert (
        by_code(look(meter("interval"), at, moments + 300, written(at, "interval", moments))) == {}
    )


def test_a_declared_drift_is_taken_off_every_stamp() -> None:
    of = meter(
        "rate", clock_offset_s=30.0, clock_drift_s_per_day=2.0, clock_read_on=date(2025, 1, 11)
    )
    read = round(datetime(2025, 1, 11, tzinfo=UTC).timestamp())
    right = put_right(np.array([read, read + 10 * DAY_S]) * SECOND, of) / SECOND
    assert right.tolist() == [read - 30, read + 10 * DAY_S - 50]


def test_summers_begin_and_end_to_the_minute() -> None:
    year = [round(datetime(2025, month, 1, tzinfo=UTC).timestamp()) * SECOND for month in (1, 12)]
    assert summers(BERLIN, *year) == [
        tuple(
            round(datetime(2025, month, day, 1, tzinfo=UTC).timestamp()) * SECOND
            for month, day in ((3, 30), (10, 26))
        )
    ]
    assert summers(ZoneInfo("Asia/Shanghai"), *year) == []


def test_an_hour_that_came_once_in_autumn_leaves_a_hole_where_the_clock_changed() -> None:
    summer = (0, 200 * DAY_S * SECOND)
    step = STEP_S * SECOND
    hole = np.array([[summer[1] - step, summer[1] + 3600 * SECOND]])
    none = np.zeros((0, 2), dtype=np.int64)
    assert stays_on_standard_time(summer, none, hole, step)
    assert not stays_on_standard_time(summer, none, hole + DAY_S * SECOND, step)
    assert not stays_on_standard_time(summer, none, none, step)
