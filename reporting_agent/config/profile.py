"""Mapping profiles: how a foreign file's headers, numbers, dates and words become the template's;
what weighs output ([[scales]]).

Without a profile the file must be the strict template. Nothing is guessed that could change a
value: a decimal comma, a day-first date or a unit is declared, or the row rejected.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from benchmarks.quantities import ratio

DateOrder = Literal["ymd", "dmy", "mdy"]
Decimal = Literal[".", ","]
Thousands = Literal["", ",", ".", " ", "'"]
MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
ExcelDates = Literal["1900", "1904"]


class Setting(BaseModel):
    """Base of everything in site.toml: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of the IANA list by that name; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as Asia
        return None


class CarrierColumn(Setting):
    """Energy of one carrier in a column of its own: its header, unit and direction, and the heating
    value where one is measured.
    """

    column: str
    unit: str
    direction: Literal["import", "export", "recovered"] = "import"
    lhv: float | None = Field(default=None, gt=0)
    lhv_unit: str = ""
    lhv_source: Literal["measured", "contract", "default"] | None = None


def _is_unset(value: object) -> bool:
    return not value


class Profile(Setting):
    """How one kind of input file is written.

    `columns` names the foreign header of a standard column; a standard column not named keeps its
    own name. Numeric columns are multiplied by `scale` after reading, which is where a foreign unit
    becomes the template's. A header of several rows (merged cells) is named from above to below,
    joined by " / ". `parts` names the columns over which a moment is spread; where `start` and
    `end` share their date, an end before the start is of the day after; where `fill_down` names one
    of them, a blank date is that of the row above. With `rows`, the rows of one batch become one.
    """

    columns: dict[str, str] = {}
    constants: dict[str, str | float] = {}  # standard column -> the same value in every row
    values: dict[str, dict[str, str]] = {}  # standard column -> {found: standard}
    missing: dict[
        str, tuple[str, ...]
    ] = {}  # standard column -> what stands for "not known" there, besides blank
    scale: dict[str, float] = {}
    parts: dict[
        str, Annotated[tuple[str, ...], Field(min_length=2, max_length=4)]
    ] = {}  # start -> date and clock, or year, month, day (, clock)
    rows: dict[
        str, Literal["sum", "first", "last"]
    ] = {}  # several rows a batch: what its value of a column is
    encoding: str | None = None  # recognised (UTF-8, BOM, UTF-16, GBK) where not given
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    decimal: Decimal = "."
    thousands: Thousands = ""
    date_order: DateOrder = "ymd"
    date_format: str | None = None  # strptime, where date_order is not enough
    excel_dates: ExcelDates | None = None  # dates are numbers of days, counted by this system
    midnight: Literal["begins", "ends"] = (
        "begins"  # whether 00:00 begins the date beside it or ends it
    )
    timezone: str | None = None  # of stamps without an offset; the site's where not given
    sheet: str | None = None  # of a workbook; the first where not given
    header_row: int = Field(default=1, ge=1)  # the header's first row, as a spreadsheet counts
    header_rows: int = Field(default=1, ge=1, le=9)  # how many rows it takes
    below_header: int = Field(
        default=0, ge=0, le=99
    )  # rows of units or remarks between the header and the data
    totals: tuple[str, ...] = ()  # words that mark a row as a total, besides the usual ones
    fill_down: tuple[
        str, ...
    ] = ()  # standard columns whose blank cells repeat the cell above (merged downwards)
    wide: bool = False  # readings only: a column a meter
    carriers: dict[str, CarrierColumn] = {}  # energy only: a column a carrier
    across: bool = False  # days side by side: columns are read as rows
    days: bool = False  # a row a day: its date names the batch
    month: dict[
        str, Annotated[str, Field(pattern=MONTH)]
    ] = {}  # column of numbers of days -> their month, 2025-03
    in_cells: dict[
        str, Annotated[str, Field(min_length=1)]
    ] = {}  # column whose numbers carry their unit (12,5 kWh) -> that unit
    differences: dict[
        str, Annotated[tuple[str, ...], Field(min_length=2, max_length=2)]
    ] = {}  # quantity -> counter at end, at start

    # What reads rows otherwise than they stand is written out only where it is set.
    keep: dict[str, tuple[str, ...]] = Field(default={}, exclude_if=_is_unset)
    """Column -> the words of rows that are read: of one unit, of one direction."""
    valid: dict[str, tuple[str, ...]] = Field(default={}, exclude_if=_is_unset)
    """Column -> the words of good readings; of the others the value is not known."""
    times: dict[str, str] = Field(default={}, exclude_if=_is_unset)
    """Column -> the column by which it is multiplied."""
    names: dict[str, tuple[str, ...]] = Field(default={}, exclude_if=_is_unset)
    """A column that several make together."""
    first_of: tuple[str, ...] = Field(default=(), exclude_if=_is_unset)
    """Columns whose cells hold two moments: the first."""
    by_clock: bool = Field(default=False, exclude_if=_is_unset)
    """A row a day, with a column an interval."""
    files: dict[str, Profile] = {}  # by file name, the profile of one that is written otherwise

    @property
    def qualifies(self) -> bool:
        """Whether rows are read otherwise than they stand there, by what stands beside a value."""
        return bool(
            self.keep or self.valid or self.times or self.names or self.first_of or self.by_clock
        )

    def of(self, path: Path) -> Profile:
        """The profile of one of the input's files."""
        return self.files.get(path.name, self)

    @property
    def last_header_row(self) -> int:
        return self.header_row + self.header_rows - 1

    @property
    def first_data_row(self) -> int:
        return self.last_header_row + self.below_header + 1


class Mapping(Setting):
    """The profiles of a site, one for each kind of input."""

    batches: Profile = Profile()
    energy: Profile = Profile()
    readings: Profile = Profile()
    log: Profile = Profile()
    scales: Profile = Profile()


class Scale(Setting):
    """One scale of a line.

    `weighs` says what a row of its records is: the weight of one batch, stamped between its start
    and the start of the next one of the line (`batch`), or what ran over a belt since the row
    before (`flow`). `uncertainty_pct` is expanded (k = 2), in percent of the weight.
    """

    id: str = Field(min_length=1)
    step: str
    equipment: str = ""
    weighs: Literal["batch", "flow"] = "batch"
    unit: str = "t"
    uncertainty_pct: float = Field(default=1.0, gt=0, lt=100)

    @field_validator("unit")
    @classmethod
    def _is_a_unit(cls, unit: str) -> str:
        ratio(unit, unit)
        return unit
