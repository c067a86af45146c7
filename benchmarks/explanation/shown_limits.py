"""Verified limits of standards beside the label, with their basis, never as a gap, and editions in
force that the pack does not hold.

A limit is an annual average and the label a low quantile of batches (two bases, never mixed): so a
limit has no position on the ladder's scale, and nothing here subtracts one from the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from benchmarks.declared import Status, Words, worded
from benchmarks.measurements import Period
from benchmarks.routes import Pack, Route, Step
from benchmarks.standard_limits import Levels, StandardLimit

ANNUAL_BASIS = worded(
    "Annual basis: a yearly average. It is not comparable with the label, so no gap is drawn."
)

NO_LIMIT = worded("This pack contains no standard's limit for these steps in this period.")


@dataclass(frozen=True, slots=True)
class LimitShown:
    """One standard's grades for the steps it covers; a grade that the standard does not define
    stays None.
    """

    words: Words
    standard: str
    clause: str
    metric: str
    unit: str
    grades: tuple[float | None, float | None, float | None]
    steps_covered: tuple[str, ...]
    corrected: bool  # the standard corrects these base values for each plant's conditions
    effective_from: date
    effective_to: date | None
    status: Status | None
    levels: Levels = "grades"
    basis: Words = ANNUAL_BASIS


def shown_limits(
    pack: Pack, route: Route, on: date, variants: Mapping[str, str] | None = None
) -> tuple[LimitShown, ...]:
    """Verified limits in force on a date, for the steps of the route, each once.

    Args:
        variants: the published variant of a step; a limit for another one (another process, another
            grade) does not stand beside it.
    """
    in_route = {route_step.step for route_step in route.steps}
    limits: dict[str, LimitShown] = {}
    for step in pack.steps:
        if step.id not in in_route:
            continue
        for limit in step.limits:
            if not _concerns(limit, step, (variants or {}).get(step.id)) or in_route & {
                *limit.not_beside
            }:
                continue
            in_force = limit.effective_from <= on and (
                limit.effective_to is None or on < limit.effective_to
            )
            if limit.source.verified and limit.source.kind != "engineering-assumption" and in_force:
                limits[limit.id] = LimitShown(
                    words=limit.words,
                    standard=limit.standard,
                    clause=limit.clause,
                    metric=limit.metric.value,
                    unit=limit.unit,
                    grades=limit.grades,
                    steps_covered=limit.steps_covered,
                    corrected=limit.correction is not None,
                    effective_from=limit.effective_from,
                    effective_to=limit.effective_to,
                    status=limit.source.status,
                    levels=limit.levels,
                )
    return tuple(limits.values())


def note(pack: Pack, route: Route, period: Period, limits: Sequence[LimitShown]) -> Words:
    """What stands under the limits, or in their place: the basis, and which editions were in force
    of which the pack holds nothing.
    """
    basis, missing = ANNUAL_BASIS if limits else NO_LIMIT, not_held(pack, route, period)
    return worded("%(basis)s %(missing)s", basis=basis, missing=missing) if missing else basis


def not_held(pack: Pack, route: Route, period: Period) -> Words | None:
    """Which editions were in force on a day of the period whose values the pack does not hold."""
    lacking = pack.editions_not_held(
        (route_step.step for route_step in route.steps), *period.first_and_last
    )
    named = ", ".join(lacking)
    return (
        worded(
            "Also in force, but their values are not in this pack: %(editions)s.", editions=named
        )
        if lacking
        else None
    )


def _concerns(limit: StandardLimit, step: Step, published: str | None) -> bool:
    """Whether the published variant is the limit's own, or one of the two holds the other in the
    declared tree.
    """
    wanted = limit.applies.get("variant")
    if published is None or not isinstance(wanted, str):
        return True
    return wanted in _line(step, published) or published in _line(step, wanted)


def _line(step: Step, variant: str) -> list[str]:
    """The variant, what it merges up to, and so on."""
    parents = {step_variant.id: step_variant.parent for step_variant in step.variants}
    line, above = [variant], parents.get(variant)
    while above is not None and above not in line:
        line.append(above)
        above = parents.get(above)
    return line
