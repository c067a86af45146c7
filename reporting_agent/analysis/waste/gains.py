"""What could be gained, cause by cause and group by group, each in a sentence with its evidence.

See `advice` for what counts as a gain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.declared import Words, worded
from benchmarks.guidance.causes import WasteCause
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.phrases import Phrase, Value, enumerated, in_number, sentences
from benchmarks.routes import Pack
from reporting_agent.analysis.energy_costs.amounts import Amount, added, amount_of
from reporting_agent.analysis.figures import percent, plain
from reporting_agent.analysis.waste.causes import CauseRule
from reporting_agent.analysis.waste.evidence import SIGNIFICANT, Groups, level_shift
from reporting_agent.analysis.waste.gap_parts import StepLosses
from reporting_agent.analysis.waste.pareto import Dimension, Pareto, ParetoRow

IDS = 10
_MONTHS_OF_ONE_YEAR = 13
LEAST_SHARE = (
    0.005  # of all energy beyond slopes and uncertainty: below this nobody should look first
)


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at. `code` is stable; "nothing-stands-out" is said where nothing does, with
    no amount.

    `amount` is the energy that the sentence is about: what there is to gain at most. Only of a
    named cause is it called avoidable.
    """

    code: str
    step: str
    words: Words
    amount: Amount | None
    share: (
        float | None
        # of the gap of the counted labels beyond slopes and uncertainty, in kgce; None where it is
        # no part of it
    )
    batches: tuple[str, ...]  # ids, worst first, ten at most
    count: int  # of batches concerned
    p_value: float | None


def of_causes(pack: Pack, counted: Iterable[StepLosses], whole: float) -> Iterator[Advice]:
    for label in counted:
        for rule in label.rules:
            amount = label.by_cause.get(rule.cause)
            if (
                not rule.stands
                or amount is None
                or rule.cause in _TOLD_AS_GROUPS
                or amount.kgce < LEAST_SHARE * whole
            ):
                continue
            energy = label.batches.by_cause[rule.cause]
            share = amount.kgce / whole
            yield Advice(
                f"cause-{rule.cause}",
                label.step,
                _cause_words(pack, label, rule, energy, share),
                amount,
                share,
                worst_first(label, energy),
                int((energy > 0).sum()),
                rule.p_value,
            )


_TOLD_AS_GROUPS = frozenset({WasteCause.EQUIPMENT, WasteCause.SHIFT, WasteCause.HOUR})
_PER = {
    "min": worded("a minute"),
    "h": worded("an hour"),
    "time": worded("each time"),
    "batch": worded("a batch"),
}


def _cause_words(
    pack: Pack, label: StepLosses, rule: CauseRule, energy: Floats, share: float
) -> Words:
    name = named(pack, label)
    batches = int((energy > 0).sum())
    parts: list[Value] = [
        in_number(
            batches,
            "%(step)s: “%(cause)s” accounts for %(share)s of the gap beyond uncertainty, in "
            "%(batches)s batch (%(rule)s).",
            "%(step)s: “%(cause)s” accounts for %(share)s of the gap beyond uncertainty, in "
            "%(batches)s batches (%(rule)s).",
            step=name,
            share=percent(share),
            cause=rule.cause.words,
            batches=f"{batches:,}",
            rule=rule.rule,
        )
    ]
    if rule.estimate is not None and rule.interval is not None and rule.per == "fixed":
        low, high = rule.interval
        parts.append(
            Phrase(
                "A batch takes %(estimate)s %(unit)s whatever its output (95 %%: %(low)s to "
                "%(high)s): each percent of output that it lacks"
                " costs a percent of that.",
                estimate=plain(rule.estimate),
                unit=label.energy_unit,
                low=plain(low),
                high=plain(high),
            )
        )
    if rule.estimate is not None and rule.interval is not None and rule.per in _PER:
        low, high = rule.interval
        parts.append(
            Phrase(
                "It costs %(estimate)s %(unit)s %(per)s (95 %%: %(low)s to %(high)s).",
                estimate=plain(rule.estimate),
                unit=label.energy_unit,
                per=_PER[rule.per],
                low=plain(low),
                high=plain(high),
            )
        )
    if rule.cause is WasteCause.AT_POWER:
        parts.append(
            Phrase(
                "A minute costs about as much as the process itself draws: these batches needed "
                "more energy, and did not lose it "
                "while waiting. Check what was charged and how hot it was tapped."
            )
        )
    return Words.of(sentences(parts))


