"""What holding, standing, reheats and the other causes cost the batches of a step, all fitted
together, and what each takes of every batch.

1. *Rejected output* is counted, not estimated: its share of what was produced times the batch's
   energy.
2. For every other cause of a batch's own the log gives a **dose**: minutes longer than the batches
   at the label level, a stop before, another product before, reheats, tonnes short. One robust
   regression over all used batches (`regression`), each month's median
   taken off, tells what a dose costs, all doses together, so that a minute is not paid twice, and
   within each piece of equipment: what a small mill takes more than a large one is no cause's
   doing. A cause stands only where its cost is above 0 by more than chance, on five batches or
   more, and where it predicts the runs of a fifth of the time that were left out
   (`regression.predicted`); else it takes nothing.
3. *Equipment, shift, hour*: of what is then left, a group that lies above all others by more than
   chance (`evidence`) takes the difference.
4. *Longer at power*: minutes with the power on that cost about what the process itself draws (half
   its mean power or more) are no waiting. They tell where the energy went and not why: last in
   turn, and named so.
5. What no evidence explains stays "no cause in the data".

By more than chance is p < 0.05 over all that is tried at the site: Holm's correction over the
doses, or the groups, of a test, and Bonferroni's over the tests of all labels.

1 to 3 are *avoidable*, 4 and 5 *unexplained*. They share out a batch's energy above the label
**beyond** slopes and uncertainty, never more, cut in proportion, on the label's binary grid. "At
the label level" is the lowest tenth at reference conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks.declared import Words, worded
from benchmarks.guidance.causes import WasteCause
from benchmarks.labels import MeasuredBatches
from benchmarks.labels.columns import Floats, Integers
from benchmarks.labels.waste import on_grid
from benchmarks.phrases import Phrase
from benchmarks.routes import Step
from reporting_agent.analysis.drivers.regression import fit, predicted
from reporting_agent.analysis.figures import plain
from reporting_agent.analysis.waste.evidence import (
    SIGNIFICANT,
    BatchEvidence,
    GroupDifference,
    Groups,
    differences,
    holm,
    of_product,
    without_drift,
)

FEWEST_WITH_EVIDENCE = 5
FEWEST_TO_FIT = 30
_LABEL_LEVEL = 0.10
_OF_THE_PROCESS = 0.5
_LONG_STOP_H = 1.0
_COLD_AFTER_H = 12.0
_LONGER_THAN_USUAL = 3.0  # times the median pause
_HOLDING_VARIABLES = {
    "holding_s": 1 / 60,
    "holding_min": 1.0,
    "waiting_min": 1.0,
    "delay_min": 1.0,
    "delay_s": 1 / 60,
}
_REHEAT_VARIABLES = ("reheats", "reheat_count")
WHOLE_DAYS = frozenset({"day", "month", "pot-month", "campaign"})
RUNS_OF_FIXED_LENGTH = frozenset({"day", "shift", "month", "campaign", "pot-month"})
"""Kinds of run whose length and beginning are the calendar's: neither is evidence of anything."""


@dataclass(frozen=True, slots=True)
class CauseRule:
    """How one cause was looked for in one label: the rule in words, what it costs, and how sure
    that is.

    `estimate` is energy (in the label's energy unit) per `per` of the evidence, such as kWh a
    minute, with its 95 % interval; for equipment, shift and hour it is energy per output. `p_value`
    is corrected for all that was tried at the site; None where nothing is estimated. A cause that
    does not stand took nothing.
    """

    cause: WasteCause
    rule: Words
    # min, h, time, batch; of low load `fixed`: what a batch takes without output; "" per output
    per: str
    estimate: float | None
    interval: tuple[float, float] | None
    p_value: float | None
    batches: int  # with this evidence
    stands: bool


class Dose(NamedTuple):
    """The evidence of one cause for the used batches: `amount` in `per`, 0 without it, NaN where
    not known; its rule in words. `signed` is also below 0, where a batch had less than usual: what
    a unit costs is estimated by it, since cut off at 0 the usual itself would count as some.
    """

    cause: WasteCause
    amount: Floats
    per: str
    rule: Words
    signed: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """What each cause takes of the energy beyond slopes and uncertainty, and the doses and rules it
    was told by.
    """

    energy: Mapping[WasteCause, Floats]
    rules: tuple[CauseRule, ...]
    doses: Mapping[WasteCause, Dose]
    groups: Mapping[WasteCause, tuple[Groups, frozenset[int]]]  # codes that took something


