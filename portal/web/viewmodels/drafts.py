"""A draft: what must hold before it may go out, each value or why it is held back, what changed,
and releases at a set time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.publication.review import CommentView
from portal.web.charts.ladder import DrawnInterval
from portal.web.viewmodels.methods import Link
from portal.web.viewmodels.shared import Mood, StateWord


@dataclass(frozen=True, slots=True)
class DraftCheck:
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
    move: str = ""  # how far one report moves it
    audit_first: str = ""  # whose report


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
    band: DrawnInterval | None
    dot: str
    reading: str


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
    version: int
    state: StateWord
    drafted_by: str
    drafted_at: datetime
    undecided: bool
    decided: str  # how it was decided, in words
    may_go_out: bool
    shown: int
    hidden: int
    checks: tuple[DraftCheck, ...]
    columns: tuple[str, ...]
    cells: tuple[GateRow, ...]
    totals: tuple[GateRow, ...]
    previous: int | None
    changes: tuple[ChangeRow, ...]
    may_publish: bool
    why_not: str
    publish_url: str
    comment_url: str
    comments: tuple[CommentView, ...]
    release: ReleaseRow | None
    cancel_url: str  # empty where no release waits
    approval_note: str
    withdraw_url: str
    discard_url: str
    composed_url: str  # empty of an erratum
    added: tuple[Link, ...]  # of extras, of a version that is published
    correct_url: str  # empty where no erratum is made of the version
    public_url: str
    may_withdraw: bool
    what_changed: str
