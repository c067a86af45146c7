"""The audit trail and the standings, as a regulator reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.web.viewmodels.shared import Choice, Crumb
from portal.web.viewmodels.tables import Column, Pages, SortForm


@dataclass(frozen=True, slots=True)
class EventRow:
    at: datetime
    actor: str
    words: str  # what was done
    action: str  # its code, which stands in files and addresses
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class TrailPage:
    rows: tuple[EventRow, ...]
    found: int
    pages: Pages | None
    actions: tuple[Choice, ...]
    actor: str
    subject: str
    after: str
    before: str
    export_url: str


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A site in one cell: between which places it lies, and in which quarter if that can be told. Never a value, never one place."""

    firm: str
    site: str
    region: str
    step: str
    metric: str
    places: str
    quarter: str


@dataclass(frozen=True, slots=True)
class StandingsPage:
    title: str
    computed: datetime | None
    sites: int
    told: int  # rows found whose quarter can be told
    found: int
    rows: tuple[StandingRow, ...]
    columns: tuple[Column, ...]
    sort_form: SortForm | None
    pages: Pages | None
    steps: tuple[Choice, ...]
    metrics: tuple[Choice, ...]
    quarters: tuple[Choice, ...]
    regions: tuple[Choice, ...]
    query: str
    export_url: str
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class IncentiveRow:
    site: str
    scheme: str
    amount: str
    evidence: str
    report: str  # which report of the site the evidence is; empty for a document kept elsewhere
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class IncentivesPage:
    rows: tuple[IncentiveRow, ...]
    found: int
    total: str
    sites: int
    pages: Pages | None
    export_url: str
