"""Tables that sort, page and go out as CSV, all by the address: every state of a table is a link,
and works without scripts.

Where a page has two tables, each has a prefix of its own before `sort` and `page`, so that one
stays as it is while the other turns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _

from benchmarks.csv_cells import csv_of
from benchmarks.phrases import Phrase
from portal.problems import RefusedError
from portal.web.viewmodels.shared import SelectOption
from portal.web.viewmodels.tables import ColumnHead, Order, PageRange, SortForm
from portal.web.words.headings import cell_words, headings

Row = TypeVar("Row")
Key = Callable[[Row], Any]

PAGE_ROWS = 50
MOST_EXPORTED = 50_000
"""Lines of a file that is asked of the database."""


def sorted_rows(
    rows: Iterable[Row],
    keys: Mapping[str, Key[Row]],
    query: QueryDict,
    default: str,
    prefix: str = "",
) -> Sequence[Row]:
    """In the order that the address asks for (`?sort=name`, `?sort=-name`); anything else is the
    default order.
    """
    name, down = order_asked(keys, query, default, prefix)
    return sorted(rows, key=keys[name], reverse=down)


def order_asked(
    keys: Collection[str], query: QueryDict, default: str, prefix: str = ""
) -> tuple[str, bool]:
    """Which of these orders the address asks for, and whether from the greatest down; anything else
    is the default order.
    """
    asked = query.get(f"{prefix}sort", default)
    name, down = _column_and_direction(asked)
    return (name, down) if name in keys else _column_and_direction(default)


def columns(
    titles: Mapping[str, str],
    keys: Collection[str],
    query: QueryDict,
    default: str,
    prefix: str = "",
) -> tuple[ColumnHead, ...]:
    """The heads of a table: those with a key lead to their own order, and on a second press to the
    reverse.
    """
    wanted, down = order_asked(keys, query, default, prefix)
    heads = []
    for name, title in titles.items():
        if name not in keys:
            heads.append(ColumnHead(title))
            continue
        current: Order = ("descending" if down else "ascending") if name == wanted else "none"
        turned = {
            f"{prefix}sort": f"-{name}" if current == "ascending" else name,
            f"{prefix}page": None,
        }
        heads.append(ColumnHead(title, with_query(query, **turned), current, name))
    return tuple(heads)


def sort_form(
    columns: Iterable[ColumnHead], rows: int, query: QueryDict, prefix: str = ""
) -> SortForm | None:
    """The orders that these heads lead to, each both ways; None where no column sorts, or one row
    leaves nothing to sort.
    """
    if rows < 2:
        return None
    choices = []
    for column in columns:
        if column.by:
            up, down = _("%(column)s, ascending"), _("%(column)s, descending")
            facts = {"column": column.title}
            choices.append(SelectOption(column.by, up % facts, column.sort == "ascending"))
            choices.append(SelectOption(f"-{column.by}", down % facts, column.sort == "descending"))
    own = (f"{prefix}sort", f"{prefix}page")
    hidden = tuple(
        (name, value) for name, values in query.lists() if name not in own for value in values
    )
    return SortForm(own[0], tuple(choices), hidden) if choices else None


def paged(
    rows: Sequence[Row], query: QueryDict, size: int = PAGE_ROWS, prefix: str = ""
) -> tuple[Sequence[Row], PageRange | None]:
    """The rows of the page that the address names, and where it stands among the others; None where
    one page holds all.
    """
    pages = pages_of(len(rows), query, size, prefix)
    return (rows, None) if pages is None else (rows[pages.first - 1 : pages.last], pages)


def pages_of(
    count: int, query: QueryDict, size: int = PAGE_ROWS, prefix: str = ""
) -> PageRange | None:
    """The same for rows that are still in the database: which of so many to ask for."""
    if count <= size:
        return None
    last = (count - 1) // size + 1
    asked = query.get(f"{prefix}page", "1")
    here = min(max(int(asked) if asked.isdecimal() and len(asked) < 9 else 1, 1), last)
    start = (here - 1) * size
    return PageRange(
        first=start + 1,
        last=min(start + size, count),
        of=count,
        number=here,
        previous=with_query(query, **{f"{prefix}page": str(here - 1)}) if here > 1 else "",
        next=with_query(query, **{f"{prefix}page": str(here + 1)}) if here < last else "",
    )


def with_query(query: QueryDict, **changes: str | None) -> str:
    """The query of the address with some of its parts changed; None takes a part away."""
    parts = dict(query.lists())
    for name, value in changes.items():
        if value is None:
            parts.pop(name, None)
        else:
            parts[name] = [value]
    return f"?{urlencode(parts, doseq=True)}"


def filter_choices(
    asked: str, everything: str, offered: Mapping[str, str]
) -> tuple[SelectOption, ...]:
    """What a filter offers; what an address asks for and the list no longer has stands last, so
    that an empty list is understood.
    """
    lost = (
        {asked: _("%(value)s (no longer in this list)") % {"value": asked[:60]}}
        if asked and asked not in offered
        else {}
    )
    return SelectOption("", everything, not asked), *(
        SelectOption(value, text, value == asked) for value, text in {**offered, **lost}.items()
    )


def whole(read: Callable[[int, int], Iterable[Row]]) -> list[Row]:
    """All rows of a file, as `read(first, most)` gives them: none is left out in silence.

    Raises:
        RefusedError: `file-too-long` (409).
    """
    rows = list(read(0, MOST_EXPORTED + 1))
    if len(rows) > MOST_EXPORTED:
        raise RefusedError(
            409,
            "file-too-long",
            Phrase(
                "More than %(most)s lines match this filter, and one file does not hold more.",
                most=f"{MOST_EXPORTED:,}",
            ),
            "Go back and narrow the filter, for example to fewer days or to one person, and "
            "download one file after another.",
        )
    return rows


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """The rows as a file, its columns named in the language of the page; with a byte order mark so
    that a spreadsheet reads the Chinese in it, and no cell that it would run.
    """
    text = csv_of(headings(head), (cell_words(head, row) for row in rows))
    response = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _column_and_direction(order: str) -> tuple[str, bool]:
    """The name of a column, and whether from the greatest down."""
    return order.removeprefix("-"), order.startswith("-")
