"""What the plant's goods cost at the border of the European Union, year by year until nothing is
free any more.

Two answers stand beside each other: on default values, which no saving of the plant changes, and on
attested ones, of which each tonne of CO2 less spares one certificate. An act that lacks the goods
gives its refusal instead of a figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from benchmarks.errors import InputError
from benchmarks.guidance.cbam import Payable, by_year
from reporting_agent.config.site_boundary import BorderGoods


@dataclass(frozen=True, slots=True)
class BorderYear:
    """A tonne of goods imported in a year: on default values and, where emissions are given, on
    attested ones.
    """

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
        answers = [
            answer
            for year in self.years
            for answer in (year.default, year.attested)
            if answer is not None
        ]
        refusals = [answer for answer in answers if isinstance(answer, InputError)]
        return refusals[0] if len(refusals) == len(answers) else None


def border_costs(goods: tuple[BorderGoods, ...], today: date) -> tuple[BorderCost, ...]:
    """Of every good, from the year of `today` on; the law is taken as it is known today."""
    return tuple(BorderCost(each, today, tuple(_years(each, today))) for each in goods)


def _years(goods: BorderGoods, today: date) -> Iterator[BorderYear]:
    attested = goods.on_attested_values
    on_attested = (
        {}
        if attested is None
        else dict(by_year(attested, today, price=goods.price, paid_at_home=goods.paid_at_home))
    )
    for year, default in by_year(
        goods.on_default_values, today, price=goods.price, paid_at_home=goods.paid_at_home
    ):
        yield BorderYear(year, default, on_attested.get(year))
