"""The spool as an input of `label`, `check` and all that read: `[inputs] source = "spool"`.

Parquet is read by the path of the site's files, segments as they stand, so that the same readings
give the same label. It reads while `watch` writes: a segment that became Parquet meanwhile is
looked for there, and a day that was deleted for room meanwhile is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import InputError, Place
from benchmarks.measurements import DataFinding
from benchmarks.phrases import Phrase
from extras.live import unreadable
from extras.live.batch_tables import column_remedy, refuse_without_batches, without_running
from extras.live.sources.settings import LiveSettings, load
from extras.live.spool import layout
from extras.live.spool.batch_years import BatchYears
from extras.live.spool.compaction import whole
from extras.live.spool.corrected import CorrectionPass
from extras.live.spool.kept_rows import kept_rows
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row
from extras.live.spool.writer import Spool
from reporting_agent.config import Profile
from reporting_agent.metering.tally import Tally
from reporting_agent.row_numbers import Consecutive
from reporting_agent.sources import meter_readings
from reporting_agent.sources.interface import READINGS, TABLES, Example
from reporting_agent.sources.meter_readings import gathered, stream_readings
from reporting_agent.sources.reading_log import ReadingBlock, ReadingLog
from reporting_agent.sources.sheets import Sheet

_FIRST = ("batch_id", "step", "product", "start", "end", "output_quantity", "output_unit")


class SpoolKind:
    """The kind of source: connects by `folder`; the other options say how `watch` fills it."""

    def connect(self, options: Mapping[str, object], folder: Path, zone: tzinfo) -> KeptSource:
        settings = load(options, folder)
        if not settings.folder.is_dir():
            raise InputError(
                "spool-missing",
                "There is no spool in this folder.",
                "Let `steplabel-agent watch` receive readings first, or correct folder under "
                "[source].",
                place=Place("site.toml", column="source.folder"),
                found=Phrase("no such folder"),
                wanted=str(settings.folder),
            )
        return KeptSource(settings, zone)

    def seed(self, example: Example, folder: Path) -> Mapping[str, object]:
        """The kit's plant, half of it as Parquet and half in a segment."""
        spool = Spool(folder / "spool")
        sent = [
            Reading(
                reading.meter,
                round(reading.stamp.timestamp() * 1e6),
                float("nan") if reading.value is None else reading.value,
                received_us=1_477_800_000_000_000,
            )
            for reading in example.readings
        ]
        tables: list[Row] = [
            {"table": name, **dict(zip(header, cells, strict=True))}
            for name, (header, *rows) in example.tables.items()
            for cells in rows
        ]
        spool.append(sent[: len(sent) // 2], tables[:2])
        spool.seal()
        spool.append(sent[len(sent) // 2 :], tables[2:])
        spool.close()
        return {"folder": "spool", "units": dict(example.units)}


class KeptSource:
    """One spool: its readings at each call from the beginning, the rows of its tables as they stood
    when they were first asked for.
    """

    def __init__(self, settings: LiveSettings, zone: tzinfo) -> None:
        """`zone`: of times of batches without an offset; stamps of readings are UTC."""
        self.settings, self.zone = settings, zone
        self._years: BatchYears | None = None  # where ids of batches start again each year
        self._tallies: dict[str, Tally] = {}
        self._read: dict[
            int, Path
        ] = {}  # the segments that readings came from so far, each with the file that held them

    def part_by_year(self) -> None:
        self._years = BatchYears(self.zone)

    def gives(self) -> frozenset[str]:
        """Readings, and every table of which a row arrived."""
        return frozenset({READINGS} | {str(row["table"]) for row in self.rows} & set(TABLES))

    def table(self, name: str) -> Sheet:
        """The rows of a table; of batches one row a batch, in which what came later stands."""
        if name == "batches":
            refuse_without_batches(self.settings, self.rows)
        if name not in self.gives() & set(TABLES):
            raise InputError(
                "source-input-missing",
                "No row of this table has arrived yet.",
                "Name a file for it under [inputs], or correct [source].",
                place=Place(str(self.settings.folder), column=name),
                found=Phrase("no row"),
                wanted=", ".join(sorted(self.gives())),
            )
        merged: dict[Any, dict[str, str]] = {}
        for index, row in enumerate(row for row in self.rows if row["table"] == name):
            year = None if self._years is None else self._years.of(row)
            key = (row.get("step"), row.get("batch_id"), year) if name == "batches" else index
            if key not in merged:  # with what was told of the batch before its year
                merged[key] = merged.pop((row.get("step"), row.get("batch_id"), None), {})
            merged[key].update(
                {
                    column: cell
                    for column, cell in row.items()
                    if column != "table" and cell not in (None, "")
                }
            )
        rows = (
            without_running(list(merged.values()), self.zone)
            if name == "batches"
            else list(merged.values())
        )
        met = dict.fromkeys(column for row in rows for column in row)
        header = tuple(
            sorted(
                met, key=lambda column: _FIRST.index(column) if column in _FIRST else len(_FIRST)
            )
        )
        cells = [[row.get(column, "") for column in header] for row in rows]
        remedy = partial(column_remedy, self.settings) if name == "batches" else None
        return Sheet(
            f"{self.settings.folder}:{name}", header, iter(enumerate(cells, start=2)), remedy
        )

    def readings(self, meters: frozenset[str]) -> Iterator[ReadingBlock]:
        """Parquet by the path of files, then the segments; of each moment what counts."""
        return self.readings_with_log(meters, ReadingLog())

    def readings_with_log(self, meters: frozenset[str], log: ReadingLog) -> Iterator[ReadingBlock]:
        """The same; the log has the other meters of which there are readings."""
        corrected, tallies = CorrectionPass(self.rows), {meter: Tally(meter) for meter in meters}
        for block in self._arrived(meters, log):
            if (standing := corrected.standing(block.meter, block.time_us, block.value)) is None:
                yield block
                continue
            stays, value = standing
            tallies[block.meter].add("reading-corrected", block.file, block.row[~stays])
            yield ReadingBlock(
                block.meter, block.time_us[stays], value[stays], block.row[stays], block.file
            )
        self._tallies |= tallies

    def findings(self) -> Sequence[DataFinding]:
        """Readings that were corrected, among those that were asked for last; what came and could
        not be read.
        """
        return [
            *(
                finding
                for _, tally in sorted(self._tallies.items())
                for finding in tally.findings()
            ),
            *unreadable.findings(self.rows),
        ]

    def _arrived(self, meters: frozenset[str], log: ReadingLog) -> Iterator[ReadingBlock]:
        """All that the spool holds, each meter's in order of arrival.

        Raises:
            InputError: `watch` deleted a day for room since the first reading: what is said of one
                day would rest on other readings.
        """
        parquet, segments = layout.parts(self.settings.folder)
        listed = {layout.number_of(path) for path in (*parquet, *segments)}
        if gone := [path for number, path in self._read.items() if number not in listed]:
            raise _gone(gone[0])
        for path in parquet:
            yield from self._of_day(path, meters, log)
        yield from gathered(
            block for path in segments for block in self._of_segment(path, meters, log)
        )

    def units(self) -> Mapping[str, str]:
        return self.settings.units

    def _of_day(
        self, path: Path, meters: frozenset[str], log: ReadingLog
    ) -> Iterator[ReadingBlock]:
        self._read[layout.number_of(path)] = path
        try:
            yield from stream_readings([path], Profile(), meters, UTC, log)
        except (InputError, FileNotFoundError) as refused:
            if not path.exists():
                raise _gone(path) from refused
            raise

    def _of_segment(
        self, path: Path, meters: frozenset[str], log: ReadingLog
    ) -> Iterator[ReadingBlock]:
        try:
            names, records, _ = whole(path)
        except FileNotFoundError as missing:
            day = layout.day_of(self.settings.folder, layout.number_of(path))
            if day is None:
                raise _gone(path) from missing
            yield from self._of_day(day, meters, log)
            return
        if not len(records):
            return
        self._read[layout.number_of(path)] = path
        time_us, value = (
            np.ascontiguousarray(records["time_us"]),
            np.ascontiguousarray(records["value"]),
        )
        rows = Consecutive(1, len(records))
        for own in meter_readings.parts(
            records["meter"].astype(np.int32), names, "", time_us, value, rows
        ):
            if own.name in meters:
                yield ReadingBlock(own.name or "", own.time_us, own.value, own.rows, str(path))
            elif own.name is not None:
                log.meet_unknown(own.name, own.time_us, own.value)

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of all tables, in order of arrival."""
        return kept_rows(self.settings.folder)


def _gone(path: Path) -> InputError:
    return InputError(
        "spool-day-gone",
        "A day of the spool was deleted for room while this command read it.",
        "Run the command again: it then goes by the readings that are left. To keep days longer, "
        "raise most_gb under [source].",
        place=Place(str(path)),
        found=Phrase("a file that is no longer there"),
        wanted=Phrase("the same files from the first reading to the last"),
    )
