"""Process segments and routes: what a sector pack declares, as types.

A *step* is a process segment (ISA-95) with its own product, boundary and rules. A *route* puts steps together with
reference material ratios: tonnes of the step's product per tonne of the route's product. Everything here is data read
from a pack; no module of Steplabel knows a sector.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from benchmarks.catalogue import in_language, languages
from benchmarks.measurements import Metric
from benchmarks.phrases import Name, Phrase, Value, of_language
from benchmarks.released import Grid

Exact = Annotated[Fraction, BeforeValidator(lambda value: Fraction(str(value)))]
"""A number written in a pack, kept exactly as written: "0.05" is 1/20."""


def content_digest(content: object) -> bytes:
    """SHA-256 of content in canonical JSON: sorted keys, fractions as n/d, decimals as written, dates as ISO 8601, UTF-8."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode("utf-8")).digest()


def _plain(value: object) -> str:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"declared data hold no {type(value).__name__}")


class Declared(BaseModel):
    """Base of everything a pack declares: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


NEWEST = "newest"
_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]+)*")


class Words(Declared):
    """A text by the code of its language (`zh`, `pt-br`): English always, of the others those that there are."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    en: str

    @model_validator(mode="after")
    def _by_code(self) -> Words:
        for code in self.__pydantic_extra__:
            if not _CODE.fullmatch(code):
                raise ValueError(Phrase("%(code)s is not a language code, such as zh or pt-br", code=code))
        return self

    @classmethod
    def of(cls, said: Value) -> Words:
        """A phrase in every language of the catalogue; a name in those that it has."""
        if isinstance(said, Words):
            return said
        if isinstance(said, Name):
            return cls(**said.by_language)
        return cls(**{code: in_language(said, code) if isinstance(said, Phrase) else str(said) for code in languages()})

    @property
    def by_language(self) -> dict[str, str]:
        """The texts by code, English first."""
        return {"en": self.en, **self.__pydantic_extra__}

    def said_in(self, language: str) -> str:
        """The text as a reader of this language reads it; in English where nobody has translated it."""
        return of_language(self.by_language, language) or in_language(self.en, language)

    def each(self, write: Callable[[str], str]) -> Words:
        """The text of every language written anew."""
        return Words(**{code: write(self.said_in(code)) for code in dict.fromkeys((*languages(), *self.by_language))})

    @property
    def without_stop(self) -> Words:
        """A sentence that goes on."""
        return self.each(lambda text: text.rstrip(" .。"))


def worded(text: str, /, **values: Value) -> Words:
    """A sentence with its values, in every language of the catalogue."""
    return Words.of(Phrase(text, **values))


Status = Literal["original-seen", "transcribed", "secondary", "assumption"]
"""How a figure was read: in the document itself; in a transcription of it, with its clause; in a text that reports it; not at all."""


