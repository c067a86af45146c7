"""The same row gives the same label by any road: every format, notation, encoding, zone of stamps
and order of rows.

A plant is drawn at random and written down fourteen ways. What stands in label.json is compared
whole, to the last digit.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from benchmarks.measurements import Period
from fixtures.simulator import workbook as plain_workbook
from reporting_agent import pipeline
from reporting_agent.config import load_site

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2016, 5, 13, 22, tzinfo=UTC)
HEATS, MINUTES = 40, 60 * 50


@dataclass(frozen=True)
class Heat:
    name: str
    start: datetime
    end: datetime
    output: float
    gas_nm3: float
    power_on_s: float


@dataclass(frozen=True)
class Plant:
    heats: list[Heat]
    readings: list[tuple[datetime, float, float]]  # a register in kWh and a rate in Nm3/h


def plant(seed: int) -> Plant:
    """Forty heats on one furnace and its meters every five minutes; numbers with as many digits as
    they like.
    """
    chance = random.Random(seed)  # noqa: S311 - a plant, no secret
    heats = []
    for number in range(HEATS):
        start = FIRST + timedelta(minutes=60 + 70 * number + chance.randrange(9))
        end = start + timedelta(minutes=chance.randrange(45, 58), seconds=chance.randrange(60))
        heats.append(
            Heat(
                f"H{number:03}",
                start,
                end,
                chance.uniform(115, 128),
                chance.uniform(300, 500),
                float(chance.randrange(2000, 2700)),
            )
        )
    register, readings = chance.uniform(1e6, 9e6), []
    for minute in range(0, MINUTES, 5):
        register += chance.uniform(3000, 6000)
        readings.append(
            (FIRST + timedelta(minutes=minute), register, round(chance.uniform(50, 900), 3))
        )
    return Plant(heats, readings)


BATCH = [
    "batch_id",
    "step",
    "start",
    "end",
    "output_quantity",
    "output_unit",
    "equipment",
    "var.power_on_s",
]
ENERGY = ["batch_id", "step", "carrier", "quantity", "unit", "lhv", "lhv_unit"]
LONG = ["meter_id", "timestamp", "value"]
METERS = """
[[meters]]
id = "kwh-1"
step = "eaf"
carrier = "electricity"
reading = "register"
unit = "kWh"
[[meters]]
id = "o2-1"
step = "eaf"
carrier = "oxygen"
reading = "rate"
unit = "Nm3/h"
"""

Stamp = Callable[[datetime], Any]
Number = Callable[[float], Any]
Table = tuple[Sequence[str], list[list[Any]]]


def local(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def tables(works: Plant, stamp: Stamp, number: Number) -> dict[str, Table]:
    """The three inputs as rows, stamps and numbers written as the road does."""
    batches = [
        [
            h.name,
            "eaf",
            stamp(h.start),
            stamp(h.end),
            number(h.output),
            "t",
            "eaf-1",
            number(h.power_on_s),
        ]
        for h in works.heats
    ]
    energy = [
        [h.name, "eaf", "natural-gas", number(h.gas_nm3), "Nm3", number(35.6), "MJ/Nm3"]
        for h in works.heats
    ]
    readings = [
        [name, stamp(at), number(value)]
        for at, *values in works.readings
        for name, value in zip(("kwh-1", "o2-1"), values, strict=True)
    ]
    return {"batches": (BATCH, batches), "energy": (ENERGY, energy), "readings": (LONG, readings)}


def wide(works: Plant, stamp: Stamp, number: Number) -> Table:
    return ["timestamp", "kwh-1", "o2-1"], [
        [stamp(at), number(kwh), number(o2)] for at, kwh, o2 in works.readings
    ]


def as_csv(table: Table, delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([table[0], *table[1]])
    return text.getvalue()


def write_csv(
    folder: Path, inputs: dict[str, Table], encoding: str = "utf-8", delimiter: str = ","
) -> dict[str, str]:
    for name, table in inputs.items():
        (folder / f"{name}.csv").write_bytes(as_csv(table, delimiter).encode(encoding))
    return {name: f"{name}.csv" for name in inputs}


def template(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    return write_csv(folder, tables(works, local, repr)), ""


def offsets_of_other_zones(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    zones = [UTC, timezone(timedelta(hours=-7)), ZONE, timezone(timedelta(hours=5, minutes=45))]
    turn = iter(range(10**9))
    return write_csv(
        folder, tables(works, lambda at: at.astimezone(zones[next(turn) % 4]).isoformat(), repr)
    ), ""


def another_zone_declared(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    zone = ZoneInfo("America/Bogota")
    inputs = tables(works, lambda at: at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"), repr)
    return write_csv(folder, inputs), "".join(
        f'[mapping.{name}]\ntimezone = "America/Bogota"\n' for name in inputs
    )


def shuffled(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    inputs = tables(works, local, repr)
    for name in ("batches", "energy"):
        random.Random(7).shuffle(inputs[name][1])  # noqa: S311
    inputs["readings"][1].sort(key=lambda row: row[0])  # one meter after the other
    return write_csv(folder, inputs), ""


def german(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    inputs = tables(
        works,
        lambda at: at.astimezone(ZONE).strftime("%d.%m.%Y %H:%M:%S"),
        lambda value: repr(value).replace(".", ","),
    )
    profile = 'decimal = ","\ndate_order = "dmy"\n'
    return write_csv(folder, inputs, "cp1252", ";"), "".join(
        f'[mapping.{name}]\nencoding = "cp1252"\n{profile}' for name in inputs
    )


def chinese(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    words = dict(
        zip(
            BATCH,
            ["炉号", "工序", "开始时间", "结束时间", "产量", "单位", "设备", "通电时间"],
            strict=True,
        )
    )
    wide_digits = str.maketrans("0123456789.", "０１２３４５６７８９．")
    inputs = tables(
        works,
        lambda at: at.astimezone(ZONE).strftime("%Y年%m月%d日 %H:%M:%S"),
        lambda value: repr(value).translate(wide_digits),
    )
    inputs["batches"] = ([words[name] for name in BATCH], inputs["batches"][1])
    columns = "".join(f'"{name}" = "{word}"\n' for name, word in words.items())
    return write_csv(folder, inputs, "gb18030"), f"[mapping.batches.columns]\n{columns}"


def workbook(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, (header, rows) in tables(
        works, lambda at: at.astimezone(ZONE).replace(tzinfo=None), lambda value: value
    ).items():
        sheet = book.create_sheet(name)
        for row in [["Works 2, May 2016"], header, *rows]:
            # openpyxl keeps fifteen digits of a number; a text keeps all of them
            sheet.append([repr(cell) if isinstance(cell, float) else cell for cell in row])
        sheet.merge_cells("A1:C1")
    book.save(folder / "plant.xlsx")
    names = ("batches", "energy", "readings")
    return dict.fromkeys(names, "plant.xlsx"), "".join(
        f'[mapping.{name}]\nsheet = "{name}"\nheader_row = 2\n' for name in names
    )


def workbook_of_numbers(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    inputs = tables(works, local, lambda value: value)
    plain_workbook.write(folder / "plant.xlsx", inputs)
    return dict.fromkeys(inputs, "plant.xlsx"), "".join(
        f'[mapping.{name}]\nsheet = "{name}"\n' for name in inputs
    )


def days_of_excel(
    system: str, nought: datetime
) -> Callable[[Path, Plant], tuple[dict[str, str], str]]:
    """Stamps as Excel keeps them, and durations as minutes and seconds."""

    def road(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
        inputs = tables(
            works,
            lambda at: repr(
                (at.astimezone(ZONE).replace(tzinfo=None) - nought) / timedelta(days=1)
            ),
            repr,
        )
        for row, heat in zip(inputs["batches"][1], works.heats, strict=True):
            row[-1] = f"{int(heat.power_on_s) // 60}:{int(heat.power_on_s) % 60:02}"
        return write_csv(folder, inputs), "".join(
            f'[mapping.{name}]\nexcel_dates = "{system}"\n' for name in inputs
        )

    road.__name__ = f"days_of_excel_{system}"
    return road


def parquet(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    for name, (header, rows) in tables(works, lambda at: at, lambda value: value).items():
        pq.write_table(
            pa.table(dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))),
            folder / f"{name}.parquet",
        )
    return {name: f"{name}.parquet" for name in ("batches", "energy", "readings")}, ""


def wide_readings(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    inputs = tables(works, local, repr) | {"readings": wide(works, local, repr)}
    return write_csv(folder, inputs), ""


def wide_parquet_of_nanoseconds(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    files = write_csv(folder, tables(works, local, repr))
    header, rows = wide(
        works, lambda at: at.astimezone(ZONE).replace(tzinfo=None), lambda value: value
    )
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    pq.write_table(
        pa.table(columns | {"timestamp": pa.array(columns["timestamp"], pa.timestamp("ns"))}),
        folder / "wide.parquet",
    )
    return {**files, "readings": "wide.parquet"}, ""


def a_column_a_carrier(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    """Batches and their gas in one table of merged headers, units below, a total at the bottom."""
    inputs = tables(works, local, repr)
    rows = [
        [*row, repr(heat.gas_nm3)]
        for row, heat in zip(inputs["batches"][1], works.heats, strict=True)
    ]
    top = ["Heat", "", "", "", "Output", "", "", "", "Gas"]
    total = [
        "Total",
        "",
        "",
        "",
        repr(sum(h.output for h in works.heats)),
        "",
        "",
        "",
        repr(sum(h.gas_nm3 for h in works.heats)),
    ]
    (folder / "sheet.csv").write_text(
        as_csv((top, [[*BATCH, ""], [""] * 4 + ["t"] + [""] * 3 + ["Nm3"], *rows, total])),
        encoding="utf-8",
    )
    inputs.pop("batches")
    inputs.pop("energy")
    head = "header_rows = 2\nbelow_header = 1\n"
    under = {name: "Heat" if index < 4 else "Output" for index, name in enumerate(BATCH)}
    columns = "".join(f'"{name}" = "{over} / {name}"\n' for name, over in under.items())
    gas = 'column = "Gas", unit = "Nm3", lhv = 35.6, lhv_unit = "MJ/Nm3"'
    mapping = (
        f"[mapping.batches]\n{head}[mapping.batches.columns]\n{columns}[mapping.energy]\n{head}"
    )
    mapping += f'carriers = {{ natural-gas = {{ {gas} }} }}\ncolumns = {{ batch_id = "Heat / batch_id", step = "Heat / step" }}\n'
    return {"batches": "sheet.csv", "energy": "sheet.csv", **write_csv(folder, inputs)}, mapping


def b2mml(folder: Path, works: Plant) -> tuple[dict[str, str], str]:
    def quantity(value: float, unit: str) -> str:
        return f"<Quantity><QuantityString>{value!r}</QuantityString><UnitOfMeasure>{unit}</UnitOfMeasure></Quantity>"

    segments = "".join(
        f"<SegmentResponse><ID>{escape(h.name)}</ID><ProcessSegmentID>eaf</ProcessSegmentID>"
        f"<ActualStartTime>{h.start.isoformat()}</ActualStartTime><ActualEndTime>{h.end.isoformat()}</ActualEndTime>"
        f"<SegmentData><ID>power_on_s</ID><Value><ValueString>{h.power_on_s!r}</ValueString></Value></SegmentData>"
        "<EquipmentActual><EquipmentID>eaf-1</EquipmentID></EquipmentActual>"
        f"<MaterialProducedActual><MaterialDefinitionID>liquid-steel</MaterialDefinitionID>{quantity(h.output, 't')}"
        "</MaterialProducedActual>"
        f"<MaterialConsumedActual><MaterialDefinitionID>natural-gas</MaterialDefinitionID>{quantity(h.gas_nm3, 'Nm3')}"
        "<MaterialConsumedActualProperty><ID>lhv</ID><Value><ValueString>35.6</ValueString><UnitOfMeasure>MJ/Nm3</UnitOfMeasure></Value>"
        "</MaterialConsumedActualProperty></MaterialConsumedActual></SegmentResponse>\n"
        for h in works.heats
    )
    text = (
        f"<ProductionPerformance "
        f'xmlns="http://www.mesa.org/xml/B2MML"><ProductionResponse>{segments}</ProductionResponse></ProductionPerformance>'
    )
    (folder / "performance.xml").write_text(text, encoding="utf-8")
    inputs = tables(works, local, repr)
    readings = write_csv(folder, {"readings": inputs["readings"]})
    return {"batches": "performance.xml", "energy": "performance.xml", **readings}, ""


ROADS = (
    *(
        offsets_of_other_zones,
        another_zone_declared,
        shuffled,
        german,
        chinese,
        workbook,
        workbook_of_numbers,
        parquet,
    ),
    *(days_of_excel("1900", datetime(1899, 12, 30)), days_of_excel("1904", datetime(1904, 1, 1))),  # noqa: DTZ001 - Excel has no zones
    *(wide_readings, wide_parquet_of_nanoseconds, a_column_a_carrier, b2mml),
)


def label_of(
    folder: Path, works: Plant, road: Callable[[Path, Plant], tuple[dict[str, str], str]]
) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    files, mapping = road(folder, works)
    inputs = "\n".join(f'{name} = "{file}"' for name, file in files.items())
    site = (
        '[site]\nid = "w"\ntimezone = "Asia/Shanghai"\npack = '
        f'"steel"\n[inputs]\n{inputs}\n{METERS}{mapping}'
    )
    (folder / "site.toml").write_text(site, encoding="utf-8")
    read = load_site(folder / "site.toml")
    result = pipeline.label(read, Period.parse("2016", read.zone))
    assert not result.data.rejected
    return json.dumps(result.to_json(), ensure_ascii=False, sort_keys=True)


@pytest.mark.slow
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
def test_a_plant_has_one_label_by_every_road(
    road: Callable[[Path, Plant], tuple[dict[str, str], str]], tmp_path: Path, seed: int
) -> None:
    works = plant(seed)
    wanted = label_of(tmp_path / f"{seed}" / "template", works, template)
    assert json.loads(wanted)["steps"], "there is something to compare"
    assert label_of(tmp_path / f"{seed}" / road.__name__, works, road) == wanted
