"""What the plant's goods cost at the border of the European Union, year by year until nothing is free any more.

Two answers stand beside each other: on default values, which no saving of the plant changes, and on attested ones, of which each tonne of
CO2 less spares one certificate. An act that lacks the goods gives its refusal instead of a figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from benchmarks.errors import InputError
from benchmarks.guidance.border import FIRST_YEAR, LAST_YEAR, Goods, Payable, payable
from reporting_agent.config.border import BorderGoods


@dataclass(frozen=True, slots=True)
class BorderYear:
    """A tonne of goods imported in a year: on default values and, where emissions are given, on attested ones."""

    year: int
    default: Payable | InputError
    attested: Payable | InputError | None


@dataclass(frozen=True, slots=True)
class BorderCost:
    """One good from this year until free allocation ends, by the law known on `known`."""

    goods: BorderGoods
    known: date
    years: tuple[BorderYear, ...]

    @property
    def refused(self) -> InputError | None:
        """The first refusal, where no year has a figure at all."""
        answers = [answer for year in self.years for answer in (year.default, year.attested) if answer is not None]
        refusals = [answer for answer in answers if isinstance(answer, InputError)]
        return refusals[0] if len(refusals) == len(answers) else None


def border_costs(goods: tuple[BorderGoods, ...], today: date) -> tuple[BorderCost, ...]:
    """Of every good, from the year of `today` on; the law is taken as it is known today."""
    return tuple(BorderCost(each, today, tuple(_years(each, today))) for each in goods)


def _years(goods: BorderGoods, today: date) -> Iterator[BorderYear]:
    for year in range(max(today.year, FIRST_YEAR), max(today.year, LAST_YEAR) + 1):
        imported = today if year == today.year else date(year, 12, 31)
        attested = goods.on_attested_values
        yield BorderYear(
            year,
            _asked(goods.on_default_values, goods, imported, today),
            None if attested is None else _asked(attested, goods, imported, today),
        )


def _asked(of: Goods, goods: BorderGoods, imported: date, known: date) -> Payable | InputError:
    try:
        return payable(of, imported, known, price=goods.price, paid_at_home=goods.paid_at_home)
    except InputError as refusal:
        return refusal
