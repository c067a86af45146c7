"""Registers decoded by order of words and bytes into readings and tags of batches, and which of
them are asked for together.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from extras.live.sources.modbus.settings import Register, Tag, Value
from extras.live.spool.reading import NO_SEQUENCE, Reading, ReadingQuality
from reporting_agent.all_nines import all_nines

MOST_REGISTERS = 125
"""Of one request (Modbus Application Protocol 1.1b3, 6.3)."""
_CODES = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}


@dataclass(frozen=True, slots=True)
class RegisterBlock:
    """Registers that stand side by side in one device, and the values that lie in them."""

    unit: int
    table: str
    address: int
    count: int
    values: tuple[Register | Tag, ...]


def blocks(values: Iterable[Register | Tag]) -> list[RegisterBlock]:
    """As few requests as there may be without asking for a register that nobody named; a value is
    never split.
    """
    requests: list[RegisterBlock] = []
    for value in sorted(
        values, key=lambda register: (register.unit, register.table, register.address)
    ):
        last = requests[-1] if requests else None
        if (
            last is not None
            and (last.unit, last.table, last.address + last.count)
            == (value.unit, value.table, value.address)
            and last.count + value.length <= MOST_REGISTERS
        ):
            requests[-1] = RegisterBlock(
                last.unit,
                last.table,
                last.address,
                last.count + value.length,
                (*last.values, value),
            )
        else:
            requests.append(
                RegisterBlock(value.unit, value.table, value.address, value.length, (value,))
            )
    return requests


def readings(block: RegisterBlock, raw_words: Sequence[int], received_us: int) -> list[Reading]:
    """What the registers of a block say; their time is that of receipt, for a device of Modbus
    tells none.
    """
    return [
        _reading(register, _scaled(block, register, raw_words), received_us)
        for register in block.values
        if isinstance(register, Register)
    ]


def tagged(block: RegisterBlock, raw_words: Sequence[int]) -> Iterator[tuple[Tag, str]]:
    """The tags of a block that are known, as texts."""
    for tag in block.values:
        if isinstance(tag, Tag) and (value := _scaled(block, tag, raw_words)) is not None:
            yield tag, str(int(value)) if float(value).is_integer() else repr(value)


def _reading(register: Register, value: float | None, received_us: int) -> Reading:
    quality = ReadingQuality.BAD if value is None else ReadingQuality.GOOD
    return Reading(
        register.meter,
        received_us,
        math.nan if value is None else float(value),
        NO_SEQUENCE,
        quality,
        received_us,
    )


def _scaled(block: RegisterBlock, register: Value, raw_words: Sequence[int]) -> int | float | None:
    """A value of a block, scaled, but for one of nines (`arrow_columns.scaled`); None where the
    device says that it does not know.
    """
    raw = number(register, raw_words[register.address - block.address :][: register.length])
    if not math.isfinite(raw) or raw in register.unknown:
        return None
    as_it_stands = (register.scale, register.offset) == (1.0, 0.0) or all_nines(
        np.array([raw], dtype=float)
    )[0]
    return raw if as_it_stands else raw * register.scale + register.offset


def number(register: Value, raw_words: Sequence[int]) -> int | float:
    """The number in so many registers, by the order of their words and bytes."""
    words = raw_words if register.words == "high-first" else raw_words[::-1]
    packed = struct.pack(f"{'>' if register.bytes == 'high-first' else '<'}{len(words)}H", *words)
    unpacked: tuple[int | float] = struct.unpack(">" + _CODES[register.type], packed)
    return unpacked[0]
