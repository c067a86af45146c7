"""Energy that the plant gives per batch: rows of the energy file joined to their batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError, Place
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Finding, Severity
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.sources import Rejected, Table

PLACES_KEPT = 20
Key = tuple[str, str]  # step and batch id
_DIRECTIONS = {direction.value: direction for direction in Direction}


@dataclass(frozen=True, slots=True)
class GivenEnergy:
    """Batches with their energy, and the keys of batches of which some carrier's quantity is blank."""

    batches: list[Batch]
    rejected: list[Rejected]
    findings: list[Finding]
    blank: frozenset[Key]


def join(batches: Sequence[Batch], table: Table, names: Mapping[Key, str] | None = None) -> GivenEnergy:
    """Give each batch the carriers that the energy file holds for it; a blank quantity stays unknown, a row that stands twice counts once.

    `names` gives a batch's name by step and the id that the energy file uses, where the two differ.
    """
    renamed = names or {}
    known = {(batch.step, batch.batch_id) for batch in batches}
    energy: dict[Key, list[CarrierEnergy]] = {}
    rejected: list[Rejected] = []
    strays: list[Place] = []
    taken: set[tuple[Any, ...]] = set()
    again: list[Place] = []
    blank: set[Key] = set()
    columns = tuple(table.columns)
    for index, cells in enumerate(zip(*table.columns.values(), strict=True)):
        row = dict(zip(columns, cells, strict=True))
        key = (row["step"], renamed.get((row["step"], row["batch_id"]), row["batch_id"]))
        if row["carrier"] not in CARRIERS:
            where = table.place(index, "carrier")
            rejected.append(Rejected(where, "the carrier is not known", repr(row["carrier"]), ", ".join(CARRIERS), _as_texts(row)))
        elif key not in known:
            strays.append(table.place(index))
        elif row["quantity"] is None:
            blank.add(key)
        elif cells in taken:
            again.append(table.place(index))
        else:
            taken.add(cells)
            try:
                energy.setdefault(key, []).append(_carrier_energy(row))
            except InputError as wrong:
                by_heat = row["lhv"] is not None and CARRIERS[row["carrier"]].thermal
                column = "lhv_unit" if by_heat else "unit"
                wanted = wrong.wanted if by_heat else _units(row["carrier"])
                reason = "the unit does not measure the carrier"
                rejected.append(Rejected(table.place(index, column), reason, repr(row[column]), wanted, _as_texts(row)))
    findings = []
    if again:
        findings.append(
            Finding(
                "energy-repeated",
                Severity.WARNING,
                Phrase(
                    "%(count)s rows of energy are equal to an earlier row of the same batch in every column and are counted once. "
                    "If a batch used the same amount twice, write the sum in one row.",
                    count=f"{len(again):,}",
                ),
                len(again),
                tuple(again[:PLACES_KEPT]),
            )
        )
    if strays:
        findings.append(
            Finding(
                "energy-without-batch",
                Severity.WARNING,
                f"{len(strays):,} rows of energy name a batch that the batches file does not hold; they are in no label.",
                len(strays),
                tuple(strays[:PLACES_KEPT]),
                zh=f"{len(strays):,} 行能耗所指的批次不在批次文件中；不计入任何标签。",
            )
        )
    joined = [
        replace(batch, energy=(*batch.energy, *found)) if (found := energy.get((batch.step, batch.batch_id))) else batch
        for batch in batches
    ]
    return GivenEnergy(joined, rejected, findings, frozenset(blank))


def _carrier_energy(row: Mapping[str, Any]) -> CarrierEnergy:
    unit: str = row["unit"]
    lhv: float | None = None if row["lhv_source"] == "default" else row["lhv"]  # a default is the pack's to give
    if lhv is None or not CARRIERS[row["carrier"]].thermal:
        _check_unit(row["carrier"], unit)
    return CarrierEnergy(
        carrier=row["carrier"],
        quantity=row["quantity"],
        unit=unit,
        direction=_DIRECTIONS[row["direction"]],
        lhv_mj_per_unit=None if lhv is None else lhv * _mj_per(row["lhv_unit"] or f"MJ/{unit}", unit),
        estimated=row["quality"] == "estimated",
    )


def _units(carrier_id: str) -> str:
    what = CARRIERS[carrier_id]
    return f"a unit of {carrier_id}, such as {what.unit}" + (", or of its heat, such as GJ" if what.thermal else "")


@lru_cache(maxsize=64)
def _check_unit(carrier_id: str, unit: str) -> None:
    """InputError where the unit measures neither the carrier's amount nor, of a thermal one, its heat."""
    what = CARRIERS[carrier_id]
    try:
        ratio(unit, what.unit)
    except InputError:
        if not what.thermal:
            raise
        ratio(unit, "MJ")


@lru_cache(maxsize=64)
def _mj_per(lhv_unit: str, unit: str) -> float:
    """How many MJ per `unit` one `lhv_unit` is.

    Heating values are written per kg where the fuel is counted in tonnes: kJ/kg, MJ/kg, GJ/t, kJ/Nm3.
    """
    return ratio(lhv_unit, f"MJ/{unit}")


def _as_texts(row: dict[str, object]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in row.values())
