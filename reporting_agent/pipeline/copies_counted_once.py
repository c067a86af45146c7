"""Runs that stand for one another (as `one_machine_at_once` tells, or copies under other ids),
counted once where they better a label.

Of two runs that one machine made at once, the one that was given less energy is no better run; and
the best days written three times are three good days in a quantile. Together, and once, they count
here; a label that is better by more than 0.5 % without that is held back. Metered runs that overlap
are left out before. Amounts in round numbers come twice by chance: runs at other times are copies
only where chance would bring far fewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.label_keys import LabelKey
from benchmarks.labels import SiteLabel
from benchmarks.labels.columns import Floats
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.labels.one_machine_at_once import at_once
from benchmarks.measurements import Batch, DataFinding, Severity
from benchmarks.phrases import Phrase, significant

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
