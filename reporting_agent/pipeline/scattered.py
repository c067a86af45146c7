"""Values that better a label without the energy: variables and heating values that scatter from run
to run, and runs that stand for one another.

A true correction narrows the runs. One that betters the label and does not, and heating values by
day that better it beside their mean, would find the runs of hardest conditions: the label at the
mean counts. Runs of one machine at once, and copies (where chance would bring far fewer), count
once; a label better by 0.5 % without that is withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import fsum, sqrt
from types import MappingProxyType

import numpy as np

from benchmarks.declared import Words
from benchmarks.label_keys import LabelKey
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.labels.columns import Floats
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.labels.one_machine_at_once import at_once
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Severity
from benchmarks.phrases import Phrase, Value, significant
from benchmarks.quantities import mj_in
from benchmarks.released import rank
from benchmarks.routes import Pack, ReferenceCondition, Step

CODE = "runs-copied"  # of the finding below
ALIKE = 1e-3
"""Of its mean, what a column scatters by and tells no run from another (a convention of ours)."""
BY_CHANCE = 3.0
"""Times as many copies as chance brings, and as many besides, before they are such (a convention of
ours).
"""


def once(batches: Sequence[Batch]) -> list[Batch] | None:
    """The batches with such runs as one, the first of them; None where there are none."""
    indices = [
        index
        for index, batch in enumerate(batches)
        if batch.excluded is None and batch.energy and batch.output > 0
    ]
    copies = dict[int, int]()  # index of a run -> index of the one that it is
    for earlier, other in at_once(batches, indices):
        copies[other] = earlier
    copies |= dict.fromkeys(
        _alike(batches, [index for index in indices if index not in copies]), -1
    )
    if not copies:
        return None
    parts: dict[int, list[Batch]] = {}
    for index, first in copies.items():
        if first >= 0:
            parts.setdefault(first, []).append(batches[index])
    return [
        _together(batch, parts.get(index, ()))
        for index, batch in enumerate(batches)
        if index not in copies
    ]


def where_better(site_label: SiteLabel, counted_once: SiteLabel) -> SiteLabel:
    """The labels as they are, but of a cell that such runs better by more than `WORTH_TELLING` the
    one with each of them once.
    """
    others = {LabelKey.of(step_label): step_label for step_label in counted_once.steps}
    steps, findings = [], []
    for label in site_label.steps:
        other = others.get(LabelKey.of(label))
        if (
            other is None
            or label.best.value is None
            or not _betters(label.best.value, other.best.value)
        ):
            steps.append(label)
            continue
        steps.append(other)
        sentence = Phrase(
            "Step %(step)s, %(metric)s: some runs share a machine and its time, or equal others "
            "in every amount. Counted as they are, the"
            " best is %(twice)s; counted once, %(once)s %(unit)s. The second value counts, and the "
            "step is left out of reports. Remove copies from"
            " the log, write simultaneous runs of one machine as one run, and name the equipment "
            "of lines that run side by side.",
            step=label.step,
            metric=str(label.metric),
            twice=significant(label.best.value, 4),
            once="–" if other.best.value is None else significant(other.best.value, 4),
            unit=label.unit,
        )
        findings.append(
            DataFinding("runs-copied", Severity.WARNING, sentence, label.used - other.used)
        )
    return replace(site_label, steps=tuple(steps), findings=(*site_label.findings, *findings))


def _betters(best: float, other: float | None) -> bool:
    """Too few runs that are left make no label either."""
    return other is None or other - best > WORTH_TELLING * abs(other)


def _alike(batches: Sequence[Batch], indices: Iterable[int]) -> Iterator[int]:
    """Runs equal to an earlier one in output and every energy, of steps where chance brings far
    fewer.
    """
    steps: dict[str, list[int]] = {}
    for index in indices:
        steps.setdefault(batches[index].step, []).append(index)
    for own in steps.values():
        run_keys, again = set[tuple[object, ...]](), []
        for index in own:
            batch = batches[index]
            amounts = tuple(
                sorted(
                    (energy.carrier, str(energy.direction), energy.unit, energy.quantity)
                    for energy in batch.energy
                )
            )
            key = batch.product, batch.variant, batch.output, amounts
            again += [index] if key in run_keys else []
            run_keys.add(key)
        if len(again) > BY_CHANCE * (1 + _by_chance([batches[index] for index in own])):
            yield from again


def _by_chance(batches: Sequence[Batch]) -> float:
    """How many pairs of so many runs would be equal, were amounts independent: each as fine as it
    is written.
    """
    output = np.array([batch.output for batch in batches])
    likely = _finest(output, output)
    for carrier in {energy.carrier for batch in batches for energy in batch.energy}:
        amount = np.array(
            [
                sum(energy.quantity for energy in batch.energy if energy.carrier == carrier)
                for batch in batches
            ]
        )
        likely *= _finest(amount, amount / output * output.mean())
    return len(batches) ** 2 / 2 * likely


def _finest(written: Floats, scatters: Floats) -> float:
    """The chance that two values are equal: the least step between two as they are written, of what
    they scatter by beside the output.
    """
    steps, spread = (
        np.diff(np.unique(written)),
        float(np.subtract(*np.percentile(scatters, [84, 16]))),
    )
    return (
        min(float(steps.min()) / (1.8 * spread), 1.0)
        if len(steps) and spread > ALIKE * abs(float(scatters.mean()))
        else 1.0
    )


def _together(batch: Batch, parts: Sequence[Batch]) -> Batch:
    """One run of all of them: their outputs and energies."""
    if not parts:
        return batch
    runs = (batch, *parts)
    variables = {
        name: sum(run.variables.get(name, value) * run.output for run in runs)
        / sum(run.output for run in runs)
        for name, value in batch.variables.items()
    }
    return replace(
        batch,
        end=max((run.end for run in runs if run.end is not None), default=None),
        output=sum(run.output for run in runs),
        reject=sum(run.reject for run in runs),
        energy=tuple(energy for run in runs for energy in run.energy),
        variables=variables,
    )


VARIABLE = "variable-scattered"
NEARLY = 0.01
"""By what share of the best what differs by runs, a heating value or a correction, may better it
beside its mean: what a laboratory's repeatability and sampling of a lot do (a convention of
ours)."""

Key = tuple[str, str, str]  # step, product, variant of a batch


@dataclass(frozen=True, slots=True)
class ScatteredLabel:
    """A label's variable, and what the label is by its mean over the runs."""

    label: StepLabel
    variable: str
    mean: float
    best: float


