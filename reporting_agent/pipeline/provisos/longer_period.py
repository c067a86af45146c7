"""A period of less than a year beside what the files hold around it: energy booked low in one
quarter and high in the next leaves the year right and makes the label of the first better.

Of energy that the plant gives per run; readings of other periods are not metered. Half a year
either side is looked at: what a plant improved over years is no choice of a period.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from benchmarks.declared import Words
from benchmarks.label_keys import LabelKey
from benchmarks.labels import ExclusionReason, SiteLabel, StepLabel
from benchmarks.labels.result import MeasuredBatches
from benchmarks.measurements import Batch, Period
from benchmarks.phrases import in_number, significant
from reporting_agent.pipeline.provisos.stretches import HIGHER

A_YEAR = timedelta(days=360)
AROUND = timedelta(days=184)


def around(batches: Sequence[Batch], period: Period) -> tuple[list[Batch], Period] | None:
    """The runs of half a year either side with those of the period, and the time that they take;
    None where there are none besides.
    """
    if period.end - period.start > A_YEAR:
        return None
    near = [
        batch for batch in batches if period.start - AROUND <= batch.start < period.end + AROUND
    ]
    beside = [batch.start for batch in near if batch.energy and batch.start not in period]
    if not beside:
        return None
    first, last = min(period.start, *beside), max(period.end, max(beside) + timedelta(days=1))
    outside = ExclusionReason.OUTSIDE_PERIOD.value
    return [
        replace(batch, excluded=None) if batch.excluded == outside else batch for batch in near
    ], Period(first, last, period.name)


def sentences(label: StepLabel, longer: SiteLabel) -> Iterator[Words]:
    """What the label would be at the level of all that time, where that is higher by more than its
    own uncertainty and a season.
    """
    key = LabelKey.of(label)
    other = next((candidate for candidate in longer.steps if LabelKey.of(candidate) == key), None)
    best, sure = label.best.value, label.uncertainty.best if label.uncertainty is not None else None
    measured, whole = label.made_from, None if other is None else other.made_from
    if (
        other is None
        or measured is None
        or whole is None
        or best is None
        or sure is None
        or other.used <= label.used
    ):
        return
    higher = _level(whole) - _level(measured)
    if higher > max(sure.value, HIGHER * abs(best)):
        sentence = in_number(
            other.used - label.used,
            "The files contain %(count)s run outside the period, from %(first)s to %(last)s. All "
            "runs together "
            "are higher by more than a season or the label's uncertainty explains. Energy may "
            "have been booked "
            "in another month. At the level of all runs, the label would be %(other)s %(unit)s "
            "instead of "
            "%(best)s. Compare the months with the readings of the main meters.",
            "The files contain %(count)s runs outside the period, from %(first)s to %(last)s. All "
            "runs together are higher by more than a"
            " season or the label's uncertainty explains. Energy may have been booked in another "
            "month. At the level of all runs, the"
            " label would be %(other)s %(unit)s instead of %(best)s. Compare the months with the "
            "readings of the main meters.",
            count=other.used - label.used,
            first=longer.period.start.date().isoformat(),
            last=longer.period.end.date().isoformat(),
            other=significant(best + higher, 4),
            best=significant(best, 4),
            unit=label.unit,
        )
        yield Words.of(sentence)


def _level(measured: MeasuredBatches) -> float:
    return float(np.average(measured.at_reference, weights=measured.output))
