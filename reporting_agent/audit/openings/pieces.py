"""The pieces of time at which a meter is looked at, what it counted in each, and its levels of
production and standing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.committed_tree import FiledBatch
from benchmarks.labels import ExclusionReason
from reporting_agent.audit.openings.close_look import CloseLook, Pause, edges_of, span_us
from reporting_agent.metering import MeterRecord

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
