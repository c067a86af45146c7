"""Offers as a file is written of their table, the form that proposes one, and what an incentive
counts.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import cast

import pytest
from django.http import QueryDict
from django.utils import translation

from benchmarks.phrases import Name
from extras.programmes import offer_pages as offers
from extras.programmes.incentives import AmountCorrection, IncentiveView
from extras.programmes.models import IncentiveOffer
from extras.programmes.offer_pages import OfferedForm

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TODAY, DAY = date(2026, 5, 4), timedelta(days=1)


def offered(pk: int, state: str, place: str, begins: date) -> IncentiveOffer:
    place_of = SimpleNamespace(path=place, name=Name(place))
    texts = dict.fromkeys(
        (
            "what_en",
            "what_zh",
            "authority_en",
            "authority_zh",
            "source_en",
            "source_zh",
            "reason",
            "unit",
        ),
        "",
    )
    facts = {
        "programme": "p",
        "criterion": "c",
        "amount": Decimal(1),
        "valid_from": begins,
        "valid_until": None,
    }
    return cast(
        IncentiveOffer, SimpleNamespace(pk=pk, state=state, jurisdiction=place_of, **facts, **texts)
    )


OFFERS = (
    offered(1, "approved", "cn/b", TODAY),
    offered(2, "proposed", "cn/a", TODAY - DAY),
    offered(3, "approved", "cn/a", TODAY - DAY),
)


@pytest.mark.parametrize(
    ("query", "order"),
    [("", [1, 2, 3]), ("show=now&sort=place", [3, 1]), ("show=waiting&page=7", [2])],
)
def test_offers(query: str, order: list[int]) -> None:
    asked = QueryDict(query)
    assert [row[0] for row in offers.offers_table(OFFERS, asked, TODAY)] == order


def test_a_filter_that_leaves_no_offer_does_not_say_that_there_is_nothing() -> None:
    table = offers.offers_page(OFFERS[:1], QueryDict("show=waiting"), TODAY).sections[0].table
    assert (table.rows, table.empty) == ((), "Nothing on record matches this filter.")


def test_chinese_choices_have_chinese_colons() -> None:
    with translation.override("zh-hans"):
        criteria = str(OfferedForm(jurisdictions=())["criterion"])
    assert ": " not in criteria
    assert "：" in criteria


@pytest.mark.parametrize(
    ("corrected", "counted", "barred"),
    [
        (None, Decimal(100), {7}),
        (AmountCorrection(Decimal(40), "", "", 8, NOW), Decimal(40), {7, 8}),
        (AmountCorrection(None, "", "", 8, NOW), Decimal(0), {7, 8}),  # nothing was given
        (AmountCorrection(Decimal(0), "", "", 8, NOW), Decimal(0), {7, 8}),
    ],
)
def test_an_incentive_counts_as_it_was_corrected_by_who_did_not_enter_it(
    corrected: AmountCorrection | None, counted: Decimal, barred: set[int]
) -> None:
    view = IncentiveView(
        1, "works-1", Name("Works"), "scheme", Decimal(100), "", "", 7, True, "", NOW, corrected
    )
    assert view.counted == counted
    assert set(view.barred) == barred
