"""A production log without batches becomes runs: what a row covers, where it belongs, what is left
out.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from benchmarks import packs
from benchmarks.measurements import Batch, OperatingState, Period
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import runs
from reporting_agent.pipeline.outward import judging
from reporting_agent.sources import LOG, Table, read_table

PROFILE = Path(__file__).parents[3] / "fixtures" / "profiles" / "small-firm"
PACK = packs.load("./machines.toml", base=PROFILE)
ROME = ZoneInfo("Europe/Rome")
SIX = datetime(2022, 9, 5, 6, tzinfo=ROME)


def site(**setting: Any) -> SiteSettings:
    return SiteSettings.model_validate(
        {
            "site": {"id": "f", "timezone": "Europe/Rome", "pack": "./machines.toml"},
            "inputs": {"log": "log.csv"},
            "runs": setting,
        }
    )


Row = tuple[float, float, object, str]
"""Minutes after six, items, energy, state."""


def cut(tmp_path: Path, rows: list[Row], **setting: Any) -> runs.CutRuns:
    lines = ["timestamp,equipment,step,variant,output_quantity,output_unit,energy,state,span_s"]
    lines += [
        f"{(SIX + timedelta(minutes=minutes)).isoformat()},m0,machining-0,part-0,{items},items,{energy},{state},60"
        for minutes, items, energy, state in rows
    ]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines) + "\n")
    chosen = site(**setting)
    return runs.cut([read_table(path, chosen.mapping.log, LOG, chosen.zone)], chosen, PACK)


def counts(logged: runs.CutRuns) -> dict[str, int]:
    return {finding.code: finding.count for finding in logged.findings}


def test_rows_add_up_to_a_run_of_the_shift_and_the_first_row_covers_nothing_known(
    tmp_path: Path,
) -> None:
    logged = cut(tmp_path, [(0, 9, 9, "normal"), (5, 4, 3, "normal"), (10, 5, 2, "normal")])
    (run,) = logged.batches
    assert run.output == pytest.approx(0.009)  # thousands of items
    assert run.energy[0].quantity == 5.0
    assert run.variables["power_on_s"] == 600.0
    assert (run.start, run.end) == (SIX, SIX + timedelta(minutes=10))
    assert counts(logged) == {"log-first-row": 1}


def test_a_row_after_a_late_stamp_keeps_its_amounts_and_one_after_a_gap_is_missing_time(
    tmp_path: Path,
) -> None:
    rows: list[Row] = [
        (0, 0, 0, "normal"),
        (5, 4, 3, "normal"),
        (25, 16, 12, "normal"),
        (105, 5, 4, "normal"),
        (110, 4, 3, "normal"),
    ]
    logged = cut(tmp_path, rows)
    (run,) = logged.batches
    assert run.energy[0].quantity == 18.0
    assert run.energy[0].completeness == pytest.approx(30 / 110)
    assert counts(logged)["log-gap"] == 1


@pytest.mark.parametrize(
    ("row_state", "kwh", "idle"), [("since-previous", 2.0, 0.0), ("from-the-stamp", 1.0, 1.0)]
)
def test_a_row_that_cannot_be_used_leaves_its_time_to_no_other(
    tmp_path: Path, row_state: str, kwh: float, idle: float
) -> None:
    """12 kW in the five minutes of each row, 1 kWh; of the row that names no step nothing counts
    but when it was, and what it says next.
    """
    path = tmp_path / "log.csv"
    lines = ["timestamp,equipment,step,variant,output_quantity,output_unit,energy,state"]
    rows = (
        (0, "machining-0", "normal"),
        (5, "machining-0", "normal"),
        (10, "paintig", "idle"),
        (15, "machining-0", "normal"),
    )
    lines += [
        f"{(SIX + timedelta(minutes=at)).isoformat()},m0,{step},part-0,4,items,12,{state}"
        for at, step, state in rows
    ]
    path.write_text("\n".join(lines) + "\n")
    chosen = site(
        energy="rate",
        unit="kW",
        row_covers="since-previous",
        **({"row_state": row_state} if row_state == "from-the-stamp" else {}),
    )
    logged = runs.cut([read_table(path, chosen.mapping.log, LOG, chosen.zone)], chosen, PACK)
    (run,) = logged.batches
    assert run.energy[0].quantity == pytest.approx(kwh)
    assert sum(
        left.energy for left in logged.left_out if left.state is OperatingState.IDLE
    ) == pytest.approx(idle)
    assert len(logged.rejected) == 1


@pytest.mark.parametrize(
    ("items", "energy", "state"),
    [("4 o'clock", 60, "normal"), (4, "60 kW?", "normal"), (4, 60, "idling")],
)
def test_nor_does_one_that_cannot_be_read(
    tmp_path: Path, items: Any, energy: object, state: str
) -> None:
    rows: list[Row] = [
        (0, 4, 60, "normal"),
        (5, 4, 60, "normal"),
        (15, items, energy, state),
        (20, 4, 60, "normal"),
    ]
    logged = cut(tmp_path, rows, energy="rate", unit="kW")
    (run,) = logged.batches
    assert run.energy[0].quantity == pytest.approx(10)  # 60 kW over two rows of five minutes
    assert run.variables["power_on_s"] == 600


def test_the_state_of_a_row_that_cannot_be_read_holds_from_its_stamp(tmp_path: Path) -> None:
    rows: list[Row] = [
        (0, 4, 5, "normal"),
        (5, 4, 5, "normal"),
        (10, 4, "5 kWh?", "idle"),
        (15, 0, 1, "normal"),
        (20, 4, 5, "normal"),
    ]
    logged = cut(tmp_path, rows, row_state="from-the-stamp")
    assert [run.energy[0].quantity for run in logged.batches] == [10]
    assert {left.state: left.energy for left in logged.left_out} == {
        None: 5,
        OperatingState.IDLE: 1,
    }


@pytest.mark.parametrize(("second", "mean"), [("16", 14.0), ("", None)])
def test_a_run_has_the_output_weighted_mean_of_what_every_row_with_output_gives(
    tmp_path: Path, second: str, mean: float | None
) -> None:
    """6 items at 12 % and 6 at 16 %; a row that makes nothing need not say. Where one that does
    says nothing, the run does not either.
    """
    path = tmp_path / "log.csv"
    lines = ["timestamp,equipment,step,output_quantity,output_unit,energy,span_s,var.moisture_pct"]
    rows = ((0, 0, ""), (5, 6, "12"), (10, 6, second), (15, 0, ""))
    lines += [
        f"{(SIX + timedelta(minutes=at)).isoformat()},m0,machining-0,{items},items,1,60,{water}"
        for at, items, water in rows
    ]
    path.write_text("\n".join(lines) + "\n")
    (run,) = runs.cut([read_table(path, site().mapping.log, LOG, ROME)], site(), PACK).batches
    assert run.variables.get("moisture_pct") == mean


def test_rows_in_alarm_or_by_hand_are_left_out_with_items_and_energy(tmp_path: Path) -> None:
    rows: list[Row] = [
        (0, 0, 0, "normal"),
        (5, 4, 3, "normal"),
        (10, 7, 9, "fault"),
        (15, 4, 3, "normal"),
        (20, 1, 1, "idle"),
    ]
    logged = cut(tmp_path, rows)
    (run,) = logged.batches
    assert run.output == pytest.approx(0.008)
    assert run.energy[0].quantity == 6.0
    assert run.energy[0].completeness == 1.0
    assert counts(logged)["log-not-normal"] == 2


def test_runs_and_what_is_left_out_hold_all_energy_of_the_log(tmp_path: Path) -> None:
    rows: list[Row] = [
        *[
            (0, 0, 2, "normal"),
            (5, 4, 3, "normal"),
            (10, 7, 9, "fault"),
            (15, 4, 3, "normal"),
            (20, 1, 1, "idle"),
            (25, 0, 4, "fault"),
        ],
        *[
            (200, 9, 16, "normal"),
            (205, 9, "", "normal"),
            (1000, 0, 32, "idle"),
        ],  # after a gap; without energy; in a shift of no run
    ]
    logged = cut(tmp_path, rows)
    left: dict[OperatingState | None, float] = {}
    for leftover in logged.left_out:
        left[leftover.state] = left.get(leftover.state, 0.0) + leftover.energy
    assert left == {None: 18.0, OperatingState.FAULT: 13.0, OperatingState.IDLE: 33.0}
    assert {part.start for part in logged.left_out} == {SIX, SIX + timedelta(hours=8)}
    assert (
        sum(part.energy for part in logged.left_out)
        + sum(batch.energy[0].quantity for batch in logged.batches)
        == 70.0
    )


def test_whole_unit_steps_of_a_counter_are_kept_because_they_catch_up(tmp_path: Path) -> None:
    logged = cut(
        tmp_path, [(0, 0, 0, "normal"), *((5 * n, 5, n % 2, "normal") for n in range(1, 13))]
    )
    (run,) = logged.batches
    assert run.energy[0].quantity == 6.0
    assert counts(logged)["log-coarse-energy"] == 6


def test_standing_time_stays_in_the_run(tmp_path: Path) -> None:
    logged = cut(tmp_path, [(0, 0, 0, "normal"), (5, 0, 3, "normal"), (10, 4, 3, "normal")])
    assert logged.batches[0].energy[0].quantity == 6.0
    assert counts(logged)["log-standing"] == 1


def test_a_row_belongs_to_the_shift_that_holds_the_middle_of_its_time(tmp_path: Path) -> None:
    rows: list[Row] = [(470, 0, 0, "normal"), (480, 4, 3, "normal"), (485, 5, 2, "normal")]
    first, second = cut(tmp_path, rows).batches
    assert first.output == pytest.approx(0.004)
    assert second.output == pytest.approx(0.005)
    assert first.batch_id.endswith("06:00")
    assert second.batch_id.endswith("14:00")


def test_the_night_shift_belongs_to_the_evening_it_began(tmp_path: Path) -> None:
    (run,) = cut(tmp_path, [(-65, 0, 0, "normal"), (-60, 4, 3, "normal")]).batches
    assert run.batch_id.endswith("2022-09-04T22:00")


@pytest.mark.parametrize(("by", "number"), [("hour", 3), ("day", 1), ("month", 1), ("campaign", 1)])
def test_runs_may_be_hours_days_months_or_campaigns(tmp_path: Path, by: str, number: int) -> None:
    assert len(cut(tmp_path, [(5 * n, 4, 3, "normal") for n in range(36)], by=by).batches) == number


def test_a_mean_power_is_multiplied_by_the_time_of_the_row(tmp_path: Path) -> None:
    rows: list[Row] = [(5, 4, 30, "normal"), (10, 4, 30, "normal")]
    logged = cut(tmp_path, rows, energy="rate", unit="kW", row_covers="span")
    assert logged.batches[0].energy[0].unit == "kWh"
    assert logged.batches[0].energy[0].quantity == pytest.approx(2 * 30 / 60)
    assert "log-first-row" not in counts(logged)


def test_an_unknown_energy_is_missing_time(tmp_path: Path) -> None:
    logged = cut(tmp_path, [(0, 0, 0, "normal"), (5, 4, "", "normal"), (10, 4, 3, "normal")])
    assert logged.batches[0].energy[0].completeness == pytest.approx(0.5)
    assert counts(logged)["log-energy-unknown"] == 1


def test_a_campaign_ends_with_its_product_and_with_a_gap(tmp_path: Path) -> None:
    """Part 0, part 4, part 0 again, and after three hours without a row part 0 once more."""
    stamps = [
        (0, 0),
        (5, 0),
        (10, 0),
        (15, 4),
        (20, 4),
        (25, 0),
        (30, 0),
        (210, 0),
        (215, 0),
        (220, 0),
    ]
    lines = ["timestamp,equipment,step,variant,output_quantity,output_unit,energy,state"]
    lines += [
        f"{(SIX + timedelta(minutes=at)).isoformat()},m0,machining-0,part-{part},4,items,3,normal"
        for at, part in stamps
    ]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines) + "\n")
    chosen = site(by="campaign")
    logged = runs.cut([read_table(path, chosen.mapping.log, LOG, chosen.zone)], chosen, PACK)
    assert [
        (run.variant, round(run.output * 1000), run.energy[0].completeness)
        for run in logged.batches
    ] == [
        ("part-0", 8, 1.0),
        ("part-4", 8, 1.0),
        ("part-0", 8, 1.0),
        ("part-0", 8, 1.0),
    ]
    assert counts(logged)["log-gap"] == 1


def test_a_month_is_that_of_the_local_clock(tmp_path: Path) -> None:
    midnight = (
        25 * 1440 + 18 * 60
    )  # minutes from the fifth of September, six o'clock, to the first of October
    rows: list[Row] = [
        (midnight - 10, 0, 0, "normal"),
        (midnight - 5, 4, 3, "normal"),
        (midnight + 10, 5, 2, "normal"),
    ]
    september, october = cut(tmp_path, rows, by="month").batches
    assert (september.batch_id[-16:], october.batch_id[-16:]) == (
        "2022-09-01T00:00",
        "2022-10-01T00:00",
    )
    assert october.output == pytest.approx(0.005)


@pytest.mark.parametrize(("by", "number"), [("day", 28), ("month", 1)])
def test_a_period_holds_its_own_days_where_rows_reach_over_midnight(
    tmp_path: Path, by: str, number: int
) -> None:
    """The row of 00:06 began at 23:56 the day before; the whole of the first of February is
    February's, here and on its way out.
    """
    begin, february = datetime(2022, 1, 28, 0, 6, tzinfo=ROME), Period.parse("2022-02", ROME)
    lines = ["timestamp,equipment,step,variant,output_quantity,output_unit,energy"]
    lines += [
        f"{(begin + timedelta(minutes=10 * at)).isoformat()},m0,machining-0,part-0,1,items,5"
        for at in range(50 * 144)
    ]
    (tmp_path / "log.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "machines.toml").write_bytes((PROFILE / "machines.toml").read_bytes())
    data = pipeline.read(
        site(by=by).model_copy(update={"path": tmp_path / "site.toml"}), february, outward=True
    )
    assert data.outward is not None
    for batches in (data.batches, data.outward.batches):
        own = [batch for batch in batches if batch.start in february]
        assert (len(own), own[0].start) == (number, february.start)
        assert sum(batch.output for batch in own) == pytest.approx(28 * 0.144)
    assert "power-on-beyond-interval" not in {finding.code for finding in data.findings}


@pytest.mark.parametrize("setting", [{"energy": "rate", "unit": "kW"}, {"energy": "interval"}])
def test_a_row_that_stands_twice_counts_once(tmp_path: Path, setting: dict[str, str]) -> None:
    rows: list[Row] = [(0, 0, 0, "normal"), (5, 4, 30, "normal"), (10, 4, 30, "normal")]
    (run,) = cut(tmp_path, rows, **setting).batches
    logged = cut(tmp_path, [*rows, rows[-1]], **setting)
    (twice,) = logged.batches
    assert (twice.output, twice.energy) == (run.output, run.energy)
    assert counts(logged) == {"log-first-row": 1, "log-repeated": 1}
    assert [
        place.row
        for finding in logged.findings
        if finding.code == "log-repeated"
        for place in finding.places
    ] == [5]


def test_a_mean_power_over_no_time_is_left_out_with_its_output(tmp_path: Path) -> None:
    """7 items more at the stamp of the row before: what they took nobody knows, and 0 kWh is not
    it.
    """
    rows: list[Row] = [
        (0, 0, 0, "normal"),
        (5, 4, 30, "normal"),
        (5, 7, 30, "normal"),
        (10, 4, 30, "normal"),
    ]
    logged = cut(tmp_path, rows, energy="rate", unit="kW")
    (run,) = logged.batches
    assert [run.output, run.energy[0].quantity] == pytest.approx([0.008, 2 * 30 / 12])
    assert counts(logged) == {"log-first-row": 1, "log-time-unknown": 1}
    amounts = cut(tmp_path, rows)
    assert [amounts.batches[0].output, amounts.batches[0].energy[0].quantity] == pytest.approx(
        [0.015, 90.0]
    )
    assert counts(amounts)["log-same-stamp"] == 1


def logged(
    tmp_path: Path,
    name: str,
    rows: list[str],
    head: str = "timestamp,equipment,step,output_quantity,output_unit,energy,span_s",
) -> Table:
    path = tmp_path / name
    path.write_text("\n".join([head, *rows]) + "\n")
    return read_table(path, site().mapping.log, LOG, ROME)


@pytest.mark.parametrize("cut_out", [False, True])
def test_a_mean_power_without_a_span_is_left_out_on_both_roads(
    tmp_path: Path, cut_out: bool
) -> None:
    rows = [
        f"{(SIX + timedelta(minutes=at)).isoformat()},m0,machining-0,4,items,30,{span}"
        for at, span in ((5, 300), (10, ""), (15, 300))
    ]
    chosen, table = (
        site(energy="rate", unit="kW", row_covers="span"),
        logged(tmp_path, "log.csv", rows),
    )
    batches = (
        judging.cut([table], chosen, PACK)[0]
        if cut_out
        else runs.cut([table], chosen, PACK).batches
    )
    assert [
        amount for run in batches for amount in (run.output, run.energy[0].quantity)
    ] == pytest.approx([0.008, 5.0])


def test_a_mean_power_over_no_time_does_not_leave_either(tmp_path: Path) -> None:
    rows = [
        f"{(SIX + timedelta(minutes=at)).isoformat()},m0,machining-0,{items},items,30,"
        for at, items in ((5, 4), (10, 4), (10, 4), (10, 7))
    ]
    (run,), _ = judging.cut(
        [logged(tmp_path, "log.csv", rows)], site(energy="rate", unit="kW"), PACK
    )
    assert [run.output, run.energy[0].quantity] == pytest.approx([0.008, 5.0])


@pytest.mark.parametrize("by", ["hour", "shift", "day", "month", "campaign"])
@pytest.mark.parametrize(
    "setting", [{}, {"row_state": "from-the-stamp"}, {"energy": "rate", "unit": "kW"}]
)
def test_which_file_a_row_stands_in_means_nothing(
    tmp_path: Path, by: str, setting: dict[str, str]
) -> None:
    """Three days as one file, and as a file a day: each begins with the last row of the one before,
    the last has its columns reversed.
    """
    chosen = site(by=by, **setting)
    columns = [
        "timestamp",
        "equipment",
        "step",
        "output_quantity",
        "output_unit",
        "energy",
        "state",
    ]
    states = ("normal", "normal", "idle", "normal", "normal", "fault", "normal")
    stamps = [SIX + timedelta(minutes=20 * number) for number in range(3 * 72)]
    rows = [
        [
            stamp.isoformat(),
            "m0",
            "machining-0",
            str(number % 5),
            "items",
            str(number % 7),
            states[number % 7],
        ]
        for number, stamp in enumerate(stamps)
    ]
    midnights = [
        number for number, stamp in enumerate(stamps) if (stamp.hour, stamp.minute) == (0, 0)
    ]
    edges = [0, *midnights, len(rows)]
    parts = [rows[max(first - 1, 0) : last] for first, last in pairwise(edges)]
    whole = logged(tmp_path, "log.csv", [",".join(row) for row in rows], ",".join(columns))
    days = [
        logged(tmp_path, f"day-{index}.csv", [",".join(row) for row in part], ",".join(columns))
        for index, part in enumerate(parts[:-1])
    ]
    days.append(
        logged(
            tmp_path,
            "last.csv",
            [",".join(row[::-1]) for row in parts[-1]],
            ",".join(columns[::-1]),
        )
    )

    def bare(batches: list[Batch]) -> list[Batch]:
        return [replace(batch, place=None) for batch in batches]

    once, parted = runs.cut([whole], chosen, PACK), runs.cut(days, chosen, PACK)
    assert bare(parted.batches) == bare(once.batches)
    assert parted.left_out == once.left_out
    assert counts(parted) == {**counts(once), "log-repeated": len(midnights)}
    assert bare(judging.cut(days, chosen, PACK)[0]) == bare(judging.cut([whole], chosen, PACK)[0])


@pytest.mark.parametrize(
    "setting",
    [{"energy": "rate", "unit": "kW"}, {"energy": "rate", "unit": "kW", "row_covers": "span"}, {}],
)
def test_a_row_that_stands_twice_or_covers_no_time_changes_no_other_run_on_its_way_out(
    tmp_path: Path, setting: dict[str, str]
) -> None:
    """Three shifts of one machine: a row of the second again, with other amounts, without a span,
    or as the first of its shift.
    """
    chosen = site(**setting)
    rows = [
        f"{(SIX + timedelta(minutes=at)).isoformat()},m0,machining-0,{1 + at % 7},items,{2 + at % 5},600"
        for at in range(10, 1440, 10)
    ]

    def leaving(name: str, changed: list[str]) -> dict[str, Batch]:
        tables = [
            logged(tmp_path, name, rows),
            *([logged(tmp_path, f"beside-{name}", changed)] if changed else []),
        ]
        batches, _ = judging.cut(tables, chosen, PACK)
        return {batch.batch_id[-5:]: replace(batch, place=None) for batch in batches}

    once = leaving("log.csv", [])
    assert set(once) == {"06:00", "14:00", "22:00"}
    for number in (48, 60, 95):  # the first of the second shift, one within, and the last
        for row in (
            rows[number],
            rows[number].replace("items", "1000 items"),
            rows[number][: -len("600")],
        ):
            out = leaving("changed.csv", [row])
            assert {shift for shift in once if out[shift] != once[shift]} <= {"14:00"}
