"""What a leaf of the data's tree holds, to the byte: a batch as its label saw it, one day of one
meter's readings as a digest, or padding.

Canonical CBOR with text keys (`wire.canonical`). Numbers that were measured are the hexadecimal
text of their 64-bit float (IEEE 754-2008, 5.12.3), so that every bit is kept and there is one
spelling; -0.0 is 0.0. Moments are microseconds of UTC since 1970: an instant is the same whatever
offset it was written with. Where a record was read from is no part of it.

A batch's energies are put in order, so that the order of rows in a plant's file changes nothing.
Whoever recomputes a batch from its record adds them in that order: where one carrier came in
several entries, the sum may differ from the label's in the last digit.

Readings are those that the source gave, in the meter's declared unit, nothing repaired or left out,
sorted by time and then by value; one that stands twice counts twice. A stamp without a value (NaN)
is no reading: a blank cell and a missing row are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import Batch, CarrierEnergy, Direction, OperatingState, ProductStatus
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import LARGEST_INTEGER, SMALLEST_INTEGER, Value, decode, encode
from benchmarks.wire.records import Fields, malformed

BATCH, READINGS, PADDING = "batch", "readings", "padding"
DIGEST_BYTES = 32
MOST_ENTRIES = 10_000  # energies of a batch, or variables of one: far more than any has
DAY_US = 86_400_000_000

_Kind = TypeVar("_Kind", bound=StrEnum)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class MeterDay:
    """The readings of one meter in one UTC day, [start, end), as the source gave them: normalised,
    before any repair.

    Of the first and the last day only what lies in the time that the report covers, in the site's
    own calendar: what a file holds besides may grow.

    `digest` is SHA-256 over the readings by time and then value, each as two big-endian words of 64
    bits: microseconds of UTC since 1970 (signed), and the value in `unit` as an IEEE 754 double. A
    stamp without a value is no reading; a reading that stands twice is two.
    """

    meter: str
    unit: str
    start_us: int
    count: int
    digest: bytes

    @property
    def end_us(self) -> int:
        return self.start_us + DAY_US


@dataclass(frozen=True, slots=True)
class Padding:
    """A leaf that holds nothing: it fills the tree up to a power of two, so that its size tells no
    count.
    """


Record: TypeAlias = Batch | MeterDay | Padding


def of_batch(batch: Batch, excluded: str | None) -> bytes:
    """The record of a batch.

    Args:
        excluded: why it is in no label, None where it is in one: the label's reason, which includes
            what was found before.
    """
    fields: dict[str, Value] = {
        "kind": BATCH,
        "step": batch.step,
        "id": batch.batch_id,
        "product": batch.product,
        "variant": batch.variant,
        "start": microseconds(batch.start),
        "output": exactly(batch.output),
        "equipment": batch.equipment,
        "status": str(batch.status),
        "state": str(batch.state),
        "reject": exactly(batch.reject),
        "variables": {name: exactly(value) for name, value in batch.variables.items()},
        "energy": [_of_energy(energy) for energy in sorted(batch.energy, key=_order_of_energy)],
    }
    if batch.end is not None:
        fields["end"] = microseconds(batch.end)
    if excluded is not None:
        fields["excluded"] = excluded
    return encode(fields)


def of_day(day: MeterDay) -> bytes:
    """The record of a meter's day."""
    return encode(
        {
            "kind": READINGS,
            "meter": day.meter,
            "unit": day.unit,
            "start": day.start_us,
            "count": day.count,
            "digest": day.digest,
        }
    )


PADDING_RECORD = encode({"kind": PADDING})


def read(raw: bytes) -> Record:
    """What a record holds; a batch comes back with its reason in `excluded`, at no place of any
    file, and in UTC.

    Raises:
        VerificationError: `cbor-malformed`, `cbor-not-canonical`, or the field that is missing,
            unknown or malformed.
    """
    fields = Fields(decode(raw))
    kind = any_text(fields, "kind")
    if kind == BATCH:
        record: Record = _batch(fields)
    elif kind == READINGS:
        record = _day(fields)
    elif kind == PADDING:
        record = Padding()
    else:
        raise malformed(
            "kind",
            Phrase(
                "one of %(batch)s, %(readings)s and %(padding)s",
                batch=BATCH,
                readings=READINGS,
                padding=PADDING,
            ),
        )
    fields.done()
    if (
        isinstance(record, Batch)
        and tuple(sorted(record.energy, key=_order_of_energy)) != record.energy
    ):
        raise malformed("energy", Phrase("in the order of its entries"))
    return record


def any_text(fields: Fields, name: str) -> str:
    """A field that may hold any text: a plant's own ids are as its systems write them."""
    value = fields.map_of(name)
    if not isinstance(value, str):
        raise malformed(fields.path(name), Phrase("a text"))
    return value


def exactly(number: float) -> str:
    """Every bit of it, and -0.0 as 0.0."""
    return (float(number) + 0.0).hex()