def of(label: SiteLabel, pack: Pack) -> tuple[ScatteredLabel, ...]:
    """Every such variable of every label."""
    return tuple(
        scatter
        for step_label in label.steps
        for scatter in _of_label(step_label, pack.step(step_label.step))
    )


def _of_label(label: StepLabel, step: Step) -> Iterator[ScatteredLabel]:
    """Variables that leave the runs no narrower, where one of them, or all of them together, better
    the label by more than `NEARLY`.
    """
    measured = label.made_from
    if measured is None or label.best.value is None:
        return
    at = rank(step.label_rule.quantile, len(measured.rows)) - 1
    loose: list[ScatteredLabel] = []
    together = measured.at_reference.copy()
    for condition in step.reference_conditions:
        values = measured.columns.variable(condition.variable)[measured.rows]
        recorded = ~np.isnan(values)
        if (
            label.metric not in condition.slope
            or not recorded.any()
            or values[recorded].min() == values[recorded].max()
        ):
            continue
        mean = _mean(values[recorded], measured.output[recorded])
        moved = np.where(
            recorded,
            condition.slope[label.metric] * (_off(values, condition) - _off(mean, condition)),
            0.0,
        )
        by_mean = measured.at_reference + moved
        if np.std(measured.at_reference) >= np.std(by_mean):
            loose.append(
                ScatteredLabel(label, condition.variable, mean, float(np.sort(by_mean)[at]))
            )
            together += moved
    scatters = [scatter for scatter in loose if _better_by_run(label.best.value, scatter.best)]
    if loose and not scatters and _better_by_run(label.best.value, float(np.sort(together)[at])):
        scatters = loose
    yield from scatters


STEADY = 0.1
"""Of the mean correction, what the corrections of runs may deviate by and the variable be as good
as a constant (a convention of ours).
"""
FOLLOWS, SIGMAS = 0.25, 2.0
"""Of the pack's slope, the least by which energy has to follow a variable to show its correction,
and how many times its own standard error that has to be (conventions of ours). Of 2,000 simulated
mills each that truly scatter (Blaine by 5 m2/kg, its test by 2, energy by the pack's spread) 31 %
of 40 runs do not reach it, 17 % of 60, 2 % of 110; by 8 m2/kg 2.5 and 0.2 %: it is told as what may
be."""
_CLIPPED = (0.05, 0.95)  # of the runs: no single one decides


