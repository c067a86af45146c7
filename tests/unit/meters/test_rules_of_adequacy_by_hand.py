"""What a meter lacks and what to change, rule by rule at its limit: range, end of range, steps,
readings, coverage, calibration.
"""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reporting_agent.analysis.meters.adequacy_rules import (
    AdequacyVerdict,
    Aspect,
    Issue,
    Measuring,
    MeterLoad,
    covered,
    issues,
    worst,
)
from reporting_agent.config import Meter
from reporting_agent.metering import MeterFacts, MeterRecord

ENDS = date(2025, 1, 1)


def meter(**keys: Any) -> Meter:
    defaults = {
        "id": "m",
        "carrier": "electricity",
        "reading": "register",
        "unit": "kWh",
        "range": (0.0, 1000.0),
        "accuracy_class": 1.0,
    }
    return Meter.model_validate(defaults | keys)


def record(
    of: Meter,
    *,
    step_s: float | None = 60.0,
    quantum: float | None = None,
    at_range: float = 0.0,
    **more: Any,
) -> MeterRecord:
    facts = MeterFacts(1000, 0, 1, 500.0, 0.0, quantum, step_s, at_range)
    defaults = {
        "meter": of,
        "facts": facts,
        "known_s": 100.0,
        "missing_s": 0.0,
        "unplaced": 0.0,
        "per_reading": 1.0,
        "unit": of.unit,
    }
    return cast("MeterRecord", SimpleNamespace(**(defaults | more)))


def measuring(
    of: Meter | None = None, *, of_record: dict[str, Any] | None = None, **changes: Any
) -> Measuring:
    """A meter without fault: batches of an hour and 400 kWh at 400 kW, an uncertainty of 1 %, all
    of the label's energy.
    """
    own = of or meter()
    defaults = {
        "load": MeterLoad(400.0, 100.0, 500.0),
        "share": 1.0,
        "of_batch": 0.01,
        "own": 0.002,
        "of_period": 0.01,
        "spread": 0.1,
        "batch_energy": 400.0,
        "batch_s": 3600.0,
        "longest_gap_s": 7200.0,
        "ends": ENDS,
    }
    return Measuring(
        meter=own, record=record(own, **(of_record or {})), **cast("Any", defaults | changes)
    )


def the(aspect: Aspect, of: Measuring) -> Issue | None:
    return next((issue for issue in issues(of) if issue.aspect is aspect), None)


def verdict(aspect: Aspect, of: Measuring) -> AdequacyVerdict | None:
    issue = the(aspect, of)
    return None if issue is None else issue.verdict


def test_a_meter_without_fault_lacks_nothing() -> None:
    assert issues(measuring()) == ()
    assert worst(()) is AdequacyVerdict.ADEQUATE


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.001, None),
        (0.0011, AdequacyVerdict.YEAR_ONLY),
        (0.02, AdequacyVerdict.YEAR_ONLY),
        (0.021, AdequacyVerdict.INADEQUATE),
    ],
)
def test_a_meter_at_the_end_of_its_range_for_a_fiftieth_of_the_time_is_not_adequate(
    share: float, expected: AdequacyVerdict | None
) -> None:
    assert verdict(Aspect.SATURATION, measuring(of_record={"at_range": share})) is expected


@pytest.mark.parametrize(
    ("carrier", "mean", "low"),
    [
        ("electricity", 49.0, True),
        ("electricity", 50.0, False),
        ("natural-gas", 99.0, True),
        ("natural-gas", 100.0, False),
    ],
)
def test_a_load_is_low_below_a_twentieth_of_the_range_and_of_gas_below_a_tenth(
    carrier: str, mean: float, low: bool
) -> None:
    of = measuring(
        meter(carrier=carrier, unit="kWh" if carrier == "electricity" else "Nm3"),
        load=MeterLoad(mean, 1.0, 150.0),
    )
    assert (the(Aspect.RANGE, of) is not None) is low


