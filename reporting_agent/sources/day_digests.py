"""The days of every meter, digested while the readings pass on their way to the engine: once, and
in flat memory.

Only the day that a meter is in is held, and the days in which a report may begin or end: which part
of them counts is known when its years are. Where readings of a day come after that day was closed
(a file that is not in order of time, or a late correction), the meter is `late`: its readings are
asked for once more, as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.audit.records import (
    DAY_US,
    Floats,
    Integers,
    MeterDay,
    Window,
    by_day,
    clipped,
    digest_of,
)
from reporting_agent.sources.reading_log import ReadingBlock


@dataclass(slots=True)
class _Meter:
    """What a meter gave so far."""

    closed: list[MeterDay] = field(default_factory=list)
    at_edges: list[tuple[int, Integers, Floats]] = field(
        default_factory=list
    )  # days that may count in part
    open_us: int | None = None  # where the day begins that is being read
    pieces: list[tuple[Integers, Floats]] = field(default_factory=list)
    late: bool = False


class DayDigests:
    """Takes blocks of readings as sources give them; meters may come from several threads, each
    from one.
    """

    def __init__(self, units: Mapping[str, str], edges_us: Iterable[int] = ()) -> None:
        """For meters by id, each with the unit of its values.

        Args:
            edges_us: all moments at which the window of `days` may begin or end.
        """
        self._units = units
        self._days_of_edges = {edge // DAY_US * DAY_US for edge in edges_us if edge % DAY_US}
        self._meters: dict[str, _Meter] = {}

    def take(self, block: ReadingBlock) -> None:
        """Readings of a meter, in the order of its files."""
        meter = self._meters.setdefault(block.meter, _Meter())
        if meter.late:
            return
        for start_us, times, values in by_day(block.time_us, block.value):
            if meter.open_us is not None and start_us < meter.open_us:
                self._meters[block.meter] = _Meter(late=True)
                return
            if start_us != meter.open_us:
                self._close(block.meter, meter)
                meter.open_us = start_us
            meter.pieces.append((times, values))
        if meter.pieces:  # of the day that goes on, a copy: the block is the engine's from here on
            times, values = meter.pieces[-1]
            meter.pieces[-1] = times.copy(), values.copy()

    @property
    def late(self) -> frozenset[str]:
        """Meters that have to be read again."""
        return frozenset(name for name, meter in self._meters.items() if meter.late)

    def take_whole(self, blocks: Iterable[ReadingBlock]) -> None:
        """All readings of late meters, from the beginning."""
        gathered: dict[str, list[ReadingBlock]] = {}
        for block in blocks:
            gathered.setdefault(block.meter, []).append(block)
        for name, parts in gathered.items():
            time_us, value = (
                np.concatenate([part.time_us for part in parts]),
                np.concatenate([part.value for part in parts]),
            )
            self._meters[name] = _Meter()
            for start_us, times, values in by_day(time_us, value):
                self._file(name, self._meters[name], start_us, times, values)

    def days(self, within: Window | None = None) -> list[MeterDay]:
        """All days that hold a reading, meter by meter, rising; once everything was taken.

        Args:
            within: the time that counts, between two of the edges; all of it where it is not given.
        """
        if self.late:
            raise ValueError(
                f"readings of {', '.join(sorted(self.late))} were not in order and have to be "
                "taken whole"
            )
        for name, meter in self._meters.items():
            self._close(name, meter)
        return [
            day
            for name in sorted(self._meters)
            for day in self._of(name, self._meters[name], within)
        ]

    def _of(self, name: str, meter: _Meter, within: Window | None) -> list[MeterDay]:
        first_us, end_us = within or (-(2**63), 2**63 - 1)
        whole = [day for day in meter.closed if first_us < day.end_us and day.start_us < end_us]
        parts = [
            (start_us, *clipped(times, values, (first_us, end_us)))
            for start_us, times, values in meter.at_edges
        ]
        whole += [
            self._digested(name, start_us, times, values)
            for start_us, times, values in parts
            if len(times)
        ]
        return sorted(whole, key=lambda day: day.start_us)

    def _close(self, name: str, meter: _Meter) -> None:
        if meter.open_us is None:
            return
        times = np.concatenate([piece[0] for piece in meter.pieces])
        values = np.concatenate([piece[1] for piece in meter.pieces])
        self._file(name, meter, meter.open_us, times, values)
        meter.open_us, meter.pieces = None, []

    def _file(
        self, name: str, meter: _Meter, start_us: int, times: Integers, values: Floats
    ) -> None:
        if start_us in self._days_of_edges:
            meter.at_edges.append((start_us, times, values))
        else:
            meter.closed.append(self._digested(name, start_us, times, values))

    def _digested(self, name: str, start_us: int, times: Integers, values: Floats) -> MeterDay:
        return MeterDay(name, self._units[name], start_us, len(times), digest_of(times, values))
