"""One cell's best, typical value, percentile curve and savings with 95 % intervals, with no firm
above the pack's largest weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition import curve, posterior, savings_potential
from benchmarks.composition.curve import CurvePoint
from benchmarks.composition.entrants import Entrants, entrants
from benchmarks.composition.noise import Views, observe
from benchmarks.composition.one_report import Drawn, outer, with_one_false
from benchmarks.composition.reported_labels import ReportedLabel
from benchmarks.composition.result import IndustryCell
from benchmarks.composition.rules import (
    RuleName,
    apply_to_ordered,
    averaged,
    heaviest_weight,
    median_of_ordered,
    middle,
    rule_for,
)
from benchmarks.composition.savings_potential import Potential, Reference
from benchmarks.errors import PolicyRefusal
from benchmarks.phrases import Phrase
from benchmarks.routes import MetricRule, Pack, Step

Draws = NDArray[np.float64]
"""One row a view of the noise (`noise.VIEWS`), one column a draw."""


@dataclass(frozen=True, slots=True)
class ComposedCell:
    """A cell's result with the draws behind it; the draws are None where there is no value."""

    result: IndustryCell
    best_drawn: Drawn | None
    typical_drawn: Drawn | None


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
    ).result


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
            for percent, drawn in zip(curve.percents(firms), along, strict=True)
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
    return ComposedCell(result, best_drawn, typical_drawn)


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
            points.append(curve.read_off(block))
        best.append(np.concatenate(values))
        along.append(np.concatenate(points))
        spreads.append(np.concatenate(spread))
    apart = np.array(spreads)
    shown = [
        (averaged(rule, firms), np.array(best)),
        *zip(
            (curve.ranks(percent, firms) for percent in curve.percents(firms)),
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
            above.append(savings_potential.saved(block, values[-1]))
            above_best.append(savings_potential.saved(block, bests[drawn : drawn + len(block)]))
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
    value = savings_potential.without_noise(views[0], float(reference[0].mean()))
    drawn, (low, high) = float(savings.mean()), outer(savings)
    return Potential(to, value, (min(low, low + value - drawn), max(high, high + value - drawn)))
