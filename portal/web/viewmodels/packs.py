"""Packs with their versions, and the periods of each peer group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.web.viewmodels.shared import StateWord


@dataclass(frozen=True, slots=True)
class ChangeLine:
    where: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PackVersion:
    version: str
    effective_from: date
    effective_to: date | None
    digest: str
    against: str  # the version before, empty for the first
    changes: tuple[ChangeLine, ...]


@dataclass(frozen=True, slots=True)
class PackBlock:
    name: str
    id: str
    versions: tuple[PackVersion, ...]  # newest first


@dataclass(frozen=True, slots=True)
class PeriodLine:
    name: str
    first: date
    last: date
    due: date
    state: StateWord
    url: str
    close_url: str  # empty where it cannot be closed by this reader


@dataclass(frozen=True, slots=True)
class TakeUp:
    """A version of the group's pack that its firms could report by instead."""

    version: str
    url: str


@dataclass(frozen=True, slots=True)
class GroupBlock:
    id: int
    title: str
    scope: str
    version: str
    sites: int
    periods: tuple[PeriodLine, ...]
    open_url: str  # empty where this reader opens none
    obliged_url: str  # likewise
    policy_url: str  # likewise
    policy: str  # what audits do to its publications
    take_up: tuple[TakeUp, ...]


@dataclass(frozen=True, slots=True)
class PacksPage:
    packs: tuple[PackBlock, ...]
    groups: tuple[GroupBlock, ...]
    open_periods: int
