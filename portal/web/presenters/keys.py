"""API keys in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.accounts.api_keys import ApiKeyView
from portal.web.forms.keys import SCOPES
from portal.web.lists import tables
from portal.web.viewmodels.shared import StateWord
from portal.web.viewmodels.tables import ColumnHead, PageRange, SortForm
from portal.web.words.terms import shown_name


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    name: str
    prefix: str
    whose: str
    scopes: tuple[str, ...]
    state: StateWord
    used: datetime | None
    until: datetime
    revoke_url: str  # empty where it is revoked


@dataclass(frozen=True, slots=True)
class KeysPage:
    rows: tuple[ApiKeyRow, ...]
    good: int  # keys that open something today
    columns: tuple[ColumnHead, ...]
    sort_form: SortForm | None
    pages: PageRange | None
    filters: tuple[tuple[str, str, bool], ...]  # word, address, whether it is this one
    export_url: str


@dataclass(frozen=True, slots=True)
class ScopeBox:
    value: str
    text: str
    checked: bool


FILE_COLUMNS = (
    "prefix",
    "name",
    "organisation",
    "person",
    "scopes",
    "made_by",
    "made_at",
    "expires_at",
    "last_used_at",
    "revoked_at",
)
KEYS: dict[str, tables.Key[ApiKeyView]] = {
    "name": lambda view: view.name.casefold(),
    "until": lambda view: view.expires_at,
    "used": lambda view: view.last_used_at.timestamp() if view.last_used_at else 0.0,
    "made": lambda view: view.made_at,
}


def keys_page(views: Sequence[ApiKeyView], query: QueryDict, now: datetime) -> KeysPage:
    only_good = query.get("state") == "good"
    asked_for = _asked_for(views, query, now)
    rows, pages = tables.paged(asked_for, query)
    titles = {
        "name": pgettext("not of a chart", "Key"),
        "whose": _("Owner"),
        "scopes": _("What it may do"),
        "used": _("Last used"),
        "until": _("Valid until"),
        "state": _("State"),
        "action": _("Action"),
    }
    filters = (
        (_("all"), tables.with_query(query, state=None, page=None), not only_good),
        (_("active keys only"), tables.with_query(query, state="good", page=None), only_good),
    )
    return KeysPage(
        rows=tuple(_row(view, now) for view in rows),
        good=sum(_good(view, now) for view in views),
        columns=(columns := tables.columns(titles, KEYS, query, "-made")),
        sort_form=tables.sort_form(columns, len(asked_for), query),
        pages=pages,
        filters=filters if views else (),
        export_url=reverse("web:keys-csv") + tables.with_query(query, page=None),
    )


def keys_table(
    views: Sequence[ApiKeyView], query: QueryDict, now: datetime
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """For a file: the rows that the address leaves, in its order; columns by their codes."""
    return FILE_COLUMNS, (
        tuple(
            " ".join(view.scopes) if name == "scopes" else getattr(view, name) or ""
            for name in FILE_COLUMNS
        )
        for view in _asked_for(views, query, now)
    )


def _asked_for(
    views: Sequence[ApiKeyView], query: QueryDict, now: datetime
) -> Sequence[ApiKeyView]:
    only_good = query.get("state") == "good"
    return tables.sorted_rows(
        [view for view in views if not only_good or _good(view, now)], KEYS, query, "-made"
    )


def _row(view: ApiKeyView, now: datetime) -> ApiKeyRow:
    return ApiKeyRow(
        name=view.name,
        prefix=f"slk_{view.prefix}_…",
        whose=view.person or shown_name(view.organisation),
        scopes=tuple(str(SCOPES.get(scope, scope)) for scope in view.scopes),
        state=_state(view, now),
        used=view.last_used_at,
        until=view.expires_at,
        revoke_url="" if view.revoked_at else reverse("web:revoke-key", args=[view.id]),
    )


def _good(view: ApiKeyView, now: datetime) -> bool:
    return view.revoked_at is None and view.expires_at > now


def _state(view: ApiKeyView, now: datetime) -> StateWord:
    if view.revoked_at is not None:
        return StateWord(_("Revoked"), "no")
    return StateWord(_("Active"), "ok") if view.expires_at > now else StateWord(_("Expired"), "no")
