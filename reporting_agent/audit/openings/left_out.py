"""What a meter counted outside the batches: time above standing, batches whose beginning or end was
cut, and fillers, rows without output beside a batch that drew power as in production.

*Production* is the mean power in counted batches; *standing* the lower quartile outside, at most
three tenths of it. A piece more than a quarter of the way up is *above standing*; pieces together
are *questioned* from ten minutes of production and the usual time between readings on. Explained is
a batch's time from the start of a committed batch with wrong times. A batch longer than the pack
allows covers the longest that counts. Unusable time is not validated; a row that says it waited is
questioned at half of production.

A filler made less than half of the usual in its time, at three quarters of the way to production,
within a quarter hour or two readings of a counted batch. Questioned beside more than one opened
batch and two in a hundred.

Drawbacks: one meter over several lines, production below the limit, lines that never pause, shared
meters and media show nothing; a start-up after an hour's stop looks like a batch that begins too
late.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.committed_tree import FiledBatch
from benchmarks.audit.evidence import Accounted, AccountedMeter, QuestionedStretch, StretchQuestion
from benchmarks.audit.records import microseconds
from benchmarks.measurements import Batch, OperatingState
from benchmarks.routes import Pack
from reporting_agent.audit.openings.close_look import (
    HOUR_US,
    QUARTER_US,
    UNUSABLE,
    WAITING,
    CloseLook,
    Flags,
    Pause,
    TimePieces,
    cut_of,
    edges_of,
    in_any,
    length_us,
    levels_of,
    of_wrong_times,
    runs_of,
    span_us,
)
from reporting_agent.audit.openings.extracts import Key, key_of
from reporting_agent.metering import MeterRecord

AT_WORK = 0.75  # of the way from standing to production
LEAST_H = 1 / 6  # of production's power above standing
LITTLE_OUTPUT = 0.5  # of what the line usually makes in the time
FEW_WRONG, WRONG_SHARE = (
    2,
    0.1,
)  # of the rows that a label counts; real logs have up to six in a hundred
_NEAR_US = 60_000_000
_LONGEST = 1.1  # times the longest batch: how far a batch with wrong times explains
RARE, RARE_SHARE = 1, 0.02  # of the opened batches


def fillers(
    look: CloseLook,
    unit: str,
    rows: Sequence[FiledBatch],
    opened: Collection[Key],
    pieces: TimePieces,
    levels: tuple[float, float],
) -> list[QuestionedStretch]:
    """What is questioned on one meter.

    Args:
        rows: all of its line.
        opened: the keys of the records that were opened.
        levels: production and standing, in the unit an hour.
    """
    production, standing = levels
    used = [row.batch for row in rows if row.excluded is None and length_us(row.batch)]
    shown = [batch for batch in used if key_of(batch) in opened]
    little = _of_little_output(rows, used)
    working = np.nan_to_num(pieces.power) >= standing + AT_WORK * (production - standing)
    reach_us = max(QUARTER_US, 2 * int(look.step_h * HOUR_US))
    by_reason = {
        StretchQuestion.FILLER: list[QuestionedStretch](),
        StretchQuestion.START_UP: list[QuestionedStretch](),
    }
    for start_us, end_us in _blocks(little):
        clear = look.clear(start_us, end_us)
        inside = (
            (pieces.start_us >= clear[0])
            & (pieces.end_us <= clear[1])
            & ~pieces.used
            & ~pieces.unusable
            & working
        )
        for first, last in runs_of(pieces, inside):
            run = slice(first, last + 1)
            energy, hours = float(pieces.energy[run].sum()), float(pieces.known_h[run].sum())
            if energy - standing * hours < LEAST_H * (production - standing):
                continue
            beside = next(
                (batch for batch in shown if _touch(batch, start_us, end_us, reach_us)), None
            )
            if beside is not None:
                why = (
                    StretchQuestion.START_UP
                    if _is_start_up(little, rows, start_us, end_us)
                    else StretchQuestion.FILLER
                )
                what = (
                    int(pieces.start_us[first]),
                    int(pieces.end_us[last]),
                    energy,
                    unit,
                    beside.batch_id,
                )
                by_reason[why].append(QuestionedStretch(why, look.meter.id, *what))
    most = RARE + RARE_SHARE * len(shown)
    return [
        filler
        for kind in by_reason.values()
        if len({stretch.batch for stretch in kind}) > most
        for filler in kind
    ]


def are_many(wrong: Sequence[int], rows: Sequence[FiledBatch]) -> bool:
    """Whether so many rows of a line have wrong times that what they explain says nothing of the
    others.
    """
    return len(wrong) > FEW_WRONG + WRONG_SHARE * sum(row.excluded is None for row in rows)


def _of_little_output(rows: Sequence[FiledBatch], used: Sequence[Batch]) -> list[Batch]:
    """Rows that no label counts, of some length, which made less than half of what their time
    usually makes.

    Not those that say of a normal run that it made half of a usual batch or more: an end that is
    days too late is a wrong time, and what such a row explains is bounded by the longest batch that
    the pack allows.
    """
    usual = median([whole_output(batch) / length_us(batch) for batch in used] or [0.0])
    batch_makes = median([whole_output(batch) for batch in used] or [0.0])
    others = (
        row.batch for row in rows if row.excluded not in (None, UNUSABLE) and length_us(row.batch)
    )
    return [
        batch
        for batch in others
        if whole_output(batch) < LITTLE_OUTPUT * usual * length_us(batch)
        and not (
            batch.state is OperatingState.NORMAL
            and whole_output(batch) >= LITTLE_OUTPUT * batch_makes > 0
        )
    ]


def whole_output(batch: Batch) -> float:
    """All that a batch made, rejects included, in the step's unit of output."""
    return batch.output + batch.reject


