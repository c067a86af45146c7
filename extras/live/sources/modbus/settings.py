"""What [[source.modbus]] of site.toml says of one line of Modbus devices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from benchmarks.phrases import Phrase
from extras.live.sources import tags
from reporting_agent.config.profile import Setting

LENGTHS = {
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "int64": 4,
    "uint64": 4,
    "float64": 4,
}
"""Registers of a value, by its type."""


class Value(Setting):
    """Where a value stands. `address` is that on the wire: it counts from 0, without a leading 3 or
    4.
    """

    unit: int = Field(default=1, ge=0, le=255)  # the device's number on the line
    address: int = Field(ge=0, le=65535)
    table: Literal["holding", "input"] = "holding"
    type: Literal["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"] = (
        "uint16"
    )
    words: Literal["high-first", "low-first"] = (
        "high-first"  # which register of a value comes first
    )
    bytes: Literal["high-first", "low-first"] = (
        "high-first"  # which byte of a register; the standard's is high-first
    )
    scale: float = Field(default=1.0, allow_inf_nan=False)
    offset: float = Field(default=0.0, allow_inf_nan=False)  # added after scaling
    unknown: tuple[int, ...] = ()  # raw values by which the device says that it does not know

    @property
    def length(self) -> int:
        return LENGTHS[self.type]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.address + self.length > 65536:
            raise ValueError(
                Phrase(
                    "a %(type)s at %(address)s ends after the last register, 65535",
                    type=self.type,
                    address=self.address,
                )
            )
        if self.scale == 0:
            raise ValueError(Phrase("scale must not be 0"))
        return self


class Register(Value):
    """[[source.modbus.registers]]: one meter's value."""

    meter: str

    @property
    def name_in_words(self) -> str:
        """By what people know it."""
        return self.meter


class Tag(Value):
    """A value out of which batches are told: of the unit at this index among
    `[[source.modbus.batches]]`, by its column.
    """

    index: int
    column: str

    @property
    def name_in_words(self) -> str:
        """By what people know it."""
        return self.column


class ModbusBatches(Setting):
    """[[source.modbus.batches]]: batches of one unit.

    `id` holds the running batch's number, 0 while there is none; with `state` a batch begins when
    the state becomes one of `start` and ends when it becomes one of `end` (numbers of PackML,
    ISA-TR88.00.02, unless told otherwise), else when the id changes. `fields` names for each column
    of the template where its value stands; `constants` says what no register holds: step, product,
    equipment, units.
    """

    id: Value
    state: Value | None = None
    start: tuple[int, ...] = (3, 6)  # Starting, Execute
    end: tuple[int, ...] = (2, 4, 9, 17)  # Stopped, Idle, Aborted, Complete
    fields: dict[str, Value] = Field(default_factory=dict)
    constants: dict[str, str]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if "step" not in self.constants:
            raise ValueError(Phrase("step must be told, by constants"))
        if set(self.start) & set(self.end):
            raise ValueError(Phrase("a state cannot both start and end a batch"))
        return self

    def values(self) -> Iterator[tuple[str, Value]]:
        """By the column that each fills."""
        yield tags.ID, self.id
        if self.state is not None:
            yield tags.STATE, self.state
        yield from self.fields.items()


class Modbus(Setting):
    """[[source.modbus]]: a TCP server (`host`), a gateway that hands on RTU (`host`, `framing =
    "rtu"`), or a serial line (`device`).

    `after_timeout` says how what comes late is told from the next answer of RTU: see `line`.
    """

    host: str | None = None
    port: int = Field(default=502, gt=0, lt=65536)
    device: str | None = None
    framing: Literal["tcp", "rtu"] | None = None
    baud: int = Field(default=19200, ge=300)
    parity: Literal["none", "even", "odd"] = (
        "even"  # the standard's (Modbus over Serial Line 1.02, 2.5.1)
    )
    stop_bits: Literal[1, 2] = 1
    every_s: float = Field(default=10.0, ge=0.1)
    timeout_s: float = Field(default=2.0, ge=0.05)
    after_timeout: Literal["echo", "silence"] = "echo"
    registers: tuple[Register, ...] = Field(min_length=1)
    batches: tuple[ModbusBatches, ...] = ()

    @model_validator(mode="after")
    def _one_line(self) -> Self:
        if (self.host is None) == (self.device is None):
            raise ValueError(Phrase("name either host or device"))
        if self.device is not None and self.framing == "tcp":
            raise ValueError(Phrase("a serial line has RTU frames"))
        meters = [register.meter for register in self.registers]
        if len(set(meters)) < len(meters):
            raise ValueError(Phrase("a meter is read from one register"))
        return self

    @property
    def values(self) -> list[Register | Tag]:
        """All that is polled."""
        polled_tags = [
            Tag(index=index, column=column, **value.model_dump())
            for index, batch in enumerate(self.batches)
            for column, value in batch.values()
        ]
        return [*self.registers, *polled_tags]

    @property
    def rtu(self) -> bool:
        return self.device is not None or self.framing == "rtu"

    @property
    def name(self) -> str:
        return self.device or f"{self.host}:{self.port}"
