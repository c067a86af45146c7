"""What the log says against what the pack knows, each with its size: heat that charged material may
hold (`HeldHeat`: carbon of dust, shale, ash), shares that correct a label or limit
(`MaterialShare`), output counted by another step's, heating values that the plant does not give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import fsum, isfinite

import numpy as np

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER, Basis
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts, factor_of
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.materials import MaterialShare
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Metric
from benchmarks.packs.corrections import RULES
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.quantities import mj_in
from benchmarks.routes import Pack, Step
from reporting_agent.pipeline.materials_in_the_log import (
    ROOM_PCT,
    ChargedMaterials,
    own_output,
    own_runs,
)
from reporting_agent.pipeline.sitewide import SiteTotals


def held_heat_caveats(
    label: StepLabel, batches: Sequence[Batch], static: Mapping[str, float | str], pack: Pack
) -> Iterator[Words]:
    """Each that the log of the step or of one before it charges, by the log that charges most."""
    step, output, best = (
        pack.step(label.step),
        own_output(own_runs(batches, label.step)),
        label.best.value,
    )
    if best is None or output <= 0 or label.metric is Metric.ELECTRICITY:
        return
    charged = ChargedMaterials.by(batches if step.holds_heat else (), pack)
    for held_heat in step.holds_heat:
        columns = charged.columns_of(held_heat.of)
        amount = (
            max(
                charged.amount(own_runs(batches, step_id), columns)
                for step_id in (step.id, *held_heat.also_at)
            )
            / output
        )
        stated = static.get(held_heat.stated_by)
        heat = stated if isinstance(stated, int | float) and stated >= 0 else held_heat.burns
        size = 1000 * amount * heat / MJ_PER[label.energy_unit]
        if size <= WORTH_TELLING * abs(best):
            continue
        shown: dict[str, Value] = {
            "amount": significant(amount, 3),
            "materials": enumerated(
                charged.words_of(material)
                for material in held_heat.of
                if charged.columns_of([material])
            ),
            "per": step.output_unit,
            "heat": f"{heat:g}",
            "variable": held_heat.stated_by,
            "size": significant(size, 3),
            "unit": label.unit,
        }
        if heat is stated:
            sentence = Phrase(
                "The log shows %(amount)s t of %(materials)s charged per %(per)s of output. The "
                "site states that they contain "
                "%(heat)s MJ/kg (%(variable)s), and no energy counts it: with it the label would "
                "be higher by %(size)s %(unit)s. "
                "Keep the analyses for an auditor.",
                **shown,
            )
        else:
            sentence = Phrase(
                "The log shows %(amount)s t of %(materials)s charged per %(per)s of output. They "
                "can contain up to %(heat)s MJ/kg "
                "that no energy counts: with it the label would be higher by up to %(size)s "
                "%(unit)s. State under [static] what they "
                "contain by analysis (%(variable)s).",
                **shown,
            )
        yield Words.of(sentence)


def share_caveats(
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


NEARLY = 0.01
"""Of the output, what scales of the two may differ by (a convention of ours)."""


def counted_output_caveats(
    label: StepLabel, batches: Sequence[Batch], pack: Pack
) -> Iterator[Words]:
    """By how much the label would be higher by what the other step made in the same time; nothing
    where it has no runs then.
    """
    step, best = pack.step(label.step), label.best.value
    if step.output_of is None or best is None:
        return
    own = own_runs(batches, step.id)
    meanwhile, output = _made_meanwhile(own_runs(batches, step.output_of), own), own_output(own)
    size = best * (output / meanwhile - 1) if meanwhile > 0 else 0.0
    if abs(meanwhile - output) > NEARLY * meanwhile and size > 0:
        sentence = Phrase(
            "The output of this step is that of %(other)s, whose log shows %(made)s %(per)s in "
            "the same time; this log shows "
            "%(output)s %(per)s. By the other log the label would be higher by %(size)s %(unit)s. "
            "Correct one of the two logs.",
            other=pack.step(step.output_of).words,
            made=f"{meanwhile:,.0f}",
            per=step.output_unit,
            output=f"{output:,.0f}",
            size=significant(size, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)


def _made_meanwhile(others: Sequence[Batch], own: Sequence[Batch]) -> float:
    """Of what the others made, evenly over the time of each run, what lies in these runs; two of
    these at a time count it once.
    """
    timed = [
        (other.start.timestamp(), other.end.timestamp(), other.output)
        for other in others
        if other.end is not None
    ]
    start, end, output = (
        (np.array(column) for column in zip(*timed, strict=True)) if timed else (np.empty(0),) * 3
    )
    spans = sorted(
        (run.start.timestamp(), run.end.timestamp()) for run in own if run.end is not None
    )
    done, parts = float("-inf"), list[float]()
    for since, until in spans:
        begin = max(since, done)
        shared = np.clip(np.minimum(end, until) - np.maximum(start, begin), 0, None) / np.maximum(
            end - start, 1
        )
        parts.append(float((shared * output).sum()))
        done = max(done, until)
    return fsum(parts)


WIDE = 0.2
"""By what share a carrier may be richer than its default before that is told: coal by 58 %, coke by
9, natural gas by 16 (a convention of ours)."""


def default_heat_caveats(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """What each percent moves the label by, and what it would be with the richest that the carrier
    can be.
    """
    measured, best = label.made_from, label.best.value
    if measured is None or best is None or not label.output:
        return
    columns, factors = measured.columns, packs.factors(pack)
    used = np.isin(columns.entry_row, measured.rows)
    for carrier in label.energy_by_carrier:
        bounds = factors.can_hold(carrier)
        if not counts(carrier, label.metric) or not CARRIERS[carrier].thermal or bounds is None:
            continue
        energy = 0.0
        for index, kind in enumerate(columns.kinds):
            if (
                kind.carrier == carrier
                and kind.lhv_mj_per_unit is None
                and mj_in(kind.unit) is None
                and kind.direction is Direction.IMPORT
            ):
                factor = factor_of(
                    kind,
                    label.energy_unit,
                    factors,
                    Basis(pack.standard_basis),
                    pack.step(label.step).boundary.measured,
                )
                energy += (
                    float(columns.entry_quantity[used & (columns.entry_kind == index)].sum())
                    * factor
                    / label.output
                )
        if energy <= 0 or not isfinite(energy):
            continue
        default = factors.mj(CarrierEnergy(carrier, 1.0, CARRIERS[carrier].unit), whole.day)
        if bounds.most > (1 + WIDE) * default:
            sentence = Phrase(
                "%(carrier)s counts at the table's %(default)s, because the plant gives no value "
                "of its own. Each percent by which "
                "the real value is higher raises the label by %(size)s %(unit)s; at %(most)s, the "
                "highest possible value, it would "
                "be %(high)s instead of %(best)s. Give measured values under [[lhv]].",
                carrier=CARRIERS[carrier].words.each(str.capitalize),
                default=f"{significant(default, 4)} MJ/{CARRIERS[carrier].unit}",
                size=significant(0.01 * energy, 2),
                unit=label.unit,
                most=f"{bounds.most:g}",
                high=significant(best + energy * (bounds.most / default - 1), 4),
                best=significant(best, 4),
            )
            yield Words.of(sentence)
