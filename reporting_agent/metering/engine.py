"""All meters against all moments asked for: one pass over the readings, flat memory, whatever their number.

Each block of readings carries its meter's curve on to the moments it passes, so nothing but the curves is held. A meter
whose readings reach back over a block's edge is read a second time as a whole (16 bytes a reading) and sorted; one whose whole
record shows readings that must be left out is read a second time, block by block, without them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import Finding
from reporting_agent.config import Meter
from reporting_agent.metering.cleaning import NOTHING, Readings
from reporting_agent.metering.curve import Curve
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.own_window import OwnWindows
from reporting_agent.metering.record import MeterFacts
from reporting_agent.metering.stream import MeterStream, OutOfOrder
from reporting_agent.metering.tally import Verdict

FIRST_READINGS = 512  # of a meter, laid out before the rest of its first block may take the fast road: enough to tell its usual load


@dataclass(frozen=True, slots=True)
class MeteredEnergy:
    """Energy of each window in the meter's unit (of a rate: times hours) and the share of its seconds that is known."""

    energy: NDArray[np.float64]
    completeness: NDArray[np.float64]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """One meter's readings, all seen: its curve, what was found wrong with them, and what they show of the meter."""

    curve: Curve
    findings: tuple[Finding, ...]
    facts: MeterFacts
    verdict: Verdict | None = None  # what the whole record showed, in the meter's own time

    def over(self, windows: Windows) -> MeteredEnergy:
        """Energy and completeness of windows between moments of the curve."""
        length_s = (windows.end_us - windows.start_us) / 1e6
        energy, known_s = self.curve.over(windows.start_us, windows.end_us)
        return MeteredEnergy(energy, np.minimum(known_s / length_s, 1.0), self.findings)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one meter.

    Args:
        moments_us: every moment that a window begins or ends at.
        longest_gap_s: from the label rule of the meter's step.
        factor: of a rate, what one unit of it gives in an hour, in the unit of the energy (kW: 1 kWh; W: 0.001 kWh).
        own: takes the same readings, for windows that are metered by themselves.
    """

    meter: Meter
    moments_us: NDArray[np.int64]
    longest_gap_s: float
    factor: float = 1.0
    own: OwnWindows | None = None


Block = tuple[str, Readings, str]
"""Meter id, readings in file order, file name."""

Read = Callable[[frozenset[str]], Iterable[Block]]
"""Gives the blocks of the meters named, from the beginning; called again where a meter must be read again."""


class _Running:
    """One meter's stream and its curve so far."""

    def __init__(self, asked: Asked, verdict: Verdict | None = None, *, fast: bool = False, whole: bool = False) -> None:
        self.stream = MeterStream(asked.meter, asked.longest_gap_s, asked.factor, verdict, whole=whole)
        self.curve = Curve(asked.moments_us)
        self._fast = fast

    def feed(self, readings: Readings, file: str) -> None:
        """A block, by the fast road where that is taken and the block is sound, else by the careful one."""
        if self._fast and self.stream.begins and len(readings) > 2 * FIRST_READINGS:
            self._feed(readings.at(slice(0, FIRST_READINGS)), file)  # the fast road needs a beginning to go on from
            readings = readings.at(slice(FIRST_READINGS, None))
        self._feed(readings, file)

    def _feed(self, readings: Readings, file: str) -> None:
        passed = self.stream.pass_over(readings, file) if self._fast else None
        if passed is None:
            self.curve.add(self.stream.feed(readings, file))
        else:
            lead, run = passed
            self.curve.add(lead)
            self.curve.add_run(run)

    def close(self) -> Verdict:
        """After all blocks: what the whole record showed."""
        self.curve.add(self.stream.close())
        return self.stream.verdict or Verdict(self.stream.tally)

    def course(self) -> Course:
        """All that this meter told, after it was closed."""
        for end_us, energy in self.stream.across_gaps:
            self.curve.add_unplaced(end_us, energy)
        self.curve.finish()
        verdict = self.stream.verdict
        return Course(self.curve, tuple(self.stream.tally.findings()), self.stream.seen.facts(), verdict)


