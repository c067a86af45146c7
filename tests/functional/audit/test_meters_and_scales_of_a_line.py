"""Honest lines with several meters of a carrier or several scales: each is judged by what it measures itself."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.audit import checks
from benchmarks.audit.accounted import WeighedBatches
from benchmarks.audit.commitment import FiledBatch
from benchmarks.audit.evidence import CheckState
from benchmarks.measurements import OperatingState, Period
from reporting_agent import pipeline
from reporting_agent.audit.openings.close_look import span_us
from reporting_agent.audit.openings.outputs import weigh
from reporting_agent.config import load_site
from reporting_agent.config.scales import Scale
from reporting_agent.sources.extract import ExtractReadings
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
    mine = sorted((row for row in rows if row["equipment"] == "mill-1"), key=lambda row: lines.moment(row["start"]))
    pauses = [
        {**before, "batch_id": f"held-{number}", "start": before["end"], "end": after["start"], "state": "holding"}
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
    readings = [["mill-1-fan", row[1], f"{1000 + 0.02 * (float(row[2]) - float(mine[0][2])):.3f}"] for row in mine]
    with (folder / "readings" / "fan.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([rows[0], *readings])
    settings = folder / "site.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + FAN, encoding="utf-8")


def test_a_row_that_waits_is_held_against_what_the_meter_itself_counted_in_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    mills = tmp_path_factory.mktemp("mills")
    lines.write(lines.MILLS, mills, seed=3, days=40, rate=0)
    folder = with_log(mills, tmp_path_factory.mktemp("with-a-fan"), waiting_on_sundays)
    with_a_fans_own_meter(folder)
    outcomes = {outcome.code: outcome for outcome in checks.run(evidence_of(honest(folder)))}
    assert outcomes["nothing-left-out"].state is CheckState.HELD


def weighed(folder: Path, scales: dict[Scale, float]) -> tuple[WeighedBatches, int]:
    """Batches of two mills side by side, each written down at its end by every scale with its share of the weight; and how many."""
    lines.write(lines.MILLS, folder, seed=3, days=20, rate=0)
    site = load_site(folder / "site.toml")
    data = pipeline.read(site, Period.parse("2025", site.zone))
    rows = sorted(
        (FiledBatch(batch, None) for batch in data.batches if batch.state is OperatingState.NORMAL and batch.end),
        key=lambda row: span_us(row.batch)[1],
    )
    records = {}
    for scale, share in scales.items():
        mine = [row.batch for row in rows if scale.equipment in ("", row.batch.equipment)]
        amounts = [share * (batch.output + batch.reject) for batch in mine]
        records[scale.id] = ExtractReadings(np.array([span_us(batch)[1] for batch in mine]), np.array(amounts))
    opened = {number: row.batch for number, row in enumerate(rows, 1) if row.batch.equipment == "mill-1"}
    of_site = site.model_copy(update={"scales": tuple(scales)})
    weighings = weigh(of_site, data.pack, records, rows, opened)
    assert weighings is not None
    return weighings, len(opened)


def test_the_scales_of_a_line_weigh_together(tmp_path: Path) -> None:
    silos = [Scale(id=f"silo-{number}", step="cement-grinding", equipment="mill-1") for number in (1, 2)]
    weighings, opened = weighed(tmp_path, dict.fromkeys(silos, 0.5))
    assert len(weighings.batches) == opened > 5
    assert all(batch.agrees for batch in weighings.batches)


def test_a_scale_behind_lines_that_ran_at_once_tells_nothing_of_either(tmp_path: Path) -> None:
    weighings, opened = weighed(tmp_path, {Scale(id="gate", step="cement-grinding"): 1.0})
    assert all(batch.agrees for batch in weighings.batches)
    assert len(weighings.batches) + weighings.without["cement-grinding"] == opened