class Source(Declared):
    """Where a figure comes from. What is not verified, or is an assumption of ours, is never shown as a benchmark.

    `verified` says that the figure was read in the document or in a transcription of it; it follows from `status` where that is given.
    """

    text: str
    kind: Literal["standard", "publication", "engineering-assumption"]
    verified: bool
    document: str = ""
    edition: str = ""
    clause: str = ""  # or page; a figure may name its own
    issuer: str = ""
    jurisdiction: str = ""  # ISO 3166: CN, CN-SH, EU; empty where it has none
    valid_from: date | None = None
    valid_to: date | None = None
    read_on: date | None = None
    read_by: str = ""
    reread_by: str = ""
    status: Status | None = None

    @model_validator(mode="before")
    @classmethod
    def _verified_by_status(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("status") is not None and "verified" not in given:
            return {**given, "verified": given["status"] in ("original-seen", "transcribed")}
        return given

    @model_validator(mode="after")
    def _status_agrees(self) -> Source:
        if self.status is not None and self.verified is not (self.status in ("original-seen", "transcribed")):
            raise ValueError(Phrase("verified means read in the document or in a transcription of it"))
        if self.status == "assumption" and self.kind != "engineering-assumption":
            raise ValueError(Phrase("an assumption must have the kind engineering-assumption"))
        return self


Form = Literal["electricity", "gas", "solid", "liquid", "steam", "heat", "medium"]


class HeatingRange(Declared):
    """The heating values that a carrier can have, in MJ per its unit."""

    least: float
    most: float


class UsualHeat(Declared):
    """The heating values that a pack takes for usual of a carrier whose bounds say little, in MJ per its unit (steam: its heat above the
    feed water). Beyond them, or where there are none, a run counts only by a value that the site declares with its reason. Where it takes
    in less than is `typical`, or gives back more, the label says by how much that betters it. Where what is usual is so wide that any
    value needs its reason (`reasoned`), the bounds only say between what the label then is told. An entry that names `steps` is of the
    carrier as these take it (breeze, injected coal), and goes before one that names none.
    """

    carrier: str
    steps: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    typical: float | None = None
    reasoned: bool = False
    source: Source

    @property
    def admits(self) -> bool:
        """Whether a value counts without a reason."""
        return self.least is not None and not self.reasoned

    def holds(self, value: float) -> bool:
        return self.admits and self.least is not None and self.most is not None and self.least <= value <= self.most


class OwnCarrier(Declared):
    """A carrier as `packs/carriers.toml` writes it, or as a pack brings it along; its factors are per `unit`."""

    id: str
    kind: Form
    unit: str
    words: Words = Field(alias="names")
    also: tuple[str, ...] = ()  # other words that plants write for it, and that mean nothing else
    lhv: HeatingRange | None = None
    kg_per_nm3: float | None = None  # of a gas of one kind, by which a log may give it in either


class Need(Declared):
    """What the process takes of a carrier that it cannot run without, in `unit` per unit of output: a trace of it is no report of it.

    A run that reports less than `least` of an essential carrier is left out; of one that takes less than is `usual` the label says by how
    much it would be higher at that. Of a medium made inside the step, `made_inside` says what making `least` of it takes, with what else
    the step takes of it: amounts of one or several carriers, each in its own unit, whose shares add up to 1 at least. `instead` are
    carriers that do the same work, with how much of this one a unit of each stands for: oxygen in the blast.
    """

    carrier: str
    unit: str
    least: float = 0.0
    usual: float | None = None
    made_inside: dict[str, float] = {}
    instead: dict[str, float] = {}
    source: Source


class Yield(Declared):
    """How much heat what a step gives back can hold: the carriers of `gives` together, less what of `besides` it took in, are at most
    `most` of the heat of the carriers `of` that it took (a share), or, where none are named, MJ per unit of output.

    A run that gives back more is left out; where a label's runs give back more than is `usual`, it says by how much that betters it.
    Of a gas of which the step burns some, or another in its place: of the heat given back, what it burns of any gas at least (`burns`; a
    run that burns less is left out) and usually (`burns_usually`; below it the label says so). Of power, what a set takes of it itself.
    """

    gives: tuple[str, ...]
    of: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
    most: float
    usual: float | None = None
    burns: float | None = None
    burns_usually: float | None = None
    source: Source


class MaterialAt(Declared):
    """What the amount of a material in the log of a step says: how much of its output was bought ready or half made, or of its charge was
    this.

    `whole` is of how much of it a unit of output is made where it is made of nothing else, at least and at most. `variable` states that
    share in %, `rest_of` what is left of it; where both are left out, the step's `bought_share` does. What a plant may as well add behind
    the step as put through it (fly ash beside a mill) names what states, in % of the output, how much was added so (`unless`). What can be
    part of the weighed output that comes back (fines of a screen behind the scale) names what states how much of it does (`returns`).
    """

    step: str
    whole: tuple[float, float] = (1.0, 1.0)
    variable: str | None = None
    rest_of: str | None = None
    unless: str | None = None
    returns: str | None = None
    source: Source | None = None


class Material(Declared):
    """What logs of the pack's steps name as charged and is no fuel (`input.MATERIAL`), with other words that mean nothing else."""

    id: str
    words: Words = Field(alias="names")
    also: tuple[str, ...] = ()
    at: tuple[MaterialAt, ...] = ()


class Feed(Declared):
    """How much of materials and carriers, all of `of` together, a unit of output is made of, in t: what a log names of them is held against
    it. Less than is usual is more output than they give, what is more than usual may be burnt, at `burns` MJ/kg: the label says by how
    much that betters it.

    Below `least` and beyond `most` no such plant lies, and the step has no label. A feed without `least` may be logged in part: it is
    judged where the log names nearly as much of it as is usual, then in place of later ones of its materials. Where the log names no more
    of it than a later one holds, that is judged.
    """

    of: tuple[str, ...]
    usual: tuple[float, float]
    least: float | None = None
    most: float | None = None
    burns: float | None = None
    source: Source


class Take(Declared):
    """How much energy of a kind (electricity in kWh, thermal in MJ) such plants take per unit of output: typically, and usually at most.
    More is told beside the labels of every step to which it could belong."""

    metric: Literal[Metric.ELECTRICITY, Metric.THERMAL]
    typical: float
    most: float
    source: Source

    @property
    def unit(self) -> str:
        return "kWh" if self.metric is Metric.ELECTRICITY else "MJ"


class Share(Declared):
    """What a variable says, in %, materials are of all that a step charges `among` them, or of its output: its log shows it as well."""

    variable: str
    of: tuple[str, ...]
    among: tuple[str, ...] = ()
    source: Source


class HeldHeat(Declared):
    """What materials hold at most, in MJ/kg, that burns in the step and no energy counts: carbon of dust, kerogen of shale.

    It is told beside the label by what the log charges of them, its own or that of a step before it (`also_at`), until the site states what
    they hold.
    """

    of: tuple[str, ...]
    burns: float
    also_at: tuple[str, ...] = ()
    source: Source

    @property
    def stated_by(self) -> str:
        """The static factor that says what they hold, in MJ/kg."""
        return f"{self.of[0].replace('-', '_')}_mj_kg"


class Boundary(Declared):
    """The energy boundary of a step (EN 16231, 4.1): part of the key, values of two boundaries are never compared.

    `carriers` must all be reported (or declared not used) before a `total` can be computed; `counted` are others that the step may
    use, which count wherever they are reported; `credited` may be recovered. Of `measured` no default heating value will do, by what
    `measured_source` says. Every other carrier is outside (`benchmarks.labels.outside`).
    """

    id: str
    words: Words
    carriers: tuple[str, ...]
    counted: tuple[str, ...] = ()
    credited: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()
    measured_source: Source | None = None
    media: tuple[str, ...] = ()  # oxygen, nitrogen, air, water made outside this boundary: counted at what making them takes
    essential: tuple[str, ...] = ()  # without which the process does not run: reported, or (a medium) made inside
    bought: tuple[str, ...] = ()  # counted only where bought over the fence: what makes them on site is inside
    unconverted: tuple[str, ...] = ()  # counted before any conversion of them into themselves (a rectifier)
    feedstock: tuple[str, ...] = ()  # carriers that pass through it as material and are no energy of it: a log may hold them as inputs
    needs: tuple[Need, ...] = ()  # how much of what it does not run without a run takes at least, electricity and media
    yields: tuple[Yield, ...] = ()  # how much heat what it gives back can hold

    @property
    def asked(self) -> tuple[str, ...]:
        """What must be reported before there is a `total`."""
        return tuple(dict.fromkeys((*self.carriers, *self.essential)))


class Variant(Declared):
    """A product grade with conditions of its own; small cells merge up to `parent`, never silently. A run that gives back a carrier of
    which its variant `gives_no` is of another one, and is left out."""

    id: str
    words: Words
    parent: str | None = None
    gives_no: tuple[str, ...] = ()


class ReferenceCondition(Declared):
    """A relevant variable (ISO 50006): a batch's value is brought to `reference` by `slope` per unit of the variable.

    corrected = value - slope * (variable - reference). Where the variable is missing, the batch is excluded as
    `variable-missing` if `required`, else taken as at reference with a notice. Where it is less than `least` or more than `most`, which
    are what it can physically be, the batch is excluded as `variable-impossible`. A standard that corrects no further than so many units
    of the variable from the reference has a `cap`. Between which values such plants lie on average is `usual`; by how much a test of a
    run errs at least, standard deviation, is `test`.
    """

    variable: str
    unit: str
    words: Words | None = None  # its name in a report; left out where the name of the column says enough
    reference: float
    slope: dict[Metric, float]  # in the metric's unit per unit of the variable
    required: bool = False
    least: float | None = None
    most: float | None = None
    cap: float | None = None
    source: Source
    usual: tuple[float, float] | None = None
    test: float | None = None
    usual_source: Source | None = None


class LabelRule(Declared):
    """How `best` is formed: the quantile of the valid batches, and what makes a batch valid."""

    quantile: Exact
    fewest_batches: int
    least_completeness: float
    longest_gap_s: int
    shortest_s: int  # of a batch (or of the variable `power_on_s` where the log gives it)
    longest_s: int
    most_records_a_day: int | None = None  # of one site; public, and needed only where the pack protects whole days
    source: Source | None = None


class MetricRule(Declared):
    """One metric of a step: unit, physical bounds of one batch, public release grid and public spread.

    `floor` and `ceiling` bound a physically possible batch, as measured and at reference; `spread` is the public standard
    deviation of batches within a typical plant, `typical` a public typical value, both in `unit`: they set the expected error of a
    release. `alone`: the metric says all that a step takes, so that a batch which used energy of another kind has no value in it.
    `by_electricity`: working media of the boundary that count in it by the electricity that makes them.
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
    grid_source: Source
    typical_source: Source | None = None
    spread_source: Source | None = None
    released: bool = True
    alone: bool = False
    by_electricity: tuple[str, ...] = ()

    @property
    def grid(self) -> Grid:
        return Grid(self.grid_lower, self.grid_upper, self.grid_width)


Levels = Literal["grades", "advanced-entry-limit", "benchmark-baseline"]
"""What a document calls its levels, strictest first: grades 1 to 3; advanced, entry and limit value (Chinese standards before
2020); benchmark and baseline level (the state's policy, which is no standard)."""


class Span(Declared):
    """Values more than `above`, up to and with `up_to`; None is open. The other way round, [from, to), is a pair."""

    above: float | None = None
    up_to: float | None = None

    def __contains__(self, value: Fraction) -> bool:
        return (self.above is None or value > Fraction(str(self.above))) and (self.up_to is None or value <= Fraction(str(self.up_to)))


class Limit(Declared):
    """Published grades of one standard for this step (annual basis), before corrections; a missing grade stays missing.

    `correction` names the rule in `benchmarks.packs.corrections` that the standard applies; `applies` holds conditions
    (e.g. capacity class) as variable -> value, or variable -> [low, high) as a pair, or (above, up to] as a `Span`; None is open.
    `recovered_by` names steps of recovery (each per unit of a covered step's product) whose energy the standard counts in: where the
    site runs them the limit is tested on the annual account of all of them, else as it stands. `not_beside` names steps beside which the
    standard does not mean it: a site that runs one is not held against it.
    """

    id: str
    words: Words
    standard: str
    clause: str
    metric: Metric
    unit: str
    grades: tuple[float | None, float | None, float | None]
    correction: str | None = None
    applies: dict[str, str | tuple[float | None, float | None] | Span] = {}
    steps_covered: tuple[str, ...]
    recovered_by: tuple[str, ...] = ()
    not_beside: tuple[str, ...] = ()
    effective_from: date
    effective_to: date | None = None
    levels: Levels = "grades"
    source: Source


class Edition(Declared):
    """One edition of a standard, or a policy, and what this pack holds of it: what is in force and not held is said, never passed over.

    `looked` says where its figures were looked for and what was found: figures that nothing verifies are no limits.
    """

    standard: str
    layer: Literal["standard", "policy"] = "standard"
    words: Words
    amendments: tuple[str, ...] = ()
    levels: Levels = "grades"
    steps: tuple[str, ...]
    issued: date | None = None
    effective_from: date | None = None  # None: not found
    effective_to: date | None = None
    replaced_by: str = ""
    held: bool
    looked: Words
    source: Source

    def in_force(self, on: date) -> bool:
        """Whether it was in force on that day, as far as its days are known."""
        return self.in_force_within(on, on)

    def in_force_within(self, first: date, last: date) -> bool:
        """Whether it was in force on any of these days."""
        begun = self.effective_from is not None and self.effective_from <= last
        return begun and (self.effective_to is None or first < self.effective_to)


class Step(Declared):
    """A process segment: one product, one boundary, one label rule, one or more metrics (the first is the headline).

    `of_equipment` names what limits ask for and each furnace has of its own: one value of the site does not hold for two of them.
    `bought_share` names the static factor or variable that says how much of the output, in %, was bought ready or half made.
    """

    id: str
    words: Words
    product: str
    product_words: Words
    product_carrier: str | None = None  # what is credited as this carrier is the product itself: as much as the good output
    output_unit: Literal["t", "weight case", "1000 items", "m", "m2", "m3", "Nm3", "kWh"] = "t"  # goods may be counted, or measured
    run_kind: Literal["heat", "coil", "melt", "shift", "day", "month", "campaign", "pot-month"]
    boundary: Boundary
    variants: tuple[Variant, ...]
    label_rule: LabelRule
    metrics: tuple[MetricRule, ...]
    reference_conditions: tuple[ReferenceCondition, ...] = ()
    limits: tuple[Limit, ...] = ()
    of_equipment: tuple[str, ...] = ()
    bought_share: str | None = None
    feeds: tuple[Feed, ...] = ()  # how much of what its log names a unit of output is made of
    takes: tuple[Take, ...] = ()  # how much energy such plants take, above which it may be another step's
    holds_heat: tuple[HeldHeat, ...] = ()  # what of it may burn and is no carrier
    shares: tuple[Share, ...] = ()  # of its charge, which variables state and its log shows
    output_of: str | None = None  # the step whose output is this one's (a waste-heat set of its kiln's clinker)

    def metric(self, metric: Metric) -> MetricRule | None:
        return next((rule for rule in self.metrics if rule.metric == metric), None)


class RouteStep(Declared):
    """A step's place in a route: `ratio` of its product per unit of the route's product, each in its own unit (reference, public).

    `share_variable` is the variable of the next step's runs that says how much of this step's product went into them, in % of their output.
    Where limits are meant of a product made of it alone (`unmixed`), what else went in lowers no account: the energy up to here is divided
    by the part of the output that was made of it.
    """

    step: str
    ratio: Exact
    source: Source
    share_variable: str | None = None
    unmixed: bool = False


class Route(Declared):
    """Steps put together to a product."""

    id: str
    words: Words
    product: str
    product_words: Words
    steps: tuple[RouteStep, ...]


class ReleasePolicy(Declared):
    """What a release may spend and when it may enter a composition; dyadic epsilons only (exact in binary floats).

    `unit` is what one epsilon hides: a batch record of a step, or all its records of one day (`benchmarks.privacy.units`).
    `most_years` is how many years one label may cover, 1 where the pack lets nobody pool (`benchmarks.privacy.pooling`).
    """

    unit: Literal["record", "day"] = "record"
    epsilon_best: Exact
    epsilon_typical: Exact
    cap_per_year: Exact
    corrections_per_year: int
    fewest_batches: int
    count_classes: tuple[int, ...]
    largest_expected_error: Exact  # relative, for a plant to be eligible
    most_years: int = 1


class CompositionRule(Declared):
    """The rule that holds from `firms_from` controlling firms on."""

    firms_from: int
    rule: Literal["mean-of-best-five", "mean-of-top-decile", "first-quartile"]  # the last in packs of before, which are not read any more
    words: Words


class DisclosurePolicy(Declared):
    """The gate's thresholds, each with the reason that the page gives."""

    fewest_firms: int
    largest_weight: Exact  # of one firm in a mean, and dominance on declared size classes
    p_percent: Exact
    least_changed_participants: int  # between two publications: in all, and of those that matter to a figure
    largest_share_of_change: Exact  # of one firm in what separates two published figures, once any one other is known
    lag_days: int
    reason: Words


class Pack(Declared):
    """A sector method pack: versioned data with sources. `routes[0]` is the pack's main route."""

    id: str
    version: str
    words: Words
    standard_basis: Literal["calorific"]
    conversion: str = NEWEST  # the version of the table of conversion factors that labels by this pack are made with
    effective_from: date
    effective_to: date | None = None
    policy: ReleasePolicy
    composition: tuple[CompositionRule, ...]
    disclosure: DisclosurePolicy
    routes: tuple[Route, ...]
    steps: tuple[Step, ...]
    editions: tuple[Edition, ...] = ()
    heating_values: tuple[UsualHeat, ...] = ()
    materials: tuple[Material, ...] = ()
    own_carriers: tuple[OwnCarrier, ...] = ()  # that the table of carriers does not hold
    own_power: str | None = None  # static factor: in % of the power used, what the site makes itself and none of its files holds
    numbers: dict[str, Source] = {}  # by role (`benchmarks.packs.provenance`): the source of numbers that name none of their own

    def made_in(self, route: Route) -> str:
        """The unit that a route's product is counted in."""
        return next((step.output_unit for step in self.steps if step.product == route.product), self.step(route.steps[-1].step).output_unit)

    def editions_not_held(self, steps: Iterable[str], first: date, last: date) -> tuple[str, ...]:
        """Editions for these steps, in force on any of these days as far as is known, whose values the pack does not hold."""
        of = set(steps)
        return tuple(
            " ".join((edition.standard, *edition.amendments))
            for edition in self.editions
            if not edition.held and of & set(edition.steps) and edition.in_force_within(first, last)
        )

    def step(self, step_id: str) -> Step:
        """The step of that id; KeyError names what the pack has."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(f"pack {self.id} has no step {step_id!r}; it has {', '.join(s.id for s in self.steps)}")
