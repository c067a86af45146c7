"""One cell's best, typical value, percentile curve and savings with 95 % intervals that hold the
true value though any one report is false.

If one report gives way to any other, every other firm moves by one rank at most. So a mean of ranks
that takes in neither the first nor the last firm lies, whatever one firm sends, between the same
mean one rank lower and one rank higher. How far a rank is from the next is told by the spread of
all firms: an end that was another mean of the same firms would give away the firm that it takes in
and the figure does not. Where the firms at these ranks lie farther apart than a normal law has
them, the gate finds it (`benchmarks.disclosure.one_firm`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from benchmarks.composition import posterior, rules
from benchmarks.composition.entrants import Entrants, ReportedLabel, entrants
from benchmarks.composition.posterior import Potential, Reference, Views, observe
from benchmarks.composition.result import IndustryCell
from benchmarks.composition.rules import (
    CurvePoint,
    RuleName,
    apply_to_ordered,
    averaged,
    heaviest_weight,
    median_of_ordered,
    middle,
    rule_for,
)
from benchmarks.errors import PolicyRefusal
from benchmarks.phrases import Phrase
from benchmarks.routes import MetricRule, Pack, Step

Array = NDArray[np.float64]

_ENOUGH_FOR_QUANTILES = 1000  # draws; of fewer, an end is told better by their standard deviation
_OUTER = 1.959964  # normal deviate of 97.5 %


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure in each posterior draw, and how low and how high it would lie there if one report
    were false: one row a view of the noise (`noise.VIEWS`), one column a draw.
    """

    values: Array
    lowest: Array
    highest: Array

    @classmethod
    def total(cls, parts: Sequence[tuple[float, Self]]) -> Self:
        """The sum of ratio x figure, in each draw: one firm may send falsehoods of all of them."""
        return cls(
            np.sum([ratio * drawn.values for ratio, drawn in parts], axis=0),
            np.sum([ratio * drawn.lowest for ratio, drawn in parts], axis=0),
            np.sum([ratio * drawn.highest for ratio, drawn in parts], axis=0),
        )

    def summary(self) -> tuple[float, tuple[float, float]]:
        """Mean of all draws, and the union of the 95 % intervals of each view."""
        low, high = outer(self.lowest)[0], outer(self.highest)[1]
        return float(self.values.mean()), (low, high)


def with_one_false(
    values: Array, spreads: Array, ranks: Sequence[int], firms: int, rng: np.random.Generator
) -> Drawn:
    """Args:
    values: the mean of the values at `ranks`, 0 the least, in each draw.
    spreads: standard deviation of the firms in each draw.
    """
    down, up = _steps(ranks, firms, values.shape, rng)
    return Drawn(values, values - spreads * down, values + spreads * up)


def outer(draws: Array) -> tuple[float, float]:
    """The ends of the union of the 95 % intervals of each view.

    Few draws are drawn of many plants only: a mean or a middle rank of many is normal, and its
    interval is told by the mean and the standard deviation, three times closer than by the outer
    draws.
    """
    if draws.shape[-1] < _ENOUGH_FOR_QUANTILES:
        reach = _OUTER * draws.std(axis=-1)
        lows, highs = draws.mean(axis=-1) - reach, draws.mean(axis=-1) + reach
    else:
        lows, highs = np.quantile(draws, (0.025, 0.975), axis=-1)
    return float(lows.min()), float(highs.max())


