"""Two versions of one benchmark, held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.web.viewmodels.shared import StateWord, UnitLink


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions. `withdrawn` is its reason; empty while it stands."""

    version: int
    url: str
    state: StateWord
    published: date | None
    pack_version: str
    firms: str
    rule: str
    change: str
    withdrawn: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One row: a cell or a total in both versions. `hidden_*` says why a value is not shown; `verdict` is empty where one is missing."""

    name: str
    unit: str
    before: str
    before_interval: str
    before_hidden: str
    after: str
    after_interval: str
    after_hidden: str
    change: str
    change_interval: str
    verdict: StateWord | None
    firms: str
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComparePage:
    title: str
    period: str
    sides: tuple[Side, Side]
    lead: str
    breaks: tuple[str, ...]  # of the whole version
    any_break: bool
    totals: tuple[Compared, ...]
    steps: tuple[Compared, ...]
    units: tuple[UnitLink, ...]
    unit_note: str
    address: str

    @property
    def before(self) -> Side:
        return self.sides[0]

    @property
    def after(self) -> Side:
        return self.sides[1]
