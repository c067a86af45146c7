"""Values in another unit than declared, and meters that stand still while the line produces."""

from datetime import UTC

import numpy as np
import pytest

from reporting_agent.metering.standstills import MeterContext, Suspicion
from reporting_agent.metering.unit_factors import fitting, into, off_scale, turning
from reporting_agent.pipeline.metered import compare
from tests.unit.faults.plant import SECOND, Kind, course, line, meter, stamps, written

LINE = line()
MOMENTS = stamps()
UTC_ZONE = UTC
TONNES = np.full(len(LINE.start_s), 9.0)
KINDS: tuple[Kind, ...] = ("register", "rate", "interval")


def look(
    kind: Kind,
    value: np.ndarray,
    *,
    bounds: tuple[float, float] | None = None,
    beside: Kind | None = None,
    **declared: object,
) -> Suspicion:
    own_course = course(meter(kind, **declared), MOMENTS, value, line=LINE)
    main = (
        None
        if beside is None
        else course(meter(beside), MOMENTS, written(LINE, beside, MOMENTS), line=LINE)
    )
    return compare(
        meter(kind, **declared),
        own_course,
        LINE.windows,
        0.98,
        UTC_ZONE,
        MeterContext(TONNES, bounds, main),
    )


def codes(suspicion: Suspicion) -> list[str]:
    return [finding.code for finding in suspicion.findings]


@pytest.mark.parametrize("kind", KINDS)
def test_a_meter_whose_load_is_a_thousandth_of_its_range_is_in_another_unit(kind: Kind) -> None:
    value = written(LINE, kind, MOMENTS)
    assert codes(look(kind, value, range=(0.0, 6000.0))) == []
    suspicion = look(kind, np.round(value / 1000, 6), range=(0.0, 6000.0))
    assert codes(suspicion) == ["unit-label"]
    assert "0.001 times" in suspicion.findings[0].sentence
    assert suspicion.batches["unit-label"].all()


def test_a_meter_whose_every_value_is_a_thousand_times_its_range_is_in_another_unit() -> None:
    suspicion = look("rate", 1000 * written(LINE, "rate", MOMENTS), range=(0.0, 6000.0))
    assert "unit-label" in codes(suspicion)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factor", [1000.0, 0.001, 3.6])
def test_a_meter_beside_another_gives_itself_away(kind: Kind, factor: float) -> None:
    value = np.round(written(LINE, kind, MOMENTS) * factor, 6)
    assert codes(look(kind, value, beside="register")) == ["unit-label"]
    assert codes(look(kind, value / factor, beside="register")) == []


@pytest.mark.parametrize("kind", ["rate", "interval"])
@pytest.mark.parametrize("beside", [None, "register"])
@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_a_unit_that_changes_is_told_with_its_first_reading(
    kind: Kind, beside: Kind | None, factor: float
) -> None:
    value, first = written(LINE, kind, MOMENTS), 9000
    value[first:] = np.round(value[first:] * factor, 6)
    suspicion = look(kind, value, beside=beside)
    assert codes(suspicion) == ["unit-change"]
    assert abs((suspicion.findings[0].places[0].row or 0) - (first + 2)) <= 20
    struck = suspicion.batches["unit-label"]
    assert (struck == (LINE.end_s > MOMENTS[first])).mean() > 0.998


def test_what_a_batch_can_take_proves_a_unit_wrong_where_no_range_is_declared() -> None:
    value = written(LINE, "register", MOMENTS)  # 4000 kW for 55 minutes into 9 t: about 400 kWh/t
    assert codes(look("register", value, bounds=(100.0, 900.0))) == []
    suspicion = look("register", value / 1000, bounds=(100.0, 900.0))
    assert codes(suspicion) == ["unit-label"]
    assert "1,000" in suspicion.findings[0].sentence


BOUNDS = (100.0, 900.0)


@pytest.mark.parametrize("kind", ["rate", "interval"])
@pytest.mark.parametrize("factor", [1000.0, 0.001])
@pytest.mark.parametrize(
    ("turn", "wrong"), [(4000, "since"), (4000, "until"), (9000, "since"), (9000, "until")]
)
def test_which_side_of_a_change_is_in_the_wrong_unit_is_told_by_what_a_batch_can_take(
    kind: Kind, factor: float, turn: int, wrong: str
) -> None:
    """Whichever side has more batches: two thirds or a third of the year may be the wrong ones."""
    value = written(LINE, kind, MOMENTS)
    side = slice(turn, None) if wrong == "since" else slice(None, turn)
    value[side] = np.round(value[side] * factor, 6)
    suspicion = look(kind, value, bounds=BOUNDS)
    assert codes(suspicion) == ["unit-change"]
    struck = suspicion.batches["unit-label"]
    assert (
        struck == (LINE.end_s > MOMENTS[turn] if wrong == "since" else LINE.start_s < MOMENTS[turn])
    ).mean() > 0.998
    (event,) = suspicion.events
    assert event.kind == "unit"
    assert event.factor == pytest.approx(1 / factor)
    assert (event.until is None) == (wrong == "since")
    sentence = suspicion.findings[0].sentence
    assert (
        f"factor = {1 / factor:.6g}, {'from' if wrong == 'since' else 'until'} that day" in sentence
    )
    assert "are beyond what a batch of this step can use" in sentence