def meter_energy(
    meters: Sequence[Meter],
    windows: Mapping[str, Windows],
    longest_gap_s: Mapping[str, float],
    read: Read,
) -> dict[str, MeteredEnergy]:
    """Energy and completeness of each meter's windows.

    Args:
        windows: by meter id.
        longest_gap_s: by meter id, from the label rule of the meter's step.
    """
    asked = [
        Asked(meter, np.concatenate((windows[meter.id].start_us, windows[meter.id].end_us)), longest_gap_s[meter.id]) for meter in meters
    ]
    return {name: course.over(windows[name]) for name, course in courses(asked, [read]).items()}


def courses(asked: Sequence[Asked], lanes: Sequence[Read], *, fast: bool = False) -> dict[str, Course]:
    """The course of each meter, by its id.

    Args:
        lanes: each gives the blocks of meters that stand in no other; they are followed at the same time, one a core.
        fast: sound blocks take the fast road; otherwise all readings take the careful one.
    """
    by_id = {one.meter.id: one for one in asked}
    if len(lanes) < 2:
        followed = [_follow(read, by_id, fast) for read in lanes]
    else:
        with ThreadPoolExecutor(min(len(lanes), cores())) as pool:
            followed = list(pool.map(lambda read: _follow(read, by_id, fast), lanes))
    found = {name: running for lane in followed for name, running in lane.items()}
    return {name: (found[name] if name in found else _never_read(one)).course() for name, one in by_id.items()}


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _never_read(asked: Asked) -> _Running:
    running = _Running(asked)
    running.close()
    return running


def _follow(read: Read, by_id: Mapping[str, Asked], fast: bool) -> dict[str, _Running]:
    """The meters of one lane; read again where that is needed, and closed."""
    running: dict[str, _Running] = {}
    again: set[str] = set()
    own = {name: one.own for name, one in by_id.items() if one.own is not None}
    for name, readings, file in read(frozenset(by_id)):
        if name in own:
            own[name].take(readings)
        if name in again:
            continue
        if name not in running:
            running[name] = _Running(by_id[name], fast=fast)
        try:
            running[name].feed(readings, file)
        except OutOfOrder:
            again.add(name)
    _close_own({name: own[name] for name in running if name in own}, read)
    verdicts = {name: one.close() for name, one in running.items() if name not in again}
    if again:
        for name, readings, file in _whole(read(frozenset(again))):
            running[name] = _whole_read(by_id[name], readings, file)
    judged = {name: verdict for name, verdict in verdicts.items() if verdict.leaves_out}
    if judged:
        running.update({name: _Running(by_id[name], verdict, fast=fast) for name, verdict in judged.items()})
        for name, readings, file in read(frozenset(judged)):
            running[name].feed(readings, file)
        for name in judged:
            running[name].close()
    return running


def _close_own(own: Mapping[str, OwnWindows], read: Read) -> None:
    """Meter what is still held, and once more the windows of which readings came late."""
    for windows in own.values():
        windows.close()
    late = {name: windows for name, windows in own.items() if windows.late}
    if late:
        for name, readings, _ in read(frozenset(late)):
            late[name].take_again(readings)
        for windows in late.values():
            windows.close()


def _whole_read(asked: Asked, readings: Readings, file: str) -> _Running:
    """One meter's readings in one piece, and once more where the whole record shows what is to be left out."""
    first = _Running(asked, whole=True)
    first.feed(readings, file)
    verdict = first.close()
    if not verdict.leaves_out:
        return first
    second = _Running(asked, verdict)
    second.feed(readings, file)
    second.close()
    return second


def _whole(blocks: Iterable[Block]) -> Iterator[Block]:
    """Each meter's readings in one piece; places are then named by the last file."""
    gathered: dict[str, list[Readings]] = {}
    files: dict[str, str] = {}
    for name, readings, file in blocks:
        gathered.setdefault(name, []).append(readings)
        files[name] = file
    for name in list(gathered):
        whole = NOTHING
        pieces = gathered.pop(name)
        if pieces:
            whole = Readings(
                np.concatenate([piece.time_us for piece in pieces]),
                np.concatenate([piece.value for piece in pieces]),
                np.concatenate([piece.row for piece in pieces]),
            )
        yield name, whole, files[name]
