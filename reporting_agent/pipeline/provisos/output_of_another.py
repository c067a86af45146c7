"""The output of a step that is counted by another's (a waste-heat set per tonne of its kiln's
clinker): held against that one's log.

Less than the other made meanwhile makes what is given back look more: told beside the label with
its size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import fsum

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase, significant
from benchmarks.routes import Pack
from reporting_agent.pipeline.materials_in_the_log import own_output, own_runs

NEARLY = 0.01
"""Of the output, what scales of the two may differ by (a convention of ours)."""


def sentences(label: StepLabel, batches: Sequence[Batch], pack: Pack) -> Iterator[Words]:
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
