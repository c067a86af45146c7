"""From the exact label to the released one: whether it may be released, which batches count, their
count class, and whom a release debits (how much: `privacy.charges`).

The order is the ledger's: `debits` are written to disk first, then `release` draws. What leaves:
two noised points of a public grid, the class that holds the number of batches, and the key of the
label. Nothing else of the plant's data enters the result.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

from benchmarks.errors import PolicyRefusal
from benchmarks.label_keys import LabelKey
from benchmarks.labels import BatchValue, StepLabel
from benchmarks.measurements import Metric
from benchmarks.phrases import Phrase, in_number
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.accounting import Debit, day_account
from benchmarks.privacy.charges import draw_epsilons, epsilon_of_a_metric
from benchmarks.privacy.eligibility import expected_error
from benchmarks.privacy.mechanism import draw
from benchmarks.privacy.pooling import fewest_batches
from benchmarks.privacy.units import day_of, most_together, within_bound
from benchmarks.released import ReleasedLabel, ReleasedQuantile
from benchmarks.routes import MetricRule, Step

TYPICAL_QUANTILE = Fraction(1, 2)


def release(
    label: StepLabel,
    step: Step,
    rule: MetricRule,
    policy: ReleasePolicy,
    stream_for: Callable[[str], random.SystemRandom],
    *,
    years: int = 1,
) -> ReleasedLabel:
    """Protect a label: the pack's low quantile and the median, each drawn once.

    Args:
        stream_for: gives the stream of chance for a name, `step/product/variant/metric/best` or
            `.../typical`; every name must have a stream of its own, and the same one again after a
            crash.
        years: how many years the label was made of.

    Raises:
        PolicyRefusal: see `refusal`.
    """
    if (refused := refusal(label, step, rule, policy)) is not None:
        raise refused
    values = [
        value.at_reference
        for value in counted(label, step, policy)
        if value.at_reference is not None
    ]
    epsilon_best, epsilon_typical = draw_epsilons(step, policy)
    name = "/".join(LabelKey.of(label))
    best = draw(
        values, rule.grid, step.label_rule.quantile, epsilon_best, stream_for(f"{name}/best")
    )
    typical = draw(
        values, rule.grid, TYPICAL_QUANTILE, epsilon_typical, stream_for(f"{name}/typical")
    )
    return with_grid_points(label, step, rule, policy, best, typical, years=years)


def with_grid_points(
    label: StepLabel,
    step: Step,
    rule: MetricRule,
    policy: ReleasePolicy,
    best: int,
    typical: int,
    *,
    years: int = 1,
) -> ReleasedLabel:
    """The label as it leaves, with these points of the grid: drawn by `release`, or left at 0 in a
    draft to be looked at.
    """
    epsilon_best, epsilon_typical = draw_epsilons(step, policy)
    return ReleasedLabel(
        step=label.step,
        product=label.product,
        variant=label.variant,
        boundary=label.boundary,
        metric=label.metric,
        unit=label.unit,
        grid=rule.grid,
        count_class=count_class(len(counted(label, step, policy)), policy),
        best=ReleasedQuantile(step.label_rule.quantile, best, epsilon_best),
        typical=ReleasedQuantile(TYPICAL_QUANTILE, typical, epsilon_typical),
        years=years,
        months=max(label.coverage.months_told, 1) if label.coverage.lacks_months else None,
    )


def refusal(
    label: StepLabel, step: Step, rule: MetricRule, policy: ReleasePolicy
) -> PolicyRefusal | None:
    """Why this label may not be released, or None. Its code goes into the report's `withheld`; it
    spends nothing.
    """
    key = f"{label.step}, {label.product}, {label.variant}, {label.metric}"
    if not rule.released:
        return PolicyRefusal(
            "metric-not-released",
            Phrase("The pack does not release %(key)s.", key=key),
            "It stays in the local label. You need not do anything.",
        )
    if missing := label.path.unbounded:
        names = ", ".join(transformation.name for transformation in missing)
        return PolicyRefusal(
            "no-bound",
            Phrase(
                "One record could change any number of the records behind %(key)s (%(names)s).",
                key=key,
                names=names,
            ),
            label.path.reasons,
        )
    if (label.step, label.metric, label.boundary) != (step.id, rule.metric, step.boundary.id):
        return PolicyRefusal(
            "label-not-of-step",
            Phrase(
                "The label %(key)s does not belong to step %(step_id)s, %(metric)s.",
                key=key,
                step_id=step.id,
                metric=rule.metric,
            ),
            "Make the label again with this pack.",
        )
    if label.product != step.product or label.variant not in {
        variant.id for variant in step.variants
    }:
        return PolicyRefusal(
            "product-outside-pack",
            Phrase(
                "The pack compares only the declared variants of %(product)s. This label is for "
                "%(key)s.",
                product=step.product,
                key=key,
            ),
            "Name the pack's product and variant in the log or in the mapping profile.",
        )
    try:
        number = len(counted(label, step, policy))
    except PolicyRefusal as without_bound:
        return without_bound
    if number < (fewest := fewest_batches(step, policy)):
        return PolicyRefusal(
            "too-few-batches",
            in_number(
                number,
                "There is %(number)s valid batch of %(key)s. Nothing is released with fewer than "
                "%(fewest)s.",
                "There are %(number)s valid batches of %(key)s. Nothing is released with fewer "
                "than %(fewest)s.",
                number=number,
                key=key,
                fewest=fewest,
            ),
            "Correct what the exclusion reasons name, or report a longer period.",
        )
    return _not_affordable(key, number, step, rule, policy)


def counted(label: StepLabel, step: Step, policy: ReleasePolicy) -> list[BatchValue]:
    """The valid batches that a release counts: all, or of every day as many as the pack lets count
    where days are protected.
    """
    used = [
        value for value in label.values if value.excluded is None and value.at_reference is not None
    ]
    return used if policy.unit == "record" else within_bound(used, most_together(step, policy))


def _not_affordable(
    key: str, number: int, step: Step, rule: MetricRule, policy: ReleasePolicy
) -> PolicyRefusal | None:
    """Where a day holds several records its noise is so many times larger: no budget is spent on
    what nobody could use.

    Decided on public figures and the count class alone, like eligibility; a day of one record costs
    what a record does.
    """
    together = most_together(step, policy)
    if together == 1:
        return None
    epsilon, _ = draw_epsilons(step, policy)
    largest = float(policy.largest_expected_error)

    def error(edge: int) -> float:
        return expected_error(rule, step.label_rule.quantile, epsilon, edge)

    if error(count_class(number, policy)) <= largest:
        return None
    classes = (edge for edge in sorted(policy.count_classes) if error(edge) <= largest)
    enough = next(
        (Phrase("%(edge)s batches would do", edge=f"{edge:,}") for edge in classes),
        Phrase("no class would do"),
    )
    return PolicyRefusal(
        "day-not-affordable",
        Phrase(
            "Up to %(together)s records of %(key)s (a whole day) are hidden together. With "
            "%(number)s batches the noise would exceed "
            "%(value)s %% (%(enough)s).",
            together=together,
            key=key,
            number=f"{number:,}",
            value=f"{100 * largest:g}",
            enough=enough,
        ),
        "It stays in the local label and spends no privacy budget. Report a longer period, or "
        "pool years.",
    )


def count_class(batches: int, policy: ReleasePolicy) -> int:
    """Lower edge of the public class that holds a number of batches."""
    edges = [edge for edge in policy.count_classes if edge <= batches]
    if not edges:
        raise PolicyRefusal(
            "too-few-batches",
            in_number(
                batches,
                "%(batches)s batch is less than the smallest count class has, %(fewest)s.",
                "%(batches)s batches are fewer than the smallest count class has, %(fewest)s.",
                batches=batches,
                fewest=min(policy.count_classes),
            ),
            "Correct what the exclusion reasons name, or report a longer period.",
        )
    return max(edges)


def release_id(
    site: str, period: str, revision: int, step: str, product: str, variant: str, metric: Metric
) -> str:
    """The name of one release in the ledger and in the key of its draws."""
    return "/".join((site, period, str(revision), step, product, variant, metric))


def debits(
    label: StepLabel,
    policy: ReleasePolicy,
    release_id: str,
    *,
    correction: bool = False,
    cells: int = 1,
) -> list[Debit]:
    """What the release takes from every used batch, or from every day that holds one: the budgets
    of its two draws together.

    A label over several years debits each batch, or day, in its own year.

    Args:
        cells: how many labels of the step and metric leave together: a record that can move from
            one to another costs both.

    Raises:
        PolicyRefusal: `no-bound`.
    """
    if label.path.bound is None:
        raise PolicyRefusal(
            "no-bound",
            Phrase(
                "There is no limit to what one record can change in %(step)s, %(metric)s.",
                step=label.step,
                metric=label.metric,
            ),
            label.path.reasons,
        )
    fixed = label.path.cell_in_account
    epsilon = epsilon_of_a_metric(cells, policy, label.path.bound, fixed=fixed)
    used = [value for value in label.values if value.excluded is None]
    if policy.unit == "day":
        days = sorted({day_of(value) for value in used})
        return [
            Debit(label.step, day_account(day), release_id, epsilon, day.year, correction)
            for day in days
        ]
    return [
        Debit(label.step, value.batch_id, release_id, epsilon, value.start.year, correction)
        for value in used
    ]
