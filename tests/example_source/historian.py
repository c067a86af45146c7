"""A source as a technology provider writes one: a historian in SQLite, with batches beside its
tags.

    python -m reporting_agent.sources.conformance tests.example_source.historian:Historian

The historian keeps milliseconds since 1970 in UTC and a sequence number in the order of arrival, as
historians do. In site.toml:

    [inputs]
    source = "tests.example_source.historian:Historian"

    [source]
    database = "historian.sqlite"
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import tzinfo
from pathlib import Path

import numpy as np

from benchmarks.errors import InputError, Place
from reporting_agent.sources.interface import READINGS, TABLES, Example
from reporting_agent.sources.reading_log import ReadingBlock
from reporting_agent.sources.sheets import Sheet

ROWS_A_BLOCK = 50_000


class Historian:
    """The kind of source: connects by `database`, a path."""

    def connect(self, options: Mapping[str, object], folder: Path, zone: tzinfo) -> HistorianSource:
        del zone  # its stamps are UTC
        if unknown := set(options) - {"database"}:
            raise _refused(
                "source-option-unknown",
                "The source has no such option.",
                "database",
                ", ".join(sorted(unknown)),
                "database",
            )
        name = options.get("database")
        if not isinstance(name, str) or not (folder / name).is_file():
            raise _refused(
                "source-unreadable",
                "The historian is not there.",
                "database",
                repr(name),
                "the path of a SQLite file",
            )
        return HistorianSource(folder / name)

    def seed(self, example: Example, folder: Path) -> Mapping[str, object]:
        with closing(sqlite3.connect(folder / "historian.sqlite")) as base, base:
            base.execute("CREATE TABLE tag (name TEXT PRIMARY KEY, unit TEXT)")
            base.execute(
                "CREATE TABLE sample (seq INTEGER PRIMARY KEY, tag TEXT, utc_ms INTEGER, value "
                "REAL)"
            )
            base.executemany("INSERT INTO tag VALUES (?, ?)", example.units.items())
            rows = [
                (reading.meter, round(reading.stamp.timestamp() * 1000), reading.value)
                for reading in example.readings
            ]
            base.executemany("INSERT INTO sample (tag, utc_ms, value) VALUES (?, ?, ?)", rows)
            for name, (header, *rows_of_table) in example.tables.items():
                columns = ", ".join(f'"{column}"' for column in header)
                base.execute(f'CREATE TABLE "{name}" (seq INTEGER PRIMARY KEY, {columns})')
                marks = ", ".join("?" for _ in header)
                base.executemany(
                    f'INSERT INTO "{name}" ({columns}) VALUES ({marks})',  # noqa: S608 - the kit's own names
                    rows_of_table,
                )
        return {"database": "historian.sqlite"}


class HistorianSource:
    """One connected historian. Every call opens the file anew, so that nothing is left of a reading
    begun before.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def gives(self) -> frozenset[str]:
        with closing(sqlite3.connect(self.path)) as base:
            tables = {
                name
                for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
        return frozenset(tables & set(TABLES)) | {READINGS}

    def table(self, name: str) -> Sheet:
        if name not in self.gives() & set(TABLES):
            raise _refused(
                "source-input-missing",
                "The historian has no such table.",
                "database",
                name,
                ", ".join(sorted(self.gives())),
            )
        with closing(sqlite3.connect(self.path)) as base:
            header = tuple(
                column for _, column, *_ in base.execute(f'PRAGMA table_info("{name}")')
            )[1:]
            rows = base.execute(f'SELECT * FROM "{name}" ORDER BY seq').fetchall()  # noqa: S608 - one of the names above
        return Sheet(f"{self.path}:{name}", header, ((seq, cells) for seq, *cells in rows))

    def readings(self, meters: frozenset[str]) -> Iterator[ReadingBlock]:
        for meter in sorted(meters):
            with closing(sqlite3.connect(self.path)) as base:
                cursor = base.execute(
                    "SELECT seq, utc_ms, value FROM sample WHERE tag = ? ORDER BY seq", (meter,)
                )
                while rows := cursor.fetchmany(ROWS_A_BLOCK):
                    seq, utc_ms, value = zip(*rows, strict=True)
                    yield ReadingBlock(
                        meter,
                        np.array(utc_ms, dtype=np.int64) * 1000,
                        np.array([math.nan if sample is None else sample for sample in value]),
                        np.array(seq, dtype=np.int64),
                        f"{self.path}:sample",
                    )

    def units(self) -> Mapping[str, str]:
        with closing(sqlite3.connect(self.path)) as base:
            return dict(base.execute("SELECT name, unit FROM tag").fetchall())


def _refused(code: str, sentence: str, option: str, actual: str, wanted: str) -> InputError:
    place = Place("site.toml", column=f"source.{option}")
    return InputError(
        code, sentence, "Correct [source] in site.toml.", place=place, found=actual, wanted=wanted
    )
