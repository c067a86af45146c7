"""The sources: files as plants keep them, and what an independent computation says of them."""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl

from tests.unit.door import test_meter_exports as exports

REAL = Path(os.environ.get("STEPLABEL_REAL_DATA") or "/nowhere")
START = datetime(2024, 3, 11)  # noqa: DTZ001 - a plant's wall clock


@dataclass(frozen=True, slots=True)
class Source:
    """Files made in a folder; the p25 of a product by our own arithmetic, None where no label can
    be: then a text that the page must hold."""

    name: str
    make: Callable[[Path], list[Path]]
    best: Callable[[], float | None]
    product: str = ""
    says: str = ""
    unit: str = "kWh"


def p25(values: Sequence[float]) -> float:
    return sorted(values)[math.ceil(len(values) / 4) - 1]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


ERP = {
    "English": "Order,Start,End,Output [t]|%Y-%m-%d %H:%M|.|,",
    "German": "Auftrag;Beginn;Ende;Menge [t]|%d.%m.%Y %H:%M|,|;",
    "Chinese": "工单号,开始时间,结束时间,产量(t)|%Y/%m/%d %H:%M|.|,",
    "French": "Lot;Début;Fin;Quantité [t]|%d/%m/%Y %H:%M|,|;",
    "Spanish": "Lote;Inicio;Fin;Cantidad [t]|%d/%m/%Y %H:%M|,|;",
    "Polish": "Zlecenie;Początek;Koniec;Ilość [t]|%d.%m.%Y %H:%M|,|;",
}


def erp(language: str) -> Callable[[Path], list[Path]]:
    """An order list of that language, and a register read every quarter hour."""

    def make(folder: Path) -> list[Path]:
        header, stamp, decimal, delimiter = ERP[language].split("|")
        readings, lines = exports.quarters(), [header]
        for number, (day, begins, ends, tonnes) in enumerate(exports.runs(readings)[0]):
            moments = [
                datetime.strptime(f"{day} {clock}", "%d.%m.%Y %H:%M")  # noqa: DTZ007
                for clock in (begins, ends)
            ]
            cells = [f"A{number}", *(f"{moment:{stamp}}" for moment in moments), f"{tonnes}.0"]
            lines.append(delimiter.join([*cells[:-1], cells[-1].replace(".", decimal)]))
        counts = ["Zeit;Mühle 1 [kWh]"]
        counts += [
            f"{at:%d.%m.%Y %H:%M};{exports.comma(shown)}"
            for at, shown in exports.register(readings)
        ]
        return [
            written(folder / "orders.csv", "\n".join(lines)),
            written(folder / "meters.csv", "\n".join(counts)),
        ]

    return make


def of_the_mill() -> float:
    return p25(exports.runs(exports.quarters())[1])


def exported(
    export: Callable[[list[exports.Reading]], str], header: str = exports.TABLE
) -> Callable[[Path], list[Path]]:
    """Meters as a system exports them, and a table of runs."""

    def make(folder: Path) -> list[Path]:
        readings = exports.quarters()
        lines = [header]
        for number, (day, begins, ends, tonnes) in enumerate(exports.runs(readings)[0]):
            clocks = [day, begins, ends] if header == exports.TABLE else [day, begins, day, ends]
            lines.append(";".join([f"K{number}", *clocks, tonnes]))
        return [
            written(folder / "meter.csv", export(readings)),
            written(folder / "runs.csv", "\n".join(lines)),
        ]

    return make


def days(header: Sequence[str], rows: Sequence[Sequence[object]]) -> Callable[[Path], list[Path]]:
    """A workbook with a row a day."""

    def make(folder: Path) -> list[Path]:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(list(header))
        for row in rows:
            sheet.append(list(row))
        book.save(folder / "days.xlsx")
        return [folder / "days.xlsx"]

    return make


KILN = [
    [START + timedelta(days=n), 2400 + 13 * n % 97, 61_000 + 1_700 * (n % 7)] for n in range(60)
]
BAKERY = [[START + timedelta(days=n), 900 + 7 * n % 60, 310 + n % 9, 95 + n % 5] for n in range(40)]
SEWAGE = [
    [START + timedelta(days=n), 30_000 + 900 * (n % 11), 9_000 + 150 * (n % 6)] for n in range(50)
]


