"""What did a meter count outside the batches? Piece by piece of time, held against the level at which its line stands.

Levels are the line's own: *production* is the mean power inside the batches that a label counts; *standing* is the lower quartile, by
time, of the power outside all batches, and never taken for more than three tenths of production. A piece of time outside the batches
is *above standing* where its power is more than a quarter of the way from standing to production. Pieces above standing that follow
one another are *questioned* together where they hold as much more than standing as production takes in ten minutes, and in the usual
time between two readings: a reading that is missing at a batch's edge smears no more than that. So changes of product, idling and
lines that cool down pass, and so do log entries that are a few minutes off.

Explained is what lies within a batch's time of the beginning of a committed batch whose own times the log has wrong (no end, an end
before the start, 18 seconds). Time declared unusable of the meter or its line is told apart, and not judged. A line that is kept warm or
started up above standing stands in the log with its state; a row that says it waited is questioned where it drew half of production.

Drawbacks. One meter over several lines hides what one of them does while another runs; production below the limit is not seen; where
a line never pauses, a moved boundary between two batches is not either. Shared meters and those of media tell nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.accounted import Accounted, Balance, Questioned, Why
from benchmarks.audit.commitment import Filed
from benchmarks.audit.records import microseconds
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, State
from reporting_agent.metering import MeterRecord
from reporting_agent.openings.close_look import Look, Pause, edges_of, length_us, of_wrong_times, span_us
from reporting_agent.openings.recomputing import Key, key_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STANDING_QUANTILE = 0.25  # of the time outside all batches
MOST_STANDING = 0.3  # of production: a line that draws more while it stands says so in its log
ABOVE_STANDING = 0.25  # of the way from standing to production
LEAST_H = 1 / 6  # of production's power: what a stretch must hold above standing to be questioned
LIKE_PRODUCTION = 0.5  # of production's power: what no row that says "waiting" may reach
_KNOWN = 0.5  # of a piece's seconds; where less is known, nothing is said
_HOUR_US = 3_600_000_000
_NEAR_US = 60_000_000
_FEWEST_H = 2.0  # of production, before its level is taken from them
_LONGEST = 1.1  # times the longest batch: how far a batch with wrong times explains
_WAITING = (State.IDLE, State.HOLDING)
_UNUSABLE = ExclusionReason.DECLARED_UNUSABLE.value


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """The pieces of time at which one meter was looked at, in order. Flags say in what each lies."""

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
        hours = (self.end_us - self.start_us) / _HOUR_US
        power = np.full(len(self.energy), np.nan)
        np.divide(self.energy, self.known_h, out=power, where=self.known_h >= _KNOWN * hours)
        return power


def account(
    seen: Mapping[str, Look],
    meters: Iterable[MeterRecord],
    rows: Sequence[Filed],
    opened: Collection[Batch],
    beyond: Sequence[Batch] = (),
) -> Accounted | None:
    """What is not accounted for; None where no meter that was looked at tells anything.

    Args:
        meters: with what they counted between the moments of their looks.
        rows: batches as the plant's rows give them, each with the reason where no label counts it.
        opened: those whose records were opened, and so were committed to.
        beyond: batches of other times than the report's.
    """
    records = {record.meter.id: record for record in meters if record.closely is not None}
    committed = {key_of(batch) for batch in opened}
    balances, questioned, edges = [], [], 0
    for name in sorted(set(seen) & set(records)):
        mine = [row for row in rows if seen[name].serves(row.batch)]
        judged = _Judged.of(seen[name], records[name], mine, [*(row.batch for row in mine), *beyond], committed)
        balances += [judged.balance()] if seen[name].days else []
        questioned += [*judged.questioned(), *judged.rows_without_record(), *judged.waiting_at_work()]
        edges += judged.edges
    return Accounted(tuple(balances), tuple(questioned), edges) if balances or edges else None


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """One meter's look, with the levels of its line."""

    look: Look
    record: MeterRecord
    rows: Sequence[Filed]
    pauses: Sequence[Pause]
    committed: Collection[Key]
    pieces: _Pieces
    production: float | None
    standing: float | None
    above: Flags  # outside, clear of a batch's edges, above the limit
    excused: Flags  # of these, beside a batch whose times the log has wrong
    edges: int

    @classmethod
    def of(cls, look: Look, record: MeterRecord, rows: Sequence[Filed], ran: Iterable[Batch], committed: Collection[Key]) -> _Judged:
        pauses = look.pauses(ran, record.start_us, record.end_us)
        pieces = _cut(look, record, rows, pauses)
        production, standing = _levels(pieces)
        clear, edges = _clear(look, pauses, pieces)
        above = np.zeros(len(pieces.energy), dtype=bool)
        if production is not None and standing is not None:
            limit = standing + ABOVE_STANDING * (production - standing)
            above = pieces.outside & ~pieces.unusable & clear & (np.nan_to_num(pieces.power) > limit)
        excused = above & _in_any(pieces, _explaining(rows, committed))
        return cls(
            look, record, rows, pauses, committed, pieces, production, standing, above, excused, edges if production is not None else 0
        )

    def balance(self) -> Balance:
        pieces = self.pieces
        drawn = pieces.drawn
        hours = (pieces.end_us - pieces.start_us) / _HOUR_US

        def energy(of: Flags) -> float:
            return float(pieces.energy[drawn & of].sum())

        unexplained = self.above & ~self.excused
        return Balance(
            meter=self.record.meter.id,
            step=self.record.meter.step,
            unit=self.record.unit,
            days=len(self.look.days),
            used=energy(pieces.used),
            excluded=energy(~pieces.used & ~pieces.outside & ~pieces.unusable),
            standing=energy(pieces.outside & ~self.above & ~pieces.unusable),
            explained=energy(self.excused),
            unusable=energy(pieces.unusable),
            unexplained=energy(unexplained),
            unknown_h=float(np.maximum(hours - pieces.known_h, 0.0)[drawn].sum()),
            standing_level=self.standing,
            production_level=self.production,
        )

    def questioned(self) -> list[Questioned]:
        """Stretches above standing that nothing explains and that hold enough; a short one beside a batch, seen whole, is its edge."""
        if self.production is None or self.standing is None:
            return []
        usual_us = median([length_us(row.batch) for row in self.rows if row.excluded is None and length_us(row.batch) > 0] or [0])
        found = []
        for first, last in _runs(self.pieces, self.above & ~self.excused):
            run = slice(first, last + 1)
            start_us, end_us = int(self.pieces.start_us[first]), int(self.pieces.end_us[last])
            surplus = float((self.pieces.energy[run] - self.standing * self.pieces.known_h[run]).sum())
            if surplus < max(LEAST_H, self.look.step_h) * self.production:
                continue
            beside = self._beside(start_us, end_us)
            goes_on = any(start_us == one.start_us or end_us == one.end_us for one in self.look.stretches)
            why = Why.EDGE if beside and not goes_on and 2 * (end_us - start_us) < usual_us else Why.NO_BATCH
            energy, batch = float(self.pieces.energy[run].sum()), beside if why is Why.EDGE else ""
            found.append(Questioned(why, self.record.meter.id, start_us, end_us, energy, self.record.unit, batch))
        return found

    def rows_without_record(self) -> list[Questioned]:
        """Batches of the plant's own rows that ran on a drawn day and of which no record was opened."""
        found = []
        for row in self.rows:
            first, last = span_us(row.batch)
            if key_of(row.batch) not in self.committed and any(first < day.end_us and last >= day.start_us for day in self.look.days):
                found.append(self._of_batch(Why.NO_RECORD, row.batch))
        return found

    def waiting_at_work(self) -> list[Questioned]:
        """Committed rows that say the line waited, while it drew power as in production."""
        found = []
        for row in self.rows:
            waited = row.batch.state in _WAITING and row.excluded != _UNUSABLE
            if waited and key_of(row.batch) in self.committed and self.production is not None:
                questioned = self._of_batch(Why.STANDING_STATE, row.batch)
                hours = (questioned.end_us - questioned.start_us) / _HOUR_US
                if questioned.energy > LIKE_PRODUCTION * self.production * max(hours, LEAST_H):
                    found.append(questioned)
        return found

    def _of_batch(self, why: Why, batch: Batch) -> Questioned:
        meter = self.record.meter
        energy = sum(one.quantity for one in batch.energy if (one.carrier, one.direction) == (meter.carrier, meter.direction))
        return Questioned(why, meter.id, *span_us(batch), energy, self.record.unit, batch.batch_id)

    def _beside(self, start_us: int, end_us: int) -> str:
        """The batch whose edge this stretch begins or ends at; "" where there is none."""
        for pause in self.pauses:
            if pause.start_us <= start_us and end_us <= pause.end_us:
                clear_start, clear_end = self.look.clear(pause.start_us, pause.end_us)
                if start_us == clear_start:
                    return pause.before
                return pause.after if end_us == clear_end else ""
        return ""


