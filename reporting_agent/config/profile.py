"""Mapping profiles: how a foreign file's headers, numbers, dates and words become the strict template's.

A profile is a table `[mapping.batches]`, `[mapping.energy]`, `[mapping.readings]` or `[mapping.log]` of site.toml.
Without one the file must be the strict template. Nothing is guessed that could change a value: a decimal comma, a
day-first date or a unit is declared, or the row is rejected with what was found.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

DateOrder = Literal["ymd", "dmy", "mdy"]


class Setting(BaseModel):
    """Base of everything in site.toml: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Profile(Setting):
    """How one kind of input file is written.

    `columns` names the foreign header of a standard column; a standard column not named keeps its own name. Numeric
    columns are multiplied by `scale` after reading, which is where a foreign unit becomes the template's.
    """

    columns: dict[str, str] = {}
    constants: dict[str, str | float] = {}  # standard column -> the same value in every row
    values: dict[str, dict[str, str]] = {}  # standard column -> {found: standard}
    missing: dict[str, tuple[str, ...]] = {}  # standard column -> what stands for "not known" there, besides blank
    scale: dict[str, float] = {}
    encoding: str | None = None  # recognised (UTF-8, BOM, UTF-16, GBK) where not given
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    date_order: DateOrder = "ymd"
    date_format: str | None = None  # strptime, where date_order is not enough
    timezone: str | None = None  # of stamps without an offset; the site's where not given
    sheet: str | None = None  # of a workbook; the first where not given
    header_row: int = Field(default=1, ge=1)  # as a spreadsheet counts
    wide: bool = False  # readings only: a column a meter


class Mapping(Setting):
    """The profiles of a site, one for each kind of input."""

    batches: Profile = Profile()
    energy: Profile = Profile()
    readings: Profile = Profile()
    log: Profile = Profile()
