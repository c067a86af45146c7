"""The industry label of a whole route: every step's cells, three totals per tonne of product, and
who stands behind each value.

The composite puts the step bests together with the pack's reference ratios; step bests need not be
attainable together, so beside it stands what participants' own plants reached over the whole route,
under the same rule. A missing step leaves the composite and the typical total without a value, and
the label says which step is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.composition import best_and_typical
from benchmarks.composition.best_and_typical import Drawn
from benchmarks.composition.entrants import (
    ByStep,
    RouteCell,
    Run,
    lay_out,
    one_run_a_firm,
    whole_runs,
)
from benchmarks.composition.posterior import ObservedValues, Views, draw_count, observe
from benchmarks.composition.result import (
    WHOLE_ROUTE,
    CellRoster,
    IndustryCell,
    IndustryLabel,
    Member,
    Roster,
    RouteTotal,
)
from benchmarks.composition.rules import rule_for
from benchmarks.packs import digest
from benchmarks.routes import Pack, Route


def seed_of(purpose: str, envelopes: Iterable[str]) -> int:
    """A seed of 256 bits out of the participants' envelopes, whatever order they come in.

    Args:
        purpose: what is simulated, so that two simulations of the same reports do not share their
            chance.
        envelopes: digests, lower-case hex.
    """
    content = "\n".join((f"steplabel/1 {purpose}", *sorted(envelopes)))
    return int.from_bytes(hashlib.sha256(content.encode()).digest())


def compose_route(
    pack: Pack,
    route: Route,
    labels_by_step: ByStep,
    rng: np.random.Generator,
    *,
    period: str,
) -> IndustryLabel:
    """The industry label of one route and period.

    Args:
        labels_by_step: as `by_step` groups them: every site's latest accepted labels.
        period: as the participants reported it, e.g. "2016".
    """
    laid_out = lay_out(pack, route, labels_by_step)
    return _compose(pack, route, laid_out, one_run_a_firm(whole_runs(laid_out)), rng, period)


def roster_of(pack: Pack, route: Route, labels_by_step: ByStep) -> Roster:
    """Who stands behind every value of `compose_route` on the same input: what the gate compares
    between versions.
    """
    laid_out = lay_out(pack, route, labels_by_step)
    return _roster(laid_out, one_run_a_firm(whole_runs(laid_out)))


def compose_with_roster(
    pack: Pack, route: Route, labels_by_step: ByStep, rng: np.random.Generator, *, period: str
) -> tuple[IndustryLabel, Roster]:
    """`compose_route` and `roster_of` at once."""
    laid_out = lay_out(pack, route, labels_by_step)
    runs = one_run_a_firm(whole_runs(laid_out))
    return _compose(pack, route, laid_out, runs, rng, period), _roster(laid_out, runs)


def _compose(
    pack: Pack,
    route: Route,
    laid_out: Sequence[RouteCell],
    runs: Sequence[Run],
    rng: np.random.Generator,
    period: str,
) -> IndustryLabel:
    count = draw_count(
        max(len(cell.who.entering) for cell in laid_out)
    )  # the totals are sums over the cells, draw by draw
    composed = [
        best_and_typical.compose_with_draws(
            cell.who,
            pack,
            cell.step,
            cell.rule,
            rng,
            variant=cell.variant,
            ratio=float(cell.route_step.ratio),
            headline=cell.headline,
            count=count,
        )
        for cell in laid_out
    ]
    headline = [cell for cell in composed if cell[0].headline]
    results = [result for result, _, _ in headline]
    made_in = pack.made_in(route)
    return IndustryLabel(
        pack=pack.id,
        pack_version=pack.version,
        pack_digest=digest(pack).hex(),
        route=route.id,
        product=route.product,
        period=period,
        cells=tuple(result for result, _, _ in composed),
        composite=_sum(results, [best for _, best, _ in headline], made_in),
        best_reached=_reached(pack, laid_out, runs, rng, made_in),
        typical=_sum(results, [typical for _, _, typical in headline], made_in),
    )


def _roster(laid_out: Sequence[RouteCell], runs: Sequence[Run]) -> Roster:
    rosters = [
        CellRoster(str(cell.key), tuple(Member.of((row,)) for row in cell.who.entering))
        for cell in laid_out
    ]
    return Roster((*rosters, CellRoster(WHOLE_ROUTE, tuple(Member.of(run) for run in runs))))


def _sum(
    results: Sequence[IndustryCell],
    draws: Sequence[Drawn | None],
    made_in: str,
) -> RouteTotal:
    """Sum of ratio x step, in each draw. Steps are drawn independently: their labels carry
    independent noise.

    A step's energy is per its own output unit, and its ratio is of that unit per one of the route's
    product (`made_in`).
    """
    unit = f"{_energy(results[0].unit)}/{made_in}"
    firms = min(result.firms for result in results)
    missing = tuple(
        result.step for result, drawn in zip(results, draws, strict=True) if drawn is None
    )
    if missing:
        return RouteTotal(None, None, unit, firms, reason="incomplete", missing=missing)
    if len({_energy(result.unit) for result in results}) > 1:
        return RouteTotal(None, None, unit, firms, reason="units-differ")
    parts = [(result.ratio, drawn) for result, drawn in zip(results, draws, strict=True) if drawn]
    value, interval = Drawn.total(parts).summary()
    return RouteTotal(value, interval, unit, firms)


def _energy(unit: str) -> str:
    return unit.partition("/")[0]


def _reached(
    pack: Pack,
    laid_out: Sequence[RouteCell],
    runs: Sequence[Run],
    rng: np.random.Generator,
    made_in: str,
) -> RouteTotal:
    """The rule on plants' own totals. A model of its own on the totals, so that plants good at
    every step stay so.
    """
    headline = [cell for cell in laid_out if cell.headline]
    energies = {_energy(cell.rule.unit) for cell in headline}
    unit = f"{_energy(headline[0].rule.unit)}/{made_in}"
    holds = rule_for(len(runs), pack.composition)
    if len(energies) > 1:
        return RouteTotal(None, None, unit, len(runs), reason="units-differ")
    if holds is None:
        return RouteTotal(None, None, unit, len(runs), reason="too-few-whole-routes")
    best_and_typical.refuse_heavy_weight(holds.rule, len(runs), pack)
    views = totals_of(headline, runs)
    value, interval = best_and_typical.industry_drawn(views, holds.rule, rng).summary()
    return RouteTotal(value, interval, unit, len(runs), rule=holds.rule)


def totals_of(headline: Sequence[RouteCell], runs: Sequence[Run]) -> Views:
    """Plants' totals with their noise, in each view: the steps' noises are independent."""
    steps = [
        (float(cell.route_step.ratio), observe([run[i] for run in runs], "best"))
        for i, cell in enumerate(headline)
    ]
    totals = []
    for view in range(len(steps[0][1])):
        observed_steps = [(ratio, views[view]) for ratio, views in steps]
        totals.append(
            ObservedValues(
                values=np.sum([ratio * step.values for ratio, step in observed_steps], axis=0),
                sds=np.sqrt(
                    np.sum([(ratio * step.sds) ** 2 for ratio, step in observed_steps], axis=0)
                ),
                jump_density=np.sum(
                    [step.jump_density / ratio for ratio, step in observed_steps], axis=0
                ),
            )
        )
    return tuple(totals)
