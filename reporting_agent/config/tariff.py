"""[tariff]: what the plant pays, which price holds at a moment by hour, weekday, month and holiday,
or by a series that an exchange publishes; its highest demand and its CO2.

Clock times, weekdays and days are those of the site's time zone. A moment's price is that of the
first period that holds it, else the carrier's flat price. Left out on purpose: power factor and
reactive energy, taxes on the bill's total, and ratchets that carry a month's demand into the next;
the cost then lies below the bill by those lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from typing import Annotated, Literal, Protocol, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from benchmarks.carriers import CARRIERS
from benchmarks.phrases import Phrase, alternatives, enumerated
from benchmarks.quantities import converts
from reporting_agent.config.profile import DateOrder, Decimal, Profile, Setting, zone_named

FOLDER = "prices"
"""Beside site.toml: what was fetched, a folder a series."""


class PriceSeries(Setting):
    """One series. `surcharge` (currency per `unit`) comes on top of each price: grid charges and
    levies that the exchange does not know.

    `time` and `price` name columns, or members of JSON. Of JSON `rows` is the way to the prices
    (`data.prices`): a list of objects, or an object whose two members are lists of one length;
    empty where the document itself is that.
    """

    name: str = Field(max_length=40, pattern=r"^[a-z0-9][a-z0-9-]*$")
    carrier: str
    unit: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")  # ISO 4217
    file: str | None = None  # relative to site.toml
    address: str | None = None
    format: Literal["csv", "json", "xlsx"] = (
        "csv"  # of what the address answers; a file's own by its name
    )
    time: str = "time"
    price: str = "price"
    rows: str = ""
    time_in: Literal["text", "unix-s", "unix-ms"] = "text"  # the last two of JSON alone
    timezone: str | None = None  # of times without an offset; the site's where not given
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    decimal: Decimal = "."
    date_order: DateOrder = "ymd"
    minutes: int = Field(
        default=60, ge=1, le=1440
    )  # how long each price holds, where the next does not begin before
    surcharge: float = 0.0

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if zone_named(name or "UTC") is None:
            raise ValueError(Phrase("must be a time zone of the IANA list, such as Asia/Shanghai"))
        return name

    @model_validator(mode="after")
    def _from_one_source(self) -> Self:
        if (self.file is None) == (self.address is None):
            raise ValueError(Phrase("must give either file or address"))
        if self.address is not None:
            _check(self.address)
        if self.time_in != "text" and not self.is_json:
            raise ValueError(
                Phrase(
                    "time_in counts seconds or milliseconds of JSON alone; a table has times as "
                    "text"
                )
            )
        if self.rows and not self.is_json:
            raise ValueError(Phrase("rows is a way into JSON; a table has none"))
        return self

    @property
    def is_json(self) -> bool:
        return self.format == "json" if self.file is None else self.file.lower().endswith(".json")

    @property
    def profile(self) -> Profile:
        """How its table is written."""
        columns = {"time": self.time, "price": self.price}
        return Profile(
            columns=columns,
            delimiter=self.delimiter,
            decimal=self.decimal,
            date_order=self.date_order,
            timezone=self.timezone,
        )


def _check(address: str) -> None:
    parts = urlsplit(address)
    own = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme not in (("https", "http") if own else ("https",)) or not parts.hostname:
        raise ValueError(
            Phrase("address must begin with https:// (http:// only on this very machine)")
        )
    if parts.username or parts.password:
        raise ValueError(Phrase("address must hold no user and no password"))


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FLAT = "flat"
MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Price:
    """What one `unit` of a carrier costs, in `currency`, and the name of the tariff period (`flat`
    where none holds).
    """

    amount: float
    currency: str
    unit: str
    period: str


class _Dated(Setting):
    """What is in force on [valid_from, valid_to), local days; open where a day is not given."""

    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if (
            self.valid_from is not None
            and self.valid_to is not None
            and self.valid_from >= self.valid_to
        ):
            raise ValueError(
                Phrase("valid_to must be after valid_from: it is the first day no longer included")
            )
        return self

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


def _months_of_a_year(months: tuple[int, ...]) -> tuple[int, ...]:
    if not months or not all(1 <= month <= 12 for month in months):
        raise ValueError(Phrase("must be months from 1 to 12"))
    return months


Months = Annotated[tuple[int, ...], AfterValidator(_months_of_a_year)]


class TariffPeriod(Setting):
    """[[tariff.prices.periods]]: a price for some hours of some days. Of a range over midnight each
    side belongs to its own day.
    """

    name: str = Field(min_length=1, max_length=40)
    price: float  # may be negative: some markets pay for use at times
    hours: tuple[str, ...] = ("00:00-24:00",)
    weekdays: tuple[Weekday, ...] = WEEKDAYS
    months: Months = tuple(range(1, 13))
    holidays: bool | None = (
        None  # true: on holidays only; false: not on holidays; not given: on either
    )

    @field_validator("hours")
    @classmethod
    def _clock_ranges(cls, hours: tuple[str, ...]) -> tuple[str, ...]:
        for span in hours:
            _minutes_of(span)
        return hours

    @field_validator("name")
    @classmethod
    def _not_the_flat_one(cls, name: str) -> str:
        if name == FLAT:
            raise ValueError(
                Phrase("%(name)s is the name of the hours that no period holds", name=repr(FLAT))
            )
        return name

    @property
    def minute_ranges(self) -> tuple[tuple[int, int], ...]:
        """Half-open [from, to) in minutes after local midnight, ranges over midnight cut there."""
        return tuple(piece for span in self.hours for piece in _minutes_of(span))

    def on_day(self, day: date, holiday: bool) -> bool:
        return (
            day.month in self.months
            and WEEKDAYS[day.weekday()] in self.weekdays
            and (self.holidays is None or self.holidays is holiday)
        )


class CarrierPrice(_Dated):
    """[[tariff.prices]]: a carrier's price per unit, of a fuel also per heat (GJ).

    `price` is the flat one, of every hour that no period holds.
    """

    carrier: str
    price: float
    unit: str
    periods: tuple[TariffPeriod, ...] = ()

    @model_validator(mode="after")
    def _carrier_in_its_unit(self) -> Self:
        _check_unit(self.carrier, self.unit)
        return self

    def at(self, day: date, minute: float, holiday: bool) -> tuple[str, float]:
        """Name of the period and price at `minute` after local midnight of `day`."""
        for period in self.periods:
            if period.on_day(day, holiday) and any(
                first <= minute < last for first, last in period.minute_ranges
            ):
                return period.name, period.price
        return FLAT, self.price


class DemandCharge(_Dated):
    """[[tariff.demand]]: a price a month for each kW of the month's highest mean over `minutes`."""

    price: float = Field(ge=0)  # currency per kW and month
    minutes: Literal[15, 30, 60] = 15
    months: Months = tuple(range(1, 13))

    @model_validator(mode="after")
    def _whole_months(self) -> Self:
        """A charge that begins within a month would leave that month without one."""
        if any(day is not None and day.day != 1 for day in (self.valid_from, self.valid_to)):
            raise ValueError(
                Phrase(
                    "valid_from and valid_to of a demand charge must be the first of a month: it "
                    "is a price a month"
                )
            )
        return self


