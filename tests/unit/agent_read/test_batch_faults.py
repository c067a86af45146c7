"""Faults of a batch's own record: which exclude, in which order, and what is only told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks import packs
from benchmarks.measurements import Batch, CarrierEnergy, Finding, Severity
from reporting_agent.config import Site
from reporting_agent.pipeline import faults

PACK = packs.load("steel")
START = datetime(2016, 5, 14, 8, tzinfo=UTC)
HEAT = Batch(
    batch_id="H1",
    step="eaf",
    product="liquid-steel",
    variant="",
    start=START,
    end=START + timedelta(minutes=50),
    output_t=122.5,
    equipment="eaf-1",
    variables={"power_on_s": 2400.0},
    energy=(CarrierEnergy("electricity", 48.0, "MWh"),),
)


def site(**inputs: str) -> Site:
    return Site.model_validate(
        {
            "site": {"id": "w", "timezone": "UTC", "pack": "steel"},
            "inputs": inputs or {"batches": "b.csv", "energy": "e.csv"},
            "equipment": [{"id": "eaf-1", "step": "eaf", "rated_power_kw": 120_000}],
        }
    )


def examine(*batches: Batch, metered: bool = False) -> tuple[list[str | None], dict[str, Finding]]:
    steps = {"eaf": {""}} if metered else {}
    judged, found = faults.examine(batches, site(), PACK, metered_steps=steps, blank=frozenset())
    return [batch.excluded for batch in judged], {finding.code: finding for finding in found}


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
    reasons, found = examine(batch)
    assert reasons == [code]
    assert found[code].severity is Severity.EXCLUSION
    assert found[code].count == 1


def test_power_is_taken_over_the_interval_where_no_power_on_time_is_given() -> None:
    quick = replace(HEAT, variables={}, end=START + timedelta(minutes=20))
    assert examine(quick)[0] == ["impossible-power"]


BACKWARDS = replace(HEAT, end=START - timedelta(minutes=5))
OVERLAPPING = replace(HEAT, batch_id="H2", start=START + timedelta(minutes=30), end=START + timedelta(minutes=80))


def test_a_time_fault_excludes_where_energy_is_cut_out_of_readings() -> None:
    assert examine(BACKWARDS, metered=True)[0] == ["end-before-start"]
    assert examine(replace(HEAT, end=None), metered=True)[0] == ["end-missing"]
    assert examine(HEAT, OVERLAPPING, metered=True)[0] == ["overlap", "overlap"]


def test_a_time_fault_is_a_notice_where_energy_is_given_per_batch() -> None:
    reasons, found = examine(BACKWARDS)
    assert reasons == [None]
    assert found["end-before-start"].severity is Severity.NOTICE
    assert examine(HEAT, OVERLAPPING)[0] == [None, None]
    assert examine(HEAT, OVERLAPPING)[1]["overlap"].count == 2


def test_batches_on_two_furnaces_do_not_overlap() -> None:
    assert examine(HEAT, replace(OVERLAPPING, equipment="eaf-2"), metered=True)[0] == [None, None]


def test_the_second_of_two_equal_ids_is_the_duplicate() -> None:
    assert examine(HEAT, replace(HEAT, start=START + timedelta(hours=2), end=START + timedelta(hours=3)))[0] == [None, "duplicate"]
    assert examine(HEAT, replace(HEAT, step="ladle-refining", equipment="lf-1"))[0] == [None, None]


def test_a_fault_is_counted_in_full_and_claims_a_batch_once() -> None:
    both = replace(
        HEAT, batch_id="H2", start=START + timedelta(hours=2), end=START + timedelta(hours=3), energy=(), variables={"power_on_s": 300.0}
    )
    short = replace(both, batch_id="H3", start=START + timedelta(hours=4), end=START + timedelta(hours=5), energy=energy(4.0))
    reasons, found = examine(HEAT, both, short)
    assert reasons == [None, "energy-unknown", None]  # the label rule decides on short heats
    assert found["too-short"].count == 2
    assert found["energy-unknown"].count == 1


def test_energy_of_which_nothing_was_covered_is_unknown() -> None:
    failed = replace(HEAT, energy=(CarrierEnergy("electricity", 0.0, "kWh", completeness=0.0),))
    assert examine(failed, metered=True)[0] == ["energy-unknown"]


def test_a_batch_of_which_too_little_is_known_is_not_called_zero() -> None:
    barely = replace(HEAT, energy=(CarrierEnergy("electricity", 0.0, "kWh", completeness=0.1),))
    assert examine(barely, metered=True)[0] == [None]  # the label rule finds it incomplete


def test_a_long_pause_is_told_where_batches_usually_follow_faster() -> None:
    hourly = [
        replace(HEAT, batch_id=f"H{n}", start=START + timedelta(hours=n), end=START + timedelta(hours=n, minutes=50)) for n in range(100)
    ]
    late = replace(HEAT, batch_id="late", start=START + timedelta(days=7), end=START + timedelta(days=7, minutes=50))
    assert examine(*hourly, late)[1]["pause"].count == 1
    daily = [replace(HEAT, batch_id=f"D{n}", start=START + timedelta(days=n, hours=n % 3)) for n in range(30)]
    assert "pause" not in examine(*daily)[1]
