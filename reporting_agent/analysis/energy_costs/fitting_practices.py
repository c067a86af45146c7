"""Practices that fit the steps of this site, with saving, money and payback, beside the step's own
gap and causes. Matched here: nothing leaves.

Against a cause only where it took energy at the step. Money and simple payback follow the low end
of a range, at what that form of energy cost the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.guidance.causes import WasteCause
from benchmarks.guidance.outcomes import PracticeOutcomes
from benchmarks.guidance.practices import Library, Listing, Practice
from benchmarks.measurements import Metric
from reporting_agent.analysis.energy_costs.batch_costs import StepCost
from reporting_agent.analysis.waste.gap_parts import StepLosses
from reporting_agent.config import SiteSettings


@dataclass(frozen=True, slots=True)
class FittingPractice:
    """A practice at a step of this site. Energies per output unit, money in the tariff's currency
    per output unit.
    """

    practice: Practice
    listing: Listing
    step: str
    gap: (
        float | None
        # beyond slopes and uncertainty, or what its cause took, in its unit per output unit; None
        # without such a label
    )
    money: float | None  # of the list's saving, at the site's tariff
    payback_years: float | None
    reported: PracticeOutcomes | None = None  # by other sites, beside it


def fitting_practices(
    site: SiteSettings,
    losses: Sequence[StepLosses],
    costs: Sequence[StepCost],
    library: Library | None = None,
) -> tuple[FittingPractice, ...]:
    """Of every step with a gap: those against a cause that was found first, then the shortest
    payback, then the largest saving.
    """
    practice_library = library or Library.held()
    steps = list(dict.fromkeys(label.step for label in losses if label.beyond.kgce > 0))
    practices = [
        each for step in steps for each in _of_step(site, practice_library, step, losses, costs)
    ]
    return tuple(sorted(practices, key=lambda each: _order(each, steps)))


def _order(each: FittingPractice, steps: Sequence[str]) -> tuple[float, ...]:
    payback = float("inf") if each.payback_years is None else each.payback_years
    return (
        steps.index(each.step),
        each.practice.cause is None,
        payback,
        -float(each.practice.saving),
    )


def _of_step(
    site: SiteSettings,
    library: Library,
    step: str,
    losses: Iterable[StepLosses],
    costs: Sequence[StepCost],
) -> Iterator[FittingPractice]:
    of_step = [label for label in losses if label.step == step]
    causes = {
        cause
        for label in of_step
        for cause, loss in label.by_cause.items()
        if cause.named and loss.kgce > 0
    }
    for practice in library.of_step(site.site.pack, step):
        if practice.cause is not None and practice.cause not in causes:
            continue
        labels = [
            label
            for label in of_step
            if label.metric is practice.metric and label.energy_unit == practice.unit
        ]
        output = sum(float(label.batches.output.sum()) for label in labels)
        gap = sum(_against(label, practice.cause) for label in labels) / output if output else None
        price = (
            _of_electricity(step, costs)
            if practice.metric is Metric.ELECTRICITY
            else _of_gap(labels)
        )
        money = None if price is None else price * float(practice.saving)
        payback, reported = _payback(site, practice, money), library.reported.get(practice.id)
        yield FittingPractice(
            practice, library.listing(practice), step, gap, money, payback, reported
        )


def _against(label: StepLosses, cause: WasteCause | None) -> float:
    """What the practice is up against at this label: the cause's part, or all that lies beyond
    slopes and uncertainty.
    """
    if cause is None:
        return label.beyond.energy
    return label.by_cause[cause].energy if cause in label.by_cause else 0.0


def _of_electricity(step: str, costs: Iterable[StepCost]) -> float | None:
    """What a kWh that the step took in cost over the period; None where no tariff tells. What it
    gave back would have been given anyway.
    """
    return next((cost.per_kwh for cost in costs if cost.step == step), None)


def _of_gap(labels: Iterable[StepLosses]) -> float | None:
    """What a unit of heat cost in the labels' gaps; None without a price for some of it."""
    energy, money = 0.0, 0.0
    for label in labels:
        if label.gap.money is None:
            return None
        energy, money = energy + label.gap.energy, money + label.gap.money
    return money / energy if energy > 0 else None


def _payback(site: SiteSettings, practice: Practice, money: float | None) -> float | None:
    """Years; 0 where nothing is invested; None without a tariff, a price of the dollar, or an
    investment in the list.
    """
    if practice.investment == 0:
        return 0.0
    if (
        site.tariff is None
        or site.tariff.per_usd is None
        or practice.investment is None
        or not money
        or money <= 0
    ):
        return None
    return float(practice.investment) * site.tariff.per_usd / money
