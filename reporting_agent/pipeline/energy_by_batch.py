"""Energy given per batch: rows of the energy file joined to their batches; labels withheld where
too much of it is in no batch.

Energy of a step that names none of its batches: energy of the step all the same, that no label and
no mean holds.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from math import fsum
from operator import itemgetter
from typing import Any

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import FactorTable
from benchmarks.declared import Words
from benchmarks.errors import InputError, Place
from benchmarks.labels import Best, SiteLabel, StepGrade, StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.outside import LARGEST_SHARE
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Direction, Severity
from benchmarks.phrases import Phrase, in_number
from benchmarks.quantities import mj_in, ratio
from reporting_agent.sources import ENERGY, RejectedRow, Table

PLACES_KEPT = 20
WRITTEN_AGAIN = timedelta(days=1)
"""As far apart rows of one id may begin and be one batch, written again with its right start (a
convention of ours).
"""
_IMPOSSIBLE = Phrase("the carrier cannot have this heating value")
Key = tuple[str, str]  # step and batch id
Row = tuple[Any, ...]
"""What a row of energy says in every column, those of the template first."""
_TEMPLATE = itemgetter(*(column.name for column in ENERGY.columns))
_DIRECTIONS = {direction.value: direction for direction in Direction}


@dataclass(frozen=True, slots=True)
class GivenEnergy:
    """Batches with their energy, and the keys of batches of which some energy is not known: its
    quantity is blank, its row rejected.
    """

    batches: list[Batch]
    rejected: list[RejectedRow]
    findings: list[DataFinding]
    blank: frozenset[Key]
    nameless: dict[str, list[CarrierEnergy]]  # by step, its energy that names none of its batches


def join(
    batches: Sequence[Batch],
    table: Table,
    factors: FactorTable,
    rows_counted: set[Row],
    names: Mapping[Key, str] | None = None,
    unread: Container[str] = frozenset(),
) -> GivenEnergy:
    """Give each batch the carriers that the energy file holds for it; a row that stands twice
    counts once.

    A blank quantity, a row that could not be read, a carrier or unit that is not known, an id of
    two batches: that much was used and is not known, never 0.

    `factors` says what a carrier can hold. `rows_counted` are those that count already, of the
    files before; those of this one are added. `names` gives a batch's name by step and the id that
    the energy file uses, where the two differ; `unread` are ids of batches whose rows could not be
    read.
    """
    renamed = names or {}
    batch_keys = {(batch.step, batch.batch_id) for batch in batches}
    steps_by_id: dict[str, list[str]] = {}
    for step, name in batch_keys:
        steps_by_id.setdefault(name, []).append(step)
    energy: dict[Key, list[CarrierEnergy]] = {}
    rejected: list[RejectedRow] = []
    strays: list[Place] = []
    nameless: dict[str, list[CarrierEnergy]] = {}
    again: list[Place] = []
    doubtful: list[Place] = []
    shared = _of_two_batches(batches)
    named = (tuple(row.get(column, "") for column in ("step", "batch_id")) for row in table.unread)
    blank: set[Key] = {(step, renamed.get((step, name), name)) for step, name in named}
    columns, beside = tuple(table.columns), sorted(table.carriers)
    for index, cells in enumerate(zip(*table.columns.values(), strict=True)):
        row = dict(zip(columns, cells, strict=True))
        key = (row["step"], renamed.get((row["step"], row["batch_id"]), row["batch_id"]))
        content = (
            *_TEMPLATE(row),
            *((name, row[name]) for name in beside if row[name] is not None),
        )
        if row["carrier"] not in CARRIERS:
            blank.add(key)
            where = table.place(index, "carrier")
            rejected.append(
                RejectedRow(
                    where,
                    Phrase("the carrier is not known"),
                    repr(row["carrier"]),
                    ", ".join(CARRIERS),
                    _as_texts(row),
                )
            )
        elif key not in batch_keys:
            strays.append(table.place(index))
            for step in (
                {row["step"], *steps_by_id.get(row["batch_id"], ())}
                if row["batch_id"] not in unread
                else ()
            ):
                nameless.setdefault(step, []).append(
                    CarrierEnergy(
                        row["carrier"],
                        row["quantity"] or 0.0,
                        row["unit"],
                        _DIRECTIONS[row["direction"]],
                    )
                )
        elif row["quantity"] is None:
            blank.add(key)
        elif key in shared:
            blank.add(key)
            doubtful.append(table.place(index))
        elif content in rows_counted:
            again.append(table.place(index))
        else:
            rows_counted.add(content)
            try:
                energy.setdefault(key, []).append(_carrier_energy(row, factors))
            except InputError as wrong:
                blank.add(key)
                by_heat = row["lhv"] is not None and CARRIERS[row["carrier"]].thermal
                beyond = wrong.code == "lhv-impossible"
                column = "lhv" if beyond else "lhv_unit" if by_heat else "unit"
                wanted = wrong.wanted if by_heat else _units(row["carrier"])
                reason = _IMPOSSIBLE if beyond else Phrase("the unit does not measure the carrier")
                rejected.append(
                    RejectedRow(
                        table.place(index, column),
                        reason,
                        repr(row[column]),
                        wanted,
                        _as_texts(row),
                    )
                )
    joined = [
        replace(batch, energy=(*batch.energy, *entries))
        if (entries := energy.get((batch.step, batch.batch_id)))
        else batch
        for batch in batches
    ]
    return GivenEnergy(
        joined, rejected, _findings(again, strays, doubtful), frozenset(blank), nameless
    )


def _of_two_batches(batches: Sequence[Batch]) -> set[Key]:
    """Keys of rows of the log that begin further apart than one that was written again: of energy
    by id nothing tells whose it is.
    """
    first: dict[Key, datetime] = {}
    return {
        (batch.step, batch.batch_id)
        for batch in batches
        if abs(batch.start - first.setdefault((batch.step, batch.batch_id), batch.start))
        > WRITTEN_AGAIN
    }


def _findings(
    again: Sequence[Place], strays: Sequence[Place], doubtful: Sequence[Place]
) -> list[DataFinding]:
    """Of rows that stand twice, that name no batch, and that name two."""
    repeated = in_number(
        len(again),
        "%(count)s row of energy is identical to an earlier row of the same batch in every column "
        "and is "
        "counted once. If a batch used the same amount twice, write the sum in one row.",
        "%(count)s rows of energy are identical to an earlier row of the same batch in every "
        "column and are counted "
        "once. If a batch used the same amount twice, write the sum in one row.",
        count=f"{len(again):,}",
    )
    unnamed = in_number(
        len(strays),
        "%(strays)s row of energy names a batch that is not in the batches file; no label "
        "includes it.",
        "%(strays)s rows of energy name a batch that is not in the batches file; no label "
        "includes them.",
        strays=f"{len(strays):,}",
    )
    of_two = in_number(
        len(doubtful),
        "%(count)s row of energy names an id that two batches of their step have, which begin "
        "more than a "
        "day apart. Nothing shows whose it is, so the energy of both is not known. Give each "
        "batch an id of "
        "its own in both files, as with its year, or give the agent the files of one year at a "
        "time.",
        "%(count)s rows of energy name an id that two batches of their step have, which begin "
        "more than a day apart. Nothing shows whose "
        "it is, so the energy of both is not known. Give each batch an id of its own in both "
        "files, as with its year, or give the agent "
        "the files of one year at a time.",
        count=f"{len(doubtful):,}",
    )
    findings = (
        DataFinding(
            "energy-repeated", Severity.WARNING, repeated, len(again), tuple(again[:PLACES_KEPT])
        ),
        DataFinding(
            "energy-without-batch",
            Severity.WARNING,
            unnamed,
            len(strays),
            tuple(strays[:PLACES_KEPT]),
        ),
        DataFinding(
            "energy-of-two-batches",
            Severity.WARNING,
            of_two,
            len(doubtful),
            tuple(doubtful[:PLACES_KEPT]),
        ),
    )
    return [finding for finding in findings if finding.count]


def _carrier_energy(row: Mapping[str, Any], factors: FactorTable) -> CarrierEnergy:
    """An amount of energy that comes with its heating value is the amount of fuel that holds it; of
    one that is said to be measured (or by contract) the heating value is the MJ of its unit, and
    one of which nothing is said has none."""
    unit, quantity, what = row["unit"], row["quantity"], CARRIERS[row["carrier"]]
    lhv: float | None = (
        None if row["lhv_source"] == "default" else row["lhv"]
    )  # a default is the pack's to give
    mj = mj_in(unit) if what.thermal else None
    if lhv is None or not what.thermal:
        _check_unit(what.id, unit)
    if lhv is None:
        lhv = mj if row["lhv_source"] in ("measured", "contract") else None
    else:
        of = unit if mj is None else what.unit
        lhv *= _mj_per(row["lhv_unit"] or f"MJ/{of}", of)
        if (wanted := factors.impossible(what.id, lhv, of)) is not None:
            raise InputError(
                "lhv-impossible",
                _IMPOSSIBLE,
                "Correct the heating value or its unit; use the lower heating value from the "
                "laboratory.",
                wanted=wanted,
            )
        if mj is not None and lhv > 0:
            unit, quantity = of, quantity * mj / lhv
    return CarrierEnergy(
        carrier=what.id,
        quantity=quantity,
        unit=unit,
        direction=_DIRECTIONS[row["direction"]],
        lhv_mj_per_unit=lhv,
        estimated=row["quality"] == "estimated",
    )


def _units(carrier_id: str) -> str:
    what = CARRIERS[carrier_id]
    if what.thermal:
        return Phrase(
            "a unit of %(carrier)s, such as %(unit)s, or of its heat, such as GJ",
            carrier=carrier_id,
            unit=what.unit,
        )
    return Phrase("a unit of %(carrier)s, such as %(unit)s", carrier=carrier_id, unit=what.unit)


@lru_cache(maxsize=64)
def _check_unit(carrier_id: str, unit: str) -> None:
    """InputError where the unit measures neither the carrier's amount nor, of a thermal one, its
    heat.
    """
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

    Heating values are written per kg where the fuel is counted in tonnes: kJ/kg, MJ/kg, GJ/t,
    kJ/Nm3.
    """
    return ratio(lhv_unit, f"MJ/{unit}")


