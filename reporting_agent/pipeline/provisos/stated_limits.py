"""What a grade rests on that no reading shows: a class, a capacity, an age, a variant that the site
states and a limit asks for.

No energy moves, and the grade does: the same furnace meets no level as it is, and level 1 as one of
bearing steel. Told beside the grade, of a step and of the annual account of a route, with the
limits under the strictest that the statements can be, where those leave it a worse level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.limit_test import named
from benchmarks.labels.result import LimitGrade
from benchmarks.labels.step import means_of_variables
from benchmarks.measurements import Period
from benchmarks.packs.corrections import asked_by, grade, strictest
from benchmarks.phrases import Phrase, enumerated, significant
from benchmarks.routes import Step
from benchmarks.standard_limits import StandardLimit

Static = Mapping[str, float | str]


def sentences(label: StepLabel, step: Step, static: Static, period: Period) -> Iterator[Words]:
    """Of a step's label."""
    if label.made_from is None or label.mean is None:
        return
    means = means_of_variables(label.made_from.columns, label.made_from.rows)
    last_day = period.first_and_last[1]
    yield from rests_on(
        label.mean,
        label.grade.limits,
        step.limits,
        static,
        means,
        lambda limit: named(limit, label.variant, step),
        last_day,
    )


def rests_on(
    value: float,
    tests: Sequence[LimitGrade],
    limits: Sequence[StandardLimit],
    static: Static,
    means: Mapping[str, float],
    naming: Callable[[StandardLimit], Static],
    last_day: date,
) -> Iterator[Words]:
    """One sentence a standard of which a level is met.

    Args:
        means: variables of the runs themselves, which are no statements.
        naming: what a limit calls the variant.
    """
    sentences: dict[str, Phrase] = {}
    for tested in tests:
        if (level := tested.best_met) is None:
            continue
        limit = next(candidate for candidate in limits if candidate.id == tested.limit)
        alike = [
            candidate
            for candidate in limits
            if (candidate.standard, candidate.metric, candidate.unit)
            == (limit.standard, limit.metric, limit.unit)
        ]
        conditions = {**static, **means, **naming(limit)}
        stated = sorted(name for name in asked_by(limit) & conditions.keys() if name not in means)
        could_be = strictest(alike, conditions, stated, last_day)
        met = grade(value, could_be).best_met
        if met is not None and met <= level:
            continue
        sentences[limit.standard] = Phrase(
            "Whether level %(level)s of %(standard)s is met depends on what the site states: "
            "%(stated)s. If these were the strictest "
            "conditions of the standard, its limits would be %(limits)s %(unit)s, and %(then)s. "
            "Keep documents that prove them for "
            "an auditor: nameplates, the design, orders.",
            level=level,
            standard=limit.standard,
            stated=enumerated(f"{name} = {_plain(conditions[name])}" for name in stated),
            limits=" / ".join(
                "-" if bound is None else significant(bound, 4) for bound in could_be
            ),
            unit=limit.unit,
            then=Phrase("no level would be met")
            if met is None
            else Phrase("level %(met)s would be met", met=met),
        )
    yield from (Words.of(sentence) for sentence in sentences.values())


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
