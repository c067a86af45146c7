"""Meters out of order are read a second time, alone: a wide file of other meters beside them is
passed over, not refused.
"""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from benchmarks.errors import InputError
from reporting_agent.config import Profile
from reporting_agent.sources import stream_readings
from reporting_agent.sources.reading_log import ReadingLog

ZONE = ZoneInfo("Asia/Shanghai")


def write(folder: Path) -> list[Path]:
    (folder / "a.csv").write_text(
        "timestamp,main\n2025-01-01 00:00,1\n2025-01-01 00:15,2\n", encoding="utf-8"
    )
    (folder / "b.csv").write_text(
        "meter_id,timestamp,value\nlogger,2025-01-01 00:15,2\nlogger,2025-01-01 00:00,1\n",
        encoding="utf-8",
    )
    return [folder / "a.csv", folder / "b.csv"]


def test_a_wide_file_without_the_meters_asked_for_again_is_passed_over(tmp_path: Path) -> None:
    paths, log = write(tmp_path), ReadingLog()
    assert {
        block.meter
        for block in stream_readings(paths, Profile(), frozenset({"main", "logger"}), ZONE, log)
    } == {"main", "logger"}
    assert [
        block.meter for block in stream_readings(paths, Profile(), frozenset({"logger"}), ZONE, log)
    ] == ["logger"]


def test_a_wide_file_that_never_held_a_declared_meter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        list(stream_readings(write(tmp_path), Profile(), frozenset({"logger"}), ZONE, ReadingLog()))
    assert refused.value.code == "column-missing"