def sentences(label: StepLabel, step: Step) -> Iterator[Words]:
    """What the label would be without the correction by a variable, where that lowers it by more
    than `NEARLY` and energy does not show it.

    What a correction takes from a run, the run used more than the others where the variable is
    true: without its correction, energy then follows the variable by about the pack's slope. Of a
    scatter that was only written it does not, and of a constant nothing can be seen.
    """
    measured = label.made_from
    if measured is None or label.best.value is None:
        return
    at = rank(step.label_rule.quantile, len(measured.rows)) - 1
    for condition in step.reference_conditions:
        values = measured.columns.variable(condition.variable)[measured.rows]
        if label.metric not in condition.slope or np.isnan(values).any():
            continue
        moved = np.asarray(condition.slope[label.metric] * _off(values, condition))
        without = float(np.sort(measured.at_reference + moved)[at])
        part, sure = _followed(measured.at_reference + moved, moved)
        if without - label.best.value <= NEARLY * abs(label.best.value):
            continue
        if part >= max(FOLLOWS, SIGMAS * sure):
            yield from _followed_by_energy(label, condition, values, at, part)
            continue
        named: dict[str, Value] = {
            "variable": condition.variable,
            "value": f"{significant(_mean(values, measured.output), 4)} {condition.unit}",
            "reference": f"{condition.reference:g}",
            "without": significant(without, 4),
            "unit": label.unit,
        }
        if np.std(moved) <= STEADY * abs(np.mean(moved)):
            sentence = Phrase(
                "%(variable)s is %(value)s in all or nearly all runs, and no reading shows it. "
                "The nearer its true value is to "
                "%(reference)s, the higher the label: at %(reference)s, without this correction, "
                "the label would be %(without)s "
                "%(unit)s. Keep the test records for an auditor.",
                **named,
            )
        else:
            sentence = Phrase(
                "%(variable)s is %(value)s on average and differs from run to run, but the energy "
                "of these %(runs)s runs shows %(part)s"
                " %% (±%(sure)s) of the effect that the correction assumes, which is too little "
                "or too uncertain to confirm it. The"
                " values may be written and not measured, or there may be too few runs for such "
                "small differences. Without that"
                " correction (from %(reference)s) the label would be %(without)s %(unit)s. Use a "
                "longer period, and keep the test records"
                " for an auditor.",
                runs=len(measured.rows),
                part=f"{100 * part:.0f}",
                sure=f"{100 * SIGMAS * sure:.0f}",
                **named,
            )
        yield Words.of(sentence)


def _followed_by_energy(
    label: StepLabel, condition: ReferenceCondition, values: Floats, at: int, part: float
) -> Iterator[Words]:
    """Of a variable that energy follows: values beyond the usual, where only the laboratory knows
    whether as much was put onto each, and values that follow energy more closely than a test
    can."""
    measured, slope = label.made_from, condition.slope[label.metric]
    if measured is None:
        return
    mean, unit = _mean(values, measured.output), condition.unit
    shown: dict[str, Value] = {"variable": condition.variable, "unit": label.unit}
    if condition.usual is not None and not condition.usual[0] <= mean <= condition.usual[1]:
        nearest = min(condition.usual, key=lambda end: abs(end - mean))
        moved = slope * (_off(values, condition) - _off(values + nearest - mean, condition))
        then = float(np.sort(measured.at_reference + moved)[at])
        sentence = Phrase(
            "%(variable)s is %(value)s on average, outside the usual %(least)s to %(most)s, and "
            "energy cannot show whether every "
            "value is off by as much. Each %(one)s by which the true values are %(lower)s raises "
            "the label by %(each)s; at "
            "%(nearest)s it would be %(then)s %(unit)s. Keep the test records for an auditor.",
            value=f"{significant(mean, 4)} {unit}",
            least=f"{condition.usual[0]:g}",
            most=f"{condition.usual[1]:g}",
            one=f"1 {unit}",
            lower=Phrase("lower") if slope > 0 else Phrase("higher"),
            each=f"{significant(abs(slope), 2)} {label.unit}",
            nearest=f"{nearest:g}",
            then=significant(then, 4),
            **shown,
        )
        yield Words.of(sentence)
    uncorrected = measured.at_reference + slope * _off(values, condition)
    apart = float(np.std(uncorrected - part * slope * values)) / abs(slope)
    if condition.test is not None and apart < closest(condition.test, values):
        sentence = Phrase(
            "The runs' energy follows %(variable)s within %(apart)s %(of)s, which is closer than "
            "repeated tests agree (%(test)s). "
            "The values may have been calculated from the energy. Without this correction the "
            "label would be %(without)s %(unit)s. "
            "Keep the test records for an auditor.",
            apart=significant(apart, 2),
            of=unit,
            test=f"{condition.test:g}",
            without=significant(np.sort(uncorrected)[at], 4),
            **shown,
        )
        yield Words.of(sentence)


