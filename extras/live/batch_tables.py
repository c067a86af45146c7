"""Where site.toml says that batches come from, in the keys of its own tables; which of a spool are
counted, and what is missing of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from extras.live.sources.settings import LiveSettings
from extras.live.spool import layout
from extras.live.spool.compaction import whole
from extras.live.spool.kept_rows import moment_us
from extras.live.spool.segments import Row

_TABLES = {
    "mqtt": ("[[source.mqtt.batches]]", "fields"),
    "opcua": ("[[source.opcua.batches]]", "fields"),
    "modbus": ("[[source.modbus.batches]]", "fields"),
    "sql": ("[[source.sql.batches]]", "columns"),
    "files": ("[source.files.batches]", "columns"),
}
"""By kind of source: the table that says where batches come from, and its key that gives a column
of the template its own.
"""


def column_remedy(settings: LiveSettings, column: str) -> Phrase:
    """How a column that no row of a batch has is named, in the keys that the reader wrote."""
    table, key = next((_TABLES[kind] for kind in _TABLES if _says(settings, kind)), _TABLES["mqtt"])
    return Phrase(
        "Name where %(column)s stands under %(key)s of %(table)s in site.toml, or give it one "
        "value under constants there.",
        column=column,
        key=key,
        table=table,
    )


def without_running(batches: Sequence[Mapping[str, str]], zone: tzinfo) -> list[Mapping[str, str]]:
    """Rows of batches but for those that run: that have no end, and on whose unit none that began
    later has ended.

    One that others have followed is no running batch: its end is missing (`end-missing`), as in a
    file.
    """
    latest_us: dict[tuple[str, str], int] = {}
    for row in batches:
        if row.get("end"):
            line = _line(row)
            latest_us[line] = max(latest_us.get(line, 0), moment_us(row.get("start"), zone) or 0)
    return [
        row
        for row in batches
        if row.get("end")
        or (
            (began_us := moment_us(row.get("start"), zone)) is not None
            and began_us < latest_us.get(_line(row), 0)
        )
    ]


def _line(row: Mapping[str, str]) -> tuple[str, str]:
    return row.get("step", ""), row.get("equipment", "")


def refuse_without_batches(settings: LiveSettings, rows: Sequence[Row]) -> None:
    """InputError `source-input-missing` where no batch of a spool has ended: what it holds instead,
    and what to write or to look at.
    """
    batches = [row for row in rows if row["table"] == "batches"]
    if any(row.get("end") for row in batches):
        return
    readings, meters, first_us, last_us = _extent(settings.folder)
    extent: dict[str, Any] = {
        "readings": f"{readings:,}",
        "meters": len(meters),
        "first": _day(first_us),
        "last": _day(last_us),
    }
    begun = len({(row.get("step"), row.get("batch_id")) for row in batches})
    if begun:
        sentence = Phrase("No batch in the spool has ended. Begun: %(begun)s.", begun=begun)
    elif readings:
        sentence = Phrase("The spool holds readings and no batch.")
    else:
        sentence = Phrase("The spool holds neither readings nor batches.")
    raise InputError(
        "source-input-missing",
        sentence,
        _remedy(
            settings, begun=begun > 0, unreadable=sum(row["table"] == "unreadable" for row in rows)
        ),
        place=Place(str(settings.folder)),
        found=Phrase("readings: %(readings)s, meters: %(meters)s, %(first)s to %(last)s", **extent)
        if readings
        else Phrase("no reading"),
        wanted=Phrase("a row with the end of a batch"),
    )


def _remedy(settings: LiveSettings, *, begun: bool, unreadable: int) -> Phrase:
    declared = [table for kind, (table, _) in _TABLES.items() if _says(settings, kind)]
    if not declared:
        tables = (
            " / ".join(table for kind, (table, _) in _TABLES.items() if getattr(settings, kind))
            or _TABLES["mqtt"][0]
        )
        return Phrase(
            "Say where batches come from: write %(tables)s (docs/live.md), or name a file: "
            "batches under [inputs].",
            tables=tables,
        )
    tables = " / ".join(declared)
    if begun:
        return Phrase(
            "Let a batch end. If one has ended, look whether %(tables)s receives the row of its "
            "end, with a value for end.",
            tables=tables,
        )
    return Phrase(
        "Look whether anything arrives by %(tables)s: at the topic, node, query or path there, "
        "and at the messages that could not "
        "be read (%(unreadable)s).",
        tables=tables,
        unreadable=unreadable,
    )


def _says(settings: LiveSettings, kind: str) -> bool:
    return any(source.batches for source in getattr(settings, kind))


def _day(moment_us: int) -> str:
    return f"{datetime.fromtimestamp(moment_us / 1e6, UTC):%Y-%m-%d %H:%M} UTC"


def _extent(folder: Path) -> tuple[int, set[str], int, int]:
    """How many readings a spool holds, of which meters, and their first and last time, UTC
    microseconds.
    """
    parquet, segments = layout.parts(folder)
    by_file = [_of_day(path) for path in parquet]
    for path in segments:
        try:
            names, records, _ = whole(path)
        except FileNotFoundError:  # it is Parquet by now
            part = layout.day_of(folder, layout.number_of(path))
            by_file += [] if part is None else [_of_day(part)]
        else:
            by_file.append(
                ({names[index] for index in np.unique(records["meter"])}, records["time_us"])
            )
    meters, times = (
        {meter for named, _ in by_file for meter in named},
        [part for _, part in by_file if len(part)],
    )
    first_us, last_us = (
        min((int(part.min()) for part in times), default=0),
        max((int(part.max()) for part in times), default=0),
    )
    return sum(map(len, times)), meters, first_us, last_us


def _of_day(path: Path) -> tuple[set[str], np.ndarray]:
    """Meters and times of a file of Parquet; none where it was deleted for room."""
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=["meter_id", "timestamp"])
    except FileNotFoundError:
        return set(), np.zeros(0, dtype=np.int64)
    return set(table["meter_id"].unique().to_pylist()), table["timestamp"].cast("int64").to_numpy()
