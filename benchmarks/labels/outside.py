"""Energy that a step used and its boundary does not hold: declared and small, or the batch has no
value.

A label that leaves energy out is lower than the step's consumption, so that whoever burns what a
pack does not list would win. A batch therefore enters a metric only where everything it used of
that metric's kind is inside the boundary, or is declared in `[steps.ID.outside]` with a reason and
makes up at most `LARGEST_SHARE` of the energy that the batch took in.

Every batch is judged by its own record alone: no batch decides whether another one enters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np

from benchmarks.conversion import Basis, FactorTable
from benchmarks.errors import InputError
from benchmarks.labels.columns import (
    Flags,
    Floats,
    Integers,
    StepColumns,
    counted_by,
    counts,
    factor_of,
    within,
)
from benchmarks.measurements import Direction
from benchmarks.routes import MetricRule

LARGEST_SHARE = 0.005
"""Of a batch's intake, that declared energy outside the boundary may make up: half the error of a
class 1 meter.
"""


@dataclass(frozen=True, slots=True)
class OutsideUse:
    """One carrier that batches used outside the boundary. `energy_kgce` and `share` are None where
    it cannot be converted.
    """

    carrier: str
    batches: int
    energy_kgce: float | None
    share: float | None  # of all that these batches took in, this carrier included
    reason: str | None  # as declared; None where nothing declares it
    # of the boundary, in a metric that says all a step takes and does not count it: nothing is to
    # be declared
    is_inside: bool = False

    def to_json(self) -> dict[str, Any]:
        energy = None if self.energy_kgce is None else {"value": self.energy_kgce, "unit": "kgce"}
        return {
            "carrier": self.carrier,
            "batches": self.batches,
            "energy": energy,
            "share": self.share,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class OutsideEnergy:
    """What the batches of a step took in outside its boundary, of one metric's kind. Energies in
    kgce; NaN: not convertible.
    """

    carriers: tuple[str, ...]
    by_carrier: Floats  # rows x carriers
    used: Flags  # rows x carriers
    taken_in: Floats  # of each batch, inside and outside the boundary
    declared: Mapping[str, str]
    within: frozenset[str] = (
        frozenset()
    )  # of the boundary, and not of this metric's kind: needs no declaring

    @property
    def too_much(self) -> Flags:
        """Batches that used something undeclared, or more of what is declared than `LARGEST_SHARE`
        of their intake.
        """
        undeclared = [
            column
            for column, carrier in enumerate(self.carriers)
            if carrier not in self.declared and carrier not in self.within
        ]
        with np.errstate(
            invalid="ignore"
        ):  # what cannot be converted is NaN, and never small enough
            small: Flags = self.by_carrier.sum(axis=1) <= LARGEST_SHARE * self.taken_in
        excessive: Flags = self.used[:, undeclared].any(axis=1) | (self.used.any(axis=1) & ~small)
        return excessive

    def uses(self, rows: Integers) -> tuple[OutsideUse, ...]:
        """Each carrier that any of these batches used outside the boundary; a little of what the
        boundary holds is not told.
        """
        intake = fsum(self.taken_in[rows])
        uses = (
            OutsideUse(
                carrier,
                int(self.used[rows, column].sum()),
                energy if np.isfinite(energy := fsum(self.by_carrier[rows, column])) else None,
                energy / intake
                if np.isfinite(energy) and np.isfinite(intake) and intake > 0
                else None,
                self.declared.get(carrier),
                carrier in self.within,
            )
            for column, carrier in enumerate(self.carriers)
            if self.used[rows, column].any()
        )
        return tuple(
            use
            for use in uses
            if use.carrier not in self.within or use.share is None or use.share > LARGEST_SHARE
        )


def outside_energy(
    columns: StepColumns,
    rule: MetricRule,
    factors: FactorTable,
    basis: Basis,
    declared: Mapping[str, str] | None = None,
) -> OutsideEnergy:
    """What every batch took in outside the step's boundary that would count in this metric; of a
    metric that says all that a step takes (`alone`), whatever does not count in it; what the
    boundary holds of that need not be declared to make up `LARGEST_SHARE`.

    Args:
        declared: carrier ▶ reason, as the site declares for this step.
    """
    carriers_within = frozenset(within(columns.step.boundary))
    inside = {carrier for carrier in carriers_within if counted_by(rule, carrier) or not rule.alone}
    is_import = [kind.direction is Direction.IMPORT for kind in columns.kinds]
    carriers = tuple(
        sorted(
            {kind.carrier for kind, into in zip(columns.kinds, is_import, strict=True) if into}
            - inside
        ),
    )
    carriers = tuple(carrier for carrier in carriers if rule.alone or counts(carrier, rule.metric))
    count = len(columns.batches)
    if not carriers:
        nothing = np.zeros((count, 0))
        return OutsideEnergy((), nothing, nothing.astype(bool), np.zeros(count), declared or {})
    per_unit = np.array(
        [
            _kgce(columns, kind, factors, basis) if into else 0.0
            for kind, into in enumerate(is_import)
        ]
    )
    energy = np.where(
        columns.entry_quantity == 0, 0.0, columns.entry_quantity * per_unit[columns.entry_kind]
    )
    column_of = {carrier: column for column, carrier in enumerate(carriers)}
    column_of_kind = np.array(
        [
            column_of.get(kind.carrier, -1) if into else -1
            for kind, into in zip(columns.kinds, is_import, strict=True)
        ]
    )
    column = column_of_kind[columns.entry_kind]
    entries = (column >= 0) & (columns.entry_quantity != 0)
    slot = columns.entry_row[entries] * len(carriers) + column[entries]
    shape = (count, len(carriers))
    return OutsideEnergy(
        carriers,
        np.bincount(slot, weights=energy[entries], minlength=shape[0] * shape[1])
        .astype(float)
        .reshape(shape),
        np.bincount(slot, minlength=shape[0] * shape[1]).reshape(shape) > 0,
        np.bincount(columns.entry_row, weights=energy, minlength=count).astype(float),
        declared or {},
        carriers_within - inside,
    )


def _kgce(columns: StepColumns, kind: int, factors: FactorTable, basis: Basis) -> float:
    """kgce of one unit read; NaN where no factor or heating value is known: the share is then not
    known either.
    """
    try:
        return factor_of(columns.kinds[kind], "kgce", factors, basis)
    except InputError:
        return float("nan")
