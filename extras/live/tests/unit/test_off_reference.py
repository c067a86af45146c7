"""Batches that a variable keeps out of the label stand on the page as such, and they are those that
`label` leaves out.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.catalogue import in_language
from benchmarks.measurements import Period
from extras.live.control_room.faults import Faults
from extras.live.running.plant import Plant
from extras.live.spool.reading import Reading
from reporting_agent import pipeline
from reporting_agent.config import load_site

SITE = """
[site]
id = "mill"
timezone = "UTC"
pack = "cement"
pack_version = "1"
[inputs]
batches = "batches.csv"
readings = "readings.csv"
[[meters]]
id = "mill-1"
step = "cement-grinding"
equipment = "mill-1"
carrier = "electricity"
reading = "register"
unit = "kWh"
"""
BEGIN = datetime(2026, 3, 1, 6, tzinfo=UTC)
BLAINE = {
    "C1": "350",
    "C2": "",
    "C3": "3500",
    "C4": "360",
    "C5": "",
}  # m2/kg; a gauge in cm2/g told the third


def _rows() -> list[dict[str, str]]:
    rows = []
    for index, (name, blaine) in enumerate(BLAINE.items()):
        start = BEGIN + timedelta(hours=6 * index)
        row = {
            "batch_id": name,
            "step": "cement-grinding",
            "equipment": "mill-1",
            "product": "cement",
            "variant": "portland",
        }
        row |= {
            "start": start.isoformat(),
            "end": (start + timedelta(hours=5)).isoformat(),
            "output_quantity": "500",
            "output_unit": "t",
        }
        rows.append(row | {"var.blaine_m2_kg": blaine})
    return rows


def _readings() -> list[Reading]:
    moments = [BEGIN + timedelta(minutes=10 * index) for index in range(31 * 6)]
    stamps_us = [round(moment.timestamp() * 1e6) for moment in moments]
    return [
        Reading("mill-1", at_us, 500.0 * index, received_us=at_us)
        for index, at_us in enumerate(stamps_us)
    ]


def _site(folder: Path, more: str = "") -> Path:
    (folder / "site.toml").write_text(SITE + more, "utf-8")
    with (folder / "batches.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _rows()[0])
        writer.writeheader()
        writer.writerows(_rows())
    lines = [
        f"mill-1,{datetime.fromtimestamp(each.time_us / 1e6, UTC).isoformat()},{each.value}"
        for each in _readings()
    ]
    (folder / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *lines]) + "\n", "utf-8"
    )
    return folder / "site.toml"


def _plant(site: Path) -> Plant:
    plant = Plant(load_site(site), date(2026, 3, 2))
    plant.take(_readings())
    for row in _rows():
        begun = {name: cell for name, cell in row.items() if name not in ("end", "output_quantity")}
        ended = {
            name: cell for name, cell in row.items() if name != "var.blaine_m2_kg"
        }  # a variable may come with any row
        plant.take((), [{"table": "batches", **begun}])
        assert not any(
            run.batch_id == row["batch_id"]
            for out in plant.off_reference.since(0)
            for run in out.runs
        )  # it may yet come
        plant.take((), [{"table": "batches", **ended}])
    return plant


def test_the_page_names_the_batches_that_the_label_leaves_out_for_a_variable(
    tmp_path: Path,
) -> None:
    site = _site(tmp_path)
    plant = _plant(site)
    faults = Faults(plant, UTC)
    lacks, cannot_be = (str(sentence) for sentence in faults.fresh({}))
    assert lacks.startswith(
        "C2: Step cement-grinding: blaine_m2_kg is not given. The pack corrects every run to 350 "
        "m2/kg of it"
    )
    assert cannot_be.startswith(
        "C3: Step cement-grinding: blaine_m2_kg is 3500 m2/kg, but can only be from 150 to 750"
    )
    assert not list(faults.fresh({}))
    listed = [(str(name), str(state)) for name, state, _ in faults.notices({})]
    left_out = "Batches left out of the label"
    assert listed == [
        (left_out, "blaine_m2_kg is not given: C5, C2"),
        (left_out, "blaine_m2_kg cannot be what their rows give: C3"),
    ]
    assert in_language(next(faults.notices({}))[1], "zh") == "未给出 blaine_m2_kg：C5、C2"
    result = pipeline.label(load_site(site), Period.parse("2026", UTC))
    excluded: Counter[str] = Counter()
    for label in result.site_label.steps:
        if (label.step, str(label.metric), label.variant) == ("cement-grinding", "total", "any"):
            excluded.update(label.excluded)
    assert excluded == {"variable-missing": 2, "variable-impossible": 1}


def test_a_row_that_brings_the_variable_takes_the_batch_off_the_page(tmp_path: Path) -> None:
    plant = _plant(_site(tmp_path))
    for name in ("C2", "C3", "C5"):
        row = {
            "table": "batches",
            "step": "cement-grinding",
            "batch_id": name,
            "var.blaine_m2_kg": "355",
        }
        plant.take((), [row])
    assert not list(Faults(plant, UTC).notices({}))


@pytest.mark.parametrize(
    "mapping",
    ['constants = { "var.blaine_m2_kg" = 350 }', 'columns = { "var.blaine_m2_kg" = "equipment" }'],
)
def test_the_mapping_of_batches_says_where_a_variable_stands(tmp_path: Path, mapping: str) -> None:
    plant = _plant(_site(tmp_path, f"[mapping.batches]\n{mapping}\n"))
    codes = {out.code: [run.batch_id for run in out.runs] for out in plant.off_reference.since(0)}
    assert codes == ({} if "constants" in mapping else {"variable-missing": [*BLAINE]})


def test_after_a_day_and_of_history_they_are_not_listed(tmp_path: Path) -> None:
    plant = _plant(_site(tmp_path))
    later_us = round((BEGIN + timedelta(days=3)).timestamp() * 1e6)
    plant.take([Reading("mill-1", later_us, 1e6, received_us=later_us)])
    assert not list(Faults(plant, UTC).notices({}))
    plant.fill({}, [], later_us)
    assert plant.off_reference.since(0) == []
