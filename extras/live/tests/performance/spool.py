"""The spool into the engine: as blocks of readings, and to the energy of every batch. Half is
Parquet, half a segment as meters fill it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fixtures.simulator import melt_shop
from tests.performance.apart import compare_apart
from tests.performance.measurement import Measurement

READINGS = 5_000_000
FRAME = 100  # readings that are synced together
RUNS = 3


def measure() -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory(prefix="steplabel-live-") as directory:
        folder = Path(directory)
        melt_shop.write(folder, READINGS, "apart")
        _spooled(folder)
        size = f"{READINGS / 1e6:g} M readings, half Parquet, half a segment"
        scan, alone = partial(_scan, folder / "spool.toml"), partial(_bytes_alone, folder / "spool")
        yield compare_apart(
            "live, spool read",
            size,
            scan,
            "checksums and sums of its bytes",
            alone,
            _close,
            RUNS,
            READINGS,
        )
        ours, its = (
            partial(_batches, folder / "spool.toml"),
            partial(_batches, folder / "site.toml"),
        )
        yield compare_apart(
            "live, spool to batches",
            size,
            ours,
            "the same of the site's files",
            its,
            _close,
            RUNS,
            READINGS,
        )


def _scan(site_file: Path) -> list[float]:
    """Every block of readings, as the engine is handed them."""
    from reporting_agent.config import load_site
    from reporting_agent.sources import interface

    site = load_site(site_file)
    source = interface.connect("spool", dict(site.source), site.folder, site.zone)
    return [
        sum(
            float(np.nansum(block.value))
            for block in source.readings(frozenset(meter.id for meter in site.meters))
        )
    ]


def _bytes_alone(spool: Path) -> list[float]:
    """About the least that anything must do which reads the same bytes: no names, no order, no
    faults.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from extras.live.spool import layout
    from extras.live.spool.segments import frames

    total = 0.0
    for path in layout.days(spool):
        table = pq.read_table(path, columns=["timestamp", "value"], use_threads=False)
        total += pc.sum(table["value"]).as_py() + 0 * pc.max(table["timestamp"]).as_py().timestamp()
    for path in layout.segments(spool):
        total += sum(float(frame.records["value"].sum()) for frame in frames(path))
    return [total]


def _batches(site_file: Path) -> list[float]:
    """Readings to the energy of every batch, in a process set up as the agent's."""
    import gc

    from benchmarks.measurements import Period
    from reporting_agent import pipeline
    from reporting_agent.cli import OBJECTS_BETWEEN_COLLECTIONS
    from reporting_agent.config import load_site

    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    site = load_site(site_file)
    data = pipeline.read(site, Period.parse(melt_shop.YEAR, site.zone))
    return [float(sum(energy.quantity for batch in data.batches for energy in batch.energy))]


def _close(ours: Any, its: Any) -> bool:
    return bool(np.isclose(ours, its, rtol=1e-9).all())


def _spooled(folder: Path) -> None:
    """The same readings in a spool: the first half of each meter as a day's Parquet, the second as
    a segment as meters fill it.
    """
    import pyarrow.parquet as pq

    from extras.live.spool import compaction, layout, segments
    from extras.live.spool.reading import NO_SEQUENCE, RECORD

    for name in layout.FOLDERS:
        (folder / "spool" / name).mkdir(parents=True)
    names, parts = [], []
    for index, path in enumerate(sorted(folder.glob("*.parquet"))):
        table = pq.read_table(path)
        records = np.zeros(len(table), RECORD)
        records["time_us"] = table["timestamp"].cast("int64").to_numpy()
        records["value"], records["meter"], records["sequence"] = (
            table["value"].to_numpy(),
            index,
            NO_SEQUENCE,
        )
        names.append(str(table["meter_id"][0]))
        parts.append(records)
    first = np.concatenate([part[: len(part) // 2] for part in parts])
    second = np.stack(
        [part[len(part) // 2 :] for part in parts], axis=1
    ).ravel()  # by time: all meters tell at once
    (folder / "spool" / "days" / "2021-01-01.00000001.parquet").write_bytes(
        compaction.as_parquet(names, first)
    )
    with layout.segment_path(folder / "spool", 2).open("wb") as file:
        for at in range(0, len(second), FRAME):
            file.write(segments.packed_frame(names if at == 0 else (), (), second[at : at + FRAME]))
    text = (folder / "site.toml").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("readings =")]
    position = lines.index("[inputs]")
    lines[position + 1 : position + 1] = ['source = "spool"']
    (folder / "spool.toml").write_text(
        "\n".join([*lines, "", "[source]", 'folder = "spool"', ""]), "utf-8"
    )
