"""Batch records of one step as columns, and their energy in the unit of a metric.

A batch is visited once in Python; everything after that is array arithmetic, so that 100,000
batches take about a second. Energy is linear in the quantity read: for every distinct (carrier,
unit, direction, heating value, day) the dated factor is asked once, for a quantity of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from math import fsum, hypot

import numpy as np
from numpy.typing import NDArray

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER, Basis, FactorTable
from benchmarks.errors import InputError
from benchmarks.measurements import (
    Batch,
    CarrierEnergy,
    Direction,
    Metric,
    OperatingState,
    Period,
    ProductStatus,
)
from benchmarks.phrases import Phrase
from benchmarks.routes import Boundary, MetricRule, Step

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

POWER_ON_S = "power_on_s"
"""The variable that stands for a batch's length where the log gives it: clocks of a log disagree,
this one counts.
"""


@dataclass(frozen=True, slots=True)
class EnergyKind:
    """What decides how one unit of an energy entry is converted."""

    carrier: str
    unit: str
    direction: Direction
    lhv_mj_per_unit: float | None
    on: date


@dataclass(frozen=True, slots=True)
class StepColumns:
    """The batches of one step: one row a batch, and one entry a carrier reading of a batch."""

    step: Step
    batches: tuple[Batch, ...]
    output: Floats
    reject: Floats
    length_s: Floats  # power-on time where given, else end - start; NaN where neither is known
    # rows x 2: start and end of each batch, or its start twice, in seconds of UTC since 1970
    span_s: Floats
    entry_row: Integers
    entry_kind: Integers
    entry_quantity: Floats
    entry_completeness: Floats
    entry_uncertainty: (
        Floats  # expanded (k = 2), as a share of the quantity; NaN where nothing states it
    )
    # the part of it that all batches of the meter have in common; all of it where not told apart
    entry_systematic: Floats
    entry_allocated: Flags  # a declared rule, and no meter of its own, gave the batch its part
    kinds: tuple[EnergyKind, ...]
    good: Flags  # good output of normal running, as the record says
    turn: Integers  # rank of each batch by its start, then its id
    _variables: dict[str, Floats] = field(default_factory=dict, compare=False, repr=False)
    _begun: dict[Period, Flags] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, batches: Sequence[Batch], step: Step) -> StepColumns:
        rows = [row for row, batch in enumerate(batches) for _ in batch.energy]
        entries = [entry for batch in batches for entry in batch.energy]
        days = [batch.start.date() for batch in batches]
        keys = [
            (entry.carrier, entry.unit, entry.direction, entry.lhv_mj_per_unit, days[row])
            for row, entry in zip(rows, entries, strict=True)
        ]
        kinds = {key: index for index, key in enumerate(dict.fromkeys(keys))}
        uncertainty = np.array([entry.relative_uncertainty for entry in entries], dtype=float)
        systematic = np.array([entry.relative_systematic for entry in entries], dtype=float)
        return cls(
            step=step,
            batches=tuple(batches),
            output=np.array([batch.output for batch in batches], dtype=float),
            reject=np.array([batch.reject for batch in batches], dtype=float),
            length_s=np.array([_length_s(batch) for batch in batches], dtype=float),
            span_s=np.array(
                [
                    (batch.start.timestamp(), (batch.end or batch.start).timestamp())
                    for batch in batches
                ]
            ).reshape(-1, 2),
            entry_row=np.array(rows, dtype=np.int64),
            entry_kind=np.array([kinds[key] for key in keys], dtype=np.int64),
            entry_quantity=np.array([entry.quantity for entry in entries], dtype=float),
            entry_completeness=np.array([entry.completeness for entry in entries], dtype=float),
            entry_uncertainty=uncertainty,
            entry_systematic=np.where(np.isnan(systematic), uncertainty, systematic),
            entry_allocated=np.array([entry.allocated for entry in entries], dtype=bool),
            kinds=tuple(EnergyKind(*key) for key in kinds),
            good=np.array(
                [
                    batch.status is ProductStatus.GOOD and batch.state is OperatingState.NORMAL
                    for batch in batches
                ],
                dtype=bool,
            ),
            turn=_turns(batches),
        )

    def variable(self, name: str) -> Floats:
        """A relevant variable of every batch; NaN where it was not recorded. Looked up once a
        name.
        """
        if name not in self._variables:
            self._variables[name] = np.array(
                [batch.variables.get(name, np.nan) for batch in self.batches], dtype=float
            )
        return self._variables[name]

    def begun_in(self, period: Period) -> Flags:
        """Which batches began in the period. Looked at once a period."""
        if period not in self._begun:
            in_utc = period.in_utc
            self._begun[period] = np.array(
                [batch.start in in_utc for batch in self.batches], dtype=bool
            )
        return self._begun[period]

    def allocated_in(self, rows: Integers) -> tuple[str, ...]:
        """Carriers of which a declared rule gave some of these batches their part of a shared
        meter.
        """
        if not self.entry_allocated.any():
            return ()
        shared = self.entry_allocated & np.isin(self.entry_row, rows)
        return tuple(
            sorted(
                {self.kinds[kind].carrier for kind in np.unique(self.entry_kind[shared]).tolist()}
            )
        )

    def carriers_outside_boundary(self) -> frozenset[str]:
        """Carriers that were reported and that the step's boundary does not hold: they are in no
        metric.
        """
        return frozenset(kind.carrier for kind in self.kinds) - frozenset(
            within(self.step.boundary)
        )

    def credits_outside_boundary(self) -> frozenset[str]:
        """Carriers of the boundary that were given back and that it does not credit: what was given
        back is in no metric.
        """
        inside = within(self.step.boundary)
        return frozenset(
            kind.carrier
            for kind in self.kinds
            if kind.carrier in inside and not _admits(self.step.boundary, kind)
        )


@dataclass(frozen=True, slots=True)
class MetricEnergy:
    """Energy of every batch that counts in one metric, in `unit`, recovered and exported energy
    negative.
    """

    unit: str
    carriers: tuple[str, ...]
    by_carrier: Floats  # rows x carriers
    known: Flags  # something was measured in this batch, of whatever carrier
    convertible: Flags  # no fuel without a heating value
    complete: Flags  # every required carrier reported
    coverage: Floats  # least completeness of the carriers reported; 0 where nothing was
    reported: Flags  # rows x carriers
    required: tuple[int, ...]  # columns of the carriers that the boundary needs
    # of each batch's energy: what its own readings may be wrong by, expanded (k = 2) and squared
    own_variance: Floats
    # rows x 2 (carriers + 1): expanded error that all batches have in common, of what was taken and
    # of what was given back,
    common: Floats
    # by carrier; last of each, of energies stating none. What leaves is measured as what comes: the
    # two errors do not cancel
    # rows x carriers: imports only, so never negative; the mix that an amount of this energy is
    # told in
    taken_in: Floats

    @property
    def total(self) -> Floats:
        summed: Floats = self.by_carrier.sum(axis=1)
        return summed

    @property
    def uncertainty(self) -> Floats:
        """Expanded uncertainty (k = 2) of every batch's energy; errors of different carriers are
        independent (JCGM 100, 5.1.2).
        """
        expanded: Floats = np.sqrt(self.own_variance + (self.common**2).sum(axis=1))
        return expanded

    def relative_systematic(self, rows: Integers) -> float:
        """The expanded error that these batches have in common, as a share of their energy: it
        stays, however many they are.
        """
        energy = fsum(self.total[rows])
        in_common = [fsum(column) for column in self.common[rows].T if column.any()]
        return hypot(*in_common) / abs(energy) if energy else 0.0

    def missing_in(self, rows: Integers) -> tuple[str, ...]:
        """Required carriers that none of these batches reports: why a metric is incomplete."""
        anywhere = self.reported_in(rows)
        return tuple(self.carriers[column] for column in self.required if not anywhere[column])

    def reported_in(self, rows: Integers) -> list[bool]:
        """For every carrier, whether any of these batches reports it."""
        return [bool(self.reported[rows, column].any()) for column in range(len(self.carriers))]


def metric_energy(
    columns: StepColumns,
    rule: MetricRule,
    factors: FactorTable,
    basis: Basis,
    not_used: AbstractSet[str],
    relative_uncertainty: float = 0.0,
    *,
    at_home: bool = False,
) -> MetricEnergy:
    """Form the numerator of a metric for every batch of the step.

    `total` (comprehensive energy consumption, GB/T 2589) needs every carrier of the boundary
    reported or declared not used; media made outside the boundary count with the energy that made
    them, on the same basis. `electricity` and `thermal` need and count their own carriers only.
    Energies that state no uncertainty have `relative_uncertainty`, as one common error. `at_home`
    a carrier that no batch of the step reports makes none of them incomplete, and a default heating
    value will do where a benchmark asks for a measured one.
    """
    boundary = columns.step.boundary
    counted = tuple(carrier for carrier in within(boundary) if counted_by(rule, carrier))
    required = [
        carrier for carrier in boundary.asked if carrier in counted and carrier not in not_used
    ]
    index_of = {carrier: index for index, carrier in enumerate(counted)}
    energy_unit = _energy_unit(rule, columns.step)

    carrier_of_kind = np.array(
        [
            index_of.get(kind.carrier, -1) if _admits(boundary, kind) else -1
            for kind in columns.kinds
        ],
        dtype=np.int64,
    )
    measured_heat = () if at_home else boundary.measured
    factor_of_kind = np.array(
        [
            factor_of(kind, energy_unit, factors, basis, measured_heat) if index >= 0 else 0.0
            for kind, index in zip(columns.kinds, carrier_of_kind, strict=True)
        ],
        dtype=float,
    )
    count, width = len(columns.batches), len(counted)
    entries = (
        carrier_of_kind[columns.entry_kind] >= 0 if len(columns.kinds) else np.zeros(0, dtype=bool)
    )
    row, kind = columns.entry_row[entries], columns.entry_kind[entries]
    factor = factor_of_kind[kind] if len(kind) else np.zeros(0)
    convertible = np.ones(count, dtype=bool)
    quantity = columns.entry_quantity[entries]
    convertible[row[np.isnan(factor) & (quantity != 0)]] = (
        False  # what was not used needs no heating value
    )
    converted = quantity * np.nan_to_num(factor)
    slot = row * width + (carrier_of_kind[kind] if len(kind) else np.zeros(0, dtype=np.int64))
    by_carrier: Floats = (
        np.bincount(slot, weights=converted, minlength=count * width)
        .astype(float)
        .reshape(count, width)
    )
    reported = np.bincount(slot, minlength=count * width).reshape(count, width) > 0
    import_factor = factor_of_kind * np.array(
        [kind.direction is Direction.IMPORT for kind in columns.kinds], dtype=float
    )
    taken_in = quantity * np.nan_to_num(import_factor[kind] if len(kind) else np.zeros(0))
    coverage = np.full(count, np.inf)
    np.minimum.at(coverage, row, columns.entry_completeness[entries])
    measured = np.zeros(count, dtype=bool)
    measured[columns.entry_row] = True
    energy_known = measured & np.isfinite(by_carrier).all(axis=1)
    counted_at_all = np.asarray(reported.any(axis=1))
    needed = [index_of[carrier] for carrier in required]
    of_each = [column for column in needed if not at_home or reported[:, column].any()]
    share, systematic = (
        np.nan_to_num(columns.entry_uncertainty[entries]),
        np.nan_to_num(columns.entry_systematic[entries]),
    )
    own_squared = np.maximum(share**2 - systematic**2, 0.0) * converted**2
    unstated = np.where(
        np.isnan(columns.entry_uncertainty[entries]), relative_uncertainty * converted, 0.0
    )
    common = []
    for side in (np.maximum, np.minimum):  # taken, given back
        of_carriers = np.bincount(
            slot, weights=side(systematic * converted, 0.0), minlength=count * width
        ).astype(float)
        common += [
            of_carriers.reshape(count, width),
            np.bincount(row, weights=side(unstated, 0.0), minlength=count).astype(float),
        ]
    return MetricEnergy(
        unit=energy_unit,
        carriers=counted,
        by_carrier=by_carrier,
        known=energy_known,
        convertible=convertible,
        complete=counted_at_all & np.asarray(reported[:, of_each].all(axis=1)),
        coverage=np.where(energy_known & counted_at_all, coverage, 0.0),
        reported=reported,
        required=tuple(needed),
        own_variance=np.bincount(row, weights=own_squared, minlength=count).astype(float),
        common=np.abs(np.column_stack(common)),
        taken_in=np.bincount(slot, weights=taken_in, minlength=count * width)
        .astype(float)
        .reshape(count, width),
    )


def _turns(batches: Sequence[Batch]) -> Integers:
    turn = np.empty(len(batches), dtype=np.int64)
    turn[
        sorted(range(len(batches)), key=lambda row: (batches[row].start, batches[row].batch_id))
    ] = np.arange(len(batches))
    return turn


def _length_s(batch: Batch) -> float:
    power_on_s = batch.variables.get(POWER_ON_S)
    if power_on_s is not None:
        return power_on_s
    return np.nan if batch.end is None else (batch.end - batch.start).total_seconds()


def within(boundary: Boundary) -> tuple[str, ...]:
    """The carriers that a boundary holds, whether they must be reported, may be credited, or are
    working media.
    """
    return tuple(
        dict.fromkeys((*boundary.carriers, *boundary.counted, *boundary.credited, *boundary.media))
    )


def _admits(boundary: Boundary, kind: EnergyKind) -> bool:
    """What is given back is credited only where the pack says so: else a step could be credited
    with what passed through it.
    """
    return kind.direction is Direction.IMPORT or kind.carrier in boundary.credited


def counts(carrier: str, metric: Metric) -> bool:
    """Whether energy of this carrier is of the kind that the metric adds up."""
    if metric is Metric.TOTAL:
        return True
    entry = CARRIERS[carrier]
    return entry.form == "electricity" if metric is Metric.ELECTRICITY else entry.thermal


def counted_by(rule: MetricRule, carrier: str) -> bool:
    """Whether the metric adds it up, of its kind or as a working medium by the electricity that
    makes it.
    """
    return counts(carrier, rule.metric) or carrier in rule.by_electricity


def _energy_unit(rule: MetricRule, step: Step) -> str:
    """The numerator of the metric's unit; the denominator is always one output unit of the step's
    own product.
    """
    numerator, _, denominator = rule.unit.partition("/")
    if denominator == step.output_unit and numerator in {"kgce", "kWh", "MJ"}:
        return numerator
    raise InputError(
        "unit-mismatch",
        Phrase(
            "The pack gives the metric %(metric)s in %(rule_unit)s.",
            metric=rule.metric,
            rule_unit=f"{rule.unit!r}",
        ),
        "Correct the pack: a metric is energy per output unit of the step's product.",
        found=rule.unit,
        wanted=Phrase("kgce, kWh or MJ per %(unit)s", unit=step.output_unit),
    )


_PER_KGCE = {unit: MJ_PER["kgce"] / mj for unit, mj in MJ_PER.items()}


def factor_of(
    kind: EnergyKind,
    energy_unit: str,
    factors: FactorTable,
    basis: Basis,
    measured: Sequence[str] = (),
) -> float:
    """Energy of one unit read, signed; NaN where its heating value is needed and not known: of
    carriers `measured` no default will do, nor an amount of energy of which nothing says by what
    heating value it was found."""
    energy = CarrierEnergy(kind.carrier, 1.0, kind.unit, kind.direction, kind.lhv_mj_per_unit)
    if kind.carrier in measured and kind.lhv_mj_per_unit is None:
        return np.nan
    try:
        if energy_unit == "kWh" and kind.carrier == "electricity":
            return factors.kwh(energy, kind.on)
        if energy_unit == "MJ" and CARRIERS[kind.carrier].thermal:
            return factors.mj(energy, kind.on)
        return factors.kgce(energy, basis, kind.on) * _PER_KGCE[energy_unit]
    except InputError as refusal:
        if refusal.code != "lhv-required":
            raise
        return np.nan