def attribute(
    measured: MeasuredBatches, evidence: BatchEvidence, step: Step, beyond: Floats, labels: int
) -> Attribution:
    """Give the energy of the used batches beyond slopes and uncertainty (on the grid, in the
    label's unit) to causes; `labels` of the site are tried so.
    """
    rows, output = measured.rows, measured.output
    reject, month = measured.columns.reject[rows], evidence.month.code[rows]
    by_cause: dict[WasteCause, Floats] = {}
    rules: list[CauseRule] = []
    left = beyond
    excess = measured.at_reference  # per output; loses what each cause took

    def take(claims: Mapping[WasteCause, Floats]) -> None:
        nonlocal left, excess
        for cause, part in _cut(claims, left).items():
            by_cause[cause] = part
            left = left - part
        excess = excess - sum(claims.values(), np.zeros(len(rows))) / output

    if (reject > 0).any():
        take({WasteCause.REJECT: measured.value * output * reject / (output + reject)})
        rules.append(_reject_rule(int((reject > 0).sum())))
    order = np.argsort(evidence.start_s[rows], kind="stable").astype(np.int64)
    doses = [
        dose
        for dose in _doses(measured, evidence, step)
        if int((dose.amount > 0).sum()) >= FEWEST_WITH_EVIDENCE
    ]
    at_power = [dose for dose in doses if dose.cause is WasteCause.AT_POWER]
    own = [dose for dose in doses if dose.cause is not WasteCause.AT_POWER]
    line = _lines(evidence, rows)
    groups_tried = _groups_tried(evidence, rows, step.run_kind)
    tests = labels * (bool(own) + bool(at_power) + len(groups_tried))

    def response() -> Floats:
        return without_drift(of_product(excess, line + 1), month)

    claims, dose_rules = _estimated(own, response(), output, order, line, tests)
    if (ran := _running(own, dose_rules, measured, evidence)) is not None:
        own = [dose for dose in own if dose.cause is not WasteCause.HOLDING]
        at_power = at_power or [ran]
        claims, dose_rules = _estimated(own, response(), output, order, line, tests)
    take(claims)
    group_claims, group_rules, groups = _of_groups(
        excess, groups_tried, evidence, rows, output, tests
    )
    take(group_claims)
    last_claims, last = _estimated(at_power, response(), output, order, line, tests)
    take(last_claims)
    used = {dose.cause: dose for dose in (*own, *at_power)}
    return Attribution(
        {**by_cause, WasteCause.NONE: left},
        (*rules, *dose_rules, *group_rules, *last),
        used,
        groups,
    )


def _running(
    doses: list[Dose], rules: list[CauseRule], measured: MeasuredBatches, evidence: BatchEvidence
) -> Dose | None:
    """The holding dose as a longer run, where a minute of it costs half of what the process draws
    or more.
    """
    for dose, rule in zip(doses, rules, strict=True):
        if dose.cause is WasteCause.HOLDING and rule.stands and rule.estimate is not None:
            best = label_level(measured.at_reference)
            minutes = evidence.interval_s[measured.rows[best]] / 60
            drawn = float(np.nanmedian(measured.value[best] * measured.output[best] / minutes))
            if rule.estimate > _OF_THE_PROCESS * drawn:
                return dose._replace(cause=WasteCause.AT_POWER)
    return None


def label_level(at_reference: Floats) -> Integers:
    """The rows of the tenth of the batches with the lowest values, five at least."""
    count = min(
        max(round(_LABEL_LEVEL * len(at_reference)), FEWEST_WITH_EVIDENCE), len(at_reference)
    )
    lowest: Integers = np.argsort(at_reference, kind="stable")[:count].astype(np.int64)
    return lowest


def _lines(evidence: BatchEvidence, rows: Integers) -> Integers:
    """The equipment of each used batch; those of too few batches to tell anything of are one."""
    code = evidence.equipment.code[rows]
    many = np.bincount(code + 1, minlength=int(code.max(initial=0)) + 2) >= FEWEST_TO_FIT
    return np.where(many[code + 1], code, -1)


def _usual(values: Floats, measured: MeasuredBatches, line: Integers) -> Floats:
    """Of each used batch, the median over the batches at the label level of the same equipment."""
    usual = np.full(len(values), np.nan)
    for code in np.unique(line).tolist():
        own = np.flatnonzero(line == code)
        level = values[own[label_level(measured.at_reference[own])]]
        if np.isfinite(level).any():
            usual[own] = float(np.nanmedian(level))
    return usual


