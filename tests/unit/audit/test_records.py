"""A record has one spelling, keeps every bit, and comes back as what it was."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest

from benchmarks.audit import records
from benchmarks.audit.records import DAY_US, MeterDay, Padding
from benchmarks.errors import VerificationError
from benchmarks.measurements import Batch, CarrierEnergy, Direction, OperatingState, ProductStatus
from benchmarks.wire.canonical import decode, encode

BATCH = Batch(
    batch_id="炉-7",
    step="eaf",
    product="liquid-steel",
    variant="any",
    start=datetime(2016, 5, 1, 6, 0, 0, 1, tzinfo=UTC),
    end=datetime(2016, 5, 1, 6, 50, tzinfo=UTC),
    output=0.1 + 0.2,
    equipment="F1",
    status=ProductStatus.SCRAP,
    state=OperatingState.TRIAL,
    reject=1e-300,
    variables={"hot_metal_pct": 3.3, "b": float("nan")},
    energy=(
        CarrierEnergy("natural-gas", 240.0, "Nm3", lhv_mj_per_unit=36.0),
        CarrierEnergy(
            "electricity", -48123.456789, "kWh", Direction.EXPORT, completeness=0.97, estimated=True
        ),
    ),
)
DAY = MeterDay("eaf-1", "kWh", 16_801 * DAY_US, 96, bytes(range(32)))

GAS = BATCH.energy[0]
OTHER_ENERGIES = (
    dataclasses.replace(GAS, carrier="coke"),
    dataclasses.replace(GAS, quantity=240.00000000000003),
    dataclasses.replace(GAS, unit="m3"),
    dataclasses.replace(GAS, direction=Direction.RECOVERED),
    dataclasses.replace(GAS, lhv_mj_per_unit=None),
    dataclasses.replace(GAS, completeness=0.9999),
    dataclasses.replace(GAS, estimated=True),
)


def test_a_batch_comes_back_as_it_was() -> None:
    back = records.read(records.of_batch(BATCH, "overlap"))
    assert isinstance(back, Batch)
    assert back.excluded == "overlap"
    assert (back.batch_id, back.start, back.end, back.output, back.reject) == (
        "炉-7",
        BATCH.start,
        BATCH.end,
        0.1 + 0.2,
        1e-300,
    )
    assert (back.status, back.state, back.variables["hot_metal_pct"]) == (
        ProductStatus.SCRAP,
        OperatingState.TRIAL,
        3.3,
    )
    assert set(back.energy) == set(BATCH.energy)
    assert records.of_batch(back, back.excluded) == records.of_batch(BATCH, "overlap")


def test_a_batch_without_end_reason_or_energy_comes_back() -> None:
    bare = dataclasses.replace(BATCH, end=None, energy=(), variables={})
    assert records.read(records.of_batch(bare, None)) == bare


def test_a_day_and_padding_come_back() -> None:
    assert records.read(records.of_day(DAY)) == DAY
    assert records.read(records.PADDING_RECORD) == Padding()
    assert DAY.end_us - DAY.start_us == 24 * 3600 * 10**6


@pytest.mark.parametrize(
    "changes",
    [
        {"step": "other"},
        {"batch_id": "other"},
        {"product": "other"},
        {"variant": "other"},
        {"start": BATCH.start + timedelta(microseconds=1)},
        {"end": None},
        {"output": 0.3},
        {"equipment": "F2"},
        {"status": ProductStatus.GOOD},
        {"state": OperatingState.NORMAL},
        {"reject": 0.0},
        {"variables": {"hot_metal_pct": 3.3}},
        {"energy": BATCH.energy[:1]},
        *({"energy": (other, BATCH.energy[1])} for other in OTHER_ENERGIES),
    ],
    ids=lambda changes: " ".join(changes),
)
def test_any_change_is_another_record(changes: dict[str, object]) -> None:
    assert records.of_batch(dataclasses.replace(BATCH, **changes), None) != records.of_batch(  # type: ignore[arg-type]
        BATCH, None
    )


def test_the_reason_is_part_of_the_record() -> None:
    assert len({records.of_batch(BATCH, reason) for reason in (None, "overlap", "test")}) == 3


def test_offset_place_signed_zero_and_the_order_of_entries_are_no_part_of_it() -> None:
    shanghai = timezone(timedelta(hours=8))
    same = dataclasses.replace(
        BATCH,
        start=BATCH.start.astimezone(shanghai),
        energy=BATCH.energy[::-1],
        variables=dict(reversed(list(BATCH.variables.items()))),
    )
    assert records.of_batch(same, None) == records.of_batch(BATCH, None)
    zero, minus = (
        records.of_batch(dataclasses.replace(BATCH, output=number), None) for number in (0.0, -0.0)
    )
    assert zero == minus


def _with(raw: bytes, **changes: object) -> bytes:
    fields = decode(raw)
    assert isinstance(fields, dict)
    left = {name: value for name, value in {**fields, **changes}.items() if value is not ...}
    return encode(left)  # type: ignore[arg-type]  # what a stranger may write


ONE = "0x1.0000000000000p+0"
ENERGIES = [
    {
        "carrier": "coke",
        "completeness": ONE,
        "direction": "import",
        "estimated": 0,
        "quantity": ONE,
        "unit": unit,
    }
    for unit in ("kg", "t")
]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "label"}, "field-malformed"),
        ({"kind": ...}, "field-missing"),
        ({"note": "x"}, "field-unknown"),
        ({"output": "0.3"}, "field-malformed"),
        ({"output": "0x1.80p+0"}, "field-malformed"),
        ({"output": "-0x0.0p+0"}, "field-malformed"),
        ({"output": "none"}, "field-malformed"),
        ({"output": 3}, "field-malformed"),
        ({"status": "lost"}, "field-malformed"),
        ({"start": 2**62}, "field-malformed"),
        ({"start": "2016"}, "field-malformed"),
        ({"variables": []}, "field-malformed"),
        ({"energy": ENERGIES[::-1]}, "field-malformed"),
        ({"energy": [{**ENERGIES[0], "place": "F1"}]}, "field-unknown"),
        ({"energy": [{**ENERGIES[0], "estimated": 2}]}, "field-malformed"),
    ],
)
def test_what_is_not_the_one_spelling_is_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(VerificationError) as refused:
        records.read(_with(records.of_batch(BATCH, None), **changes))
    assert refused.value.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"start": 1},
        {"start": 2**62 // DAY_US * DAY_US},
        {"count": 0},
        {"digest": bytes(31)},
        {"meter": 7},
        {"count": -1},
    ],
)
def test_a_malformed_day_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(VerificationError) as refused:
        records.read(_with(records.of_day(DAY), **changes))
    assert refused.value.code == "field-malformed"


def test_bytes_that_are_no_record_are_refused() -> None:
    for raw in (b"", b"\x00", records.of_day(DAY)[:-1], records.of_day(DAY) + b"\x00"):
        with pytest.raises(VerificationError):
            records.read(raw)
