"""A share that corrects a label or its limits (scrap of a converter, clinker of a cement), held
against what the log charges.

A pack declares it as `MaterialShare`. More than the log shows betters the label, or loosens the
limit: told beside the label with its size. A log that names none of it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import fsum

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.materials import MaterialShare
from benchmarks.measurements import Batch
from benchmarks.packs.corrections import RULES
from benchmarks.phrases import Phrase, enumerated, significant
from benchmarks.routes import Pack, Step
from reporting_agent.pipeline.materials_in_the_log import (
    ROOM_PCT,
    ChargedMaterials,
    own_output,
    own_runs,
)


def sentences(
    label: StepLabel, batches: Sequence[Batch], static: Mapping[str, float | str], pack: Pack
) -> Iterator[Words]:
    """Each share of the step that its log shows to be another, where the log's would make the label
    higher or a limit lower.
    """
    step = pack.step(label.step)
    if label.best.value is None or not step.shares:
        return
    charged = ChargedMaterials.by(batches, pack)
    for share in step.shares:
        columns, whole = charged.columns_of(share.of), charged.columns_of(share.among)
        own = [
            run
            for run in own_runs(batches, step.id)
            if any(column in run.variables for column in columns)
        ]
        stated = _stated(share.variable, own, static)
        amount = charged.amount(own, whole) if share.among else own_output(own)
        if stated is None or amount <= 0 or (share.among and {*whole} <= {*columns}):
            continue
        shown = 100 * charged.amount(own, columns) / amount
        higher, lower = (slope * (stated - shown) for slope in _slopes(share.variable, label, step))
        if abs(stated - shown) <= ROOM_PCT or max(higher, lower) <= 0:
            continue
        sentence = Phrase(
            "By the log %(materials)s is %(shown)s %% of %(whole)s, but %(variable)s says "
            "%(stated)s %%. With the log's share "
            "%(effect)s. Correct one of them.",
            materials=enumerated(
                charged.words_of(material)
                for material in share.of
                if charged.columns_of([material])
            ),
            shown=significant(shown, 3),
            whole=_among(share, charged),
            variable=share.variable,
            stated=significant(stated, 3),
            effect=Phrase(
                "the label would be higher by %(size)s %(unit)s",
                size=significant(higher, 3),
                unit=label.unit,
            )
            if higher > 0
            else Phrase(
                "limits that it corrects would be lower by up to %(size)s %(unit)s",
                size=significant(lower, 3),
                unit=label.unit,
            ),
        )
        yield Words.of(sentence)


def _stated(variable: str, own: Sequence[Batch], static: Mapping[str, float | str]) -> float | None:
    """In %, the mean of these runs; None where it is not stated of each, or they made nothing."""
    values = [run.variables.get(variable, static.get(variable)) for run in own]
    numbers = [value for value in values if isinstance(value, int | float)]
    output = own_output(own)
    if len(numbers) < len(values) or output <= 0:
        return None
    return fsum(value * run.output for value, run in zip(numbers, own, strict=True)) / output


def _slopes(variable: str, label: StepLabel, step: Step) -> tuple[float, float]:
    """By how much a percent more lowers the label, and raises the limit of its metric that it
    raises most.
    """
    of_label = next(
        (
            condition.slope.get(label.metric, 0.0)
            for condition in step.reference_conditions
            if condition.variable == variable
        ),
        0.0,
    )
    limits = [
        limit
        for limit in step.limits
        if limit.metric is label.metric and limit.correction is not None
    ]
    terms = (term for limit in limits for term in RULES[limit.correction or ""].terms)
    return of_label, max(
        (
            float(term.slope)
            for term in terms
            if term.kind == "linear" and term.variable == variable
        ),
        default=0.0,
    )


def _among(share: MaterialShare, charged: ChargedMaterials) -> Phrase:
    if not share.among:
        return Phrase("the output")
    return Phrase(
        "all the %(materials)s",
        materials=enumerated(
            charged.words_of(material) for material in share.among if charged.columns_of([material])
        ),
    )
