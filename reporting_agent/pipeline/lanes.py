"""Readings on their way to the engine: lanes that share no meter, each with a log of its own, put
together at the end.

A meter's readings must come in the order of its files. Parquet tells in its statistics which meter
a row group holds; where every file holds one meter only, files of different meters are lanes of
their own. All other files make one lane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.phrases import Phrase
from reporting_agent.config import Profile, SiteSettings
from reporting_agent.console import progress
from reporting_agent.metering.declared import DeclaredReadings
from reporting_agent.metering.segments import Readings
from reporting_agent.metering.stream import Block, Read
from reporting_agent.processors import processors
from reporting_agent.sources import ReadingBlock, stream_readings
from reporting_agent.sources.blocks import only_value
from reporting_agent.sources.meter_readings import ReadingLog, gathered
from reporting_agent.sources.sheets import format_of

if TYPE_CHECKING:  # not where a small firm's one file runs: what it digests with is not in there
    from reporting_agent.sources.reading_log import DayDigests

Opener = Callable[[frozenset[str], ReadingLog], Iterator[ReadingBlock]]
"""Opens the readings of some meters from the beginning."""


@dataclass(slots=True)
class Lanes:
    """What the engine follows, and what was met on the way."""

    reads: list[Read]
    _logs: list[ReadingLog] = field(default_factory=list)
    _openers: list[Opener] = field(default_factory=list)
    _days: DayDigests | None = None

    @classmethod
    def of(
        cls,
        readings: Sequence[Path] | Opener,
        site: SiteSettings,
        declared: DeclaredReadings,
        log: ReadingLog,
        days: DayDigests | None,
    ) -> Lanes:
        """Lanes of files, or one of a provider's source.

        Args:
            declared: the site's events, put to the readings on their way.
            days: takes the readings that pass, where their days are to be digested.
        """
        if callable(readings):
            return cls(
                [_read(readings, log, days, declared, shows_progress=True)], [log], [readings], days
            )
        profile = site.mapping.readings
        groups = [list(readings)] if declared.swaps else lanes_of(readings, profile)
        read_ahead = len(groups) < processors()
        logs, openers = (
            [_empty(log) for _ in groups],
            [_opener(group, site, read_ahead) for group in groups],
        )
        reads = [
            _read(opened, own, days, declared, shows_progress=not index)
            for index, (opened, own) in enumerate(zip(openers, logs, strict=True))
        ]
        return cls(reads, logs, openers, days)

    def finish(self, log: ReadingLog) -> None:
        """After all readings have passed: read the meters again whose days did not come in order,
        and add what all lanes met to one log.
        """
        if self._days is not None and (late := self._days.late):
            for opened, own in zip(self._openers, self._logs, strict=True):
                self._days.take_whole(opened(late, read_again(own)))
        for own in self._logs:
            if own is not log:
                log.take_in(own)


def lanes_of(paths: Sequence[Path], profile: Profile) -> list[list[Path]]:
    """Files that must be read one after the other."""
    if len(paths) < 2:
        return [list(paths)]
    column = (
        None if "meter_id" in profile.constants else profile.columns.get("meter_id", "meter_id")
    )
    by_meter: dict[str, list[Path]] = {}
    empty: list[Path] = []
    apart = column is not None
    for path in paths:
        if not path.is_file() or format_of(path) != "parquet":
            apart = False
            continue
        rows, meters = _parquet(path, column)
        if not rows:
            empty.append(path)
        elif len(meters) == 1 and None not in meters:
            by_meter.setdefault(str(meters.pop()), []).append(path)
        else:
            apart = False
    if not apart or len(by_meter) < 2:
        return [list(paths)]
    first, *others = by_meter.values()
    return [[*empty, *first], *others]


def _parquet(path: Path, column: str | None) -> tuple[int, set[str | None]]:
    """Rows of a file and the meters of its row groups, None where the statistics do not tell; a
    file that is none has no rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return 0, {None}  # what is wrong with it is told when it is read
    return metadata.num_rows, {
        only_value(metadata, group, column) for group in range(metadata.num_row_groups)
    }


def _opener(paths: Sequence[Path], site: SiteSettings, read_ahead: bool) -> Opener:
    return lambda meters, log: stream_readings(
        paths, site.mapping.readings, meters, site.zone, log, read_ahead=read_ahead
    )


def _empty(log: ReadingLog) -> ReadingLog:
    """A log of the same corrections in which nothing has been met."""
    return replace(
        log, rejected=[], rejected_count=0, rows=0, unknown_meters={}, totals=[], understood=set()
    )


def read_again(log: ReadingLog) -> ReadingLog:
    """For the same files once more: what is met a second time was counted already."""
    return replace(_empty(log), understood=set(log.understood))


def _read(
    opened: Opener,
    log: ReadingLog,
    days: DayDigests | None,
    declared: DeclaredReadings,
    *,
    shows_progress: bool,
) -> Read:
    passes = count(1)  # the engine asks for all meters once, and then again for some

    def read(names: frozenset[str]) -> Iterator[Block]:
        is_first, wanted = next(passes) == 1, declared.to_read(names)
        blocks = opened(wanted, log if is_first else read_again(log))
        blocks = gathered(_digested(blocks, days) if is_first and days is not None else blocks)
        for block in (
            progress(blocks, None, Phrase("reading meters, blocks")) if shows_progress else blocks
        ):
            readings = Readings(block.time_us, block.value, block.row)
            for meter, own in declared.put_to(block.meter, readings, names):
                yield meter, own, block.file

    return read


def _digested(blocks: Iterable[ReadingBlock], days: DayDigests) -> Iterator[ReadingBlock]:
    for block in blocks:
        days.take(block)
        yield block
