"""The label engine beside DuckDB's grouped scan of the same Parquet: from meters and batches to the energy of each batch.

Ours is the road that a plant's data take, `pipeline.metered.measure`: files of readings, cleaned (sentinels, range,
order of time, duplicates, spikes, resets, gaps), cut along the batches, joined to the batch records, with completeness.
The reference reads the same columns once and adds them up by meter: about the least that anything must do which looks at
every reading. It knows no batches, no time and no faults.

Ten registers are read once a minute, batches follow one another without a pause, 24,000 a year. So the energies of a
meter's batches add up to the last reading minus the first, which DuckDB knows as max - min: both sides are held to that.
Sizes are a quarter, a year and four years; the exponent p in time ~ readings^p stands with each size after the first.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.performance.apart import compare_apart
from tests.performance.measurement import Measurement

if TYPE_CHECKING:
    from benchmarks.measurements import Batch
    from benchmarks.routes import Pack
    from reporting_agent.config import Site

METERS = 10
MINUTES_A_YEAR = 525_600
BATCHES_A_YEAR = 2_400  # of each meter
YEARS = (0.25, 1.0, 4.0)
RUNS = 5
START = datetime(2021, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plant:
    """The plant as the engine is given it: batches in memory, readings on the disk."""

    batches: list[Batch]
    site: Site
    pack: Pack
    paths: list[Path]


def measure() -> Iterator[Measurement]:
    """One line a size."""
    before: tuple[int, float] | None = None
    for years in YEARS:
        readings, batches = METERS * round(years * MINUTES_A_YEAR), METERS * round(years * BATCHES_A_YEAR)
        with tempfile.TemporaryDirectory(prefix="steplabel-engine-") as folder:
            _write(Path(folder), years)
            line = compare_apart(
                "engine",
                f"{readings / 1e6:.1f} M readings, {batches:,} batches",
                partial(_ours, Path(folder), years),
                "DuckDB grouped scan",
                partial(_reference, Path(folder)),
                _agree,
                RUNS,
            )
        if before is not None:
            exponent = math.log(line["ours_s"] / before[1]) / math.log(readings / before[0])
            line["size"] += f", growth {exponent:.2f}"
        before = readings, line["ours_s"]
        yield line


def _agree(energy_kwh: float, scanned: float) -> bool:
    return math.isclose(energy_kwh, scanned, rel_tol=1e-9)


def _ours(folder: Path, years: float) -> float:
    """Energy of every batch; gives back their sum."""
    from reporting_agent.pipeline import metered

    plant = _plant(folder, years)
    measured = metered.measure(plant.batches, plant.site, plant.pack, plant.paths)
    return sum(energy.quantity for batch in measured.batches for energy in batch.energy)


def _reference(folder: Path) -> float:
    """The grouped scan; gives back what all registers counted."""
    import duckdb

    scan = "SELECT meter_id, count(*), sum(value), min(value), max(value) FROM read_parquet(?) GROUP BY meter_id"
    rows: list[tuple[str, int, float, float, float]] = duckdb.execute(scan, [f"{folder}/*.parquet"]).fetchall()
    return sum(highest - lowest for _, _, _, lowest, highest in rows)


@lru_cache(maxsize=1)
def _plant(folder: Path, years: float) -> Plant:
    """Made at the warm-up: reading the production log is no part of the engine."""
    from benchmarks import packs
    from benchmarks.measurements import Batch
    from reporting_agent.config import load_site

    pack = packs.load("steel")
    step = pack.step("eaf")
    site = load_site(folder / "site.toml")
    count = round(years * BATCHES_A_YEAR)
    length = timedelta(minutes=MINUTES_A_YEAR / BATCHES_A_YEAR)
    batches = [
        Batch(
            batch_id=f"{furnace}-{number}",
            step=step.id,
            product=step.product,
            variant="",
            start=START + number * length,
            end=START + (number + 1) * length,
            output_t=120.0,
            equipment=f"furnace-{furnace}",
        )
        for furnace in range(METERS)
        for number in range(count)
    ]
    return Plant(batches, site, pack, sorted(folder.glob("*.parquet")))


def _write(folder: Path, years: float) -> None:
    """A file a meter, as a historian exports it, and the site.toml that declares the meters."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    chance = np.random.default_rng(7)
    count = round(years * MINUTES_A_YEAR) + 1
    first = np.datetime64(START.replace(tzinfo=None), "ms")
    stamps = first + np.arange(count) * np.timedelta64(60_000, "ms")
    lines: list[Any] = ["[site]", 'id = "works"', 'timezone = "UTC"', 'pack = "steel"', "[inputs]", 'batches = "batches.csv"']
    lines += ['readings = "*.parquet"']
    for number in range(METERS):
        name = f"meter-{number}"
        table = pa.table(
            {
                "meter_id": pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int32)), pa.array([name])),
                "timestamp": pa.array(stamps),
                "value": pa.array(np.cumsum(chance.uniform(0.0, 1500.0, count)).round(3)),
            }
        )
        pq.write_table(table, folder / f"{name}.parquet")
        lines += ["[[meters]]", f'id = "{name}"', 'step = "eaf"', 'carrier = "electricity"', 'reading = "register"', 'unit = "kWh"']
        lines += [f'equipment = "furnace-{number}"', "range = [0.0, 120000.0]"]
    (folder / "site.toml").write_text("\n".join(lines), encoding="utf-8")
