"""A table that is all text: columns, rows of cells, what it can be narrowed to, and what stands in
its place where it is empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.web.viewmodels.shared import StateWord
from portal.web.viewmodels.tables import ColumnHead, PageRange, SortForm


@dataclass(frozen=True, slots=True)
class TableCell:
    """`url` makes the text a link, `post_url` a button; `about` is said after either, for who does
    not see the row.
    """

    text: str
    note: str = ""
    url: str = ""
    post_url: str = ""
    about: str = ""
    state: StateWord | None = None
    mono: bool = False
    num: bool = False


@dataclass(frozen=True, slots=True)
class NarrowingLink:
    text: str
    url: str
    here: bool


@dataclass(frozen=True, slots=True)
class ListTable:
    caption: str
    columns: tuple[ColumnHead, ...]
    sort_form: SortForm | None
    rows: tuple[tuple[TableCell, ...], ...]
    pages: PageRange | None
    narrowings: tuple[NarrowingLink, ...]
    export_url: str
    empty: str  # what to do where there is nothing
