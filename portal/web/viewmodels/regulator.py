"""Participation and drafts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from portal.web.ladder import Span
from portal.web.viewmodels.shared import Choice, Crumb, Mood, StateWord, VersionRow
from portal.web.viewmodels.tables import Column, Pages, SortForm

SquareKind = Literal["reported", "unusable", "late", "missing"]


@dataclass(frozen=True, slots=True)
class ParticipationRow:
    """One firm's site: whether it reported, and what can be told of the report without a value."""

    firm: str
    site: str
    agents_url: str
    jurisdiction: str
    kind: str  # declared size, and whether the site is obliged
    state: StateWord
    received: datetime | None
    note: str
    late: bool  # it came after the due date
    coverage: str  # the steps of the route it covers
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Square:
    """One site in the strip of squares, or all of one state."""

    x: str
    width: str
    kind: SquareKind


@dataclass(frozen=True, slots=True)
class ParticipationPage:
    title: str
    scope: str
    due: date
    rows: tuple[ParticipationRow, ...]
    counts: tuple[tuple[str, int, str], ...]  # (kind, how many, word)
    squares: tuple[Square, ...]
    reported: int
    of: int
    late: int  # sites of which nothing came in time and nothing has come since
    committed: int  # of those without a report
    whole: int  # accepted reports that cover every step of the route
    accepted: int
    broken: int  # accepted reports that break their series
    columns: tuple[Column, ...]
    sort_form: SortForm | None
    found: int
    pages: Pages | None
    export_url: str
    states: tuple[Choice, ...]
    regions: tuple[Choice, ...]
    sizes: tuple[Choice, ...]
    duties: tuple[Choice, ...]
    query: str
    deadlines_url: str
    standings_url: str
    compose_url: str
    may_compose: bool
    drafts: tuple[VersionRow, ...]


@dataclass(frozen=True, slots=True)
class VersionLink:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One peer group and period in the regulator's list."""

    title: str
    period: str
    url: str
    reported: str  # how many of how many firms
    drafts: tuple[VersionLink, ...]
    published: VersionLink | None


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
    """One value, or why it is held back, or why there is none."""

    column: str  # the title above it
    value: str = ""
    interval: str = ""
    firms: str = ""
    hidden: str = ""
    absent: str = ""


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
class CommentRow:
    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """An approval for a set time. `ended` says how it came to an end; empty while it waits."""

    at: datetime
    approved_by: str
    approved_at: datetime
    note: str
    ended: str


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
    comment_url: str
    comments: tuple[CommentRow, ...]
    release: ReleaseRow | None
    cancel_url: str  # empty where no release waits
    approval_note: str
    withdraw_url: str
    discard_url: str
    composed_url: str
    public_url: str
    may_withdraw: bool
    what_changed: str
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    site: str
    due: date
    reason: str
    granted_by: str
    granted: datetime


@dataclass(frozen=True, slots=True)
class ReminderRow:
    site: str
    sent: datetime
    sent_by: str
    reminded: str  # names, or that nobody acts for the site


@dataclass(frozen=True, slots=True)
class DeadlinesPage:
    title: str
    scope: str
    due: date
    open: bool
    may_decide: bool
    owing: tuple[str, ...]  # sites whose report is past due, by name
    to_remind: int  # of those, not reminded within a day
    may_extend: bool  # some site has not reported
    extensions: tuple[ExtensionRow, ...]
    reminders: tuple[ReminderRow, ...]
    due_url: str
    extend_url: str
    remind_url: str
    crumbs: tuple[Crumb, ...]
