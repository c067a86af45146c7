"""A production log kept as a file a day, through the whole agent: one run over midnight, and each
refused row in its own file.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.pipeline import PlantData

PACK = Path(__file__).parents[3] / "fixtures" / "profiles" / "small-firm" / "machines.toml"
TEN = datetime(2022, 9, 5, 22, tzinfo=ZoneInfo("Europe/Rome"))
HEAD = "timestamp,equipment,step,variant,output_quantity,output_unit,energy"


def read(folder: Path, *files: list[str]) -> PlantData:
    (folder / "logs").mkdir(parents=True)
    for index, rows in enumerate(files):
        (folder / "logs" / f"2022-09-{index}.csv").write_text(
            "\n".join([HEAD, *rows]) + "\n", encoding="utf-8"
        )
    settings = (
        f'[site]\nid = "f"\ntimezone = "Europe/Rome"\npack = "{PACK}"\n[inputs]\nlog = '
        '"logs/*.csv"\n'
    )
    (folder / "site.toml").write_text(settings, encoding="utf-8")
    return pipeline.read(load_site(folder / "site.toml"), outward=True)


def rows(first_min: int, last_min: int, step: str = "machining-0") -> list[str]:
    minutes = range(first_min, last_min + 1, 10)
    return [
        f"{(TEN + timedelta(minutes=at)).isoformat()},m0,{step},part-0,{3 + at % 4},items,{2 + at % 3}"
        for at in minutes
    ]


def test_the_night_shift_is_one_run_though_its_file_ends_at_midnight(tmp_path: Path) -> None:
    """From ten to six, and the shift after it."""
    whole = read(tmp_path / "whole", rows(0, 960))
    parted = read(tmp_path / "parted", rows(0, 110), rows(120, 960))
    assert len(whole.batches) == 2
    assert whole.outward is not None
    assert parted.outward is not None
    for once, in_parts in (
        (whole.batches, parted.batches),
        (whole.outward.batches, parted.outward.batches),
    ):
        assert [batch.excluded for batch in in_parts] == [None, None]
        assert [
            (batch.batch_id, batch.start, batch.end, batch.output, batch.energy)
            for batch in in_parts
        ] == [
            (batch.batch_id, batch.start, batch.end, batch.output, batch.energy) for batch in once
        ]
    assert [finding.code for finding in parted.findings] == [
        finding.code for finding in whole.findings
    ]


@pytest.mark.parametrize("name", ["~$2022-09-0.csv", "._2022-09-0.csv"])
def test_what_an_open_file_or_a_shared_folder_leaves_beside_the_files_of_a_pattern_is_no_input(
    tmp_path: Path, name: str
) -> None:
    data = read(tmp_path, rows(0, 110))
    (tmp_path / "logs" / name).write_bytes(b"\x00\x05\x16\x07" + b"\x00" * 160)
    again = pipeline.read(load_site(tmp_path / "site.toml"))
    assert [batch.energy for batch in again.batches] == [batch.energy for batch in data.batches]


@pytest.mark.parametrize("broken", [0, 1])
def test_a_row_that_is_refused_stands_in_the_columns_of_its_own_file(
    tmp_path: Path, broken: int
) -> None:
    files = [rows(0, 110), rows(120, 400)]
    files[broken][4] = files[broken][4].replace("machining-0", "milling")
    (refused,) = read(tmp_path, *files).rejected
    assert (Path(refused.place.file).name, refused.place.row) == (f"2022-09-{broken}.csv", 6)
    assert ",".join(str(cell) for cell in refused.original) == files[broken][4]
    assert refused.header == tuple(HEAD.split(","))
