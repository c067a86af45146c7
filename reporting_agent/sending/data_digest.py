"""What stands for the batch records behind a report: equal data, equal digest. It stays on the
site.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction

from benchmarks.measurements import Batch, CarrierEnergy


def data_digest(batches: Iterable[Batch], windows: Mapping[str, int]) -> bytes:
    """SHA-256 over the batch records, whatever order they were read in, and over which steps cover
    how many years.

    Where a record was read from is no part of it: the same data from another file are the same
    data.

    Args:
        windows: step -> years, for steps whose label covers more than the report's period.
    """
    whole = hashlib.sha256(b"steplabel/1 batch records\x00")
    for record in sorted(_record(batch) for batch in batches):
        whole.update(len(record).to_bytes(8) + record)
    for step, years in sorted(windows.items()):
        whole.update(f"\x00{step}\x00{years}".encode())
    return whole.digest()


def _record(batch: Batch) -> bytes:
    fields: list[str] = [
        batch.step,
        batch.batch_id,
        batch.product,
        batch.variant,
        _moment(batch.start),
        "" if batch.end is None else _moment(batch.end),
        _exactly(batch.output),
        batch.equipment,
        batch.status,
        batch.state,
        _exactly(batch.reject),
        batch.excluded or "",
    ]
    for name, value in sorted(batch.variables.items()):
        fields += ["variable", name, _exactly(value)]
    for energy in sorted(map(_energy, batch.energy)):
        fields += ["energy", *energy]
    encoded = [field.encode() for field in fields]
    return b"".join([len(field).to_bytes(4) + field for field in encoded])


def _energy(energy: CarrierEnergy) -> tuple[str, ...]:
    lhv = "" if energy.lhv_mj_per_unit is None else _exactly(energy.lhv_mj_per_unit)
    quantity, completeness = _exactly(energy.quantity), _exactly(energy.completeness)
    return (
        energy.carrier,
        energy.direction,
        quantity,
        energy.unit,
        lhv,
        completeness,
        str(energy.estimated),
    )


def _exactly(number: float) -> str:
    """Every bit of it, and -0.0 as 0.0."""
    return (float(number) + 0.0).hex()


def _moment(moment: datetime) -> str:
    """The instant, whatever offset it was written with."""
    seconds = moment.timestamp()
    return str(int(seconds)) if seconds.is_integer() else str(Fraction(seconds))
