"""What a site commits to of its meters: one digest a day, the same by every road and in whatever
order the rows stand.
"""

from __future__ import annotations

import hashlib
import random
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.audit.records import DAY_US, MeterDay, days_of, digest_of, microseconds
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.row_numbers import Consecutive
from reporting_agent.sources.reading_log import DayDigests, ReadingBlock

FIRST = datetime(2016, 3, 1, tzinfo=UTC)
UNITS = {"eaf-1": "kWh", "eaf-2": "kWh"}
Row = tuple[str, datetime, float]


def rows(days: int = 4) -> list[Row]:
    """Two registers, every half hour, meter by meter; a workbook keeps 16 digits of a number."""
    times = [FIRST + timedelta(minutes=30 * step) for step in range(48 * days)]
    return [
        (meter, at, round(1000 + 100 / 3 * step, 6))
        for meter in UNITS
        for step, at in enumerate(times)
    ]


def plant(folder: Path, kind: str, readings: list[Row], blank: tuple[str, ...] = ()) -> Path:
    """A site whose readings come by one road; `blank` are stamps written without a value."""
    folder.mkdir()
    header = ("meter_id", "timestamp", "value")
    cells = [(meter, at.isoformat(), value) for meter, at, value in readings]
    if kind == "csv":
        lines = [",".join((meter, at, repr(value))) for meter, at, value in cells] + [
            f"eaf-1,{at}," for at in blank
        ]
        (folder / "readings.csv").write_text(
            "\n".join([",".join(header), *lines]), encoding="utf-8"
        )
    elif kind == "wide":
        by_time: dict[str, dict[str, str]] = {}
        for meter, at, value in cells:
            by_time.setdefault(at, {})[meter] = repr(value)
        lines = [
            ",".join((at, values.get("eaf-1", ""), values.get("eaf-2", "")))
            for at, values in by_time.items()
        ]
        (folder / "readings.csv").write_text(
            "\n".join(["timestamp,eaf-1,eaf-2", *lines]), encoding="utf-8"
        )
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for row in (header, *cells):
            sheet.append(row)
        book.save(folder / "readings.xlsx")
    else:
        columns = list(zip(*readings, strict=True))
        table = pa.table(
            {
                "meter_id": columns[0],
                "timestamp": pa.array(columns[1], pa.timestamp("us", "UTC")),
                "value": columns[2],
            }
        )
        pq.write_table(table, folder / "readings.parquet", row_group_size=50)
    file = next(folder.glob("readings.*")).name
    meters = "".join(
        f'[[meters]]\nid = "{name}"\nstep = "eaf"\ncarrier = "electricity"\nreading = '
        f'"register"\nunit = "{unit}"\n'
        for name, unit in UNITS.items()
    )
    batch = f"H1,eaf,liquid-steel,{(FIRST + timedelta(hours=5)).isoformat()},{(FIRST + timedelta(hours=6)).isoformat()},100,t"
    (folder / "batches.csv").write_text(
        f"batch_id,step,product,start,end,output_quantity,output_unit\n{batch}\n", encoding="utf-8"
    )
    site = (
        '[site]\nid = "w"\ntimezone = "UTC"\npack = "steel"\n[inputs]\nbatches = '
        f'"batches.csv"\nreadings = "{file}"\n{meters}'
    )
    (folder / "site.toml").write_text(site, encoding="utf-8")
    return folder / "site.toml"


def digested(site: Path) -> list[MeterDay]:
    days = DayDigests(UNITS)
    pipeline.read(load_site(site), days=days)
    return days.days()


def test_a_digest_is_that_of_time_and_value_as_words(tmp_path: Path) -> None:
    digests = digested(plant(tmp_path / "p", "csv", rows(2)))
    assert [(day.meter, day.count) for day in digests] == [
        ("eaf-1", 48),
        ("eaf-1", 48),
        ("eaf-2", 48),
        ("eaf-2", 48),
    ]
    words = b"".join(
        struct.pack(">qd", microseconds(at), value)
        for meter, at, value in rows(1)
        if meter == "eaf-1"
    )
    assert (digests[0].start_us, digests[0].digest) == (
        microseconds(FIRST),
        hashlib.sha256(words).digest(),
    )


@pytest.mark.parametrize("kind", ["wide", "xlsx", "parquet"])
def test_the_same_readings_by_another_road_are_the_same_days(tmp_path: Path, kind: str) -> None:
    assert digested(plant(tmp_path / "p", kind, rows())) == digested(
        plant(tmp_path / "csv", "csv", rows())
    )


@pytest.mark.parametrize("order", ["shuffled", "newest first", "a day late", "by time"])
def test_the_order_of_rows_changes_nothing(tmp_path: Path, order: str) -> None:
    readings = rows()
    match order:
        case "shuffled":
            random.Random(1).shuffle(readings)  # noqa: S311  # any order
        case "newest first":
            readings.reverse()
        case "a day late":
            readings = readings[:10] + readings[58:] + readings[10:58]
        case "by time":
            readings.sort(key=lambda row: row[1])
    assert digested(plant(tmp_path / "p", "parquet", readings)) == digested(
        plant(tmp_path / "csv", "csv", rows())
    )