def closest(test: float, values: Floats) -> float:
    """To what energy can follow values of a test that repeats to `test`, less twice the sampling
    error of so many runs; 0 of values that scatter by no more than the test.

    Energy follows what is true: by values that scatter around it by the test, it is found short of
    that by `sqrt(1 - (test / scatter)^2)` even of a mill without any other scatter. Held against
    the test alone, 73 % of 1,000 such mills of 60 runs were told (Blaine of 5 m2/kg, test 2; 19 %
    with 0.1 kWh/t of other scatter); of 3 to 20 m2/kg and 40 to 345 runs at most 3.6 % are, and
    none from 0.1 kWh/t on.
    """
    scatter = float(np.std(values))
    if scatter <= test:
        return 0.0
    return test * sqrt(1 - (test / scatter) ** 2) * (1 - SIGMAS / sqrt(2 * len(values)))


def _followed(uncorrected: Floats, moved: Floats) -> tuple[float, float]:
    """The part of what a correction takes that runs used, by least squares, and its standard error;
    nothing of runs that are all alike.
    """
    off, runs = moved - moved.mean(), len(moved)
    square = float(off @ off)
    if runs < 3 or square <= 1e-18 * float(moved @ moved):
        return 0.0, np.inf
    used = np.clip(uncorrected, *np.quantile(uncorrected, _CLIPPED))
    used -= used.mean()
    part = float(off @ used) / square
    return part, float(np.sqrt(np.sum((used - part * off) ** 2) / (runs - 2) / square))


def _better_by_run(by_run: float, by_mean: float) -> bool:
    return by_mean - by_run > NEARLY * abs(by_mean)


def _mean(values: Floats, output: Floats) -> float:
    return fsum(values * output) / fsum(output)


def _off(value: Floats | float, condition: ReferenceCondition) -> Floats:
    off = np.nan_to_num(np.asarray(value) - condition.reference)
    return off if condition.cap is None else np.clip(off, -condition.cap, condition.cap)


def at_mean(batches: Sequence[Batch], scattered: Sequence[ScatteredLabel]) -> list[Batch]:
    """The batches with the mean in place of each such variable."""
    means: dict[Key, dict[str, float]] = {}
    for scatter in scattered:
        if (measured := scatter.label.made_from) is not None:
            for row in measured.rows.tolist():
                means.setdefault(_cell(measured.columns.batches[row]), {})[scatter.variable] = (
                    scatter.mean
                )
    return [_with(batch, means.get(_cell(batch))) for batch in batches]


def _cell(batch: Batch) -> Key:
    return batch.step, batch.product, batch.variant


def _with(batch: Batch, means: dict[str, float] | None) -> Batch:
    if batch.excluded is not None or not means or not means.keys() & batch.variables.keys():
        return batch
    own = {name: means.get(name, value) for name, value in batch.variables.items()}
    return replace(batch, variables=MappingProxyType(own))


def by_the_mean(
    by_run: SiteLabel, by_mean: SiteLabel, scattered: Sequence[ScatteredLabel]
) -> SiteLabel:
    """The labels by runs, but of those found by the mean of what scatters."""
    means = {LabelKey.of(label): label for label in by_mean.steps}
    struck = {LabelKey.of(scatter.label) for scatter in scattered}
    keys = [(LabelKey.of(label), label) for label in by_run.steps]
    steps = tuple(means.get(key, label) if key in struck else label for key, label in keys)
    findings = tuple(_finding(scatter) for scatter in scattered)
    return replace(by_run, steps=steps, findings=(*by_run.findings, *findings))