def _steps(
    ranks: Sequence[int], firms: int, shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[Array, Array]:
    """By how much the mean at these ranks of so many standard normal values lies above that one
    rank lower, and below that one rank higher, in random sectors.

    The mean of a run of ranks and that of the next differ by its two ends alone. Uniform order
    statistics are sums of exponential spacings (Rényi 1953, *Acta Mathematica Hungarica* 4,
    191-231), and sums of these are drawn at once as gamma variables.
    """
    signs = {move: _ends(ranks, move) for move in (-1, 1)}
    needed = sorted(signs[-1].keys() | signs[1].keys())
    gaps = np.diff([-1, *needed, firms])
    sums = np.cumsum([rng.standard_gamma(gap, shape) for gap in gaps], axis=0)
    at = dict(zip(needed, ndtri(sums[:-1] / sums[-1]), strict=True))
    down, up = (
        np.sum([times * at[rank] for rank, times in ends.items()], axis=0) / len(ranks)
        for ends in signs.values()
    )
    return -down, up


def _ends(ranks: Sequence[int], move: int) -> dict[int, int]:
    """How often each rank counts more among the ranks moved by one than among the ranks."""
    moved = Counter(rank + move for rank in ranks)
    moved.subtract(ranks)
    return {rank: times for rank, times in moved.items() if times}


Draws = NDArray[np.float64]
"""One row a view of the noise (`noise.VIEWS`), one column a draw."""


ComposedCell = tuple[IndustryCell, Drawn | None, Drawn | None]
"""A cell's result with the draws of its best and typical value; None where there is no value."""


def compose_cell(
    reported: Sequence[ReportedLabel],
    pack: Pack,
    step: Step,
    rule: MetricRule,
    rng: np.random.Generator,
    *,
    variant: str,
    ratio: float = 1.0,
) -> IndustryCell:
    """Best and typical value of one cell with 95 % intervals, by the pack's rule for the number of
    firms.
    """
    who = entrants(reported, pack, step, rule, variant)
    return compose_with_draws(
        who, pack, step, rule, rng, variant=variant, ratio=ratio, headline=True
    )[0]


def compose_with_draws(
    who: Entrants,
    pack: Pack,
    step: Step,
    rule: MetricRule,
    rng: np.random.Generator,
    *,
    variant: str,
    ratio: float,
    headline: bool,
    count: int | None = None,
) -> ComposedCell:
    """As `compose_cell`, keeping the draws for the route's totals.

    Args:
        count: draws; a route needs as many of every cell. By the number of firms where None.
    """
    firms = len(who.entering)
    holds = rule_for(firms, pack.composition)
    best = typical = good_fit = None
    best_drawn = typical_drawn = None
    points: tuple[CurvePoint, ...] = ()
    potentials: tuple[Potential, ...] = ()
    if holds is not None:
        refuse_heavy_weight(holds.rule, firms, pack)
        views = observe(who.entering, "best")
        best_drawn, along = drawn_together(views, holds.rule, rng, count)
        typical_views = observe(who.entering, "typical")
        typical_drawn, savings = typical_together(typical_views, best_drawn.values, rng, count)
        best, typical = best_drawn.summary(), typical_drawn.summary()
        points = tuple(
            CurvePoint(percent, *drawn.summary())
            for percent, drawn in zip(rules.percents(firms), along, strict=True)
        )
        potentials = (
            _potential("typical", typical_views, typical_drawn.values, savings[0]),
            _potential("best", typical_views, best_drawn.values, savings[1]),
        )
        good_fit = all(posterior.fits(observed) for observed in views)
    result = IndustryCell(
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
        note=None if holds else "too-few-firms",
        curve=points,
        potential=potentials,
        pooled=who.pooled,
        in_part=who.in_part,
    )
    return result, best_drawn, typical_drawn


def refuse_heavy_weight(rule: RuleName, firms: int, pack: Pack) -> None:
    """No firm above the pack's largest weight in a published mean: a pack whose rule breaks this is
    refused.
    """
    if heaviest_weight(rule, firms) > pack.disclosure.largest_weight:
        raise PolicyRefusal(
            "weight-above-limit",
            Phrase(
                "Under the rule %(rule)s with %(firms)s firms, one firm would have a weight above "
                "%(most)s.",
                rule=rule,
                firms=firms,
                most=f"{float(pack.disclosure.largest_weight):.0%}",
            ),
            "Correct the pack's [[composition]]: a mean must include enough firms for the largest "
            "weight allowed.",
        )


def industry_drawn(
    views: Views, rule: RuleName, rng: np.random.Generator, count: int | None = None
) -> Drawn:
    """The rule applied in each posterior draw: the industry's value, with everything that is not
    known about it.
    """
    return drawn_together(views, rule, rng, count)[0]


def drawn_together(
    views: Views,
    rule: RuleName,
    rng: np.random.Generator,
    count: int | None = None,
) -> tuple[Drawn, list[Drawn]]:
    """The industry's value, and each point of the curve, in the same draws."""
    firms = views[0].values.size
    best, along, spreads = [], [], []
    for observed in views:
        values, points, spread = [], [], []
        for block in posterior.draws(observed, rng, count):
            spread.append(block.std(axis=-1, ddof=1))
            block.sort(axis=-1)
            values.append(apply_to_ordered(rule, block))
            points.append(rules.read_off(block))
        best.append(np.concatenate(values))
        along.append(np.concatenate(points))
        spreads.append(np.concatenate(spread))
    apart = np.array(spreads)
    shown = [
        (averaged(rule, firms), np.array(best)),
        *zip(
            (rules.ranks(percent, firms) for percent in rules.percents(firms)),
            np.moveaxis(np.array(along), -1, 0),
            strict=True,
        ),
    ]
    drawn = [with_one_false(values, apart, ranks, firms, rng) for ranks, values in shown]
    return drawn[0], drawn[1:]


def typical_together(
    views: Views,
    best: Draws,
    rng: np.random.Generator,
    count: int | None = None,
) -> tuple[Drawn, tuple[Draws, Draws]]:
    """The median firm in each posterior draw, and what the firms would save at it and at the
    industry's best. Blocks are sorted in place: they are not needed any more.
    """
    firms = views[0].values.size
    middles, to_typical, to_best, spreads = [], [], [], []
    for observed, bests in zip(views, best, strict=True):
        values, above, above_best, spread, drawn = [], [], [], [], 0
        for block in posterior.draws(observed, rng, count):
            spread.append(block.std(axis=-1, ddof=1))
            block.sort(axis=-1)
            values.append(median_of_ordered(block))
            above.append(posterior.saved(block, values[-1]))
            above_best.append(posterior.saved(block, bests[drawn : drawn + len(block)]))
            drawn += len(block)
        middles.append(np.concatenate(values))
        to_typical.append(np.concatenate(above))
        to_best.append(np.concatenate(above_best))
        spreads.append(np.concatenate(spread))
    typical = with_one_false(np.array(middles), np.array(spreads), middle(firms), firms, rng)
    return typical, (np.array(to_typical), np.array(to_best))


def _potential(to: Reference, views: Views, reference: Draws, savings: Draws) -> Potential:
    """By the noise that the plants' two values tell; the interval is of both views, where the draws
    have it and around the value.
    """
    value = posterior.without_noise(views[0], float(reference[0].mean()))
    drawn, (low, high) = float(savings.mean()), outer(savings)
    return Potential(to, value, (min(low, low + value - drawn), max(high, high + value - drawn)))