@pytest.mark.parametrize("later", [True, False])
def test_ten_times_from_the_middle_on_is_told_by_the_day_and_the_sound_half_counts(
    later: bool,
) -> None:
    """As many batches on either side: the one beyond what a batch can take is the wrong one."""
    value, half = written(LINE, "rate", MOMENTS), len(MOMENTS) // 2
    value[half:] *= 10
    low, high = BOUNDS if later else (10 * BOUNDS[0], 10 * BOUNDS[1])
    suspicion = look("rate", value, bounds=(low, high))
    assert codes(suspicion) == ["unit-change"]
    (event,) = suspicion.events
    assert event.factor == pytest.approx(0.1 if later else 10)
    wrong = suspicion.batches["unit-label"]
    assert 0.4 < wrong.mean() < 0.6
    assert bool(wrong[-1]) is later


def test_where_nothing_but_their_number_speaks_for_a_side_the_finding_says_so() -> None:
    value, turn = written(LINE, "interval", MOMENTS), 4000
    value[turn:] = np.round(value[turn:] / 1000, 6)
    suspicion = look("interval", value)
    assert "nothing else shows which of the two is wrong" in suspicion.findings[0].sentence
    (event,) = suspicion.events
    assert event.factor == pytest.approx(0.001)
    assert event.until is not None  # the larger side is left as it is


@pytest.mark.parametrize(("factor", "stands"), [(1e-3, 0.0065), (1e3, 0.0065), (3.6e3, 0.003)])
def test_a_unit_that_changes_while_the_line_stands_is_dated_by_what_it_takes_then(
    factor: float, stands: float
) -> None:
    load = np.tile(np.concatenate((np.full(30, 1000.0), np.full(20, 300.0))), 8)
    load[150:300] = 1000.0 * stands
    load[250:] *= factor
    assert turning(load, np.arange(len(load)), factor) == 250


def test_one_batch_in_a_thousand_is_no_change_of_a_meters_unit() -> None:
    value = written(LINE, "interval", MOMENTS)
    at = (LINE.start_s[300] < MOMENTS) & (LINE.end_s[300] >= MOMENTS)
    value[at] /= 1000
    assert "unit-label" not in look("interval", value).batches


def test_a_register_that_stood_while_two_batches_ran_is_told_with_its_row_and_the_batches() -> None:
    value = written(LINE, "register", MOMENTS)
    first, last = np.searchsorted(MOMENTS, [LINE.start_s[200] - 300, LINE.end_s[201] + 300])
    value[last:] -= value[last] - value[first]
    value[first:last] = value[first]
    suspicion = look("register", value)
    assert codes(suspicion) == ["still-while-producing"]
    assert np.flatnonzero(suspicion.batches["still-while-producing"]).tolist() == [200, 201]
    assert abs((suspicion.findings[0].places[0].row or 0) - (first + 2)) <= 1


def test_a_rate_at_zero_while_batches_ran_stood_still() -> None:
    value = written(LINE, "rate", MOMENTS)
    value[(LINE.start_s[200] < MOMENTS) & (LINE.end_s[201] > MOMENTS)] = 0.0
    assert codes(look("rate", value)) == ["still-while-producing"]


@pytest.mark.parametrize("kind", KINDS)
def test_rest_between_batches_and_short_stops_within_them_are_no_standstill(kind: Kind) -> None:
    of = line(idle=0.0)
    for start in of.start_s.tolist():
        first = (start - int(MOMENTS[0])) // 60 + 20
        of.power[first : first + 12] = 0.0  # twelve minutes without power in every batch
    own_course = course(meter(kind), MOMENTS, written(of, kind, MOMENTS), line=of)
    suspicion = compare(
        meter(kind),
        own_course,
        of.windows,
        0.98,
        UTC_ZONE,
        MeterContext(np.full(len(of.start_s), 9.0)),
    )
    assert codes(suspicion) == []
    assert of.windows.start_us[0] == of.start_s[0] * SECOND


def test_one_stop_of_two_thirds_of_a_batch_is_no_standstill() -> None:
    of = line(idle=0.0)
    first = (int(of.start_s[200]) - int(MOMENTS[0])) // 60 + 10
    of.power[first : first + 40] = 0.0
    value = written(of, "rate", MOMENTS)
    assert (
        codes(
            compare(
                meter("rate"),
                course(meter("rate"), MOMENTS, value, line=of),
                of.windows,
                0.98,
                UTC_ZONE,
                MeterContext(TONNES),
            )
        )
        == []
    )


