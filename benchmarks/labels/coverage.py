"""How much of a period the valid batches of a step tell of, and what its mean leaves out: where
either is too much, a grade is refused.

The mean of sixty days is not that of a year. A stretch without a valid batch is one in which the
step stood, which the site declares (`[[events]]`, kind `stopped`), or one that the record lacks;
the record alone cannot tell the two apart.

A grade is written for all that a step made in a year. The mean is of valid batches alone, so that a
bad day called a start-up, or left out of the log, would better it: so batches that are in no label,
and days of which the record says nothing, are held against the year.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.labels.columns import Flags, Floats, Integers, MetricEnergy, StepColumns
from benchmarks.labels.validity import ExclusionReason, Reasons
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase

LONGEST_SILENCE = timedelta(days=31)
"""Without a valid batch and undeclared; longer, and what the record holds is not the period's. A
convention of ours: a month.
"""

FEWEST_OF_A_MONTH = 5
"""Valid batches that begin in a month of which a label tells; a convention of ours."""

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Calendar days of the period in the site's zone, those on which a valid batch ran, and the
    longest stretch without one and not declared.

    `months` are the calendar months of the period, `months_told` those in which at least five valid
    batches began: what a release says of its time, and turns on one batch only where a month holds
    just five.
    """

    days: int
    with_batches: int
    silence: Span
    months: int
    months_told: int

    @property
    def is_whole(self) -> bool:
        """Whether the record speaks for the whole period."""
        return self.silence[1] - self.silence[0] <= LONGEST_SILENCE

    @property
    def lacks_months(self) -> bool:
        """Whether some month of the period is not told of."""
        return self.months_told < self.months

    @property
    def silent_days(self) -> Span:
        """The midnights of the first and the last whole day of a silence of more than a day; on the
        days around it a batch ran.
        """
        start, end = self.silence
        midnight, last = (
            moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
            for moment in (start, end)
        )
        return midnight if midnight == start else midnight + timedelta(days=1), last - timedelta(
            days=1
        )

    def to_json(self) -> dict[str, Any]:
        first, last = (moment.isoformat() for moment in self.silence)
        return {
            "days": self.days,
            "days_with_batches": self.with_batches,
            "months": self.months,
            "months_told": self.months_told,
            "longest_without": {"from": first, "until": last},
        }


def coverage(
    columns: StepColumns, valid: Flags, period: Period, stopped: Iterable[Span]
) -> Coverage:
    """What the valid batches of a step tell of the period; `stopped` is when the site declares that
    it stood.
    """
    first, last = period.start.timestamp(), period.end.timestamp()
    seconds = columns.span_s[valid].clip(first, last)
    stops = (
        np.array([(start.timestamp(), end.timestamp()) for start, end in stopped])
        .reshape(-1, 2)
        .clip(first, last)
    )

    spans = np.vstack([[(first, first), (last, last)], seconds, stops])
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    told_until = np.maximum.accumulate(spans[:, 1])[:-1]
    longest = int(np.argmax(spans[1:, 0] - told_until))
    silence = told_until[longest], max(spans[longest + 1, 0], told_until[longest])

    days = midnights(period)
    day = (
        np.searchsorted(days, columns.span_s[valid & columns.begun_in(period), 0], side="right") - 1
    )
    _, began = np.unique(
        (np.datetime64(period.start.date()) + day).astype("datetime64[M]"), return_counts=True
    )
    enough = int((began >= FEWEST_OF_A_MONTH).sum())
    from_until = tuple(
        datetime.fromtimestamp(float(moment), UTC).astimezone(period.start.tzinfo)
        for moment in silence
    )
    return Coverage(
        len(days) - 1,
        int(_touched(days, seconds).sum()),
        from_until,  # type: ignore[arg-type]
        period.months,
        enough,
    )


def _touched(days: Floats, spans: Floats) -> Flags:
    """Which of the days, given by their midnights, one of the spans, rows of start and end,
    touches.
    """
    first, until = (
        np.searchsorted(days, spans[:, 0], side="right") - 1,
        np.searchsorted(days, spans[:, 1]),
    )
    begun, ended = (
        np.bincount(index, minlength=len(days) + 1)
        for index in (np.maximum(first, 0), np.maximum(until, first + 1))
    )
    return np.cumsum(begun - ended)[: len(days) - 1] > 0


