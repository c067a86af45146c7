"""Published grades, tested on the only basis they are written for: the exact output-weighted mean of a whole year.

A label is a low quantile of batches and never meets or misses a grade. Limits that span several steps are left to the route.
What a limit was corrected by comes from the site's static factors and, where it was recorded with every used batch, the
output-weighted mean of the batch's own variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from benchmarks.labels.result import Grade, LimitGrade
from benchmarks.measurements import Period
from benchmarks.packs.corrections import NotAssessable, corrected_limits, grade
from benchmarks.routes import Limit, MetricRule, Step

StaticFactors = Mapping[str, float | str]
_NOTHING: tuple[None, None, None] = (None, None, None)


def grade_step(
    step: Step, rule: MetricRule, mean: float | None, batch_means: Mapping[str, float], static_factors: StaticFactors, period: Period
) -> Grade:
    """Test the annual mean against every limit of this step and metric; None with a reason where that cannot be done."""
    if not is_whole_year(period):
        return Grade(None, "period-not-a-year")
    if mean is None:
        return Grade(None, "no-valid-batch")
    limits = [
        limit for limit in step.limits if limit.metric == rule.metric and limit.unit == rule.unit and limit.steps_covered == (step.id,)
    ]
    if not limits:
        return Grade(None, "no-limit-for-this-metric")
    last_day = (period.end - timedelta(microseconds=1)).date()  # the version in force when the year was complete
    tested = tuple(_test(limit, mean, {**batch_means, **static_factors}, last_day) for limit in limits)
    assessed = [one for one in tested if one.reason is None]
    if not assessed:
        return Grade(None, tested[0].reason, tested)
    met = [one.best_met for one in assessed if one.best_met is not None]
    return Grade(min(met, default=None), None if met else "no-grade-met", tested)


def is_whole_year(period: Period) -> bool:
    """Twelve months from the first day of a month."""
    start, end = period.start, period.end
    return start.day == 1 and (end.year - start.year, end.month, end.day) == (1, start.month, 1) and start.time() == end.time()


def _test(limit: Limit, mean: float, variables: Mapping[str, float | str], on: date) -> LimitGrade:
    corrected = corrected_limits(limit, variables, on)
    if isinstance(corrected, NotAssessable):
        return LimitGrade(limit.id, limit.standard, _NOTHING, _NOTHING, None, True, limit.source.verified, corrected.code)
    found = grade(mean, corrected)
    first, second, third = found.met
    return LimitGrade(limit.id, limit.standard, corrected, (first, second, third), found.best_met, found.monotone, limit.source.verified)
