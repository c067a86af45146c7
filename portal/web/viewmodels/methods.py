"""Pages about method packs: facts, tables and links under one heading; and a proposal with what is
said of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from portal.governance.selectors import ProposalRemark
from portal.web.viewmodels.listed import ListTable
from portal.web.viewmodels.shared import Crumb, StateWord


@dataclass(frozen=True, slots=True)
class Fact:
    title: str
    text: str
    url: str = ""
    mono: bool = False
    day: date | None = None  # in place of the text


@dataclass(frozen=True, slots=True)
class MethodSection:
    title: str
    table: ListTable
    note: str = ""
    facts: tuple[Fact, ...] = ()
    id: str = ""  # where an address leads to it


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class MethodSheet:
    title: str
    crumbs: tuple[Crumb, ...]
    lead: str
    facts: tuple[Fact, ...] = ()
    sections: tuple[MethodSection, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """A proposal; the addresses are empty where this reader may not do it."""

    sheet: MethodSheet
    state: StateWord
    proposed_by: str
    proposed_at: datetime
    reason: str
    sources: str
    comments: tuple[ProposalRemark, ...]
    approvals: tuple[ProposalRemark, ...]
    ended: str  # how and why it ended
    decision: str  # what the reader may do, or why not
    comment_url: str
    answers: bool  # whether this reader answers comments
    approve_url: str
    refuse_url: str
    withdraw_url: str


@dataclass(frozen=True, slots=True)
class FormSheet:
    """A sheet with what may be done: an act at once, one that asks for a reason, a form. Empty
    addresses may not.

    `problem` is why nothing was done; `read_against` goes along with act and form
    (`portal.practices.revisions.as_read`).
    """

    sheet: MethodSheet
    problem: str = ""
    read_against: str = ""
    form_url: str = ""  # where it is not the page's own
    state: StateWord | None = None
    act_url: str = ""
    act: str = ""  # which act the button means, where the page has more than one
    act_text: str = ""
    why_not: str = ""
    end_url: str = ""
    end_text: str = ""
    form_title: str = ""
    form_note: str = ""
    button: str = ""
