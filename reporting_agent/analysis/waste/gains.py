"""What could be gained, cause by cause and group by group, each in a sentence with its evidence.

See `advice` for what counts as a gain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.declared import Words, worded
from benchmarks.guidance.causes import Cause
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.phrases import Phrase, Value, enumerated, sentences
from benchmarks.routes import Pack
from reporting_agent.analysis.costs.amounts import Amount, added, amount_of
from reporting_agent.analysis.sentences import percent, plain
from reporting_agent.analysis.waste.causes import CauseRule
from reporting_agent.analysis.waste.chance import SIGNIFICANT, level_shift
from reporting_agent.analysis.waste.evidence import Groups
from reporting_agent.analysis.waste.losses import StepLosses
from reporting_agent.analysis.waste.pareto import Dimension, Pareto, ParetoRow

IDS = 10
_MONTHS_OF_ONE_YEAR = 13
_LEAST_SHARE = 0.005  # of all energy beyond slopes and uncertainty: below this nobody should look first


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at. `code` is stable; "nothing-stands-out" is said where nothing does, with no amount.

    `amount` is the energy that the sentence is about: what there is to gain at most. Only of a named cause is it called avoidable.
    """

    code: str
    step: str
    words: Words
    amount: Amount | None
    share: float | None  # of the gap of the counted labels beyond slopes and uncertainty, in kgce; None where it is no part of it
    batches: tuple[str, ...]  # ids, worst first, ten at most
    count: int  # of batches concerned
    p_value: float | None


def of_causes(pack: Pack, counted: Iterable[StepLosses], whole: float) -> Iterator[Advice]:
    for one in counted:
        for rule in one.rules:
            amount = one.by_cause.get(rule.cause)
            if not rule.stands or amount is None or rule.cause in _TOLD_AS_GROUPS or amount.kgce < _LEAST_SHARE * whole:
                continue
            taken = one.batches.by_cause[rule.cause]
            share = amount.kgce / whole
            yield Advice(
                f"cause-{rule.cause}",
                one.step,
                _cause_words(pack, one, rule, taken, share),
                amount,
                share,
                worst_first(one, taken),
                int((taken > 0).sum()),
                rule.p_value,
            )


_TOLD_AS_GROUPS = frozenset({Cause.EQUIPMENT, Cause.SHIFT, Cause.HOUR})
_PER = {
    "min": worded("a minute"),
    "h": worded("an hour"),
    "time": worded("each time"),
    "batch": worded("a batch"),
}


def _cause_words(pack: Pack, one: StepLosses, rule: CauseRule, taken: Floats, share: float) -> Words:
    name = named(pack, one)
    batches = int((taken > 0).sum())
    told: list[Value] = [
        Phrase(
            "%(step)s: “%(cause)s” accounts for %(share)s of the gap beyond uncertainty, in %(batches)s batches (%(rule)s).",
            step=name,
            share=percent(share),
            cause=rule.cause.words,
            batches=f"{batches:,}",
            rule=rule.rule,
        )
    ]
    if rule.estimate is not None and rule.interval is not None and rule.per in _PER:
        low, high = rule.interval
        told.append(
            Phrase(
                "It costs %(estimate)s %(unit)s %(per)s (95 %%: %(low)s to %(high)s).",
                estimate=plain(rule.estimate),
                unit=one.energy_unit,
                per=_PER[rule.per],
                low=plain(low),
                high=plain(high),
            )
        )
    if rule.cause is Cause.AT_POWER:
        told.append(
            Phrase(
                "A minute costs about as much as the process itself draws: these batches needed more energy, and did not lose it "
                "while waiting. Check what was charged and how hot it was tapped."
            )
        )
    return Words.of(sentences(told))


def of_groups(pack: Pack, counted: Sequence[StepLosses], tables: Sequence[Pareto], whole: float) -> Iterator[Advice]:
    """Groups and months that lie above the others; the level of significance is shared out over all tables tested (Bonferroni)."""
    tested = [table for table in tables if any(row.p_value is not None for row in table.rows)]
    level = SIGNIFICANT / max(len(tested), 1)
    for table in tested:
        labels = [one for one in counted if one.step == table.step]
        if not labels or table.dimension in {Dimension.CAUSE, Dimension.STEP}:
            continue
        above = [row for row in table.rows if row.p_value is not None and row.p_value < level and (row.difference or 0.0) > 0]
        if table.dimension is Dimension.MONTH:
            shifted = _of_shift(pack, labels[0], whole, level)
            if shifted is not None:
                yield shifted
            elif above:
                yield from _of_months(pack, labels, above, whole)
            continue
        for row in above:
            inside = [_in_group(table.dimension, row.key, one) for one in labels]
            output = sum(float(one.batches.output_t[where].sum()) for one, where in zip(labels, inside, strict=True))
            yield from _told(pack, labels, inside, f"{table.dimension}-differs", row, (row.difference or 0.0) * output, whole)


def _of_shift(pack: Pack, one: StepLosses, whole: float, level: float) -> Advice | None:
    """Since when the level lies higher, where it does: what was changed then can be asked about."""
    rows, evidence = one.made_from.rows, one.evidence
    month = Groups(evidence.month.code[rows], evidence.month.names)
    found = level_shift(one.batches.at_reference, month, evidence.day[rows], one.batches.output_t)
    if found is None or found.p_value >= level or found.difference <= 0:
        return None
    since = month.code >= month.names.index(found.month)
    amount = _scaled(one, since, found.difference * float(one.batches.output_t[since].sum()))
    if amount.kgce < _LEAST_SHARE * whole:
        return None
    share = min(amount.kgce / whole, 1.0)
    name, season = named(pack, one), _or_season(month.code)
    return Advice(
        "level-shift",
        one.step,
        Words.of(
            sentences(
                [
                    Phrase(
                        "%(step)s: since %(month)s the median day is at %(after)s %(unit)s; before, it was at %(before)s "
                        "(probability by chance alone %(chance)s). Returning to the earlier level would save %(share)s of the gap "
                        "beyond uncertainty. Check what was changed, repaired or bought differently then.",
                        step=name,
                        month=found.month,
                        after=plain(found.after),
                        unit=one.unit,
                        before=plain(found.before),
                        chance=_chance(found.p_value),
                        share=percent(share),
                    ),
                    *season,
                ]
            )
        ),
        amount,
        share,
        worst_first(one, np.where(since, one.batches.beyond, 0.0)),
        int(since.sum()),
        found.p_value,
    )