def midnights(period: Period) -> Floats:
    """Where the calendar days of the period begin and the last one ends, as the clock on its wall
    has them: of 23, 24 or 25 h.
    """
    edges = [period.start]
    while edges[-1] < period.end:
        edges.append(edges[-1] + timedelta(days=1))
    return np.array([midnight.timestamp() for midnight in edges])


MOST_LEFT_OUT = 0.05
"""Of the year's output, and of its energy (a convention of ours): runs half as bad again as the
others then move the mean by 2.5 %.
"""

MOST_SILENT = 0.1
"""Of its days, those of the usual repairs; a longer stand is declared (a convention of ours)."""

_REST_DAYS = 2  # of a week, on which no batch ever runs
_NOT_AGAIN = frozenset({"duplicate", str(ExclusionReason.OUTSIDE_PERIOD)})  # what counts elsewhere


@dataclass(frozen=True, slots=True)
class LeftOutShare:
    """`share` is the greater of those of output and of energy; `days` without a record, of
    `of_days`.
    """

    share: float
    reasons: tuple[str, ...]
    days: int
    of_days: int

    @property
    def too_much(self) -> Phrase | None:
        """Why no grade is told, where too much is left out."""
        if self.share > MOST_LEFT_OUT:
            return Phrase(
                "Batches with %(share)s of the year's output or energy are not in the mean "
                "(%(reasons)s). A grade covers all that "
                "was made: at most %(most)s may be left out. Correct the cause of the exclusions.",
                share=_beyond(self.share, MOST_LEFT_OUT),
                reasons=", ".join(self.reasons),
                most=f"{MOST_LEFT_OUT:.0%}",
            )
        if self.days > MOST_SILENT * self.of_days:
            return Phrase(
                "There is no batch on record for %(silent)s of %(days)s days. A grade covers the "
                "whole year: at most %(most)s of the days"
                " may be missing. Add the missing batches, or, if the step was stopped, declare "
                'it as [[events]] of kind "stopped".',
                silent=self.days,
                days=self.of_days,
                most=f"{MOST_SILENT:.0%}",
            )
        return None


def _beyond(share: float, bound: float) -> str:
    """In percent, with as many decimals as show that it is beyond the bound."""
    decimals = next((digits for digits in range(4) if round(share, digits + 2) > bound), 4)
    return f"{share:.{decimals}%}"


def left_out(
    columns: StepColumns,
    energy: MetricEnergy,
    reasons: Reasons,
    rows: Integers,
    period: Period,
    stopped: Sequence[Span],
) -> LeftOutShare:
    """What the mean of the valid ones of these rows does not hold; rows of a variant that nobody
    knows might be theirs.
    """
    codes = np.array(reasons.names)[reasons.codes]
    concerned = np.zeros(len(codes), dtype=bool)
    concerned[rows] = True
    concerned |= codes == str(ExclusionReason.VARIANT_UNKNOWN)
    concerned &= columns.begun_in(period) & ~np.isin(codes, list(_NOT_AGAIN))
    lost = concerned & (codes != "")
    known_energy = np.where(
        energy.known & energy.convertible & np.isfinite(energy.total), np.abs(energy.total), 0.0
    )
    share = max(
        _share(np.maximum(columns.output, 0.0), lost, concerned),
        _share(known_energy, lost, concerned),
    )
    common = tuple(name for name, _ in Counter(codes[lost].tolist()).most_common(3))
    days, of_days = _silent_days(columns, period, stopped)
    return LeftOutShare(share, common, days, of_days)


def _share(amount: Floats, lost: np.ndarray, of: np.ndarray) -> float:
    whole = float(np.nansum(amount[of]))
    return float(np.nansum(amount[lost])) / whole if whole > 0 else 0.0


def _silent_days(columns: StepColumns, period: Period, stopped: Sequence[Span]) -> tuple[int, int]:
    """Days of the period without a batch of the step, whatever became of it, and without a declared
    stop; a plant may rest on two days of the week."""
    stops = np.array([(start.timestamp(), end.timestamp()) for start, end in stopped]).reshape(
        -1, 2
    )
    covered = _touched(midnights(period), np.vstack((columns.span_s, stops)))
    silent = [int((~covered[weekday::7]).sum()) for weekday in range(7)]
    rests = sorted(
        (count for weekday, count in enumerate(silent) if not covered[weekday::7].any()),
        reverse=True,
    )[:_REST_DAYS]
    return sum(silent) - sum(rests), len(covered)
