"""Who enters each cell of a route, why the others do not, and which sites have an eligible label at
every step.

Laid out once for the label, its totals and its roster.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.composition.one_site_a_firm import Run, designate, order
from benchmarks.composition.reported_labels import ReportedLabel, comparable, in_cell
from benchmarks.label_keys import CellKey
from benchmarks.privacy.eligibility import eligible
from benchmarks.routes import MetricRule, Pack, Route, RouteStep, Step

ByStep = Mapping[str, Sequence[ReportedLabel]]


@dataclass(frozen=True, slots=True)
class Entrants:
    """The labels of one cell, sorted into those that enter and those set aside, with the reason."""

    reported: int
    eligible: tuple[ReportedLabel, ...]
    entering: tuple[ReportedLabel, ...]  # one site a firm
    set_aside: tuple[tuple[str, int], ...]

    @property
    def in_part(self) -> int:
        """How many that enter have a label that lacks months of its time."""
        return sum(row.label.months is not None for row in self.entering)

    @property
    def pooled(self) -> tuple[tuple[int, int], ...]:
        """How many that enter have a label over several years: (years, firms)."""
        years = Counter(row.label.years for row in self.entering if row.label.years > 1)
        return tuple(sorted(years.items()))


@dataclass(frozen=True, slots=True)
class RouteCell:
    """One cell that the route shows. `headline` cells make up the totals: the first metric of the
    step, in one variant.
    """

    route_step: RouteStep
    step: Step
    rule: MetricRule
    variant: str
    headline: bool
    who: Entrants

    @property
    def key(self) -> CellKey:
        return CellKey(
            self.step.id, self.step.product, self.variant, self.step.boundary.id, self.rule.metric
        )


def entrants(
    reported: Sequence[ReportedLabel], pack: Pack, step: Step, rule: MetricRule, variant: str
) -> Entrants:
    """Who enters the cell. Reasons: `not-comparable` (boundary, unit or grid), `not-eligible`,
    `other-site-of-firm`.
    """
    candidates = in_cell(reported, step, rule, variant)
    like, precise = [], []
    # rows of one period share their grids and draws: each is compared once, by identity, not in
    # exact fractions for every plant
    same_cell: dict[tuple[int, str, str], bool] = {}
    close_enough: dict[tuple[int, int], bool] = {}
    for row in candidates:
        label = row.label
        looks = id(label.grid), label.boundary, label.unit
        if looks not in same_cell:
            same_cell[looks] = comparable(label, step, rule)
        if not same_cell[looks]:
            continue
        like.append(row)
        drawn = id(label.best), label.count_class
        if drawn not in close_enough:
            close_enough[drawn] = eligible(label, rule, pack.policy)
        if close_enough[drawn]:
            precise.append(row)
    entering = designate(precise)
    counts = (
        ("not-comparable", len(candidates) - len(like)),
        ("not-eligible", len(like) - len(precise)),
        ("other-site-of-firm", len(precise) - len(entering)),
    )
    return Entrants(
        len(candidates),
        tuple(precise),
        tuple(entering),
        tuple((reason, count) for reason, count in counts if count),
    )


def lay_out(pack: Pack, route: Route, labels_by_step: ByStep) -> list[RouteCell]:
    """Every cell that the route shows: each released metric, each variant with labels, the headline
    cell in any case.
    """
    return [
        cell for route_step in route.steps for cell in _of_step(pack, route_step, labels_by_step)
    ]


def _of_step(pack: Pack, route_step: RouteStep, labels_by_step: ByStep) -> Iterator[RouteCell]:
    step = pack.step(route_step.step)
    labelled: defaultdict[tuple[str, str], list[ReportedLabel]] = defaultdict(list)
    for row in labels_by_step.get(step.id, ()):
        labelled[row.label.metric, row.label.variant].append(row)
    first = step.metrics[0]
    of_variant = {
        variant.id: entrants(
            labelled.get((first.metric, variant.id), ()), pack, step, first, variant.id
        )
        for variant in step.variants
    }
    main = _headline_variant(pack, of_variant)
    for rule in step.metrics:
        for variant in (declared.id for declared in step.variants):
            headline = rule is first and variant == main
            present = labelled.get((rule.metric, variant), ())
            if headline or (rule.released and present):
                who = (
                    of_variant[variant]
                    if rule is first
                    else entrants(present, pack, step, rule, variant)
                )
                yield RouteCell(route_step, step, rule, variant, headline, who)


def _headline_variant(pack: Pack, of_variant: Mapping[str, Entrants]) -> str:
    """The variant that enters the totals: the first that the pack declares with enough firms, else
    that with most.
    """
    fewest = min(rule.firms_from for rule in pack.composition)
    enough = [variant for variant, who in of_variant.items() if len(who.entering) >= fewest]
    return (
        enough[0]
        if enough
        else max(of_variant, key=lambda variant: len(of_variant[variant].entering))
    )


def whole_runs(laid_out: Sequence[RouteCell]) -> list[Run]:
    """Every site with an eligible label at each step of the route: its labels, in the route's
    order; sites as `order` has them.
    """
    headline = [cell for cell in laid_out if cell.headline]
    runs: dict[str, list[ReportedLabel]] = {}
    for cell in headline:
        for row in cell.who.eligible:
            runs.setdefault(row.site, []).append(row)
    return sorted((run for run in runs.values() if len(run) == len(headline)), key=order)
