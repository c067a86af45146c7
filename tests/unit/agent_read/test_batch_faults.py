"""Faults of a batch's own record: which exclude, in which order, and what is only told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks import packs
from benchmarks.measurements import (
    Batch,
    CarrierEnergy,
    DataFinding,
    Direction,
    OperatingState,
    Severity,
)
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import examining

PACK = packs.load("steel")
START = datetime(2016, 5, 14, 8, tzinfo=UTC)
HEAT = Batch(
    batch_id="H1",
    step="eaf",
    product="liquid-steel",
    variant="",
    start=START,
    end=START + timedelta(minutes=50),
    output=122.5,
    equipment="eaf-1",
    variables={"power_on_s": 2400.0},
    energy=(CarrierEnergy("electricity", 48.0, "MWh"),),
)


def site(**inputs: str) -> SiteSettings:
    return SiteSettings.model_validate(
        {
            "site": {"id": "w", "timezone": "UTC", "pack": "steel"},
            "inputs": inputs or {"batches": "b.csv", "energy": "e.csv"},
            "equipment": [{"id": "eaf-1", "step": "eaf", "rated_power_kw": 120_000}],
        }
    )


def examine(
    *batches: Batch, metered: bool = False
) -> tuple[list[str | None], dict[str, DataFinding]]:
    steps = {"eaf": {""}} if metered else {}
    judged, findings = examining.examine(
        batches, site(), PACK, metered_steps=steps, blank=frozenset()
    )
    return [batch.excluded for batch in judged], {finding.code: finding for finding in findings}


def energy(quantity: float, unit: str = "MWh") -> tuple[CarrierEnergy, ...]:
    return (CarrierEnergy("electricity", quantity, unit),)


def test_a_sound_heat_stays() -> None:
    assert examine(HEAT) == ([None], {})


@pytest.mark.parametrize(
    ("code", "batch"),
    [
        ("sentinel", replace(HEAT, energy=energy(-999.999))),
        ("sentinel", replace(HEAT, energy=energy(999.999))),
        ("zero-energy", replace(HEAT, energy=energy(0.0))),
        ("energy-unknown", replace(HEAT, energy=())),
        ("negative-energy", replace(HEAT, energy=energy(-3.0))),
        ("impossible-power", replace(HEAT, energy=energy(48.0), variables={"power_on_s": 1400.0})),
        ("impossible-power", replace(HEAT, energy=energy(80_001.0, "kWh"))),
    ],
)
def test_a_faulty_energy_excludes_under_its_own_reason(code: str, batch: Batch) -> None:
    reasons, findings = examine(batch)
    assert reasons == [code]
    assert findings[code].severity is Severity.EXCLUSION
    assert findings[code].count == 1


def test_power_is_taken_over_the_interval_where_no_power_on_time_is_given() -> None:
    quick = replace(HEAT, variables={}, end=START + timedelta(minutes=20))
    assert examine(quick)[0] == ["impossible-power"]


BACKWARDS = replace(HEAT, end=START - timedelta(minutes=5))
OVERLAPPING = replace(
    HEAT, batch_id="H2", start=START + timedelta(minutes=30), end=START + timedelta(minutes=80)
)


def test_a_time_fault_excludes_where_energy_is_cut_out_of_readings() -> None:
    assert examine(BACKWARDS, metered=True)[0] == ["end-before-start"]
    assert examine(replace(HEAT, end=None), metered=True)[0] == ["end-missing"]
    assert examine(HEAT, OVERLAPPING, metered=True)[0] == ["overlap", "overlap"]


def test_a_time_fault_is_a_notice_where_energy_is_given_per_batch() -> None:
    reasons, findings = examine(BACKWARDS)
    assert reasons == [None]
    assert findings["end-before-start"].severity is Severity.NOTICE
    assert examine(HEAT, OVERLAPPING)[0] == [None, None]
    assert examine(HEAT, OVERLAPPING)[1]["overlap"].count == 2


def test_batches_on_two_furnaces_do_not_overlap() -> None:
    assert examine(HEAT, replace(OVERLAPPING, equipment="eaf-2"), metered=True)[0] == [None, None]


def test_the_second_of_two_equal_ids_is_the_duplicate() -> None:
    assert examine(
        HEAT, replace(HEAT, start=START + timedelta(hours=2), end=START + timedelta(hours=3))
    )[0] == [None, "duplicate"]
    assert examine(HEAT, replace(HEAT, step="ladle-refining", equipment="lf-1"))[0] == [None, None]


def test_a_fault_is_counted_in_full_and_claims_a_batch_once() -> None:
    both = replace(
        HEAT,
        batch_id="H2",
        start=START + timedelta(hours=2),
        end=START + timedelta(hours=3),
        energy=(),
        variables={"power_on_s": 300.0},
    )
    short = replace(
        both,
        batch_id="H3",
        start=START + timedelta(hours=4),
        end=START + timedelta(hours=5),
        energy=energy(4.0),
    )
    reasons, findings = examine(HEAT, both, short)
    assert reasons == [None, "energy-unknown", None]  # the label rule decides on short heats
    assert findings["too-short"].count == 2
    assert findings["energy-unknown"].count == 1


def test_energy_of_which_nothing_was_covered_is_unknown() -> None:
    failed = replace(HEAT, energy=(CarrierEnergy("electricity", 0.0, "kWh", completeness=0.0),))
    assert examine(failed, metered=True)[0] == ["energy-unknown"]


def test_a_batch_without_electricity_is_told_though_a_quarter_of_its_gas_is_not_known() -> None:
    gas = CarrierEnergy("natural-gas", 300.0, "Nm3", lhv_mj_per_unit=35.5, completeness=0.75)
    assert examine(replace(HEAT, energy=(*energy(0.0), gas)))[0] == ["zero-energy"]
    assert examine(replace(HEAT, energy=(*energy(48.0), gas)))[0] == [None]
    assert examine(
        replace(HEAT, energy=(CarrierEnergy("electricity", 0.0, "MWh", completeness=0.75), gas))
    )[0] == [None]


def test_who_delivers_power_may_take_none_in() -> None:
    gas = CarrierEnergy("natural-gas", 300.0, "Nm3", lhv_mj_per_unit=35.5)
    recovered = CarrierEnergy("electricity", 900.0, "kWh", direction=Direction.RECOVERED)
    assert examine(replace(HEAT, energy=(*energy(0.0), recovered, gas)))[0] == [None]
    nothing = replace(recovered, quantity=0.0)
    assert examine(replace(HEAT, energy=(*energy(0.0), nothing, gas)))[0] == ["zero-energy"]


def test_a_batch_of_which_too_little_is_known_is_not_called_zero() -> None:
    barely = replace(HEAT, energy=(CarrierEnergy("electricity", 0.0, "kWh", completeness=0.1),))
    assert examine(barely, metered=True)[0] == [None]  # the label rule finds it incomplete


def test_a_long_pause_is_told_where_batches_usually_follow_faster() -> None:
    hourly = [
        replace(
            HEAT,
            batch_id=f"H{n}",
            start=START + timedelta(hours=n),
            end=START + timedelta(hours=n, minutes=50),
        )
        for n in range(100)
    ]
    late = replace(
        HEAT,
        batch_id="late",
        start=START + timedelta(days=7),
        end=START + timedelta(days=7, minutes=50),
    )
    assert examine(*hourly, late)[1]["pause"].count == 1
    daily = [
        replace(HEAT, batch_id=f"D{n}", start=START + timedelta(days=n, hours=n % 3))
        for n in range(30)
    ]
    assert "pause" not in examine(*daily)[1]


def test_a_row_exported_twice_costs_the_copy_only() -> None:
    excluded, findings = examine(HEAT, HEAT, metered=True)
    assert excluded == [None, "duplicate"]
    assert "overlap" not in findings


def test_a_time_of_waiting_has_no_shortest_length() -> None:
    waiting = replace(
        HEAT,
        batch_id="wait",
        state=OperatingState.HOLDING,
        end=START + timedelta(minutes=4),
        output=0.0,
        variables={},
    )
    assert "too-short" not in examine(waiting)[1]
    assert "too-short" in examine(replace(waiting, state=OperatingState.NORMAL))[1]


def heats(count: int, **changes: object) -> list[Batch]:
    """Heats one after another, of about 48 MWh each."""
    return [
        replace(
            HEAT,
            batch_id=f"H{number}",
            start=START + timedelta(hours=number),
            end=START + timedelta(hours=number, minutes=50),
            energy=energy(48.0 + number % 7 * 0.3),
            **changes,  # type: ignore[arg-type]
        )
        for number in range(1, count + 1)
    ]


def test_an_energy_in_another_unit_than_the_rest_excludes_and_is_no_impossible_power() -> None:
    several = heats(40)
    several[5] = replace(several[5], energy=energy(0.0484))  # GWh under a header of MWh
    several[9] = replace(several[9], energy=energy(48_400.0))
    reasons, findings = examine(*several)
    assert [reasons[5], reasons[9]] == ["unit-label", "unit-label"]
    assert findings["unit-label"].count == 2
    assert "impossible-power" not in findings


def test_a_heat_that_was_broken_off_has_no_other_unit() -> None:
    several = heats(40)
    several[5] = replace(
        several[5],
        energy=energy(0.0484),
        end=several[5].start + timedelta(seconds=18),
        variables={},
    )
    assert "unit-label" not in examine(*several)[1]


@pytest.mark.parametrize(
    "code",
    [
        "still-while-producing",
        "clock-drift",
        "clock-standard-time",
        "clock-daylight-saving",
        "clock-offset",
    ],
)
def test_what_is_wrong_with_a_meter_excludes_its_batches_and_is_told_with_the_meter(
    code: str,
) -> None:
    several = heats(5)
    judged, findings = examining.examine(
        several, site(), PACK, metered_steps={"eaf": {""}}, blank=frozenset(), suspected={3: {code}}
    )
    assert [batch.excluded for batch in judged] == [None, None, None, code, None]
    assert [finding.code for finding in findings] == []


def test_power_on_time_beyond_the_interval_is_told_and_believed() -> None:
    short = replace(HEAT, end=START + timedelta(minutes=30))
    reasons, findings = examine(short)
    assert reasons == [None]
    assert findings["power-on-beyond-interval"].severity is Severity.NOTICE


def test_numbers_missing_between_batches_are_counted_with_the_batch_after() -> None:
    several = [heat for heat in heats(100) if heat.batch_id not in {"H10", "H11", "H50"}]
    finding = examine(*several)[1]["number-missing"]
    assert (finding.count, finding.severity) == (3, Severity.NOTICE)
    assert "(places: 2)" in finding.sentence


def test_what_is_missing_in_another_year_is_no_finding_of_this_one() -> None:
    several = [heat for heat in heats(100) if heat.batch_id not in {"H10", "H11", "H50"}]
    late = [
        replace(heat, start=heat.start + timedelta(days=30 * (heat.batch_id > "H7")), end=None)
        for heat in several
    ]
    first = [
        replace(heat, excluded="outside-period" if int(heat.batch_id[1:]) < 30 else None)
        for heat in late
    ]
    none = [replace(heat, excluded="outside-period") for heat in late]
    assert examine(*first)[1]["number-missing"].count == 1
    assert "pause" in examine(*late)[1]
    assert not {"number-missing", "pause"} & examine(*none)[1].keys()


def test_ids_that_are_no_running_numbers_miss_none() -> None:
    thin = [replace(heat, batch_id=f"H{number * 7}") for number, heat in enumerate(heats(100))]
    named = [
        replace(heat, batch_id=f"{number}-{chr(97 + number % 26)}")
        for number, heat in enumerate(heats(100))
    ]
    assert "number-missing" not in examine(*thin)[1]
    assert "number-missing" not in examine(*named)[1]
