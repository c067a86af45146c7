"""A site built by hand: heats of an arc furnace with their meters, small round numbers, files as a
plant would write them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.measurements import Period
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline import LabelResult, label

BEGIN = datetime(2024, 3, 1, tzinfo=UTC)
Power = Callable[[datetime], float]

HEAD = """
[site]
id = "works"
timezone = "UTC"
pack = "steel"

[inputs]
batches = "batches.csv"
readings = "readings.csv"

[steps.eaf]
not_used = ["natural-gas", "coke"]
"""


def meter(name: str, reading: str = "register", unit: str = "kWh", **keys: object) -> str:
    """One [[meters]] table; values as TOML writes them."""
    rows = {
        "id": f'"{name}"',
        "carrier": '"electricity"',
        "reading": f'"{reading}"',
        "unit": f'"{unit}"',
    }
    rows |= {key: str(value) for key, value in keys.items()}
    return (
        "\n[[meters]]\n"
        + "\n".join(f"{key} = {value}" for key, value in rows.items() if value != "None")
        + "\n"
    )


def heats(
    count: int,
    *,
    minutes: int = 50,
    tonnes: float = 100.0,
    step: str = "eaf",
    equipment: str = "",
    every_h: float = 1.0,
) -> list[str]:
    """Rows of batches.csv, one heat every so many hours from the beginning."""
    rows = []
    for number in range(count):
        start = BEGIN + timedelta(hours=number * every_h)
        end = start + timedelta(minutes=minutes)
        rows.append(
            f"{step}-{equipment}{number},{step},,{start.isoformat()},{end.isoformat()},{tonnes},t,,{equipment},good,0"
        )
    return rows


def register(
    power_kw: Power, days: float, every_s: int = 60, quantum: float = 0.0
) -> list[tuple[datetime, float]]:
    """A counter of this power, read at every so many seconds; cut to steps of `quantum`."""
    rows, counted = [], 0.0
    for number in range(int(days * 86_400 / every_s) + 1):
        moment = BEGIN + timedelta(seconds=number * every_s)
        shown = counted if not quantum else int(counted / quantum + 1e-9) * quantum
        rows.append((moment, shown))
        counted += power_kw(moment) * every_s / 3600
    return rows


def rate(value: Power, days: float, every_s: int = 60) -> list[tuple[datetime, float]]:
    """A value read at every so many seconds."""
    moments = [
        BEGIN + timedelta(seconds=number * every_s)
        for number in range(int(days * 86_400 / every_s) + 1)
    ]
    return [(moment, value(moment)) for moment in moments]


@pytest.fixture
def a_site(tmp_path: Path) -> Callable[..., SiteSettings]:
    def build(
        toml: str,
        batches: Sequence[str] = (),
        readings: Mapping[str, Sequence[tuple[datetime, float]]] | None = None,
    ) -> SiteSettings:
        (tmp_path / "site.toml").write_text(HEAD + toml, encoding="utf-8")
        header = "batch_id,step,product,start,end,output_quantity,output_unit,variant,equipment,status,var.hot_metal_pct"
        (tmp_path / "batches.csv").write_text(
            "\n".join([header, *batches]) + "\n", encoding="utf-8"
        )
        lines = ["meter_id,timestamp,value"]
        for name, rows in (readings or {}).items():
            lines += [f"{name},{moment.isoformat()},{value!r}" for moment, value in rows]
        (tmp_path / "readings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return load_site(tmp_path / "site.toml")

    return build


@pytest.fixture
def march() -> Period:
    return Period.parse("2024-03-01/2024-03-31", UTC)


@pytest.fixture
def labelled(march: Period) -> Callable[[SiteSettings], LabelResult]:
    return lambda site: label(site, march)


@pytest.fixture
def ten_days() -> Period:
    return Period.parse("2024-03-01/2024-03-11", UTC)
