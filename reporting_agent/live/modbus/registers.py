"""Registers as numbers, and which of them are asked for together."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reporting_agent.live.modbus.settings import Register
from reporting_agent.live.reading import NO_SEQUENCE, Quality, Reading

MOST_REGISTERS = 125
"""Of one request (Modbus Application Protocol 1.1b3, 6.3)."""
_CODES = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q", "float32": "f", "float64": "d"}


@dataclass(frozen=True, slots=True)
class Block:
    """Registers that stand side by side in one device, and the values that lie in them."""

    unit: int
    table: str
    address: int
    count: int
    values: tuple[Register, ...]


def blocks(registers: Iterable[Register]) -> list[Block]:
    """As few requests as there may be without asking for a register that nobody named; a value is never split."""
    made: list[Block] = []
    for one in sorted(registers, key=lambda one: (one.unit, one.table, one.address)):
        last = made[-1] if made else None
        if (
            last is not None
            and (last.unit, last.table, last.address + last.count) == (one.unit, one.table, one.address)
            and last.count + one.length <= MOST_REGISTERS
        ):
            made[-1] = Block(last.unit, last.table, last.address, last.count + one.length, (*last.values, one))
        else:
            made.append(Block(one.unit, one.table, one.address, one.length, (one,)))
    return made


def readings(block: Block, held: Sequence[int], received_us: int) -> list[Reading]:
    """What the registers of a block say; their time is that of receipt, for a device of Modbus tells none."""
    return [_reading(one, held[one.address - block.address :][: one.length], received_us) for one in block.values]


def _reading(register: Register, held: Sequence[int], received_us: int) -> Reading:
    raw = number(register, held)
    known = math.isfinite(raw) and raw not in register.unknown
    value = raw * register.scale + register.offset if known else math.nan
    return Reading(register.meter, received_us, value, NO_SEQUENCE, Quality.GOOD if known else Quality.BAD, received_us)


def number(register: Register, held: Sequence[int]) -> int | float:
    """The number in so many registers, by the order of their words and bytes."""
    words = held if register.words == "high-first" else held[::-1]
    packed = struct.pack(f"{'>' if register.bytes == 'high-first' else '<'}{len(words)}H", *words)
    found: tuple[int | float] = struct.unpack(">" + _CODES[register.type], packed)
    return found[0]
