"""The lists whose filters a person can save, and what an address narrows each by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import SavedFilter
from portal.web.words.terms import enumerated, period_name

SORT = "sort"


@dataclass(frozen=True, slots=True)
class FilteredList:
    title: Any  # lazy
    fields: tuple[str, ...]


LISTS: Mapping[str, FilteredList] = {
    "periods": FilteredList(gettext_lazy("Periods"), ("stage", "sector", "region", "size")),
    "reports": FilteredList(
        gettext_lazy("Who took part"), ("q", "state", "region", "size", "duty")
    ),
    "standings": FilteredList(
        gettext_lazy("Standings"), ("q", "as", "step", "metric", "quarter", "region")
    ),
    "assignments": FilteredList(gettext_lazy("Audits"), ("q", "show")),
    "obliged-audits": FilteredList(gettext_lazy("Obligatory audits"), ("q", "show")),
    "trail": FilteredList(
        gettext_lazy("All activity"), ("action", "actor", "subject", "after", "before")
    ),
    "record": FilteredList(gettext_lazy("Who saw and did what"), ("kind", "who", "what")),
    "notifications": FilteredList(gettext_lazy("Notifications"), ("kind", "unread")),
    "search": FilteredList(gettext_lazy("Search"), ("words",)),
}
"""By the name of their address, that of a part of a period's page by its tab."""


@dataclass(frozen=True, slots=True)
class FilterLink:
    """A saved filter as a link; without `url` its list is gone, and `gone` says what of it the list
    no longer has.
    """

    id: int
    text: str
    of: str
    url: str
    here: bool
    gone: str


def narrowed(page: str, query: QueryDict) -> str:
    """What of an address narrows this list, as a query; empty where nothing does."""
    fields = LISTS[page].fields
    parameters = {name: value for name in (*fields, SORT) if (value := query.get(name, "").strip())}
    return urlencode(parameters) if parameters.keys() & set(fields) else ""


def list_at(address: str) -> tuple[str, str, str] | None:
    """Page, path and query of a list that is narrowed at this address of ours; None for every other
    one.
    """
    path, _mark, query = address.partition("?")
    page = _page_at(path)
    asked = narrowed(page, QueryDict(query)) if page else ""
    return (
        (page, path, asked) if page and asked and len(path) <= 300 and len(asked) <= 1000 else None
    )


def links(
    rows: Iterable[SavedFilter], request: HttpRequest | None = None
) -> tuple[FilterLink, ...]:
    """The filters as links to where each was saved; with a request, to the list that stands there
    (another period of it, perhaps).
    """
    return tuple(_link(row, request) for row in rows)


def address_to_save(request: HttpRequest, page: str) -> str:
    """Where the filter of this page is saved; empty where it has none."""
    asked = narrowed(page, request.GET)
    return (
        f"{reverse('web:save-filter')}?{urlencode({'of': f'{request.path}?{asked}'})}"
        if asked
        else ""
    )


def _link(row: SavedFilter, request: HttpRequest | None) -> FilterLink:
    path = request.path if request else row.path
    if _page_at(path) != row.page:
        return FilterLink(row.pk, row.name, row.path, "", False, _("This list no longer exists."))
    listed, asked = LISTS[row.page], dict(parse_qsl(row.query))
    still_listed = {name: value for name, value in asked.items() if name in (*listed.fields, SORT)}
    lost = [f"{name}={value}" for name, value in asked.items() if name not in still_listed]
    return FilterLink(
        id=row.pk,
        text=row.name,
        of=_title(row),
        url=f"{path}?{urlencode(still_listed)}",
        here=request is not None and narrowed(row.page, request.GET) == urlencode(still_listed),
        gone=_("This filter also used %(what)s, which this list no longer offers.")
        % {"what": enumerated(lost)}
        if lost
        else "",
    )


def _title(row: SavedFilter) -> str:
    title, period = str(LISTS[row.page].title), resolve(row.path).kwargs.get("period")
    return (
        _("%(title)s, %(period)s") % {"title": title, "period": period_name(period)}
        if period
        else title
    )


def _page_at(path: str) -> str:
    """The name of the list at this path; empty where there is none."""
    try:
        return list_of(resolve(path))
    except Resolver404:
        return ""


def list_of(match: ResolverMatch) -> str:
    name = match.kwargs.get("tab") or match.url_name or ""
    return name if name in LISTS else ""
