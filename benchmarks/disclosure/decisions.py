"""What the gate decides, what it decides by, and what it lets through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.composition.result import IndustryLabel, Roster
from benchmarks.declared import Words
from benchmarks.disclosure.frequency_and_dominance import Refusal
from benchmarks.disclosure.reasons import GateReason
from benchmarks.measurements import Metric
from benchmarks.policies import DisclosurePolicy
from benchmarks.stored import StoredAsJson

Measure = Literal["step", "composite", "best-reached", "typical"]


@dataclass(frozen=True, slots=True)
class CellDecision:
    """One value of the draft: shown or not, and why. `step` is None for the three totals of the
    route.
    """

    measure: Measure
    step: str | None
    product: str
    variant: str
    metric: Metric
    firms: int
    shown: bool
    reason_code: GateReason
    reason: Words


@dataclass(frozen=True, slots=True)
class GateResult(StoredAsJson):
    """Every decision, and the label as it may be published."""

    cells: tuple[CellDecision, ...]
    published: IndustryLabel

    @property
    def hold(self) -> bool:
        """Whether the draft waits: some value may not go out yet, though nothing is wrong with
        it.
        """
        return any(
            cell.reason_code in (GateReason.DIFFERENCING, GateReason.LAG) for cell in self.cells
        )

    @property
    def shown(self) -> int:
        return sum(cell.shown for cell in self.cells)


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version that the public has seen, withdrawn or not: its gated label and who stood behind
    it.

    `version` is the name the gate's sentences give it: "2", or in another peer group that group's
    name with it.
    """

    version: str
    label: IndustryLabel
    roster: Roster


@dataclass(frozen=True, slots=True)
class Sight:
    """What the gate sees beside the draft; the arguments of `gate`, and whether the whole draft
    comes too early.
    """

    roster: Roster
    policy: DisclosurePolicy
    weights: Mapping[str, float]
    previous: Sequence[PublishedVersion]
    elsewhere: Sequence[PublishedVersion]
    too_early: Refusal | None
    other_years: Sequence[PublishedVersion] = ()
    audited: Mapping[str, AbstractSet[str]] = field(default_factory=dict)  # step -> sites