def _cut(look: Look, record: MeterRecord, rows: Sequence[Filed], pauses: Sequence[Pause]) -> _Pieces:
    assert record.closely is not None  # noqa: S101 - `account` chose it
    edges = record.closely.edges_us
    seen = look.inside(edges[:-1]) & (edges[:-1] >= record.start_us) & (edges[1:] <= record.end_us)
    start_us, end_us = edges[:-1][seen], edges[1:][seen]

    def within(spans: Iterable[tuple[int, int]]) -> Flags:
        inside: Flags = np.searchsorted(edges_of(spans), start_us, side="right") % 2 == 1
        return inside

    used = within(span_us(row.batch) for row in rows if row.excluded is None)
    left_out = (span_us(row.batch) for row in rows if row.excluded == _UNUSABLE)
    return _Pieces(
        start_us,
        end_us,
        record.closely.energy[seen],
        record.closely.known_s[seen] / 3600,
        within(look.days),
        used,
        within((pause.start_us, pause.end_us) for pause in pauses),
        within((*look.unusable, *left_out)) & ~used,
    )


def _levels(pieces: _Pieces) -> tuple[float | None, float | None]:
    """Production and standing, in the unit an hour."""
    told = ~np.isnan(pieces.power)
    working = pieces.used & told
    hours = float(pieces.known_h[working].sum())
    if hours < _FEWEST_H:
        return None, None
    production = float(pieces.energy[working].sum()) / hours
    if production <= 0:
        return None, None
    resting = pieces.outside & ~pieces.unusable & told
    order = np.argsort(pieces.power[resting])
    time_h = np.cumsum(pieces.known_h[resting][order])
    if not len(order):
        return production, 0.0
    at = min(int(np.searchsorted(time_h, STANDING_QUANTILE * time_h[-1])), len(order) - 1)
    return production, min(max(float(pieces.power[resting][order][at]), 0.0), MOST_STANDING * production)


