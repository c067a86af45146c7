"""Limits of standards and policies, as a pack declares them, and the editions that it holds of
each.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Literal

from pydantic import Field

from benchmarks.declared import Declared, FigureSource, Words
from benchmarks.measurements import Metric

Levels = Literal["grades", "advanced-entry-limit", "benchmark-baseline"]
"""What a document calls its levels, strictest first: grades 1 to 3; advanced, entry and limit value
(Chinese standards before 2020); benchmark and baseline level (the state's policy, which is no
standard)."""


class ValueRange(Declared):
    """Values more than `above`, up to and with `up_to`; None is open. The other way round, [from,
    to), is a pair.
    """

    above: float | None = None
    up_to: float | None = None

    def __contains__(self, value: Fraction) -> bool:
        return (self.above is None or value > Fraction(str(self.above))) and (
            self.up_to is None or value <= Fraction(str(self.up_to))
        )


class StandardLimit(Declared):
    """Published grades of one standard for this step (annual basis), before corrections; a missing
    grade stays missing.

    `correction` names the rule in `benchmarks.packs.corrections` that the standard applies;
    `applies` holds conditions (e.g. capacity class) as variable -> value, or variable -> [low,
    high) as a pair, or (above, up to] as a `ValueRange`; None is open. `recovered_by` names steps
    of recovery (each per unit of a covered step's product) whose energy the standard counts in:
    where the site runs them the limit is tested on the annual account of all of them, else as it
    stands. `not_beside` names steps beside which the standard does not mean it: a site that runs
    one is not held against it.
    """

    id: str
    words: Words
    standard: str
    clause: str
    metric: Metric
    unit: str
    grades: tuple[float | None, float | None, float | None]
    correction: str | None = None
    applies: dict[str, str | tuple[float | None, float | None] | ValueRange] = Field(
        default_factory=dict
    )
    steps_covered: tuple[str, ...]
    recovered_by: tuple[str, ...] = ()
    not_beside: tuple[str, ...] = ()
    effective_from: date
    effective_to: date | None = None
    levels: Levels = "grades"
    source: FigureSource


class StandardEdition(Declared):
    """One edition of a standard, or a policy, and what this pack holds of it: what is in force and
    not held is said, never passed over.

    `looked` says where its figures were looked for and what was found: figures that nothing
    verifies are no limits.
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
    source: FigureSource

    def in_force(self, on: date) -> bool:
        """Whether it was in force on that day, as far as its days are known."""
        return self.in_force_within(on, on)

    def in_force_within(self, first: date, last: date) -> bool:
        """Whether it was in force on any of these days."""
        begun = self.effective_from is not None and self.effective_from <= last
        return begun and (self.effective_to is None or first < self.effective_to)
