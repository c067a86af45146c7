"""[[tariff.series]]: prices of a carrier by time, as an exchange or a supplier publishes them, from
a file or from an address.

Where a series has a price, that price holds; elsewhere that of `[[tariff.prices]]`, if there is
one. Nothing is asked for but by `steplabel-agent prices fetch`, which asks for the address as it is
written here and says nothing of the site.
"""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from benchmarks.phrases import Phrase
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
