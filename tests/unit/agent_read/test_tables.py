"""The same rows by any road: CSV in any encoding, packed or not, XLSX, Parquet, template or mapping
profile.
"""

import csv
import gzip
import io
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from benchmarks.errors import InputError
from reporting_agent.config import Profile
from reporting_agent.sources import BATCHES, ReadingBlock, Table, read_table, stream_readings
from reporting_agent.sources.reading_log import ReadingLog

ZONE = ZoneInfo("Asia/Shanghai")
HEADER = ["batch_id", "step", "start", "end", "output_quantity", "equipment", "var.power_on_s"]
ROWS: list[list[str]] = [
    ["H1", "eaf", "2016-05-14 08:00:00", "2016-05-14 08:50:00", "122.5", "一号炉", "2400"],
    ["H2", "eaf", "2016-05-14 09:00:00", "", "121.25", "一号炉", "38:20"],
]


def as_csv(rows: list[list[str]] = ROWS, delimiter: str = ",", header: list[str] = HEADER) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue()


def read(path: Path, profile: Profile | None = None) -> Table:
    return read_table(path, profile or Profile(), BATCHES, ZONE)


def content(table: Table) -> dict[str, list[object]]:
    return {
        name: values
        for name, values in table.columns.items()
        if any(value not in (None, "", 0.0) for value in values)
    }


@pytest.fixture
def wanted(tmp_path: Path) -> dict[str, list[object]]:
    path = tmp_path / "plain.csv"
    path.write_text(as_csv(), encoding="utf-8")
    return content(read(path))


def test_the_template_is_read_as_written(wanted: dict[str, list[object]]) -> None:
    assert wanted["batch_id"] == ["H1", "H2"]
    assert wanted["output_quantity"] == [122.5, 121.25]
    assert wanted["var.power_on_s"] == [2400.0, 2300.0]
    assert wanted["start"] == [datetime(2016, 5, 14, hour, tzinfo=ZONE) for hour in (8, 9)]
    assert wanted["end"] == [datetime(2016, 5, 14, 8, 50, tzinfo=ZONE), None]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"]
)
def test_encodings_are_recognised(
    tmp_path: Path, wanted: dict[str, list[object]], encoding: str
) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(as_csv().encode(encoding))
    assert content(read(path)) == wanted


@pytest.mark.parametrize(
    ("declared", "written"), [("utf-8", "utf-8-sig"), ("utf-16-le", "utf-16"), ("gbk", "utf-8-sig")]
)
def test_a_byte_order_mark_goes_before_what_is_declared(
    tmp_path: Path, wanted: dict[str, list[object]], declared: str, written: str
) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(as_csv().encode(written))
    assert content(read(path, Profile(encoding=declared))) == wanted


def test_utf_16_without_its_mark_under_that_name_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(as_csv().encode("utf-16-le"))
    with pytest.raises(InputError, match="Check the encoding in the mapping profile"):
        read(tmp_path / "b.csv", Profile(encoding="utf-16"))


