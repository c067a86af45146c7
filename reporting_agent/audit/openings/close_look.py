"""Where an auditor looks closely at a meter (drawn days, hours beside every opened batch, rows that
say the line waited), in pieces, and the levels of production and standing.

Pieces end at quarter hours, edges of batches and the readings nearest to them: what was counted
between an edge and the next reading belongs to both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.committed_tree import FiledBatch
from benchmarks.audit.records import MeterDay, microseconds
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, OperatingState
from reporting_agent.audit.openings.extracts import WholeDays, together
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.events import of_meter, of_step
from reporting_agent.metering import MeterRecord, Windows
from reporting_agent.metering.record import OccupiedWindows, pauses_of
from reporting_agent.sources.reading_log import ExtractReadings

Integers = NDArray[np.int64]

QUARTER_US = 15 * 60 * 1_000_000
BESIDE_US = 2 * 3600 * 1_000_000
"""How far outside a batch its edges are looked at."""
WAITING = (OperatingState.IDLE, OperatingState.HOLDING)
"""States of rows that are looked at whole: what a run in one of them drew is told by no edge."""
_NEVER_ENDS_US = 2**62
_NEAR_US = 1_000_000  # a reading within a second of an edge stands at it


class Pause(NamedTuple):
    """Time in which a line ran no batch, with the ids of the batches before and after it; "" where
    there is none.
    """

    start_us: int
    end_us: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, eq=False)
class CloseLook:
    """One meter that counts for one step, and when it is looked at: `days` of it were drawn,
    `stretches` hold them and more, in order.

    `stamps_us` are the moments of its readings, rising; `unusable` is time that the plant declared
    unusable of it or of its line.
    """

    meter: Meter
    days: tuple[WholeDays, ...]
    stretches: tuple[WholeDays, ...]
    stamps_us: Integers
    unusable: tuple[WholeDays, ...] = ()

    @property
    def step_h(self) -> float:
        """The usual time between two readings, in hours."""
        return (
            float(np.median(np.diff(self.stamps_us))) / 3_600_000_000
            if len(self.stamps_us) > 1
            else 0.0
        )

    def serves(self, batch: Batch) -> bool:
        return serves(self.meter, batch)

    def occupied(self, batches: Iterable[Batch]) -> OccupiedWindows:
        """When its line ran a batch, whatever became of the batch: one that no label counts ran as
        well.
        """
        spans = ((*span_us(batch), batch.batch_id) for batch in batches if self.serves(batch))
        ran = sorted(span for span in spans if span[1] > span[0])
        starts, ends, ids = zip(*ran, strict=True) if ran else ((), (), ())
        return OccupiedWindows(
            Windows(np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)), ids
        )

    def pauses(self, batches: Iterable[Batch], start_us: int, end_us: int) -> list[Pause]:
        """When its line ran none of these, between two moments."""
        windows, before, after = pauses_of(
            self.occupied(batches), np.array([start_us, end_us], dtype=np.int64)
        )
        return [
            Pause(*fields)
            for fields in zip(
                windows.start_us.tolist(), windows.end_us.tolist(), before, after, strict=True
            )
        ]

    def clear(self, start_us: int, end_us: int) -> tuple[int, int]:
        """The part of a pause between two batches that its readings tell by themselves; a mean
        around a stamp needs one more.
        """
        more = 1 if self.meter.reading == "rate" else 0
        first = int(np.searchsorted(self.stamps_us, start_us - _NEAR_US)) + more
        last = int(np.searchsorted(self.stamps_us, end_us + _NEAR_US)) - 1 - more
        if first >= last:
            return end_us, end_us
        return max(int(self.stamps_us[first]), start_us), min(int(self.stamps_us[last]), end_us)

    def moments(self, windows: Windows) -> Integers:
        """At which moments the meter's energy is asked for, rising."""
        edges = [
            np.arange(
                -(-stretch.start_us // QUARTER_US) * QUARTER_US, stretch.end_us + 1, QUARTER_US
            )
            for stretch in self.stretches
        ]
        edges += [np.array(stretch, dtype=np.int64) for stretch in self.stretches]
        ends = np.concatenate((windows.start_us, windows.end_us))
        edges += [ends, *(self._beside(ends, away) for away in (-2, -1, 0, 1))]
        return np.unique(self._looked_at(np.concatenate(edges)))

    def inside(self, moments_us: Integers) -> NDArray[np.bool_]:
        """Which moments lie where the meter is looked at."""
        bounds = np.array([edge for stretch in self.stretches for edge in stretch], dtype=np.int64)
        within: NDArray[np.bool_] = np.searchsorted(bounds, moments_us, side="right") % 2 == 1
        return within

    def _looked_at(self, moments_us: Integers) -> Integers:
        last = {stretch.end_us for stretch in self.stretches}
        return moments_us[self.inside(moments_us) | np.isin(moments_us, list(last))]

    def _beside(self, moments_us: Integers, away: int) -> Integers:
        """The readings so many positions after the first one at or after each moment."""
        if not len(self.stamps_us):
            return self.stamps_us
        position = np.searchsorted(self.stamps_us, moments_us - _NEAR_US) + away
        return self.stamps_us[np.clip(position, 0, len(self.stamps_us) - 1)]


def looks(
    site: SiteSettings,
    readings: Mapping[str, ExtractReadings] | None,
    days: Iterable[MeterDay],
    opened: Sequence[Batch],
    *,
    beside_us: int = BESIDE_US,
) -> dict[str, CloseLook]:
    """Every meter that counts for one step alone, with the days drawn of it, the time beside the
    opened batches that it serves, and opened rows that say it waited."""
    drawn: dict[str, list[WholeDays]] = {}
    for day in days:
        drawn.setdefault(day.meter, []).append(WholeDays(day.start_us, day.end_us))
    by_meter = {}
    for meter in site.tree.counted:
        if not tells_of_one_step(meter):
            continue
        mine = tuple(sorted(drawn.get(meter.id, ())))
        served = [batch for batch in opened if serves(meter, batch)]
        edges = [us for batch in served for us in _sound_edges(batch)]
        waited = [
            WholeDays(*span_us(batch))
            for batch in served
            if batch.state in WAITING and length_us(batch)
        ]
        stretches = together(
            [*mine, *waited, *(WholeDays(us - beside_us, us + beside_us) for us in edges)]
        )
        stamps = _stamps(site, meter, readings or {})
        if stretches and len(stamps):
            by_meter[meter.id] = CloseLook(
                meter, mine, tuple(stretches), stamps, _unusable(site, meter)
            )
    return by_meter


def tells_of_one_step(meter: Meter) -> bool:
    """Whether what it counts outside the batches is that of one step's lines; a shared meter cannot
    tell whose it is.
    """
    return bool(meter.step) and meter.allocation is None


def serves(meter: Meter, batch: Batch) -> bool:
    return batch.step == meter.step and meter.equipment in ("", batch.equipment)


def of_wrong_times(rows: Sequence[FiledBatch]) -> list[int]:
    """Indices of batches that no label counts and whose times are none, or less than half of the
    usual: their energy lies beside them.
    """
    usual: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        if row.excluded is None:
            usual.setdefault((row.batch.step, row.batch.equipment), []).append(length_us(row.batch))
    medians = {line: median(lengths) for line, lengths in usual.items()}
    return [
        index
        for index, row in enumerate(rows)
        if row.excluded is not None
        and row.batch.state is OperatingState.NORMAL
        and 2 * length_us(row.batch) < medians.get((row.batch.step, row.batch.equipment), 0)
    ]


def edges_of(spans: Iterable[tuple[int, int]]) -> Integers:
    """The edges of the union of these times, rising."""
    joined: list[list[int]] = []
    for start_us, end_us in sorted(spans):
        if joined and start_us <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end_us)
        elif end_us > start_us:
            joined.append([start_us, end_us])
    return np.array([edge for span in joined for edge in span], dtype=np.int64)