class CarbonPrice(_Dated):
    """[tariff.carbon]: currency per tonne of CO2, by the conversion table's factors; bought
    electricity only where declared.
    """

    price: float = Field(ge=0)
    electricity: bool = False


class Tariff(Setting):
    """[tariff]: prices in one currency. `shiftable` names steps whose batches may be run at any
    hour of their day.
    """

    currency: str = Field(pattern=r"^[A-Z]{3}$")  # ISO 4217
    holidays: tuple[date, ...] = ()
    prices: tuple[CarrierPrice, ...] = ()
    series: tuple[PriceSeries, ...] = ()
    demand: tuple[DemandCharge, ...] = ()
    carbon: CarbonPrice | None = None
    shiftable: tuple[str, ...] = ()
    per_usd: float | None = Field(
        default=None, gt=0
    )  # what a US dollar costs in the currency, for investments of published lists

    @model_validator(mode="after")
    def _one_price_a_day(self) -> Self:
        for carrier in {price.carrier for price in self.prices}:
            _check_disjoint(
                [price for price in self.prices if price.carrier == carrier],
                Phrase("prices of %(carrier)s", carrier=carrier),
            )
        for month in range(1, 13):
            _check_disjoint(
                [charge for charge in self.demand if month in charge.months],
                Phrase("demand charges"),
            )
        return self

    @model_validator(mode="after")
    def _series_fit(self) -> Self:
        for what, names in (
            (Phrase("name"), [entry.name for entry in self.series]),
            (Phrase("carrier"), [entry.carrier for entry in self.series]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(
                    Phrase(
                        "two series have the %(what)s %(name)s: one series a carrier, each with a "
                        "name of its own",
                        what=what,
                        name=repr(twice[0]),
                    )
                )
        for series in self.series:
            _check_unit(series.carrier, series.unit)
            if series.currency != self.currency:
                raise ValueError(
                    Phrase(
                        "the series %(series)s is in %(currency)s and the tariff in "
                        "%(of_tariff)s: nothing is converted",
                        series=repr(series.name),
                        currency=series.currency,
                        of_tariff=self.currency,
                    )
                )
        every = [(price.carrier, price.unit) for price in self.prices] + [
            (entry.carrier, entry.unit) for entry in self.series
        ]
        for carrier in {of for of, _unit in every}:
            units = [unit for of, unit in every if of == carrier]
            if not all(converts(unit, units[0]) for unit in units):
                raise ValueError(
                    Phrase(
                        "the prices of %(carrier)s must all be per amount, or all per heat, found "
                        "%(units)s",
                        carrier=carrier,
                        units=enumerated(dict.fromkeys(units)),
                    )
                )
        return self

    def price_of(self, carrier: str, when: datetime) -> Price | None:
        """The price of one unit at a moment **in the site's local time**; None where the tariff has
        none for that day.
        """
        day = when.date()
        price = next(
            (
                candidate
                for candidate in self.prices
                if candidate.carrier == carrier and candidate.holds_on(day)
            ),
            None,
        )
        if price is None:
            return None
        clock = when.time()
        minute = 60 * clock.hour + clock.minute + clock.second / 60
        name, amount = price.at(day, minute, day in self.holidays)
        return Price(amount, self.currency, price.unit, name)


def _check_unit(carrier: str, unit: str) -> None:
    if carrier not in CARRIERS:
        raise ValueError(Phrase("must name a carrier: %(carriers)s", carriers=enumerated(CARRIERS)))
    wanted = (CARRIERS[carrier].unit, *(("MJ",) if CARRIERS[carrier].thermal else ()))
    if not any(converts(unit, target) for target in wanted):
        raise ValueError(
            Phrase(
                "unit must be one that %(carrier)s is counted in, such as %(units)s",
                carrier=carrier,
                units=alternatives(wanted),
            )
        )


_D = TypeVar("_D", bound="_Ranged")


class _Ranged(Protocol):
    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...


def _check_disjoint(rows: Sequence[_D], what: str) -> None:
    ordered = sorted(rows, key=lambda row: row.valid_from or date.min)
    for earlier, later in pairwise(ordered):
        if earlier.valid_to is None or earlier.valid_to > (later.valid_from or date.min):
            raise ValueError(
                Phrase("two %(what)s hold on one day: give valid_from and valid_to", what=what)
            )


def _minutes_of(text: str) -> tuple[tuple[int, int], ...]:
    first, dash, last = text.partition("-")
    start, end = _minute(first), _minute(last)
    if not dash or start is None or end is None or start in (end, MINUTES_A_DAY):
        raise ValueError(
            Phrase("must be clock ranges such as 08:00-11:30, 22:00-06:00 or 00:00-24:00")
        )
    if start < end:
        return ((start, end),)
    return tuple(piece for piece in ((start, MINUTES_A_DAY), (0, end)) if piece[0] < piece[1])


def _minute(text: str) -> int | None:
    if text.strip() == "24:00":
        return MINUTES_A_DAY
    try:
        clock = time.fromisoformat(text.strip())
    except ValueError:
        return None
    return 60 * clock.hour + clock.minute
