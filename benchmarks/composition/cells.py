"""One step's best and typical value from the released labels of one cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition import posterior
from benchmarks.composition.industry import Interval, StepBest
from benchmarks.composition.noise import observe
from benchmarks.composition.participants import Participant, comparable, designate, in_cell
from benchmarks.composition.rules import RuleName, apply_rule, heaviest_weight, rule_for
from benchmarks.errors import PolicyRefusal
from benchmarks.privacy.eligibility import eligible
from benchmarks.routes import MetricRule, Pack, Step


@dataclass(frozen=True, slots=True)
class Entrants:
    """The participants of one cell, sorted into those that enter and those set aside, with the reason."""

    reported: int
    eligible: tuple[Participant, ...]
    entering: tuple[Participant, ...]  # one site a firm
    set_aside: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """A step's result with the draws behind it; the draws are None where there is no value."""

    result: StepBest
    best_draws: NDArray[np.float64] | None
    typical_draws: NDArray[np.float64] | None


def entrants(participants: Sequence[Participant], pack: Pack, step: Step, rule: MetricRule, variant: str) -> Entrants:
    """Who enters the cell. Reasons: `not-comparable` (boundary, unit or grid), `not-eligible`, `other-site-of-firm`."""
    found = in_cell(participants, step, rule, variant)
    like = [p for p in found if comparable(p.label, step, rule)]
    precise = [p for p in like if eligible(p.label, rule, pack.policy)]
    entering = designate(precise)
    counts = (
        ("not-comparable", len(found) - len(like)),
        ("not-eligible", len(like) - len(precise)),
        ("other-site-of-firm", len(precise) - len(entering)),
    )
    return Entrants(len(found), tuple(precise), tuple(entering), tuple((reason, count) for reason, count in counts if count))


def compose_step(
    participants: Sequence[Participant],
    pack: Pack,
    step: Step,
    rule: MetricRule,
    rng: np.random.Generator,
    *,
    variant: str,
    ratio: float = 1.0,
) -> StepBest:
    """Best and typical value of one cell with 95 % intervals, by the pack's rule for the number of firms."""
    return compose_cell(participants, pack, step, rule, rng, variant=variant, ratio=ratio, headline=True).result


def compose_cell(
    participants: Sequence[Participant],
    pack: Pack,
    step: Step,
    rule: MetricRule,
    rng: np.random.Generator,
    *,
    variant: str,
    ratio: float,
    headline: bool,
) -> Composed:
    """As `compose_step`, keeping the draws for the route's totals."""
    who = entrants(participants, pack, step, rule, variant)
    firms = len(who.entering)
    holds = rule_for(firms, pack.composition)
    best = typical = influence = good_fit = None
    best_draws = typical_draws = None
    if holds is not None:
        refuse_heavy_weight(holds.rule, firms, pack)
        observed = observe(who.entering, "best")
        best_draws = industry_draws(observed, holds.rule, rng)
        typical_draws = median_draws(observe(who.entering, "typical"), rng)
        best, typical = summary(best_draws), summary(typical_draws)
        good_fit = posterior.fits(observed)
        influence = largest_influence(observed.values, holds.rule, float(rule.grid_width))
    result = StepBest(
        step=step.id,
        product=step.product,
        variant=variant,
        boundary=step.boundary.id,
        metric=rule.metric,
        unit=rule.unit,
        grid=rule.grid,
        ratio=ratio,
        headline=headline,
        best=best[0] if best else None,
        interval=best[1] if best else None,
        typical=typical[0] if typical else None,
        typical_interval=typical[1] if typical else None,
        rule=holds.rule if holds else None,
        firms=firms,
        sites=who.reported,
        eligible=len(who.eligible),
        set_aside=who.set_aside,
        good_fit=good_fit,
        influence=influence,
        note=None if holds else "too-few-firms",
    )
    return Composed(result, best_draws, typical_draws)


def refuse_heavy_weight(rule: RuleName, firms: int, pack: Pack) -> None:
    """No firm above the pack's largest weight in a published mean: a pack whose rule breaks this is refused."""
    if heaviest_weight(rule, firms) > pack.disclosure.largest_weight:
        raise PolicyRefusal(
            "weight-above-limit",
            f"In the rule {rule} with {firms} firms one firm would weigh more than {float(pack.disclosure.largest_weight):.0%}.",
            "Correct the pack's [[composition]]: a mean must be of enough firms for its largest weight.",
        )


def industry_draws(observed: posterior.Observed, rule: RuleName, rng: np.random.Generator) -> NDArray[np.float64]:
    """The rule applied in each posterior draw: the industry's value, with everything that is not known about it."""
    return np.concatenate([apply_rule(rule, block) for block in posterior.draws(observed, rng)])


def median_draws(observed: posterior.Observed, rng: np.random.Generator) -> NDArray[np.float64]:
    """The median firm in each posterior draw."""
    return np.concatenate([np.median(block, axis=-1) for block in posterior.draws(observed, rng)])


def summary(draws: NDArray[np.float64]) -> tuple[float, Interval]:
    """Mean and 95 % interval of draws."""
    lo, hi = np.quantile(draws, (0.025, 0.975))
    return float(draws.mean()), (float(lo), float(hi))


def largest_influence(values: NDArray[np.float64], rule: RuleName, width: float) -> float | None:
    """A bound on how far the value moves when any one firm is left out: 5, 10, 20, 50, ... widths of the release grid.

    The exact change would give the best firm's value away; the bound says what validation needs to say. None where
    leaving one firm out leaves too few for the rule.
    """
    if rule == "mean-of-best-five" and values.size < 6:
        return None
    whole = float(apply_rule(rule, values))
    ordered = np.sort(values)
    # only the smallest can move a low rank or a mean of the smallest; leaving out any other gives the same as the last
    candidates = [*range(min(values.size, values.size // 4 + 6)), values.size - 1]
    change = max(abs(float(apply_rule(rule, np.delete(ordered, i))) - whole) for i in candidates)
    bound, factors = 5.0 * width, (2.0, 2.0, 2.5)
    turn = 0
    while bound < change:
        bound *= factors[turn % 3]
        turn += 1
    return bound
