"""[[meters]]: what one meter measures, how its readings are meant, how well it measures, and where
it hangs in the tree.

A *register* counts up, a *rate* is the power or flow at the stamp, an *interval* is the energy in
the interval that ends (or starts) at the stamp. What must hold between meters (parents, formulas,
double counting) is in `tree`.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase
from reporting_agent.config.profile import Setting

Role = Literal["main", "sub", "check", "virtual", "state"]
Rule = Literal["output", "hours", "rated-power", "shares", "power"]


class Formula(Setting):
    """What a virtual meter is: the sum of some meters less the sum of others, in its own unit."""

    plus: tuple[str, ...] = Field(min_length=1)
    minus: tuple[str, ...] = ()


class Allocation(Setting):
    """How a meter's energy is shared among the steps or equipments it serves, `among`.

    At every moment the power is shared among the batches then running: in proportion to their
    output per hour (`output`), evenly (`hours`), or to the rated power of their equipment
    (`rated-power`). With `shares` each sink has its declared part of every hour, whether it runs or
    not. With `power` every batch of a sink has a declared power over its own time, in the meter's
    unit of energy an hour: nothing of one batch then depends on another.
    """

    by: Rule
    among: tuple[str, ...] = ()  # ids of steps or of equipment
    shares: dict[str, float] = Field(default_factory=dict)  # the same ids, adding up to 1
    power: dict[str, float] = Field(default_factory=dict)  # the same ids, energy an hour

    @model_validator(mode="after")
    def _names_its_sinks(self) -> Self:
        for rule, declared in (("shares", self.shares), ("power", self.power)):
            if (self.by == rule) is not bool(declared):
                raise ValueError(
                    Phrase(
                        "%(rule)s = { ID = 0.6, ... } goes with by = '%(rule)s', and only with it",
                        rule=rule,
                    )
                )
            if declared and self.among and set(self.among) != set(declared):
                raise ValueError(
                    Phrase(
                        "among and %(rule)s must name the same steps or equipment; %(rule)s alone "
                        "is enough",
                        rule=rule,
                    )
                )
        if self.power and not all(0 < power < float("inf") for power in self.power.values()):
            raise ValueError(Phrase("power must be above 0: energy an hour in the meter's unit"))
        if len(self.sinks) < 2 or len(set(self.sinks)) < len(self.sinks):
            raise ValueError(
                Phrase("at least two different steps or pieces of equipment must share the meter")
            )
        if self.shares and (
            min(self.shares.values()) <= 0 or abs(sum(self.shares.values()) - 1) > 1e-9
        ):
            raise ValueError(Phrase("shares must be above 0 and add up to 1"))
        return self

    @property
    def sinks(self) -> tuple[str, ...]:
        return self.among or tuple(self.shares) or tuple(self.power)


class Steam(Setting):
    """What the steam of a meter is, and which water its energy is counted from (GB/T 2589: enthalpy
    less that of the feed water).

    With condensate coming back, `condensate_returned` of the mass comes back at `condensate_c`, the
    rest is made up at `feed_water_c`.
    """

    state: Literal["superheated", "saturated"]
    dryness: float = Field(default=1.0, gt=0, le=1)  # share of vapour in saturated steam
    feed_water_c: float = Field(ge=0, le=300)
    condensate_returned: float = Field(default=0.0, ge=0, le=1)
    condensate_c: float | None = Field(default=None, ge=0, le=300)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.state == "superheated" and self.dryness != 1.0:
            raise ValueError(Phrase("superheated steam is dry: dryness goes with saturated steam"))
        if (self.condensate_returned > 0) is not (self.condensate_c is not None):
            raise ValueError(Phrase("condensate_returned and condensate_c go together"))
        return self


class DesignState(Setting):
    """The fixed state that a differential-pressure meter computes with."""

    temperature_c: float = Field(gt=-273.15)
    pressure_kpa: float = Field(gt=0)  # absolute


class Meter(Setting):
    """[[meters]]: what one meter measures and how its readings are meant.

    `unit` is that of the readings: kWh for a register, kW for a rate. `range` is the possible power
    or flow in `unit` per hour (for a rate: in `unit`); what lies outside is a fault. A meter
    without `step` counts for none: it stands in the tree, in balances and at the site's boundary.
    One that took another's place counts for the batches that begin on local days from `from` on,
    the other for those before `until`. A meter of `role = "state"` reads a temperature or pressure
    of another's gas or steam.
    """

    id: str
    step: str = ""
    carrier: str = ""
    reading: Literal["register", "rate", "interval"] = "interval"
    unit: str
    range: tuple[float, float] | None = None
    rollover: float | None = Field(default=None, gt=0)
    holds: bool = False  # a rate that is written when it changes: each value lasts until the next
    equipment: str = ""  # only this equipment's batches; all batches of the step where empty
    stamp: Literal["end", "start"] = "end"  # of an interval
    interval_s: float | None = Field(
        default=None, gt=0
    )  # fixed length; since the stamp before where not given
    direction: Direction = Direction.IMPORT
    since: date | None = Field(default=None, alias="from")
    until: date | None = None
    clock_offset_s: float = 0.0  # the meter's clock minus the right time
    clock_drift_s_per_day: float = 0.0  # by how much that grows
    clock_read_on: date | None = (
        None  # the day on which clock_offset_s was read; needed for a drift
    )

    # its place in the tree
    parent: str | None = None
    role: Role = "main"
    formula: Formula | None = None  # of a virtual meter
    allocation: Allocation | None = None
    checks: str | None = (
        None  # of a check meter: the meter it stands beside; its parent where not given
    )
    subs: Literal["all", "some"] = (
        "all"  # whether the meters below it measure everything that flows on
    )
    loss_pct: float = Field(
        default=0.0, ge=0, lt=100
    )  # lost between it and the meters below (transformer, cable, pipe)

    # how well it measures
    accuracy_class: float | None = Field(default=None, gt=0, lt=100)  # limits of error in percent
    accuracy_of: Literal["reading", "range"] = "reading"  # what the percentage is of
    resolution: float | None = Field(
        default=None, gt=0
    )  # smallest step of a reading, in unit; else as seen in the readings
    calibrated_on: date | None = None
    calibration_months: int | None = Field(default=None, gt=0)  # how long a calibration holds

    # heat content and state
    lhv: float | None = Field(default=None, gt=0)  # MJ per unit
    lhv_source: Literal["measured", "contract", "default"] | None = None
    temperature_meter: str | None = None
    temperature_c: float | None = Field(default=None, gt=-273.15)  # where no meter reads it
    pressure_meter: str | None = None
    pressure_kpa: float | None = Field(default=None, gt=0)  # absolute, where no meter reads it
    pressure_is: Literal["absolute", "gauge"] | None = (
        None  # of a state meter that reads a pressure
    )
    atmosphere_kpa: float = Field(default=101.325, gt=0)  # what a gauge reads from
    relative_humidity_pct: float | None = Field(
        default=None, ge=0, le=100
    )  # of a gas at its state: 100 saturated, 0 dry
    steam: Steam | None = None
    computed_at: DesignState | None = (
        None  # of an orifice or the like, where its computer knows no other state
    )

    @field_validator("range")
    @classmethod
    def _orders_its_range(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and value[0] >= value[1]:
            raise ValueError(Phrase("range must be [lowest, highest]"))
        return value

    @model_validator(mode="after")
    def _says_what_it_reads(self) -> Self:
        if self.holds and self.reading != "rate":
            raise ValueError(Phrase("holds belongs to a meter of reading = 'rate'"))
        if self.formula is not None and self.role != "virtual":
            raise ValueError(Phrase("formula belongs to a meter of role = 'virtual'"))
        if self.formula is None and "reading" not in self.model_fields_set:
            raise ValueError(
                Phrase(
                    "reading must be register, rate or interval; only a virtual meter with a "
                    "formula has none"
                )
            )
        if (self.role == "state") is not (not self.carrier):
            raise ValueError(
                Phrase(
                    "carrier must be given, except for a meter of role = 'state' (temperature, "
                    "pressure)"
                )
            )
        if self.accuracy_of == "range" and self.accuracy_class is not None and self.range is None:
            raise ValueError(
                Phrase("a class in percent of the range needs range = [lowest, highest]")
            )
        if self.clock_drift_s_per_day and self.clock_read_on is None:
            raise ValueError(
                Phrase("clock_drift_s_per_day needs clock_read_on, the day of clock_offset_s")
            )
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise ValueError(Phrase("until must be later than from"))
        if self.checks is not None and self.role != "check":
            raise ValueError(Phrase("checks belongs to a meter of role = 'check'"))
        for key in ("temperature", "pressure"):
            constant = getattr(self, "temperature_c" if key == "temperature" else "pressure_kpa")
            if getattr(self, f"{key}_meter") is not None and constant is not None:
                raise ValueError(
                    Phrase("%(key)s is given twice: by a meter and as a constant", key=key)
                )
        return self

    def counts_for(self, start: datetime, zone: tzinfo) -> bool:
        """Whether a batch that begins at this moment lies in the time that the meter was in its
        place.
        """
        if self.since is None and self.until is None:
            return True
        day = start.astimezone(zone).date()
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )

    def counts_within(self, first: date, last: date) -> bool:
        """Whether it was in its place on some of these local days, both included."""
        return (self.since is None or self.since <= last) and (
            self.until is None or first < self.until
        )

    def own_lhv(self, mj: float | None) -> float | None:
        """The heating value that the plant has for it, MJ per unit; a default is the pack's to
        give.

        Args:
            mj: of what it counts in, where that is a unit of energy: its heat was measured where
                the plant says so, and where it is that of a state of steam.
        """
        measured = self.steam is not None or self.lhv_source in ("measured", "contract")
        return None if self.lhv_source == "default" else self.lhv or (mj if measured else None)

    @property
    def computed(self) -> bool:
        """Whether it has no readings of its own."""
        return self.formula is not None

    @property
    def checked(self) -> str | None:
        """The meter that a check meter stands beside."""
        return (self.checks or self.parent) if self.role == "check" else None
