"""All meters against all batches: one pass over the readings, flat memory, whatever their number.

Each block of readings adds what it knows to the batches it touches, so nothing but the batches' sums is held. A meter whose
readings reach back over a block's edge is read a second time as a whole (16 bytes a reading) and sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import Finding
from reporting_agent.config import Meter
from reporting_agent.metering.cleaning import NOTHING, Readings
from reporting_agent.metering.segments import Segments, energy_between
from reporting_agent.metering.stream import MeterStream, OutOfOrder


@dataclass(frozen=True, slots=True)
class Windows:
    """The batches one meter counts for: half-open windows in UTC microseconds, in any order, each longer than nothing."""

    start_us: NDArray[np.int64]
    end_us: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MeteredEnergy:
    """Energy of each window in the meter's unit (of a rate: times hours) and the share of its seconds that is known."""

    energy: NDArray[np.float64]
    completeness: NDArray[np.float64]
    findings: tuple[Finding, ...]


Block = tuple[str, Readings, str]
"""Meter id, readings in file order, file name."""


class _Running:
    """One meter's stream and the sums it has added to its batches so far."""

    def __init__(self, meter: Meter, windows: Windows, longest_gap_s: float) -> None:
        self.stream = MeterStream(meter, longest_gap_s)
        self.windows = windows
        self.energy = np.zeros(len(windows.start_us))
        self.known_s = np.zeros(len(windows.start_us))

    def feed(self, readings: Readings, file: str) -> None:
        self._add(self.stream.feed(readings, file))

    def finish(self) -> MeteredEnergy:
        self._add(self.stream.close())
        length_s = (self.windows.end_us - self.windows.start_us) / 1e6
        return MeteredEnergy(self.energy, np.minimum(self.known_s / length_s, 1.0), tuple(self.stream.tally.findings()))

    def _add(self, segments: Segments) -> None:
        if not len(segments):
            return
        touched = np.flatnonzero((self.windows.end_us > segments.start_us[0]) & (self.windows.start_us < segments.end_us[-1]))
        energy, known_s = energy_between(segments, self.windows.start_us[touched], self.windows.end_us[touched])
        self.energy[touched] += energy
        self.known_s[touched] += known_s


def meter_energy(
    meters: Sequence[Meter],
    windows: Mapping[str, Windows],
    longest_gap_s: Mapping[str, float],
    read: Callable[[frozenset[str]], Iterable[Block]],
) -> dict[str, MeteredEnergy]:
    """Energy and completeness of each meter's windows.

    Args:
        windows: by meter id.
        longest_gap_s: by meter id, from the label rule of the meter's step.
        read: gives the blocks of the meters named, from the beginning; called again for meters out of order.
    """
    running = {meter.id: _Running(meter, windows[meter.id], longest_gap_s[meter.id]) for meter in meters}
    again: set[str] = set()
    for name, readings, file in read(frozenset(running)):
        if name in again:
            continue
        try:
            running[name].feed(readings, file)
        except OutOfOrder:
            again.add(name)
    if again:
        by_id = {meter.id: meter for meter in meters}
        for name, readings, file in _whole(read(frozenset(again))):
            running[name] = _Running(by_id[name], windows[name], longest_gap_s[name])
            running[name].feed(readings, file)
    return {name: one.finish() for name, one in running.items()}


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
