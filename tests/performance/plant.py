"""A plant to measure with: twenty meters, batches with pauses between them, readings at any rate over one year.

Ten registers, five rates and five intervals. A furnace draws 15 to 25 MW while a batch runs and 1 MW between batches, each reading with
its own noise and written to a digit, as meters do. So stretches of time differ, no two values repeat for long, and the engine's
tests of clock and load have something to hold on to. 1,208 batches of each furnace, 24,160 in all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from benchmarks.measurements import Batch, Period
    from benchmarks.routes import Pack
    from reporting_agent.config import Site

METERS = 20
BATCHES = 1208  # of each furnace
YEAR = "2021"
START_US = 1_609_459_200_000_000
YEAR_US = 365 * 86_400_000_000
KINDS = ("register",) * 10 + ("rate",) * 5 + ("interval",) * 5
SLOWEST_US = 130_000_000  # between readings; fewer readings than that cover only the beginning of the year
ROWS_AT_ONCE = 1 << 20  # of a file that holds all meters

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plant:
    """The plant as the engine is given it: batches in memory, readings on the disk."""

    batches: list[Batch]
    site: Site
    pack: Pack
    paths: list[Path]
    period: Period


def write(folder: Path, readings: int, layout: str) -> None:
    """Files of about so many readings, batches.csv and site.toml.

    Args:
        layout: `apart` is a Parquet file a meter, `together` one with all meters by time, `csv` the same as text.
    """
    starts_us, ends_us = _batches()
    count = readings // METERS
    step_us = min(YEAR_US // count // 1000 * 1000, SLOWEST_US)
    stamps_us = START_US + np.arange(count) * step_us
    (folder / "batches.csv").write_text(_log(starts_us, ends_us), encoding="utf-8")
    (folder / "site.toml").write_text(_site("*.csv.gone" if layout == "csv" else "*.parquet"), encoding="utf-8")
    if layout == "apart":
        for meter in range(METERS):
            _write_parquet(folder / f"{_name(meter)}.parquet", iter([_table([meter], stamps_us, starts_us, ends_us)]))
        return
    chunk = max(ROWS_AT_ONCE // METERS, 1)
    registers = np.zeros(METERS)
    tables = (_table(range(METERS), stamps_us[at : at + chunk], starts_us, ends_us, registers) for at in range(0, count, chunk))
    if layout == "together":
        _write_parquet(folder / "readings.parquet", tables)
    else:
        _write_csv(folder / "readings.csv", tables)
        (folder / "site.toml").write_text(_site("readings.csv"), encoding="utf-8")


@lru_cache(maxsize=1)
def load(folder: Path) -> Plant:
    """The plant as pipeline.read has it when the engine begins, in a process set up as the agent's."""
    import gc

    from benchmarks import packs
    from benchmarks.measurements import Period
    from reporting_agent import sources
    from reporting_agent.cli import OBJECTS_BETWEEN_COLLECTIONS
    from reporting_agent.config import load_site
    from reporting_agent.pipeline.batches import batches_of
    from reporting_agent.pipeline.inputs import Inputs, paths_of

    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    site = load_site(folder / "site.toml")
    pack = packs.load(site.pack)
    batches = [batch for table in Inputs(site).tables(sources.BATCHES) for batch in batches_of(table, pack)[0]]
    return Plant(batches, site, pack, paths_of(site, site.inputs.readings or ""), Period.parse(YEAR, site.zone))


def windows() -> tuple[Integers, Integers]:
    """Beginnings and ends of one furnace's batches; all furnaces have the same."""
    return _batches()


def _batches() -> tuple[Integers, Integers]:
    chance = np.random.default_rng(3)
    every_us = YEAR_US // BATCHES // 1_000_000 * 1_000_000  # the log is written in whole seconds
    starts = START_US + np.arange(BATCHES) * every_us + chance.integers(60, 3600, BATCHES) * 1_000_000
    return starts, starts + chance.integers(3000, 4200, BATCHES) * 1_000_000