def _unusable(site: SiteSettings, meter: Meter) -> tuple[WholeDays, ...]:
    """Time that is declared unusable of the meter, of one that it is computed from, or of the line
    that it serves.
    """
    events = [event for name in site.tree.needed_by(meter) for event in of_meter(site.events, name)]
    events += [
        event
        for event in of_step(site.events, meter.step, meter.equipment)
        if event.carrier is None
    ]
    spans = {
        (event.begins(site.zone), event.ends(site.zone))
        for event in events
        if event.kind == "unusable"
    }
    return tuple(
        WholeDays(microseconds(begins), _NEVER_ENDS_US if ends is None else microseconds(ends))
        for begins, ends in spans
    )


def span_us(batch: Batch) -> tuple[int, int]:
    """Start and end; where the log has no end after the start, the start twice."""
    start_us = microseconds(batch.start)
    return start_us, start_us if batch.end is None else max(start_us, microseconds(batch.end))


def length_us(batch: Batch) -> int:
    start_us, end_us = span_us(batch)
    return end_us - start_us


def _sound_edges(batch: Batch) -> list[int]:
    if batch.end is None or batch.end <= batch.start:
        return []
    return [microseconds(batch.start), microseconds(batch.end)]


def _stamps(site: SiteSettings, meter: Meter, readings: Mapping[str, ExtractReadings]) -> Integers:
    """Of a meter that is computed, those of the one of its parts that is read least often."""
    needed = {
        name: record for name, record in readings.items() if name in site.tree.needed_by(meter)
    }
    parts = [record.time_us[~np.isnan(record.value)] for record in needed.values()]
    if not parts:
        return np.zeros(0, dtype=np.int64)
    return np.unique(min(parts, key=len))


Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

