"""Carriers and materials that a pack declares: heating values, what it takes in, can give back, and
what its output is made of.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from benchmarks.declared import Declared, FigureSource, Words
from benchmarks.measurements import Metric

Form = Literal["electricity", "gas", "solid", "liquid", "steam", "heat", "medium"]


class HeatingRange(Declared):
    """The heating values that a carrier can have, in MJ per its unit."""

    least: float
    most: float


class UsualHeat(Declared):
    """The heating values that a pack takes for usual of a carrier whose bounds say little, in MJ
    per its unit (steam: its heat above the feed water). Beyond them, or where there are none, a run
    counts only by a value that the site declares with its reason. Where it takes in less than is
    `typical`, or gives back more, the label says by how much that betters it. Where what is usual
    is so wide that any value needs its reason (`reasoned`), the bounds only say between what the
    label then is told. An entry that names `steps` is of the carrier as these take it (breeze,
    injected coal), and goes before one that names none.
    """

    carrier: str
    steps: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    typical: float | None = None
    reasoned: bool = False
    source: FigureSource

    @property
    def admits(self) -> bool:
        """Whether a value counts without a reason."""
        return self.least is not None and not self.reasoned

    def holds(self, value: float) -> bool:
        return (
            self.admits
            and self.least is not None
            and self.most is not None
            and self.least <= value <= self.most
        )


class OwnCarrier(Declared):
    """A carrier as `packs/carriers.toml` writes it, or as a pack brings it along; its factors are
    per `unit`.
    """

    id: str
    kind: Form
    unit: str
    words: Words = Field(alias="names")
    also: tuple[str, ...] = ()  # other words that plants write for it, and that mean nothing else
    lhv: HeatingRange | None = None
    kg_per_nm3: float | None = None  # of a gas of one kind, by which a log may give it in either


class CarrierNeed(Declared):
    """What the process takes of a carrier that it cannot run without, in `unit` per unit of output:
    a trace of it is no report of it.

    A run that reports less than `least` of an essential carrier is left out; of one that takes less
    than is `usual` the label says by how much it would be higher at that. Of a medium made inside
    the step, `made_inside` says what making `least` of it takes, with what else the step takes of
    it: amounts of one or several carriers, each in its own unit, whose shares add up to 1 at least.
    `instead` are carriers that do the same work, with how much of this one a unit of each stands
    for: oxygen in the blast.
    """

    carrier: str
    unit: str
    least: float = 0.0
    usual: float | None = None
    made_inside: dict[str, float] = Field(default_factory=dict)
    instead: dict[str, float] = Field(default_factory=dict)
    source: FigureSource


class Yield(Declared):
    """How much heat what a step gives back can hold: the carriers of `gives` together, less what of
    `besides` it took in, are at most `most` of the heat of the carriers `of` that it took (a
    share), or, where none are named, MJ per unit of output.

    A run that gives back more is left out; where a label's runs give back more than is `usual`, it
    says by how much that betters it. Of a gas of which the step burns some, or another in its
    place: of the heat given back, what it burns of any gas at least (`burns`; a run that burns less
    is left out) and usually (`burns_usually`; below it the label says so). Of power, what a set
    takes of it itself.
    """

    gives: tuple[str, ...]
    of: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
    most: float
    usual: float | None = None
    burns: float | None = None
    burns_usually: float | None = None
    source: FigureSource


class MaterialAt(Declared):
    """What the amount of a material in the log of a step says: how much of its output was bought
    ready or half made, or of its charge was this.

    `whole` is of how much of it a unit of output is made where it is made of nothing else, at least
    and at most. `variable` states that share in %, `rest_of` what is left of it; where both are
    left out, the step's `bought_share` does. What a plant may as well add behind the step as put
    through it (fly ash beside a mill) names what states, in % of the output, how much was added so
    (`unless`). What can be part of the weighed output that comes back (fines of a screen behind the
    scale) names what states how much of it does (`returns`).
    """

    step: str
    whole: tuple[float, float] = (1.0, 1.0)
    variable: str | None = None
    rest_of: str | None = None
    unless: str | None = None
    returns: str | None = None
    source: FigureSource | None = None


class Material(Declared):
    """What logs of the pack's steps name as charged and is no fuel (`input.MATERIAL`), with other
    words that mean nothing else.
    """

    id: str
    words: Words = Field(alias="names")
    also: tuple[str, ...] = ()
    at: tuple[MaterialAt, ...] = ()


class Feed(Declared):
    """How much of materials and carriers, all of `of` together, a unit of output is made of, in t:
    what a log names of them is held against it. Less than is usual is more output than they give,
    what is more than usual may be burnt, at `burns` MJ/kg: the label says by how much that betters
    it.

    Below `least` and beyond `most` no such plant lies, and the step has no label. A feed without
    `least` may be logged in part: it is judged where the log names nearly as much of it as is
    usual, then in place of later ones of its materials. Where the log names no more of it than a
    later one holds, that is judged.
    """

    of: tuple[str, ...]
    usual: tuple[float, float]
    least: float | None = None
    most: float | None = None
    burns: float | None = None
    source: FigureSource


class TypicalTake(Declared):
    """How much energy of a kind (electricity in kWh, thermal in MJ) such plants take per unit of
    output: typically, and usually at most. More is told beside the labels of every step to which it
    could belong."""

    metric: Literal[Metric.ELECTRICITY, Metric.THERMAL]
    typical: float
    most: float
    source: FigureSource

    @property
    def unit(self) -> str:
        return "kWh" if self.metric is Metric.ELECTRICITY else "MJ"


class MaterialShare(Declared):
    """What a variable says, in %, materials are of all that a step charges `among` them, or of its
    output: its log shows it as well.
    """

    variable: str
    of: tuple[str, ...]
    among: tuple[str, ...] = ()
    source: FigureSource


class HeldHeat(Declared):
    """What materials hold at most, in MJ/kg, that burns in the step and no energy counts: carbon of
    dust, kerogen of shale.

    It is told beside the label by what the log charges of them, its own or that of a step before it
    (`also_at`), until the site states what they hold.
    """

    of: tuple[str, ...]
    burns: float
    also_at: tuple[str, ...] = ()
    source: FigureSource

    @property
    def stated_by(self) -> str:
        """The static factor that says what they hold, in MJ/kg."""
        return f"{self.of[0].replace('-', '_')}_mj_kg"