@pytest.mark.parametrize(
    ("highest", "change"),
    [
        (30.0, "choose 0 to 50 kW"),  # 37.5
        (40.0, "choose 0 to 50 kW"),  # 50 with its room, exactly
        (40.1, "choose 0 to 100 kW"),
        (160.0, "choose 0 to 200 kW"),
        (450.0, "its peaks need this range"),  # 562.5: the next range is the one that it has
    ],
)
def test_the_range_to_choose_holds_the_highest_load_and_a_quarter_more(
    highest: float, change: str
) -> None:
    issue = the(Aspect.RANGE, measuring(load=MeterLoad(20.0, 1.0, highest)))
    assert issue is not None
    assert issue.change.en.startswith(change)


@pytest.mark.parametrize(
    ("of_batch", "of_period", "share", "expected"),
    [
        (0.05, 0.05, 1.0, None),
        (0.051, 0.05, 1.0, AdequacyVerdict.YEAR_ONLY),
        (0.051, 0.051, 1.0, AdequacyVerdict.INADEQUATE),
        (0.09, 0.09, 0.5, None),  # half of the label's energy: 4.5 % of the label
        (0.11, 0.09, 0.5, AdequacyVerdict.YEAR_ONLY),
        (None, 0.2, 1.0, None),  # no class, no judgement
    ],
)
def test_a_twentieth_of_the_label_is_the_most_that_a_batch_and_a_year_may_be_wrong_by(
    of_batch: float | None, of_period: float, share: float, expected: AdequacyVerdict | None
) -> None:
    assert (
        verdict(Aspect.CLASS, measuring(of_batch=of_batch, of_period=of_period, share=share))
        is expected
    )


@pytest.mark.parametrize(
    ("own", "spread", "lucky"),
    [(0.03, 0.06, False), (0.031, 0.06, True), (0.031, 0.00005, False), (0.031, None, False)],
)
def test_reading_errors_of_half_the_way_to_the_typical_batch_may_make_a_lucky_label(
    own: float, spread: float | None, lucky: bool
) -> None:
    issue = the(Aspect.CLASS, measuring(own=own, of_batch=0.04, spread=spread))
    assert (issue is not None and "lucky reading" in issue.found.en) is lucky


@pytest.mark.parametrize(
    ("class_", "of_batch", "change"),
    [
        (2.0, 0.08, "choose class 1"),  # 8 % at class 2: 4 % at class 1
        (2.0, 0.06, "choose class 1.5"),  # 4.5 %
        (
            0.5,
            0.3,
            "use a meter whose class refers to the reading, not to the range",
        ),  # 12 % even at 0.2
    ],
)
def test_the_class_to_choose_is_the_coarsest_that_would_do(
    class_: float, of_batch: float, change: str
) -> None:
    issue = the(Aspect.CLASS, measuring(meter(accuracy_class=class_), own=0.0, of_batch=of_batch))
    assert issue is not None
    assert issue.change.en == change


@pytest.mark.parametrize(
    ("quantum", "per_reading", "fine"),
    [
        (4.0, 1.0, None),  # a hundredth of 400 kWh
        (5.0, 1.0, "set it to write steps of 2 kWh or finer"),  # 4 would do: of 1, 2 and 5 it is 2
        (
            0.1,
            80.0,
            "set it to write steps of 0.05 kWh or finer",
        ),  # times 80 of a transformer: 8 kWh; 4 / 80 = 0.05
    ],
)
def test_a_step_of_a_hundredth_of_a_batch_is_the_coarsest(
    quantum: float, per_reading: float, fine: str | None
) -> None:
    issue = the(
        Aspect.RESOLUTION, measuring(of_record={"quantum": quantum, "per_reading": per_reading})
    )
    assert (None if issue is None else issue.change.en) == fine


