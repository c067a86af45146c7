"""Tables that are all text, sorted, narrowed and paged by their address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from django.http import QueryDict
from django.utils.translation import gettext as _

from portal.web import tables
from portal.web.viewmodels.listed import Cell, Listed, Narrowing

View = TypeVar("View")


def listed(
    views: Sequence[View],
    query: QueryDict,
    *,
    caption: str,
    titles: Mapping[str, str],
    keys: Mapping[str, tables.Key[View]],
    default: str,
    cells: Callable[[View], tuple[Cell, ...]],
    empty: str,
    export_url: str = "",
    only: tuple[str, Callable[[View], bool]] | None = None,
    prefix: str = "",
) -> Listed:
    """The page of the table that the address asks for.

    Args:
        titles: column heads by name; those with a key sort.
        only: what the table can be narrowed to (`?only=1`), in words, and which rows that leaves.
        prefix: before the parameters of this table, where the page has another one.
    """
    only_name = f"{prefix}only"
    narrowed = only is not None and query.get(only_name) == "1"
    kept = [view for view in views if not narrowed or only is None or only[1](view)]
    rows, pages = tables.paged(tables.sorted_rows(kept, keys, query, default, prefix), query, prefix=prefix)
    heads = tables.columns(titles, keys, query, default, prefix)
    narrowings: tuple[Narrowing, ...] = ()
    if only is not None and views:
        narrowings = (
            Narrowing(_("all"), tables.with_query(query, **{only_name: None, f"{prefix}page": None}), not narrowed),
            Narrowing(only[0], tables.with_query(query, **{only_name: "1", f"{prefix}page": None}), narrowed),
        )
    return Listed(
        caption=caption,
        columns=heads,
        sort_form=tables.sort_form(heads, query, prefix),
        rows=tuple(cells(view) for view in rows),
        pages=pages,
        narrowings=narrowings,
        export_url=export_url if views else "",
        empty=empty,
    )
