"""rejected.csv is corrected by a person and fed back: the label is then that of sound files, and no
correction is lost or misplaced.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from benchmarks.catalogue import in_language
from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.config import Profile, load_site
from reporting_agent.sources import stream_readings
from reporting_agent.sources.cells import RejectedRow
from reporting_agent.sources.reading_log import ReadingLog
from reporting_agent.sources.rejected_rows import Corrections, as_csv, load

SITE = """
[site]
id = "works"
timezone = "Europe/Berlin"
pack = "steel"
[inputs]
batches = "batches.csv"
energy = "energy.csv"
readings = "readings.csv"
{corrections}
[mapping.batches]
decimal = ","
date_order = "dmy"
delimiter = ";"
[[meters]]
id = "m1"
step = "eaf"
carrier = "electricity"
reading = "register"
unit = "kWh"
"""
BATCHES = ["batch_id;step;start;end;output_quantity;output_unit"] + [
    f"00{n};eaf;14.05.2016 {n + 1:02}:00;14.05.2016 {n + 1:02}:50;12{n},5;t" for n in range(1, 9)
]
ENERGY = ["batch_id,step,carrier,quantity,unit"] + [
    f"00{n},eaf,natural-gas,{400 + n},Nm3" for n in range(1, 9)
]
READINGS = ["meter_id,timestamp,value"] + [
    f"m1,2016-05-14 {minute // 60:02}:{minute % 60:02}:00,{1_000_000 + 800 * minute}"
    for minute in range(60, 660, 2)
]


def spoilt(rows: list[str], changes: dict[int, tuple[str, str]]) -> list[str]:
    """Rows with a text in some of them replaced; rows count as in a spreadsheet."""
    return [
        row.replace(*changes[number]) if number in changes else row
        for number, row in enumerate(rows, start=1)
    ]


def works(
    folder: Path, files: Mapping[str, list[str]] | None = None, corrections: str = ""
) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in {
        "batches": BATCHES,
        "energy": ENERGY,
        "readings": READINGS,
        **(files or {}),
    }.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "site.toml").write_text(
        SITE.format(corrections=corrections and f'corrections = "{corrections}"'), encoding="utf-8"
    )
    return folder / "site.toml"


BAD = {
    "batches": spoilt(
        BATCHES, {3: ("14.05.2016 03:00", "2016/5/14 3 Uhr"), 5: ("eaf", "E-Ofen"), 7: (";t", "")}
    ),
    "energy": spoilt(ENERGY, {4: ("natural-gas", "Erdgas"), 6: ("Nm3", "heaps")}),
    "readings": spoilt(
        READINGS, {20: ("1076800", "1_076_800"), 40: ("m1,", ""), 41: ("2016-05-14 02:18:00", "")}
    ),
}
ONLY_BATCHES = {"batches": BAD["batches"]}
MENDED = {
    ("batches", 3): {"start": "14.05.2016 03:00"},
    ("batches", 5): {"step": "eaf"},
    ("batches", 7): {"output_unit": "t"},
} | {
    ("energy", 4): {"carrier": "natural-gas"},
    ("energy", 6): {"unit": "Nm3"},
}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8-sig")


def mend(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """What a person does in a spreadsheet."""
    good = {row.split(",")[1]: row for row in READINGS[1:]}
    for row in rows:
        row |= MENDED.get((row["input"], int(row["row"])), {})
        if row["input"] == "readings":
            meter, stamp, value = READINGS[int(row["row"]) - 1].split(",")
            row |= {"meter_id": meter, "timestamp": stamp, "value": value}
            assert stamp in good
    return rows


def checked(site: Path) -> tuple[list[dict[str, str]], dict[str, int]]:
    """rejected.csv and the counts of findings."""
    out = site.parent / "check"
    assert main(["check", "--site", str(site), "--out", str(out)]) == 0
    findings = json.loads((out / "quality.json").read_text(encoding="utf-8"))["findings"]
    return table(out / "rejected.csv"), {finding["code"]: finding["count"] for finding in findings}


def label_of(site_file: Path) -> dict[str, Any]:
    site = load_site(site_file)
    return pipeline.label(site, Period.parse("2016", site.zone)).to_json()


def test_rows_corrected_in_rejected_csv_make_the_label_of_sound_files(tmp_path: Path) -> None:
    sound = label_of(works(tmp_path / "sound"))
    rows, counts = checked(works(tmp_path / "spoilt", BAD))
    assert counts["row-rejected"]
    assert {(row["input"], int(row["row"])) for row in rows} == {
        *MENDED,
        ("readings", 20),
        ("readings", 40),
        ("readings", 41),
    }
    assert label_of(tmp_path / "spoilt" / "site.toml") != sound
    write(tmp_path / "spoilt" / "corrected.csv", mend(rows))
    site = works(tmp_path / "spoilt", BAD, "corrected.csv")
    rows, counts = checked(site)
    assert "row-rejected" not in counts
    assert counts["row-corrected"] == 8
    assert label_of(site) == sound


def test_the_next_rejected_csv_keeps_what_was_corrected_so_that_it_can_be_the_corrections(
    tmp_path: Path,
) -> None:
    sound = label_of(works(tmp_path / "sound"))
    rows, _ = checked(works(tmp_path / "works", BAD))
    half = [
        row if row["input"] == "batches" else dict(row)
        for row in mend(rows)
        if row["input"] == "batches"
    ]
    write(tmp_path / "works" / "check" / "rejected.csv", half)
    site = works(tmp_path / "works", BAD, "check/rejected.csv")
    rows, counts = checked(site)  # reads check/rejected.csv and writes it again
    assert counts["row-corrected"] == 3
    assert len(rows) == 8
    write(tmp_path / "works" / "check" / "rejected.csv", mend(rows))
    for _ in range(2):
        rows, counts = checked(site)
        assert "row-rejected" not in counts
        assert len(rows) == 8
    assert label_of(site) == sound


def test_a_spreadsheet_that_rewrites_ids_and_dates_changes_nothing_else(tmp_path: Path) -> None:
    rows, _ = checked(works(tmp_path / "works", BAD))
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(rows[0]))
    for row in mend(rows):
        row["batch_id"] = row["batch_id"].lstrip("0")  # 003 is 3 to a spreadsheet
        sheet.append(
            [int(cell) if cell.isdigit() and len(cell) < 9 else cell for cell in row.values()]
        )
    book.save(tmp_path / "works" / "corrected.xlsx")
    site = works(tmp_path / "works", BAD, "corrected.xlsx")
    assert label_of(site) == label_of(works(tmp_path / "sound"))


def test_a_correction_holds_where_its_row_has_moved_and_is_told_where_it_has_changed(
    tmp_path: Path,
) -> None:
    rows, _ = checked(works(tmp_path / "works", BAD))
    write(tmp_path / "works" / "corrected.csv", mend(rows))
    shifted = [
        BAD["batches"][0],
        "000;eaf;13.05.2016 01:00;13.05.2016 01:50;120,5;t",
        *BAD["batches"][1:],
    ]
    rows, counts = checked(works(tmp_path / "works", {**BAD, "batches": shifted}, "corrected.csv"))
    assert "correction-unused" not in counts
    assert "row-rejected" not in counts
    other = [row.replace("124,5", "130,5") for row in BAD["batches"]]
    rows, counts = checked(works(tmp_path / "works", {**BAD, "batches": other}, "corrected.csv"))
    assert counts["correction-unused"] == counts["row-rejected"] == 1


def test_two_corrections_of_one_row_that_differ_are_both_left(tmp_path: Path) -> None:
    rows, _ = checked(works(tmp_path / "works", ONLY_BATCHES))
    first = mend(rows)[0]
    write(tmp_path / "works" / "corrected.csv", [first, first | {"start": "14.05.2016 03:05"}])
    rows, counts = checked(works(tmp_path / "works", ONLY_BATCHES, "corrected.csv"))
    assert counts["correction-twice"] == 2
    assert len(rows) == 3
    write(
        tmp_path / "works" / "corrected.csv",
        [first, first | {"start": "14.05.2016 03:05"}, first | {"start": "14.05.2016 03:05"}],
    )
    rows, counts = checked(works(tmp_path / "works", ONLY_BATCHES, "corrected.csv"))
    assert counts["correction-twice"] == 3
    assert "row-corrected" not in counts
    write(tmp_path / "works" / "corrected.csv", [first, first])
    rows, counts = checked(works(tmp_path / "works", ONLY_BATCHES, "corrected.csv"))
    assert "correction-twice" not in counts
    assert len(rows) == 3
    assert counts["row-corrected"] == 1


def test_a_correction_that_cannot_be_read_either_stands_in_the_next_rejected_csv_as_it_is_now(
    tmp_path: Path,
) -> None:
    rows, _ = checked(works(tmp_path / "works", ONLY_BATCHES))
    write(tmp_path / "works" / "corrected.csv", [rows[0] | {"start": "14.05.2016 33:00"}])
    again, counts = checked(works(tmp_path / "works", ONLY_BATCHES, "corrected.csv"))
    assert "row-corrected" not in counts
    assert again[0]["start"] == "14.05.2016 33:00"
    assert again[0]["row_id"] == rows[0]["row_id"]


def test_a_day_that_never_was_is_corrected_and_remains_where_the_correction_is_no_better(
    tmp_path: Path,
) -> None:
    never = [
        "meter_id,timestamp,value",
        *(row.replace("2016-05-14 02:18:00", "2016-02-30 02:18:00") for row in READINGS[1:]),
    ]
    rows, _ = checked(works(tmp_path / "works", {"readings": never}))
    assert [row["timestamp"] for row in rows] == ["2016-02-30 02:18:00"]
    for stamp, code in (
        ("2016-05-14 24:61", "row-rejected"),
        ("2016-05-14 02:18:00", "row-corrected"),
    ):
        write(tmp_path / "works" / "corrected.csv", [rows[0] | {"timestamp": stamp}])
        again, counts = checked(works(tmp_path / "works", {"readings": never}, "corrected.csv"))
        assert counts[code] == 1
        assert again[0]["timestamp"] == stamp


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\tx"])
def test_a_text_that_a_spreadsheet_would_run_is_written_behind_an_apostrophe_and_read_without(
    tmp_path: Path, text: str
) -> None:
    from benchmarks.errors import Place

    rejection = RejectedRow(
        Place("b.csv", 3, "batch_id"),
        "the value cannot be read",
        text,
        "a text",
        (text, "-12.5"),
        ("id", "n"),
        "batches",
        "ab" * 6,
    )
    written = as_csv([rejection])
    row = next(csv.DictReader(io.StringIO(written)))
    assert row["id"] == f"'{text}"
    assert row["n"] == "-12.5"
    (tmp_path / "r.csv").write_text(written, encoding="utf-8-sig")
    corrections: Corrections = load(tmp_path / "r.csv")
    assert corrections.rows["ab" * 6].cells["id"] == text


def test_every_reason_is_told_in_the_readers_language(tmp_path: Path) -> None:
    """A row left out for each reason there is: no English is left between the Chinese."""
    wrong = [
        "001,eaf,coke,0.4,Nm3,,",
        "005,eaf,coke,0.4,t,20000,MJ/kg",
        '"0"03,eaf,coke,0.4,t,,',
        "004,eaf,coke",
    ]
    energy = [f"{ENERGY[0]},lhv,lhv_unit", *(f"{row},," for row in BAD["energy"][1:]), *wrong]
    batches = spoilt(BAD["batches"], {9: (";t", ";furlong")})
    data = pipeline.read(load_site(works(tmp_path, {**BAD, "batches": batches, "energy": energy})))
    translations = {
        re.split(r" rows?: ", str(finding.sentence))[1]: in_language(finding.sentence, "zh")
        for finding in data.findings
        if finding.code == "row-rejected"
    }
    assert len(translations) == 9, sorted(translations)
    for chinese in translations.values():
        assert re.fullmatch(r"[\d,]+ 行：\S.*[；。]见 rejected\.csv。", chinese)
        assert not re.search(
            r"[A-Za-z]{2,}", chinese.replace("rejected.csv", "").replace("furlong", "")
        ), chinese


def test_a_value_that_a_person_blanks_beside_the_one_corrected_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(
        "timestamp,a,b\n2025-05-13 10:00,1,7\n2025-05-13 10:15,2x,999999\n2025-05-13 10:30,3,9\n",
        encoding="utf-8",
    )
    first, again = ReadingLog(), ReadingLog()
    list(stream_readings([path], Profile(), frozenset({"a", "b"}), UTC, first))
    rejected = tmp_path / "rejected.csv"
    rejected.write_text(as_csv(first.rejected), encoding="utf-8")
    rows = table(rejected)
    rows[0] |= {"a": "2", "b": ""}
    write(rejected, rows)
    again.corrections = load(rejected)
    blocks = stream_readings([path], Profile(), frozenset({"a", "b"}), UTC, again)
    values = {block.meter: block.value.tolist() for block in blocks}
    assert values["a"] == [1, 2, 3]
    assert str(values["b"]) == "[7.0, nan, 9.0]"