CHANCE = np.random.default_rng(4)
USUAL = 400 * CHANCE.normal(1, 0.04, 500)


@pytest.mark.parametrize("factor", [1000.0, 0.001, 3600.0, 1e6, 1000 / 3.6])
def test_single_values_off_by_a_large_factor_between_units_are_found(factor: float) -> None:
    value = USUAL.copy()
    value[[3, 77]] *= factor
    assert np.flatnonzero(off_scale(value) != 1).tolist() == [3, 77]
    assert off_scale(value)[3] == pytest.approx(factor)


def test_a_small_factor_needs_several_values_that_agree() -> None:
    value = USUAL.copy()
    value[[3]] *= 3.6
    assert (off_scale(value) == 1).all()
    value[[77, 140, 200]] *= 3.6
    assert np.flatnonzero(off_scale(value) != 1).tolist() == [3, 77, 140, 200]


def test_batches_that_were_broken_off_anywhere_are_in_no_other_unit() -> None:
    value = USUAL.copy()
    value[:40] *= CHANCE.uniform(0.05, 0.9, 40)
    assert (off_scale(value) == 1).all()


def test_a_tail_that_reaches_over_a_factor_is_no_unit() -> None:
    value = USUAL.copy()
    value[:30] *= np.geomspace(0.0002, 0.005, 30)
    assert (off_scale(value) == 1).all()


def test_values_that_swing_as_far_as_units_lie_apart_prove_nothing() -> None:
    assert (off_scale(np.exp(CHANCE.normal(0, 3, 500))) == 1).all()


def test_zero_unknown_and_few_values_are_never_off() -> None:
    value = USUAL.copy()
    value[[0, 1, 2]] = 0.0, np.nan, -5.0
    assert (off_scale(value)[:3] == 1).all()
    assert (off_scale(np.array([1.0, 1000.0])) == 1).all()


@pytest.mark.parametrize("ratio", [10, 20, 40, 60, 80, 100, 120, 200, 300, 10_000, 1000 / 3.6])
@pytest.mark.parametrize("way", [1, -1])
def test_the_ratio_of_a_transformer_is_named_as_it_is(ratio: float, way: int) -> None:
    value = np.round(written(LINE, "interval", MOMENTS) * ratio**way, 6)
    suspicion = look("interval", value, beside="register")
    assert codes(suspicion) == ["unit-label"]
    (event,) = suspicion.events
    assert event.factor == pytest.approx(ratio**-way)
    assert event.kind == "unit"


@pytest.mark.parametrize("ratio", [1 / 17.0, 225.0])
def test_no_factor_is_proposed_where_none_fits(ratio: float) -> None:
    value = np.round(written(LINE, "interval", MOMENTS) * ratio, 6)
    suspicion = look("interval", value, beside="register")
    assert codes(suspicion) == ["unit-label"]
    assert suspicion.batches["unit-label"].all()
    assert suspicion.events == ()
    assert (
        "no one factor between units or ratio of a transformer is proved"
        in suspicion.findings[0].sentence
    )


def test_a_check_meter_of_a_part_is_in_no_other_unit() -> None:
    value = written(LINE, "interval", MOMENTS) / 5
    assert codes(look("interval", value, beside="register")) == []


def test_where_bounds_leave_several_factors_open_none_is_proposed() -> None:
    value = written(LINE, "register", MOMENTS) / 200
    suspicion = look("register", value, bounds=BOUNDS)
    assert codes(suspicion) == ["unit-label"]
    assert suspicion.events == ()
    assert "Multiplied by 60 to 400 they would fit" in suspicion.findings[0].sentence


@pytest.mark.parametrize(("ratio", "proposed"), [(200.0, 0.005), (23.0, None)])
def test_a_change_is_declared_by_the_factor_that_fits_or_by_none(
    ratio: float, proposed: float | None
) -> None:
    value, turn = written(LINE, "rate", MOMENTS), 9000
    value[turn:] *= ratio
    suspicion = look("rate", value, bounds=BOUNDS)
    assert codes(suspicion) == ["unit-change"]
    if proposed is None:
        assert suspicion.events == ()
        assert "no transformer's ratio fits" in suspicion.findings[0].sentence
    else:
        (event,) = suspicion.events
        assert event.factor == pytest.approx(proposed)


def test_ratios_and_bounds_name_the_factor() -> None:
    assert fitting(0.00098) == 1e-3
    assert fitting(3.65) == 3.6
    assert fitting(2.0) is None
    assert fitting(225.0) is None
    assert fitting(float("nan")) is None
    assert into(0.4, 100, 900).tolist() == [1e3]
    assert into(400.0, 100, 900).tolist() == []
    assert into(2.0, 5.0, 9.0).tolist() == [3.6]
    assert into(0.0, 5.0, 9.0).tolist() == []