def _finding(scatter: ScatteredLabel) -> DataFinding:
    label, by_run = scatter.label, scatter.label.best.value
    sentence = Phrase(
        "Step %(step)s, %(metric)s: corrected with the %(variable)s of each run the best value is "
        "%(run)s, with its mean it is %(mean)s"
        " %(unit)s. Energy does not follow the variable: the correction makes the runs differ "
        "more, not less. So the value with the mean"
        " counts, and the step is left out of reports. Correct the values; if they cannot be "
        "measured for each run, give the mean as a constant of [mapping.batches].",
        step=label.step,
        metric=str(label.metric),
        variable=scatter.variable,
        run="–" if by_run is None else significant(by_run, 4),
        mean=significant(scatter.best, 4),
        unit=label.unit,
    )
    return DataFinding("variable-scattered", Severity.WARNING, sentence, label.used)


HEATING_VALUE = "heating-value-scattered"
"""By what share of the best the values by day may better it: what a laboratory's repeatability and
sampling of a lot do (a convention of ours)."""


def of_one_lot(batches: Sequence[Batch]) -> list[Batch] | None:
    """The batches with the mean heating value, by amount, of each step's fuel over all of them;
    None where none has two.
    """
    heat: dict[Key, float] = {}
    amount: dict[Key, float] = {}
    values: dict[Key, set[float]] = {}
    for batch in batches:
        for energy in batch.energy if batch.excluded is None else ():
            if (lhv := energy.lhv_mj_per_unit) is not None and mj_in(energy.unit) is None:
                key = _fuel(batch, energy)
                heat[key] = heat.get(key, 0.0) + energy.quantity * lhv
                amount[key] = amount.get(key, 0.0) + energy.quantity
                values.setdefault(key, set()).add(lhv)
    means = {
        key: heat[key] / amount[key]
        for key, several in values.items()
        if len(several) > 1 and amount[key] > 0
    }
    if not means:
        return None
    return [
        replace(
            batch,
            energy=tuple(_at(energy, means.get(_fuel(batch, energy))) for energy in batch.energy),
        )
        if batch.energy and batch.excluded is None
        else batch
        for batch in batches
    ]


def _fuel(batch: Batch, energy: CarrierEnergy) -> Key:
    return batch.step, energy.carrier, energy.unit


def _at(energy: CarrierEnergy, mean: float | None) -> CarrierEnergy:
    return (
        energy
        if mean is None or energy.lhv_mj_per_unit is None
        else replace(energy, lhv_mj_per_unit=mean)
    )


def held_by_lot(by_day: SiteLabel, by_lot: SiteLabel) -> SiteLabel:
    """The label by the values as they were given, but of a cell that they better by more than
    `NEARLY` the one by their mean.
    """
    lots = {LabelKey.of(label): label for label in by_lot.steps}
    steps, findings = [], []
    for day in by_day.steps:
        lot = lots.get(LabelKey.of(day))
        if lot is None or (bests := _bettered(day, lot)) is None:
            steps.append(day)
            continue
        steps.append(lot)
        sentence = Phrase(
            "Step %(step)s, %(metric)s: with heating values that differ from run to run the best "
            "is %(day)s, with one value for the "
            "period it is %(lot)s %(unit)s. The heating values vary more than the fuel that was "
            "burnt. The second value counts, and "
            "the step is left out of reports. Correct the heating values, or give those of the "
            "lots under [[lhv]].",
            step=day.step,
            metric=str(day.metric),
            day=significant(bests[0], 4),
            lot=significant(bests[1], 4),
            unit=day.unit,
        )
        findings.append(
            DataFinding("heating-value-scattered", Severity.WARNING, sentence, day.used)
        )
    return replace(by_day, steps=tuple(steps), findings=(*by_day.findings, *findings))


def _bettered(day: StepLabel, lot: StepLabel) -> tuple[float, float] | None:
    """The best of each, where that by the values as given is better by more than `NEARLY`."""
    best, other = day.best.value, lot.best.value
    return (
        (best, other)
        if best is not None and other is not None and other - best > NEARLY * abs(other)
        else None
    )
