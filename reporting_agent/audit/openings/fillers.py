"""Rows without output beside a batch, in which the line drew power as in production: what a batch
used, under another name.

A filler is a stretch in rows that no label counts and that made less than half of what the line
makes in such a time, whatever state they are logged in; its power is at least three quarters of the
way from standing to production, by readings that lie in it. It touches a batch that a label counts
where less than a quarter hour, or two steps of the meter, lie between. A committed row with wrong
times explains energy beside it for no longer than twice what its output takes; so a row without any
explains none. Where more than a tenth of a line's rows have wrong times, nobody can tell what they
explain, and the answer says so.

Honest lines have few of these: a heat that was given up, a trial that failed. They are questioned
where they lie beside more opened batches than one and two in a hundred together. A start-up after
an hour of standstill or more may draw what production draws: readings cannot tell it from a batch
that is said to begin too late, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from statistics import median

import numpy as np

from benchmarks.audit.committed_tree import FiledBatch
from benchmarks.audit.evidence import QuestionedStretch, StretchQuestion
from benchmarks.audit.records import microseconds
from benchmarks.measurements import Batch, OperatingState
from reporting_agent.audit.openings.close_look import (
    QUARTER_US,
    CloseLook,
    edges_of,
    length_us,
    of_wrong_times,
    span_us,
)
from reporting_agent.audit.openings.pieces import HOUR_US, UNUSABLE, TimePieces, runs_of
from reporting_agent.audit.openings.recomputing import Key, key_of

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
