"""Whether a running batch takes more energy than chance lets it, at a chosen rate of false alarms;
and what more is foreseen.

*The same progress.* A batch is looked at after each twentieth of the usual duration of its kind, to
twice that. Earlier batches that had ended by a look stand there with all they took, so that a batch
held longer than usual rises above them.

*Excess.* At each look energy less the median of the kind, by the spread of the lower half (median
less 15.87 % point: waste only adds, and must not widen what counts as chance), times how well that
look told the end in earlier batches (their correlation): the excess that is to be expected at the
end.

*Two statistics*, each with half of the rate: the excess itself, and Page's cumulative sum of the
ends of the batches before on the same line plus this batch's excess, which finds what is small and
lasts (combined Shewhart and CUSUM, Lucas 1982). A batch that was told by itself is left out of the
sum, or the next would be told for it. What batches were foreseen to take more (after a stop, after
another product) is told at their beginning and is no alarm.

*The rate is kept by a mirror.* Chance goes both ways and waste only one. So the same procedure, run
downwards over the history, tells what chance alone would have raised: the threshold is the lowest
at which 1 + the alarms of chance over the weeks of history is no more than the rate (the mirror of
knockoffs and of target and decoy: Barber and Candès 2015). It needs no law of the noise and holds
with batches that resemble those before; it needs a chance that is as likely to spare as to take.
Waste raises the median, which errs on the side of silence. Where the history is too short to vouch
for the rate there is no threshold, and no alarm.

*The mirror is for the end alone.* A batch that is only slow stands far below the others while it
runs and ends as they do. Its counterpart, one that is only fast, needs no mirror: history shows by
its end that it was no waste. So alarms downwards count where the end was at least half as low as
the batch had seemed, and alarms upwards where it was less than half as high.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 20
"""Looks in a usual duration."""
LOOKS = 2 * STEPS
FEWEST = 20  # batches of a kind before it has a usual course
_LOWER = (
    15.865525393145708  # per cent of a normal law below one standard deviation under its middle
)
# of the cumulative sum, in standard deviations: half of the shift that it is best at (Page 1954)
_ALLOWANCE = 0.5
_LEVEL = 0.10  # the batches with the lowest values, which stand for the label
_FORESEEN_Z = 2.58  # one batch of a hundred by chance, both ways


@dataclass(frozen=True, slots=True, eq=False)
class UsualCourse:
    """What batches of one kind took, by look, and at their end for one of output. Energies in one
    unit, outputs in another; `label` is what the lowest tenth took for one, for the usual
    output."""

    duration_s: float
    output: float
    typical: Floats
    spread: Floats
    tells: Floats  # how well each look tells the end
    label: Floats
    label_end: float  # for one of output
    end: float  # the same
    end_spread: float

    @classmethod
    def of(
        cls, courses: Floats, per_output: Floats, output: Floats, duration_s: Floats
    ) -> UsualCourse | None:
        """From earlier batches, one course a row; None of too few."""
        if len(courses) < FEWEST:
            return None
        typical, spread = _middle(courses)
        end, end_spread = _middle(per_output)
        away = np.clip((courses - typical) / spread, -4, 4)
        of_end = np.clip((per_output - end) / end_spread, -4, 4)
        with np.errstate(invalid="ignore", divide="ignore"):
            tells = np.nan_to_num(
                [np.corrcoef(away[:, look], of_end)[0, 1] for look in range(LOOKS)]
            )
        lowest = np.argsort(per_output)[: max(1, round(_LEVEL * len(per_output)))]
        usual_output = float(np.median(output))
        of_usual = (
            courses[lowest] * (usual_output / output[lowest])[:, None]
        )  # or large outputs would pass for little energy for one
        label = np.asarray(np.mean(of_usual, axis=0))
        level, weights = float(np.mean(per_output[lowest])), np.clip(tells, 0.0, 1.0)
        return cls(
            float(np.median(duration_s)),
            usual_output,
            typical,
            spread,
            weights,
            label,
            level,
            float(end),
            float(end_spread),
        )

    def expected(self, course: Floats) -> Floats:
        """The excess at the end that each look of a course lets expect, in standard deviations; NaN
        where there was no look.
        """
        return np.asarray((course - self.typical) / self.spread * self.tells)

    def ended(self, per_output: float | Floats) -> Any:
        """The excess of batches that ended."""
        return (per_output - self.end) / self.end_spread


@dataclass(frozen=True, slots=True, eq=False)
class ExcessHistory:
    """What one line did, batch after batch: the expected excess by look (NaN beyond the end), and
    the excess at the end.
    """

    expected: Floats
    ended: Floats


@dataclass(frozen=True, slots=True)
class Limits:
    """Above which a batch is sure to waste; None: the history is too short to vouch for the
    rate.
    """

    single: float | None
    sum: float | None

    @classmethod
    def of(cls, lines: Sequence[ExcessHistory], weeks: float, rate_a_week: float) -> Limits:
        """Over all lines of a site together, since the rate is the site's."""
        allowed = int(rate_a_week / 2 * weeks + 1e-9) - 1
        ones = [peak for line in lines for peak in _of_chance(_peaks, line)]
        sums = [peak for line in lines for peak in _of_chance(_excursions, line)]
        return cls(_threshold(ones, allowed), _threshold(sums, allowed))

    def passed(self, expected: float, before: float) -> str:
        """`one`, `sum` or nothing, of a batch that runs after the cumulative sum `before`."""
        if self.single is not None and expected > self.single:
            return "one"
        return (
            "sum"
            if self.sum is not None and expected > 0 and before + expected - _ALLOWANCE > self.sum
            else ""
        )


