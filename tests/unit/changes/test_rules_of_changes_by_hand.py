"""The rules behind questions about changes, each by itself: what a factor means, what answers, on
which day, by how much it must differ.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import log
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks.measurements import Batch
from reporting_agent.changes import causes, swaps
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.days import repeated
from reporting_agent.changes.levels import LevelDifference, closed, moved
from reporting_agent.changes.lines import Daily, MeterLine, daily, days_of, differences, of_product
from reporting_agent.changes.review import answer, answers_change, is_declared_of, makes_doubtful
from reporting_agent.changes.smallest_change import SmallestChange, beside, share_of_ln
from reporting_agent.changes.telling import to_declare
from reporting_agent.changes.uncounted import energy_beyond
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.metering import MeterRecord
from tests.unit.changes.test_told_from import label, limit

SHANGHAI = ZoneInfo("Asia/Shanghai")
MAY = date(2025, 5, 1)
HOUR_US = 3_600_000_000
BEGINS_US = round(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def change(
    kind: ChangeKind = ChangeKind.LEVEL,
    first: date | None = MAY,
    until: date | None = None,
    size: float = 0.5,
    **more: Any,
) -> Change:
    defaults: dict[str, Any] = {
        "step": "melting",
        "meters": ("m1",),
        "equipment": ("f1",),
        "size_error": 0.0,
        "causes": (ChangeCause.PROCESS,),
    }
    return Change(kind=kind, first=first, until=until, size=size, **{**defaults, **more})


def event(begins: date, kind: str = "process", **keys: Any) -> DeclaredEvent:
    of = {} if "meter" in keys else {"step": "melting"}
    return DeclaredEvent.model_validate(
        {"kind": kind, "from": begins.isoformat(), "reason": "the new burner", **of, **keys}
    )


@pytest.mark.parametrize(
    ("factor", "first"),
    [
        (1 / 3, ChangeCause.PHASE),  # two phases lost
        (3.0, ChangeCause.PHASE),  # both found again
        (3.6, ChangeCause.UNIT),  # kWh as MJ
        (0.02, ChangeCause.DEAD),  # no unit is near
        (0.01, ChangeCause.UNIT),
        (0.75, ChangeCause.TRANSFORMER),  # 200/150
        (1.25, ChangeCause.TRANSFORMER),  # 100/125
    ],
)
def test_the_likeliest_cause_of_a_meters_factor_is_the_one_that_makes_such_factors(
    factor: float, first: ChangeCause
) -> None:
    assert causes.of_meter(factor, 0.001)[0] is first


@pytest.mark.parametrize(
    ("factor", "error", "first"),
    [
        (1.1023, 0.001, ChangeCause.UNIT),  # a short ton is 0.9072 t
        (1.0160, 0.001, ChangeCause.UNIT),  # a long ton
        (1.05, 0.001, ChangeCause.SCALE),  # 3.3 % from the nearest, the long ton
        (1.05, 0.02, ChangeCause.UNIT),  # known to 2 %: within twice that
        (1.05, 0.01, ChangeCause.SCALE),
    ],
)
def test_a_factor_of_output_is_a_unit_where_one_lies_within_twice_its_error(
    factor: float, error: float, first: ChangeCause
) -> None:
    assert causes.of_output(factor, error)[0] is first


def test_what_takes_a_factor_back_is_named_as_a_person_would_enter_it() -> None:
    assert [causes.likely_ratio(factor) for factor in (0.5, 2.0, 0.75, 0.02)] == [
        "200/100",
        "100/200",
        "200/150",
        None,
    ]
    assert causes.likely_unit(3.5, of_mass=False) == 3.6
    assert causes.likely_unit(0.9, of_mass=True) == 0.90718


def test_a_change_holds_from_its_first_day_until_the_day_it_ended() -> None:
    until = MAY + timedelta(days=10)
    in_may = change(until=until)
    assert [
        in_may.holds_on(day)
        for day in (MAY - timedelta(days=1), MAY, until - timedelta(days=1), until)
    ] == [False, True, True, False]
    assert change(first=None, until=None).holds_on(MAY)


@pytest.mark.parametrize(
    ("begins", "ends", "lies"),
    [
        (date(2025, 4, 1), date(2025, 5, 1), False),  # the period ends as the change begins
        (date(2025, 4, 1), date(2025, 5, 2), True),
        (date(2025, 5, 1), date(2025, 5, 5), True),  # both begin on one day
        (
            date(2025, 5, 2),
            date(2025, 5, 11),
            False,
        ),  # within it from end to end: no day against another
        (date(2025, 5, 2), date(2025, 5, 12), True),  # it ends within
        (date(2025, 5, 11), date(2025, 6, 1), False),  # it ended before
    ],
)
def test_a_change_lies_in_a_period_in_which_it_begins_or_ends(
    begins: date, ends: date, lies: bool
) -> None:
    assert change(until=date(2025, 5, 11)).lies_in(begins, ends) is lies


@pytest.mark.parametrize(
    ("days", "answers"), [(-16, False), (-15, True), (0, True), (15, True), (16, False)]
)
def test_a_declared_process_answers_a_change_within_fifteen_days(days: int, answers: bool) -> None:
    assert (
        answers_change(event(MAY + timedelta(days=days)), change(), SHANGHAI, date(2025, 1, 1))
        is answers
    )


def test_a_process_that_ended_with_a_change_answers_it() -> None:
    ended = event(date(2025, 2, 1), until=MAY.isoformat())
    assert answers_change(ended, change(), SHANGHAI, date(2025, 1, 1))
    assert not answers_change(ended, change(first=date(2025, 3, 20)), SHANGHAI, date(2025, 1, 1)), (
        "neither began nor ended then"
    )


def test_what_holds_throughout_is_answered_by_what_began_with_the_record() -> None:
    throughout = change(ChangeKind.UNCOUNTED, first=None)
    assert answers_change(event(date(2025, 1, 10)), throughout, SHANGHAI, date(2025, 1, 1))
    assert not answers_change(event(date(2025, 3, 1)), throughout, SHANGHAI, date(2025, 1, 1))
    assert not answers_change(
        event(date(2025, 1, 1), until="2025-06-01"), throughout, SHANGHAI, date(2025, 1, 1)
    ), "it ended, the change did not"


def test_no_process_makes_readings_below_nothing() -> None:
    assert not answers_change(event(MAY), change(ChangeKind.NEGATIVE), SHANGHAI, date(2025, 1, 1))
    assert not answers_change(
        event(MAY, "rounding", meter="m1"), change(), SHANGHAI, date(2025, 1, 1)
    ), "a resolution changes no value"


@pytest.mark.parametrize(
    ("until", "answers"), [("2025-05-04", True), ("2025-05-03", False), (None, True)]
)
def test_time_declared_unusable_answers_where_it_holds_every_day_of_the_fault(
    until: str | None, answers: bool
) -> None:
    """The meter stood on 1 and 3 May; `until` is the first day that is usable again."""
    dead = change(ChangeKind.DEAD, days=(MAY, date(2025, 5, 3)))
    unusable = event(MAY, "unusable", meter="m1", **({} if until is None else {"until": until}))
    assert answers_change(unusable, dead, SHANGHAI, date(2025, 1, 1)) is answers
    late = event(date(2025, 5, 2), "unusable", meter="m1")
    assert not answers_change(late, dead, SHANGHAI, date(2025, 1, 1))


@pytest.mark.parametrize("kind", [ChangeKind.DEAD, ChangeKind.REPEATED, ChangeKind.NEGATIVE])
def test_days_far_apart_are_answered_by_an_event_each(kind: ChangeKind) -> None:
    """A meter stood on two days of May and one of November: one event over both had to leave out
    the six months between.
    """
    november = date(2025, 11, 20)
    of_days = change(kind, days=(MAY, MAY + timedelta(days=1), november))
    first, second = (
        event(day, "unusable", meter="m1", until=until)
        for day, until in ((MAY, "2025-05-03"), (november, "2025-11-21"))
    )
    assert answer(of_days, [first, second], SHANGHAI, date(2025, 1, 1)) is first
    assert answer(of_days, [first], SHANGHAI, date(2025, 1, 1)) is None
    apart = [event(MAY, until="2025-05-03"), event(november, until="2025-11-21")]
    assert answer(of_days, apart, SHANGHAI, date(2025, 1, 1)) is None, "a process holds all of them"
    if kind is not ChangeKind.NEGATIVE:
        lines = to_declare(of_days, date(2025, 1, 1))
        assert [
            lines.count(day) for day in ("2025-05-01", "2025-05-03", "2025-11-20", "2025-11-21")
        ] == [1, 1, 1, 1]


def test_an_event_is_of_the_line_and_product_that_it_names() -> None:
    of_slag = change(product="slag")
    assert is_declared_of(event(MAY), of_slag)
    assert is_declared_of(event(MAY, equipment="f1", product="slag"), of_slag)
    assert not is_declared_of(event(MAY, equipment="f2"), of_slag)
    assert not is_declared_of(event(MAY, product="blended"), of_slag)
    assert not is_declared_of(event(MAY, product="slag"), change()), (
        "what is of all products is not of one"
    )
    assert is_declared_of(event(MAY, meter="m1"), change())
    assert not is_declared_of(event(MAY, meter="m2"), change())


def run(day: date = MAY, **changes: Any) -> Batch:
    start = datetime(day.year, day.month, day.day, 0, 30, tzinfo=SHANGHAI)
    defaults = {
        "batch_id": "B1",
        "step": "melting",
        "product": "glass",
        "variant": "green",
        "equipment": "f1",
    }
    return Batch(
        **cast(
            "Any",
            {
                **defaults,
                "start": start,
                "end": start + timedelta(hours=8),
                "output": 10.0,
                **changes,
            },
        )
    )


@pytest.mark.parametrize(
    ("batch", "doubtful"),
    [
        (run(), True),
        (run(equipment=""), True),  # nobody knows that it was another line
        (run(equipment="f2"), False),
        (run(step="forming"), False),
        (
            run(MAY - timedelta(days=1)),
            False,
        ),  # by the site's own day: in UTC 1 May 00:30 is 30 April
    ],
)
def test_a_change_makes_the_batches_of_its_line_doubtful_from_its_day_on(
    batch: Batch, doubtful: bool
) -> None:
    assert makes_doubtful(change(), batch, SHANGHAI) is doubtful


def test_a_change_of_a_product_or_of_single_batches_makes_no_others_doubtful() -> None:
    assert [
        makes_doubtful(change(product=name), run(), SHANGHAI)
        for name in ("glass", "green", "brown")
    ] == [True, True, False]
    of_one = change(batches=frozenset({("melting", "B1")}))
    assert [makes_doubtful(of_one, run(batch_id=name), SHANGHAI) for name in ("B1", "B2")] == [
        True,
        False,
    ]
    of_days = change(days=(MAY, MAY + timedelta(days=2)))
    assert [
        makes_doubtful(of_days, run(MAY + timedelta(days=number)), SHANGHAI) for number in range(4)
    ] == [True, False, True, False]


def test_a_day_is_told_by_its_median_run() -> None:
    day = np.array([2, 1, 1, 1, 2, 3, 3])
    series = daily(day, np.array([2.0, 5.0, 1.0, 3.0, 4.0, np.nan, 7.0]))
    assert (series.day.tolist(), series.value.tolist()) == ([1, 2, 3], [3.0, 3.0, 7.0])


def test_a_difference_is_the_mean_after_less_the_mean_before() -> None:
    assert differences(np.array([0.0, 2.0, 5.0, 7.0, 1.0]), 2).tolist() == [
        5.0,
        0.5,
    ]  # (5 + 7)/2 - 1, (7 + 1)/2 - 3.5


def test_a_run_is_of_the_day_that_the_sites_clock_shows() -> None:
    moments = [datetime(2025, 5, 1, 15, 59, tzinfo=UTC), datetime(2025, 5, 1, 16, 0, tzinfo=UTC)]
    days = days_of(
        np.array([round(moment.timestamp()) * 1_000_000 for moment in moments]), SHANGHAI
    )
    assert [date.fromordinal(day) for day in days.tolist()] == [MAY, MAY + timedelta(days=1)]


def test_what_a_product_adds_is_told_by_its_neighbours_whatever_the_level_does() -> None:
    """B takes 0.7 more than A; half way the level rises by 0.5; C ran once, and two turns tell
    nothing.
    """
    product = np.array(["B", "A"] * 20)
    value = np.where(product == "B", 0.7, 0.0) + np.where(np.arange(40) >= 20, 0.5, 0.0)
    freed = of_product(value, product)
    assert np.ptp(freed[:20]) == pytest.approx(0, abs=1e-12)
    assert freed[20:] - freed[:20] == pytest.approx([0.5] * 20)
    product[10] = "C"
    assert np.flatnonzero(np.isnan(of_product(value, product))).tolist() == [10]


def steady(*parts: tuple[int, float]) -> Daily:
    value = np.concatenate([np.full(days, level) for days, level in parts])
    return Daily(MAY.toordinal() - parts[0][0] + np.arange(len(value)), value)


def test_the_size_of_a_change_is_told_by_the_days_next_to_it() -> None:
    """Forty days at 9, thirty-five at 0, then thirty-five at 1 and forty at 7."""
    series = steady((40, 9.0), (35, 0.0), (35, 1.0), (40, 7.0))
    shift = moved(series, None, MAY.toordinal() + 35, None)
    assert (shift.by, shift.error) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("by", "error", "sure"),
    [(0.021, 0.0, True), (0.019, 0.0, False), (0.1, 0.025, True), (0.1, 0.026, False)],
)
def test_a_shift_is_sure_from_four_errors_and_two_hundredths_on(
    by: float, error: float, sure: bool
) -> None:
    assert LevelDifference(by, error).sure is LevelDifference(-by, error).sure is sure


def test_a_change_and_its_way_back_are_one() -> None:
    """Half, then twice as much (1.0 of before), or within a quarter of ln 2: 1.9 (0.95); after 1.5
    it is still at 0.75.
    """
    june = date(2025, 6, 1)
    first = change(size=0.5)
    for back in (2.0, 1.9):
        assert closed([first, change(first=june, size=back)]) == [change(until=june, size=0.5)]
    still = closed([first, change(first=june, size=1.5)])
    assert [(entry.size, entry.first, entry.until) for entry in still] == [
        (0.5, MAY, None),
        (1.5, june, None),
    ]
    assert len(closed([first, change(ChangeKind.OUTPUT, first=june, size=2.0)])) == 2, (
        "output does not take back what a meter shows"
    )


def two_lines() -> list[MeterLine]:
    """Meters that usually show 100 and 200 kWh an hour."""
    count = 40
    start = BEGINS_US + np.arange(count, dtype=np.int64) * 2 * HOUR_US
    lines = []
    for name, kwh in (("m1", 100.0), ("m2", 200.0)):
        runs = SimpleNamespace(
            start_us=start, end_us=start + HOUR_US, energy=np.full(count, kwh), known=np.ones(count)
        )
        record = SimpleNamespace(meter=SimpleNamespace(id=name, reading="register", unit="kWh"))
        lines.append(
            SimpleNamespace(
                meter=name, runs=runs, chosen=np.arange(count), power=np.zeros(count), record=record
            )
        )
    return [cast("MeterLine", line) for line in lines]


@pytest.mark.parametrize(
    ("size", "other", "days", "swapped"),
    [
        (2.0, 0.5, 0, True),  # to 200 and to 100
        (2.0, 0.5, 6, True),
        (2.0, 0.5, 7, False),
        (2.0, 0.5, -7, False),
        (2.0, 0.8, 0, False),  # the second shows 160, which the first never did
        (1.5, 0.5, 0, False),
        (0.5, 2.0, 0, False),  # each away from the other
    ],
)
def test_two_meters_are_exchanged_where_each_shows_what_the_other_did(
    size: float, other: float, days: int, swapped: bool
) -> None:
    changes = [
        change(size=size),
        change(first=MAY + timedelta(days=days), size=other, meters=("m2",), equipment=("f2",)),
    ]
    assert [entry.meters for entry in swaps.of_levels(changes, two_lines())] == (
        [("m1", "m2")] if swapped else []
    )


def hours(days: int, **more: Any) -> Any:
    energy = np.random.default_rng(3).integers(100, 900, days * 24).astype(float)
    hour_us = BEGINS_US + np.arange(len(energy), dtype=np.int64) * HOUR_US
    facts = SimpleNamespace(quantum=1.0)
    return SimpleNamespace(
        **{
            "hour_us": hour_us,
            "hour_energy": energy,
            "hour_known": np.ones(len(energy)),
            "facts": facts,
            **more,
        }
    )


def test_a_day_that_repeats_another_in_every_hour_is_told_and_one_that_differs_in_one_is_not() -> (
    None
):
    record = hours(20)
    record.hour_energy[15 * 24 : 16 * 24] = record.hour_energy[3 * 24 : 4 * 24]
    record.hour_energy[17 * 24 : 18 * 24] = record.hour_energy[4 * 24 : 5 * 24]
    record.hour_energy[17 * 24 + 5] += 1.0
    assert repeated(cast("MeterRecord", record), UTC) == (date(2025, 1, 16),)
    record.hour_known[15 * 24 + 2] = 0.99
    assert repeated(cast("MeterRecord", record), UTC) == (), (
        "of an hour that is not whole nobody knows"
    )


def a_family(slope: float, parts: int = 3) -> tuple[swaps.Family, list[MeterLine]]:
    """A meter below a main one that sees `slope` of each kWh that it counts, and 50 kWh an hour
    besides.
    """
    load = np.random.default_rng(5).uniform(100, 300, parts * 28 * 24)
    child, main = (
        SimpleNamespace(meter=SimpleNamespace(id=name, equipment="")) for name in ("m1", "grid")
    )
    line = SimpleNamespace(meter="m1", step="melting")
    family = swaps.Family(
        cast("MeterRecord", main), (cast("MeterRecord", child),), 50 + slope * load, load[:, None]
    )
    return family, [cast("MeterLine", line)]


@pytest.mark.parametrize(
    ("slope", "size"), [(0.8, 1.25), (0.95, None), (1.0, None), (1.3, None), (1.5, 1 / 1.5)]
)
def test_a_meter_that_counts_more_than_the_main_one_sees_is_told_and_what_hangs_beside_it_is_not(
    slope: float, size: float | None
) -> None:
    """Up to 1.4 of a line may hang on it and not on its meter; less than 0.9 of what it counts
    cannot flow.
    """
    family, lines = a_family(slope)
    changes = swaps.of_families([family], lines, frozenset())
    assert [entry.size for entry in changes] == ([] if size is None else [pytest.approx(size)])
    assert swaps.of_families([family], lines, frozenset({"m1"})) == [], (
        "a change of it was told already"
    )


def test_a_main_meter_and_those_below_it_are_held_against_each_other_in_one_unit() -> None:
    """MWh below kWh: 0.2 MWh are 200 kWh."""
    records = []
    for name, unit, kwh in (("grid", "kWh", 500.0), ("m1", "MWh", 0.2)):
        meter = SimpleNamespace(
            id=name,
            parent="grid" if name == "m1" else None,
            role="main" if name == "grid" else "sub",
        )
        records.append(
            hours(
                2,
                meter=meter,
                unit=unit,
                hour_energy=np.full(48, kwh),
                in_service=lambda *_: np.ones(48, dtype=bool),
            )
        )
    (family,) = swaps.families(cast("list[MeterRecord]", records), UTC)
    assert swaps.besides(family, UTC).value.tolist() == pytest.approx([300.0, 300.0])


def test_energy_beyond_a_meters_time_is_that_of_its_hours_or_by_its_share_of_the_time() -> None:
    """Ten hours of 10 kWh, of which four lie after the edge."""
    edge_us = BEGINS_US + 6 * HOUR_US
    record = hours(1, hour_us=BEGINS_US + np.arange(10) * HOUR_US, hour_energy=np.full(10, 10.0))
    of_time = hours(
        1, hour_us=np.zeros(0), start_us=BEGINS_US, end_us=BEGINS_US + 10 * HOUR_US, total=100.0
    )
    for meter in (record, of_time):
        assert energy_beyond(meter, edge_us, after=True) == pytest.approx(40)
        assert energy_beyond(meter, edge_us, after=False) == pytest.approx(60)
    assert energy_beyond(of_time, BEGINS_US - HOUR_US, after=True) == 100, "no more than all of it"


def test_a_change_as_large_as_the_labels_own_uncertainty_is_not_told_beside_it() -> None:
    """17 of 100 is 17 % of output; a hundredth less, and it is."""
    assert beside(label(17.0), [limit(0.114)]) is None
    assert beside(label(16.99), [limit(0.114)]) is not None


def test_a_limit_of_just_a_half_is_still_one_and_each_is_told_by_its_own() -> None:
    """A limit is a share: a step of ln 1.1 is a tenth."""
    assert share_of_ln(log(1.1)) == pytest.approx(0.1)
    assert "changes below 50.0 % of energy per t or 17.0 %" in str(
        SmallestChange("m", "electricity", "firing", "t", 0.5, 0.17).sentence
    )
    hidden = str(SmallestChange("m", "electricity", "firing", "t", 0.03, 0.51).sentence)
    assert "changes below 3.0 % of energy per t are not seen; no change of output" in hidden
