"""A site's own label as people are shown it: the one way from site and period to it, for every
command, export and program that shows one.

Who shows figures alone says what makes them doubtful: open questions, and runs later than now.
Elsewhere it is meant otherwise: what leaves is drawn from batches judged each by itself, over
earlier years where a person pools them, with nothing told beside it, and is refused where this
module asks (`sending.pooled_labels.leaving`); a workbook has neither meters to ask about nor
grades, so later runs alone are told; and `savings` reads the data of a label, and shows none.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from benchmarks.declared import worded
from benchmarks.label_keys import LabelKey
from benchmarks.labels import StepGrade, StepLabel
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack
from reporting_agent.changes.review import Review, review
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult, label, label_of, own_label
from reporting_agent.pipeline.provisos import stated

_UNANSWERED = StepGrade(
    None,
    "change-unanswered",
    why=worded("No grade is tested until the change in the data of this label is explained."),
)


class QuestionedLabel(NamedTuple):
    """A label and what is asked of the record it was made from."""

    result: LabelResult
    review: Review
    unquestioned: tuple[
        StepLabel, ...
    ]  # the labels without the batches that open questions make doubtful
    doubtful: frozenset[LabelKey]  # labels that lose batches so: nothing is concluded from them
    later: tuple[
        Phrase, ...
    ]  # of labels that rest on runs later than now, for whom the figures alone are shown


def labelled(
    site: SiteSettings,
    period: str,
    now: datetime,
    *,
    outward: bool = False,
    pack: Pack | None = None,
    for_others: bool = False,
) -> QuestionedLabel:
    """Label a site for people.

    Args:
        period: as `Period.parse` reads it, in the site's time zone.
        outward: judge the batches as they would leave, too.
        pack: by which to label in place of the site's.
        for_others: shown to them or compared with theirs: by the rules of a release; else the
            plant's own.

    Raises:
        InputError: a file, the configuration or the period cannot be used; says file, row, column,
            found and wanted.
    """
    made = label if for_others else own_label
    return questioned(
        site, made(site, Period.parse(period, site.zone), outward=outward, pack=pack), now
    )


def questioned(site: SiteSettings, result: LabelResult, now: datetime) -> QuestionedLabel:
    """Runs that begin later than `now` are told beside the label; and one that an open question
    puts in question has no grade, since a figure that may be wrong meets no limit."""
    site_label, asked = (
        stated.with_sentences(result.site_label, now),
        review(site, result.strict.data),
    )
    without = (
        label_of(
            site,
            asked.without(result.data, site.zone),
            site_label.period,
            at_home=result.released is not None,
        ).steps
        if asked.open
        else ()
    )
    left = {LabelKey.of(step): step.used for step in without}
    doubtful = frozenset(
        LabelKey.of(step)
        for step in site_label.steps
        if asked.open and left.get(LabelKey.of(step), 0) < step.used
    )
    steps = tuple(
        replace(step, grade=_UNANSWERED) if LabelKey.of(step) in doubtful else step
        for step in site_label.steps
    )
    shown = replace(result, site_label=replace(site_label, steps=steps))
    return QuestionedLabel(shown, asked, without, doubtful, stated.remarks(steps, now))