@pytest.mark.parametrize(
    ("step_s", "longest_gap_s", "expected", "change"),
    [
        (180.0, 7200.0, None, ""),  # a twentieth of an hour
        (181.0, 7200.0, AdequacyVerdict.ADEQUATE, "read it every 60 s"),
        (900.0, 7200.0, AdequacyVerdict.ADEQUATE, "read it every 60 s"),  # a quarter of the batch
        (901.0, 7200.0, AdequacyVerdict.YEAR_ONLY, "read it every 60 s"),
        (
            600.0,
            599.0,
            AdequacyVerdict.YEAR_ONLY,
            "read it every 60 s",
        ),  # no energy is estimated across such a gap
    ],
)
def test_readings_are_held_against_a_batchs_length(
    step_s: float, longest_gap_s: float, expected: AdequacyVerdict | None, change: str
) -> None:
    issue = the(
        Aspect.SAMPLING, measuring(of_record={"step_s": step_s}, longest_gap_s=longest_gap_s)
    )
    assert (None if issue is None else issue.verdict) is expected
    assert (issue.change.en if issue else "") == change
    assert (issue is not None and "does not estimate" in issue.found.en) is (step_s > longest_gap_s)


@pytest.mark.parametrize(
    ("known_s", "unplaced", "expected"),
    [
        (90.0, 0.0, None),
        (89.9, 0.0, AdequacyVerdict.YEAR_ONLY),
        (50.0, 0.0, AdequacyVerdict.YEAR_ONLY),
        (49.9, 0.0, AdequacyVerdict.INADEQUATE),
        (49.9, 12.0, AdequacyVerdict.YEAR_ONLY),  # a register counted on meanwhile
    ],
)
def test_half_of_the_time_must_be_known_where_no_register_counted_on(
    known_s: float, unplaced: float, expected: AdequacyVerdict | None
) -> None:
    of = measuring(of_record={"known_s": known_s, "missing_s": 100 - known_s, "unplaced": unplaced})
    assert covered(of.record) == pytest.approx(known_s / 100)
    assert verdict(Aspect.COVERAGE, of) is expected


@pytest.mark.parametrize(
    ("keys", "old"),
    [
        ({"calibrated_on": date(2019, 1, 10)}, False),  # electricity: six years, less nine days
        ({"calibrated_on": date(2018, 12, 1)}, True),
        (
            {"calibrated_on": date(2023, 1, 10), "carrier": "natural-gas", "unit": "Nm3"},
            False,
        ),  # gas: two years
        ({"calibrated_on": date(2022, 12, 1), "carrier": "natural-gas", "unit": "Nm3"}, True),
        ({"calibrated_on": date(2023, 12, 1), "calibration_months": 12}, True),  # as the plant says
        ({}, False),  # nobody wrote it down
    ],
)
def test_a_calibration_holds_six_years_of_electricity_and_two_of_gas(
    keys: dict[str, Any], old: bool
) -> None:
    issue = the(Aspect.CALIBRATION, measuring(meter(**keys)))
    assert (issue is not None) is old
    assert issue is None or issue.verdict is AdequacyVerdict.ADEQUATE, (
        "it is told, and takes nothing from the verdict"
    )


def test_what_is_worst_decides_and_stands_first() -> None:
    of = measuring(
        meter(accuracy_class=None),
        of_record={"at_range": 0.1, "quantum": 50.0},
        of_batch=None,
        own=None,
    )
    lacking = issues(of)
    assert [issue.verdict for issue in lacking] == [
        AdequacyVerdict.INADEQUATE,
        AdequacyVerdict.YEAR_ONLY,
        AdequacyVerdict.UNDECLARED,
    ]
    assert worst(lacking) is AdequacyVerdict.INADEQUATE
    assert worst(lacking[2:]) is AdequacyVerdict.UNDECLARED


def test_the_load_of_a_register_is_told_in_power_and_of_a_rate_in_its_own_unit() -> None:
    assert [measuring(meter(unit=unit)).unit for unit in ("kWh", "MWh", "Nm3")] == [
        "kW",
        "MW",
        "Nm3/h",
    ]
    assert measuring(meter(unit="kW", reading="rate")).unit == "kW"