def _range(usual: Floats, shown: Callable[[float], str]) -> str:
    """What is usual, from the equipment with the least to that with the most."""
    least, most = shown(float(np.nanmin(usual))), shown(float(np.nanmax(usual)))
    return least if least == most else f"{least}–{most}"


def _doses(measured: MeasuredBatches, evidence: BatchEvidence, step: Step) -> Iterable[Dose]:
    rows, output = measured.rows, measured.output
    line = _lines(evidence, rows)
    if step.run_kind not in RUNS_OF_FIXED_LENGTH:
        yield from _of_time(measured, evidence, line)
    for name in _REHEAT_VARIABLES:
        times = measured.columns.variable(name)[rows]
        if np.isfinite(times).any():
            yield Dose(
                WasteCause.REHEAT,
                times,
                "time",
                worded("as the log's variable %(name)s counts them", name=name),
            )
            break
    pause = evidence.pause_s[rows]
    if np.isfinite(pause).any():
        long_stop_h = max(_LONG_STOP_H, _LONGER_THAN_USUAL * float(np.nanmedian(pause)) / 3600)
        yield Dose(
            WasteCause.COLD_START,
            np.clip(pause / 3600 - long_stop_h, 0.0, _COLD_AFTER_H),
            "h",
            worded(
                "the first batch after the equipment was stopped for more than %(long_stop_h)s h; "
                "each further hour, up to "
                "%(coldest_h)s h, cooled it further",
                long_stop_h=f"{long_stop_h:,.1f}",
                coldest_h=f"{_COLD_AFTER_H:g}",
            ),
        )
    yield Dose(
        WasteCause.CHANGEOVER,
        evidence.changed[rows],
        "batch",
        worded("the batch before on the same equipment was of another product or variant"),
    )
    usual = _usual(output, measured, line)
    yield Dose(
        WasteCause.LOW_LOAD,
        np.maximum(1.0 - output / usual, 0.0),
        "fixed",
        worded(
            "output below %(usual)s %(output_unit)s, the median of the batches at the label "
            "level; the fixed energy of a batch is "
            "then divided by fewer tonnes",
            usual=_range(usual, plain),
            output_unit=step.output_unit,
        ),
        1.0 - output / usual,
    )


def _of_time(measured: MeasuredBatches, evidence: BatchEvidence, line: Integers) -> Iterable[Dose]:
    rows = measured.rows
    power_on, interval = evidence.power_on_s[rows] / 60, evidence.interval_s[rows] / 60
    if np.isfinite(power_on).any():
        usual = _usual(power_on, measured, line)
        yield Dose(
            WasteCause.AT_POWER,
            np.maximum(power_on - usual, 0.0),
            "min",
            worded(
                "power on for longer than %(usual)s min, the median of the batches at the label "
                "level",
                usual=_range(usual, "{:,.1f}".format),
            ),
            power_on - usual,
        )
        waiting = np.where(interval >= power_on, interval - power_on, np.nan)
        what = Phrase("start to end with power off")
    else:
        waiting, what = interval, Phrase("start to end")
    for name, minutes in _HOLDING_VARIABLES.items():
        stated = measured.columns.variable(name)[rows] * minutes
        if np.isfinite(stated).any():
            waiting, what = stated, Phrase("the log's %(variable)s", variable=name)
            break
    usual = _usual(waiting, measured, line)
    if np.isfinite(usual).any():
        yield Dose(
            WasteCause.HOLDING,
            np.maximum(waiting - usual, 0.0),
            "min",
            worded(
                "%(what)s longer than %(usual)s min, the median of the batches at the label level",
                what=what,
                usual=_range(usual, "{:,.1f}".format),
            ),
            waiting - usual,
        )


def _estimated(
    doses: list[Dose],
    excess: Floats,
    output: Floats,
    order: Integers,
    line: Integers,
    tests: int,
) -> tuple[dict[WasteCause, Floats], list[CauseRule]]:
    """What every dose costs, per batch in the label's energy unit; a dose that is not known costs
    nothing and enters no estimate.
    """
    if not doses:
        return {}, []
    if len(order) < FEWEST_TO_FIT:
        return {}, [_rule(dose, None, None, None, False) for dose in doses]
    signed = [dose.amount if dose.signed is None else dose.signed for dose in doses]
    amounts = np.column_stack([amount / output for amount in signed])[order]
    fitted = fit(amounts, excess[order], line[order])
    foretold = predicted(amounts, excess[order], line[order])
    corrected = [min(tests * p_value, 1.0) for p_value in holm(fitted.p_value.tolist())]
    claims: dict[WasteCause, Floats] = {}
    rules = []
    for index, dose in enumerate(doses):
        cost, p_value = float(fitted.coefficient[index]), corrected[index]
        stands = cost > 0 and p_value < SIGNIFICANT and foretold[index]
        if stands:
            claims[dose.cause] = np.nan_to_num(dose.amount) * cost
        rules.append(
            _rule(
                dose, cost, (float(fitted.low[index]), float(fitted.high[index])), p_value, stands
            )
        )
    return claims, rules


