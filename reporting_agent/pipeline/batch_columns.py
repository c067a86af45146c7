"""The batches as the tests for faults look at them, as columns: a batch is visited once in Python,
and a test is array arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.labels.columns import POWER_ON_S, Flags, Floats, Integers
from benchmarks.measurements import Batch, Direction
from benchmarks.routes import Step
from reporting_agent.all_nines import all_nines
from reporting_agent.config import Equipment
from reporting_agent.pipeline.units import to_kwh


@dataclass(frozen=True)
class ExaminedBatches:
    """The batches as the tests below look at them, a row each; what several of them ask for is
    worked out once.
    """

    batches: Sequence[Batch]
    steps: Sequence[Step]
    metered: Flags
    blank: Flags  # some energy is not known: a blank quantity, a rejected row
    again: Flags  # the same step and id stood before
    # another batch of the same equipment began before this one ended, or ended after it began
    overlapped: Flags
    equipment: Sequence[
        Equipment | None
    ]  # its own; of the step's only one where the log names none
    # how many times that of the step's other batches its energy is, where it is a factor between
    # units
    off_scale: Floats
    suspected: Mapping[
        int, AbstractSet[str]
    ]  # by row, codes under which its meters were found wrong about it

    def suspected_of(self, code: str) -> Flags:
        """Batches about which a meter was found wrong under this code."""
        suspects = np.zeros(len(self.batches), dtype=bool)
        suspects[[row for row, codes in self.suspected.items() if code in codes]] = True
        return suspects

    def of_equipment(self, setting: str) -> Floats:
        """A number that [[equipment]] declares; NaN where it does not."""
        declared = [None if own is None else getattr(own, setting) for own in self.equipment]
        return np.array([np.nan if number is None else number for number in declared], dtype=float)

    @cached_property
    def duration_s(self) -> Floats:
        """From start to end, NaN without an end."""
        lengths = [
            np.nan if batch.end is None else (batch.end - batch.start).total_seconds()
            for batch in self.batches
        ]
        return np.array(lengths, dtype=float)

    @cached_property
    def power_on_s(self) -> Floats:
        """As the log gives it, else NaN."""
        return np.array(
            [batch.variables.get(POWER_ON_S, np.nan) for batch in self.batches], dtype=float
        )

    @cached_property
    def running_s(self) -> Floats:
        """Power-on time where the log gives it, else the interval where it is sound."""
        interval_s = np.where(self.duration_s > 0, self.duration_s, np.nan)
        return np.where(np.isnan(self.power_on_s), interval_s, self.power_on_s)

    @cached_property
    def energies(self) -> Energies:
        """All energies of all batches."""
        return Energies.of(self.batches)

    @cached_property
    def nines(self) -> Flags:
        """Whether an energy is written with nines only."""
        return self.energies.any_of(all_nines(self.energies.quantity), len(self.batches))

    @cached_property
    def mean_power_kw(self) -> Floats:
        """Electricity taken in over the time of running; NaN where one of them is not known."""
        energies, count = self.energies, len(self.batches)
        is_intake = energies.electricity & energies.taken_in
        kwh = np.bincount(energies.row[is_intake], weights=energies.kwh[is_intake], minlength=count)
        is_known = energies.any_of(is_intake, count) & (self.running_s > 0)
        power: Floats = np.divide(
            kwh * 3600, self.running_s, out=np.full(count, np.nan), where=is_known
        )
        return power


@dataclass(frozen=True, slots=True)
class Energies:
    """One entry an energy of a batch, in the order of the batches."""

    row: Integers
    quantity: Floats
    completeness: Floats
    electricity: Flags
    taken_in: Flags  # an import of which something is known
    kwh: Floats  # of electricity taken in

    @classmethod
    def of(cls, batches: Sequence[Batch]) -> Energies:
        entries = [(row, energy) for row, batch in enumerate(batches) for energy in batch.energy]
        completeness = np.array([energy.completeness for _, energy in entries], dtype=float)
        electricity = np.array(
            [energy.carrier == "electricity" for _, energy in entries], dtype=bool
        )
        taken_in = np.array(
            [energy.direction is Direction.IMPORT for _, energy in entries], dtype=bool
        ) & (completeness > 0)
        quantity = np.array([energy.quantity for _, energy in entries], dtype=float)
        kwh = np.full(len(entries), np.nan)
        for index in np.flatnonzero(electricity & taken_in).tolist():
            kwh[index] = quantity[index] * to_kwh(entries[index][1].unit)
        return cls(
            np.array([row for row, _ in entries], dtype=np.int64),
            quantity,
            completeness,
            electricity,
            taken_in,
            kwh,
        )

    def any_of(self, entries: Flags, batches: int) -> Flags:
        """Which of so many batches have one of these entries."""
        flags = np.zeros(batches, dtype=bool)
        flags[self.row[entries]] = True
        return flags
