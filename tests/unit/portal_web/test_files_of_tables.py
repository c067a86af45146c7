"""What goes out as a file is the table that is shown: its rows on all pages, narrowed and ordered
as the address asks.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.http import QueryDict
from django.urls import reverse

from portal.accounts.api_keys import ApiKeyView
from portal.practices.models import Entry
from portal.web.presenters import keys, practice_entries

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TODAY, DAY = date(2026, 5, 4), timedelta(days=1)


def key(name: str, since: int, until: int) -> ApiKeyView:
    fields: dict[str, Any] = dict.fromkeys(ApiKeyView.__dataclass_fields__, "")
    dates = {
        "made_at": NOW + since * DAY,
        "expires_at": NOW + until * DAY,
        "last_used_at": None,
        "revoked_at": None,
        "scopes": ("read",),
    }
    return ApiKeyView(**fields | {"id": 1, "name": name, "person": "P", **dates})


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", ["new", "old", "gone"]),
        ("state=good&sort=name", ["new", "old"]),
        ("sort=name", ["gone", "new", "old"]),
    ],
)
def test_keys(query: str, order: list[str]) -> None:
    views = (key("gone", -9, -1), key("new", -1, 5), key("old", -2, 5))
    head, rows = keys.keys_table(views, QueryDict(query), NOW)
    assert [row[head.index("name")] for row in rows] == order
    link = keys.keys_page(views, QueryDict("state=good&page=2"), NOW).export_url
    assert link == reverse("web:keys-csv") + "?state=good"


def test_a_table_that_a_filter_leaves_empty_does_not_say_that_there_is_nothing() -> None:
    page = practice_entries.entries_page(
        (cast(Entry, SimpleNamespace(state="published")),),
        QueryDict("show=offered"),
        to_publish=0,
        may_offer=False,
        regulates=False,
    )
    table = page.sections[0].table
    assert (table.rows, table.empty) == ((), "Nothing on record matches this filter.")
