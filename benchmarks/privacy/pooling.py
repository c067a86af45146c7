"""Pooling earlier years into a small plant's label: how many it takes, how many are allowed, and
fewest batches for a release.

A pooled label stands in the report of its last year beside labels of that year alone, and is drawn
once: its batches are debited in the years in which they began, and the ledger's cap holds for each
batch over all years and reports. So at the usual cap of two releases a batch can stand in its own
year's label and in one pooled one, or in two pooled ones, and windows that roll on year by year run
out: which years can still be afforded decides. More years than the pack's policy allows are
refused, by the agent and by the portal alike: a plant is not what it was.

What is decided here follows from the classes of the numbers of batches and the pack's public
figures, not from values. The years a label covers are declared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase, in_number
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.accounting import paid_together
from benchmarks.privacy.charges import draw_epsilons, epsilon_of_a_metric
from benchmarks.privacy.eligibility import expected_error
from benchmarks.routes import MetricRule, Step


@dataclass(frozen=True, slots=True)
class HeldYear:
    """What a plant holds of one year at a step: its batches (as a release counts them), and the
    most that any one has spent.
    """

    batches: int
    most_spent: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Pool:
    """The years that a label would cover. `eligible` says whether the value will be precise enough
    to enter a composition.

    `spends` is what every batch (or day) of these years pays for all that is released of the step.
    """

    first_year: int
    last_year: int
    batches: int
    eligible: bool
    spends: Fraction = Fraction(0)

    @property
    def years(self) -> int:
        return self.last_year - self.first_year + 1

    @property
    def period(self) -> str:
        """The years as `--period` takes them."""
        return spelled(self.first_year, self.last_year)


def spelled(first_year: int, last_year: int) -> str:
    """Whole years as a period is spelled."""
    return (
        str(last_year) if first_year == last_year else f"{first_year}-01-01/{last_year + 1}-01-01"
    )


def one_cell(_rule: MetricRule, _first: int) -> int:
    """A step of one product and variant."""
    return 1


def pool(
    held_years: Mapping[int, HeldYear],
    year: int,
    step: Step,
    rules: Sequence[MetricRule],
    policy: ReleasePolicy,
    cells: Callable[[MetricRule, int], int] = one_cell,
) -> Pool:
    """The fewest years back from `year` that make the labels eligible; else all that can be
    afforded, in wide bands.

    Args:
        held_years: by year; a year that is not there ends the window.
        rules: the metrics that are released together, the headline first, each a release of its own
            for every batch. What a batch cannot pay for beside those before is not released and not
            waited for.
        cells: of how many cells a metric leaves if the window begins with that year; 0 where it
            does not.

    Raises:
        PolicyRefusal: `pool-not-affordable`: the year's own batches have spent what they may;
            `too-few-batches` in all years together.
    """
    batches, most_spent, widest = 0, Fraction(0), None
    for first in range(year, year - policy.most_years, -1):
        held_year = held_years.get(first)
        if held_year is None:
            break
        batches, most_spent = batches + held_year.batches, max(most_spent, held_year.most_spent)
        leaving = [(rule, number) for rule in rules if (number := cells(rule, first))] or [
            (rules[0], 1)
        ]
        asked = [(rule, epsilon_of_a_metric(number, policy)) for rule, number in leaving]
        paid = paid_together(asked, policy.cap_per_year)
        spends = sum((epsilon for _, epsilon in paid), Fraction(0))
        if most_spent + spends > policy.cap_per_year:
            break
        widest = Pool(
            first,
            year,
            batches,
            all(_eligible(batches, step, rule, policy) for rule, _ in paid),
            spends,
        )
        if widest.eligible:
            return widest
    if widest is None:
        raise PolicyRefusal(
            "pool-not-affordable",
            Phrase(
                (
                    "The batches of %(year)s at %(step)s have used up their privacy budget (the "
                    "cap is %(cap)s for each batch), or there "
                    "are none in that year."
                ),
                year=year,
                step=step.id,
                cap=str(policy.cap_per_year),
            ),
            "What was reported remains valid. Report the next year when it is over.",
        )
    fewest = fewest_batches(step, policy)
    if widest.batches < fewest:
        raise PolicyRefusal(
            "too-few-batches",
            in_number(
                widest.batches,
                "There is %(batches)s valid batch of %(step)s in %(period)s. Nothing is released "
                "with fewer than %(fewest)s.",
                "There are %(batches)s valid batches of %(step)s in %(period)s. Nothing is "
                "released with fewer than %(fewest)s.",
                batches=widest.batches,
                step=step.id,
                period=widest.period,
                fewest=fewest,
            ),
            "Correct what the exclusion reasons name, or wait for another year. The label stays "
            "on the site.",
        )
    return widest


def is_worth_it(pool: Pool, alone: int, step: Step, policy: ReleasePolicy) -> bool:
    """Whether the earlier years' budget buys something: a label at all, or one precise enough for
    the industry's.

    Args:
        alone: batches of the last year by itself.
    """
    return pool.years > 1 and (pool.eligible or alone < fewest_batches(step, policy))


def fewest_batches(step: Step, policy: ReleasePolicy) -> int:
    """Below this many valid batches nothing is released: the policy's floor, or the step's own
    where that is higher.
    """
    return max(policy.fewest_batches, step.label_rule.fewest_batches)


def too_long(period: Period, policy: ReleasePolicy, pooled: int = 1) -> PolicyRefusal | None:
    """Why a label of that period covers more years than the policy allows, or None.

    Args:
        pooled: the years that the label covers, the last of them the period; more than 1 goes with
            a calendar year only.
    """
    start, end = period.start.date(), period.end.date()
    latest = start.replace(
        year=start.year + policy.most_years,
        day=28 if (start.month, start.day) == (2, 29) else start.day,
    )
    if end <= latest and pooled == 1:
        return None
    if is_calendar_year(period) and pooled <= policy.most_years:
        return None
    named = (
        period.name
        if pooled == 1
        else Phrase(
            "A label over %(years)s years up to %(period)s", years=pooled, period=period.name
        )
    )
    allowed = in_number(
        policy.most_years, "%(years)s year", "%(years)s years", years=policy.most_years
    )
    return PolicyRefusal(
        "period-too-long",
        Phrase(
            "%(named)s is more than the pack allows a label to cover (%(allowed)s): over time a "
            "plant changes.",
            named=named,
            allowed=allowed,
        ),
        "Report a calendar year. With `--pool`, steps with too few batches also cover the years "
        "before it, as far as the pack allows.",
    )


def is_calendar_year(period: Period) -> bool:
    """Whether the period is one year from its first of January: years are what is pooled."""
    start, end = period.start.date(), period.end.date()
    return (start.month, start.day) == (end.month, end.day) == (1, 1) and end.year == start.year + 1


def _eligible(batches: int, step: Step, rule: MetricRule, policy: ReleasePolicy) -> bool:
    edges = [edge for edge in policy.count_classes if edge <= batches]
    epsilon, _ = draw_epsilons(step, policy)
    return bool(edges) and expected_error(
        rule, step.label_rule.quantile, epsilon, max(edges)
    ) <= float(policy.largest_expected_error)
