"""A cement works of a few meters, written as files: runs, readings by the hour, a tariff of valley
and day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=SHANGHAI)
TARIFF = """
[tariff]
currency = "CNY"
shiftable = ["cement-grinding"]
[[tariff.prices]]
carrier = "electricity"
unit = "kWh"
price = 1.0
[[tariff.prices.periods]]
name = "valley"
price = 0.2
hours = ["00:00-08:00"]
"""
_RUNS = "batch_id,step,product,start,end,output_quantity,output_unit,variant,equipment,status,var.clinker_pct,var.blaine_m2_kg"
_SITE = """
[site]
id = "works"
timezone = "Asia/Shanghai"
pack = "cement"
[inputs]
batches = "batches.csv"
{inputs}
[emissions]
country = "CN"
"""
Reading = tuple[str, datetime, float]


def meter(
    name: str,
    *more: str,
    step: str = "cement-grinding",
    unit: str = "kWh",
    carrier: str = "electricity",
    reading: str = "interval",
) -> str:
    """[[meters]], with further lines."""
    keys = {"id": name, "carrier": carrier, "reading": reading, "unit": unit} | (
        {"step": step} if step else {}
    )
    return "\n".join(
        ["[[meters]]", *(f'{key} = "{value}"' for key, value in keys.items()), *more, ""]
    )


def runs(
    days: int,
    *,
    hours: float = 24,
    at: float = 0,
    tonnes: float = 100,
    step: str = "cement-grinding",
    equipment: str = "",
    prefix: str = "R",
) -> list[str]:
    """A run a day from New Year on."""
    starts = [NEW_YEAR + timedelta(days=day, hours=at) for day in range(days)]
    return [
        f"{prefix}{day:03},{step},cement,{start.isoformat()},{(start + timedelta(hours=hours)).isoformat()},{tonnes},t,,{equipment},,77,350"
        for day, start in enumerate(starts)
    ]


def hourly(
    name: str, days: int, kwh: Callable[[int], float], start: datetime = NEW_YEAR
) -> list[Reading]:
    """An interval meter that counts so much in each hour of the day."""
    return [(name, start + timedelta(hours=hour + 1), kwh(hour % 24)) for hour in range(24 * days)]


def works(
    folder: Path,
    meters: Iterable[str],
    readings: Iterable[Reading],
    log: Iterable[str] = (),
    *,
    tariff: str = "",
    energy: Iterable[str] = (),
    more: str = "",
) -> Path:
    """Write it; without a log a run of 100 t on each day of January."""
    (folder / "batches.csv").write_text(
        "\n".join([_RUNS, *(log or runs(31)), ""]), encoding="utf-8"
    )
    lines = [f"{name},{at.astimezone(UTC).isoformat()},{value}" for name, at, value in readings]
    (folder / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *lines, ""]), encoding="utf-8"
    )
    inputs = ['readings = "readings.csv"']
    if energy := list(energy):
        (folder / "energy.csv").write_text(
            "\n".join(["batch_id,step,carrier,quantity,unit", *energy, ""]), encoding="utf-8"
        )
        inputs.append('energy = "energy.csv"')
    site = folder / "site.toml"
    site.write_text(
        _SITE.format(inputs="\n".join(inputs)) + tariff + "".join(meters) + more, encoding="utf-8"
    )
    return site
