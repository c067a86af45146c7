"""Runs with product that the plant logs as tests, trials, start-ups or faults: no label counts
them, so bad runs are better called so.

What the label would be with all of them as usual runs is told beside it; trials of any kind, or a
few bad ones, hardly move it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks.declared import Words
from benchmarks.label_keys import LabelKey
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Batch, OperatingState, ProductStatus
from benchmarks.phrases import in_number, significant


def as_usual(batches: Sequence[Batch]) -> list[Batch] | None:
    """The batches with all of these as good ones of normal running; None where there are none."""
    apart = [_is_apart(batch) for batch in batches]
    if not any(apart):
        return None
    return [
        replace(batch, status=ProductStatus.GOOD, state=OperatingState.NORMAL) if of else batch
        for batch, of in zip(batches, apart, strict=True)
    ]


def _is_apart(batch: Batch) -> bool:
    of_product = batch.status is ProductStatus.TEST or (
        batch.status is ProductStatus.GOOD and batch.state is not OperatingState.NORMAL
    )
    return of_product and batch.excluded is None and batch.output > 0


def sentences(label: StepLabel, usual: SiteLabel) -> Iterator[Words]:
    """What the label would be with them, where that is higher by more than `WORTH_TELLING` of
    it.
    """
    key = LabelKey.of(label)
    other = next((candidate for candidate in usual.steps if LabelKey.of(candidate) == key), None)
    best, with_all = label.best.value, None if other is None else other.best.value
    if (
        other is not None
        and best is not None
        and with_all is not None
        and with_all - best > WORTH_TELLING * abs(best)
    ):
        sentence = in_number(
            other.used - label.used,
            "The log marks %(count)s run with product as a test, or as not normal running, so it "
            "is left out. "
            "With it the label would be %(other)s %(unit)s instead of %(best)s. Keep the order of "
            "this test for "
            "an auditor.",
            "The log marks %(count)s runs with product as tests, or as not normal running, so "
            "they are left out. With them the label "
            "would be %(other)s %(unit)s instead of %(best)s. Keep the orders of these tests for "
            "an auditor.",
            count=other.used - label.used,
            other=significant(with_all, 4),
            best=significant(best, 4),
            unit=label.unit,
        )
        yield Words.of(sentence)