def _clear(look: Look, pauses: Sequence[Pause], pieces: _Pieces) -> tuple[Flags, int]:
    """Pieces of pauses that readings tell by themselves, and how many edges of batches have such a piece beside them."""
    clear = np.zeros(len(pieces.energy), dtype=bool)
    edges = 0
    for pause in pauses:
        first, last = np.searchsorted(pieces.start_us, (pause.start_us, pause.end_us)).tolist()
        if first == last:
            continue
        start_us, end_us = look.clear(pause.start_us, pause.end_us)
        clear[first:last] = (pieces.start_us[first:last] >= start_us) & (pieces.end_us[first:last] <= end_us) & ~pieces.unusable[first:last]
        edges += int(bool(pause.before) and _is_clear_at(pieces.start_us, clear, start_us))
        edges += int(bool(pause.after) and _is_clear_at(pieces.end_us, clear, end_us))
    return clear, edges


def _is_clear_at(edges_us: NDArray[np.int64], clear: Flags, moment_us: int) -> bool:
    at = int(np.searchsorted(edges_us, moment_us))
    return at < len(edges_us) and int(edges_us[at]) == moment_us and bool(clear[at])


def _runs(pieces: _Pieces, chosen: Flags) -> list[tuple[int, int]]:
    """First and last of the chosen pieces that follow one another without a hole."""
    places = np.flatnonzero(chosen).tolist()
    starts = [0, *(at + 1 for at, (one, other) in enumerate(pairwise(places)) if pieces.end_us[one] != pieces.start_us[other])]
    ends = [*(start - 1 for start in starts[1:]), len(places) - 1]
    return [(places[start], places[end]) for start, end in zip(starts, ends, strict=True)] if places else []


def _explaining(rows: Sequence[Filed], committed: Collection[Key]) -> list[tuple[int, int]]:
    """Where the energy of committed batches may lie whose times the log has wrong."""
    longest = int(_LONGEST * max([length_us(row.batch) for row in rows if row.excluded is None], default=0))
    starts = [microseconds(rows[at].batch.start) for at in of_wrong_times(rows) if key_of(rows[at].batch) in committed]
    return [(start_us - _NEAR_US, start_us + longest) for start_us in starts]


def _in_any(pieces: _Pieces, spans: Sequence[tuple[int, int]]) -> Flags:
    """Which pieces reach into one of these times: a batch that begins within a quarter hour excuses all of it."""
    edges = edges_of(spans)
    begun, over = np.searchsorted(edges, pieces.start_us, side="right"), np.searchsorted(edges, pieces.end_us, side="left")
    found: Flags = (begun % 2 == 1) | (over > begun)
    return found
