"""The same readings by any road: typed or as text, a file a meter or all in one, read ahead or
not.
"""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_agent.config import Profile
from reporting_agent.pipeline.following import lanes_of
from reporting_agent.row_numbers import Consecutive
from reporting_agent.sources import arrow_columns, stream_readings
from reporting_agent.sources.meter_readings import ahead
from reporting_agent.sources.reading_log import ReadingLog

METERS = ("m1", "m2", "m3")
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2021, 3, 27, tzinfo=UTC)
PLACES = st.integers(-50, 50)
Told = dict[str, list[tuple[int, float, int]]]


def readings_of(
    paths: list[Path], profile: Profile | None = None, *, read_ahead: bool = False
) -> tuple[Told, ReadingLog]:
    """Stamp, value and row of every reading, by meter, and what was met on the way."""
    log = ReadingLog()
    readings: Told = {name: [] for name in METERS}
    for block in stream_readings(
        paths, profile or Profile(), frozenset(METERS), BERLIN, log, read_ahead=read_ahead
    ):
        readings[block.meter] += zip(
            block.time_us.tolist(),
            block.value.tolist(),
            np.asarray(block.row).tolist(),
            strict=True,
        )
    return readings, log


def table(count: int, stamps: str = "us", zone: str | None = None) -> pa.Table:
    """Three meters by time."""
    chance = np.random.default_rng(1)
    at = np.array(
        [
            int((START + timedelta(minutes=5 * (index // 3))).timestamp()) * 1_000_000
            for index in range(count)
        ]
    )
    names = pa.DictionaryArray.from_arrays(
        pa.array(np.arange(count, dtype=np.int32) % 3), pa.array(METERS)
    )
    kind = pa.timestamp(stamps, zone)
    return pa.table(
        {
            "meter_id": names,
            "timestamp": pa.array(at).cast(pa.timestamp("us", zone)).cast(kind),
            "value": chance.uniform(0, 9, count).round(3),
        }
    )


def as_csv(rows: pa.Table) -> str:
    cells = zip(
        *(rows.column(name).to_pylist() for name in ("meter_id", "timestamp", "value")), strict=True
    )
    return "meter_id,timestamp,value\n" + "".join(
        f"{meter},{stamp.isoformat(sep=' ')},{value}\n" for meter, stamp, value in cells
    )


@pytest.mark.parametrize("stamps", ["s", "ms", "us", "ns"])
def test_one_file_of_all_meters_gives_what_a_file_a_meter_gives(
    tmp_path: Path, stamps: str
) -> None:
    rows = table(900, stamps, "UTC")
    pq.write_table(rows, tmp_path / "all.parquet")
    together, _ = readings_of([tmp_path / "all.parquet"])
    assert {name: len(readings) for name, readings in together.items()} == {
        "m1": 300,
        "m2": 300,
        "m3": 300,
    }
    assert [row for _, _, row in together["m2"]] == list(range(3, 902, 3))
    paths = []
    for index, name in enumerate(METERS):
        paths.append(tmp_path / f"{name}.parquet")
        pq.write_table(rows.take(pa.array(range(index, 900, 3))), paths[-1], row_group_size=100)
    apart, _ = readings_of(paths)
    assert {name: [reading[:2] for reading in readings] for name, readings in apart.items()} == {
        name: [reading[:2] for reading in readings] for name, readings in together.items()
    }


@pytest.mark.parametrize("read_ahead", [False, True])
@pytest.mark.parametrize(
    ("row", "cells", "rejected"),
    [
        (None, "", []),
        (700, "m2,2021-03-27 19:25:00,", []),  # blank: no reading
        (700, "m2,2021-03-27 19:25:00,three", [("value", "'three'")]),
        (
            700,
            "m2,2021-03-28 02:30:00,3",
            [("timestamp", "'2021-03-28 02:30:00'")],
        ),  # the hour that never was
        (700, "m2,1021-03-28 02:30:00,3", [("timestamp", "'1021-03-28 02:30:00'")]),
        (700, "m2,2021-03-27 19:25:00,1e400", [("value", "'1e400'")]),
        (700, "m2,2021-03-27 19:25:00", [(None, "2 cells")]),
    ],
)
def test_a_cell_that_is_not_plain_costs_its_row_only_and_is_told_as_text(
    tmp_path: Path,
    row: int | None,
    cells: str,
    rejected: list[tuple[str | None, str]],
    read_ahead: bool,
) -> None:
    lines = as_csv(table(900)).splitlines()
    if row is not None:
        lines[row - 1] = cells
    path = tmp_path / "readings.csv"
    path.write_text("\n".join(lines) + "\n")
    typed, log = readings_of([path], read_ahead=read_ahead)
    texts, other = readings_of(
        [path], Profile(missing={"value": ("never",)})
    )  # a profile that typed columns do not know
    assert repr(typed) == repr(texts)  # NaN is itself here
    assert [(bad.place.row, bad.place.column, bad.found) for bad in log.rejected] == [
        (row, *cell) for cell in rejected
    ]
    assert log.rejected == other.rejected
    assert len(typed["m1"]) == 300


@pytest.mark.parametrize(
    ("nines", "read"), [("99999", 99999.0), ("99'999", 99999.0), ("12'000", 24000.0)]
)
def test_nines_that_a_logger_writes_for_a_fault_are_scaled_on_no_road(
    nines: str, read: float, tmp_path: Path
) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(
        "meter_id,timestamp,value\n"
        + "".join(
            f"m1,2026-01-01T00:0{at}Z,{cell}\n" for at, cell in enumerate((500, -999.999, nines))
        )
    )
    readings, _ = readings_of([path], Profile(scale={"value": 2.0}, thousands="'"))
    assert [value for _, value, _ in readings["m1"]] == [1000.0, -999.999, read]


def test_local_stamps_are_put_to_utc_on_either_road(tmp_path: Path) -> None:
    path = tmp_path / "readings.parquet"
    pq.write_table(table(300), path)
    readings, _ = readings_of([path])
    first = datetime(2021, 3, 27, tzinfo=BERLIN)
    assert readings["m1"][0][0] == int(first.timestamp()) * 1_000_000


def test_files_of_different_meters_are_lanes_and_files_that_share_one_are_not(
    tmp_path: Path,
) -> None:
    rows = table(900)
    first, second, third, mixed, empty = (
        tmp_path / f"{name}.parquet" for name in ("a", "b", "c", "d", "e")
    )
    pq.write_table(rows.take(pa.array(range(0, 450, 3))), first)
    pq.write_table(rows.take(pa.array(range(1, 900, 3))), second)
    pq.write_table(rows.take(pa.array(range(450, 900, 3))), third)
    pq.write_table(rows, mixed)
    pq.write_table(rows.slice(0, 0), empty)
    assert lanes_of([first, second, third], Profile()) == [[first, third], [second]]
    assert lanes_of([first, second, empty], Profile()) == [[empty, first], [second]]
    assert lanes_of([first, second, mixed], Profile()) == [[first, second, mixed]]
    assert lanes_of([first, second], Profile(constants={"meter_id": "m1"})) == [[first, second]]
    text = tmp_path / "f.csv"
    text.write_text(as_csv(rows))
    assert lanes_of([first, text], Profile()) == [[first, text]]


def test_what_is_raised_while_reading_ahead_reaches_the_reader() -> None:
    def breaking() -> Iterator[int]:
        yield from (1, 2)
        raise ValueError("broken")

    numbers: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        numbers.extend(ahead(breaking()))
    assert numbers == [1, 2]
    assert list(ahead([])) == []


@settings(max_examples=60)
@given(
    first=st.integers(0, 10**9),
    count=st.integers(0, 40),
    start=st.integers(-50, 50),
    stop=st.integers(-50, 50),
    step=st.sampled_from([1, 2, 5]),
)
def test_rows_in_a_row_are_indexed_like_an_array_of_them(
    first: int, count: int, start: int, stop: int, step: int
) -> None:
    rows, array = Consecutive(first, count), np.arange(first, first + count)
    assert np.asarray(rows).tolist() == rows.tolist() == array.tolist()
    assert np.asarray(rows[start:stop:step]).tolist() == array[start:stop:step].tolist()
    flags = np.arange(count) % 3 == 0
    assert rows[flags].tolist() == array[flags].tolist()
    places = np.arange(-count, count)
    assert rows[places].tolist() == array[places].tolist()
    assert [rows[position] for position in range(-count, count)] == [
        array[position] for position in range(-count, count)
    ]


def test_columns_come_back_as_they_were_given_and_need_no_pandas() -> None:
    given_values = {
        "text": ["a", None, "", "中文"],
        "number": [1.5, None, -0.0],
        "count": [1, None, 2**40],
        "time": [START, None],
        "flag": [True, None, False],
    }
    for kind, values in given_values.items():
        column = arrow_columns.column(kind, values)  # type: ignore[arg-type]  # the kinds are spelled out above
        column.validate(full=True)
        assert column.to_pylist() == values
    code = (
        "import sys; from reporting_agent.sources import arrow_columns;"
        "arrow_columns.column('text', ['a', None]); arrow_columns.column('number', [1.0]);"
        "arrow_columns.repeated('m', 3);"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
