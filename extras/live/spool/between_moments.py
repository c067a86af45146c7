"""What counts of some meters between two moments of their source's time, in order of arrival, by
what the spool holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extras.live.spool import layout
from extras.live.spool.corrected import CorrectionPass
from extras.live.spool.kept_rows import kept_rows
from extras.live.spool.segments import blocks

Readings = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Source times, UTC microseconds, and values, NaN where not known."""


def make_ready() -> None:
    """Load what reads Parquet, 100 MB: at the start, so that memory does not rise when the first
    segment has become Parquet.
    """
    for name in (
        "pyarrow.parquet",
        "pyarrow.dataset",
    ):  # half of it is the second, whose filters are
        import_module(name)


def readings_between(
    folder: Path, meters: frozenset[str], first_us: int, last_us: int
) -> dict[str, Readings]:
    """By meter. Of Parquet only the groups of rows are read that hold such a meter and time, of
    segments all.
    """
    parts: dict[str, list[Readings]] = {}
    parquet, segments = layout.parts(folder)
    for path in parquet:
        for name, readings in _in_parquet(path, meters, first_us, last_us):
            parts.setdefault(name, []).append(readings)
    for path in segments:
        with suppress(FileNotFoundError):  # it is Parquet by now
            for name, readings in _in_segment(path, meters, first_us, last_us):
                parts.setdefault(name, []).append(readings)
    corrected, by_meter = CorrectionPass(kept_rows(folder)), dict[str, Readings]()
    for name, pieces in parts.items():
        time_us, value = (
            np.concatenate([times for times, _ in pieces]),
            np.concatenate([values for _, values in pieces]),
        )
        standing = corrected.standing(name, time_us, value)
        by_meter[name] = (
            (time_us, value)
            if standing is None
            else (time_us[standing[0]], standing[1][standing[0]])
        )
    return by_meter


def _in_parquet(
    path: Path, meters: frozenset[str], first_us: int, last_us: int
) -> Iterator[tuple[str, Readings]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from reporting_agent.sources import arrow_columns

    first, last = pa.array([first_us, last_us]).cast(pa.timestamp("us", tz="UTC"))
    wanted = (
        pc.field("meter_id").isin(sorted(meters))
        & (pc.field("timestamp") >= first)
        & (pc.field("timestamp") <= last)
    )
    table: Any = pq.read_table(path, columns=["meter_id", "timestamp", "value"], filters=wanted)
    name_of, stamp, value_of = (column.combine_chunks() for column in table.columns)
    code, names = arrow_columns.codes(name_of)
    time_us, value = arrow_columns.raw_stamps(stamp), arrow_columns.floats(value_of)
    for index, name in enumerate(names) if len(table) else ():
        yield str(name), (time_us[code == index], value[code == index])


def _in_segment(
    path: Path, meters: frozenset[str], first_us: int, last_us: int
) -> Iterator[tuple[str, Readings]]:
    """Parted by meter at once: a frame has a reading or two of each, and an array for each of these
    would take ten times their room.
    """
    pieces: list[NDArray[Any]] = []
    names: Sequence[str] = ()
    wanted = np.zeros(0, bool)
    for block in blocks(path):
        names = block.names
        if len(names) > len(wanted):
            wanted = np.array([name in meters for name in names])
        records = block.records
        within = (
            (records["time_us"] >= first_us)
            & (records["time_us"] <= last_us)
            & wanted[records["meter"]]
        )
        if within.any():
            pieces.append(records[within])
    if not pieces:
        return
    whole = np.concatenate(pieces)
    whole = whole[np.argsort(whole["meter"], kind="stable")]  # in order of arrival
    codes, begins = np.unique(whole["meter"], return_index=True)
    for code, own in zip(codes.tolist(), np.split(whole, begins[1:]), strict=True):
        yield names[code], (own["time_us"].copy(), own["value"].copy())
