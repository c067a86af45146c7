"""The sector at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.web.viewmodels.shared import Choice, Figure, StateWord
from portal.web.viewmodels.tables import Column, Pages, SortForm


@dataclass(frozen=True, slots=True)
class TurnoutRow:
    """One peer group and period. `share` is how far the bar of the obliged reaches, in per cent of its width."""

    title: str
    scope: str
    url: str
    due: date
    open: StateWord
    reported: int
    obliged: int
    share: str
    late: int
    states: tuple[tuple[StateWord, int], ...]
    committed: int
    arrived_late: int


@dataclass(frozen=True, slots=True)
class OverviewPage:
    rows: tuple[TurnoutRow, ...]
    columns: tuple[Column, ...]
    sort_form: SortForm | None
    pages: Pages | None
    found: int
    any_group: bool
    reported: int  # obliged sites, over all rows found
    obliged: int
    overdue: int
    refused: int
    waiting: int
    figures: tuple[Figure, ...]
    sectors: tuple[Choice, ...]
    regions: tuple[Choice, ...]
    sizes: tuple[Choice, ...]
    stages: tuple[Choice, ...]
    export_url: str