def microseconds(moment: datetime) -> int:
    """Microseconds of UTC since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(us: int) -> datetime:
    """The instant in UTC."""
    return _EPOCH + us * _MICROSECOND


def _order_of_energy(energy: CarrierEnergy) -> tuple[str, str, str, str, float, float, bool]:
    lhv = "" if energy.lhv_mj_per_unit is None else exactly(energy.lhv_mj_per_unit)
    return (
        energy.carrier,
        energy.direction,
        energy.unit,
        lhv,
        energy.quantity,
        energy.completeness,
        energy.estimated,
    )


def _of_energy(energy: CarrierEnergy) -> Value:
    fields: dict[str, Value] = {
        "carrier": energy.carrier,
        "direction": str(energy.direction),
        "quantity": exactly(energy.quantity),
        "unit": energy.unit,
        "completeness": exactly(energy.completeness),
        "estimated": int(energy.estimated),
    }
    if energy.lhv_mj_per_unit is not None:
        fields["lhv"] = exactly(energy.lhv_mj_per_unit)
    return fields


def _batch(fields: Fields) -> Batch:
    return Batch(
        batch_id=any_text(fields, "id"),
        step=any_text(fields, "step"),
        product=any_text(fields, "product"),
        variant=any_text(fields, "variant"),
        start=_moment(fields, "start"),
        end=_moment(fields, "end") if fields.has("end") else None,
        output=_number(fields, "output"),
        equipment=any_text(fields, "equipment"),
        status=_one_of(fields, "status", ProductStatus),
        state=_one_of(fields, "state", OperatingState),
        reject=_number(fields, "reject"),
        variables=_variables(fields),
        energy=tuple(map(_energy, fields.each("energy", MOST_ENTRIES))),
        excluded=any_text(fields, "excluded") if fields.has("excluded") else None,
    )


def _variables(fields: Fields) -> Mapping[str, float]:
    named = fields.map_of("variables")
    if not isinstance(named, dict) or len(named) > MOST_ENTRIES:
        raise malformed(fields.path("variables"), Phrase("a map of named numbers"))
    within = Fields(named, fields.path("variables"))
    return {name: _number(within, name) for name in named}


def _energy(fields: Fields) -> CarrierEnergy:
    read_one = CarrierEnergy(
        carrier=any_text(fields, "carrier"),
        quantity=_number(fields, "quantity"),
        unit=any_text(fields, "unit"),
        direction=_one_of(fields, "direction", Direction),
        lhv_mj_per_unit=_number(fields, "lhv") if fields.has("lhv") else None,
        completeness=_number(fields, "completeness"),
        estimated=bool(fields.integer("estimated", 0, 1)),
    )
    fields.done()
    return read_one


def _day(fields: Fields) -> MeterDay:
    start_us = microseconds(
        _moment(fields, "start")
    )  # a day of the calendar, for it is told by its date
    if start_us % DAY_US:
        raise malformed(fields.path("start"), Phrase("midnight of UTC"))
    return MeterDay(
        meter=any_text(fields, "meter"),
        unit=any_text(fields, "unit"),
        start_us=start_us,
        count=fields.integer("count", 1, LARGEST_INTEGER),
        digest=fields.octets("digest", DIGEST_BYTES),
    )


def _number(fields: Fields, name: str) -> float:
    text = any_text(fields, name)
    try:
        number = float.fromhex(text)
    except (ValueError, OverflowError) as wrong:
        raise malformed(fields.path(name), Phrase("the hexadecimal text of a number")) from wrong
    if exactly(number) != text:
        raise malformed(fields.path(name), Phrase("the one hexadecimal text of its number"))
    return number


def _moment(fields: Fields, name: str) -> datetime:
    us = fields.integer(name, SMALLEST_INTEGER, LARGEST_INTEGER)
    try:
        return moment(us)
    except OverflowError as beyond:
        raise malformed(fields.path(name), Phrase("a moment of the years 1 to 9999")) from beyond


def _one_of(fields: Fields, name: str, kinds: type[_Kind]) -> _Kind:
    text = any_text(fields, name)
    try:
        return kinds(text)
    except ValueError as unknown:
        raise malformed(
            fields.path(name), Phrase("one of %(names)s", names=", ".join(kinds))
        ) from unknown


Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Window = tuple[int, int]  # [first, end) in microseconds


def digest_of(time_us: Integers, value: Floats) -> bytes:
    """SHA-256 over (time, value) as two big-endian words each, sorted; no value is NaN."""
    if len(time_us) > 1 and not (np.diff(time_us) > 0).all():
        order = np.lexsort((value, time_us))
        time_us, value = time_us[order], value[order]
    words = np.empty((len(time_us), 2), dtype=">i8")
    words[:, 0] = time_us
    words[:, 1] = (np.asarray(value, dtype=np.float64) + 0.0).view(np.int64)  # -0.0 is 0.0
    return sha256(words.tobytes()).digest()


def by_day(time_us: Integers, value: Floats) -> Iterator[tuple[int, Integers, Floats]]:
    """The readings of each UTC day, each under the microsecond at which the day begins; days rise,
    within a day the order stays.
    """
    with_value = ~np.isnan(value)
    if not with_value.all():
        time_us, value = time_us[with_value], value[with_value]
    if not len(time_us):
        return
    if (np.diff(time_us) < 0).any():
        order = np.argsort(time_us // DAY_US, kind="stable")
        time_us, value = time_us[order], value[order]
    day = time_us // DAY_US
    edges = np.flatnonzero(np.diff(day)) + 1
    for begin, end in pairwise((0, *edges.tolist(), len(time_us))):
        yield int(day[begin]) * DAY_US, time_us[begin:end], value[begin:end]


def clipped(time_us: Integers, value: Floats, within: Window) -> tuple[Integers, Floats]:
    """The readings of a window."""
    inside = (time_us >= within[0]) & (time_us < within[1])
    return time_us[inside], value[inside]


def days_of(
    meter: str, unit: str, time_us: Integers, value: Floats, within: Window | None = None
) -> list[MeterDay]:
    """The days of readings that are all at hand, in whatever order; with a window, of those in
    it.
    """
    if within is not None:
        time_us, value = clipped(time_us, value, within)
    return [
        MeterDay(meter, unit, start_us, len(times), digest_of(times, values))
        for start_us, times, values in by_day(time_us, value)
    ]
