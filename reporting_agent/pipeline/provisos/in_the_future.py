"""Runs that begin later than now: written before they ran, or by a clock or a year that is
wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from benchmarks.declared import Words
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.phrases import Phrase, in_number


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
