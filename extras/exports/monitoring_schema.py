"""Which tables an export of online monitoring has: columns, names, units and times, from a TOML
file that can be replaced.
"""

from __future__ import annotations

import hashlib
import tomllib
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import fault_of, read_toml
from benchmarks.phrases import Phrase, enumerated
from benchmarks.quantities import ratio
from reporting_agent.config import faults
from reporting_agent.config.profile import Setting

Every = Literal["15min", "30min", "60min", "day", "month"]
FieldName = Literal[
    "site",
    "object",
    "step",
    "equipment",
    "carrier",
    "direction",
    "time",
    "start",
    "end",
    "energy",
    "unit",
    "kgce",
    "output",
    "output_unit",
    "day_sum",
    "day_sum_deviation_pct",
    "completeness_pct",
    "quality",
]
NUMBERS = frozenset(
    {"energy", "kgce", "output", "day_sum", "day_sum_deviation_pct", "completeness_pct"}
)
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_MINUTES = {"15min": 15, "30min": 30, "60min": 60}
OF_QUALITY = "quality"
"""The table that every export has besides those of the schema."""
OF_MONTHS = frozenset({"day_sum", "day_sum_deviation_pct"})
OF_MOMENTS = frozenset({"time", "start", "end"})
OF_STEPS = frozenset({"output", "output_unit"})


class ExportColumn(Setting):
    """One column: how it is called, what stands in it, and to how many decimal places a number is
    written (all where not given).
    """

    name: str = Field(min_length=1, max_length=80)
    field: FieldName
    digits: int | None = Field(default=None, ge=0, le=12)


class ExportTable(Setting):
    """One file: a row for every meter, or step and carrier, and every interval of local time."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
    every: Every
    of: Literal["meter", "step"]
    columns: tuple[ExportColumn, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _columns_fit(self) -> Self:
        names = [column.name for column in self.columns]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(Phrase("the column %(column)s stands twice", column=repr(twice[0])))
        fields = {column.field for column in self.columns}
        if self.every != "month" and (early := sorted(fields & OF_MONTHS)):
            raise ValueError(
                Phrase("%(field)s is of months: a day has no sum of days", field=early[0])
            )
        if written := next(
            (
                column.field
                for column in self.columns
                if column.digits is not None and column.field not in NUMBERS
            ),
            None,
        ):
            raise ValueError(Phrase("%(field)s is no number and has no digits", field=written))
        if self.of != "step" and (strange := sorted(fields & OF_STEPS)):
            raise ValueError(
                Phrase("%(field)s is of steps: a meter has no output", field=strange[0])
            )
        return self


class QualityRule(Setting):
    """What a value must reach to be called good, and who says so."""

    completeness_least_pct: float = Field(ge=0, le=100)
    day_sums_most_pct: float = Field(ge=0, le=100)
    source: Words


class TimeForm(Setting):
    stamp: Literal["start", "end"] = "start"
    format: str = "iso"

    def written(self, moment: datetime) -> str:
        return moment.isoformat() if self.format == "iso" else moment.strftime(self.format)

    def tells_apart(self, every: Every) -> bool:
        """Whether two intervals of that length never have the same time: by year, month, day, half
        day, hour and minute, as far as they differ."""
        later = [datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)]
        if every != "month":
            later.append(datetime(2026, 1, 2, tzinfo=UTC))
        if every in _MINUTES:
            later += [_FIRST + timedelta(hours=12), _FIRST + timedelta(hours=1)]
        if every in ("15min", "30min"):
            later.append(_FIRST + timedelta(minutes=_MINUTES[every]))
        return len({self.written(moment) for moment in (_FIRST, *later)}) == len(later) + 1


class MonitoringSchema(Setting):
    """The whole file. `status` says whether anybody compared it with the official tables; `digest`
    is that of the file.
    """

    id: str = Field(min_length=1, max_length=80)
    version: str
    status: Literal["unverified", "verified"]
    words: Words
    stands_on: Words
    quality: QualityRule
    time: TimeForm = TimeForm()
    units: dict[str, str] = Field(default_factory=dict)
    tables: tuple[ExportTable, ...] = Field(min_length=1)
    digest: str = ""

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        names = [table.name for table in self.tables]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(Phrase("the table %(table)s stands twice", table=repr(twice[0])))
        if OF_QUALITY in names:
            raise ValueError(
                Phrase(
                    "a table cannot be called %(name)s: every export has one of that name besides",
                    name=repr(OF_QUALITY),
                )
            )
        for table in self.tables:
            if OF_MOMENTS & {
                column.field for column in table.columns
            } and not self.time.tells_apart(table.every):
                raise ValueError(
                    Phrase(
                        "the pattern of the time %(format)s gives two intervals of the table "
                        "%(table)s the same time: give a pattern such "
                        "as %(pattern)s",
                        format=repr(self.time.format),
                        table=repr(table.name),
                        pattern="%Y-%m-%d %H:%M:%S",
                    )
                )
        for carrier, unit in self.units.items():
            if carrier not in CARRIERS:
                raise ValueError(
                    Phrase(
                        "%(carrier)s is no carrier: %(carriers)s",
                        carrier=repr(carrier),
                        carriers=enumerated(CARRIERS),
                    )
                )
            try:
                ratio(CARRIERS[carrier].unit, unit)
            except InputError as wrong:
                raise ValueError(
                    Phrase(
                        "%(carrier)s is not counted in %(unit)s", carrier=carrier, unit=repr(unit)
                    )
                ) from wrong
        return self


def load_schema(path: Path | None) -> MonitoringSchema:
    """The schema of that file; without one the draft that comes with Steplabel.

    Raises:
        InputError: `export-schema-invalid` with the place in the file.
    """
    name = "monitoring.toml" if path is None else str(path)
    try:
        raw = (
            files("extras.exports").joinpath(name).read_bytes()
            if path is None
            else path.read_bytes()
        )
        read = read_toml(raw.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise _invalid(
            Place(name),
            fault_of(wrong),
            Phrase("a TOML file in UTF-8 as docs/exports.md describes it"),
        ) from wrong
    return faults.checked(
        MonitoringSchema, {**read, "digest": hashlib.sha256(raw).hexdigest()}, name, _invalid
    )


def _invalid(place: Place, found: str, wanted: str) -> InputError:
    return InputError(
        "export-schema-invalid",
        "The schema of the export cannot be used.",
        "Correct the place named; docs/exports.md describes every key.",
        place=place,
        found=found,
        wanted=wanted,
    )