def test_a_reading_that_stands_twice_counts_twice_and_a_blank_one_not_at_all(
    tmp_path: Path,
) -> None:
    honest = digested(plant(tmp_path / "p", "csv", rows()))
    twice = digested(plant(tmp_path / "twice", "csv", [*rows(), rows()[7]]))
    assert (twice[0].count, honest[0].count) == (49, 48)
    assert twice[1:] == honest[1:]
    blank = (FIRST + timedelta(minutes=1)).isoformat()
    assert digested(plant(tmp_path / "blank", "csv", rows(), (blank,))) == honest


@pytest.mark.parametrize("change", ["value", "time", "left out"])
def test_one_reading_changed_is_another_digest_of_that_day_alone(
    tmp_path: Path, change: str
) -> None:
    readings = rows()
    meter, at, value = readings[60]
    readings[60] = (
        (meter, at, float(np.nextafter(value, 2 * value)))
        if change == "value"
        else (meter, at + timedelta(microseconds=1), value)
    )
    if change == "left out":
        del readings[60]
    honest, other = (
        digested(plant(tmp_path / "p", "parquet", rows())),
        digested(plant(tmp_path / "other", "parquet", readings)),
    )
    assert [honest_day == two for honest_day, two in zip(honest, other, strict=True)] == [
        True,
        False,
        *[True] * 6,
    ]


def test_what_the_engine_repairs_is_digested_as_it_came(tmp_path: Path) -> None:
    """A spike that metering leaves out stays in the digest: the auditor sees what the meter
    said.
    """
    readings = rows()
    readings[30] = (readings[30][0], readings[30][1], -999.999)
    honest, spiked = (
        digested(plant(tmp_path / "p", "csv", rows())),
        digested(plant(tmp_path / "s", "csv", readings)),
    )
    assert spiked[0].count == honest[0].count
    assert spiked[0].digest != honest[0].digest


def test_blocks_cut_anywhere_give_the_same_days() -> None:
    time_us = np.arange(0, 5 * DAY_US, DAY_US // 24, dtype=np.int64) + 7
    value = np.sqrt(np.arange(len(time_us)))
    whole = days_of("m", "kWh", time_us, value)
    assert [day.count for day in whole] == [24] * 5
    for length in (1, 5, 24, 31, 120):
        days = DayDigests({"m": "kWh"})
        for begin in range(0, len(time_us), length):
            part = slice(begin, begin + length)
            days.take(
                ReadingBlock(
                    "m", time_us[part], value[part], Consecutive(begin + 2, len(time_us[part])), "f"
                )
            )
        assert days.days() == whole


def test_of_the_days_at_the_edges_of_a_window_only_what_lies_in_it_counts() -> None:
    hour_us = DAY_US // 24
    time_us = np.arange(0, 5 * DAY_US, hour_us, dtype=np.int64)
    value = np.sqrt(np.arange(len(time_us)))
    edges = [DAY_US - 8 * hour_us, 3 * DAY_US - 8 * hour_us, 4 * DAY_US]
    for length in (7, 24, 120):
        days = DayDigests({"m": "kWh"}, edges)
        for begin in range(0, len(time_us), length):
            part = slice(begin, begin + length)
            days.take(
                ReadingBlock(
                    "m", time_us[part], value[part], Consecutive(begin + 2, len(time_us[part])), "f"
                )
            )
        for within in (
            (edges[0], edges[1]),
            (edges[1], edges[2]),
            (edges[0], edges[2]),
            (4 * DAY_US, 4 * DAY_US),
        ):
            inside = (time_us >= within[0]) & (time_us < within[1])
            assert (
                days.days(within)
                == days_of("m", "kWh", time_us[inside], value[inside])
                == days_of("m", "kWh", time_us, value, within)
            )
        assert days.days() == days_of("m", "kWh", time_us, value)


def test_what_becomes_of_a_block_afterwards_is_no_part_of_its_days() -> None:
    """The engine goes on with the same arrays."""
    time_us, value = np.array([1, 2, 3], dtype=np.int64), np.array([1.0, 2.0, 3.0])
    expected = days_of("m", "kWh", time_us, value)
    days = DayDigests({"m": "kWh"})
    days.take(ReadingBlock("m", time_us, value, Consecutive(2, 3), "f"))
    value[:] = 0.0
    assert days.days() == expected


def test_days_that_did_not_come_in_order_are_not_given_out() -> None:
    days = DayDigests({"m": "kWh"})
    for start in (DAY_US, 0):
        days.take(ReadingBlock("m", np.array([start]), np.array([1.0]), Consecutive(2, 1), "f"))
    assert days.late == {"m"}
    with pytest.raises(ValueError, match="taken whole"):
        days.days()


def test_a_negative_zero_is_a_zero() -> None:
    at = np.array([3], dtype=np.int64)
    assert digest_of(at, np.array([-0.0])) == digest_of(at, np.array([0.0]))