def _or_season(months: Integers) -> list[Phrase]:
    """What has to be added where the batches compared lie in too few months to tell a season from a change."""
    if len(np.unique(months)) > _MONTHS_OF_ONE_YEAR:
        return []
    return [Phrase("Within one year, a season looks the same. First compare it with the same months of another year.")]


def _chance(p_value: float) -> str:
    return Phrase("less than 0.1 %") if p_value < 0.001 else f"{p_value * 100:.1f} %"


def _of_months(pack: Pack, labels: Sequence[StepLosses], above: Sequence[ParetoRow], whole: float) -> Iterator[Advice]:
    """Months above the best quarter of months: when it changed is what an engineer can ask about."""
    one = labels[0]
    months = one.evidence.month
    code = months.code[one.made_from.rows]
    medians = {place: float(np.median(one.batches.at_reference[code == place])) for place in np.unique(code).tolist()}
    good = float(np.quantile(list(medians.values()), 0.25))
    names = sorted(row.key for row in above)
    inside = np.isin(code, [place for place in medians if months.names[place] in names])
    gain = sum(
        max(medians[place] - good, 0.0) * float(one.batches.output_t[code == place].sum())
        for place in medians
        if months.names[place] in names
    )
    name = named(pack, one)
    worst = max((place for place in medians if months.names[place] in names), key=lambda place: medians[place])
    amount = _scaled(one, inside, gain)
    if amount.kgce < _LEAST_SHARE * whole:
        return
    share, season = min(amount.kgce / whole, 1.0), _or_season(code)
    yield Advice(
        "month-differs",
        one.step,
        Words.of(
            sentences(
                [
                    Phrase(
                        "%(step)s: %(months)s are higher than the other months by more than chance. The best quarter of months has a "
                        "median of %(good)s %(unit)s; %(worst)s has %(median)s. Reaching that level again would save %(share)s of "
                        "the gap beyond uncertainty. Check what was changed, repaired or bought differently then.",
                        step=name,
                        months=enumerated(names),
                        good=plain(good),
                        unit=one.unit,
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
        worst_first(one, np.where(inside, one.batches.beyond, 0.0)),
        int(inside.sum()),
        min(row.p_value for row in above if row.p_value is not None),
    )


def _told(
    pack: Pack, labels: Sequence[StepLosses], inside: Sequence[Flags], code: str, row: ParetoRow, gain: float, whole: float
) -> Iterator[Advice]:
    one = labels[0]
    amount = added(_scaled(label, where, gain * _part(label, where, labels, inside)) for label, where in zip(labels, inside, strict=True))
    if amount.kgce < _LEAST_SHARE * whole or row.difference is None or row.p_value is None:
        return
    share = min(amount.kgce / whole, 1.0)
    name = pack.step(one.step).words
    yield Advice(
        code,
        one.step,
        worded(
            "%(step)s: %(group)s uses %(difference)s %(unit)s more than the others on the median day (%(batches)s batches; "
            "probability by chance alone %(chance)s). At the level of the others it would save %(share)s of the gap beyond "
            "uncertainty.",
            step=name,
            group=row.words,
            difference=plain(row.difference, 3),
            unit=one.unit,
            batches=f"{row.batches:,}",
            chance=_chance(row.p_value),
            share=percent(share),
        ),
        amount,
        share,
        worst_first(one, np.where(inside[0], one.batches.beyond, 0.0)),
        row.batches,
        row.p_value,
    )


def _part(label: StepLosses, where: Flags, labels: Sequence[StepLosses], inside: Sequence[Flags]) -> float:
    output = sum(float(one.batches.output_t[own].sum()) for one, own in zip(labels, inside, strict=True))
    return float(label.batches.output_t[where].sum()) / output if output else 0.0


def _scaled(one: StepLosses, inside: Flags, energy: float) -> Amount:
    """An energy of these batches in every unit, at the mean mix of their energy beyond slopes and uncertainty."""
    own = amount_of((one.split.avoidable + one.split.unexplained)[inside])
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


def _in_group(dimension: Dimension, key: str, one: StepLosses) -> Flags:
    groups = {
        Dimension.EQUIPMENT: one.evidence.equipment,
        Dimension.SHIFT: one.evidence.shift,
        Dimension.HOUR: one.evidence.hour,
    }[dimension]
    found: Flags = groups.code[one.made_from.rows] == groups.names.index(key)
    return found


def named(pack: Pack, one: StepLosses) -> Words:
    step = pack.step(one.step)
    if len(step.variants) < 2:
        return step.words
    variant = next((variant.words for variant in step.variants if variant.id == one.variant), None)
    return step.words if variant is None else worded("%(step)s, %(variant)s", step=step.words, variant=variant)


def worst_first(one: StepLosses, energy: Floats) -> tuple[str, ...]:
    order = np.argsort(-energy, kind="stable")[:IDS]
    return tuple(one.batches.ids[row] for row in order.tolist() if energy[row] > 0)
