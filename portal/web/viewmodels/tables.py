"""What every table that sorts and pages has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portal.web.viewmodels.shared import SelectOption

Order = Literal["ascending", "descending", "none"]


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """The head of a column; `url` leads to the table in its order, empty where it has none; `by` is
    its name in the address.
    """

    title: str
    url: str = ""
    sort: Order = "none"
    by: str = ""


@dataclass(frozen=True, slots=True)
class SortForm:
    """The same orders as a form, where the heads of a table are not shown; `hidden` is what else
    the address says.
    """

    parameter: str
    choices: tuple[SelectOption, ...]
    hidden: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PageRange:
    """Which rows of how many stand here; `previous` and `next` are empty at the ends."""

    first: int
    last: int
    of: int
    number: int
    previous: str
    next: str
