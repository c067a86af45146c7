"""Who enters each cell of a route, why the others do not, and which sites have an eligible label at
every step.

Of a firm one site enters: that with the largest count class, then the smallest site id. A public
fact settles it and not the noised values: choosing a firm's better site would choose by noise and
pull the label down. The firm's other sites stand in the standings alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.errors import InputError
from benchmarks.label_keys import CellKey, LabelKey
from benchmarks.phrases import Phrase
from benchmarks.privacy.eligibility import eligible
from benchmarks.released import ReleasedLabel
from benchmarks.routes import MetricRule, Pack, Route, RouteStep, Step


@dataclass(frozen=True, slots=True)
class ReportedLabel:
    """A released label with its site, the firm that controls the site, and the report that brought
    it (its envelope's digest).
    """

    firm: str
    site: str
    label: ReleasedLabel
    report: str = ""


def by_step(reported: Iterable[ReportedLabel]) -> dict[str, list[ReportedLabel]]:
    """Grouped by their step, in a fixed order: results do not depend on how rows were read."""
    grouped: defaultdict[str, list[ReportedLabel]] = defaultdict(list)
    for row in sorted(reported, key=lambda row: (row.label.step, row.firm, row.site)):
        grouped[row.label.step].append(row)
    return dict(grouped)


def in_cell(
    reported: Iterable[ReportedLabel], step: Step, rule: MetricRule, variant: str
) -> list[ReportedLabel]:
    """Those in this cell, whatever its boundary or grid; each site once, in a fixed order."""
    key = LabelKey(step.id, step.product, variant, rule.metric)
    inside = sorted(
        (row for row in reported if LabelKey.of(row.label) == key),
        key=lambda row: (row.firm, row.site),
    )
    for earlier, later in pairwise(inside):
        if earlier.site == later.site:
            raise InputError(
                "participant-twice",
                Phrase(
                    "Site %(site)s is listed twice in %(step)s, %(variant)s, %(metric)s.",
                    site=later.site,
                    step=step.id,
                    variant=variant,
                    metric=rule.metric.value,
                ),
                "Give each site's latest accepted revision only.",
            )
    return inside


def comparable(label: ReleasedLabel, step: Step, rule: MetricRule) -> bool:
    """Same boundary, unit and grid as the pack declares: only then is the value compared (EN 16231,
    4.1).
    """
    return (
        label.boundary == step.boundary.id and label.unit == rule.unit and label.grid == rule.grid
    )


Run = Sequence[ReportedLabel]
"""One site's labels at every step of the route, in its order; or its one label in a cell."""


def order(run: Run) -> tuple[str, int, str]:
    """By firm; of one firm the site whose smallest count class is largest comes first, then the
    smallest site id.
    """
    return run[0].firm, -min(row.label.count_class for row in run), run[0].site


def one_run_a_firm(runs: Iterable[Run]) -> list[Run]:
    """The first run of each firm, in the order of firms."""
    chosen: dict[str, Run] = {}
    for run in sorted(runs, key=order):
        chosen.setdefault(run[0].firm, run)
    return list(chosen.values())


def designate(reported: Iterable[ReportedLabel]) -> list[ReportedLabel]:
    """One site a firm of those in a cell, in the order of firms."""
    return [run[0] for run in one_run_a_firm([row] for row in reported)]


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
