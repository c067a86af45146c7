"""How much of a period the valid batches of a step tell of.

The mean of sixty days is not that of a year. A stretch without a valid batch is one in which the step stood, which the site declares
(`[[events]]`, kind `stopped`), or one that the record lacks; the record alone cannot tell the two apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.labels.columns import Flags, Floats, StepColumns
from benchmarks.measurements import Period

LONGEST_SILENCE = timedelta(days=31)
"""Without a valid batch and undeclared; longer, and what the record holds is not the period's. A convention of ours: a month."""

FEWEST_OF_A_MONTH = 5
"""Valid batches that begin in a month of which a label tells; a convention of ours."""

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Calendar days of the period in the site's zone, those on which a valid batch ran, and the longest stretch without one and
    not declared.

    `months` are the calendar months of the period, `months_told` those in which at least five
    valid batches began: what a release says of its time, and turns on one batch only where a month holds just five.
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
        """Moments of the first and the last day of the silence."""
        return self.silence[0], self.silence[1] - timedelta(microseconds=1)

    def to_json(self) -> dict[str, Any]:
        first, last = (moment.isoformat() for moment in self.silence)
        return {
            "days": self.days,
            "days_with_batches": self.with_batches,
            "months": self.months,
            "months_told": self.months_told,
            "longest_without": {"from": first, "until": last},
        }


def coverage(columns: StepColumns, valid: Flags, period: Period, stopped: Iterable[Span]) -> Coverage:
    """What the valid batches of a step tell of the period; `stopped` is when the site declares that it stood."""
    first, last = period.start.timestamp(), period.end.timestamp()
    ran = [(batch.start, batch.end or batch.start) for batch, counts in zip(columns.batches, valid.tolist(), strict=True) if counts]
    seconds = np.array([(start.timestamp(), end.timestamp()) for start, end in ran]).reshape(-1, 2).clip(first, last)
    stops = np.array([(start.timestamp(), end.timestamp()) for start, end in stopped]).reshape(-1, 2).clip(first, last)

    known = np.vstack([[(first, first), (last, last)], seconds, stops])
    known = known[np.argsort(known[:, 0], kind="stable")]
    told_until = np.maximum.accumulate(known[:, 1])[:-1]
    longest = int(np.argmax(known[1:, 0] - told_until))
    silence = told_until[longest], max(known[longest + 1, 0], told_until[longest])

    zone = period.start.tzinfo
    midnights = _midnights(period)
    days = len(midnights) - 1
    first_day, end = np.searchsorted(midnights, seconds[:, 0], side="right") - 1, np.searchsorted(midnights, seconds[:, 1])
    spans = zip(first_day.tolist(), end.tolist(), strict=True)
    with_batches = {day for one, other in spans for day in range(one, max(other, one + 1)) if day < days}
    local = (start.astimezone(zone) for start, _ in ran if start in period)
    began = Counter((start.year, start.month) for start in local)
    told = sum(batches >= FEWEST_OF_A_MONTH for batches in began.values())
    from_until = tuple(datetime.fromtimestamp(float(one), UTC).astimezone(zone) for one in silence)
    return Coverage(days, len(with_batches), from_until, period.months, told)  # type: ignore[arg-type]


def _midnights(period: Period) -> Floats:
    """Where the calendar days of the period begin and the last one ends, as the clock on its wall has them: of 23, 24 or 25 h."""
    midnights = [period.start]
    while midnights[-1] < period.end:
        midnights.append(midnights[-1] + timedelta(days=1))
    return np.array([midnight.timestamp() for midnight in midnights])