def of_groups(
    pack: Pack, counted: Sequence[StepLosses], tables: Sequence[Pareto], whole: float
) -> Iterator[Advice]:
    """Groups and months that lie above the others; the level of significance is shared out over all
    tables tested (Bonferroni).
    """
    tested = [table for table in tables if any(row.p_value is not None for row in table.rows)]
    level = SIGNIFICANT / max(len(tested), 1)
    for table in tested:
        labels = [label for label in counted if label.step == table.step]
        if not labels or table.dimension in {Dimension.CAUSE, Dimension.STEP}:
            continue
        above = [
            row
            for row in table.rows
            if row.p_value is not None and row.p_value < level and (row.difference or 0.0) > 0
        ]
        if table.dimension is Dimension.MONTH:
            shifted = [
                shift
                for label in labels
                if (shift := _of_shift(pack, label, whole, level / len(labels))) is not None
            ]
            yield from shifted
            if above and not shifted:
                by_label = [
                    months
                    for label in labels
                    if (months := _of_months(pack, label, above, whole)) is not None
                ]
                yield from sorted(
                    by_label,
                    key=lambda advice: advice.amount.kgce if advice.amount is not None else 0.0,
                )[-1:]
            continue
        for row in above:
            inside = [_in_group(table.dimension, row.key, label) for label in labels]
            output = sum(
                float(label.batches.output[where].sum())
                for label, where in zip(labels, inside, strict=True)
            )
            yield from _advice(
                pack,
                labels,
                inside,
                f"{table.dimension}-differs",
                row,
                (row.difference or 0.0) * output,
                whole,
            )


def _of_shift(pack: Pack, label: StepLosses, whole: float, level: float) -> Advice | None:
    """Since when the level lies higher, where it does: what was changed then can be asked about."""
    rows, evidence = label.made_from.rows, label.evidence
    month = Groups(evidence.month.code[rows], evidence.month.names)
    shift = level_shift(label.batches.at_reference, month, evidence.day[rows], label.batches.output)
    if shift is None or shift.p_value >= level or shift.difference <= 0:
        return None
    since = month.code >= month.names.index(shift.month)
    amount = _scaled(label, since, shift.difference * float(label.batches.output[since].sum()))
    if amount.kgce < LEAST_SHARE * whole:
        return None
    share = min(amount.kgce / whole, 1.0)
    name, season = named(pack, label), _or_season(month.code)
    return Advice(
        "level-shift",
        label.step,
        Words.of(
            sentences(
                [
                    Phrase(
                        "%(step)s: since %(month)s the median day is at %(after)s %(unit)s; "
                        "before, it was at %(before)s "
                        "(probability by chance alone %(chance)s). Returning to the earlier level "
                        "would save %(share)s of the gap "
                        "beyond uncertainty. Check what was changed, repaired or bought "
                        "differently then.",
                        step=name,
                        month=shift.month,
                        after=plain(shift.after),
                        unit=label.unit,
                        before=plain(shift.before),
                        chance=_chance(shift.p_value),
                        share=percent(share),
                    ),
                    *season,
                ]
            )
        ),
        amount,
        share,
        worst_first(label, np.where(since, label.batches.beyond, 0.0)),
        int(since.sum()),
        shift.p_value,
    )


def _or_season(months: Integers) -> list[Phrase]:
    """What has to be added where the batches compared lie in too few months to tell a season from a
    change.
    """
    if len(np.unique(months)) > _MONTHS_OF_ONE_YEAR:
        return []
    return [
        Phrase(
            "Within one year, a season looks the same. First compare it with the same months of "
            "another year."
        )
    ]


def _chance(p_value: float) -> str:
    return Phrase("less than 0.1 %") if p_value < 0.001 else f"{p_value * 100:.1f} %"