def _as_texts(row: dict[str, object]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in row.values())


CODE = "energy-without-batch"
UNNAMED = Phrase(
    "%(share)s of the step's energy names none of its batches; at most %(most)s may. Name the "
    "batches that used it, or remove the "
    "rows that do not belong to this step."
)
Strays = Mapping[str, Sequence[CarrierEnergy]]  # by step


def withheld(label: SiteLabel, strays: Strays, code: str = CODE, why: str = UNNAMED) -> SiteLabel:
    """The label without those of steps of whose energy more than `LARGEST_SHARE` is in no batch."""
    if not strays:
        return label
    shares = {
        (step_label.step, step_label.metric): _share(own, strays[step_label.step])
        for step_label in label.steps
        if step_label.step in strays
        and (
            own := [
                other
                for other in label.steps
                if (other.step, other.metric) == (step_label.step, step_label.metric)
            ]
        )
    }
    return replace(
        label,
        steps=tuple(
            _held_back(step_label, shares.get((step_label.step, step_label.metric)), code, why)
            for step_label in label.steps
        ),
    )


def _held_back(label: StepLabel, share: float | None, code: str, why: str) -> StepLabel:
    if share is None or share <= LARGEST_SHARE:
        return label
    sentence = Words.of(Phrase(why, share=f"{share:.1%}", most=f"{LARGEST_SHARE:.1%}"))
    return replace(
        label,
        best=Best(None, label.best.rule, code),
        gap=None,
        grade=StepGrade(None, code, label.grade.limits, sentence),
    )


