"""The cost at the border: vectors by hand, every good and year by a second implementation, and law
that changes backwards.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files

import pytest

from benchmarks import packs
from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.guidance import goods
from benchmarks.guidance.acts import Act, ActCollection, ActKind
from benchmarks.guidance.cbam import (
    FACTOR_ASSUMED,
    NOT_COMPARED,
    OTHER_COUNTRIES,
    AttestedEmissions,
    Goods,
    Payable,
    Precursor,
    by_year,
    payable,
)

KNOWN = date(2026, 11, 1)
FILES = {"d": "defaults-2026-1740", "b": "benchmarks-2025-2620"}


@pytest.mark.parametrize(
    ("code", "route", "year", "tonnes"),
    [
        ("7208", "", 2026, "2.170"),  # 3.187 x 1.1 - 0.975 x 1.370
        ("7208 39 00", "C", 2030, "3.438"),  # 3.187 x 1.3 - 0.515 x 1.370
        ("2523 10 00", "A", 2026, "0.880"),  # 1.39 x 1.1 - 0.975 x 0.666
        ("7601", "K", 2026, "1.913"),  # 3.0 x 1.1 - 0.975 x 1.423
        ("7601", "", 2034, "3.900"),  # nothing is free any more
    ],
)
def test_tonnes_to_be_paid_on_default_values_of_china(
    code: str, route: str, year: int, tonnes: str
) -> None:
    answer = payable(Goods(code, "CN", route), date(year, 7, 1), KNOWN)
    assert round(answer.certificates, 3) == Decimal(tonnes)


def _by_hand(code: str, country: str, route: str, year: int) -> Fraction | None:
    """The formula again, from the files' text alone: fractions, no class and no search of the
    product's.
    """
    folder = files("benchmarks.guidance").joinpath("cbam")
    lines = {
        name: folder.joinpath(f"{file}.csv").read_text().splitlines()[1:]
        for name, file in FILES.items()
    }
    total = next(
        Fraction(line.split(",")[5])
        for line in lines["d"]
        if line.split(",")[:3] == [country, code, route]
    )
    fitting = []
    for line in lines["b"]:
        cn, of, _, column_b, first, last, _ = line.split(",", 6)
        if code.startswith(cn) and of == route and int(first) <= year <= int(last or 9999):
            fitting.append(Fraction(column_b))
    if len(fitting) != 1:
        return None
    mark_up = {2026: Fraction(1, 10), 2027: Fraction(2, 10)}.get(year, Fraction(3, 10))
    free = Fraction(
        ("0.975", "0.95", "0.9", "0.775", "0.515", "0.39", "0.265", "0.14", "0")[year - 2026]
    )
    return max(total * (1 + mark_up) - free * fitting[0], Fraction(0))


def _cases() -> Iterator[tuple[str, str, str, int]]:
    for line in (
        files("benchmarks.guidance")
        .joinpath("cbam/defaults-2026-1740.csv")
        .read_text()
        .splitlines()[1:]
    ):
        country, code, route = line.split(",")[:3]
        for year in range(2026, 2035):
            yield code, country, route, year


def test_every_good_of_every_country_and_year_as_a_second_implementation_has_it() -> None:
    compared = 0
    for code, country, route, year in _cases():
        wanted = _by_hand(code, country, route, year)
        if wanted is None:
            continue
        answer = payable(Goods(code, country or "TR", route), date(year, 12, 31), KNOWN)
        assert Fraction(answer.certificates) == wanted, (code, country, year)
        compared += 1
    assert compared >= 200, compared


def test_on_attested_emissions_the_process_and_its_precursors_have_benchmarks_of_their_own() -> (
    None
):
    attested = AttestedEmissions(
        Decimal("2.1"),
        (Precursor("7201", Decimal("0.95")), Precursor("2601 12 00", Decimal("1.2"))),
    )
    answer = payable(Goods("7208", "CN", "C", attested), date(2026, 2, 1), KNOWN)
    # 0.044 + 0.95 x 1.089 + 1.2 x 0.086 = 1.18175; 2.1 - 0.975 x 1.18175 = 0.94779375; the first
    # quarter's price is 75.36
    assert answer.certificates == Decimal("0.94779375")
    assert answer.cost == Decimal("0.94779375") * Decimal("75.36")
    assert answer.basis == "attested"
    assert all(part.name != "mark-up" for part in answer.inputs)


def test_what_was_paid_at_home_is_taken_off_and_nothing_is_paid_back() -> None:
    of = Goods("7601", "CN", "K")
    whole = _cost(payable(of, date(2026, 2, 1), KNOWN))
    assert _cost(payable(of, date(2026, 2, 1), KNOWN, paid_at_home=Decimal(20))) == whole - 20
    assert _cost(payable(of, date(2026, 2, 1), KNOWN, paid_at_home=Decimal(10_000))) == 0
    clean = Goods("7601", "CN", "K", AttestedEmissions(Decimal("0.5")))
    assert payable(clean, date(2026, 2, 1), KNOWN).certificates == 0


def test_a_country_without_a_value_of_its_own_takes_that_for_others_and_says_so() -> None:
    for good in (Goods("7203", "CN"), Goods("7208", "TR")):
        assert OTHER_COUNTRIES in payable(good, date(2026, 2, 1), KNOWN).caveats
    assert OTHER_COUNTRIES not in payable(Goods("7208", "CN"), date(2026, 2, 1), KNOWN).caveats


def test_every_figure_names_its_act_and_what_nobody_read_is_said() -> None:
    answer = payable(Goods("7208", "CN"), date(2026, 2, 1), KNOWN)
    assert all(part.act is not None for part in answer.inputs)
    assert NOT_COMPARED in answer.caveats
    assert FACTOR_ASSUMED in answer.caveats


def test_no_price_is_invented_where_none_is_held() -> None:
    answer = payable(Goods("7208", "CN"), date(2026, 5, 1), KNOWN)
    assert answer.cost is None
    assert answer.price is None
    assert (
        _cost(payable(Goods("7208", "CN"), date(2026, 5, 1), KNOWN, price=Decimal(70)))
        == 70 * answer.certificates
    )


def test_an_act_that_reaches_back_changes_todays_answer_and_not_yesterdays() -> None:
    shipped = ActCollection.held()
    later = Act(
        id="mark-up-changed",
        kind=ActKind.MARK_UP,
        title=Words(en="an act of this test that replaces the mark-ups from the first day on"),
        published=date(2027, 3, 1),
        applies=date(2026, 1, 1),
        confidence="read",
        by_year={2026: Decimal("0.05")},
    )
    law = ActCollection((*shipped.acts, later))
    of, day = Goods("7208", "CN"), date(2026, 2, 1)
    before = payable(of, day, date(2027, 2, 28), law=law)
    assert before == payable(of, day, KNOWN)
    after = payable(of, day, date(2027, 3, 1), law=law)
    assert before.certificates - after.certificates == Decimal("3.187") * Decimal("0.05")
    changed = [new.name for old, new in zip(before.inputs, after.inputs, strict=True) if old != new]
    assert changed == ["mark-up"]


def test_default_values_of_2026_1740_are_not_known_before_they_were_published() -> None:
    with pytest.raises(InputError) as refused:
        payable(Goods("7208", "CN"), date(2026, 2, 1), date(2026, 7, 30))
    assert refused.value.code == "border-act-missing"


@pytest.mark.parametrize(
    ("goods", "day", "code"),
    [
        (Goods("7208", "CN"), date(2025, 12, 31), "border-not-yet"),
        (Goods("7208", "DE"), date(2026, 2, 1), "border-none"),
        (Goods("9999", "CN"), date(2026, 2, 1), "border-goods-unknown"),
        (
            Goods("7209", "CN"),
            date(2026, 2, 1),
            "border-goods-unknown",
        ),  # a default value, and no benchmark
        (Goods("2523 10 00", "CN"), date(2026, 2, 1), "border-goods-ambiguous"),  # white or grey
        (
            Goods("7208", "CN", "", AttestedEmissions(Decimal(2))),
            date(2026, 2, 1),
            "border-goods-ambiguous",
        ),  # no default row tells the route
        # the tables have nuts, plate and calcined clay alone of what these headings hold
        (
            Goods("7318", "CN", "C", AttestedEmissions(Decimal("2.5"))),
            date(2026, 2, 1),
            "border-goods-ambiguous",
        ),
        (Goods("7606", "CN", "K"), date(2026, 2, 1), "border-goods-ambiguous"),
        (Goods("2507", "CN"), date(2026, 2, 1), "border-goods-ambiguous"),
        (
            Goods("7208", "CN", "C", AttestedEmissions(Decimal(-2))),
            date(2026, 2, 1),
            "border-amount",
        ),
        (
            Goods("7208", "CN", "C", AttestedEmissions(Decimal("NaN"))),
            date(2026, 2, 1),
            "border-amount",
        ),
        (Goods("72", "CN"), date(2026, 2, 1), "border-goods-unknown"),
    ],
)
def test_what_cannot_be_told_is_refused(goods: Goods, day: date, code: str) -> None:
    with pytest.raises(InputError) as refused:
        payable(goods, day, KNOWN)
    assert refused.value.code == code


def _cost(answer: Payable) -> Decimal:
    assert answer.cost is not None
    return answer.cost


def test_each_good_that_a_route_offers_has_what_is_free_and_is_of_a_pack() -> None:
    routes = {(pack, route.id) for pack in packs.shipped() for route in packs.load(pack).routes}
    asked = 0
    for good in goods.offered():
        assert {(good.sector, route) for route in good.routes} <= routes, good.cn_code
        for part in (None, *good.precursors):
            precursors = () if part is None else (Precursor(part.cn_code, Decimal(1), part.route),)
            answers = by_year(
                Goods(good.cn_code, "CN", good.route, AttestedEmissions(Decimal(0), precursors)),
                KNOWN,
            )
            assert [year for year, _answer in answers] == [*range(2026, 2035)]
            assert all(isinstance(answer, Payable) for _year, answer in answers), (
                good.cn_code,
                part,
            )
            asked += 1
    assert asked > len(goods.offered())
    assert {offer.sector for offer in goods.offered()} == {"aluminium", "cement", "steel"}


def test_the_years_are_those_of_the_single_question_and_a_refusal_is_one_of_the_answers() -> None:
    coil = Goods("7208", "CN", "C")
    for year, answer in by_year(coil, KNOWN, price=Decimal(80)):
        assert answer == payable(
            coil, KNOWN if year == KNOWN.year else date(year, 12, 31), KNOWN, price=Decimal(80)
        )
    assert {type(answer) for _year, answer in by_year(Goods("7208", "CN", "E"), KNOWN)} == {
        InputError
    }


@pytest.mark.parametrize(("price", "paid_at_home"), [("-1", "0"), ("70", "-1"), ("Infinity", "0")])
def test_no_price_is_negative_or_without_end(price: str, paid_at_home: str) -> None:
    with pytest.raises(InputError) as refused:
        payable(
            Goods("7601", "CN", "K"),
            date(2026, 2, 1),
            KNOWN,
            price=Decimal(price),
            paid_at_home=Decimal(paid_at_home),
        )
    assert refused.value.code == "border-amount"


def test_a_price_of_nothing_is_a_price() -> None:
    free = payable(Goods("7601", "CN", "K"), date(2026, 5, 1), KNOWN, price=Decimal(0))
    assert (free.price, free.cost) == (Decimal(0), Decimal(0))


def test_a_route_that_nobody_named_is_said_to_be_that_of_the_only_value() -> None:
    unnamed, named = (
        payable(Goods("7601", "CN", route), date(2026, 2, 1), KNOWN) for route in ("", "K")
    )
    assert (unnamed.route, named.route) == ("K", "K")
    assert unnamed.certificates == named.certificates
    of_route = [str(caveat) for caveat in unnamed.caveats if "No route was named" in str(caveat)]
    assert of_route == [
        (
            "No route was named. The only default value is that of route K (primary aluminium), "
            "so it "
            "applies."
        )
    ]
    assert not any("No route was named" in str(caveat) for caveat in named.caveats)


@pytest.mark.parametrize(
    ("today", "years"),
    [
        (date(2024, 5, 1), (2026, 2034)),
        (date(2033, 5, 1), (2033, 2034)),
        (date(2036, 5, 1), (2036, 2036)),
    ],
)
def test_the_years_begin_with_the_first_that_has_a_price_and_end_with_the_last_that_changes(
    today: date, years: tuple[int, int]
) -> None:
    answers = by_year(Goods("7601", "CN", "K"), today)
    assert (answers[0][0], answers[-1][0]) == years
    assert len(answers) == years[1] - years[0] + 1


def test_goods_are_offered_for_the_routes_that_the_file_names() -> None:
    """Counted in the file itself, without the product's reader."""
    table = tomllib.loads(
        files("benchmarks.guidance").joinpath("goods.toml").read_text(encoding="utf-8")
    )["good"]
    for sector, route in {(row["sector"], route) for row in table for route in row["routes"]} | {
        ("steel", "no-route"),
        ("glass", "eaf"),
    }:
        offered = [
            row["cn_code"] for row in table if row["sector"] == sector and route in row["routes"]
        ]
        assert [sold.cn_code for sold in goods.goods_of(sector, route)] == offered, (sector, route)