def _of_months(
    pack: Pack, label: StepLosses, above: Sequence[ParetoRow], whole: float
) -> Advice | None:
    """Months above the best quarter of the label's months: when it changed is what an engineer can
    ask about.
    """
    months = label.evidence.month
    code = months.code[label.made_from.rows]
    medians = {
        month: float(np.median(label.batches.at_reference[code == month]))
        for month in np.unique(code).tolist()
    }
    good = float(np.quantile(list(medians.values()), 0.25))
    names = sorted({row.key for row in above} & {months.names[month] for month in medians})
    if not names:
        return None  # the label has no batch in any of them: those of another variant are higher
    inside = np.isin(code, [month for month in medians if months.names[month] in names])
    gain = sum(
        max(medians[month] - good, 0.0) * float(label.batches.output[code == month].sum())
        for month in medians
        if months.names[month] in names
    )
    name = named(pack, label)
    worst = max(
        (month for month in medians if months.names[month] in names),
        key=lambda month: medians[month],
    )
    amount = _scaled(label, inside, gain)
    if amount.kgce < LEAST_SHARE * whole:
        return None
    share, season = min(amount.kgce / whole, 1.0), _or_season(code)
    return Advice(
        "month-differs",
        label.step,
        Words.of(
            sentences(
                [
                    Phrase(
                        "%(step)s: %(months)s are higher than the other months by more than "
                        "chance. The best quarter of months has a "
                        "median of %(good)s %(unit)s; %(worst)s has %(median)s. Reaching that "
                        "level again would save %(share)s of "
                        "the gap beyond uncertainty. Check what was changed, repaired or bought "
                        "differently then.",
                        step=name,
                        months=enumerated(names),
                        good=plain(good),
                        unit=label.unit,
                        worst=months.names[worst],
                        median=plain(medians[worst]),
                        share=percent(share),
                    ),
                    *season,
                ]
            )
        ),
        amount,
        share,
        worst_first(label, np.where(inside, label.batches.beyond, 0.0)),
        int(inside.sum()),
        min(row.p_value for row in above if row.p_value is not None),
    )


def _advice(
    pack: Pack,
    labels: Sequence[StepLosses],
    inside: Sequence[Flags],
    code: str,
    row: ParetoRow,
    gain: float,
    whole: float,
) -> Iterator[Advice]:
    first = labels[0]
    amount = added(
        _scaled(label, where, gain * _part(label, where, labels, inside))
        for label, where in zip(labels, inside, strict=True)
    )
    if amount.kgce < LEAST_SHARE * whole or row.difference is None or row.p_value is None:
        return
    share = min(amount.kgce / whole, 1.0)
    name = pack.step(first.step).words
    yield Advice(
        code,
        first.step,
        worded(
            "%(step)s: %(group)s uses %(difference)s %(unit)s more than the others on the median "
            "day (%(batches)s batches; "
            "probability by chance alone %(chance)s). At the level of the others it would save "
            "%(share)s of the gap beyond "
            "uncertainty.",
            step=name,
            group=row.words,
            difference=plain(row.difference, 3),
            unit=first.unit,
            batches=f"{row.batches:,}",
            chance=_chance(row.p_value),
            share=percent(share),
        ),
        amount,
        share,
        worst_first(first, np.where(inside[0], first.batches.beyond, 0.0)),
        row.batches,
        row.p_value,
    )


def _part(
    label: StepLosses, where: Flags, labels: Sequence[StepLosses], inside: Sequence[Flags]
) -> float:
    output = sum(
        float(losses.batches.output[own].sum()) for losses, own in zip(labels, inside, strict=True)
    )
    return float(label.batches.output[where].sum()) / output if output else 0.0


def _scaled(label: StepLosses, inside: Flags, energy: float) -> Amount:
    """An energy of these batches in every unit, at the mean mix of their energy beyond slopes and
    uncertainty.
    """
    own = amount_of((label.split.avoidable + label.split.unexplained)[inside])
    if own.energy <= 0:
        return Amount(energy, 0.0, 0.0, None, None)
    by = energy / own.energy
    return Amount(
        energy,
        own.kwh * by,
        own.kgce * by,
        None if own.co2_kg is None else own.co2_kg * by,
        None if own.money is None else own.money * by,
    )


def _in_group(dimension: Dimension, key: str, label: StepLosses) -> Flags:
    groups = {
        Dimension.EQUIPMENT: label.evidence.equipment,
        Dimension.SHIFT: label.evidence.shift,
        Dimension.HOUR: label.evidence.hour,
    }[dimension]
    inside: Flags = groups.code[label.made_from.rows] == groups.names.index(key)
    return inside


def named(pack: Pack, label: StepLosses) -> Words:
    step = pack.step(label.step)
    if len(step.variants) < 2:
        return step.words
    variant = next(
        (variant.words for variant in step.variants if variant.id == label.variant), None
    )
    return (
        step.words
        if variant is None
        else worded("%(step)s, %(variant)s", step=step.words, variant=variant)
    )


def worst_first(label: StepLosses, energy: Floats) -> tuple[str, ...]:
    order = np.argsort(-energy, kind="stable")[:IDS]
    return tuple(label.batches.ids[row] for row in order.tolist() if energy[row] > 0)
