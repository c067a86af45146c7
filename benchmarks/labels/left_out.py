"""What of a year's production a step's mean does not hold: batches that are in no label, and days of which the record says nothing.

A grade is written for all that a step made in a year. The mean is of valid batches alone, so that a bad day called a start-up, or left out
of the log, would better it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.labels.columns import Floats, Integers, MetricEnergy, StepColumns
from benchmarks.labels.coverage import Span
from benchmarks.labels.reasons import ExclusionReason
from benchmarks.labels.validity import Reasons
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase

MOST_LEFT_OUT = 0.05
"""Of the year's output, and of its energy (a convention of ours): runs half as bad again as the others then move the mean by 2.5 %."""

MOST_SILENT = 0.1
"""Of its days, those of the usual repairs; a longer stand is declared (a convention of ours)."""

_REST_DAYS = 2  # of a week, on which no batch ever runs
_NOT_AGAIN = frozenset({"duplicate", str(ExclusionReason.OUTSIDE_PERIOD)})  # what counts elsewhere
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`share` is the greater of those of output and of energy; `days` without a record, of `of_days`."""

    share: float
    reasons: tuple[str, ...]
    days: int
    of_days: int

    @property
    def too_much(self) -> Phrase | None:
        """Why no grade is told, where too much is left out."""
        if self.share > MOST_LEFT_OUT:
            return Phrase(
                "Batches with %(share)s of the year's output or energy are not in the mean (%(reasons)s). A grade is of all that was made:"
                " no more than %(most)s may be left out. Correct what leaves them out.",
                share=f"{self.share:.0%}",
                reasons=", ".join(self.reasons),
                most=f"{MOST_LEFT_OUT:.0%}",
            )
        if self.days > MOST_SILENT * self.of_days:
            return Phrase(
                "Of %(silent)s of %(days)s days there is no batch on record. A grade is of the whole year: no more than %(most)s may pass"
                ' without one. Add the batches that are missing, or declare as [[events]] of kind "stopped" when the step stood.',
                silent=self.days,
                days=self.of_days,
                most=f"{MOST_SILENT:.0%}",
            )
        return None


def left_out(
    columns: StepColumns, energy: MetricEnergy, reasons: Reasons, rows: Integers, period: Period, stopped: Sequence[Span]
) -> LeftOut:
    """What the mean of the valid ones of these rows does not hold; rows of a variant that nobody knows might be theirs."""
    codes = np.array(reasons.names)[reasons.codes]
    concerned = np.zeros(len(codes), dtype=bool)
    concerned[rows] = True
    concerned |= codes == str(ExclusionReason.VARIANT_UNKNOWN)
    concerned &= columns.begun_in(period) & ~np.isin(codes, list(_NOT_AGAIN))
    lost = concerned & (codes != "")
    known = np.where(energy.known & energy.convertible & np.isfinite(energy.total), np.abs(energy.total), 0.0)
    share = max(_share(np.maximum(columns.output_t, 0.0), lost, concerned), _share(known, lost, concerned))
    common = tuple(name for name, _ in Counter(codes[lost].tolist()).most_common(3))
    days, of_days = _silent_days(columns, period, stopped)
    return LeftOut(share, common, days, of_days)


def _share(amount: Floats, lost: np.ndarray, of: np.ndarray) -> float:
    whole = float(np.nansum(amount[of]))
    return float(np.nansum(amount[lost])) / whole if whole > 0 else 0.0


def _silent_days(columns: StepColumns, period: Period, stopped: Sequence[Span]) -> tuple[int, int]:
    """Days of the period without a batch of the step, whatever became of it, and without a declared stop; a plant may rest on two days of
    the week."""
    first, last = period.start.timestamp(), period.end.timestamp()
    days = round((last - first) / _DAY_S)
    told = np.zeros(days, dtype=bool)
    spans = [(batch.start, batch.end or batch.start) for batch in columns.batches]
    for start, end in (*spans, *stopped):
        begin, until = (start.timestamp() - first) // _DAY_S, -(-(end.timestamp() - first) // _DAY_S)
        told[int(max(begin, 0)) : int(max(until, begin + 1, 0))] = True
    silent = [int((~told[weekday::7]).sum()) for weekday in range(7)]
    rests = sorted((count for weekday, count in enumerate(silent) if not told[weekday::7].any()), reverse=True)[:_REST_DAYS]
    return sum(silent) - sum(rests), days
