"""What a cell says depends on no other cell of its file, and not on which reader the file is taken
by.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from benchmarks.errors import InputError
from reporting_agent.config import Profile
from reporting_agent.sources import stream_readings
from reporting_agent.sources.reading_log import ReadingLog

ROWS = [
    ("m", datetime(2025, 1, 6, hour, tzinfo=UTC), -999.0 if hour % 4 == 2 else 7.25)
    for hour in range(20)
]
SENTINEL = Profile(missing={"value": ("-999",)})
Write = Callable[[Path], Path]


def read(path: Path, profile: Profile, log: ReadingLog | None = None) -> dict[int, float | None]:
    """By hour, the values; None where a reading is told to be unknown."""
    by_hour: dict[int, float | None] = {}
    for block in stream_readings(
        [path], profile, frozenset({"m"}), ZoneInfo("UTC"), log or ReadingLog()
    ):
        for moment_us, value in zip(block.time_us.tolist(), block.value.tolist(), strict=True):
            at = datetime.fromtimestamp(moment_us / 1e6, UTC) - ROWS[0][1]
            by_hour[at // timedelta(hours=1)] = None if math.isnan(value) else value
    return by_hour


def csv(cell: str = "7.25", stamp: str = "%Y-%m-%d %H:%M", bad_stamp: str = "") -> Write:
    """As text, with one cell of hour 5 as told."""

    def write(folder: Path) -> Path:
        lines = ["meter_id,timestamp,value"]
        for at, (meter, moment, value) in enumerate(ROWS):
            written = bad_stamp if bad_stamp and at == 5 else moment.strftime(stamp)
            lines.append(f"{meter},{written},{cell if at == 5 else f'{value:g}'}")
        (folder / "readings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder / "readings.csv"

    return write


def parquet(kind: pa.DataType, blank: bool = False) -> Write:
    """Typed numbers, one of them null where `blank`."""

    def write(folder: Path) -> Path:
        values = pa.array(
            [None if blank and at == 5 else round(value) for at, (_, _, value) in enumerate(ROWS)],
            pa.int64(),
        ).cast(kind)
        table = {
            "meter_id": [meter for meter, _, _ in ROWS],
            "timestamp": [moment for _, moment, _ in ROWS],
            "value": values,
        }
        pq.write_table(pa.table(table), folder / "readings.parquet")
        return folder / "readings.parquet"

    return write


def xlsx(folder: Path) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["meter_id", "timestamp", "value"])
    for meter, moment, value in ROWS:
        sheet.append([meter, moment.replace(tzinfo=None), value])
    book.save(folder / "readings.xlsx")
    return folder / "readings.xlsx"


FILES = {
    "text": csv(),
    "text, a blank": csv(""),
    "text, no number": csv("-nan"),
    "text, a word": csv("nan"),
    "text, another notation": csv('"1,5"'),
    "typed": parquet(pa.float64()),
    "integers": parquet(pa.int32()),
    "typed, a blank": parquet(pa.float64(), blank=True),
    "workbook": xlsx,
}


@pytest.mark.parametrize("write", FILES.values(), ids=FILES)
def test_a_word_declared_as_missing_is_no_value_in_any_file_whatever_stands_beside_it(
    tmp_path: Path, write: Write
) -> None:
    by_hour = read(write(tmp_path), SENTINEL)
    assert [hour for hour in range(20) if hour != 5 and by_hour[hour] is None] == [2, 6, 10, 14, 18]


@pytest.mark.parametrize("word", ["-999", "-999.0"])
def test_a_number_declared_as_missing_stands_for_a_typed_cell_of_its_value(
    tmp_path: Path, word: str
) -> None:
    by_hour = read(xlsx(tmp_path), Profile(missing={"value": (word,)}))
    assert [hour for hour in range(20) if by_hour[hour] is None] == [2, 6, 10, 14, 18]


def numbered(folder: Path, stamps: pa.Array) -> Path:
    """Parquet with stamps that are numbers."""
    table = {
        "meter_id": [meter for meter, _, _ in ROWS],
        "timestamp": stamps,
        "value": [7.25 for _ in ROWS],
    }
    pq.write_table(pa.table(table), folder / "readings.parquet")
    return folder / "readings.parquet"


def test_stamps_in_parquet_that_are_excels_days_are_read_where_that_is_declared(
    tmp_path: Path,
) -> None:
    days = pa.array(
        [
            (moment - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)
            for _, moment, _ in ROWS
        ],
        pa.float64(),
    )
    assert list(read(numbered(tmp_path, days), Profile(excel_dates="1900"))) == list(range(20))


@pytest.mark.parametrize("per_second", [1, 1_000_000])
def test_a_count_since_1970_in_parquet_is_not_taken_for_local_time(
    per_second: int, tmp_path: Path
) -> None:
    counts = pa.array([round(moment.timestamp()) * per_second for _, moment, _ in ROWS], pa.int64())
    with pytest.raises(InputError) as refused:
        read(numbered(tmp_path, counts), Profile())
    assert "counts of seconds since 1970 are not read as one" in str(refused.value.wanted)


@pytest.mark.parametrize("cell", ["-nan", "-NaN", "nan(ind)"])
def test_a_cell_that_is_no_number_is_told_whether_or_not_another_one_is(
    tmp_path: Path, cell: str
) -> None:
    log = ReadingLog()
    assert read(csv(cell)(tmp_path), Profile(), log)[5] is None
    assert [(rejection.place.row, rejection.found) for rejection in log.rejected] == [
        (7, repr(cell))
    ]
