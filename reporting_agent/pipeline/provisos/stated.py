"""What a label or a grade rests on that only the site's statements show, and only an audit tests:
output bought ready, own power (what a percent is worth), classes and capacities that a limit asks
for (limits under the strictest), an unpublished pack, runs later than now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from math import fsum
from operator import attrgetter

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.labels.limit_test import named
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.labels.result import LimitGrade, MeasuredBatches
from benchmarks.labels.step import means_of_variables
from benchmarks.measurements import Period
from benchmarks.packs.corrections import asked_by, grade, strictest
from benchmarks.packs.published_names import is_published
from benchmarks.phrases import Phrase, enumerated, in_number, significant
from benchmarks.routes import Pack, Step
from benchmarks.standard_limits import StandardLimit
from reporting_agent.config import SiteSettings


def purchased_intermediate_caveats(
    label: StepLabel, step: Step, static: Mapping[str, float | str]
) -> Iterator[Words]:
    """The part that the site states, with the label per unit made here; or that it states none,
    with what each percent is worth.
    """
    value, name, measured = label.best.value, step.bought_share, label.made_from
    if name is None or value is None or measured is None:
        return
    share = percent(measured, name, static)
    if share is None:
        sentence = Phrase(
            "The site does not state how much of the output was bought finished or half finished "
            "(%(variable)s). Each percent of it "
            "lowers the label by up to %(size)s %(unit)s. State it under [static], 0 if there is "
            "none.",
            variable=name,
            size=significant(0.01 * abs(value), 2),
            unit=label.unit,
        )
    elif share > 0:
        sentence = Phrase(
            "The site states that %(share)s %% of the output was bought finished or half finished "
            "(%(variable)s). Per %(per)s made "
            "entirely here, the label would be up to %(made_here)s %(unit)s. Keep the delivery "
            "notes for an auditor.",
            share=significant(share, 3),
            variable=name,
            per=step.output_unit,
            made_here=significant(value / (1 - share / 100), 3),
            unit=label.unit,
        )
    else:
        return
    yield Words.of(sentence)


def percent(
    measured: MeasuredBatches, name: str, static: Mapping[str, float | str]
) -> float | None:
    """In % of the output, by run where the runs say so, else of the site; None where it is not
    stated of every run, or cannot be.
    """
    columns, rows = measured.columns, measured.rows
    by_run, output = columns.variable(name)[rows], columns.output[rows]
    of_site = static.get(name)
    stated = np.where(
        np.isnan(by_run), of_site if isinstance(of_site, int | float) else np.nan, by_run
    )
    share = fsum(stated * output) / fsum(output)
    return share if 0 <= share < 100 else None


MOST = 0.3
"""Of a works' power, what the waste heat of a kiln makes at most (30 to 40 kWh of some 90 a tonne;
a convention of ours): where so much of a step's power would not be worth telling, nothing is
asked."""


def own_power_caveats(label: StepLabel, site: SiteSettings, pack: Pack) -> Iterator[Words]:
    """What is not stated, with what each percent moves; or the label with all its power, as the
    site states.
    """
    name, value, measured = pack.own_power, label.best.value, label.made_from
    if name is None or value is None or measured is None or not label.output:
        return
    used = label.energy_by_carrier.get("electricity", 0.0) / label.output
    if used * MOST <= WORTH_TELLING * abs(value):
        return
    share = percent(measured, name, site.static)
    if share is None:
        sentence = Phrase(
            "Nothing states whether power that the site generates itself (waste heat, solar, "
            "wind) was subtracted before the "
            "readings were written to these files. Each percent of the step's power that was "
            "subtracted lowers the label by %(size)s "
            "%(unit)s. Under [static] in site.toml, state how many percent of the power used were "
            "subtracted (%(variable)s), 0 if "
            "none was.",
            variable=name,
            size=significant(0.01 * used, 3),
            unit=label.unit,
        )
    elif share > 0:
        sentence = Phrase(
            "The site states that %(share)s %% of the power that it uses is generated on the site "
            "and was subtracted before the "
            "readings were written to these files (%(variable)s). With it the label would be "
            "%(whole)s %(unit)s. Give the full power "
            "used in the files, and state 0.",
            share=significant(share, 3),
            variable=name,
            whole=significant(value + used * (1 / (1 - share / 100) - 1), 4),
            unit=label.unit,
        )
    else:
        return
    yield Words.of(sentence)


Static = Mapping[str, float | str]


def stated_limit_caveats(
    label: StepLabel, step: Step, static: Static, period: Period
) -> Iterator[Words]:
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


def own_pack_caveats(label: StepLabel, pack: Pack) -> Iterator[Words]:
    """One sentence."""
    if label.best.value is not None and not is_published(pack):
        sentence = Phrase(
            "This label, and any grade beside it, was made with the site's own pack (%(pack)s "
            "%(version)s). Its boundary, limits and "
            "bounds have not been published. Do not compare it with labels made with a published "
            "pack.",
            pack=pack.id,
            version=pack.version,
        )
        yield Words.of(sentence)


def with_sentences(site_label: SiteLabel, now: datetime) -> SiteLabel:
    """The label with one sentence beside each step's, and beside its grade, that rests on such
    runs.
    """
    steps = []
    for label in site_label.steps:
        later = _later(label, now)
        sentence = in_number(
            later,
            "%(count)s of the runs that this label is made from begins later than now (%(now)s), "
            "so no meter can "
            "have read it. Correct the clock or the year of the log.",
            "%(count)s of the runs that this label is made from begin later than now (%(now)s), "
            "so no meter can have read them. Correct the"
            " clock or the year of the log.",
            count=f"{later:,}",
            now=now.date().isoformat(),
        )
        steps.append(
            replace(label, account=(Words.of(sentence), *label.account)) if later else label
        )
    return replace(site_label, steps=tuple(steps))


def remarks(
    labels: Iterable[StepLabel],
    now: datetime,
    name: Callable[[StepLabel], str] = attrgetter("step"),
) -> tuple[Phrase, ...]:
    """One sentence where any rests on such runs, for who shows its figures alone; labels by
    `name`.
    """
    names = dict.fromkeys(name(label) for label in labels if _later(label, now))
    sentence = Phrase(
        "Labels of %(steps)s are made from runs that begin later than now (%(now)s), so no meter "
        "can have read them. Correct the clock or"
        " the year of the log.",
        steps=", ".join(names),
        now=now.date().isoformat(),
    )
    return (sentence,) if names else ()


def _later(label: StepLabel, now: datetime) -> int:
    return sum(run.start > now for run in label.values if run.excluded is None)
