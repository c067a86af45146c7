"""Tables that are all text, sorted, narrowed and paged by their address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from django.http import QueryDict
from django.utils.translation import gettext as _

from portal.web.lists import tables
from portal.web.viewmodels.listed import ListTable, NarrowingLink, TableCell

View = TypeVar("View")
Show = tuple[str, str, Callable[[View], bool]]


def showing(views: Sequence[View], query: QueryDict, shown: Sequence[Show[View]]) -> list[View]:
    """The rows that the address leaves of the choices; all where it names none of them."""
    fits = next((test for name, _words, test in shown if name == query.get("show")), None)
    return [view for view in views if fits is None or fits(view)]


def asked_for(
    views: Sequence[View],
    query: QueryDict,
    keys: Mapping[str, tables.Key[View]],
    default: str,
    *,
    only: Callable[[View], bool] | None = None,
    shown: Sequence[Show[View]] = (),
    prefix: str = "",
) -> Sequence[View]:
    """The rows of all pages of the table that the address asks for, in its order; a file of the
    table holds them too.
    """
    narrowed = only is not None and query.get(f"{prefix}only") == "1"
    matching = [
        view for view in showing(views, query, shown) if not narrowed or only is None or only(view)
    ]
    return tables.sorted_rows(matching, keys, query, default, prefix)


def listed(
    views: Sequence[View],
    query: QueryDict,
    *,
    caption: str,
    titles: Mapping[str, str],
    keys: Mapping[str, tables.Key[View]],
    default: str,
    cells: Callable[[View], tuple[TableCell, ...]],
    empty: str,
    export_url: str = "",
    only: tuple[str, Callable[[View], bool]] | None = None,
    shown: Sequence[Show[View]] = (),
    prefix: str = "",
    size: int = tables.PAGE_ROWS,
) -> ListTable:
    """The page of the table that the address asks for, of so many rows.

    Args:
        titles: column heads by name; those with a key sort.
        only: what the table can be narrowed to (`?only=1`), in words, and which rows that leaves.
        shown: the same where there is a choice (`?show=late`): name in the address, words, and
            which rows it leaves.
        prefix: before the parameters of this table, where the page has another one.
    """
    only_name = f"{prefix}only"
    narrowed = only is not None and query.get(only_name) == "1"
    matching = asked_for(
        views, query, keys, default, only=only[1] if only else None, shown=shown, prefix=prefix
    )
    rows, pages = tables.paged(matching, query, size, prefix)
    heads = tables.columns(titles, keys, query, default, prefix)
    narrowings: tuple[NarrowingLink, ...] = ()
    if only is not None and views:
        narrowings = (
            NarrowingLink(
                _("all"),
                tables.with_query(query, **{only_name: None, f"{prefix}page": None}),
                not narrowed,
            ),
            NarrowingLink(
                only[0],
                tables.with_query(query, **{only_name: "1", f"{prefix}page": None}),
                narrowed,
            ),
        )
    if shown and views:
        asked = query.get("show", "")
        here = asked if asked in {name for name, _words, _fits in shown} else ""
        narrowings = (
            NarrowingLink(_("all"), tables.with_query(query, show=None, page=None), not here),
            *(
                NarrowingLink(words, tables.with_query(query, show=name, page=None), name == here)
                for name, words, _fits in shown
            ),
        )
    return ListTable(
        caption=caption,
        columns=heads,
        sort_form=tables.sort_form(heads, len(matching), query, prefix),
        rows=tuple(cells(view) for view in rows),
        pages=pages,
        narrowings=narrowings,
        export_url=export_url if views else "",
        empty=empty,
    )
