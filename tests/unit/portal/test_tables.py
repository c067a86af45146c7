"""The address is the state of a table: its order, its page, and what it leaves alone."""

from __future__ import annotations

from django.http import QueryDict

from portal.web.lists.tables import Key, columns, paged, sort_form, sorted_rows
from portal.web.presenters.listed import listed
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.shared import SelectOption

KEYS: dict[str, Key[str]] = {"size": len, "name": str}


def two_tables(query: str) -> tuple[ListTable, ListTable]:
    """Both of one page, with the same words."""
    words = [f"{'b' * (number % 3)}{number:03}" for number in range(120)]

    def table(prefix: str) -> ListTable:
        return listed(
            words,
            QueryDict(query),
            caption="",
            titles={"name": "Name"},
            keys={"name": str},
            default="name",
            cells=lambda word: (TableCell(word),),
            empty="",
            only=("short", lambda word: len(word) < 4),
            prefix=prefix,
        )

    return table(""), table("results-")


def test_of_two_tables_one_stays_as_it_is_while_the_other_turns() -> None:
    before, _ = two_tables("")
    first, second = two_tables("results-sort=-name&results-page=2")
    assert first.rows == before.rows
    assert second.rows != before.rows
    assert second.columns[0].sort == "descending"
    assert second.pages is not None
    assert second.pages.number == 2
    assert first.columns[0].url == "?results-sort=-name&results-page=2&sort=-name", (
        "the other's state is kept"
    )
    assert [narrowing.here for narrowing in two_tables("results-only=1")[0].narrowings] == [
        True,
        False,
    ]
    assert [narrowing.here for narrowing in two_tables("results-only=1")[1].narrowings] == [
        False,
        True,
    ]


def test_with_one_prefix_for_both_they_would_turn_together() -> None:
    query = QueryDict("sort=-name")
    assert sorted_rows("ab", KEYS, query, "name") == ["b", "a"]
    assert sorted_rows("ab", KEYS, query, "name", "results-") == ["a", "b"]
    assert paged("ab", QueryDict("page=2"), 1)[0] == "b"
    assert paged("ab", QueryDict("page=2"), 1, "results-")[0] == "a"


def test_the_form_offers_every_order_and_keeps_the_rest_of_the_address() -> None:
    query = QueryDict("sort=-size&page=3&state=late&q=a&q=b&results-sort=name")
    heads = columns({"size": "Size", "plain": "Plain", "name": "Name"}, KEYS, query, "name")
    form = sort_form(heads, 2, query)
    assert form is not None
    assert form.parameter == "sort"
    assert form.choices == (
        SelectOption("size", "Size, ascending", False),
        SelectOption("-size", "Size, descending", True),
        SelectOption("name", "Name, ascending", False),
        SelectOption("-name", "Name, descending", False),
    )
    assert form.hidden == (("state", "late"), ("q", "a"), ("q", "b"), ("results-sort", "name")), (
        "but the page starts anew"
    )


def test_a_table_that_does_not_sort_has_no_form() -> None:
    assert (
        sort_form(columns({"plain": "Plain"}, KEYS, QueryDict(""), "name"), 2, QueryDict(""))
        is None
    )


def test_one_row_leaves_nothing_to_sort() -> None:
    assert (
        sort_form(columns({"name": "Name"}, KEYS, QueryDict(""), "name"), 1, QueryDict("")) is None
    )
