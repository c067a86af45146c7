"""The whole route: every step's cells, and three totals per tonne of the route's product.

The composite puts the step bests together with the pack's reference ratios; step bests need not be attainable
together, so beside it stands what participants' own plants reached over the whole route, under the same rule. A
missing step leaves the composite and the typical total without a value, and the label says which step is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition import cells
from benchmarks.composition.industry import IndustryLabel, RouteTotal
from benchmarks.composition.noise import observe
from benchmarks.composition.participants import WHOLE_ROUTE, CellRoster, Member, Participant, Roster, cell_key, member
from benchmarks.composition.posterior import Observed
from benchmarks.composition.rules import rule_for
from benchmarks.packs import digest
from benchmarks.routes import MetricRule, Pack, Route, RouteStep, Step

ByStep = Mapping[str, Sequence[Participant]]


def compose_route(pack: Pack, route: Route, participants_by_step: ByStep, rng: np.random.Generator, *, period: str) -> IndustryLabel:
    """The industry label of one route and period.

    Args:
        participants_by_step: `participants.by_step(...)`: every site's latest accepted labels.
        period: as the participants reported it, e.g. "2016".
    """
    composed: list[cells.Composed] = []
    for place, step, rule, variant, headline in _cells_of(pack, route, participants_by_step):
        composed.append(
            cells.compose_cell(
                participants_by_step.get(step.id, ()), pack, step, rule, rng, variant=variant, ratio=float(place.ratio), headline=headline
            )
        )
    headline_cells = [cell for cell in composed if cell.result.headline]
    return IndustryLabel(
        pack=pack.id,
        pack_version=pack.version,
        pack_digest=digest(pack).hex(),
        route=route.id,
        product=route.product,
        period=period,
        steps=tuple(cell.result for cell in composed),
        composite=_sum(headline_cells, [cell.best_draws for cell in headline_cells]),
        best_reached=_reached(pack, route, participants_by_step, rng),
        typical=_sum(headline_cells, [cell.typical_draws for cell in headline_cells]),
    )


def roster_of(pack: Pack, route: Route, participants_by_step: ByStep) -> Roster:
    """Who stands behind every value of `compose_route` on the same input: what the gate compares between versions."""
    rosters = []
    for _, step, rule, variant, _ in _cells_of(pack, route, participants_by_step):
        who = cells.entrants(participants_by_step.get(step.id, ()), pack, step, rule, variant)
        key = cell_key(step.id, step.product, variant, step.boundary.id, rule.metric)
        rosters.append(CellRoster(key, tuple(member(p) for p in who.entering)))
    whole = [
        Member(run[0].firm, run[0].site, tuple(n for p in run for n in member(p).fingerprint))
        for run in _whole_runs(pack, route, participants_by_step)
    ]
    return Roster((*rosters, CellRoster(WHOLE_ROUTE, tuple(whole))))


def _cells_of(pack: Pack, route: Route, by_step: ByStep) -> list[tuple[RouteStep, Step, MetricRule, str, bool]]:
    """Every cell that the route shows: each released metric, each variant with labels, the headline cell in any case."""
    found = []
    for place in route.steps:
        step = pack.step(place.step)
        main = _headline_variant(pack, step, by_step.get(step.id, ()))
        for rule in step.metrics:
            present = {p.label.variant for p in by_step.get(step.id, ()) if p.label.metric == rule.metric}
            for variant in (v.id for v in step.variants):
                headline = rule is step.metrics[0] and variant == main
                if headline or (rule.released and variant in present):
                    found.append((place, step, rule, variant, headline))
    return found


def _headline_variant(pack: Pack, step: Step, participants: Sequence[Participant]) -> str:
    """The variant that enters the totals: the first that the pack declares with enough firms, else that with most."""
    firms = {variant.id: len(cells.entrants(participants, pack, step, step.metrics[0], variant.id).entering) for variant in step.variants}
    fewest = min(rule.firms_from for rule in pack.composition)
    enough = [variant for variant, count in firms.items() if count >= fewest]
    return enough[0] if enough else max(firms, key=lambda variant: firms[variant])


def _sum(composed: Sequence[cells.Composed], draws: Sequence[NDArray[np.float64] | None]) -> RouteTotal:
    """Sum of ratio x step, in each draw. Steps are drawn independently: their labels carry independent noise."""
    results = [cell.result for cell in composed]
    unit = results[0].unit
    firms = min(result.firms for result in results)
    missing = tuple(result.step for result, drawn in zip(results, draws, strict=True) if drawn is None)
    if missing:
        return RouteTotal(None, None, unit, firms, reason="incomplete", missing=missing)
    if any(result.unit != unit for result in results):
        return RouteTotal(None, None, unit, firms, reason="units-differ")
    total = np.sum([result.ratio * drawn for result, drawn in zip(results, draws, strict=True) if drawn is not None], axis=0)
    value, interval = cells.summary(total)
    return RouteTotal(value, interval, unit, firms)


def _whole_runs(pack: Pack, route: Route, by_step: ByStep) -> list[list[Participant]]:
    """Of each firm the one site with an eligible label at every step of the route: its labels, in the route's order.

    Of several such sites the one whose smallest count class is largest, then the smallest site id: as `designate`.
    """
    runs: dict[str, list[Participant]] = {}
    for place in route.steps:
        step = pack.step(place.step)
        participants = by_step.get(step.id, ())
        who = cells.entrants(participants, pack, step, step.metrics[0], _headline_variant(pack, step, participants))
        for participant in who.eligible:
            runs.setdefault(participant.site, []).append(participant)
    whole = [run for run in runs.values() if len(run) == len(route.steps)]
    whole.sort(key=lambda run: (run[0].firm, -min(p.label.count_class for p in run), run[0].site))
    one_a_firm: dict[str, list[Participant]] = {}
    for run in whole:
        one_a_firm.setdefault(run[0].firm, run)
    return list(one_a_firm.values())


def _reached(pack: Pack, route: Route, by_step: ByStep, rng: np.random.Generator) -> RouteTotal:
    """The rule on plants' own totals. A model of its own on the totals, so that plants good at every step stay so."""
    units = {pack.step(place.step).metrics[0].unit for place in route.steps}
    unit = pack.step(route.steps[0].step).metrics[0].unit
    runs = _whole_runs(pack, route, by_step)
    holds = rule_for(len(runs), pack.composition)
    if len(units) > 1:
        return RouteTotal(None, None, unit, len(runs), reason="units-differ")
    if holds is None:
        return RouteTotal(None, None, unit, len(runs), reason="too-few-whole-routes")
    cells.refuse_heavy_weight(holds.rule, len(runs), pack)
    values, variances, jumps = np.zeros(len(runs)), np.zeros(len(runs)), np.zeros(len(runs))
    for i, place in enumerate(route.steps):
        ratio = float(place.ratio)
        step = observe([run[i] for run in runs], "best")
        values += ratio * step.values
        variances += (ratio * step.sds) ** 2
        jumps += step.jump_density / ratio
    totals = Observed(values, np.sqrt(variances), jumps)
    value, interval = cells.summary(cells.industry_draws(totals, holds.rule, rng))
    return RouteTotal(value, interval, unit, len(runs), rule=holds.rule)