def _blocks(batches: Sequence[Batch]) -> Iterator[tuple[int, int]]:
    """Their times, one that follows another at once together with it."""
    edges = edges_of(span_us(batch) for batch in batches).tolist()
    yield from zip(edges[::2], edges[1::2], strict=True)


def _touch(batch: Batch, start_us: int, end_us: int, reach_us: int) -> bool:
    first_us, last_us = span_us(batch)
    return abs(first_us - end_us) <= reach_us or abs(start_us - last_us) <= reach_us


def _is_start_up(
    little: Sequence[Batch], rows: Sequence[FiledBatch], start_us: int, end_us: int
) -> bool:
    """Whether a block is a start-up before which no row of the line ended for an hour."""
    states = {batch.state for batch in little if start_us <= span_us(batch)[0] < end_us}
    return states == {OperatingState.START_UP} and not any(
        start_us - HOUR_US < span_us(row.batch)[1] <= start_us for row in rows
    )


def explaining(rows: Sequence[FiledBatch], committed: Collection[Key]) -> list[tuple[int, int]]:
    """Where the energy of committed batches may lie whose times the log has wrong: no longer than
    twice what their output takes.
    """
    used = [row.batch for row in rows if row.excluded is None]
    longest, usual = (
        _LONGEST * max(map(length_us, used), default=0),
        median(map(whole_output, used)) if used else 0.0,
    )
    wrong = [
        batch
        for at in of_wrong_times(rows)
        if key_of(batch := rows[at].batch) in committed and whole_output(batch) > 0
    ]
    return [
        (
            microseconds(faulty.start) - _NEAR_US,
            microseconds(faulty.start)
            + int(longest * min(2 * whole_output(faulty) / usual, 1.0) if usual else longest),
        )
        for faulty in wrong
    ]


ABOVE_STANDING = 0.25  # of the way from standing to production
LIKE_PRODUCTION = 0.5  # of production's power: what no row that says "waiting" may reach
# of the usual batch at production's power: what must lie in times that a batch claims beyond what
# one may last
LEAST_CLAIMED = 0.5


