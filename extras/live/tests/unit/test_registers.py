"""Registers as numbers: worked by hand, and by pymodbus' own conversion as a second opinion."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from pymodbus.client.mixin import ModbusClientMixin

from benchmarks.errors import InputError
from extras.live.sources.modbus.registers import MOST_REGISTERS, blocks, number, readings
from extras.live.sources.modbus.settings import LENGTHS, Register
from extras.live.sources.settings import load
from extras.live.spool.reading import ReadingQuality


def register(**named: object) -> Register:
    return Register.model_validate({"meter": "m", "address": 0, **named})


@pytest.mark.parametrize(
    ("kind", "words", "order", "raw_words", "wanted"),
    [
        ("int16", "high-first", "high-first", [0xFFFE], -2),
        ("uint16", "high-first", "low-first", [0x0201], 0x0102),
        ("uint32", "high-first", "high-first", [0x0001, 0x0002], 65538),
        ("uint32", "low-first", "high-first", [0x0002, 0x0001], 65538),
        ("int32", "low-first", "low-first", [0xFEFF, 0xFFFF], -2),
        ("uint64", "low-first", "high-first", [4, 3, 2, 1], (1 << 48) + (2 << 32) + (3 << 16) + 4),
        ("int64", "high-first", "high-first", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], -2),
        ("float32", "high-first", "high-first", [0x41C8, 0x0000], 25.0),
        ("float32", "low-first", "low-first", [0x0000, 0xC841], 25.0),
        ("float64", "high-first", "high-first", [0x4039, 0, 0, 0], 25.0),
    ],
)
def test_registers_make_a_number(
    kind: str, words: str, order: str, raw_words: list[int], wanted: float
) -> None:
    assert number(register(type=kind, words=words, bytes=order), raw_words) == wanted


@pytest.mark.parametrize("kind", LENGTHS)
@pytest.mark.parametrize(("words", "theirs"), [("high-first", "big"), ("low-first", "little")])
def test_pymodbus_reads_the_same_numbers(kind: str, words: str, theirs: str) -> None:
    raw_words = [0x1234, 0x0056, 0x789A, 0x0BCD][: LENGTHS[kind]]
    mixin = ModbusClientMixin
    value = mixin.convert_from_registers(raw_words, mixin.DATATYPE[kind.upper()], word_order=theirs)  # type: ignore[arg-type]
    assert number(register(type=kind, words=words), raw_words) == value


def test_a_value_is_scaled_and_one_that_a_device_does_not_know_is_bad() -> None:
    scaled, unknown, empty = (
        register(meter="a", type="uint32", scale=0.5, offset=-1.0),
        register(meter="b", address=2, type="uint16", unknown=[0xFFFF]),
        register(meter="c", address=3, type="float32"),
    )
    (block,) = blocks([empty, scaled, unknown])
    values = readings(block, [0, 7, 0xFFFF, 0x7FC0, 0], 5)
    assert [(reading.meter, reading.quality) for reading in values] == [
        ("a", ReadingQuality.GOOD),
        ("b", ReadingQuality.BAD),
        ("c", ReadingQuality.BAD),
    ]
    assert values[0].value == 2.5
    assert math.isnan(values[1].value)
    assert {(reading.time_us, reading.received_us) for reading in values} == {(5, 5)}


@pytest.mark.parametrize(
    ("raw_words", "read"), [([0xC479, 0xFFF0], -999.9990234375), ([0x42C8, 0], 4000.0)]
)
def test_nines_that_a_device_writes_for_a_fault_are_not_scaled(
    raw_words: list[int], read: float
) -> None:
    (block,) = blocks([register(type="float32", scale=40.0)])
    assert [reading.value for reading in readings(block, raw_words, 5)] == [read]


def test_no_register_is_asked_for_that_nobody_named_and_no_value_is_split() -> None:
    many = [register(meter=f"m{index}", address=2 * index, type="float32") for index in range(70)]
    requests = blocks(
        [*many, register(meter="far", address=500), register(meter="other", unit=2, address=140)]
    )
    assert [(request.unit, request.address, request.count) for request in requests] == [
        (1, 0, 124),
        (1, 124, 16),
        (1, 500, 1),
        (2, 140, 1),
    ]
    assert max(request.count for request in requests) <= MOST_REGISTERS


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (
            {"host": "h", "device": "/dev/ttyS0", "registers": [{"meter": "m", "address": 1}]},
            "either host or device",
        ),
        (
            {"device": "/dev/ttyS0", "framing": "tcp", "registers": [{"meter": "m", "address": 1}]},
            "RTU",
        ),
        (
            {"host": "h", "registers": [{"meter": "m", "address": 65535, "type": "uint32"}]},
            "after the last register",
        ),
        (
            {
                "host": "h",
                "registers": [{"meter": "m", "address": 1}, {"meter": "m", "address": 2}],
            },
            "one register",
        ),
        (
            {"host": "h", "registers": [{"meter": "m", "address": 40001, "table": "coil"}]},
            "holding",
        ),
    ],
)
def test_settings_that_do_not_hold_together_say_where_and_why(
    table: dict[str, object], why: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refused:
        load({"folder": "spool", "modbus": [table]}, tmp_path)
    assert refused.value.code == "source-option-invalid"
    assert "source.modbus.0" in str(refused.value.place and refused.value.place.column)
    assert why in str(refused.value.wanted)
