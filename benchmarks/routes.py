"""What a sector pack declares, as types: steps with boundary, variants, reference conditions, label
rule and metrics, and routes.

A *step* is a process segment (ISA-95) with its own product, boundary and rules. A *route* puts
steps together with reference material ratios: tonnes of the step's product per tonne of the route's
product. Everything here is data read from a pack; no module of Steplabel knows a sector.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from pydantic import Field

from benchmarks.declared import Declared, Exact, FigureSource, Words
from benchmarks.materials import (
    CarrierNeed,
    Feed,
    HeldHeat,
    Material,
    MaterialShare,
    OwnCarrier,
    TypicalTake,
    UsualHeat,
    Yield,
)
from benchmarks.measurements import Metric
from benchmarks.policies import CompositionRule, DisclosurePolicy, ReleasePolicy
from benchmarks.released import Grid
from benchmarks.standard_limits import StandardEdition, StandardLimit

NEWEST = "newest"
OutputUnit = Literal["t", "kg", "weight case", "item", "1000 items", "m", "m2", "m3", "Nm3", "kWh"]


class Boundary(Declared):
    """The energy boundary of a step (EN 16231, 4.1): part of the key, values of two boundaries are
    never compared.

    `carriers` must all be reported (or declared not used) before a `total` can be computed;
    `counted` are others that the step may use, which count wherever they are reported; `credited`
    may be recovered. Of `measured` no default heating value will do, by what `measured_source`
    says. Every other carrier is outside (`benchmarks.labels.outside`).
    """

    id: str
    words: Words
    carriers: tuple[str, ...]
    counted: tuple[str, ...] = ()
    credited: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()
    measured_source: FigureSource | None = None
    media: tuple[
        str, ...
        # oxygen, nitrogen, air, water made outside this boundary: counted at what making them takes
    ] = ()
    essential: tuple[
        str, ...
    ] = ()  # without which the process does not run: reported, or (a medium) made inside
    bought: tuple[
        str, ...
    ] = ()  # counted only where bought over the fence: what makes them on site is inside
    unconverted: tuple[
        str, ...
    ] = ()  # counted before any conversion of them into themselves (a rectifier)
    feedstock: tuple[
        str, ...
        # carriers that pass through it as material and are no energy of it: a log may hold them as
        # inputs
    ] = ()
    needs: tuple[
        CarrierNeed, ...
    ] = ()  # how much of what it does not run without a run takes at least, electricity and media
    yields: tuple[Yield, ...] = ()  # how much heat what it gives back can hold

    @property
    def asked(self) -> tuple[str, ...]:
        """What must be reported before there is a `total`."""
        return tuple(dict.fromkeys((*self.carriers, *self.essential)))


class Variant(Declared):
    """A product grade with conditions of its own; small cells merge up to `parent`, never silently.
    A run that gives back a carrier of which its variant `gives_no` is of another one, and is left
    out."""

    id: str
    words: Words
    parent: str | None = None
    gives_no: tuple[str, ...] = ()


class ReferenceCondition(Declared):
    """A relevant variable (ISO 50006): a batch's value is brought to `reference` by `slope` per
    unit of the variable.

    corrected = value - slope * (variable - reference). Where the variable is missing, the batch is
    excluded as `variable-missing` if `required`, else taken as at reference with a notice. Where it
    is less than `least` or more than `most`, which are what it can physically be, the batch is
    excluded as `variable-impossible`. A standard that corrects no further than so many units of the
    variable from the reference has a `cap`. Between which values such plants lie on average is
    `usual`; by how much a test of a run errs at least, standard deviation, is `test`.
    """

    variable: str
    unit: str
    words: Words | None = (
        None  # its name in a report; left out where the name of the column says enough
    )
    reference: float
    slope: dict[Metric, float]  # in the metric's unit per unit of the variable
    required: bool = False
    least: float | None = None
    most: float | None = None
    cap: float | None = None
    source: FigureSource
    usual: tuple[float, float] | None = None
    test: float | None = None
    usual_source: FigureSource | None = None


class LabelRule(Declared):
    """How `best` is formed: the quantile of the valid batches, and what makes a batch valid."""

    quantile: Exact
    fewest_batches: int
    least_completeness: float
    longest_gap_s: int
    shortest_s: int  # of a batch (or of the variable `power_on_s` where the log gives it)
    longest_s: int
    most_records_a_day: int | None = (
        None  # of one site; public, and needed only where the pack protects whole days
    )
    source: FigureSource | None = None


class MetricRule(Declared):
    """One metric of a step: unit, physical bounds of one batch, public release grid and public
    spread.

    `floor` and `ceiling` bound a physically possible batch, as measured and at reference; `spread`
    is the public standard deviation of batches within a typical plant, `typical` a public typical
    value, both in `unit`: they set the expected error of a release. `alone`: the metric says all
    that a step takes, so that a batch which used energy of another kind has no value in it.
    `by_electricity`: working media of the boundary that count in it by the electricity that makes
    them.
    """

    metric: Metric
    unit: str
    floor: float
    ceiling: float
    typical: float
    spread: float
    grid_lower: Exact
    grid_upper: Exact
    grid_width: Exact
    grid_source: FigureSource
    typical_source: FigureSource | None = None
    spread_source: FigureSource | None = None
    released: bool = True
    alone: bool = False
    by_electricity: tuple[str, ...] = ()

    @property
    def grid(self) -> Grid:
        return Grid(self.grid_lower, self.grid_upper, self.grid_width)


class Step(Declared):
    """A process segment: one product, one boundary, one label rule, one or more metrics (the first
    is the headline).

    `of_equipment` names what limits ask for and each furnace has of its own: one value of the site
    does not hold for two of them. `bought_share` names the static factor or variable that says how
    much of the output, in %, was bought ready or half made.
    """

    id: str
    words: Words
    product: str
    product_words: Words
    product_carrier: str | None = (
        None  # what is credited as this carrier is the product itself: as much as the good output
    )
    output_unit: OutputUnit = "t"  # goods may be counted, or measured
    run_kind: Literal["heat", "coil", "melt", "shift", "day", "month", "campaign", "pot-month"]
    boundary: Boundary
    variants: tuple[Variant, ...]
    label_rule: LabelRule
    metrics: tuple[MetricRule, ...]
    reference_conditions: tuple[ReferenceCondition, ...] = ()
    limits: tuple[StandardLimit, ...] = ()
    of_equipment: tuple[str, ...] = ()
    bought_share: str | None = None
    feeds: tuple[Feed, ...] = ()  # how much of what its log names a unit of output is made of
    takes: tuple[
        TypicalTake, ...
    ] = ()  # how much energy such plants take, above which it may be another step's
    holds_heat: tuple[HeldHeat, ...] = ()  # what of it may burn and is no carrier
    shares: tuple[MaterialShare, ...] = ()  # of its charge, which variables state and its log shows
    output_of: str | None = (
        None  # the step whose output is this one's (a waste-heat set of its kiln's clinker)
    )

    @property
    def only_root(self) -> str:
        """What a log without variants means: the root of their tree; "" where it has several."""
        roots = [variant.id for variant in self.variants if variant.parent is None]
        return roots[0] if len(roots) == 1 else ""

    def metric(self, metric: Metric) -> MetricRule | None:
        return next((rule for rule in self.metrics if rule.metric == metric), None)


class RouteStep(Declared):
    """A step in a route: `ratio` of its product per unit of the route's product, each in its own
    unit (reference, public).

    `share_variable` is the variable of the next step's runs that says how much of this step's
    product went into them, in % of their output. Where limits are meant of a product made of it
    alone (`unmixed`), what else went in lowers no account: the energy up to here is divided by the
    part of the output that was made of it.
    """

    step: str
    ratio: Exact
    source: FigureSource
    share_variable: str | None = None
    unmixed: bool = False


class Route(Declared):
    """Steps put together to a product."""

    id: str
    words: Words
    product: str
    product_words: Words
    steps: tuple[RouteStep, ...]


class Pack(Declared):
    """A sector method pack: versioned data with sources. `routes[0]` is the pack's main route."""

    id: str
    version: str
    words: Words
    standard_basis: Literal["calorific"]
    # the version of the table of conversion factors that labels by this pack are made with
    conversion: str = NEWEST
    effective_from: date
    effective_to: date | None = None
    policy: ReleasePolicy
    composition: tuple[CompositionRule, ...]
    disclosure: DisclosurePolicy
    routes: tuple[Route, ...]
    steps: tuple[Step, ...]
    editions: tuple[StandardEdition, ...] = ()
    heating_values: tuple[UsualHeat, ...] = ()
    materials: tuple[Material, ...] = ()
    own_carriers: tuple[OwnCarrier, ...] = ()  # that the table of carriers does not hold
    own_power: str | None = (
        # static factor: in % of the power used, what the site makes itself and none of its files
        # holds
        None
    )
    numbers: dict[str, FigureSource] = Field(default_factory=dict)
    """By role (`benchmarks.packs.provenance`): the source of numbers that name none of their
    own.
    """

    def made_in(self, route: Route) -> str:
        """The unit that a route's product is counted in."""
        return next(
            (step.output_unit for step in self.steps if step.product == route.product),
            self.step(route.steps[-1].step).output_unit,
        )

    def editions_not_held(self, steps: Iterable[str], first: date, last: date) -> tuple[str, ...]:
        """Editions for these steps, in force on any of these days as far as is known, whose values
        the pack does not hold.
        """
        of = set(steps)
        return tuple(
            " ".join((edition.standard, *edition.amendments))
            for edition in self.editions
            if not edition.held and of & set(edition.steps) and edition.in_force_within(first, last)
        )

    def route(self, route_id: str) -> Route:
        """The route of that id; KeyError names what the pack has."""
        for route in self.routes:
            if route.id == route_id:
                return route
        raise KeyError(
            f"pack {self.id} has no route {route_id!r}; it has "
            f"{', '.join(route.id for route in self.routes)}"
        )

    def step(self, step_id: str) -> Step:
        """The step of that id; KeyError names what the pack has."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(
            f"pack {self.id} has no step {step_id!r}; it has {', '.join(s.id for s in self.steps)}"
        )

    def usual_heat(self, step_id: str) -> dict[str, UsualHeat]:
        """By carrier, what is usual of it at the step: an entry of the step's own before one of
        all.
        """
        of_all = {usual.carrier: usual for usual in self.heating_values if not usual.steps}
        return of_all | {
            usual.carrier: usual for usual in self.heating_values if step_id in usual.steps
        }