def weeks_needed(rate_a_week: float) -> float:
    """History below which there is no threshold: each of the two statistics has half of the rate,
    and 1 + its alarms must fit.
    """
    return 2 / rate_a_week


def course_of(
    time_s: Floats, energy: Floats, duration_s: float, usual_s: float, now_s: float | None = None
) -> Floats:
    """Energy at each look, from what was known by (seconds since the beginning, energy since then).

    Of an ended batch looks after its end hold all it took; of one that runs (`now_s`) those to come
    are NaN.
    """
    looks = usual_s / STEPS * np.arange(1, LOOKS + 1)
    course = np.interp(np.minimum(looks, duration_s), time_s, energy)
    return (
        np.asarray(np.where(looks <= now_s, course, np.nan))
        if now_s is not None
        else np.asarray(course)
    )


def cumulative(before: float, ended: float) -> float:
    """Page's sum after one more batch."""
    return max(0.0, before + ended - _ALLOWANCE)


def foreseen(ended: Floats, of_kind: NDArray[np.bool_]) -> float | None:
    """By how much batches of a kind known at their beginning end above the others; None where
    chance may have done it.
    """
    own, others = ended[of_kind], ended[~of_kind]
    if len(own) < 5 or len(others) < FEWEST:
        return None
    more = float(own.mean() - others.mean())
    error = float(
        np.hypot(own.std(ddof=1) / len(own) ** 0.5, others.std(ddof=1) / len(others) ** 0.5)
    )
    return more if more > _FORESEEN_Z * error else None


@dataclass(frozen=True, slots=True)
class Alarm:
    """For one batch of a line: at which look it was sure, by `one` or `sum`, and whether it begins
    anew or goes on.
    """

    batch: int
    look: int
    by: str
    new: bool


def alarms(line: ExcessHistory, limits: Limits) -> list[Alarm]:
    """The batches of a line for which it was sure while they ran."""
    raised: list[Alarm] = []
    before, announced = 0.0, False
    for batch, course in enumerate(line.expected):
        for look in np.flatnonzero(np.isfinite(course)).tolist():
            if by := limits.passed(float(course[look]), before):
                raised.append(Alarm(batch, look, by, by == "one" or not announced))
                announced = announced or by == "sum"
                break
        if not raised or raised[-1].batch != batch or raised[-1].by == "sum":
            before = cumulative(before, float(line.ended[batch]))
        announced = announced and before > 0
    return raised


def _middle(values: Floats) -> tuple[Any, Any]:
    middle = np.median(values, axis=0)
    spread = middle - np.percentile(values, _LOWER, axis=0)
    return middle, np.maximum(spread, 1e-9 * np.maximum(np.abs(middle), 1e-300))


def _of_chance(
    statistic: Callable[[ExcessHistory], Iterator[StatisticPeak]], line: ExcessHistory
) -> list[float]:
    """The peaks that were chance: downwards those that the end bore out, upwards those that it did
    not.
    """
    mirrored = ExcessHistory(-line.expected, -line.ended)
    return [peak.top for peak in statistic(mirrored) if peak.borne_out] + [
        peak.top for peak in statistic(line) if not peak.borne_out
    ]


@dataclass(frozen=True, slots=True)
class StatisticPeak:
    """The highest that a statistic stood while a batch ran, and where that batch's end left it."""

    top: float
    end: float

    @property
    def borne_out(self) -> bool:
        return self.end >= self.top / 2


def _peaks(line: ExcessHistory) -> Iterator[StatisticPeak]:
    """Of each batch."""
    for top, ended in zip(_highest(line.expected), line.ended.tolist(), strict=True):
        if top > 0:
            yield StatisticPeak(top, ended)


def _excursions(line: ExcessHistory) -> Iterator[StatisticPeak]:
    """The highest of each rise of the sum from zero to zero, one alarm at most; what an end did not
    bear out stands by itself.
    """
    before, highest = 0.0, StatisticPeak(0.0, 0.0)
    for top, ended in zip(_highest(line.expected), line.ended.tolist(), strict=True):
        peak = StatisticPeak(before + top - _ALLOWANCE, before + ended - _ALLOWANCE)
        if top > 0 and peak.top > 0 and not peak.borne_out:
            yield peak
        elif top > 0 and peak.top > highest.top:
            highest = peak
        before = cumulative(before, ended)
        if before == 0.0 and highest.top > 0:
            yield highest
            highest = StatisticPeak(0.0, 0.0)
    if highest.top > 0:
        yield highest


def _highest(expected: Floats) -> list[float]:
    """Of each batch, over its looks."""
    return list(
        np.max(np.where(np.isfinite(expected), expected, -np.inf), axis=1, initial=-np.inf).tolist()
    )


def _threshold(peaks: Sequence[float], allowed: int) -> float | None:
    """The lowest that so many peaks pass at most."""
    if allowed < 0:
        return None
    ordered = sorted(peaks, reverse=True)
    return ordered[allowed] if allowed < len(ordered) else 0.0
