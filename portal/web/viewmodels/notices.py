"""What a person was told, and how they wish to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.web.viewmodels.shared import SelectOption
from portal.web.viewmodels.tables import PageRange


@dataclass(frozen=True, slots=True)
class NoticeRow:
    kind: str  # in words
    title: str
    sentence: str
    at: datetime
    url: str = ""
    read: bool = False


@dataclass(frozen=True, slots=True)
class NoticePage:
    unread: int
    matches: int
    rows: tuple[NoticeRow, ...]
    kinds: tuple[SelectOption, ...]
    only_unread: bool
    pages: PageRange | None


@dataclass(frozen=True, slots=True)
class WishRow:
    """One kind and its three answers; `fixed` where it concerns security and nothing can be
    chosen.
    """

    name: str
    field: str
    fixed: bool
    choices: tuple[SelectOption, ...]
