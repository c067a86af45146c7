"""What several pages have in common: states in words, crumbs, figures, links of units, titles with
texts, choices, rows of versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Mood = Literal["ok", "no", "wait", "hidden"]
"""How a state is drawn beside its word: tick, warning triangle, clock, hatched box. The word says
it all; the shape repeats it.
"""


@dataclass(frozen=True, slots=True)
class StateWord:
    """A state in words, and the shape beside it."""

    word: str
    mood: Mood


@dataclass(frozen=True, slots=True)
class Crumb:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class HeadlineFigure:
    """One of the three figures at the top of a page."""

    title: str
    value: str
    unit: str
    note: str
    tone: Literal["best", "you", "plain"] = "plain"


@dataclass(frozen=True, slots=True)
class Item:
    """A title and its text: one item of EN 16231, one field of a summary."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class SelectOption:
    value: str
    text: str
    selected: bool


@dataclass(frozen=True, slots=True)
class VersionRow:
    number: int
    url: str
    here: bool
    state: StateWord
    published: date | None
    label: str
    firms: str
    change: str
    approved_by: str
    compare_url: str = ""  # this version beside the one of the page