def _share(labels: Sequence[StepLabel], strays: Sequence[CarrierEnergy]) -> float:
    """Of what the step took in; 1 where it is not known, which is never small."""
    metric = labels[0].metric
    nameless = [
        stray
        for stray in strays
        if stray.direction is Direction.IMPORT and stray.quantity and counts(stray.carrier, metric)
    ]
    if not nameless:
        return 0.0
    used = [
        label.made_from.columns.batches[row]
        for label in labels
        if label.made_from
        for row in label.made_from.rows.tolist()
    ]
    energy_by_carrier = {
        carrier: fsum(label.energy_by_carrier.get(carrier, 0.0) for label in labels)
        for carrier in {stray.carrier for stray in nameless}
    }
    whole = fsum(
        max(energy, 0.0) for label in labels for energy in label.energy_by_carrier.values()
    )
    try:
        energy = fsum(
            energy_by_carrier[stray.carrier] * stray.quantity / _amount(used, stray)
            for stray in nameless
        )
    except (InputError, ZeroDivisionError):
        return 1.0
    return energy / (energy + whole) if energy > 0 and whole > 0 else 1.0


def _amount(batches: Sequence[Batch], like: CarrierEnergy) -> float:
    """What the batches took in of the carrier, in this unit."""
    imports = (
        energy
        for batch in batches
        for energy in batch.energy
        if energy.carrier == like.carrier and energy.direction is Direction.IMPORT
    )
    return fsum(energy.quantity * ratio(energy.unit, like.unit) for energy in imports)
