"""Published grades, tested on the only basis they are written for: the exact output-weighted mean
of a whole year.

A label is a low quantile of batches and never meets or misses a grade. Limits that span several
steps belong to the route and are listed as not tested here. What a limit was corrected by comes
from the label's own variant, the output-weighted mean of the batches' own variables where every
used batch recorded it, and else the site's static factors; where both say a variable and differ,
the limit is not tested. Whatever cannot be tested says why, in both languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from math import fsum
from types import MappingProxyType

from benchmarks.declared import Words, worded
from benchmarks.labels.coverage import LONGEST_SILENCE, Coverage, LeftOutShare
from benchmarks.labels.result import LimitGrade, StepGrade
from benchmarks.measurements import Batch, Period
from benchmarks.packs.corrections import (
    NotAssessable,
    asked_by,
    corrected_limits,
    grade,
    not_in_force,
)
from benchmarks.phrases import Phrase
from benchmarks.routes import MetricRule, Step
from benchmarks.standard_limits import StandardLimit

StaticFactors = Mapping[str, float | str]
ALIKE = 0.005
"""By what share a site's constant and the mean of its batches may differ and be one value, written
twice (a convention of ours).
"""
_NOTHING: tuple[None, None, None] = (None, None, None)

_NOT_A_YEAR = Phrase(
    "Grades apply to whole years. This period is not a whole year, so no grade is tested."
)
_NO_BATCH = Phrase("No batch is valid, so there is no mean to test.")
_NO_LIMIT = Phrase("The method pack contains no published limit for this metric of this step.")
_NONE_MET = Phrase("The mean of the year is above the limit of every grade.")


def grade_step(
    step: Step,
    rule: MetricRule,
    variant: str,
    mean: float | None,
    batch_means: Mapping[str, float],
    static_factors: StaticFactors,
    period: Period,
    covered: Coverage,
    ran: AbstractSet[str] = frozenset(),
    doubts: Mapping[str, str] = MappingProxyType({}),
    lost: LeftOutShare | None = None,
    product: str = "",
) -> StepGrade:
    """Test the annual mean of one variant against every limit of this step and metric; None with a
    reason where that cannot be done.

    Args:
        ran: the steps that the site's log holds in the period; a limit that some of them recover
            for is tested on the account of the route.
        doubts: what `doubtful` found.
        lost: what of the year the mean does not hold.
        product: of the label, as its log names it; the step's own where it is empty.
    """
    if not is_whole_year(period):
        return StepGrade(None, "period-not-a-year", why=Words.of(_NOT_A_YEAR))
    if mean is None:
        return StepGrade(None, "no-valid-batch", why=Words.of(_NO_BATCH))
    limits = [
        limit for limit in step.limits if limit.metric == rule.metric and limit.unit == rule.unit
    ]
    if not limits:
        return StepGrade(None, "no-limit-for-this-metric", why=Words.of(_NO_LIMIT))
    if product not in ("", step.product):
        why = Phrase(
            "The pack's limits of this step are for %(own)s. This label is for another product "
            "(%(product)s), so no grade is tested.",
            own=step.product_words,
            product=product,
        )
        return StepGrade(None, "not-applicable", why=Words.of(why))
    if not covered.is_whole:
        return StepGrade(None, "period-not-covered", why=_not_covered(step, covered))
    if lost is not None and (too_much := lost.too_much) is not None:
        return StepGrade(None, "production-left-out", why=Words.of(too_much))
    _, last_day = period.first_and_last  # the version in force when the year was complete
    tested = tuple(
        _test(
            limit,
            step,
            mean,
            {**static_factors, **batch_means, **named(limit, variant, step)},
            last_day,
            ran,
            doubts,
        )
        for limit in limits
    )
    assessed = [limit for limit in tested if limit.reason is None]
    if not assessed:
        telling = next((limit for limit in tested if limit.reason != "not-applicable"), tested[0])
        return StepGrade(None, telling.reason, tested, telling.why)
    met = [limit.best_met for limit in assessed if limit.best_met is not None]
    return (
        StepGrade(min(met), None, tested)
        if met
        else StepGrade(None, "no-grade-met", tested, Words.of(_NONE_MET))
    )


def _not_covered(step: Step, covered: Coverage) -> Words:
    first, last = (f"{moment:%Y-%m-%d}" for moment in covered.silent_days)
    reason = Phrase(
        "Valid batches ran on %(ran)s of %(days)s days, and none from %(first)s to %(last)s. A "
        "grade covers a whole year: at most "
        "%(most)s days in a row may pass without a valid batch. Add the missing batches, or, if "
        "the step was stopped, declare it as "
        '[[events]] with step = "%(step)s" and kind = "stopped" in site.toml.',
        ran=covered.with_batches,
        days=covered.days,
        first=first,
        last=last,
        most=LONGEST_SILENCE.days,
        step=step.id,
    )
    return Words.of(reason)


def is_whole_year(period: Period) -> bool:
    """Twelve months from the first day of a month."""
    start, end = period.start, period.end
    return (
        start.day == 1
        and (end.year - start.year, end.month, end.day) == (1, start.month, 1)
        and start.time() == end.time()
    )


def _line_of(variant: str, step: Step) -> Iterator[str]:
    """The variant and the ones it is a kind of: what holds for other processes holds for
    sintering.
    """
    parents = {entry.id: entry.parent for entry in step.variants}
    above: str | None = variant
    while above:
        yield above
        above = parents.get(above)


def named(limit: StandardLimit, variant: str, step: Step) -> dict[str, str]:
    """The variant as this limit names it: its own name, or that of the kind which the limit is
    meant for.
    """
    line = tuple(_line_of(variant, step))
    if not line:
        return {}
    meant = limit.applies.get("variant")
    return {"variant": meant if isinstance(meant, str) and meant in line else line[0]}


def doubtful(step: Step, batches: Sequence[Batch], static: StaticFactors) -> dict[str, str]:
    """What limits ask for and nobody knows, by the code of why: a constant of a furnace that these
    batches' furnaces share or differ in, and what the batches say otherwise than the site's static
    factors."""
    several = len({batch.equipment for batch in batches}) > 1 if step.of_equipment else False
    stated = {name: value for name, value in static.items() if isinstance(value, int | float)}
    doubts = {
        name: "constant-two-valued"
        for name, value in stated.items()
        if _otherwise(name, value, batches)
    }
    return doubts | {
        name: "constant-shared"
        for name in step.of_equipment
        if (
            several
            if name in static
            else len({batch.variables.get(name) for batch in batches} - {None}) > 1
        )
    }


def _otherwise(name: str, stated: float, batches: Sequence[Batch]) -> bool:
    recorded = [
        (batch.variables[name], batch.output)
        for batch in batches
        if name in batch.variables and batch.output > 0
    ]
    if not recorded:
        return False
    mean = fsum(value * output for value, output in recorded) / fsum(
        output for _, output in recorded
    )
    return abs(mean - stated) > ALIKE * max(abs(mean), abs(stated))


def untold(limit: StandardLimit, doubts: Mapping[str, str]) -> LimitGrade | None:
    """The limit as not tested, where it asks for what is doubtful."""
    names = sorted(asked_by(limit) & doubts.keys())
    if not names:
        return None
    if doubts[names[0]] == "constant-two-valued":
        reason = Phrase(
            "%(standard)s requires %(variable)s, and its value in the batches differs from "
            "[static]. Correct the wrong one. A value that"
            " is recorded with every batch is not needed in [static].",
            standard=limit.standard,
            variable=names[0],
        )
        return untested(limit, "constant-two-valued", Words.of(reason))
    reason = Phrase(
        "%(standard)s requires %(variable)s of the furnace. The batches are from several "
        "furnaces, which share one value or differ "
        "in it. Give it with each batch as var.%(variable)s instead of under [static]. Furnaces "
        "with different values have no limit "
        "in common.",
        standard=limit.standard,
        variable=names[0],
    )
    return untested(limit, "constant-shared", Words.of(reason))


def _test(
    limit: StandardLimit,
    step: Step,
    mean: float,
    variables: Mapping[str, float | str],
    on: date,
    ran: AbstractSet[str],
    doubts: Mapping[str, str],
) -> LimitGrade:
    if (beside := next((other for other in limit.not_beside if other in ran), None)) is not None:
        return untested(limit, "not-applicable", _not_beside(limit, beside))
    if not_yet := not_in_force(limit, on):
        return untested(limit, not_yet.code, not_yet.reason)
    together = [
        *limit.steps_covered,
        *(recovery for recovery in limit.recovered_by if recovery in ran),
    ]
    if together != [step.id]:
        return untested(limit, "limit-over-several-steps", _several(limit, len(together)))
    return untold(limit, doubts) or graded(limit, mean, variables, on)


def graded(
    limit: StandardLimit, mean: float, variables: Mapping[str, float | str], on: date
) -> LimitGrade:
    """An annual mean against one limit in force on that day, as the variables correct it."""
    corrected = corrected_limits(limit, variables, on)
    if isinstance(corrected, NotAssessable):
        return untested(limit, corrected.code, corrected.reason)
    result = grade(mean, corrected)
    first, second, third = result.met
    return LimitGrade(
        limit.id,
        limit.standard,
        corrected,
        (first, second, third),
        result.best_met,
        result.monotone,
        limit.source.verified,
        levels=limit.levels,
    )


def untested(limit: StandardLimit, code: str, why: Words) -> LimitGrade:
    """A limit that nothing was held against, and why."""
    return LimitGrade(
        limit.id,
        limit.standard,
        _NOTHING,
        _NOTHING,
        None,
        True,
        limit.source.verified,
        code,
        why,
        limit.levels,
    )


def _not_beside(limit: StandardLimit, other: str) -> Words:
    return worded(
        "%(standard)s does not apply this limit to a site that runs the step %(step)s.",
        standard=limit.standard,
        step=other,
    )


def _several(limit: StandardLimit, steps: int) -> Words:
    return worded(
        "This limit of %(standard)s applies to %(steps)s steps of this pack together. A single "
        "step is not tested against it.",
        standard=limit.standard,
        steps=steps,
    )
