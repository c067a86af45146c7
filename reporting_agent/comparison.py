"""The exact gap between the site's own label and a published benchmark, computed on site, and what
others publish beside it.

Both sides are the same kind of value: the label is the pack's low quantile of batches at reference
conditions, the benchmark is composed of other plants' labels. Two values are compared only where
step, product, variant, metric, boundary and unit are the same; anything else is listed with the
reason why not.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import Any

from benchmarks.guidance.references import LabelCell, PlacedReference, beside
from benchmarks.label_keys import LabelKey
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.measurements import Metric, Period
from reporting_agent.published import Benchmark, PublishedCell

SCHEMA = "steplabel/comparison/1"


@dataclass(frozen=True, slots=True)
class StepGap:
    """One step against the benchmark. `gap` = label - benchmark in `unit`; `energy` that gap times
    the period's output.

    `beyond_interval` says whether the label lies outside the benchmark's own 95 % interval, so that
    the gap is more than the benchmark's uncertainty. `reason` says why nothing was compared.
    `in_question` says that a change which nobody has explained may have moved the label, and with
    it the gap.
    """

    step: str
    product: str
    variant: str
    metric: str
    unit: str
    label: float | None = None
    typical: float | None = None
    benchmark: float | None = None
    interval: tuple[float, float] | None = None
    gap: float | None = None
    gap_of_typical: float | None = None
    beyond_interval: bool | None = None
    energy: float | None = None
    energy_unit: str | None = None
    reason: str | None = None
    in_question: bool = False


def compare(
    site_label: SiteLabel, benchmark: Benchmark, doubtful: Collection[LabelKey] = ()
) -> tuple[StepGap, ...]:
    """Every cell of the benchmark, in its order; `doubtful` are labels that a change in the data
    puts in question.
    """
    return tuple(
        _gap(published, site_label.steps, doubtful) for published in benchmark.document.cells
    )


def as_json(site: str, benchmark: Benchmark, gaps: Sequence[StepGap]) -> dict[str, Any]:
    """The comparison as a document. Confidential: it holds the site's exact values."""
    document = benchmark.document
    return {
        "schema": SCHEMA,
        "site": site,
        "benchmark": {
            "source": benchmark.source,
            "pack": document.pack,
            "pack_version": document.pack_version,
            "period": document.period,
            "version": document.version,
            "signature": benchmark.signature,
            "withdrawn": benchmark.withdrawn,
        },
        "steps": [asdict(gap) for gap in gaps],
        "references": [reference.to_json() for reference in references_of(benchmark)],
    }


def references_of(benchmark: Benchmark) -> tuple[PlacedReference, ...]:
    """What others publish beside the benchmark, with the reasons where it may not stand there; by
    definitions alone.
    """
    document = benchmark.document
    cells = [LabelCell(cell.step, cell.boundary, cell.metric, cell.unit) for cell in document.cells]
    whole = LabelCell("", "", Metric.TOTAL, "kgce/t")
    return beside(
        document.pack,
        document.route,
        (whole, *cells),
        *Period.parse(document.period, UTC).first_and_last,
    )


def _gap(
    published: PublishedCell, labels: Sequence[StepLabel], doubtful: Collection[LabelKey]
) -> StepGap:
    key: dict[str, Any] = {
        name: getattr(published, name) for name in ("step", "product", "variant", "metric", "unit")
    }
    own = [
        label
        for label in labels
        if label.step == published.step and str(label.metric) == published.metric
    ]
    if published.product:
        own = [label for label in own if label.product == published.product]
    if published.variant:
        own = [label for label in own if label.variant == published.variant]
    if not own:
        return StepGap(**key, reason="no-label-of-ours")
    label = own[0]
    key["in_question"] = LabelKey.of(label) in doubtful
    if label.boundary != published.boundary:
        return StepGap(**key, reason="other-boundary")
    if label.unit != published.unit:
        return StepGap(**key, reason="other-unit")
    if published.best is None:
        return StepGap(
            **key, label=label.best.value, typical=label.typical, reason="benchmark-withheld"
        )
    if label.best.value is None:
        return StepGap(
            **key,
            benchmark=published.best,
            interval=published.interval,
            reason=label.best.reason or "no-label-of-ours",
        )
    gap = label.best.value - published.best
    interval = published.interval
    return StepGap(
        **key,
        label=label.best.value,
        typical=label.typical,
        benchmark=published.best,
        interval=interval,
        gap=gap,
        gap_of_typical=None if label.typical is None else label.typical - published.best,
        beyond_interval=None
        if interval is None
        else not interval[0] <= label.best.value <= interval[1],
        energy=gap * label.output,
        energy_unit=label.energy_unit,
    )