def account(
    close_looks: Mapping[str, CloseLook],
    meters: Iterable[MeterRecord],
    rows: Sequence[FiledBatch],
    opened: Collection[Batch],
    beyond: Sequence[Batch] = (),
    *,
    longest_s: Mapping[str, int],
) -> Accounted | None:
    """What is not accounted for; None where no meter that was looked at tells anything.

    Args:
        meters: with what they counted between the moments of their looks.
        rows: batches as the plant's rows give them, each with the reason where no label counts it.
        opened: those whose records were opened, and so were committed to.
        beyond: batches of other times than the report's.
        longest_s: of a batch, by step, as the pack allows.
    """
    records = {record.meter.id: record for record in meters if record.closely is not None}
    committed = {key_of(batch) for batch in opened}
    balances, questioned, edges = [], [], 0
    for name in sorted(set(close_looks) & set(records)):
        mine = [row for row in rows if close_looks[name].serves(row.batch)]
        longest_us = _longest_us(mine, longest_s.get(close_looks[name].meter.step))
        judged = _Judged.of(
            close_looks[name],
            records[name],
            mine,
            [*(row.batch for row in mine), *beyond],
            committed,
            longest_us,
        )
        balances += [judged.balance()] if close_looks[name].days else []
        questioned += [
            *judged.questioned(),
            *judged.rows_without_record(),
            *judged.waiting_at_work(),
            *judged.fillers(),
        ]
        questioned += judged.beside_wrong_times()
        edges += judged.edges
    return Accounted(tuple(balances), tuple(questioned), edges) if balances or edges else None


