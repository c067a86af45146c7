"""What an interval allows to say of a saving, and which days tell it: each rule at its limit,
worked out by hand.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks.labels.columns import Flags, Floats
from benchmarks.measurements import Batch, Period
from reporting_agent.changes.change import Change, ChangeKind
from reporting_agent.changes.review import Review
from reporting_agent.config import SiteSettings
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.pipeline import LabelResult
from reporting_agent.savings.actions import SavingAction, Target
from reporting_agent.savings.days import (
    Days,
    mean_condition,
    output_unknown,
    spread_over_days,
    unusable_days,
)
from reporting_agent.savings.telling import SavingVerdict, not_done, verdict
from reporting_agent.savings.verified import (
    Forecast,
    VerifiedSaving,
    baseline_terms,
    block_variance,
    compared_periods,
    concerns,
    effective_days,
    forecast,
    period_before,
    same_season,
    span_of_days,
    unseen_products,
    verified_action,
    why_not_told,
)

SITE = cast("SiteSettings", SimpleNamespace(zone=UTC, events=()))
NEW_YEAR = date(2023, 1, 1)


@pytest.mark.parametrize(
    ("share", "wanted", "expected"),
    [
        (None, 3.0, SavingVerdict.NOT_TOLD),
        ((0.05, 0.0, 0.1), None, SavingVerdict.NOT_PROVEN),  # 0 lies in it
        ((0.05, 0.001, 0.1), None, SavingVerdict.SAVED),
        ((-0.05, -0.1, 0.0), None, SavingVerdict.NOT_PROVEN),
        ((-0.05, -0.1, -0.001), None, SavingVerdict.USED_MORE),
        ((0.05, 0.03, 0.1), 3.0, SavingVerdict.REACHED),  # all of it at 3 % or above
        ((0.05, 0.0299, 0.1), 3.0, SavingVerdict.SAVED),
        ((0.05, -0.01, 0.1), 3.0, SavingVerdict.NOT_PROVEN),
    ],
)
def test_an_interval_alone_decides_what_is_said(
    share: tuple[float, float, float] | None, wanted: float | None, expected: SavingVerdict
) -> None:
    assert verdict(share, wanted) is expected


def action(**keys: Any) -> SavingAction:
    defaults = {
        "id": "lids",
        "meter": "el",
        "what": "Lids",
        "owner": "Wang Li",
        "state": "done",
        "day": date(2023, 1, 1),
    }
    return SavingAction.model_validate(defaults | keys)


def predicted(expected: float, actual: float) -> VerifiedSaving:
    reach = 20.0
    forecast = Forecast(
        expected,
        actual,
        expected - actual - reach,
        expected - actual + reach,
        0.9,
        1.0,
        0.1,
        np.zeros(0),
    )
    period = Period.parse("2023", UTC)
    return VerifiedSaving(action(expected_pct=2), period, period, "kWh", 365, 100, forecast, None)


def test_shares_are_of_what_was_expected() -> None:
    """1,000 expected, 950 used: 5 % saved, between 3 and 7."""
    result = predicted(1000, 950)
    assert result.share == pytest.approx((0.05, 0.03, 0.07))
    assert result.verdict is SavingVerdict.REACHED
    assert predicted(0.0, -50.0).share is None, "of nothing there is no share"


def test_a_period_ends_where_the_data_do() -> None:
    whole = Period.parse("2023", UTC)
    assert period_before(date(2023, 7, 1), whole, SITE).end == datetime(2023, 7, 1, tzinfo=UTC)
    assert period_before(date(2024, 7, 1), whole, SITE).end == datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("keys", "today", "begun"),
    [
        ({}, date(2023, 1, 1), False),  # it takes effect today: no day has passed
        ({}, date(2023, 1, 2), True),
        ({"state": "under-way"}, date(2023, 6, 1), False),
        ({"baseline": "2022", "reporting": "2023"}, date(2023, 1, 1), False),
        ({"baseline": "2022", "reporting": "2023"}, date(2023, 1, 2), True),
    ],
)
def test_a_saving_has_a_period_once_a_day_of_it_has_passed(
    keys: dict[str, Any], today: date, begun: bool
) -> None:
    baseline, reporting = compared_periods(action(**keys), SITE, today)
    assert (reporting is not None) is begun
    if baseline is not None and reporting is not None:
        assert (baseline.start, baseline.end) == (
            datetime(2022, 1, 1, tzinfo=UTC),
            datetime(2023, 1, 1, tzinfo=UTC),
        )
        assert (reporting.start, reporting.end) == (
            datetime(2023, 1, 1, tzinfo=UTC),
            datetime(2023, 1, 2, tzinfo=UTC),
        )


def days(
    count: int = 730, output: dict[tuple[str, str], Floats] | None = None, **more: Any
) -> Days:
    row = tuple(NEW_YEAR + timedelta(days=number) for number in range(count))
    defaults: dict[str, Any] = {
        "unit": "kWh",
        "output": output or {},
        "conditions": {},
        "degrees": {},
        "lines": frozenset({("melting", "f1")}),
    }
    return Days(days=row, energy=np.ones(count), **{**defaults, **more})


def between(of: Days, first: tuple[int, int, int], last: tuple[int, int, int]) -> Flags:
    return of.between(date(*first), date(*last))


@pytest.mark.parametrize(
    ("baseline", "reporting", "same"),
    [
        (((2023, 3, 1), (2023, 6, 1)), ((2024, 3, 1), (2024, 6, 1)), True),
        (
            ((2023, 3, 1), (2023, 6, 1)),
            ((2024, 2, 20), (2024, 6, 10)),
            True,
        ),  # nine days of the year beyond either end
        (((2023, 3, 1), (2023, 6, 1)), ((2024, 2, 10), (2024, 6, 1)), False),
        (
            ((2023, 12, 20), (2023, 12, 31)),
            ((2024, 1, 1), (2024, 1, 8)),
            True,
        ),  # across the new year a week lies between
        (((2023, 12, 20), (2023, 12, 31)), ((2024, 1, 1), (2024, 1, 20)), False),
    ],
)
def test_two_periods_are_of_one_season_where_no_day_is_ten_days_from_one_of_the_other_years(
    baseline: tuple[Any, Any], reporting: tuple[Any, Any], same: bool
) -> None:
    of = days()
    assert same_season(of, between(of, *baseline), between(of, *reporting)) is same


def test_a_span_is_from_the_first_known_day_to_the_last() -> None:
    assert span_of_days(np.array([False, True, False, True, True, False])) == 4


def test_days_between_hold_the_first_and_not_the_last() -> None:
    assert np.flatnonzero(days(10).between(date(2023, 1, 3), date(2023, 1, 6))).tolist() == [
        2,
        3,
        4,
    ]


@pytest.mark.parametrize(
    ("amount", "seen_on", "named"),
    [(2.1, 9, True), (1.9, 9, False), (2.1, 10, False), (50.0, 10, False)],
)
def test_what_the_baseline_hardly_made_may_be_a_fiftieth_of_the_output(
    amount: float, seen_on: int, named: bool
) -> None:
    """Of 100 t a day `amount` are of a kind that the baseline made on nine or ten of its days."""
    before, after = np.arange(200) < 100, np.arange(200) >= 100
    new = np.where(after, amount, 0.0)
    new[:seen_on] = 5.0
    of = days(
        200, {("cement", "slag"): new, ("cement", "blended"): np.where(after, 100 - amount, 100.0)}
    )
    assert unseen_products(of, before, after) == (["cement slag"] if named else [])


def test_a_kind_seldom_made_has_no_term_of_its_own_and_is_left_in_the_rest() -> None:
    """Level of a running and of an idle day, the kind of 20 days, the rest: the columns in this
    order.
    """
    often, seldom = np.zeros(30), np.zeros(30)
    often[:20], seldom[20:29] = 10.0, 7.0
    terms = baseline_terms(
        days(30, {("a", ""): often, ("b", ""): seldom}), np.ones(30, dtype=bool), season=False
    )
    assert terms.shape == (30, 4)
    assert terms[[0, 20, 29]].tolist() == [[1, 0, 10, 0], [1, 0, 0, 7], [0, 1, 0, 0]]


def test_where_nothing_is_fed_weekdays_are_the_running_days() -> None:
    """1 January 2023 was a Sunday."""
    terms = baseline_terms(days(8, feeds=False), np.ones(8, dtype=bool), season=False)
    assert terms[:, 0].tolist() == [0, 1, 1, 1, 1, 1, 0, 0]
    assert terms[:, 1].tolist() == [1, 0, 0, 0, 0, 0, 1, 1]


def test_an_idle_day_tells_nothing_where_the_baseline_has_none() -> None:
    """1,000 kWh and 2 a tonne on a running day, 400 on an idle one: nothing is saved, whether a
    tenth of the baseline was idle or none.
    """
    rng = np.random.default_rng(4)
    output, scatter = rng.uniform(90, 110, 465), rng.standard_normal(465)
    output[[370, 380, 390]] = 0.0
    for idle_before in (True, False):
        output[:365:10] = 0.0 if idle_before else 100.0
        energy = np.where(output > 0, 1_000 + 2 * output, 400.0) + scatter
        of = replace(days(465, {("glass", ""): output}), energy=energy)
        periods = Period.parse("2023", UTC), Period.parse("2024-01-01/2024-04-10", UTC)
        result = cast("LabelResult", SimpleNamespace(data=SimpleNamespace(meters=())))
        saving = verified_action(
            SITE, result, Review(), action(no_season="no season"), *periods, of
        )
        assert saving.forecast is not None
        assert saving.forecast.saving == pytest.approx(0.0, abs=50.0)
        assert saving.reporting_days == (100 if idle_before else 97)


def test_an_output_beyond_the_baseline_stands_in_its_own_unit() -> None:
    output = np.where(np.arange(120) < 100, 100.0, 200.0)
    assert "(100 to 100 kWh a day)" in str(
        reason(days(120, {("power", ""): output}, output_unit="kWh"), 100)
    )


def a_change(
    kind: ChangeKind, *meters: str, step: str = "melting", equipment: tuple[str, ...] = ()
) -> Change:
    return Change(kind, step, meters, equipment, NEW_YEAR, None, 0.9, 0.0, ())


@pytest.mark.parametrize(
    ("change", "of_meter", "of_step"),
    [
        (a_change(ChangeKind.LEVEL, "grid"), True, True),  # a meter that the energy is made from
        (
            a_change(ChangeKind.LEVEL, "sub"),
            False,
            True,
        ),  # the ratio of one below moves nothing above
        (a_change(ChangeKind.PROCESS, "sub"), True, True),  # energy a tonne of a line below does
        (a_change(ChangeKind.LEVEL, "elsewhere", step="drying"), False, False),
        (a_change(ChangeKind.OUTPUT, equipment=("f1",)), True, True),
        (a_change(ChangeKind.OUTPUT, equipment=("f2",)), False, True),
        (a_change(ChangeKind.OUTPUT), True, True),  # of every line of the step
        (a_change(ChangeKind.OUTPUT, step="drying"), False, False),
        (a_change(ChangeKind.ROUNDING, step=""), True, True),  # of every step
    ],
)
def test_a_change_concerns_a_saving_whose_energy_or_output_it_moves(
    change: Change, of_meter: bool, of_step: bool
) -> None:
    of = days(2, meters=frozenset({"grid"}), below=frozenset({"sub"}))
    target = Target(
        id="t", step="melting", saving_pct=3, baseline="2022", reporting="2023", owner="Wang Li"
    )
    assert concerns(change, action(meter="grid"), of) is of_meter
    assert concerns(change, target, of) is of_step


def run(begins: datetime, hours: float, **changes: Any) -> Batch:
    defaults = {
        "batch_id": "B",
        "step": "melting",
        "product": "glass",
        "variant": "",
        "output": 10.0,
    }
    return Batch(
        **cast(
            "Any", {**defaults, "start": begins, "end": begins + timedelta(hours=hours), **changes}
        )
    )


def test_a_batch_across_midnight_counts_on_both_days_by_its_hours() -> None:
    row = days(3).days
    assert spread_over_days(run(datetime(2023, 1, 1, 18, tzinfo=UTC), 24), row, SITE) == [
        (0, 0.25),
        (1, 0.75),
    ]
    assert spread_over_days(run(datetime(2023, 1, 1, 18, tzinfo=UTC), 6), row, SITE) == [
        (0, 1.0)
    ], "it ends at midnight"
    assert spread_over_days(run(datetime(2022, 12, 31, 12, tzinfo=UTC), 24), row, SITE) == [
        (0, 0.5)
    ], "half of it lies before"


def test_hours_count_as_they_passed_where_clocks_change() -> None:
    """18:00 to 06:00 over the night of 26 October 2025 in Berlin, whose hour from 02:00 comes
    twice: 6 h before midnight, 7 h after.
    """
    zone = ZoneInfo("Europe/Berlin")
    site = cast("SiteSettings", SimpleNamespace(zone=zone, events=()))
    night = run(datetime(2025, 10, 25, 16, tzinfo=UTC), 13)
    assert dict(
        spread_over_days(night, (date(2025, 10, 25), date(2025, 10, 26)), site)
    ) == pytest.approx({0: 6 / 13, 1: 7 / 13})


@pytest.mark.parametrize(
    "changes",
    [
        {"end": None},
        {"end": datetime(2023, 1, 1, 12, tzinfo=UTC)},
        {"end": datetime(2023, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_batch_without_a_sound_end_is_of_the_day_that_it_began(changes: dict[str, Any]) -> None:
    assert spread_over_days(
        run(datetime(2023, 1, 2, 12, tzinfo=UTC), 1, **changes), days(3).days, SITE
    ) == [(1, 1.0)]


def unusable(begins: str, until: str | None, **keys: Any) -> SiteSettings:
    event_keys = {
        "kind": "unusable",
        "from": begins,
        "reason": "wired wrongly",
        **({} if until is None else {"until": until}),
        **keys,
    }
    return cast(
        "SiteSettings",
        SimpleNamespace(zone=UTC, events=(DeclaredEvent.model_validate(event_keys),)),
    )


@pytest.mark.parametrize(
    ("until", "places"),
    [("2023-01-04", [1, 2]), ("2023-01-04T06:00", [1, 2, 3]), (None, [1, 2, 3, 4, 5])],
)
def test_every_day_that_unusable_time_touches_is_unusable(
    until: str | None, places: list[int]
) -> None:
    """From noon of 2 January until midnight, or the morning, of 4 January, which is not
    included.
    """
    flags = unusable_days(unusable("2023-01-02T12:00", until, meter="el"), {"el"}, days(6).days)
    assert np.flatnonzero(flags).tolist() == places
    assert not unusable_days(
        unusable("2023-01-02", until, meter="other"), {"el"}, days(6).days
    ).any()


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        ({}, False),
        ({"output": 0.0}, False),
        ({"output": -1.0}, True),
        ({"output": float("nan")}, True),
        ({"excluded": "unit-label"}, True),
    ],
)
def test_nobody_knows_what_a_batch_made_that_made_less_than_nothing(
    changes: dict[str, Any], unknown: bool
) -> None:
    assert (
        output_unknown(SITE, run(datetime(2023, 1, 1, tzinfo=UTC), 1, **changes), set()) is unknown
    )


def test_a_batch_in_time_that_is_declared_unusable_made_what_nobody_knows() -> None:
    site = unusable("2023-01-02", "2023-01-03", step="melting")
    begins = [datetime(2023, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    assert [output_unknown(site, run(begin, 1), set()) for begin in begins] == [False, True, False]
    assert output_unknown(SITE, run(begins[0], 1), {("melting", "B", begins[0])}), (
        "more than its energy can have made"
    )


@pytest.mark.parametrize(("recorded", "mean"), [(8, 3.0), (7, None)])
def test_a_condition_is_a_term_where_four_fifths_of_the_output_carry_it(
    recorded: int, mean: float | None
) -> None:
    """Ten batches of 10 t; of those with a value half stand at 2 and half, of them twice as heavy
    ones not, at 4.
    """
    batches = [
        run(
            datetime(2023, 1, 1, tzinfo=UTC),
            1,
            variables={"moisture": 2.0 + 2 * (n % 2)} if n < recorded else {},
        )
        for n in range(10)
    ]
    assert mean_condition(batches, "moisture") == (None if mean is None else pytest.approx(mean))


def test_a_mean_of_a_condition_is_by_output() -> None:
    """30 t at 2 and 10 t at 6."""
    batches = [
        run(datetime(2023, 1, 1, tzinfo=UTC), 1, output=t, variables={"moisture": value})
        for t, value in ((30.0, 2.0), (10.0, 6.0))
    ]
    assert mean_condition(batches, "moisture") == pytest.approx(3.0)


def test_days_that_are_alike_tell_as_much_of_a_mean_as_fewer_that_are_not() -> None:
    """(1 - r) / (1 + r): a third of 300 days at r = 1/2."""
    assert effective_days(300, 0.5) == pytest.approx(100)


def test_four_weeks_of_half_their_days_or_more_count_as_blocks() -> None:
    """Seven blocks of 28 days, each at 1 or -1 throughout: a sum of 28, over the root of 28 days; 7
    x 28 / (7 - 3) a day.
    """
    day, sign = np.arange(7 * 28), np.repeat([1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0], 28)
    assert block_variance(day, sign) == pytest.approx((7 * 28 / 4, 4))
    few = np.concatenate((day[: 6 * 28], day[6 * 28 : 6 * 28 + 13]))
    variance, freedom = block_variance(few, sign[few] * np.where(few >= 6 * 28, 100.0, 1.0))
    assert (variance, freedom) == pytest.approx((6 * 28 / 3, 3)), (
        "thirteen days are no block, however far they lie"
    )


def test_blocks_that_drift_together_count_for_more_and_blocks_that_turn_for_no_less() -> None:
    """Six blocks: 1 1 1 1 1 1 (five pairs alike) against 1 -1 1 -1 1 -1: (6 + 2 x 5) x 28 / 3 and 6
    x 28 / 3.
    """
    day = np.arange(6 * 28)
    assert block_variance(day, np.ones(len(day)))[0] == pytest.approx(16 * 28 / 3)
    assert block_variance(day, np.repeat([1.0, -1.0] * 3, 28))[0] == pytest.approx(6 * 28 / 3)
    assert block_variance(day[: 5 * 28], np.ones(5 * 28)) == (0.0, 3), (
        "of five blocks nothing is told"
    )


@pytest.mark.parametrize(("count", "is_told"), [(13, False), (14, True)])
def test_a_forecast_needs_twice_as_many_days_as_terms_and_ten_more(
    count: int, is_told: bool
) -> None:
    """Two terms: 2 x 2 + 10."""
    output = np.random.default_rng(2).uniform(50, 150, count)
    terms = np.column_stack([np.ones(count), output])
    energy = 30 + 2 * output + np.resize([1.0, -1.0], count)
    assert (forecast(np.arange(count), energy, terms, energy[:5], terms[:5]) is not None) is is_told


@pytest.mark.parametrize(
    ("before", "after", "few"), [(60, 14, False), (59, 14, True), (60, 13, True)]
)
def test_sixty_days_of_baseline_and_fourteen_of_reporting_are_enough(
    before: int, after: int, few: bool
) -> None:
    why = reason(days(before + after, {("glass", ""): np.full(before + after, 10.0)}), before)
    assert (why is not None and "Too few days" in why) is few
    assert few or why is None


@pytest.mark.parametrize(
    ("amount", "on", "guessed"),
    [
        (109.0, 20, False),  # a tenth above the most that the baseline made
        (111.0, 2, False),  # on two of twenty days
        (111.0, 3, True),
        (89.0, 3, True),  # a tenth below the least
        (91.0, 20, False),
    ],
)
def test_a_tenth_of_the_days_may_lie_a_tenth_beyond_what_the_baseline_made(
    amount: float, on: int, guessed: bool
) -> None:
    """The baseline made 100 t each day."""
    output = np.full(120, 100.0)
    output[100 : 100 + on] = amount
    why = reason(days(120, {("glass", ""): output}), 100)
    assert (why is not None and "outside the range" in why) is guessed
    assert guessed or why is None


def test_a_meter_of_which_no_output_is_known_tells_nothing_unless_it_is_said_that_none_matters() -> (
    None
):
    idle = days(120, {("glass", ""): np.zeros(120)})
    assert "No record shows what is made" in str(reason(idle, 100))
    assert "No record shows" in str(reason(idle, 100, no_output="Desks and lamps")), (
        "it feeds a line, whatever is said"
    )
    assert reason(days(120, feeds=False), 100, no_output="Desks and lamps") is None
    assert "No record shows" in str(reason(days(120, feeds=False), 100))


def reason(of: Days, before: int, **keys: Any) -> str | None:
    """Why nothing is told of a saving whose baseline is so many days, and the reporting period all
    after.
    """
    place = np.arange(len(of.days))
    whole = Period.parse("2023", UTC)
    why = why_not_told(
        action(no_season="a kiln", **keys),
        of,
        place < before,
        place >= before,
        whole,
        whole,
        Review(),
    )
    return None if why is None else str(why)


def test_of_a_target_nothing_is_told_as_of_an_action() -> None:
    target = Target(
        id="furnace-2027",
        meter="el",
        owner="Zhao Min",
        saving_pct=5,
        baseline="2026",
        reporting="2027",
    )
    assert (
        str(not_done(target))
        == "Nothing to verify yet: the reporting period of the target has not begun."
    )