def _table(
    meters: Sequence[int], stamps_us: Integers, starts_us: Integers, ends_us: Integers, registers: NDArray[np.float64] | None = None
) -> Any:
    """Readings of these meters at these stamps, by time; `registers` hold from call to call what each has counted."""
    import pyarrow as pa

    registers = np.zeros(METERS) if registers is None else registers

    step_h = float(stamps_us[1] - stamps_us[0]) / 3.6e9
    at = np.searchsorted(starts_us, stamps_us, side="right") - 1
    runs = (at >= 0) & (stamps_us < ends_us[np.maximum(at, 0)])
    columns = []
    for meter in meters:
        chance = np.random.default_rng([meter, int(stamps_us[0] // 1_000_000)])
        power = np.where(runs, chance.uniform(15e3, 25e3, len(stamps_us)), chance.uniform(900.0, 1100.0, len(stamps_us)))
        kind = KINDS[meter]
        if kind == "rate":
            columns.append(power.round(1))
            continue
        energy = power * step_h
        if kind == "interval":
            columns.append(energy.round(3))
            continue
        counted = registers[meter] + np.cumsum(energy)
        registers[meter] = counted[-1]
        columns.append(counted.round(3))
    values, rows = np.stack(columns, axis=1).ravel(), len(stamps_us)
    codes = np.tile(np.arange(len(columns), dtype=np.int32), rows)
    names = pa.array([_name(meter) for meter in meters])
    return pa.table(
        {
            "meter_id": pa.DictionaryArray.from_arrays(pa.array(codes), names),
            "timestamp": pa.array(np.repeat(stamps_us, len(columns))).cast(pa.timestamp("us")),
            "value": pa.array(values),
        }
    )


def _write_parquet(path: Path, tables: Iterator[Any]) -> None:
    import pyarrow.parquet as pq

    writer = None
    for table in tables:
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _write_csv(path: Path, tables: Iterator[Any]) -> None:
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    writer = None
    for table in tables:
        plain = table.set_column(0, "meter_id", table.column("meter_id").cast(pa.string()))
        writer = writer or arrow_csv.CSVWriter(path, plain.schema)
        writer.write_table(plain)
    if writer is not None:
        writer.close()


def _log(starts_us: Integers, ends_us: Integers) -> str:
    chance = np.random.default_rng(5)
    lines = ["batch_id,step,equipment,start,end,output_quantity,status,var.charge_t,var.hot_metal_pct"]
    for meter in range(METERS):
        charge = chance.uniform(110, 150, len(starts_us)).round(1)
        for number, (start, end, tonnes) in enumerate(zip(_iso(starts_us), _iso(ends_us), charge.tolist(), strict=True)):
            lines.append(f"{meter}-{number},eaf,furnace-{meter},{start},{end},{0.9 * tonnes:.2f},good,{tonnes},0")
    return "\n".join(lines) + "\n"


def _iso(moments_us: Integers) -> list[str]:
    return [str(moment) for moment in (moments_us // 1_000_000).astype("datetime64[s]")]


def _site(pattern: str) -> str:
    lines = ["[site]", 'id = "works"', 'timezone = "UTC"', 'pack = "steel"', "[inputs]", 'batches = "batches.csv"']
    lines += [f'readings = "{pattern}"', "[steps.eaf]", 'not_used = ["natural-gas", "coke"]']
    for meter, kind in enumerate(KINDS):
        unit = "kW" if kind == "rate" else "kWh"
        lines += ["[[meters]]", f'id = "{_name(meter)}"', 'step = "eaf"', 'carrier = "electricity"', f'reading = "{kind}"']
        lines += [f'unit = "{unit}"', f'equipment = "furnace-{meter}"', "range = [0.0, 60000.0]"]
    return "\n".join(lines) + "\n"


def _name(meter: int) -> str:
    return f"meter-{meter:02}"
