"""Honest lines with several meters of a carrier or several scales: each is judged by what it
measures itself.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.audit import checks
from benchmarks.audit.committed_tree import FiledBatch
from benchmarks.audit.evidence import CheckState, WeighedBatches
from benchmarks.measurements import Batch, OperatingState, Period
from benchmarks.routes import Pack
from reporting_agent import pipeline
from reporting_agent.audit.openings.close_look import span_us
from reporting_agent.audit.openings.examining import weigh
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.config.profile import Scale
from reporting_agent.sources.reading_log import ExtractReadings
from tests.functional.audit.plants import honest
from tests.functional.audit.test_tampering import Rows, with_log
from tests.functional.audit.test_withheld import evidence_of
from tests.statistical import lines

FAN = """
[[meters]]
id = "mill-1-fan"
reading = "register"
unit = "kWh"
step = "cement-grinding"
equipment = "mill-1"
carrier = "electricity"
rollover = 100000000.0
"""


def waiting_on_sundays(rows: Rows) -> Rows:
    """A true row for each long pause of the first mill."""
    mine = sorted(
        (row for row in rows if row["equipment"] == "mill-1"),
        key=lambda row: lines.moment(row["start"]),
    )
    pauses = [
        {
            **before,
            "batch_id": f"held-{number}",
            "start": before["end"],
            "end": after["start"],
            "state": "holding",
        }
        | {"output_quantity": "0.0", "var.blaine_m2_kg": "", "reject_quantity": "0.0"}
        for number, (before, after) in enumerate(pairwise(mine))
        if (lines.moment(after["start"]) - lines.moment(before["end"])).total_seconds() > 7200
    ]
    assert pauses
    return [*rows, *pauses]


def with_a_fans_own_meter(folder: Path) -> None:
    """2 % of the mill's power, counted by a second register of the line."""
    rows = list(csv.reader((folder / "readings" / "mains.csv").open(encoding="utf-8")))
    mine = [row for row in rows[1:] if row[0] == "mill-1-electricity"]
    readings = [
        ["mill-1-fan", row[1], f"{1000 + 0.02 * (float(row[2]) - float(mine[0][2])):.3f}"]
        for row in mine
    ]
    with (folder / "readings" / "fan.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([rows[0], *readings])
    settings = folder / "site.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + FAN, encoding="utf-8")


def test_a_row_that_waits_is_held_against_what_the_meter_itself_counted_in_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    mills = tmp_path_factory.mktemp("mills")
    lines.write(lines.MILLS, mills, seed=3, days=40, rate=0)
    folder = with_log(mills, tmp_path_factory.mktemp("with-a-fan"), waiting_on_sundays)
    with_a_fans_own_meter(folder)
    outcomes = {outcome.code: outcome for outcome in checks.run(evidence_of(honest(folder)))}
    assert outcomes["nothing-left-out"].state is CheckState.HELD


def runs_of(folder: Path) -> tuple[SiteSettings, Pack, list[Batch]]:
    """The works' two mills, and what both ground in twenty days, in order of the ends."""
    lines.write(lines.MILLS, folder, seed=3, days=20, rate=0)
    site = load_site(folder / "site.toml")
    data = pipeline.read(site, Period.parse("2025", site.zone))
    ground = [batch for batch in data.batches if batch.state is OperatingState.NORMAL and batch.end]
    return site, data.pack, sorted(ground, key=lambda batch: span_us(batch)[1])


def written_down(batches: Sequence[Batch], share: float = 1.0) -> ExtractReadings:
    """A scale's record: each batch at its end, with that share of its weight."""
    amounts = [share * (batch.output + batch.reject) for batch in batches]
    return ExtractReadings(np.array([span_us(batch)[1] for batch in batches]), np.array(amounts))


def weighed(
    of: tuple[SiteSettings, Pack, list[Batch]],
    records: Mapping[Scale, ExtractReadings],
    rows: Sequence[Batch],
    opened: Sequence[Batch],
) -> WeighedBatches:
    site, pack, _ = of
    weighings = weigh(
        site.model_copy(update={"scales": tuple(records)}),
        pack,
        {scale.id: record for scale, record in records.items()},
        [FiledBatch(batch, None) for batch in rows],
        dict(enumerate(opened, 1)),
    )
    assert weighings is not None
    return weighings


GATE = Scale(id="gate", step="cement-grinding")


def of_mill(batches: Sequence[Batch], mill: str = "mill-1") -> list[Batch]:
    return [batch for batch in batches if batch.equipment == mill]


def test_the_scales_of_a_line_weigh_together(tmp_path: Path) -> None:
    of = runs_of(tmp_path)
    mine = of_mill(of[2])
    silos = [
        Scale(id=f"silo-{number}", step="cement-grinding", equipment="mill-1") for number in (1, 2)
    ]
    weighings = weighed(of, dict.fromkeys(silos, written_down(mine, 0.5)), of[2], mine)
    assert len(weighings.batches) == len(mine) > 5
    assert all(batch.agrees for batch in weighings.batches)


def test_a_scale_behind_lines_that_ran_at_once_tells_nothing_of_either(tmp_path: Path) -> None:
    of = runs_of(tmp_path)
    mine = of_mill(of[2])
    weighings = weighed(of, {GATE: written_down(of[2])}, of[2], mine)
    assert all(batch.agrees for batch in weighings.batches)
    assert len(weighings.batches) + weighings.without["cement-grinding"] == len(mine)


def test_a_scale_behind_the_lines_own_weighs_nothing_twice(tmp_path: Path) -> None:
    of = runs_of(tmp_path)
    mine = of_mill(of[2])
    belt = Scale(id="belt-1", step="cement-grinding", equipment="mill-1")
    weighings = weighed(of, {belt: written_down(mine), GATE: written_down(mine)}, mine, mine)
    assert len(weighings.batches) == len(mine)
    assert all(batch.agrees for batch in weighings.batches)


def test_rows_of_another_line_that_made_nothing_hide_no_overstated_output(tmp_path: Path) -> None:
    of = runs_of(tmp_path)
    mine = of_mill(of[2])
    claimed = [replace(batch, output=1.3 * batch.output) for batch in mine]
    idle = [
        replace(
            batch,
            batch_id=f"{batch.batch_id}-idle",
            equipment="mill-9",
            end=batch.start + timedelta(minutes=1),
            output=0.0,
            reject=0.0,
        )
        for batch in claimed
    ]
    weighings = weighed(of, {GATE: written_down(mine)}, [*claimed, *idle], claimed)
    assert len(weighings.batches) == len(mine)
    assert not any(batch.agrees for batch in weighings.batches)
