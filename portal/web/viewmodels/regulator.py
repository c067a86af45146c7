"""Participation and drafts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from portal.web.ladder import Span
from portal.web.viewmodels.shared import Choice, Crumb, Mood, StateWord, VersionRow

SquareKind = Literal["reported", "unusable", "late", "missing"]


@dataclass(frozen=True, slots=True)
class ParticipationRow:
    """One firm's site: whether it reported. No value, by design."""

    firm: str
    site: str
    jurisdiction: str
    state: StateWord
    received: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Square:
    """One firm in the strip of squares."""

    x: str
    kind: SquareKind


@dataclass(frozen=True, slots=True)
class ParticipationPage:
    title: str
    scope: str
    due: datetime
    rows: tuple[ParticipationRow, ...]
    counts: tuple[tuple[str, int, str], ...]  # (kind, how many, word)
    squares: tuple[Square, ...]
    square_width: str
    reported: int
    of: int
    states: tuple[Choice, ...]
    query: str
    compose_url: str
    may_compose: bool
    drafts: tuple[VersionRow, ...]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One peer group and period in the regulator's list."""

    title: str
    period: str
    url: str
    reported: int
    of: int
    drafts: tuple[VersionRow, ...]
    published: VersionRow | None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold before a draft may go out."""

    name: str
    text: str
    mood: Mood
    url: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class GateCell:
    value: str
    interval: str
    firms: str
    hidden: str
    absent: str = ""  # why there is no such cell


@dataclass(frozen=True, slots=True)
class GateRow:
    step: str
    cells: tuple[GateCell, ...]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    step: str
    unit: str
    before: str
    now: str
    change: str
    band: Span | None
    dot: str
    reading: str


@dataclass(frozen=True, slots=True)
class DraftPage:
    title: str
    version: int
    state: StateWord
    drafted_by: str
    drafted_at: datetime
    undecided: bool
    decided: str  # how it was decided, in words
    may_go_out: bool
    shown: int
    hidden: int
    checks: tuple[Check, ...]
    columns: tuple[str, ...]
    cells: tuple[GateRow, ...]
    totals: tuple[GateRow, ...]
    previous: int | None
    changes: tuple[ChangeRow, ...]
    may_publish: bool
    why_not: str
    publish_url: str
    withdraw_url: str
    public_url: str
    may_withdraw: bool
    what_changed: str
    crumbs: tuple[Crumb, ...]
