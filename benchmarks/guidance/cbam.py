"""What goods cost at the border of the European Union by their emissions (CBAM, Regulation (EU)
2023/956), per tonne of the goods.

    certificates = emissions - phase-out factor x cross-sectoral factor x benchmark,  never below 0
    t CO2e/t cost         = certificates x price - carbon price paid at home,                  never
    below 0            EUR/t

*Emissions* are either the default value of the act for the country of origin, raised by the year's
mark-up, or what a verifier attested. On default values the benchmark of column B holds; on attested
ones that of column A, for the process alone, and those of the precursors that went in, each times
the tonnes of it per tonne of the goods. Hence the two answers differ by more than the emissions do.

The formula is read from summaries of the acts and was not compared with their text:
`Payable.caveats` says so, and so must a page. All arithmetic is decimal and exact; nothing is
rounded here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from benchmarks.errors import InputError
from benchmarks.guidance.act_rows import in_words, only_row, rows_of
from benchmarks.guidance.acts import Act, ActCollection, ActKind
from benchmarks.phrases import Phrase

FIRST_YEAR, LAST_YEAR = 2026, 2034
"""The first year of import with a price, and the first without free allocation: from then on
nothing is known to change.
"""

_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_ANNEX_III = "CH IS LI NO"
WITHIN = frozenset(f"{_UNION} {_ANNEX_III}".split(" "))
"""Countries whose goods cross no such border: the Union, and those of Annex III, point 1, of
Regulation (EU) 2023/956.
"""

NOT_COMPARED = Phrase(
    "The formula is taken from summaries of the acts. It has not been compared with their text."
)
FACTOR_ASSUMED = Phrase(
    "The cross-sectoral correction factor is set to 1, because no act for the years from 2026 on "
    "has been read."
)
OTHER_COUNTRIES = Phrase(
    "The act gives no default value for the country of origin. The value for other countries "
    "applies."
)


@dataclass(frozen=True, slots=True)
class Precursor:
    """Goods that went into others: `tonnes` of them per tonne, known by code and route as in
    `Goods`.
    """

    cn_code: str
    tonnes: Decimal
    route: str = ""


@dataclass(frozen=True, slots=True)
class AttestedEmissions:
    """Specific embedded emissions that a verifier attested, t CO2e/t, precursors included; of
    cement with those of electricity.
    """

    emissions: Decimal
    precursors: tuple[Precursor, ...] = ()


@dataclass(frozen=True, slots=True)
class Goods:
    """What is imported: code of the combined nomenclature (4 to 10 digits), country of origin (ISO
    3166-1, two letters), route of production (an act's own letter, `act_rows.ROUTES`), and what was
    attested of it."""

    cn_code: str
    origin: str
    route: str = ""
    attested: AttestedEmissions | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """A figure of the formula, with the act that settles it; without one it was entered."""

    name: str
    value: Decimal
    unit: str
    act: Act | None
    of: str = ""  # the code of the goods that it holds for, where several enter


@dataclass(frozen=True, slots=True)
class Payable:
    """The answer per tonne of the goods. `price` and `cost` are None where no price is known."""

    emissions: Decimal  # t CO2e/t, mark-up included
    free: Decimal  # t CO2e/t
    certificates: Decimal  # t CO2e/t
    price: Decimal | None  # EUR/t CO2e
    cost: Decimal | None  # EUR/t
    inputs: tuple[Input, ...]
    caveats: tuple[Phrase, ...]
    basis: Literal["default", "attested"]
    # as asked for, or that of the only default value; empty where the acts know none of the goods
    route: str


def payable(
    goods: Goods,
    imported: date,
    known_on: date,
    *,
    price: Decimal | None = None,
    paid_at_home: Decimal = Decimal(0),
    law: ActCollection | None = None,
) -> Payable:
    """What a tonne of `goods` costs that is imported on a day, by the law as it was `known_on`
    another.

    Args:
        price: EUR a certificate (t CO2e); without it that of an act, if one is held for the day.
        paid_at_home: carbon price effectively paid in the country of origin, after every rebate,
            EUR/t of the goods.

    Raises:
        InputError: the day is before 2026 (`border-not-yet`), the origin is within the border
            (`border-none`), no act is held (`border-act-missing`), the acts have no value for the
            goods (`border-goods-unknown`) or several (`border-goods-ambiguous`),
            or an amount is negative (`border-amount`).
    """
    if imported.year < FIRST_YEAR:
        raise InputError(
            "border-not-yet",
            Phrase(
                "No payment for emissions is due on goods imported in %(year)s.", year=imported.year
            ),
            Phrase("Choose a day from 1 January %(first)s on.", first=FIRST_YEAR),
        )
    if goods.origin in WITHIN:
        raise InputError(
            "border-none",
            Phrase(
                "No payment is due at this border for goods from %(country)s.", country=goods.origin
            ),
            "Enter the country in which the goods were made (ISO 3166-1, two letters).",
        )
    for amount in (
        price,
        paid_at_home,
        None if goods.attested is None else goods.attested.emissions,
    ):
        if amount is not None and (not amount.is_finite() or amount < 0):
            raise InputError(
                "border-amount",
                Phrase("%(amount)s is not a price or an amount of emissions.", amount=str(amount)),
                "Enter a number that is not negative.",
            )
    return _Reckoning(goods, imported, known_on, law or ActCollection.held()).payable(
        price, paid_at_home
    )


@lru_cache(
    maxsize=256
)  # the law held changes with a release alone, and a page asks for the same goods all day
def by_year(
    goods: Goods, today: date, *, price: Decimal | None = None, paid_at_home: Decimal = Decimal(0)
) -> tuple[tuple[int, Payable | InputError], ...]:
    """The answer, or the refusal, of each year from that of `today` until free allocation ends, by
    the law as known today.

    This year is asked for today, every later one for its last day.
    """
    years = range(max(today.year, FIRST_YEAR), max(today.year, LAST_YEAR) + 1)
    return tuple((year, _asked(goods, year, today, price, paid_at_home)) for year in years)


def _asked(
    goods: Goods, year: int, today: date, price: Decimal | None, paid_at_home: Decimal
) -> Payable | InputError:
    try:
        imported = today if year == today.year else date(year, 12, 31)
        return payable(goods, imported, today, price=price, paid_at_home=paid_at_home)
    except InputError as refusal:
        return refusal


@dataclass(frozen=True)
class _Reckoning:
    """One tonne of goods, one day of import, one state of the law."""

    goods: Goods
    imported: date
    known_on: date
    law: ActCollection

    def payable(self, price: Decimal | None, paid_at_home: Decimal) -> Payable:
        inputs: list[Input] = []
        caveats = [NOT_COMPARED]
        emissions, route = self._emissions(inputs, caveats)
        phase_out, correction = (
            self._of_year(ActKind.PHASE_OUT),
            self._of_year(ActKind.CROSS_SECTORAL),
        )
        inputs += [phase_out, correction]
        if correction.act is not None and correction.act.confidence == "assumption":
            caveats.append(FACTOR_ASSUMED)
        free = phase_out.value * correction.value * sum(self._benchmarks(route, inputs), Decimal(0))
        certificates = max(emissions - free, Decimal(0))
        paid = self._price(price)
        if paid is None:
            day = self.imported.isoformat()
            caveats.append(
                Phrase(
                    "There is no certificate price for %(day)s. Enter one, or use the tonnes only.",
                    day=day,
                )
            )
        else:
            inputs.append(paid)
        if paid_at_home:
            inputs.append(Input("paid-at-home", paid_at_home, "EUR/t", None))
        return Payable(
            emissions=emissions,
            free=free,
            certificates=certificates,
            price=None if paid is None else paid.value,
            cost=None
            if paid is None
            else max(certificates * paid.value - paid_at_home, Decimal(0)),
            inputs=tuple(inputs),
            caveats=tuple(caveats),
            basis="default" if self.goods.attested is None else "attested",
            route=route,
        )

    def _emissions(self, inputs: list[Input], caveats: list[Phrase]) -> tuple[Decimal, str]:
        """Emissions of a tonne, and the route whose benchmark holds."""
        if self.goods.attested is not None:
            inputs.append(
                Input("attested-emissions", self.goods.attested.emissions, "t CO2e/t", None)
            )
            return self.goods.attested.emissions, self.goods.route
        act = self._act(ActKind.DEFAULTS)
        own = [row for row in act.rows() if row["country"] == self.goods.origin]
        others = [row for row in act.rows() if not row["country"]]
        rows = rows_of(own, self.goods.cn_code, self.goods.route)
        if not rows:
            caveats.append(OTHER_COUNTRIES)
            rows = rows_of(others, self.goods.cn_code, self.goods.route)
        row = only_row(rows, self.goods.cn_code, self.goods.route, act, own + others)
        mark_up = self._of_year(ActKind.MARK_UP)
        inputs += [Input("default-emissions", Decimal(row["total"]), "t CO2e/t", act), mark_up]
        route = self.goods.route or ("" if "/" in row["route"] else row["route"])
        if route and not self.goods.route:
            caveats.append(
                Phrase(
                    "No route was named. The only default value is that of route %(route)s, so it "
                    "applies.",
                    route=in_words(route),
                )
            )
        return Decimal(row["total"]) * (1 + mark_up.value), route

    def _benchmarks(self, route: str, inputs: list[Input]) -> Iterator[Decimal]:
        """The benchmark of the goods and, on attested emissions, those of their precursors, t CO2e
        per tonne of the goods.
        """
        act = self._act(ActKind.BENCHMARKS)
        rows = [
            row
            for row in act.rows()
            if int(row["from"]) <= self.imported.year <= int(row["to"] or LAST_YEAR + 1000)
        ]
        column = "column_b" if self.goods.attested is None else "column_a"
        own = Precursor(self.goods.cn_code, Decimal(1), route)
        for part in (own, *(self.goods.attested.precursors if self.goods.attested else ())):
            row = only_row(
                rows_of(rows, part.cn_code, part.route), part.cn_code, part.route, act, rows
            )
            inputs.append(
                Input(
                    f"benchmark-{column[-1]}", Decimal(row[column]), "t CO2e/t", act, part.cn_code
                )
            )
            yield part.tonnes * Decimal(row[column])

    def _price(self, entered: Decimal | None) -> Input | None:
        if entered is not None:
            return Input("price", entered, "EUR/t CO2e", None)
        act = self.law.act(ActKind.PRICE, self.imported, self.known_on)
        return (
            None
            if act is None or act.euro_per_t is None
            else Input("price", act.euro_per_t, "EUR/t CO2e", act)
        )

    def _of_year(self, kind: ActKind) -> Input:
        act = self._act(kind)
        value = act.in_year(self.imported.year)
        if value is None:
            raise _missing(kind, self.imported, self.known_on)
        return Input(str(kind), value, "1", act)

    def _act(self, kind: ActKind) -> Act:
        act = self.law.act(kind, self.imported, self.known_on)
        if act is None:
            raise _missing(kind, self.imported, self.known_on)
        return act


def _missing(kind: ActKind, imported: date, known_on: date) -> InputError:
    return InputError(
        "border-act-missing",
        Phrase(
            "No act on %(kind)s for imports of %(imported)s, published by %(known)s, is available "
            "here.",
            kind=str(kind),
            imported=imported.isoformat(),
            known=known_on.isoformat(),
        ),
        "Use the law as it is known today.",
    )
