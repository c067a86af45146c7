"""What must hold of a limit, and between the limits of a step. What a standard cannot mean is a
fault: it would grade plants wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from benchmarks.errors import InputError
from benchmarks.packs.corrections import RULES
from benchmarks.packs.faults import PackFault
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from benchmarks.routes import Pack, Step
from benchmarks.standard_limits import StandardLimit, ValueRange

Condition = str | tuple[float | None, float | None] | ValueRange


def faults_of_limits(step: Step, pack: Pack, place: str) -> Iterator[PackFault]:
    """Every fault of the limits of a step; `place` is where the step stands."""
    for limit in step.limits:
        at = f"{place}.limits[{limit.id}]"
        yield from _limit(limit, step, pack, at)
        yield from _grades(limit, step, at)
        yield from _applies(limit, pack, f"{at}.applies")
    for first, other in combinations(step.limits, 2):
        if (
            _same_object(first, other)
            and _both_in_force(first, other)
            and _both_apply(first, other)
        ):
            wanted = Phrase(
                "another period or other conditions than %(id)s, which applies to the same "
                "product at the same time",
                id=first.id,
            )
            yield PackFault(
                f"{place}.limits[{other.id}].applies",
                Phrase("%(id)s together with %(id_2)s", id=other.id, id_2=first.id),
                wanted,
            )


def _limit(limit: StandardLimit, step: Step, pack: Pack, place: str) -> Iterator[PackFault]:
    rule = step.metric(limit.metric)
    if rule is None:
        yield PackFault(f"{place}.metric", limit.metric, Phrase("a metric of this step"))
    elif not _is_one(limit.unit, rule.unit):
        yield PackFault(
            f"{place}.unit",
            limit.unit,
            Phrase(
                "the metric's unit (%(unit)s): a limit is compared, never converted", unit=rule.unit
            ),
        )
    yield from _correction(limit, step, place)
    yield from _steps_named(limit, step, pack, place)
    if not limit.source.verified or limit.source.kind == "engineering-assumption":
        yield PackFault(
            f"{place}.source",
            limit.source.text,
            Phrase("a verified source: an unverified value is never a limit"),
        )
    if not (limit.clause.strip() or limit.source.clause.strip()):
        yield PackFault(
            f"{place}.clause",
            Phrase("none"),
            Phrase("the clause and table of %(standard)s", standard=limit.standard),
        )
    if limit.source.document and limit.source.document not in limit.standard:
        yield PackFault(
            f"{place}.source",
            limit.source.document,
            Phrase(
                "a source of %(standard)s: a limit must be based on its own document",
                standard=limit.standard,
            ),
        )
    if limit.source.valid_from is not None and limit.effective_from < limit.source.valid_from:
        yield PackFault(
            f"{place}.effective_from",
            str(limit.effective_from),
            Phrase(
                "no day before its source becomes valid (%(valid_from)s)",
                valid_from=str(limit.source.valid_from),
            ),
        )
    if limit.effective_to is not None and limit.effective_to <= limit.effective_from:
        yield PackFault(
            f"{place}.effective_to",
            str(limit.effective_to),
            Phrase("a day after effective_from (%(first)s)", first=str(limit.effective_from)),
        )


def _correction(limit: StandardLimit, step: Step, place: str) -> Iterator[PackFault]:
    """A rule there is, of this standard, whose clause corrects the limits of this step."""
    if limit.correction is not None and limit.correction not in RULES:
        yield PackFault(
            f"{place}.correction",
            limit.correction,
            Phrase("a correction rule: %(names)s", names=", ".join(RULES)),
        )
    elif (
        limit.correction is not None
        and (standard := RULES[limit.correction].standard) != limit.standard
    ):
        wanted = Phrase(
            "a rule of %(standard)s, or none: the rule is clause %(clause)s of another standard",
            standard=limit.standard,
            clause=RULES[limit.correction].clause,
        )
        yield PackFault(
            f"{place}.correction",
            Phrase(
                "%(correction)s, of %(standard)s", correction=limit.correction, standard=standard
            ),
            wanted,
        )
    elif limit.correction is not None and step.id not in (meant := RULES[limit.correction].steps):
        wanted = Phrase(
            "a rule of this step, or none: clause %(clause)s corrects the limits of %(names)s",
            clause=RULES[limit.correction].clause,
            names=", ".join(meant),
        )
        yield PackFault(f"{place}.correction", limit.correction, wanted)


def _steps_named(limit: StandardLimit, step: Step, pack: Pack, place: str) -> Iterator[PackFault]:
    step_ids = {each.id for each in pack.steps}
    for covered in limit.steps_covered:
        if covered not in step_ids:
            yield PackFault(
                f"{place}.steps_covered",
                covered,
                Phrase("steps of this pack: %(names)s", names=", ".join(sorted(step_ids))),
            )
    if step.id not in limit.steps_covered:
        yield PackFault(
            f"{place}.steps_covered",
            str(limit.steps_covered),
            Phrase("a list that includes its own step (%(id)s)", id=step.id),
        )
    products = {
        pack.step(covered).product for covered in limit.steps_covered if covered in step_ids
    }
    for id_ in limit.recovered_by:
        if (
            id_ not in step_ids
            or id_ in limit.steps_covered
            or pack.step(id_).product not in products
        ):
            yield PackFault(
                f"{place}.recovered_by",
                id_,
                Phrase(
                    "a step of this pack other than those covered, per unit of the product of one "
                    "of them"
                ),
            )
    for id_ in limit.not_beside:
        if id_ not in step_ids or id_ in (*limit.steps_covered, *limit.recovered_by):
            yield PackFault(
                f"{place}.not_beside",
                id_,
                Phrase("a step of this pack that the limit neither covers nor counts in"),
            )


def _is_one(unit: str, other: str) -> bool:
    """Whether a figure is the same in both units."""
    try:
        return unit == other or ratio(unit, other) == 1.0
    except InputError:
        return False


def _grades(limit: StandardLimit, step: Step, place: str) -> Iterator[PackFault]:
    """The stricter first, each within what a batch can be. Of several steps together the bounds of
    one say nothing.
    """
    grades = [value for value in limit.grades if value is not None]
    if not grades:
        yield PackFault(f"{place}.grades", Phrase("none"), Phrase("at least one grade"))
    if grades != sorted(grades):
        yield PackFault(
            f"{place}.grades",
            ", ".join(f"{value:g}" for value in grades),
            Phrase("the strictest grade (the smallest value) first"),
        )
    rule = step.metric(limit.metric)
    if rule is None or rule.unit != limit.unit or limit.steps_covered != (step.id,):
        return
    for value in grades:
        if value > rule.ceiling or (value < rule.floor and not limit.recovered_by):
            wanted = Phrase(
                "a value that a batch can have: %(floor)s to %(ceiling)s %(unit)s, the metric's "
                "floor and ceiling",
                floor=f"{rule.floor:g}",
                ceiling=f"{rule.ceiling:g}",
                unit=rule.unit,
            )
            yield PackFault(f"{place}.grades", f"{value:g}", wanted)


def _applies(limit: StandardLimit, pack: Pack, place: str) -> Iterator[PackFault]:
    """Conditions that some site can meet."""
    variants = [
        variant.id
        for step in pack.steps
        if step.id in limit.steps_covered
        for variant in step.variants
    ]
    for variable, wanted in limit.applies.items():
        if variable == "variant" and wanted not in variants:
            yield PackFault(
                f"{place}.variant",
                str(wanted),
                Phrase("a variant of the step: %(names)s", names=", ".join(variants)),
            )
        elif not isinstance(wanted, str) and _is_empty(wanted):
            low, high = _ends(wanted)
            yield PackFault(
                f"{place}.{variable}",
                Phrase("%(least)s to %(most)s", least=f"{low:g}", most=f"{high:g}"),
                Phrase("a range that contains a value: the lower end must be below the upper end"),
            )


def _same_object(former: StandardLimit, other: StandardLimit) -> bool:
    """Two limits of one document on one metric of the same steps: of another document, both may
    hold.
    """
    first, second = (
        (
            limit.source.document or limit.standard,
            limit.metric,
            limit.steps_covered,
            frozenset(limit.applies),
        )
        for limit in (former, other)
    )
    return first == second


def _both_in_force(first: StandardLimit, other: StandardLimit) -> bool:
    begins = max(first.effective_from, other.effective_from)
    return all(begins < (limit.effective_to or date.max) for limit in (first, other))


def _both_apply(first: StandardLimit, other: StandardLimit) -> bool:
    """Whether one site can meet the conditions of both, which are on the same variables."""
    return all(
        _meet(condition, other.applies[variable]) for variable, condition in first.applies.items()
    )


def _meet(first: Condition, other: Condition) -> bool:
    if isinstance(first, str) or isinstance(other, str):
        return first == other
    (low, high), (other_low, other_high) = _ends(first), _ends(other)
    return max(low, other_low) < min(high, other_high) or (low, high) == (other_low, other_high)


def _is_empty(condition: tuple[float | None, float | None] | ValueRange) -> bool:
    low, high = _ends(condition)
    return low >= high


def _ends(condition: tuple[float | None, float | None] | ValueRange) -> tuple[float, float]:
    low, high = (
        (condition.above, condition.up_to) if isinstance(condition, ValueRange) else condition
    )
    return (float("-inf") if low is None else low, float("inf") if high is None else high)
