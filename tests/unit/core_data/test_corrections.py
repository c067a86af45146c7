"""Corrected limits: the standards' own arithmetic, exact, each grade alone, and reasons instead of
guesses.
"""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import packs
from benchmarks.packs.corrections import RULES, Limits, NotAssessable, corrected_limits, grade
from benchmarks.routes import Pack, Step
from benchmarks.standard_limits import StandardLimit

NOW = date(2027, 1, 1)
STEEL, CEMENT, ALUMINIUM = packs.load("steel"), packs.load("cement"), packs.load("aluminium")


def limit(pack: Pack, step: str, id_: str) -> StandardLimit:
    return next(each for each in pack.step(step).limits if each.id == id_)


CEMENT_LIMIT = limit(CEMENT, "cement-grinding", "gb16780-2021-cement")
CLINKER = limit(CEMENT, "clinker-burning", "gb16780-2021-clinker")
CLINKER_COAL = limit(CEMENT, "clinker-burning", "gb16780-2021-clinker-coal")
CLINKER_ELECTRICITY = limit(CEMENT, "clinker-cooling", "gb16780-2021-clinker-electricity")
PREPARATION = limit(CEMENT, "cement-grinding", "gb16780-2021-cement-preparation")
SINTER = limit(STEEL, "sintering", "gb21256-2025-sinter")
FURNACE = limit(STEEL, "blast-furnace", "gb21256-2025-blast-furnace")
CONVERTER = limit(STEEL, "converter", "gb21256-2025-converter")
EAF_70 = limit(STEEL, "eaf", "gb21256-2025-eaf-70")
EAF_50_70 = limit(STEEL, "eaf", "gb21256-2025-eaf-50-70")
COKE_TOP = limit(STEEL, "coking", "gb21342-2025-top")
COKE_TOP_WET = limit(STEEL, "coking", "gb21342-2025-top-quenched-wet")
COKE_STAMP = limit(STEEL, "coking", "gb21342-2025-stamp")

Variables = dict[str, float | str]
TOP: Variables = {"variant": "top-charged", "volatile_pct": 23.0, "moisture_pct": 10.0}
STAMP: Variables = {"variant": "stamp-charged", "volatile_pct": 25.0, "moisture_pct": 10.5}


def corrected(
    which: StandardLimit, base: Variables | None = None, **variables: float | str
) -> Limits:
    result = corrected_limits(which, {**(base or {}), **variables}, NOW)
    assert not isinstance(result, NotAssessable), result
    return result


def refused(
    which: StandardLimit, base: Variables | None = None, *, on: date = NOW, **variables: float | str
) -> str:
    result = corrected_limits(which, {**(base or {}), **variables}, on)
    assert isinstance(result, NotAssessable), result
    assert result.reason.en
    assert result.reason.said_in("zh")
    return result.code


def meant(step: Step, variables: Variables) -> list[tuple[str, Limits | NotAssessable]]:
    """The limits of a step that are meant for these conditions, each corrected or with the reason
    why not.
    """
    results = [(limit.id, corrected_limits(limit, variables, NOW)) for limit in step.limits]
    return [
        (id_, outcome)
        for id_, outcome in results
        if not (isinstance(outcome, NotAssessable) and outcome.code == "not-applicable")
    ]


class TestVectorsOfTheStandards:
    """The three vectors that come with the transcription."""

    def test_cement_with_65_percent_clinker(self) -> None:
        assert corrected(CEMENT_LIMIT, clinker_pct=65, altitude_m=200) == (69.0, 75.5, 82.0)

    def test_clinker_at_3000_metres_loosens_grade_3_alone(self) -> None:
        first, second, third = corrected(CLINKER, altitude_m=3000, pressure_pa=70109)
        assert (first, second) == (100, 107)
        assert third == pytest.approx(120.8615, abs=5e-5)

    def test_converter_with_20_percent_scrap(self) -> None:
        assert corrected(CONVERTER, scrap_pct=20, variant="plain") == (-25.4, -23.4, -7.4)


@pytest.mark.parametrize("which", [CEMENT_LIMIT, CLINKER, CLINKER_COAL, CLINKER_ELECTRICITY])
def test_altitude_changes_nothing_up_to_1500_metres_and_asks_for_pressure_above(
    which: StandardLimit,
) -> None:
    assert corrected(which, clinker_pct=75, altitude_m=1500, pressure_pa=84500) == which.grades
    assert refused(which, clinker_pct=75, altitude_m=1500.1) == "variable-missing"
    first, second, third = corrected(which, clinker_pct=75, altitude_m=1600, pressure_pa=83500)
    assert (first, second) == which.grades[:2]
    assert third is not None
    assert which.grades[2] is not None
    assert third > which.grades[2]


def test_the_coal_grades_of_clinker_are_the_standards_figures_in_megajoules_exactly() -> None:
    assert [None if each is None else round(each / 29.3076, 9) for each in CLINKER_COAL.grades] == [
        94,
        100,
        109,
    ]


def test_cement_preparation_has_no_correction_and_asks_what_was_bought_ground() -> None:
    assert corrected(PREPARATION, bought_ground_pct=0) == (26, 29, 34)
    assert refused(PREPARATION) == "variable-missing"


