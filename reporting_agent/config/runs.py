"""[runs] of site.toml: how a production log is cut."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from benchmarks.carriers import CARRIERS
from benchmarks.phrases import Phrase, enumerated
from reporting_agent.config.profile import Setting


class Runs(Setting):
    """[runs]: how a production log without batches is cut into runs.

    A row's amounts belong to the time since the same equipment's row before (`since-previous`), or
    to the seconds its own `span_s` column gives (`span`). `row_state` says to which time a row's
    state belongs: to the time that the row covers (`over-the-row`), or to what follows its stamp
    (`from-the-stamp`), where a change of state writes the row that closes the time before it.
    `energy` says what the energy column is: an amount (`interval`) or the mean power over that time
    (`rate`). `unit_assumed` marks a unit that nothing in the file proves: it is shown with every
    value, and no such value is reported. `units` names further carriers, each with the unit of its
    column `energy.CARRIER`; a power or a flow (kW, m3/h) is the mean over a row's time.
    """

    by: Literal["hour", "shift", "day", "month", "campaign"] = "shift"
    shift_starts: tuple[str, ...] = ("06:00", "14:00", "22:00")
    row_covers: Literal["since-previous", "span"] = "since-previous"
    row_state: Literal["over-the-row", "from-the-stamp"] = "over-the-row"
    energy: Literal["interval", "rate"] = "interval"
    carrier: str = "electricity"
    unit: str = "kWh"  # of the energy column; kW for a rate
    unit_assumed: bool = False
    units: dict[str, str] = Field(default_factory=dict, exclude_if=lambda units: not units)

    @field_validator("units")
    @classmethod
    def _of_carriers(cls, units: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(units) - set(CARRIERS)):
            raise ValueError(
                Phrase(
                    "must name carriers (%(unknown)s is none): %(carriers)s",
                    unknown=repr(unknown[0]),
                    carriers=enumerated(CARRIERS),
                )
            )
        return units

    @property
    def cut(self) -> str:
        """What decides to which run a row belongs, in the words of the settings."""
        return f"by = {self.by}" + (
            f", shift_starts = {' '.join(self.shift_starts)}" if self.by == "shift" else ""
        )

    @field_validator("shift_starts")
    @classmethod
    def _clock_times(cls, starts: tuple[str, ...]) -> tuple[str, ...]:
        for start in starts:
            hours, _, minutes = start.partition(":")
            if not (
                hours.isdecimal()
                and minutes.isdecimal()
                and len(minutes) == 2
                and int(hours) < 24
                and int(minutes) < 60
            ):
                raise ValueError(Phrase("must be clock times such as 06:00"))
        of_day = [
            60 * int(start[:-3]) + int(start[-2:]) for start in starts
        ]  # not as texts: 6:00 comes before 14:00
        if not starts or of_day != sorted(of_day):
            raise ValueError(Phrase("must be given in the order of the day"))
        return starts
