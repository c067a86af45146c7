"""From the exact label to the released one: the single place where both types meet.

The order is the ledger's: `debits` are written to disk first, then `release` draws. What leaves: two noised cells on a public
grid, the class that holds the number of batches, and the key of the label. Nothing else of the plant's data enters the
result.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

from benchmarks.errors import PolicyRefusal
from benchmarks.labels import StepLabel
from benchmarks.measurements import Metric
from benchmarks.privacy.accounting import Debit
from benchmarks.privacy.mechanism import draw
from benchmarks.released import ReleasedLabel, ReleasedQuantile
from benchmarks.routes import MetricRule, ReleasePolicy, Step

TYPICAL_QUANTILE = Fraction(1, 2)


def release(
    label: StepLabel, step: Step, rule: MetricRule, policy: ReleasePolicy, stream_for: Callable[[str], random.SystemRandom]
) -> ReleasedLabel:
    """Protect a label: the pack's low quantile and the median, each drawn once.

    Args:
        stream_for: gives the stream of chance for a name, `step/product/variant/metric/best` or `.../typical`; every name must
            have a stream of its own, and the same one again after a crash.

    Raises:
        PolicyRefusal: see `refusal`.
    """
    if (refused := refusal(label, step, rule, policy)) is not None:
        raise refused
    values = label.used_values()
    name = "/".join((label.step, label.product, label.variant, label.metric))
    best = draw(values, rule.grid, step.label_rule.quantile, policy.epsilon_best, stream_for(f"{name}/best"))
    typical = draw(values, rule.grid, TYPICAL_QUANTILE, policy.epsilon_typical, stream_for(f"{name}/typical"))
    return with_cells(label, step, rule, policy, best, typical)


def with_cells(label: StepLabel, step: Step, rule: MetricRule, policy: ReleasePolicy, best: int, typical: int) -> ReleasedLabel:
    """The label as it leaves, with these cells of the grid: drawn by `release`, or left at 0 in a draft to be looked at."""
    return ReleasedLabel(
        step=label.step,
        product=label.product,
        variant=label.variant,
        boundary=label.boundary,
        metric=label.metric,
        unit=label.unit,
        grid=rule.grid,
        count_class=count_class(label.used, policy),
        best=ReleasedQuantile(step.label_rule.quantile, best, policy.epsilon_best),
        typical=ReleasedQuantile(TYPICAL_QUANTILE, typical, policy.epsilon_typical),
    )


def refusal(label: StepLabel, step: Step, rule: MetricRule, policy: ReleasePolicy) -> PolicyRefusal | None:
    """Why this label may not be released, or None. Its code goes into the report's `withheld`; it spends nothing."""
    key = f"{label.step}, {label.product}, {label.variant}, {label.metric}"
    if not rule.released:
        return PolicyRefusal(
            "metric-not-released", f"The pack does not release {key}.", "It stays in the local label; nothing is to be done."
        )
    if (label.step, label.metric, label.boundary) != (step.id, rule.metric, step.boundary.id):
        return PolicyRefusal(
            "label-not-of-step", f"The label {key} is not of step {step.id}, {rule.metric}.", "Make the label anew with this pack."
        )
    if label.product != step.product or label.variant not in {variant.id for variant in step.variants}:
        return PolicyRefusal(
            "product-outside-pack",
            f"The pack compares {step.product} in its declared variants only; this label is of {key}.",
            "Name the pack's product and variant in the log or in the mapping profile.",
        )
    if label.used < (fewest := fewest_batches(step, policy)):
        return PolicyRefusal(
            "too-few-batches",
            f"{label.used} valid batches of {key}; nothing is released below {fewest}.",
            "Repair what the exclusion reasons name, or report a longer period.",
        )
    return None


def fewest_batches(step: Step, policy: ReleasePolicy) -> int:
    """Below this many valid batches nothing is released: the policy's floor, or the step's own where that is higher."""
    return max(policy.fewest_batches, step.label_rule.fewest_batches)


def count_class(batches: int, policy: ReleasePolicy) -> int:
    """Lower edge of the public class that holds a number of batches."""
    edges = [edge for edge in policy.count_classes if edge <= batches]
    if not edges:
        raise PolicyRefusal(
            "too-few-batches",
            f"{batches} batches are below the smallest class, {min(policy.count_classes)}.",
            "Repair what the exclusion reasons name, or report a longer period.",
        )
    return max(edges)


def release_id(site: str, period: str, revision: int, step: str, product: str, variant: str, metric: Metric) -> str:
    """The name of one release in the ledger and in the key of its draws."""
    return "/".join((site, period, str(revision), step, product, variant, metric))


def debits(label: StepLabel, policy: ReleasePolicy, release_id: str, *, correction: bool = False) -> list[Debit]:
    """What the release takes from every used batch: the budgets of its two draws together."""
    epsilon = policy.epsilon_best + policy.epsilon_typical
    return [
        Debit(label.step, value.batch_id, release_id, epsilon, value.start.year, correction)
        for value in label.values
        if value.excluded is None
    ]
