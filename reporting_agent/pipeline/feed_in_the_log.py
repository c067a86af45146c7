"""What a unit of output is made of, by the log, against what mass allows and is usual: a caveat
outside the usual, the label withheld beyond any such plant. Fuel in the column of the feedstock is
counted nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from math import fsum

from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.labels import Best, SiteLabel, StepGrade, StepLabel
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.materials import Feed
from benchmarks.measurements import Batch, Metric
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.routes import Pack
from reporting_agent.pipeline.materials_in_the_log import ChargedMaterials, own_output, own_runs

CODE = "feed-unlikely"
NEARLY_WHOLE = 0.9
"""Of the least usual amount, from which a log that may name a part of a feed is taken to name all
of it (a convention of ours).
"""
_IN_KG = 100
"""Times the most, beyond which an amount was written in kg and not in t."""


def withheld(label: SiteLabel, batches: Sequence[Batch], pack: Pack) -> SiteLabel:
    """The label without those of steps of which the log names what no such plant is fed with."""
    charged = ChargedMaterials.by(batches, pack)
    return (
        replace(
            label,
            steps=tuple(_held_back(step_label, charged, batches) for step_label in label.steps),
        )
        if charged.columns
        else label
    )


def _held_back(label: StepLabel, charged: ChargedMaterials, batches: Sequence[Batch]) -> StepLabel:
    for feed, amount, columns in (
        _judged(label, charged, batches) if label.best.value is not None else ()
    ):
        shown = _shown(feed, amount, columns, label, charged)
        if amount < (feed.least or 0.0):
            sentence = Phrase(
                "The log shows %(amount)s t of %(materials)s charged per %(per)s of output; no "
                "such plant can make it from less than "
                "%(least)s t. Correct the amounts, their unit or the output.",
                **shown,
                least=f"{feed.least:g}",
            )
        elif feed.most is not None and amount > feed.most:
            sentence = Phrase(
                "The log shows %(amount)s t of %(materials)s charged per %(per)s of output; no "
                "such plant uses more than %(most)s t. "
                "Correct the amounts, their unit or the output, and report what is burnt as "
                "energy.",
                **shown,
                most=f"{feed.most:g}",
            )
        else:
            continue
        why = Words.of(sentence)
        return replace(
            label,
            best=Best(None, label.best.rule, CODE),
            gap=None,
            grade=StepGrade(None, CODE, label.grade.limits, why),
        )
    return label


def sentences(label: StepLabel, batches: Sequence[Batch], pack: Pack) -> Iterator[Words]:
    """What the log names outside what is usual: less than gives the output, or more, which may have
    been burnt.
    """
    best = label.best.value
    if best is None:
        return
    charged = ChargedMaterials.by(batches, pack)
    judged = list(_judged(label, charged, batches))
    if not any(feed.usual[0] for feed, *_ in judged):
        yield from _held_by_nothing(label, charged, batches)
    for feed, amount, columns in judged:
        lowest, highest = feed.usual
        shown = _shown(feed, amount, columns, label, charged)
        percent = 10 * amount * (feed.burns or 0.0) / MJ_PER[label.energy_unit]
        burnt = 1000 * (amount - highest) * (feed.burns or 0.0) / MJ_PER[label.energy_unit]
        if amount < lowest and best * (lowest / amount - 1) > WORTH_TELLING * abs(best):
            sentence = Phrase(
                "The log shows %(amount)s t of %(materials)s charged per %(per)s of output; at "
                "least %(usual)s is usual. With the "
                "output that this much feed gives, the label would be higher by %(size)s "
                "%(unit)s. Check the scale that weighs the "
                "output, and whether the log names all of the feed.",
                **shown,
                usual=f"{lowest:g}",
                size=significant(best * (lowest / amount - 1), 2),
            )
            yield Words.of(sentence)
        elif label.metric is not Metric.ELECTRICITY and burnt > WORTH_TELLING * abs(best):
            sentence = Phrase(
                "The log shows %(amount)s t of %(materials)s charged per %(per)s of output; at "
                "most %(usual)s is usual. If the rest "
                "were burnt, the label would be higher by %(size)s %(unit)s. Report what is burnt "
                "as energy, and log all materials "
                "of the product.",
                **shown,
                usual=f"{highest:g}",
                size=significant(burnt, 3),
            )
            yield Words.of(sentence)
        elif (
            label.metric is not Metric.ELECTRICITY
            and percent
            and _is_part(feed, charged.pack.step(label.step).feeds)
        ):
            sentence = Phrase(
                "The log shows %(amount)s t of %(materials)s charged per %(per)s of output and "
                "names no other material of the "
                "product. So nothing shows that none of it is burnt: each percent burnt would "
                "raise the label by %(size)s %(unit)s. "
                "Log the other materials.",
                **shown,
                size=significant(percent, 2),
            )
            yield Words.of(sentence)


def _held_by_nothing(
    label: StepLabel, charged: ChargedMaterials, batches: Sequence[Batch]
) -> Iterator[Words]:
    """Where the log names nothing, or too little, of what the output is made of: what each percent
    of it is.

    Parents do not hold it: nothing says that they are all of it.
    """
    best, feeds = (
        label.best.value or 0.0,
        [feed for feed in charged.pack.step(label.step).feeds if feed.usual[0] > 0],
    )
    if best <= 0 or not feeds:
        return
    own = own_runs(batches, label.step)
    if _made_of_it(feeds[0], charged, own, label.step) < (1 - NEARLY_WHOLE) * own_output(
        own
    ):  # bought half made, and told so
        return
    sentence = Phrase(
        "The log names no materials of the product, or too little of them, so the output cannot "
        "be checked: each percent by which it "
        "is too high lowers the label by %(size)s %(unit)s. Log the input of each run, in t, as "
        "input.MATERIAL: %(materials)s.",
        size=significant(best / 99, 2),
        unit=label.unit,
        materials=enumerated(charged.words_of(material) for material in feeds[0].of),
    )
    yield Words.of(sentence)


def _shown(
    feed: Feed, amount: float, columns: Set[str], label: StepLabel, charged: ChargedMaterials
) -> dict[str, Value]:
    names = enumerated(
        charged.words_of(material)
        for material in feed.of
        if columns & {*charged.columns_of([material])}
    )
    return {
        "amount": significant(amount, 3),
        "materials": names,
        "per": charged.pack.step(label.step).output_unit,
        "unit": label.unit,
    }


def _is_part(feed: Feed, feeds: Sequence[Feed]) -> bool:
    return any({*feed.of} < {*whole.of} for whole in feeds)


def _made_of_it(feed: Feed, charged: ChargedMaterials, own: Sequence[Batch], step: str) -> float:
    """The output of the runs, without what the log says was bought half made and is no part of the
    feed (hydrate beside bauxite).
    """
    ready = [
        (at, columns)
        for at, _, columns in charged.stating(charged.pack.step(step))
        if at.variable is at.rest_of is None
    ]
    ready = [
        (at, columns) for at, columns in ready if not {*columns} & {*charged.columns_of(feed.of)}
    ]
    return own_output(own) - fsum(
        charged.amount(own, columns) / at.whole[0] for at, columns in ready
    )


def _judged(
    label: StepLabel, charged: ChargedMaterials, batches: Sequence[Batch]
) -> Iterator[tuple[Feed, float, Set[str]]]:
    """Feeds of the step that the log names, with t per unit of output and its columns: a narrower
    one where it names no more, of one that may be logged in part where it looks whole."""
    fed_materials: set[str] = set()
    feeds = [
        (listed, charged.columns_of(listed.of)) for listed in charged.pack.step(label.step).feeds
    ]
    for index, (feed, columns) in enumerate(feeds):
        if any(narrower == columns for _, narrower in feeds[index + 1 :]):
            continue
        own = [
            run
            for run in own_runs(batches, label.step)
            if any(column in run.variables for column in columns)
        ]
        if (
            fed_materials & {*feed.of}
            or (output := _made_of_it(feed, charged, own, label.step)) <= 0
        ):
            continue
        amount = charged.amount(own, columns) / output
        if amount > _IN_KG * (feed.most or feed.usual[1]):
            amount /= 1000
        if amount > 0 and (feed.least is not None or amount >= NEARLY_WHOLE * feed.usual[0]):
            fed_materials |= {*feed.of}
            yield (
                feed,
                amount,
                {column for run in own for column in columns if column in run.variables},
            )
