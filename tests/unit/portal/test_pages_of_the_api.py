"""Lists of the API: `next` leads on, however long the names are that rows are ordered by; a period
is found by each of its spellings.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import QueryDict

from benchmarks.errors import InputError
from portal.listing import PAGING, ListView

MOMENT = "2027-05-01T08:00:00.123456+00:00"


@pytest.mark.parametrize(
    "key",
    [
        (
            MOMENT,
            "能" * 120,
            "版" * 60,
            "a" * 64,
        ),  # of conformance: product, version and digest as long as they may be
        (
            "2027-01-01/2027-04-01",
            "w" * 63,
            "核" * 200,
            "7".zfill(18),
        ),  # of assignments: with the name of the body
    ],
    ids=["conformance", "assignments"],
)
def test_the_next_page_takes_the_cursor_that_it_is_given(key: tuple[str, ...]) -> None:
    (cursor,) = (field for field in PAGING if field.name == "cursor")
    asked: Any = SimpleNamespace(query_params=QueryDict("limit=1"), path="/api/v1/list/")
    after = (*key[:-1], key[-1][:-1] + "b")
    rows = [{"key": key}, {"key": after}]
    more = ListView().page(asked, rows, lambda row: row["key"]).data["next"]
    next_cursor = QueryDict(more.partition("?")[2])["cursor"]
    assert re.fullmatch(cursor.pattern, next_cursor, re.ASCII)
    asked = SimpleNamespace(
        query_params=QueryDict(f"limit=1&cursor={next_cursor}"), path="/api/v1/list/"
    )
    assert ListView().page(asked, rows, lambda row: row["key"]).data == {
        "results": [{"key": after}],
        "next": None,
    }


@pytest.mark.parametrize(
    ("spelled", "stored"),
    [
        ("2026", "2026"),
        ("2026-01-01/2027-01-01", "2026"),
        ("2026-04-01/2026-07-01", "2026-Q2"),
        ("2026-04-01/2026-08-01", "2026-04-01/2026-08-01"),
        ("", ""),
    ],
)
def test_a_period_that_is_asked_for_is_that_which_is_stored_however_it_is_spelled(
    spelled: str, stored: str
) -> None:
    asked: Any = SimpleNamespace(query_params=QueryDict(f"period={spelled}"))
    assert ListView().asked(asked, "period") == stored


def test_a_period_of_days_that_there_are_not_is_refused() -> None:
    asked: Any = SimpleNamespace(query_params=QueryDict("period=2026-02-31/2026-04-01"))
    with pytest.raises(InputError):
        ListView().asked(asked, "period")
