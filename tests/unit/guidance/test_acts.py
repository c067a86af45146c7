"""Which act holds on which day, and which row of its table for which goods: each edge of a day, a
year and a code.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.guidance.act_rows import only_row, rows_of
from benchmarks.guidance.acts import Act, ActCollection, ActKind

PUBLISHED, APPLIES, UNTIL = date(2026, 3, 1), date(2026, 1, 1), date(2027, 1, 1)


def act(**changed: object) -> Act:
    fields = {
        "id": "act",
        "kind": "mark-up",
        "title": Words(en="an act of this test"),
        "published": PUBLISHED,
        "applies": APPLIES,
    }
    return Act.model_validate(
        {**fields, "confidence": "read", "by_year": {2026: "0.1", 2028: "0.3"}, **changed}
    )


@pytest.mark.parametrize(
    ("imported", "known_on", "holds"),
    [
        (date(2025, 12, 31), PUBLISHED, False),
        (APPLIES, PUBLISHED, True),  # the first day of both
        (APPLIES, date(2026, 2, 28), False),  # it reaches back, but nobody knew it yet
        (date(2026, 12, 31), PUBLISHED, True),
        (UNTIL, PUBLISHED, False),  # another act holds from that day on
    ],
)
def test_an_act_holds_from_its_first_day_until_the_day_before_the_next(
    imported: date, known_on: date, holds: bool
) -> None:
    assert act(until=UNTIL).governs(imported, known_on) == holds
    law = ActCollection((act(until=UNTIL),))
    assert (law.act(ActKind.MARK_UP, imported, known_on) is not None) == holds
    assert law.act(ActKind.PHASE_OUT, imported, known_on) is None


def test_a_year_has_its_own_figure_or_that_of_the_last_year_before_it() -> None:
    figures = [act().in_year(year) for year in (2025, 2026, 2027, 2028, 2040)]
    assert figures == [None, Decimal("0.1"), Decimal("0.1"), Decimal("0.3"), Decimal("0.3")]


@pytest.mark.parametrize("more", [{"euro_per_t": "70"}, {"by_year": {}}, {"file": "cbam/x.csv"}])
def test_an_act_has_its_figures_in_one_place(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="in one of file, by_year and euro_per_t"):
        act(**more)


def rows(*codes_and_routes: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"cn_code": code, "route": route, "goods": f"goods {code}"}
        for code, route in codes_and_routes
    ]


@pytest.mark.parametrize(
    ("code", "codes"),
    [
        ("7208", ["7208", "720839"]),  # both begin with what was given
        ("7208 39 00", ["720839"]),  # six digits in common, and not four
        ("7208 40 00", ["7208"]),
        ("720", []),  # three digits name no goods
        ("7209 15 00", ["7209xx"]),  # an x stands for any digit
        ("7207", []),
    ],
)
def test_the_row_of_the_most_digits_in_common_holds(code: str, codes: list[str]) -> None:
    table = rows(("7208", ""), ("720839", ""), ("7209", ""), ("7209xx", ""))
    assert [line["cn_code"] for line in rows_of(table, code, "")] == codes


def test_a_row_of_several_routes_stands_for_each_and_one_of_none_for_all() -> None:
    table = rows(("7208", "C/D"), ("7208", "E"), ("7601", ""))
    assert [
        [line["route"] for line in rows_of(table, "7208", route)]
        for route in ("C", "D", "E", "K", "")
    ] == [
        ["C/D"],
        ["C/D"],
        ["E"],
        [],
        ["C/D", "E"],
    ]
    assert rows_of(table, "7601", "K") == rows(("7601", ""))


def test_whoever_asks_by_another_route_is_told_by_which_there_is_a_value() -> None:
    table = rows(("7208", "C"), ("7208", "D"), ("7208", "C"), ("7601", "K"))
    with pytest.raises(InputError) as refused:
        only_row([], "7208", "E", act(), table)
    assert refused.value.code == "border-goods-unknown"
    assert str(refused.value.remedy) == "Available by route: C, D."
    assert "by route E (steel scrap)" in str(refused.value.sentence)


def test_of_several_rows_none_is_taken_and_of_none_those_of_the_chapter_are_named() -> None:
    table = rows(("7208", "C"), ("7208", "D"), ("7601", "K"))
    with pytest.raises(InputError) as several:
        only_row(rows_of(table, "7208", ""), "7208", "", act(), table)
    assert several.value.code == "border-goods-ambiguous"
    assert "7208 goods 7208 (C); 7208 goods 7208 (D)" in str(several.value.remedy)
    with pytest.raises(InputError) as none:
        only_row([], "7602", "", act(), table)
    assert str(none.value.remedy) == "Available: 7601 goods 7601 (K)."
