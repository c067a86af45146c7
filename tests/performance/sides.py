"""What each side of the engine's comparisons does, as picklable functions; each gives back figures
that show that it was done.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from fixtures.simulator import melt_shop
from tests.performance import plant

_GROUPED = """
SELECT meter_id, count(*), sum(value), min(value), max(value), min(timestamp), max(timestamp)
FROM SOURCE GROUP BY meter_id ORDER BY meter_id
"""
_PARQUET = "read_parquet('FOLDER/*.parquet')"
_TYPED = "read_csv('FOLDER/readings.csv', header = true, columns = {'meter_id': 'VARCHAR', 'timestamp': 'TIMESTAMP', 'value': 'DOUBLE'})"


def engine(folder: Path) -> list[float]:
    """Files of readings to energy and completeness of every batch, pause and clock hour; gives back
    the whole year of each meter.
    """
    return [float(hours.sum()) for _, hours in _followed(folder)]


def batch_energies(folder: Path) -> list[float]:
    """The engine again; gives back what each meter counted within batches."""
    return [float(batches.sum()) for batches, _ in _followed(folder)]


def _followed(folder: Path) -> list[tuple[Any, Any]]:
    """Energies of each meter's batches, and of the hours."""
    from reporting_agent.metering import Windows
    from reporting_agent.pipeline.following import follow
    from reporting_agent.sources.reading_log import ReadingLog

    works = plant.load(folder)
    followed = follow(
        works.batches, works.site, works.pack, works.paths, works.period, ReadingLog()
    )
    hours = Windows(followed.hours_us[:-1], followed.hours_us[1:])
    courses = [
        (followed.courses[meter.id], followed.occupied[meter.id].windows)
        for meter in followed.meters
    ]
    return [(course.over(windows).energy, course.over(hours).energy) for course, windows in courses]


def grouped_scan(folder: Path, source: str = _PARQUET) -> list[float]:
    """DuckDB's grouped scan of the same columns, as far as it tells what each meter counted."""
    rows: list[Any] = (
        _duckdb()
        .execute(_GROUPED.replace("SOURCE", source.replace("FOLDER", str(folder))))
        .fetchall()
    )
    energies = []
    for kind, (_, count, total, lowest, highest, first, last) in zip(
        melt_shop.KINDS, rows, strict=True
    ):
        hours = (last - first).total_seconds() / 3600 / (count - 1)
        energies.append(
            {"register": highest - lowest, "rate": total * hours, "interval": total}[kind]
        )
    return energies


@lru_cache(maxsize=1)
def _duckdb() -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    return connection


def typed_csv(folder: Path) -> list[float]:
    """The same scan of the CSV with its types given."""
    return grouped_scan(folder, _TYPED)


def values_only(folder: Path) -> int:
    """The least of scans: it does not even look at the stamps."""
    scan = f"SELECT meter_id, count(*), sum(value), min(value), max(value) FROM read_parquet('{folder}/*.parquet') GROUP BY meter_id"  # noqa: S608
    return sum(count for _, count, *_ in _duckdb().execute(scan).fetchall())


def merge_asof(folder: Path) -> list[float]:
    """pandas as it is usually written: one frame of all readings, each finds its batch by
    merge_asof, groupby adds up.

    Energy between two readings goes whole to the batch of the later one: edges are not
    interpolated, nothing is checked, and pauses and hours are not asked for.
    """
    import pandas as pd

    starts_us, ends_us = melt_shop.windows()
    files = sorted(folder.glob("*.parquet"))
    names = [path.stem for path in files]
    batches = pd.DataFrame(
        {
            "meter_id": np.repeat(names, len(starts_us)),
            "start": np.tile(starts_us.astype("datetime64[us]"), len(names)),
            "end": np.tile(ends_us.astype("datetime64[us]"), len(names)),
        }
    ).sort_values("start")
    read = pd.concat(
        [pd.read_parquet(path, columns=["meter_id", "timestamp", "value"]) for path in files],
        ignore_index=True,
    )
    by_meter = read.groupby("meter_id", observed=True)
    step, last = by_meter["value"].diff(), by_meter["value"].shift()
    hours = by_meter["timestamp"].diff().dt.total_seconds() / 3600
    kind = read["meter_id"].map(dict(zip(names, melt_shop.KINDS, strict=True)))
    rate, interval = (kind == "rate").to_numpy(), (kind == "interval").to_numpy()
    read["energy"] = np.where(
        rate, (read["value"] + last) / 2 * hours, np.where(interval, read["value"], step)
    )
    read["meter_id"] = read["meter_id"].astype(batches["meter_id"].dtype)
    placed = pd.merge_asof(
        read.sort_values("timestamp"), batches, left_on="timestamp", right_on="start", by="meter_id"
    )
    inside = placed[placed["timestamp"] < placed["end"]]
    energies = inside.groupby(["meter_id", "start"])["energy"].sum()
    return [float(energies[name].sum()) for name in names]


def merge_edges(folder: Path) -> list[float]:
    """pandas at its best: only the edges of batches look for their readings, in a column of energy
    cumulated before.
    """
    import pandas as pd

    starts_us, ends_us = melt_shop.windows()
    edges = (
        pd.DataFrame({"at": np.concatenate((starts_us, ends_us)).astype("datetime64[us]")})
        .reset_index()
        .sort_values("at")
    )
    energies = []
    for kind, path in zip(melt_shop.KINDS, sorted(folder.glob("*.parquet")), strict=True):
        read = pd.read_parquet(path, columns=["timestamp", "value"])
        if kind == "register":
            energy = read["value"]
        elif kind == "interval":
            energy = read["value"].cumsum()
        else:
            hours = read["timestamp"].diff().dt.total_seconds() / 3600
            energy = ((read["value"] + read["value"].shift()) / 2 * hours).fillna(0.0).cumsum()
        points = pd.DataFrame({"at": read["timestamp"], "energy": energy, "power": read["value"]})
        before = points.rename(columns={"at": "t0", "energy": "e0", "power": "p0"})
        after = points.rename(columns={"at": "t1", "energy": "e1", "power": "p1"})
        both = pd.merge_asof(edges, before, left_on="at", right_on="t0")
        both = pd.merge_asof(both, after, left_on="at", right_on="t1", direction="forward")
        share = ((both["at"] - both["t0"]) / (both["t1"] - both["t0"])).fillna(0.0)
        first, last = (
            both["e0"].fillna(both["e1"]),
            both["e1"].fillna(both["e0"]),
        )  # outside the record nothing is counted
        passed = share * (last - first)
        if kind == "rate":  # power in a straight line, energy a parabola
            hours = (both["at"] - both["t0"]).dt.total_seconds() / 3600
            passed = ((both["p0"] + (both["p1"] - both["p0"]) * share / 2) * hours).fillna(0.0)
        at_edge = (first + passed).to_numpy()[np.argsort(both["index"].to_numpy())]
        energies.append(float((at_edge[len(starts_us) :] - at_edge[: len(starts_us)]).sum()))
    return energies


def label(folder: Path) -> int:
    """The whole command in this process: read, meter, label, analyse, write label.json, Parquet and
    the report.
    """
    from reporting_agent.cli import main

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return main(
            [
                "label",
                "--site",
                str(folder / "site.toml"),
                "--period",
                melt_shop.YEAR,
                "--out",
                str(folder / "label"),
            ]
        )


def run(arguments: Sequence[str]) -> int:
    """A new interpreter."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, check=True).returncode
