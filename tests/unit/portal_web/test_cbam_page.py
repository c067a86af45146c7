"""The border on a firm's page: the vectors of the guidance, each input with its act, and what an
act that reaches back changed.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from portal.web.presenters.cbam import border_of

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("sector", "route", "good", "first", "of_2030"),
    [
        ("steel", "bf-bof", "7208C", "2.170", "3.438"),
        ("cement", "clinker", "25231000A", "0.880", None),
        ("aluminium", "smelter", "7601K", "1.913", None),
    ],
)
def test_a_good_of_the_route_by_year_as_worked_by_hand(
    sector: str, route: str, good: str, first: str, of_2030: str | None
) -> None:
    border = border_of(sector, route, "CN", TODAY)
    assert border is not None
    product = next(each for each in border.goods if each.id == good)
    by_year = {row.year: row for row in product.years}
    assert [*by_year] == [*range(2026, 2035)]
    assert by_year[2026].certificates == first
    assert first in product.example
    assert of_2030 in (None, by_year[2030].certificates)
    assert by_year[2034].exact_free.split() == ["0"] * (1 + len(product.parts)), (
        "nothing is free any more"
    )
    assert all(row.act and row.dates for row in product.inputs)
    assert by_year[2026].mark_up == "mark-up 10 %", "a bare 10 % beside the tonnes says nothing"
    assert [each for each in product.caveats if "certificate price" in each] == [
        "There is no certificate price for 24 November 2026. Enter one, or use the tonnes only."
    ]
    with translation.override("zh-hans"):
        chinese = border_of(sector, route, "CN", TODAY)
        assert chinese is not None
        amounts = {row.value for each in chinese.goods for row in each.inputs}
        assert any("、" in amount for amount in amounts), (
            "shares of the years stand beside each other"
        )
        assert not any(", " in amount for amount in amounts)
        assert "实施条例 (EU) 2025/2621；须于 2027 年 12 月前复审" in {
            row.act for each in chinese.goods for row in each.inputs
        }


def test_an_arc_furnace_has_no_default_value_and_says_so_and_another_route_no_border() -> None:
    border = border_of("steel", "eaf", "CN", TODAY)
    assert border is not None
    assert border.goods
    for good in border.goods:
        assert {row.certificates for row in good.years} == {"–"}
        assert any("contains no value for goods with the code" in each for each in good.caveats)
    assert border_of("glass", "float", "CN", TODAY) is None


def test_an_act_that_reaches_back_is_told_for_a_year() -> None:
    def changed(today: date) -> tuple[str, ...]:
        border = border_of("cement", "clinker", "CN", today)
        assert border is not None
        return border.changed

    (sentence,) = changed(TODAY)
    assert (
        "2026/1740 was published on 31 July 2026 and applies to imports from 1 January 2026"
        in sentence
    )
    assert changed(date(2027, 8, 1)) == ()
    with translation.override("zh-hans"):
        assert "于 2026 年 7 月 31 日公布" in changed(TODAY)[0]


def test_the_country_is_told_by_its_name() -> None:
    border = border_of("cement", "clinker", "CN", TODAY, "China") or border_of(
        "steel", "eaf", "CN", TODAY, "China"
    )
    assert border is not None
    assert border.origin == "China"
