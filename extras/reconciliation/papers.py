"""The declared file of documents: what bills, surveys, sales and calibrations say, each with its
uncertainty and where it is kept.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import fault_of, read_toml
from benchmarks.phrases import Phrase
from reporting_agent.config import faults
from reporting_agent.config.profile import Setting

TEMPLATE = """# What documents say of this site's energy and output, to be held against its meters and batches.
# Dates are local; the day under `to` is not included: of a bill printed as 1 to 31 January it is 1 February. Uncertainties are expanded (k = 2), in percent of the quantity.

# [[bill]]                      # what a supplier charged, or what was weighed at the gate
# carrier = "electricity"
# from = 2025-01-01
# to = 2025-02-01
# quantity = 1234567.0          # below 0 of a credit note, with the days of the bill that it takes back
# unit = "kWh"
# meters = ["site-main"]        # whose readings it should be, added up
# uncertainty_pct = 0.5
# document = "invoice 2025-01, folder 12"
# # estimated = true            # the last reading was estimated; with the bill after it this one is compared
# # heating_value = 11.05       # of a fuel charged in kWh and metered in Nm3: kWh a Nm3 as the bill prints it

# [[stock]]                     # used = opening + received - closing
# carrier = "coal"
# from = 2025-01-01
# to = 2025-02-01
# opening = 8000.0
# received = 21000.0
# closing = 7500.0
# unit = "t"
# meters = ["kiln-1-coal"]
# uncertainty_pct = 3.0
# document = "survey 2025-01-31"

# [[sale]]                      # made = sold + closing - opening; several of the same days are added up
# step = "cement-grinding"
# from = 2025-01-01
# to = 2025-02-01
# sold = 92000.0
# opening = 4000.0
# closing = 3500.0
# unit = "t"
# uncertainty_pct = 1.0
# document = "sales ledger 2025-01"

# [[calibration]]
# meter = "site-main"
# on = 2024-06-12
# valid_months = 24
# error_pct = 0.2               # the largest that was found
# limit_pct = 0.5               # what its class allows
# document = "certificate 4711"
"""  # noqa: E501


class _Stated(Setting):
    """What a document states: infinity and not-a-number are no quantities."""

    model_config = ConfigDict(allow_inf_nan=False)


class _Span(_Stated):
    """A time of whole local days, [from, to), and the document that it is told by."""

    from_day: date = Field(alias="from")
    to_day: date = Field(alias="to")
    unit: str
    uncertainty_pct: float = Field(gt=0, lt=100)
    document: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_day >= self.to_day:
            raise ValueError(Phrase("to must be a day after from"))
        return self


def _each_once(meters: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(meters)) < len(meters):
        raise ValueError(Phrase("each meter once"))
    return meters


_Meters = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_each_once)]


class Bill(_Span):
    """[[bill]]: a quantity of a carrier that was charged or weighed, and the meters that should
    have counted it.
    """

    carrier: str
    quantity: float  # 0 of a month in which nothing was taken; below 0 of a credit note
    meters: _Meters
    estimated: bool = False  # its last reading; the bill after it makes up for it
    heating_value: float | None = Field(default=None, gt=0)  # its unit per unit of the meter


class StockSurvey(_Span):
    """[[stock]]: a carrier that is kept, surveyed at both ends."""

    carrier: str
    opening: float = Field(ge=0)
    received: float = Field(ge=0)
    closing: float = Field(ge=0)
    meters: _Meters

    @property
    def used(self) -> float:
        return self.opening + self.received - self.closing


class Sale(_Span):
    """[[sale]]: what left of a step's product, with its stock at both ends."""

    step: str
    sold: float = Field(ge=0)
    opening: float = Field(default=0.0, ge=0)
    closing: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _stock_at_both_ends(self) -> Self:
        if len({"opening", "closing"} & self.model_fields_set) == 1:
            raise ValueError(Phrase("opening and closing must be given together"))
        return self


class Calibration(_Stated):
    """[[calibration]]: a meter's certificate."""

    meter: str
    on: date
    valid_months: int = Field(gt=0)
    error_pct: float = Field(ge=0)
    limit_pct: float = Field(gt=0)
    document: str = Field(min_length=1)

    @property
    def within_class(self) -> bool:
        return self.error_pct <= self.limit_pct

    def holds_on(self, day: date) -> bool:
        months = self.on.year * 12 + self.on.month - 1 + self.valid_months
        return (
            (self.on.year, self.on.month, self.on.day)
            <= (day.year, day.month, day.day)
            < (months // 12, months % 12 + 1, self.on.day)
        )


class Papers(Setting):
    """The whole file."""

    bill: tuple[Bill, ...] = ()
    stock: tuple[StockSurvey, ...] = ()
    sale: tuple[Sale, ...] = ()
    calibration: tuple[Calibration, ...] = ()


def load(path: Path) -> Papers:
    """Read the file.

    Raises:
        InputError: `papers-unreadable`, `papers-invalid` with the key that is wrong.
    """
    try:
        raw = read_toml(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise InputError(
            "papers-unreadable",
            "The file of documents cannot be read.",
            "Give a TOML file in UTF-8; `steplabel-agent reconcile --template FILE` writes one to "
            "start from.",
            place=Place(str(path)),
            found=fault_of(wrong),
        ) from wrong
    return faults.checked(Papers, raw, str(path), _invalid)


def _invalid(place: Place, found: str, wanted: str) -> InputError:
    return InputError(
        "papers-invalid",
        "The file of documents contradicts itself.",
        "Correct the key that is named. `steplabel-agent reconcile --template FILE` writes every "
        "key with an example.",
        place=place,
        found=found,
        wanted=wanted,
    )