def test_one_chinese_note_in_the_last_row_of_a_long_file_is_enough_to_recognise_gbk(
    tmp_path: Path,
) -> None:
    rows = [["H" + str(number), *ROWS[0][1:5], "f1", ""] for number in range(200_000 // 40)]
    path = tmp_path / "b.csv"
    path.write_bytes(as_csv([*rows, ROWS[0]]).encode("gbk"))
    assert read(path).columns["equipment"][-1] == "一号炉"


def test_packed_files_are_unpacked(tmp_path: Path, wanted: dict[str, list[object]]) -> None:
    raw = as_csv().encode()
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(raw))
    (tmp_path / "b.csv.zst").write_bytes(pa.compress(raw, codec="zstd", asbytes=True))
    assert content(read(tmp_path / "b.csv.gz")) == wanted
    assert content(read(tmp_path / "b.csv.zst")) == wanted


def test_a_workbook_gives_the_same_rows(tmp_path: Path, wanted: dict[str, list[object]]) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Heats"
    sheet.append(["Works 2, May 2016"])
    sheet.append(HEADER)
    for row in ROWS:
        start, end = (datetime.fromisoformat(text) if text else None for text in row[2:4])
        sheet.append([*row[:2], start, end, float(row[4]), row[5], row[6]])
    book.save(tmp_path / "b.xlsx")
    table = read(tmp_path / "b.xlsx", Profile(sheet="Heats", header_row=2))
    assert content(table) == wanted
    assert table.rows == [3, 4]


def test_parquet_gives_the_same_rows(tmp_path: Path, wanted: dict[str, list[object]]) -> None:
    columns = dict(zip(HEADER, map(list, zip(*ROWS, strict=True)), strict=True))
    table = pa.table(
        {
            **columns,
            "start": pa.array([datetime.fromisoformat(text) for text in columns["start"]]),
            "output_quantity": pa.array([float(text) for text in columns["output_quantity"]]),
        }
    )
    pq.write_table(table, tmp_path / "b.parquet")
    assert content(read(tmp_path / "b.parquet")) == wanted


def test_a_foreign_file_reads_the_same_through_its_profile(
    tmp_path: Path, wanted: dict[str, list[object]]
) -> None:
    rows = [
        ["H1", "14.05.2016 08:00", "14.05.2016 08:50", "122.500,0", "一号炉", "40:00"],
        ["H2", "14.05.2016 09:00", "0", "121.250,0", "一号炉", "38:20"],
    ]
    path = tmp_path / "b.csv"
    path.write_bytes(
        as_csv(rows, ";", ["Schmelze", "von", "bis", "kg", "Ofen", "Strom an"]).encode("gbk")
    )
    profile = Profile(
        columns={
            "batch_id": "Schmelze",
            "start": "von",
            "end": "bis",
            "output_quantity": "kg",
            "equipment": "Ofen",
            "var.power_on_s": "Strom an",
        },
        constants={"step": "eaf"},
        missing={"end": ("0",)},
        scale={"output_quantity": 0.001},
        decimal=",",
        thousands=".",
        date_order="dmy",
    )
    assert content(read(path, profile)) == wanted


def test_bad_rows_are_set_aside_with_their_place_and_the_rest_is_read(tmp_path: Path) -> None:
    rows = [
        ROWS[0],
        ["H2", "eaf", "14/05/2016", "", "1", "", ""],
        ["H3", "eaf"],
        ROWS[1],
        ["", *ROWS[0][1:]],
        ROWS[1],
        ROWS[0],
    ]
    path = tmp_path / "b.csv"
    path.write_text(as_csv(rows), encoding="utf-8")
    table = read(path)
    assert table.rows == [2, 5, 7, 8]
    assert [(bad.place.row, bad.place.column) for bad in table.rejected] == [
        (3, "start"),
        (4, None),
        (6, "batch_id"),
    ]
    assert table.rejected[0].original == tuple(rows[1])
    assert "order ymd" in table.rejected[0].wanted


def test_a_file_of_which_most_rows_are_unreadable_is_refused_with_the_first(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(as_csv([[*ROWS[0][:4], "122,5", "", ""] for _ in range(3)]), encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read(path)
    assert refusal.value.code == "mostly-unreadable"
    assert refusal.value.place is not None
    assert (refusal.value.place.row, refusal.value.place.column) == (2, "output_quantity")
    assert refusal.value.found == "'122,5'"


LONG = ["meter_id", "timestamp", "value"]
READINGS = [
    ["m1", "2016-05-14 08:00:00", "1.5"],
    ["m2", "2016-05-14 08:00:00", "7"],
    ["m1", "2016-05-14 08:05:00", "2.5"],
]


def streamed(path: Path, profile: Profile | None = None) -> dict[str, list[tuple[int, float]]]:
    blocks: list[ReadingBlock] = list(
        stream_readings([path], profile or Profile(), frozenset({"m1", "m2"}), ZONE, ReadingLog())
    )
    readings: dict[str, list[tuple[int, float]]] = {"m1": [], "m2": []}
    for block in blocks:
        readings[block.meter] += zip(block.time_us.tolist(), block.value.tolist(), strict=True)
    return readings


def test_readings_are_the_same_long_or_wide_in_any_format(tmp_path: Path) -> None:
    eight = int(datetime(2016, 5, 14, 8, tzinfo=ZONE).timestamp()) * 1_000_000
    wanted = {"m1": [(eight, 1.5), (eight + 300_000_000, 2.5)], "m2": [(eight, 7.0)]}

    (tmp_path / "long.csv").write_text(as_csv(READINGS, header=LONG))
    (tmp_path / "zoned.csv").write_text(
        as_csv(
            [
                [m, datetime.fromisoformat(t).replace(tzinfo=ZONE).isoformat(), v]
                for m, t, v in READINGS
            ],
            header=LONG,
        )
    )
    (tmp_path / "comma.csv").write_bytes(
        as_csv(
            [[m, f"14/05/2016 {t[11:16]}", v.replace(".", ",")] for m, t, v in READINGS], ";", LONG
        ).encode("utf-16")
    )
    pq.write_table(
        pa.table(
            {
                "meter_id": pa.array([m for m, _, _ in READINGS]).dictionary_encode(),
                "timestamp": pa.array(
                    [datetime.fromisoformat(t) for _, t, _ in READINGS], pa.timestamp("ms")
                ),
                "value": pa.array([float(v) for _, _, v in READINGS]),
            }
        ),
        tmp_path / "long.parquet",
    )
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [LONG, *([m, datetime.fromisoformat(t), float(v)] for m, t, v in READINGS)]:
        sheet.append(row)
    book.save(tmp_path / "long.xlsx")

    assert streamed(tmp_path / "long.csv") == wanted
    assert streamed(tmp_path / "zoned.csv") == wanted
    assert streamed(tmp_path / "comma.csv", Profile(decimal=",", date_order="dmy")) == wanted
    assert streamed(tmp_path / "long.parquet") == wanted
    assert streamed(tmp_path / "long.xlsx") == wanted

    wide = as_csv(
        [["2016-05-14 08:00:00", "1.5", "7"], ["2016-05-14 08:05:00", "2.5", ""]],
        header=["timestamp", "m1", "m2"],
    )
    (tmp_path / "wide.csv").write_text(wide)
    readings = streamed(tmp_path / "wide.csv")
    assert readings["m1"] == wanted["m1"]
    assert readings["m2"][0] == wanted["m2"][0]
    assert (
        readings["m2"][1][1] != readings["m2"][1][1]
    )  # blank: the stamp stays, its value is not known


@pytest.mark.parametrize(
    ("declared", "last"),
    [
        ({"date_order": "dmy"}, "14.05.2016 09:00:00"),
        ({"date_order": "mdy", "thousands": ","}, "05/14/2016 09:00:00"),
        ({"date_order": "dmy", "decimal": ",", "thousands": "."}, "14.05.2016 09:00"),
        ({"date_format": "%d-%m-%y %Hh%M", "decimal": ","}, "14-05-16 09h00"),
    ],
)
def test_typed_cells_of_a_workbook_are_what_they_are_beside_texts_in_the_declared_notation(
    tmp_path: Path, declared: dict[str, str], last: str
) -> None:
    """A spreadsheet program types the cells that it understands, and leaves the others as they were
    typed in.
    """
    eight = int(datetime(2016, 5, 14, 8, tzinfo=ZONE).timestamp()) * 1_000_000
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    typed = [
        (name, datetime(2016, 5, 14, 8, minute), 48.625 + minute)  # noqa: DTZ001
        for name, minute in (("m1", 0), ("m1", 5), ("m2", 7))
    ]
    for row in [LONG, *typed, ("m1", last, "50" + declared.get("decimal", ".") + "5")]:
        sheet.append(row)
    book.save(tmp_path / "r.xlsx")
    m1 = [(eight, 48.625), (eight + 300_000_000, 53.625), (eight + 3_600_000_000, 50.5)]
    assert streamed(tmp_path / "r.xlsx", Profile.model_validate(declared)) == {
        "m1": m1,
        "m2": [(eight + 420_000_000, 55.625)],
    }


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_meters_named_by_numbers_are_the_same_however_a_program_keeps_them(
    tmp_path: Path, kind: str, wide: bool
) -> None:
    """Of a workbook every number is one with a point, and in Parquet a column of which a cell was
    blank.
    """
    stamps: list[object] = [datetime(2016, 5, 14, 8), datetime(2016, 5, 14, 9)]  # noqa: DTZ001 - of the plant's clock
    named: dict[str, list[object]] = (
        {"101": [1.5, 2.5]} if wide else {"meter_id": [101.0] * 2, "value": [1.5, 2.5]}
    )
    columns = {"timestamp": stamps, **named}
    path = tmp_path / f"r.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table(columns), path)
    else:
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append([101 if name == "101" else name for name in columns])
        for row in zip(*columns.values(), strict=True):
            sheet.append(row)
        book.save(path)
    (block,) = stream_readings([path], Profile(), frozenset({"101"}), ZONE, ReadingLog())
    assert (block.meter, block.value.tolist()) == ("101", [1.5, 2.5])


def test_typed_columns_of_parquet_are_put_together_or_refused_in_words(tmp_path: Path) -> None:
    day, clocks = [datetime(2016, 5, 14)] * 2, [time(8), time(8, 15)]  # noqa: DTZ001
    pq.write_table(
        pa.table({"Day": day, "Clock": clocks, "m1": [1.5, 2.5]}), tmp_path / "r.parquet"
    )
    for order in ("ymd", "dmy"):
        profile = Profile.model_validate(
            {"parts": {"timestamp": ["Day", "Clock"]}, "wide": True, "date_order": order}
        )
        eight = int(datetime(2016, 5, 14, 8, tzinfo=ZONE).timestamp()) * 1_000_000
        assert streamed(tmp_path / "r.parquet", profile)["m1"] == [
            (eight, 1.5),
            (eight + 900_000_000, 2.5),
        ]
    for columns in (
        {"timestamp": day, "m1": [[1.5], [2.5]]},
        {"timestamp": [timedelta(1)] * 2, "m1": [1.5, 2.5]},
    ):
        pq.write_table(pa.table(columns), tmp_path / "r.parquet")
        with pytest.raises(InputError, match="cannot be read"):
            streamed(tmp_path / "r.parquet")


def test_bad_readings_are_counted_with_their_rows(tmp_path: Path) -> None:
    rows = [
        *READINGS,
        ["m1", "not a time", "3"],
        ["m1", "2016-05-14 08:10:00", "three"],
        ["m9", "2016-05-14 08:10:00", "3"],
    ]
    path = tmp_path / "r.csv"
    path.write_text(as_csv(rows, header=LONG))
    log = ReadingLog()
    list(stream_readings([path], Profile(), frozenset({"m1", "m2"}), ZONE, log))
    assert [(bad.place.row, bad.place.column) for bad in log.rejected] == [
        (5, "timestamp"),
        (6, "value"),
    ]
    assert {name: unknown_meter.readings for name, unknown_meter in log.unknown_meters.items()} == {
        "m9": 1
    }


@pytest.mark.parametrize("stamp", ["2016-05-14 08:10:00", "not a time"])
def test_a_heading_with_a_line_break_moves_no_row(tmp_path: Path, stamp: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        as_csv(
            [*READINGS, ["m1", stamp, "3"]], header=["meter_id", "timestamp", "Wirkarbeit\n(kWh)"]
        )
    )
    log = ReadingLog()
    blocks = stream_readings(
        [path], Profile(columns={"value": "Wirkarbeit\n(kWh)"}), frozenset({"m1", "m2"}), ZONE, log
    )
    rows = sorted(row for block in blocks for row in block.row.tolist())
    last = len(READINGS) + 2
    assert rows + [bad.place.row for bad in log.rejected] == [*range(2, last + 1)]
    assert len(log.rejected) == (stamp == "not a time")


def test_a_number_that_its_scale_makes_too_large_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(
        as_csv([ROWS[0], [*ROWS[1][:4], "1e308", *ROWS[1][5:]], ROWS[1]]), encoding="utf-8"
    )
    table = read(path, Profile(scale={"output_quantity": 1000}))
    assert [(bad.place.row, bad.place.column, bad.wanted) for bad in table.rejected] == [
        (3, "output_quantity", "a finite number")
    ]


@pytest.mark.parametrize("kind", ["csv", "texts.parquet", "numbers.parquet"])
def test_a_reading_that_its_scale_makes_too_large_is_set_aside(kind: str, tmp_path: Path) -> None:
    values = ["1", "1e308", "3"]
    stamps = [f"2026-01-01T0{hour}:00:00Z" for hour in range(3)]
    path = tmp_path / f"readings.{kind}"
    if kind == "csv":
        lines = [
            "meter_id,timestamp,value",
            *(f"m,{stamp},{value}" for stamp, value in zip(stamps, values, strict=True)),
        ]
        path.write_text("\n".join(lines), encoding="utf-8")
    else:
        moments = pa.array(
            [datetime.fromisoformat(stamp.replace("Z", "+00:00")) for stamp in stamps],
            pa.timestamp("us", "UTC"),
        )
        numbers = pa.array(
            values if kind.startswith("texts") else [float(value) for value in values]
        )
        pq.write_table(
            pa.table({"meter_id": ["m"] * 3, "timestamp": moments, "value": numbers}), path
        )
    log = ReadingLog()
    blocks = list(
        stream_readings([path], Profile(scale={"value": 1000}), frozenset({"m"}), ZONE, log)
    )
    assert [value for block in blocks for value in block.value.tolist() if value == value] == [
        1000,
        3000,
    ]
    assert [(bad.place.column, bad.wanted) for bad in log.rejected] == [
        ("value", "a finite number")
    ]