UNUSABLE = ExclusionReason.DECLARED_UNUSABLE.value
HOUR_US = 3_600_000_000
STANDING_QUANTILE = 0.25  # of the time outside all batches
MOST_STANDING = 0.3  # of production: a line that draws more while it stands says so in its log
_FEWEST_H = 2.0  # of production, before its level is taken from them
_KNOWN = 0.5  # of a piece's seconds; where less is known, nothing is said


@dataclass(frozen=True, slots=True, eq=False)
class TimePieces:
    """The pieces of time at which one meter was looked at, in order. Flags say in what each
    lies.
    """

    start_us: NDArray[np.int64]
    end_us: NDArray[np.int64]
    energy: Floats
    known_h: Floats
    drawn: Flags
    used: Flags
    outside: Flags
    unusable: Flags  # in no batch that a label counts, and declared unusable

    @property
    def power(self) -> Floats:
        """Unit an hour; NaN where too little is known."""
        hours = (self.end_us - self.start_us) / HOUR_US
        power = np.full(len(self.energy), np.nan)
        np.divide(self.energy, self.known_h, out=power, where=self.known_h >= _KNOWN * hours)
        return power


def cut_of(
    look: CloseLook, record: MeterRecord, rows: Sequence[FiledBatch], pauses: Sequence[Pause]
) -> TimePieces:
    assert record.closely is not None  # noqa: S101 - `account` chose it
    edges = record.closely.edges_us
    looked_at = (
        look.inside(edges[:-1]) & (edges[:-1] >= record.start_us) & (edges[1:] <= record.end_us)
    )
    start_us, end_us = edges[:-1][looked_at], edges[1:][looked_at]

    def within(spans: Iterable[tuple[int, int]]) -> Flags:
        inside: Flags = np.searchsorted(edges_of(spans), start_us, side="right") % 2 == 1
        return inside

    used = within(span_us(row.batch) for row in rows if row.excluded is None)
    left_out = (span_us(row.batch) for row in rows if row.excluded == UNUSABLE)
    return TimePieces(
        start_us,
        end_us,
        record.closely.energy[looked_at],
        record.closely.known_s[looked_at] / 3600,
        within(look.days),
        used,
        within((pause.start_us, pause.end_us) for pause in pauses),
        within((*look.unusable, *left_out)) & ~used,
    )


def runs_of(pieces: TimePieces, chosen: Flags) -> list[tuple[int, int]]:
    """First and last of the chosen pieces that follow one another without a hole."""
    indices = np.flatnonzero(chosen).tolist()
    starts = [
        0,
        *(
            at + 1
            for at, (first, other) in enumerate(pairwise(indices))
            if pieces.end_us[first] != pieces.start_us[other]
        ),
    ]
    ends = [*(start - 1 for start in starts[1:]), len(indices) - 1]
    return (
        [(indices[start], indices[end]) for start, end in zip(starts, ends, strict=True)]
        if indices
        else []
    )


def in_any(pieces: TimePieces, spans: Sequence[tuple[int, int]]) -> Flags:
    """Which pieces reach into one of these times: a batch that begins within a quarter hour excuses
    all of it.
    """
    edges = edges_of(spans)
    begun, over = (
        np.searchsorted(edges, pieces.start_us, side="right"),
        np.searchsorted(edges, pieces.end_us, side="left"),
    )
    reached: Flags = (begun % 2 == 1) | (over > begun)
    return reached


def levels_of(pieces: TimePieces) -> tuple[float | None, float | None]:
    """Production and standing, in the unit an hour."""
    finite = ~np.isnan(pieces.power)
    working = pieces.used & finite
    hours = float(pieces.known_h[working].sum())
    if hours < _FEWEST_H:
        return None, None
    production = float(pieces.energy[working].sum()) / hours
    if production <= 0:
        return None, None
    resting = pieces.outside & ~pieces.unusable & finite
    order = np.argsort(pieces.power[resting])
    time_h = np.cumsum(pieces.known_h[resting][order])
    if not len(order):
        return production, 0.0
    at = min(int(np.searchsorted(time_h, STANDING_QUANTILE * time_h[-1])), len(order) - 1)
    return production, min(
        max(float(pieces.power[resting][order][at]), 0.0), MOST_STANDING * production
    )
