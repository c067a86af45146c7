"""The conformance kit's plant: small, and with everything in it that sources get wrong.

Stamps cross the night in which the clock is put back, some are written with another offset than the
plant's; a late reading stands after a newer one; a meter says nothing for once; values need every
bit of a double; ids have leading noughts, inner blanks and letters that are not ASCII; an amount is
unknown. Units are declared, one of them not the usual one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.csv_cells import csv_of
from reporting_agent.sources.interface import Example, ExampleReading
from reporting_agent.sources.wanted import READINGS

ZONE = ZoneInfo("Europe/Berlin")
_MIDNIGHT = datetime(
    2016, 10, 29, 22, tzinfo=UTC
)  # of the night in which 02:00 to 03:00 came twice

_BATCHES = (
    (
        "batch_id",
        "step",
        "product",
        "start",
        "end",
        "output_quantity",
        "output_unit",
        "equipment",
        "var.power_on_s",
    ),
    (
        "007",
        "eaf",
        "liquid-steel",
        "2016-10-30T01:10:00+02:00",
        "2016-10-30T02:05:00+02:00",
        "122.5",
        "t",
        "Ofen Süd",
        "2400",
    ),
    (
        "H 8",
        "eaf",
        "liquid-steel",
        "2016-10-30T00:40:00Z",
        "2016-10-30T01:35:00Z",
        "121.125",
        "t",
        "Ofen Süd",
        "",
    ),
    (
        "一号-9",
        "eaf",
        "liquid-steel",
        "2016-10-30T02:50:00+01:00",
        "2016-10-30T03:45:00+01:00",
        "119000.3",
        "kg",
        "Ofen Süd",
        "2310.5",
    ),
)
_ENERGY = (
    ("batch_id", "step", "carrier", "quantity", "unit", "direction", "lhv", "lhv_unit"),
    ("007", "eaf", "natural-gas", "410.7", "Nm3", "import", "35.6", "MJ/Nm3"),
    ("H 8", "eaf", "natural-gas", "", "Nm3", "import", "35.6", "MJ/Nm3"),
    ("一号-9", "eaf", "natural-gas", "0.1", "Nm3", "import", "35.6", "MJ/Nm3"),
)
_LOG = (
    (
        "timestamp",
        "equipment",
        "step",
        "product",
        "state",
        "output_quantity",
        "output_unit",
        "energy",
    ),
    ("2016-10-30T01:00:00+02:00", "eaf-1", "eaf", "liquid-steel", "normal", "0", "t", "0"),
    (
        "2016-10-30T02:00:00+02:00",
        "eaf-1",
        "eaf",
        "liquid-steel",
        "normal",
        "120.25",
        "t",
        "48000.7",
    ),
    ("2016-10-30T02:00:00+01:00", "eaf-1", "eaf", "liquid-steel", "idle", "0", "t", ""),
    (
        "2016-10-30T03:00:00+01:00",
        "eaf-1",
        "eaf",
        "liquid-steel",
        "normal",
        "119.5",
        "t",
        "47123.1",
    ),
)


def example() -> Example:
    """The plant."""
    readings = []
    for minute in range(0, 300, 5):
        stamp = _MIDNIGHT + timedelta(minutes=minute)
        readings.append(ExampleReading("main-1", stamp, 988_000.1 + minute * 123.456789))
        if minute % 15 == 0:
            readings.append(
                ExampleReading(
                    "gas 2",
                    stamp + timedelta(milliseconds=250),
                    None if minute == 90 else minute / 3,
                )
            )
        if minute == 120:
            readings.append(ExampleReading("fan-süd", stamp, 0.1 + 0.2))
            readings.append(
                ExampleReading("fan-süd", stamp - timedelta(minutes=7), 1e-300)
            )  # came late
    return Example(
        ZONE,
        {"batches": _BATCHES, "energy": _ENERGY, "log": _LOG},
        readings,
        {"main-1": "kWh", "gas 2": "Nm3", "fan-süd": "MWh"},
    )


def as_files(plant: Example, folder: Path) -> dict[str, Path]:
    """The plant as template CSV files: what every other way is compared with."""
    rows = [tuple(column.name for column in READINGS.columns)]
    rows += [
        (
            reading.meter,
            reading.stamp.isoformat(),
            "" if reading.value is None else repr(reading.value),
        )
        for reading in plant.readings
    ]
    paths = {}
    for name, table in {**plant.tables, "readings": rows}.items():
        head, *below = table
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text(csv_of(head, below), encoding="utf-8", newline="")
    return paths
