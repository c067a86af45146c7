"""A production log without batches becomes runs: what a row covers, where it belongs, what is left out."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from benchmarks import packs
from reporting_agent.config import Site
from reporting_agent.pipeline import runs
from reporting_agent.sources import LOG, read_table

PROFILE = Path(__file__).parents[3] / "fixtures" / "profiles" / "small-firm"
PACK = packs.load("./machines.toml", base=PROFILE)
ROME = ZoneInfo("Europe/Rome")
SIX = datetime(2022, 9, 5, 6, tzinfo=ROME)


def site(**setting: Any) -> Site:
    return Site.model_validate(
        {"site": {"id": "f", "timezone": "Europe/Rome", "pack": "./machines.toml"}, "inputs": {"log": "log.csv"}, "runs": setting}
    )


Row = tuple[float, float, object, str]
"""Minutes after six, items, energy, state."""


def cut(tmp_path: Path, rows: list[Row], **setting: Any) -> runs.Cut:
    lines = ["timestamp,equipment,step,variant,output_quantity,output_unit,energy,state,span_s"]
    lines += [
        f"{(SIX + timedelta(minutes=minutes)).isoformat()},m0,machining-0,part-0,{items},items,{energy},{state},60"
        for minutes, items, energy, state in rows
    ]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines) + "\n")
    chosen = site(**setting)
    return runs.cut(read_table(path, chosen.mapping.log, LOG, chosen.zone), chosen, PACK)


def counts(found: runs.Cut) -> dict[str, int]:
    return {finding.code: finding.count for finding in found.findings}


def test_rows_add_up_to_a_run_of_the_shift_and_the_first_row_covers_nothing_known(tmp_path: Path) -> None:
    found = cut(tmp_path, [(0, 9, 9, "normal"), (5, 4, 3, "normal"), (10, 5, 2, "normal")])
    (run,) = found.batches
    assert run.output_t == pytest.approx(0.009)  # thousands of items
    assert run.energy[0].quantity == 5.0
    assert run.variables["power_on_s"] == 600.0
    assert (run.start, run.end) == (SIX, SIX + timedelta(minutes=10))
    assert counts(found) == {"log-first-row": 1}


def test_a_row_after_a_late_stamp_keeps_its_amounts_and_one_after_a_gap_is_missing_time(tmp_path: Path) -> None:
    rows: list[Row] = [(0, 0, 0, "normal"), (5, 4, 3, "normal"), (25, 16, 12, "normal"), (105, 5, 4, "normal"), (110, 4, 3, "normal")]
    found = cut(tmp_path, rows)
    (run,) = found.batches
    assert run.energy[0].quantity == 18.0
    assert run.energy[0].completeness == pytest.approx(30 / 110)
    assert counts(found)["log-gap"] == 1


def test_rows_in_alarm_or_by_hand_are_left_out_with_items_and_energy(tmp_path: Path) -> None:
    rows: list[Row] = [(0, 0, 0, "normal"), (5, 4, 3, "normal"), (10, 7, 9, "fault"), (15, 4, 3, "normal"), (20, 1, 1, "idle")]
    found = cut(tmp_path, rows)
    (run,) = found.batches
    assert run.output_t == pytest.approx(0.008)
    assert run.energy[0].quantity == 6.0
    assert run.energy[0].completeness == 1.0
    assert counts(found)["log-not-normal"] == 2


def test_whole_unit_steps_of_a_counter_are_kept_because_they_catch_up(tmp_path: Path) -> None:
    found = cut(tmp_path, [(0, 0, 0, "normal"), *((5 * n, 5, n % 2, "normal") for n in range(1, 13))])
    (run,) = found.batches
    assert run.energy[0].quantity == 6.0
    assert counts(found)["log-coarse-energy"] == 6


def test_standing_time_stays_in_the_run(tmp_path: Path) -> None:
    found = cut(tmp_path, [(0, 0, 0, "normal"), (5, 0, 3, "normal"), (10, 4, 3, "normal")])
    assert found.batches[0].energy[0].quantity == 6.0
    assert counts(found)["log-standing"] == 1


def test_a_row_belongs_to_the_shift_that_holds_the_middle_of_its_time(tmp_path: Path) -> None:
    rows: list[Row] = [(470, 0, 0, "normal"), (480, 4, 3, "normal"), (485, 5, 2, "normal")]
    first, second = cut(tmp_path, rows).batches
    assert first.output_t == pytest.approx(0.004)
    assert second.output_t == pytest.approx(0.005)
    assert first.batch_id.endswith("06:00")
    assert second.batch_id.endswith("14:00")


def test_the_night_shift_belongs_to_the_evening_it_began(tmp_path: Path) -> None:
    (run,) = cut(tmp_path, [(-65, 0, 0, "normal"), (-60, 4, 3, "normal")]).batches
    assert run.batch_id.endswith("2022-09-04T22:00")


@pytest.mark.parametrize(("by", "number"), [("hour", 3), ("day", 1)])
def test_runs_may_be_hours_or_days(tmp_path: Path, by: str, number: int) -> None:
    assert len(cut(tmp_path, [(5 * n, 4, 3, "normal") for n in range(36)], by=by).batches) == number


def test_a_mean_power_is_multiplied_by_the_time_of_the_row(tmp_path: Path) -> None:
    rows: list[Row] = [(5, 4, 30, "normal"), (10, 4, 30, "normal")]
    found = cut(tmp_path, rows, energy="rate", unit="kW", row_covers="span")
    assert found.batches[0].energy[0].unit == "kWh"
    assert found.batches[0].energy[0].quantity == pytest.approx(2 * 30 / 60)
    assert "log-first-row" not in counts(found)


def test_an_unknown_energy_is_missing_time(tmp_path: Path) -> None:
    found = cut(tmp_path, [(0, 0, 0, "normal"), (5, 4, "", "normal"), (10, 4, 3, "normal")])
    assert found.batches[0].energy[0].completeness == pytest.approx(0.5)
    assert counts(found)["log-energy-unknown"] == 1
