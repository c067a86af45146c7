"""All labels of a site: batches grouped by step, product and variant, small variants merged up
their declared tree.

A variant with fewer valid batches than the label rule asks for is labelled together with its
parent, and a finding says so; nothing is merged silently, and never across steps, products or
boundaries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from benchmarks.conversion import Basis, FactorTable
from benchmarks.labels import needs, yields
from benchmarks.labels.columns import Integers, StepColumns
from benchmarks.labels.coverage import Span
from benchmarks.labels.limit_test import StaticFactors
from benchmarks.labels.outside import LARGEST_SHARE
from benchmarks.labels.result import SiteLabel, StepLabel
from benchmarks.labels.step import RELATIVE_UNCERTAINTY, Context, MetricColumns, label_rows, measure
from benchmarks.labels.validity import ExclusionReason, record_reasons
from benchmarks.measurements import Batch, DataFinding, Direction, Metric, Period, Severity
from benchmarks.packs import digest
from benchmarks.phrases import Phrase, in_number
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.stability import LOCAL, RECORDS, Path
from benchmarks.routes import Pack, Step, Variant

_METRICS = {
    Metric.TOTAL: Phrase("total"),
    Metric.ELECTRICITY: Phrase("electricity"),
    Metric.THERMAL: Phrase("thermal"),
}
_PLACES = 5  # of a finding that are carried along; the report holds them all


def label_site(
    batches: Sequence[Batch],
    pack: Pack,
    factors: FactorTable,
    period: Period,
    *,
    site: str = "",
    not_used: Mapping[str, AbstractSet[str]] | None = None,
    static_factors: StaticFactors | None = None,
    relative_uncertainty: float = RELATIVE_UNCERTAINTY,
    outside: Mapping[str, Mapping[str, str]] | None = None,
    stopped: Mapping[str, Sequence[Span]] | None = None,
    paths: Mapping[str, Path] | None = None,
    at_home: bool = False,
) -> SiteLabel:
    """Label every (step, product, variant, metric) that the batches hold, in the pack's order of
    steps.

    Args:
        site: the id that label.json carries.
        not_used: per step, carriers of the boundary that the plant declares it does not use.
        outside: per step, carriers outside its boundary that the plant declares it uses, each with
            its reason.
        stopped: per step, when the site declares that it stood.
        static_factors: the site's static factors, for the standards' corrections.
        paths: labels on their way out: by step, how its records came about (`RECORDS` where it is
            not named). Small variants are then not merged, for a single record can decide about all
            of one. None for the plant's own labels, which may not leave.
        at_home: take what physics and arithmetic allow; what only a benchmark needs leaves no batch
            out (`validity.RELEASE_ONLY`).
    """
    by_step: dict[str, list[Batch]] = {}
    for batch in batches:
        by_step.setdefault(batch.step, []).append(batch)
    ran = frozenset(
        step for step, own in by_step.items() if any(run.start in period for run in own)
    )
    context = Context(
        factors,
        period,
        Basis(pack.standard_basis),
        not_used,
        static_factors,
        relative_uncertainty,
        outside,
        stopped,
        ran,
        at_home,
    )
    labels: list[StepLabel] = []
    findings: list[DataFinding] = []
    for step in pack.steps:
        if step.id in by_step:
            step_labels, step_findings = _label_one(
                StepColumns.of(by_step.pop(step.id), step),
                context,
                None if paths is None else paths.get(step.id, RECORDS),
            )
            labels += step_labels
            findings += step_findings
    findings += [_step_unknown(name, strays, pack) for name, strays in by_step.items()]
    return SiteLabel(
        pack.id, pack.version, period, tuple(labels), tuple(findings), site, _method(pack, factors)
    )


def _method(pack: Pack, factors: FactorTable) -> dict[str, str]:
    """By what this label was made: the pack with its corrections and factors, and the factors
    really used.
    """
    return {
        "pack_digest": digest(pack).hex(),
        "conversion": factors.version,
        "conversion_digest": factors.digest.hex(),
    }


def _label_one(
    columns: StepColumns, context: Context, path: Path | None
) -> tuple[list[StepLabel], list[DataFinding]]:
    step = columns.step
    reasons = record_reasons(columns, context.period, at_home=context.at_home)
    metrics = [measure(columns, rule, reasons, context) for rule in step.metrics]
    findings = [
        *_boundary_findings(columns, (context.outside or {}).get(step.id, {})),
        *_credit_findings(columns),
        *_assumed_findings(columns, metrics),
        *_needs_findings(columns, metrics, (context.not_used or {}).get(step.id, frozenset())),
        *_yield_findings(columns, metrics, context.factors),
    ]
    labels = []
    for product, cells in _cells(columns).items():
        if step.product and product != step.product:
            findings.append(
                _product_unknown(step, product, columns, np.concatenate(list(cells.values())))
            )
        if path is None:
            findings += [_merged(step, *merged) for merged in _merge_small(cells, step, metrics)]
        labels += [
            label_rows(columns, measured, np.sort(rows), product, variant, context, path or LOCAL)
            for variant, rows in cells.items()
            for measured in metrics
        ]
    findings += _clamped_findings(step, labels)
    return labels, findings


def _cells(columns: StepColumns) -> dict[str, dict[str, Integers]]:
    """Rows by product and variant. An empty product is the step's own; an empty variant the only
    root of the tree.
    """
    step = columns.step
    only_root = step.only_root
    grouped: dict[str, dict[str, list[int]]] = {}
    for row, batch in enumerate(columns.batches):
        grouped.setdefault(batch.product or step.product, {}).setdefault(
            batch.variant or only_root, []
        ).append(row)
    return {
        product: {variant: np.array(rows) for variant, rows in cells.items()}
        for product, cells in grouped.items()
    }


def _merge_small(
    cells: dict[str, Integers], step: Step, metrics: Sequence[MetricColumns]
) -> Iterator[tuple[str, str, int]]:
    """Merge small cells into their parents, deepest first, in place; yields (variant, parent, valid
    batches) of each.
    """
    for variant in sorted(step.variants, key=lambda entry: -_depth(entry, step)):
        if variant.id not in cells or variant.parent is None:
            continue
        rows = cells[variant.id]
        valid = max(int(measured.reasons.valid[rows].sum()) for measured in metrics)
        if valid < step.label_rule.fewest_batches:
            del cells[variant.id]
            cells[variant.parent] = (
                np.concatenate([cells[variant.parent], rows]) if variant.parent in cells else rows
            )
            yield variant.id, variant.parent, valid


def _depth(variant: Variant, step: Step) -> int:
    parents = {entry.id: entry.parent for entry in step.variants}
    depth, above = 0, variant.parent
    while above is not None:
        depth, above = depth + 1, parents[above]
    return depth


def _merged(step: Step, variant: str, parent: str, valid: int) -> DataFinding:
    return DataFinding(
        "variant-merged",
        Severity.WARNING,
        in_number(
            valid,
            "Step %(step_id)s: variant %(variant)s has %(valid)s valid batch, fewer than "
            "%(fewest_batches)s, so "
            "it is labelled together with %(parent)s.",
            "Step %(step_id)s: variant %(variant)s has %(valid)s valid batches, fewer than "
            "%(fewest_batches)s, so it is labelled "
            "together with %(parent)s.",
            step_id=step.id,
            variant=f"{variant!r}",
            valid=valid,
            fewest_batches=step.label_rule.fewest_batches,
            parent=f"{parent!r}",
        ),
        valid,
    )


def _product_unknown(step: Step, product: str, columns: StepColumns, rows: Integers) -> DataFinding:
    return DataFinding(
        "product-outside-pack",
        Severity.WARNING,
        Phrase(
            "Step %(step_id)s: the log names the product %(product)s, but the pack compares only "
            "%(compared)s. This product has a "
            "label of its own, which is not released.",
            step_id=step.id,
            product=f"{product!r}",
            compared=f"{step.product!r}",
        ),
        len(rows),
        tuple(
            place
            for row in rows[:_PLACES].tolist()
            if (place := columns.batches[row].place) is not None
        ),
    )


def _step_unknown(name: str, strays: Sequence[Batch], pack: Pack) -> DataFinding:
    return DataFinding(
        "step-outside-pack",
        Severity.EXCLUSION,
        Phrase(
            "The pack %(pack_id)s has no step %(name)s, so its batches are in no label.",
            pack_id=pack.id,
            name=f"{name!r}",
        ),
        len(strays),
        tuple(batch.place for batch in strays[:_PLACES] if batch.place is not None),
    )


def _boundary_findings(columns: StepColumns, declared: Mapping[str, str]) -> Iterator[DataFinding]:
    for carrier in sorted(columns.carriers_outside_boundary()):
        holders = [
            batch
            for batch in columns.batches
            if any(energy.carrier == carrier for energy in batch.energy)
        ]
        yield DataFinding(
            "carrier-outside-boundary",
            Severity.NOTICE if carrier in declared else Severity.WARNING,
            Phrase(
                "Step %(step)s: %(carrier)s was used, but the boundary %(boundary)s does not "
                "include it. A report leaves a "
                "batch that used it out of each metric where it would count, unless "
                "[steps.%(step)s.outside] "
                "declares it and it is at most "
                "%(percent)s %% of the batch's energy.",
                step=columns.step.id,
                carrier=carrier,
                boundary=repr(columns.step.boundary.id),
                percent=f"{100 * LARGEST_SHARE:g}",
            ),
            len(holders),
            tuple(batch.place for batch in holders[:_PLACES] if batch.place is not None),
        )


def _credit_findings(columns: StepColumns) -> Iterator[DataFinding]:
    for carrier in sorted(columns.credits_outside_boundary()):
        holders = [
            batch
            for batch in columns.batches
            if any(
                energy.carrier == carrier and energy.direction is not Direction.IMPORT
                for energy in batch.energy
            )
        ]
        yield DataFinding(
            "credit-outside-boundary",
            Severity.WARNING,
            Phrase(
                "Step %(step_id)s: %(carrier)s was given back, but the boundary %(boundary_id)s "
                "does not credit it. What was given "
                "back is in no metric.",
                step_id=columns.step.id,
                carrier=carrier,
                boundary_id=f"{columns.step.boundary.id!r}",
            ),
            len(holders),
            tuple(batch.place for batch in holders[:_PLACES] if batch.place is not None),
        )


def _needs_findings(
    columns: StepColumns, metrics: Sequence[MetricColumns], unreported: AbstractSet[str]
) -> Iterator[DataFinding]:
    """Of the first metric in which a need is unmet: it is the same amount in each."""
    for measured in metrics:
        if findings := list(
            needs.findings(
                columns.step,
                unreported,
                measured.short,
                measured.reasons.under(ExclusionReason.NEED_UNMET),
            )
        ):
            yield from findings
            return


def _yield_findings(
    columns: StepColumns, metrics: Sequence[MetricColumns], factors: FactorTable
) -> Iterator[DataFinding]:
    """Of the first metric in which more is given back than can be: it is the same amount in
    each.
    """
    for measured in metrics:
        left_out = measured.reasons.under(ExclusionReason.YIELD_IMPOSSIBLE)
        if findings := list(yields.findings(columns, measured.over, left_out, factors)):
            yield from findings
            return


def _assumed_findings(
    columns: StepColumns, metrics: Sequence[MetricColumns]
) -> Iterator[DataFinding]:
    for measured in metrics:
        assumed = np.flatnonzero(measured.taken_at_reference & measured.reasons.valid)
        if len(assumed):
            yield DataFinding(
                "taken-as-at-reference",
                Severity.NOTICE,
                Phrase(
                    (
                        "Step %(step)s, %(metric)s: a relevant variable was not recorded; these "
                        "batches are treated as being at "
                        "reference conditions."
                    ),
                    step=columns.step.id,
                    metric=_METRICS[measured.rule.metric],
                ),
                len(assumed),
                tuple(
                    place
                    for row in assumed[:_PLACES].tolist()
                    if (place := columns.batches[row].place) is not None
                ),
            )


def _clamped_findings(step: Step, labels: Sequence[StepLabel]) -> Iterator[DataFinding]:
    """Counted here, on the site: a release clamps what lies beyond its public grid, and no reader
    of it can tell.
    """
    for rule in step.metrics:
        if rule.released:
            beyond = sum(
                clamp_to_grid(label.used_values(), rule.grid)[1]
                for label in labels
                if label.metric == rule.metric
            )
            if beyond:
                yield DataFinding(
                    "beyond-release-grid",
                    Severity.NOTICE,
                    Phrase(
                        "Step %(step)s, %(metric)s: some values are outside the public grid from "
                        "%(lower)s to %(upper)s %(unit)s; a "
                        "release counts them at the ends of the grid.",
                        step=step.id,
                        metric=_METRICS[rule.metric],
                        lower=f"{float(rule.grid.lower):g}",
                        upper=f"{float(rule.grid.upper):g}",
                        unit=rule.unit,
                    ),
                    beyond,
                )