def test_clinker_ratio_and_altitude_are_never_assumed_for_cement() -> None:
    assert refused(CEMENT_LIMIT, altitude_m=100) == "variable-missing"
    assert refused(CEMENT_LIMIT, clinker_pct=75) == "variable-missing"


def test_ore_additions_of_sinter_apply_to_every_grade() -> None:
    assert corrected(SINTER, rare_earth_pct=10, vti_pct=20, laterite_pct=5) == (54.5, 57.5, 63.5)


@pytest.mark.parametrize(
    ("iron", "added"), [(63, 0), (62, 0), (60, 7.22), (57, 18.05), (50, 18.05)]
)
def test_lean_ore_loosens_the_blast_furnace_up_to_five_points_and_rich_ore_gets_no_credit(
    iron: float, added: float
) -> None:
    assert corrected(FURNACE, feed_fe_pct=iron) == (361 + added, 370 + added, 415 + added)


@pytest.mark.parametrize(
    ("variant", "added"),
    [
        ("any", 0),
        ("plain", 0),
        ("quality-carbon", 0.8),
        ("bearing-gear-hardwire-tool-die", 1.2),
        ("deepdraw-pipeline", 1.5),
    ],
)
def test_converter_classes(variant: str, added: float) -> None:
    first, _, third = corrected(CONVERTER, variant=variant)
    assert (first, third) == (-30 + added, -12 + added)


def test_a_special_purpose_converter_is_outside_the_boundary() -> None:
    assert refused(CONVERTER, converter_type="special-purpose") == "not-eligible"


@pytest.mark.parametrize(
    ("variant", "wanted"),
    [
        ("plain-carbon", (53, 56, 64)),
        ("quality-carbon", (61, 64, 72)),
        ("bearing-gear-hardwire-tool-die", (68, 71, 79)),
        ("stainless", (59.1, 62.4, 71.2)),
    ],
)
def test_eaf_limits_by_steel_class_with_10_points_of_hot_metal(
    variant: str, wanted: Limits
) -> None:
    assert corrected(EAF_70, furnace_capacity_t=125, hot_metal_pct=10, variant=variant) == wanted


def test_grade_2_stays_missing_for_a_small_furnace() -> None:
    assert corrected(EAF_50_70, furnace_capacity_t=60, hot_metal_pct=0) == (61, None, 72)
    graded = grade(63, (61, None, 72))
    assert (graded.met, graded.best_met, graded.monotone) == ((False, None, True), 3, True)


def test_the_capacity_class_decides_which_limit_applies() -> None:
    variables: dict[str, float | str] = {"hot_metal_pct": 0.0}
    for capacity, id_ in (
        (125, "eaf-70"),
        (70, "eaf-70"),
        (69.9, "eaf-50-70"),
        (50, "eaf-50-70"),
        (49.9, "eaf-50"),
    ):
        limits = meant(STEEL.step("eaf"), {**variables, "furnace_capacity_t": capacity})
        assert [name for name, _ in limits] == [f"gb21256-2025-{id_}"]
    assert refused(EAF_70, hot_metal_pct=0) == "variable-missing"


def test_hot_metal_is_never_assumed_because_leaving_it_out_would_loosen_the_limit() -> None:
    assert refused(EAF_70, furnace_capacity_t=125) == "variable-missing"


def test_a_limit_may_become_negative() -> None:
    first, _, _ = corrected(EAF_70, furnace_capacity_t=125, hot_metal_pct=90)
    assert first == -11


