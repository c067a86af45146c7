"""What goes out as a file is the table that is shown: its rows on all pages, narrowed and ordered
as the address asks.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.http import QueryDict
from django.urls import reverse

from benchmarks.phrases import Name
from portal.accounts.api_keys import ApiKeyView
from portal.partners.conformance import ConformanceView
from portal.partners.deliveries import DeliveryView
from portal.partners.grants import GrantedView
from portal.practices.models import Entry
from portal.web.presenters import keys, partners, practice_entries

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


def delivery(period: str, site: str, *, stands: bool) -> DeliveryView:
    fields: dict[str, Any] = dict.fromkeys(DeliveryView.__dataclass_fields__, "")
    fields |= {
        "period": period,
        "site": site,
        "site_name": Name(site),
        "supplier": Name("S"),
        "quantity": Decimal(1),
    }
    return DeliveryView(**fields | {"id": 1, "taken_back_at": None if stands else NOW})


@pytest.mark.parametrize(
    ("query", "order"),
    [("", ["c", "b", "a"]), ("only=1", ["c", "a"]), ("only=1&sort=site", ["a", "c"])],
)
def test_deliveries(query: str, order: list[str]) -> None:
    views = (
        delivery("2024", "a", stands=True),
        delivery("2025", "b", stands=False),
        delivery("2026", "c", stands=True),
    )
    head, rows = partners.deliveries_table(views, QueryDict(query))
    assert [row[head.index("site")] for row in rows] == order
    table = partners.deliveries_list(
        views, QueryDict(query), mine=True, export_url="deliveries.csv"
    )
    assert [row[0].note for row in table.rows] == order, "as on the page"
    assert table.export_url == f"deliveries.csv?{query}"


def test_results() -> None:
    fields: dict[str, Any] = dict.fromkeys(ConformanceView.__dataclass_fields__, "")
    views = [
        ConformanceView(
            **fields
            | {"id": 1, "product": name, "failed": (), "ran_on": TODAY, "confirmed_at": moment}
        )
        for name, moment in (("b", NOW), ("c", None), ("a", NOW))
    ]
    head, rows = partners.results_table(
        views, QueryDict("results-only=1&results-sort=product&only=0")
    )
    assert [row[head.index("product")] for row in rows] == ["a", "b"]


def test_a_table_that_a_filter_leaves_empty_does_not_say_that_there_is_nothing() -> None:
    """Each has a row that its filter leaves out."""
    site = GrantedView(
        "site", Name("Site"), "cement", receipts=False, values=False, granted_at=NOW, submissions=()
    )
    tables = (
        partners.granted_list((site,), QueryDict("only=1")),
        partners.deliveries_list(
            (delivery("2025", "b", stands=False),), QueryDict("only=1"), mine=True, export_url=""
        ),
        practice_entries.entries_page(
            (cast(Entry, SimpleNamespace(state="published")),),
            QueryDict("show=offered"),
            to_publish=0,
            may_offer=False,
            regulates=False,
        )
        .sections[0]
        .table,
    )
    assert [(table.rows, table.empty) for table in tables] == [
        ((), "No report was refused."),
        *[((), "Nothing on record matches this filter.")] * 2,
    ]
    assert partners.granted_list((), QueryDict("")).empty.startswith("No site has given you access")
    assert (
        partners.deliveries_list((), QueryDict(""), mine=True, export_url="").empty
        == "Nothing is declared yet."
    )