def wide_sheet(folder: Path) -> list[Path]:
    """Two presses side by side in one workbook of registers, their orders in another."""
    book, counts = openpyxl.Workbook(), [5000.0, 800.0]
    sheet = book.active
    assert sheet is not None
    sheet.append(["Zeit", "Presse 1 [kWh]", "Presse 2 [kWh]"])
    orders = ["Auftrag;Maschine;Beginn;Ende;Stück"]
    for hour in range(24 * 14 + 1):
        at = START + timedelta(hours=hour)
        sheet.append([at, *counts])
        if hour % 4 == 0 and hour < 24 * 14:
            orders += [
                f"A{hour}-{n};Presse {n};{at:%d.%m.%Y %H:%M};{at + timedelta(hours=4):%d.%m.%Y %H:%M};{pieces(hour + n)}"
                for n in (1, 2)
            ]
        counts = [count + used(hour, n) for n, count in enumerate(counts)]
    book.save(folder / "meters.xlsx")
    return [folder / "meters.xlsx", written(folder / "orders.csv", "\n".join(orders))]


def pieces(number: int) -> int:
    return 100 + number * number % 37


def used(hour: int, press: int) -> float:
    return (40, 20)[press] + (hour * hour + press) % 91 / 8


def of_the_presses() -> float:
    return p25(
        [
            sum(used(at, n - 1) for at in range(hour, hour + 4)) / pieces(hour + n)
            for hour in range(0, 24 * 14, 4)
            for n in (1, 2)
        ]
    )


def data_hall(folder: Path) -> list[Path]:
    lines = ["time,hall 1 [kW],hall 2 [kW]"]
    lines += [
        f"{START + timedelta(hours=hour):%Y-%m-%d %H:%M},{410 + hour % 13},{230 + hour % 7}"
        for hour in range(24 * 30)
    ]
    return [written(folder / "halls.csv", "\n".join(lines))]


def heats(folder: Path) -> list[Path]:
    packed = REAL / "eaf_heats_2015_2016.csv.gz"
    return [written(folder / "heats.csv", gzip.decompress(packed.read_bytes()).decode("utf-8"))]


def of_the_heats() -> float:
    """kWh a heat of 2016, without those whose energy is not known or far from the median."""
    packed = REAL / "eaf_heats_2015_2016.csv.gz"
    text = gzip.decompress(packed.read_bytes()).decode("utf-8")
    of_year = [
        float(row["energy_mwh"]) * 1000
        for row in csv.DictReader(io.StringIO(text))
        if row["start"].startswith("2016") and row["energy_mwh"]
    ]
    positive = sorted(value for value in of_year if value > 0)
    middle = positive[len(positive) // 2]
    return p25([value for value in of_year if middle / 5 <= value <= middle * 5])


def quarter_hours(folder: Path) -> list[Path]:
    packed = REAL / "steel_15min_uci.csv.gz"
    return [written(folder / "steel.csv", gzip.decompress(packed.read_bytes()).decode("utf-8-sig"))]


def brewery(folder: Path) -> list[Path]:
    return sorted((REAL / "craft_brewery").glob("meter_usage_*.parquet"))


def nothing() -> None:
    return None


MADE = (
    *(
        Source(f"ERP log in {language} with a register", erp(language), of_the_mill)
        for language in ERP
    ),
    Source("wide sheet of registers, orders", wide_sheet, of_the_presses),
    Source("days by 96 columns", exported(exports.a_day_a_row), of_the_mill),
    Source("list of a process historian", exported(exports.process_historian), of_the_mill),
    Source("SAP order list", exported(exports.pairs_of_units, exports.SPLIT[4]), of_the_mill),
    Source(
        "a kiln by day",
        days(["Date", "Clinker [t]", "Electricity [kWh]"], KILN),
        lambda: p25([row[2] / row[1] for row in KILN]),  # type: ignore[operator]
    ),
    Source(
        "a bakery",
        days(["Datum", "Brot [kg]", "Strom [kWh]", "Gas [m3]"], BAKERY),
        lambda: p25([row[2] / row[1] for row in BAKERY]),  # type: ignore[operator]
    ),
    Source(
        "a sewage works",
        days(["Date", "Treated water [m3]", "Electricity [kWh]"], SEWAGE),
        lambda: p25([row[2] / row[1] for row in SEWAGE]),  # type: ignore[operator]
    ),
    Source("a data hall", data_hall, nothing, says="never below"),
)
OF_PLANTS = (
    Source("heats 2015/16", heats, of_the_heats),
    Source("the 15-minute meter", quarter_hours, nothing, says="never below"),
    Source("the brewery's meters", brewery, nothing, says="never below"),
)
