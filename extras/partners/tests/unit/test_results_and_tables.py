"""Results of the conformance kit as they are read, and what goes out as a file is the table that is
shown.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.utils.translation import _trans  # type: ignore[attr-defined] # what every function of it asks
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.phrases import Name
from extras.partners import conformance, lists
from extras.partners.conformance import ConformanceView
from extras.partners.deliveries import DeliveryView
from extras.partners.grants import GrantedView
from portal.problems import RefusedError

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TODAY = date(2026, 5, 4)


def result(**changed: object) -> bytes:
    checks = [{"name": name, "passed": name != "units"} for name in conformance.CHECKS]
    return json.dumps(
        {
            "schema": conformance.SCHEMA,
            "source": "s",
            "kit": "k",
            "ran_on": "2017-05-01",
            "checks": checks,
            **changed,
        }
    ).encode()


@pytest.mark.parametrize(
    "changed",
    [{"source": "x" * 200}, {"kit": "x" * 100}, {"source": "x"}],
    ids=["long source", "long kit", "short source"],
)
def test_a_result_of_the_kit_is_read_with_what_failed(changed: dict[str, object]) -> None:
    read = conformance.read(result(**changed))
    assert (read.failed, read.ran_on) == (("units",), date(2017, 5, 1))
    assert conformance.read(result(**changed).ljust(conformance.MOST_BYTES)).source == read.source


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        (result(source="x" * 201), "source is not a text of 1 to 200 characters"),
        (result(kit="x" * 101), "kit is not a text of 1 to 100 characters"),
        (result(kit="a\0b"), "kit is not a text"),
        (result(source="half a character: \ud83d"), "source is not a text"),
        (result(ran_on="20170501x"), "ran_on is not a day"),
        (result(source=5), "source is not a text"),
        (result().ljust(conformance.MOST_BYTES + 1), "does not have the schema"),
        (
            result(checks=[{"name": name, "passed": True} for name in conformance.CHECKS[:-1]]),
            "not those of the kit",
        ),
    ],
    ids=[
        "long source",
        "long kit",
        "null",
        "half a character",
        "no day",
        "no text",
        "too many bytes",
        "a check less",
    ],
)
def test_what_is_wrong_with_a_result_is_told(raw: bytes, wrong: str) -> None:
    with pytest.raises(RefusedError) as refused:
        conformance.read(raw)
    assert wrong in str(refused.value)


@given(st.binary(max_size=200).map(lambda end: result()[:150] + end) | st.binary(max_size=200))
def test_any_bytes_are_a_result_or_are_refused(raw: bytes) -> None:
    try:
        conformance.read(raw)
    except RefusedError as refused:
        code = refused.code
    else:
        code = "read"
    assert code in {"read", "result-malformed"}


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
    head, rows = lists.deliveries_table(views, QueryDict(query))
    assert [row[head.index("site")] for row in rows] == order
    table = lists.deliveries_list(views, QueryDict(query), mine=True, export_url="deliveries.csv")
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
    head, rows = lists.results_table(views, QueryDict("results-only=1&results-sort=product&only=0"))
    assert [row[head.index("product")] for row in rows] == ["a", "b"]


def test_a_table_that_a_filter_leaves_empty_does_not_say_that_there_is_nothing() -> None:
    """Each has a row that its filter leaves out."""
    site = GrantedView(
        "site", Name("Site"), "cement", receipts=False, values=False, granted_at=NOW, submissions=()
    )
    tables = (
        lists.granted_list((site,), QueryDict("only=1")),
        lists.deliveries_list(
            (delivery("2025", "b", stands=False),), QueryDict("only=1"), mine=True, export_url=""
        ),
    )
    assert [(table.rows, table.empty) for table in tables] == [
        ((), "No report was refused."),
        ((), "Nothing on record matches this filter."),
    ]
    assert lists.granted_list((), QueryDict("")).empty.startswith("No site has given you access")
    assert (
        lists.deliveries_list((), QueryDict(""), mine=True, export_url="").empty
        == "Nothing is declared yet."
    )


def test_access_that_was_given_was_not_approved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_trans, "pgettext", lambda context, text: f"{text} ({context})")
    for table in (
        lists.granted_list((), QueryDict("")),
        lists.grants_list((), "site", QueryDict("")),
    ):
        assert "Granted (access)" in [column.title for column in table.columns]