class TestCoke:
    def test_base(self) -> None:
        assert corrected(COKE_TOP, TOP) == (110, 110, 135)
        assert corrected(COKE_STAMP, STAMP) == (115, 115, 140)

    @pytest.mark.parametrize(
        ("volatile", "added"),
        [
            (21, -8.3),
            (21.5, -6.25),
            (22, -4.2),
            (23, 0),
            (24.5, 6.4),
            (26, 11),
            (27.25, 15.2375),
            (28, 18.71),
        ],
    )
    def test_volatile_table_of_top_charging_is_linear_between_its_points(
        self, volatile: float, added: float
    ) -> None:
        first, second, third = corrected(COKE_TOP, TOP, volatile_pct=volatile)
        assert first == second == pytest.approx(110 + added)
        assert third == pytest.approx(135 + added)

    @pytest.mark.parametrize("volatile", [20.99, 28.01])
    def test_volatiles_outside_the_table_give_no_grade(self, volatile: float) -> None:
        assert refused(COKE_TOP, TOP, volatile_pct=volatile) == "out-of-range"

    @pytest.mark.parametrize("volatile", [24.99, 32.01])
    def test_stamp_charging_has_its_own_range(self, volatile: float) -> None:
        assert refused(COKE_STAMP, STAMP, volatile_pct=volatile) == "out-of-range"
        assert corrected(COKE_STAMP, STAMP, volatile_pct=32) == (139.5, 139.5, 164.5)

    def test_moisture_and_mixed_gas_apply_to_every_grade(self) -> None:
        assert corrected(COKE_TOP, TOP, moisture_pct=11, mixed_gas_share=0.5) == (
            117.67,
            117.67,
            142.67,
        )
        assert corrected(COKE_STAMP, STAMP, moisture_pct=9.5, mixed_gas_share=1) == (
            123.29,
            123.29,
            148.29,
        )

    def test_wet_quenching_loosens_grade_3_alone(self) -> None:
        assert corrected(COKE_TOP_WET, TOP, quench="wet") == (110, 110, 181.46)
        assert refused(COKE_TOP_WET, TOP, quench="dry") == "not-applicable"
        assert (
            refused(COKE_TOP_WET, TOP) == "variable-missing"
        )  # what would loosen a limit must be said
        assert corrected(COKE_TOP, TOP, quench="wet") == (110, 110, 135)

    @pytest.mark.parametrize(("age", "added"), [(15, 0), (15.01, 2.5), (25, 2.5), (25.01, 5.5)])
    def test_oven_age_leaves_grade_2_alone(self, age: float, added: float) -> None:
        assert corrected(COKE_TOP, TOP, oven_age_years=age) == (110 + added, 110, 135 + added)

    def test_an_old_oven_can_meet_grade_1_and_miss_grade_2_and_that_is_said(self) -> None:
        graded = grade(111, corrected(COKE_TOP, TOP, oven_age_years=20))
        assert graded.met == (True, False, True)
        assert graded.best_met == 1
        assert not graded.monotone

    def test_only_the_limit_of_the_charging_method_applies(self) -> None:
        limits = meant(STEEL.step("coking"), {**TOP, "quench": "dry"})
        assert [id_ for id_, _ in limits] == ["gb21342-2025-top"]


def test_a_limit_holds_from_its_date_on_and_not_a_day_before() -> None:
    assert refused(COKE_TOP, TOP, on=date(2026, 4, 30)) == "not-in-force"
    assert not isinstance(corrected_limits(COKE_TOP, TOP, date(2026, 5, 1)), NotAssessable)
    ended = CONVERTER.model_copy(update={"effective_to": date(2030, 1, 1)})
    assert refused(ended, on=date(2030, 1, 1)) == "not-in-force"
    assert not isinstance(corrected_limits(ended, {}, date(2029, 12, 31)), NotAssessable)


def test_what_is_no_number_or_no_class_of_the_standard_gives_a_reason() -> None:
    assert refused(CONVERTER, scrap_pct="much") == "not-a-number"
    assert refused(CONVERTER, variant="chocolate") == "class-unknown"


@pytest.mark.parametrize(
    ("variable", "value"), [("mixed_gas_share", 50), ("moisture_pct", 110), ("oven_age_years", -1)]
)
def test_what_no_share_percentage_or_age_can_be_moves_no_limit(variable: str, value: float) -> None:
    result = corrected_limits(COKE_TOP, {**TOP, variable: value}, NOW)
    assert isinstance(result, NotAssessable)
    assert result.code == "variable-impossible"
    assert f"{variable} is {value}, but must be from 0 to" in result.reason.en
    assert f"{variable} 为 {value}" in result.reason.said_in("zh")


def test_nothing_is_rounded_before_comparison() -> None:
    limits = corrected(CEMENT_LIMIT, clinker_pct=65, altitude_m=200)
    assert grade(75.5, limits).met == (False, True, True)
    assert grade(75.50000000000001, limits).met == (False, False, True)


def test_a_value_that_meets_no_grade_has_none() -> None:
    assert grade(200, (100, 107, 117)).best_met is None


def test_alumina_is_graded_on_the_comprehensive_figure_of_its_process() -> None:
    for variant, wanted in (("bayer", (340, 390, 460)), ("other-processes", (550, 600, 700))):
        ((_, limits),) = meant(ALUMINIUM.step("alumina-refining"), {"variant": variant})
        assert limits == wanted


@given(
    st.floats(-200, 300, allow_nan=False),
    st.tuples(*[st.none() | st.floats(-100, 200, allow_nan=False)] * 3),
)
def test_each_grade_is_tested_on_its_own(mean: float, limits: Limits) -> None:
    graded = grade(mean, limits)
    assert graded.met == tuple(None if each is None else mean <= each for each in limits)
    assert graded.best_met == next((index + 1 for index in range(3) if graded.met[index]), None)


@given(st.integers(0, 1000), st.integers(0, 100))
def test_the_clinker_correction_is_exact_in_tenths_of_a_percent(tenths: int, altitude: int) -> None:
    ratio = tenths / 10
    first, second, third = corrected(CEMENT_LIMIT, clinker_pct=ratio, altitude_m=altitude)
    assert first == (8000 + 11 * (tenths - 750)) / 100
    assert second == (17400 + 23 * (tenths - 750)) / 200
    assert third == (9400 + 12 * (tenths - 750)) / 100


def test_every_rule_is_used_by_a_limit_and_names_its_clause() -> None:
    used = {
        each.correction
        for pack in (STEEL, CEMENT, ALUMINIUM)
        for step in pack.steps
        for each in step.limits
    }
    assert set(RULES) == used - {None}
    assert all(rule.clause and rule.standard for rule in RULES.values())
