"""The list of the obliged, its cohorts, and what a new list would change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.web.viewmodels.shared import Crumb, StateWord


@dataclass(frozen=True, slots=True)
class CohortRow:
    """The progress of one cohort in the newest period."""

    name: str
    obliged: int
    reported: int
    late: int
    share: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list that was uploaded, or one site changed by hand."""

    id: int
    url: str
    at: datetime
    by: str
    sites: int
    state: StateWord
    undo_url: str  # empty where it is not the last that was applied


@dataclass(frozen=True, slots=True)
class ObligedPage:
    title: str
    obliged: int
    voluntary: int
    period: str
    cohorts: tuple[CohortRow, ...]
    lists: tuple[ListRow, ...]
    may_decide: bool
    upload_url: str
    amend_url: str
    faults: tuple[str, ...]
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    what: str
    sites: str
    count: int


@dataclass(frozen=True, slots=True)
class ListPage:
    title: str
    state: StateWord
    decided: bool  # applied, perhaps undone: the rows say what it changed
    rows: tuple[DifferenceRow, ...]
    unchanged: int
    read_against: str  # digest of who is obliged now
    apply_url: str  # empty where it was decided
    undo_url: str
    crumbs: tuple[Crumb, ...]
