"""Readings on their way to the engine: lanes that share no meter, each with a log of its own, put together at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.phrases import Phrase
from reporting_agent.config import SiteSettings
from reporting_agent.console import progress
from reporting_agent.metering.declared import DeclaredReadings
from reporting_agent.metering.engine import Block, Read
from reporting_agent.metering.readings import Readings
from reporting_agent.processors import processors
from reporting_agent.sources import ReadingBlock, stream_readings
from reporting_agent.sources.meter_readings import ReadingLog, gathered, lanes_of

if TYPE_CHECKING:  # not where a small firm's one file runs: what it digests with is not in there
    from reporting_agent.sources.day_digests import DayDigests

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
    def of(cls, readings: Sequence[Path] | Opener, site: SiteSettings, log: ReadingLog, days: DayDigests | None = None) -> Lanes:
        """Lanes of files, or one of a provider's source.

        Args:
            days: takes the readings that pass, where their days are to be digested.
        """
        declared = DeclaredReadings(site.events, site.zone)
        if callable(readings):
            return cls([_read(readings, log, days, declared, shows_progress=True)], [log], [readings], days)
        profile = site.mapping.readings
        groups = [list(readings)] if declared.swaps else lanes_of(readings, profile)
        read_ahead = len(groups) < processors()
        logs, openers = [_empty(log) for _ in groups], [_opener(group, site, read_ahead) for group in groups]
        reads = [
            _read(opened, own, days, declared, shows_progress=not place)
            for place, (opened, own) in enumerate(zip(openers, logs, strict=True))
        ]
        return cls(reads, logs, openers, days)

    def finish(self, log: ReadingLog) -> None:
        """After all readings have passed: read the meters again whose days did not come in order, and add what all lanes met to one log."""
        if self._days is not None and (late := self._days.late):
            for opened, own in zip(self._openers, self._logs, strict=True):
                self._days.take_whole(opened(late, _again(own)))
        for own in self._logs:
            if own is not log:
                log.take_in(own)


def _opener(paths: Sequence[Path], site: SiteSettings, read_ahead: bool) -> Opener:
    return lambda meters, log: stream_readings(paths, site.mapping.readings, meters, site.zone, log, read_ahead=read_ahead)


def _empty(log: ReadingLog) -> ReadingLog:
    """A log of the same corrections in which nothing has been met."""
    return replace(log, rejected=[], rejected_count=0, rows=0, unknown_meters={}, totals=[], understood=set())


def _again(log: ReadingLog) -> ReadingLog:
    """For the same files once more: what is met a second time was counted already."""
    return replace(_empty(log), understood=set(log.understood))


def _read(opened: Opener, log: ReadingLog, days: DayDigests | None, declared: DeclaredReadings, *, shows_progress: bool) -> Read:
    passes = count(1)  # the engine asks for all meters once, and then again for some

    def read(names: frozenset[str]) -> Iterator[Block]:
        is_first, wanted = next(passes) == 1, declared.to_read(names)
        blocks = opened(wanted, log if is_first else _again(log))
        blocks = gathered(_digested(blocks, days) if is_first and days is not None else blocks)
        for block in progress(blocks, None, Phrase("reading meters, blocks")) if shows_progress else blocks:
            readings = Readings(block.time_us, block.value, block.row)
            for meter, own in declared.put_to(block.meter, readings, names):
                yield meter, own, block.file

    return read


def _digested(blocks: Iterable[ReadingBlock], days: DayDigests) -> Iterator[ReadingBlock]:
    for block in blocks:
        days.take(block)
        yield block