def _rule(
    dose: Dose,
    cost: float | None,
    interval: tuple[float, float] | None,
    p_value: float | None,
    stands: bool,
) -> CauseRule:
    return CauseRule(
        dose.cause,
        dose.rule,
        dose.per,
        cost,
        interval,
        p_value,
        int((dose.amount > 0).sum()),
        stands,
    )


def _reject_rule(batches: int) -> CauseRule:
    rule = worded("the rejected share of what was produced, times the batch's energy")
    return CauseRule(WasteCause.REJECT, rule, "", None, None, None, batches, True)


def _groups_tried(
    evidence: BatchEvidence, rows: Integers, run_kind: str
) -> list[tuple[WasteCause, Groups]]:
    """The used batches by equipment, shift and hour, where there are two of them or more."""
    tried = [(WasteCause.EQUIPMENT, evidence.equipment)]
    tried += [(WasteCause.SHIFT, evidence.shift)] if run_kind not in WHOLE_DAYS else []
    tried += [(WasteCause.HOUR, evidence.hour)] if run_kind not in RUNS_OF_FIXED_LENGTH else []
    used = [(cause, Groups(groups.code[rows], groups.names)) for cause, groups in tried]
    return [(cause, groups) for cause, groups in used if len(np.unique(groups.code)) > 1]


def _of_groups(
    left: Floats,
    tried: list[tuple[WasteCause, Groups]],
    evidence: BatchEvidence,
    rows: Integers,
    output: Floats,
    tests: int,
) -> tuple[
    dict[WasteCause, Floats], list[CauseRule], dict[WasteCause, tuple[Groups, frozenset[int]]]
]:
    """Equipment first, then shift, then hour: a later one sees only what the earlier ones left."""
    claims: dict[WasteCause, Floats] = {}
    rules: list[CauseRule] = []
    taking: dict[WasteCause, tuple[Groups, frozenset[int]]] = {}
    for cause, own in tried:
        freed = without_drift(
            of_product(left, evidence.product.code[rows]), evidence.month.code[rows]
        )
        tested = differences(freed, own, evidence.day[rows], output)
        worse = [
            difference
            for difference in tested
            if difference.p_value is not None
            and tests * difference.p_value < SIGNIFICANT
            and (difference.difference or 0.0) > 0
        ]
        rules += [
            _group_rule(cause, difference, int((own.code == difference.code).sum()), tests)
            for difference in worse
        ]
        if worse:
            by_code = {difference.code: difference.difference or 0.0 for difference in worse}
            above = np.array([by_code.get(code, 0.0) for code in own.code.tolist()])
            claims[cause] = above * output
            left = left - above
            taking[cause] = (own, frozenset(by_code))
            if cause is WasteCause.SHIFT:
                break  # the hours of that shift would only tell the same again
    return claims, rules, taking


def _group_rule(
    cause: WasteCause, difference: GroupDifference, batches: int, tests: int
) -> CauseRule:
    rule = worded(
        "%(name)s: higher than all others on %(days)s days, by more than chance",
        name=difference.name,
        days=f"{difference.days:,}",
    )
    p_value = None if difference.p_value is None else tests * difference.p_value
    return CauseRule(cause, rule, "", difference.difference, None, p_value, batches, True)


def _cut(claims: Mapping[WasteCause, Floats], available: Floats) -> dict[WasteCause, Floats]:
    """Claims on the grid, cut in proportion where they are more than there is."""
    if not claims:
        return {}
    claims = {
        cause: np.maximum(claim, 0.0) for cause, claim in claims.items()
    }  # of a step that gives back more than it takes
    wanted = sum(claims.values(), np.zeros(len(available)))
    share = np.where(wanted > available, available / np.where(wanted > 0, wanted, 1.0), 1.0)
    by_cause: dict[WasteCause, Floats] = {}
    left = available
    for cause, claim in claims.items():
        part = np.minimum(on_grid(claim * share), left)
        by_cause[cause] = part
        left = left - part
    return by_cause