def longest_of(pack: Pack) -> dict[str, int]:
    """How many seconds a batch of each step may last."""
    return {step.id: step.label_rule.longest_s for step in pack.steps}


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """One meter's look, with the levels of its line."""

    look: CloseLook
    record: MeterRecord
    rows: Sequence[FiledBatch]
    pauses: Sequence[Pause]
    committed: Collection[Key]
    pieces: TimePieces
    production: float | None
    standing: float | None
    above: Flags  # outside, clear of a batch's edges, above the limit
    excused: Flags  # of these, beside a batch whose times the log has wrong
    edges: int
    claimed: Flags  # outside, in times that a batch claims beyond what one may last
    usual_us: float  # the median length of the batches that a label counts
    longest_us: int | None  # what a batch may last

    @classmethod
    def of(
        cls,
        look: CloseLook,
        record: MeterRecord,
        rows: Sequence[FiledBatch],
        ran: Iterable[Batch],
        committed: Collection[Key],
        longest_us: int | None,
    ) -> _Judged:
        ran = list(ran)
        pauses = look.pauses(
            [_bounded(batch, longest_us) for batch in ran], record.start_us, record.end_us
        )
        pieces = cut_of(look, record, rows, pauses)
        production, standing = levels_of(pieces)
        clear, edges = _clear(look, pauses, pieces)
        above = np.zeros(len(pieces.energy), dtype=bool)
        if production is not None and standing is not None:
            limit = standing + ABOVE_STANDING * (production - standing)
            above = (
                pieces.outside & ~pieces.unusable & clear & (np.nan_to_num(pieces.power) > limit)
            )
        excused = above & in_any(pieces, explaining(rows, committed))
        overlong = [
            span_us(batch)
            for batch in ran
            if look.serves(batch) and _is_overlong(batch, longest_us)
        ]
        claimed = pieces.outside & in_any(pieces, overlong)
        usual_us = median(
            [
                length_us(row.batch)
                for row in rows
                if row.excluded is None and length_us(row.batch) > 0
            ]
            or [0]
        )
        edges_seen = edges if production is not None else 0
        return cls(
            look,
            record,
            rows,
            pauses,
            committed,
            pieces,
            production,
            standing,
            above,
            excused,
            edges_seen,
            claimed,
            usual_us,
            longest_us,
        )

    def balance(self) -> AccountedMeter:
        pieces = self.pieces
        drawn = pieces.drawn
        hours = (pieces.end_us - pieces.start_us) / HOUR_US

        def energy(of: Flags) -> float:
            return float(pieces.energy[drawn & of].sum())

        unexplained = self.above & ~self.excused
        return AccountedMeter(
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

    def questioned(self) -> list[QuestionedStretch]:
        """Stretches above standing that nothing explains and that hold enough; a short one beside a
        batch, seen whole, is its edge.
        """
        if self.production is None or self.standing is None:
            return []
        unexplained = []
        least_h = max(LEAST_H, self.look.step_h)
        for first, last in runs_of(self.pieces, self.above & ~self.excused):
            run = slice(first, last + 1)
            start_us, end_us = int(self.pieces.start_us[first]), int(self.pieces.end_us[last])
            surplus = float(
                (self.pieces.energy[run] - self.standing * self.pieces.known_h[run]).sum()
            )
            claimed = bool(self.claimed[run].all())
            if (
                surplus
                < (max(least_h, LEAST_CLAIMED * self.usual_us / HOUR_US) if claimed else least_h)
                * self.production
            ):
                continue
            beside = self._beside(start_us, end_us)
            goes_on = any(
                start_us == stretch.start_us or end_us == stretch.end_us
                for stretch in self.look.stretches
            )
            why = (
                StretchQuestion.EDGE
                if beside and not goes_on and 2 * (end_us - start_us) < self.usual_us
                else StretchQuestion.NO_BATCH
            )
            energy, batch = (
                float(self.pieces.energy[run].sum()),
                beside if why is StretchQuestion.EDGE else "",
            )
            unexplained.append(
                QuestionedStretch(
                    why, self.record.meter.id, start_us, end_us, energy, self.record.unit, batch
                )
            )
        return unexplained

    def rows_without_record(self) -> list[QuestionedStretch]:
        """Batches of the plant's own rows that ran on a drawn day and of which no record was
        opened.
        """
        questioned = []
        for row in self.rows:
            first, last = span_us(row.batch)
            if key_of(row.batch) not in self.committed and any(
                first < day.end_us and last >= day.start_us for day in self.look.days
            ):
                questioned.append(self._of_batch(StretchQuestion.NO_RECORD, row.batch))
        return questioned

    def waiting_at_work(self) -> list[QuestionedStretch]:
        """Committed rows that say the line waited, while it drew power as in production."""
        waiting = []
        for row in self.rows:
            waited = row.batch.state in WAITING and row.excluded != UNUSABLE
            if waited and key_of(row.batch) in self.committed and self.production is not None:
                questioned = self._of_batch(StretchQuestion.STANDING_STATE, row.batch)
                hours = float(self.pieces.known_h[self._inside(row.batch)].sum())
                if questioned.energy > LIKE_PRODUCTION * self.production * max(hours, LEAST_H):
                    waiting.append(questioned)
                else:
                    waiting += self._at_work_inside(row.batch)
        return waiting

    def fillers(self) -> list[QuestionedStretch]:
        """Rows without output beside an opened batch in which the line produced."""
        if self.production is None or self.standing is None:
            return []
        levels = (self.production, self.standing)
        return fillers(self.look, self.record.unit, self.rows, self.committed, self.pieces, levels)

    def beside_wrong_times(self) -> list[QuestionedStretch]:
        """What rows with wrong times explain, where the line has so many that they could explain
        anything.
        """
        if not are_many(of_wrong_times(self.rows), self.rows):
            return []
        questioned = []
        for first, last in runs_of(self.pieces, self.excused):
            energy = float(self.pieces.energy[first : last + 1].sum())
            what = (
                int(self.pieces.start_us[first]),
                int(self.pieces.end_us[last]),
                energy,
                self.record.unit,
            )
            questioned.append(
                QuestionedStretch(StretchQuestion.WRONG_TIMES, self.record.meter.id, *what)
            )
        return questioned

    def _at_work_inside(self, batch: Batch) -> list[QuestionedStretch]:
        """Stretches of such a row in which the line drew power as in production, for half of what a
        batch takes.
        """
        if self.production is None:
            return []
        working = in_any(self.pieces, [span_us(batch)]) & (
            np.nan_to_num(self.pieces.power) > LIKE_PRODUCTION * self.production
        )
        working &= ~self.pieces.used & ~self.pieces.unusable
        questioned = []
        for first, last in runs_of(self.pieces, working):
            start_us, end_us = int(self.pieces.start_us[first]), int(self.pieces.end_us[last])
            energy = float(self.pieces.energy[first : last + 1].sum())
            if energy >= LEAST_CLAIMED * self.usual_us / HOUR_US * self.production:
                what = (
                    self.record.meter.id,
                    start_us,
                    end_us,
                    energy,
                    self.record.unit,
                    batch.batch_id,
                )
                questioned.append(QuestionedStretch(StretchQuestion.STANDING_STATE, *what))
        return questioned

    def _of_batch(self, why: StretchQuestion, batch: Batch) -> QuestionedStretch:
        """With what this meter counted: the batch's energy of a carrier is that of all meters of
        its line.
        """
        energy = float(self.pieces.energy[self._inside(batch)].sum())
        return QuestionedStretch(
            why, self.record.meter.id, *span_us(batch), energy, self.record.unit, batch.batch_id
        )

    def _inside(self, batch: Batch) -> Flags:
        start_us, end_us = span_us(batch)
        inside: Flags = (self.pieces.start_us >= start_us) & (self.pieces.end_us <= end_us)
        return inside

    def _beside(self, start_us: int, end_us: int) -> str:
        """The batch whose edge this stretch begins or ends at; "" where there is none."""
        for pause in self.pauses:
            if pause.start_us <= start_us and end_us <= pause.end_us:
                clear_start, clear_end = self.look.clear(pause.start_us, pause.end_us)
                if start_us == clear_start:
                    return pause.before
                return pause.after if end_us == clear_end else ""
        return ""


def _clear(look: CloseLook, pauses: Sequence[Pause], pieces: TimePieces) -> tuple[Flags, int]:
    """Pieces of pauses that readings tell by themselves, and how many edges of batches have such a
    piece beside them.
    """
    clear = np.zeros(len(pieces.energy), dtype=bool)
    edges = 0
    for pause in pauses:
        first, last = np.searchsorted(pieces.start_us, (pause.start_us, pause.end_us)).tolist()
        if first == last:
            continue
        start_us, end_us = look.clear(pause.start_us, pause.end_us)
        clear[first:last] = (
            (pieces.start_us[first:last] >= start_us)
            & (pieces.end_us[first:last] <= end_us)
            & ~pieces.unusable[first:last]
        )
        edges += int(bool(pause.before) and _is_clear_at(pieces.start_us, clear, start_us))
        edges += int(bool(pause.after) and _is_clear_at(pieces.end_us, clear, end_us))
    return clear, edges


def _is_clear_at(edges_us: NDArray[np.int64], clear: Flags, moment_us: int) -> bool:
    at = int(np.searchsorted(edges_us, moment_us))
    return at < len(edges_us) and int(edges_us[at]) == moment_us and bool(clear[at])


def _longest_us(rows: Sequence[FiledBatch], longest_s: int | None) -> int | None:
    """How long a batch on this meter may run: as the pack says, and no longer than the longest that
    the pack allows, and a tenth.
    """
    if longest_s is None:
        return None
    allowed = [
        length for row in rows if 0 < (length := length_us(row.batch)) <= longest_s * 1_000_000
    ]
    return min(longest_s * 1_000_000, int(_LONGEST * max(allowed, default=longest_s * 1_000_000)))


def _is_overlong(batch: Batch, longest_us: int | None) -> bool:
    """Longer than any that the pack allows; a row that says the line waited is judged by its
    power.
    """
    return longest_us is not None and batch.state not in WAITING and length_us(batch) > longest_us


def _bounded(batch: Batch, longest_us: int | None) -> Batch:
    """The batch for as long as it ran at most. Where it ended nobody knows then, so no edge is
    looked at.
    """
    if longest_us is None or not _is_overlong(batch, longest_us):
        return batch
    return replace(batch, end=batch.start + timedelta(microseconds=longest_us), batch_id="")
