"""The shapes of fault that batches' records can show: what each is called, which batches show it
(as columns: a test is array arithmetic), whether it excludes them, what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.labels.columns import POWER_ON_S, Flags, Floats, Integers
from benchmarks.measurements import Batch, Direction, OperatingState
from benchmarks.phrases import Phrase
from benchmarks.routes import Step
from reporting_agent.all_nines import all_nines
from reporting_agent.config import Equipment
from reporting_agent.metering import unit_check
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


@dataclass(frozen=True, slots=True)
class BatchFault:
    """One shape of fault, with everything that is said of it: report and docs/reasons.md take it
    from here.
    """

    code: str
    name: Phrase  # in tables of the report
    shows: Callable[[ExaminedBatches], Flags]
    excludes: Callable[[ExaminedBatches], Flags]
    sentence: Phrase  # of the finding, after its count
    shown_by: str  # what shows it, in documents
    remedy: str  # what to do, in documents
    which: str = ""  # it excludes, in documents, where `excludes` alone does not say
    of_meter: bool = False  # told with the meter, whose finding names it


def always(columns: ExaminedBatches) -> Flags:
    return np.ones(len(columns.batches), dtype=bool)


def never(columns: ExaminedBatches) -> Flags:
    return np.zeros(len(columns.batches), dtype=bool)


def metered(columns: ExaminedBatches) -> Flags:
    return columns.metered


def _sentinel(columns: ExaminedBatches) -> Flags:
    return columns.nines


def _unknown(columns: ExaminedBatches) -> Flags:
    return ~columns.energies.any_of(columns.energies.completeness > 0, len(columns.batches))


def _negative(columns: ExaminedBatches) -> Flags:
    return columns.energies.any_of(
        columns.energies.quantity < 0, len(columns.batches)
    ) & ~_sentinel(columns)


def _zero(columns: ExaminedBatches) -> Flags:
    """Of energies that are known well enough to call them zero: the electricity, or all of them.
    Who delivers power may take none in.
    """
    energies, count = columns.energies, len(columns.batches)
    least = np.array([step.label_rule.least_completeness for step in columns.steps], dtype=float)
    nothing = (energies.completeness >= least[energies.row]) & (energies.quantity == 0)
    zero, delivers = (
        never(columns),
        energies.any_of(energies.electricity & ~energies.taken_in & (energies.quantity > 0), count),
    )
    for claimed in (
        energies.taken_in & energies.electricity & ~delivers[energies.row],
        energies.taken_in,
    ):
        zero |= energies.any_of(claimed, count) & ~energies.any_of(claimed & ~nothing, count)
    return zero


def _impossible(columns: ExaminedBatches) -> Flags:
    beyond: Flags = columns.mean_power_kw > columns.of_equipment("rated_power_kw")
    return beyond & ~_sentinel(columns) & ~_wrong_unit(columns)


def _wrong_unit(columns: ExaminedBatches) -> Flags:
    off: Flags = columns.off_scale != 1.0
    return (off & ~_sentinel(columns)) | columns.suspected_of(unit_check.LABEL)


def _too_short(columns: ExaminedBatches) -> Flags:
    """Of normal running: a time of waiting or starting up has no shortest length."""
    normal = np.array(
        [batch.state is OperatingState.NORMAL for batch in columns.batches], dtype=bool
    )
    shortest_s = np.array([step.label_rule.shortest_s for step in columns.steps], dtype=float)
    short: Flags = normal & (columns.running_s < shortest_s)
    return short


def _power_on_beyond(columns: ExaminedBatches) -> Flags:
    return (columns.duration_s > 0) & (columns.duration_s < columns.power_on_s)


def _end_missing(columns: ExaminedBatches) -> Flags:
    return np.isnan(columns.duration_s)


def _end_before_start(columns: ExaminedBatches) -> Flags:
    return columns.duration_s <= 0


FAULTS = (
    BatchFault(
        "duplicate",
        Phrase("recorded twice"),
        lambda columns: columns.again,
        always,
        Phrase("batches whose id appears earlier in the file for the same step; the first is used"),
        shown_by="the same id before at the same step",
        remedy="make ids unique, over the years too",
        which="the later one",
    ),
    BatchFault(
        "end-missing",
        Phrase("end missing"),
        _end_missing,
        metered,
        Phrase("batches without an end"),
        shown_by="no end",
        remedy="complete the log",
    ),
    BatchFault(
        "end-before-start",
        Phrase("end at or before start"),
        _end_before_start,
        metered,
        Phrase("batches that end at or before their start"),
        shown_by="an end at or before the start",
        remedy="correct the times",
    ),
    BatchFault(
        "overlap",
        Phrase("overlaps another batch"),
        lambda columns: columns.overlapped,
        metered,
        Phrase("batches that overlap another one of the same equipment"),
        shown_by="time shared with another batch of the same equipment",
        remedy="correct the times, or name the equipment",
        which="both, where metered",
    ),
    BatchFault(
        "still-while-producing",
        Phrase("meter stood still while the line produced"),
        lambda columns: columns.suspected_of("still-while-producing"),
        always,
        Phrase("batches during which one of their meters stood still"),
        shown_by="a meter of it stood still",
        remedy="look at the meter and its link",
        of_meter=True,
    ),
    BatchFault(
        "clock-drift",
        Phrase("clock drifts"),
        lambda columns: columns.suspected_of("clock-drift"),
        always,
        Phrase("batches whose meter's clock was too far from theirs"),
        shown_by="a meter's clock runs away",
        remedy="set the clock, or declare `clock_offset_s` and `clock_drift_s_per_day`",
        which="where too far off",
        of_meter=True,
    ),
    BatchFault(
        "clock-offset",
        Phrase("clock off by a fixed time"),
        lambda columns: columns.suspected_of("clock-offset"),
        always,
        Phrase("batches whose meter's clock was too far from theirs"),
        shown_by="a meter's clock is off",
        remedy="declare `clock_offset_s`",
        which="where too far off",
        of_meter=True,
    ),
    BatchFault(
        "clock-standard-time",
        Phrase("clock keeps standard time all year"),
        lambda columns: columns.suspected_of("clock-standard-time"),
        always,
        Phrase("batches whose meter's clock was too far from theirs"),
        shown_by="a meter stays on standard time",
        remedy="declare the readings' `timezone`",
        which="where too far off",
        of_meter=True,
    ),
    BatchFault(
        "clock-daylight-saving",
        Phrase("clock keeps summer time"),
        lambda columns: columns.suspected_of("clock-daylight-saving"),
        always,
        Phrase("batches whose meter's clock was too far from theirs"),
        shown_by="a meter keeps another summer time",
        remedy="declare the readings' `timezone`",
        which="where too far off",
        of_meter=True,
    ),
    BatchFault(
        "energy-unknown",
        Phrase("energy unknown"),
        _unknown,
        always,
        Phrase("batches without any known energy"),
        shown_by="no energy of it is known",
        remedy="complete meters or energy",
    ),
    BatchFault(
        "sentinel",
        Phrase("value of all nines (counter fault)"),
        _sentinel,
        always,
        Phrase(
            "batches with an energy of all nines such as ±999.999, which a logger writes when its "
            "counter is reset"
        ),
        shown_by="an energy of all nines",
        remedy="read the meter's own log",
    ),
    BatchFault(
        "negative-energy",
        Phrase("negative energy"),
        _negative,
        always,
        Phrase("batches with a negative energy"),
        shown_by="a negative energy",
        remedy="set `direction`, or correct the value",
    ),
    BatchFault(
        "zero-energy",
        Phrase("zero energy while running"),
        _zero,
        always,
        Phrase("batches that ran with zero energy"),
        shown_by="it ran with an energy of 0",
        remedy="look at the meter",
    ),
    BatchFault(
        "unit-label",
        Phrase("unit label wrong"),
        _wrong_unit,
        always,
        Phrase(
            "batches whose energy is in a different unit from the rest: it differs by a factor "
            "between units, such as 1,000"
        ),
        shown_by="an energy per output that is 1000, 3.6, ... times that of the step's other "
        "batches, "
        "while those near it are few; a small factor needs three that agree, and a batch cut "
        "short none",
        remedy="set the meter's `unit`, or the row's; the finding names the factor",
    ),
    BatchFault(
        "impossible-power",
        Phrase("power above the equipment's rating"),
        _impossible,
        always,
        Phrase("batches whose mean power is above what the equipment can draw"),
        shown_by="a mean power above `rated_power_kw`",
        remedy="energy or time is wrong",
    ),
    BatchFault(
        "energy-partly-unknown",
        Phrase("an energy blank, its row rejected, or not reported"),
        lambda columns: columns.blank & ~_unknown(columns),
        always,
        Phrase(
            "batches with a blank energy, an energy row that could not be used (see "
            "row-rejected), or a fuel in the log that no "
            "energy counts (see fuel-not-counted): fill it in or correct it, with 0 if none was "
            "used"
        ),
        shown_by="an energy is blank, its row was rejected (carrier, unit, number), or the log "
        "names a fuel that no energy counts: "
        "used, and how much is not known",
        remedy="fill it in, 0 where none was used; correct the row that `row-rejected` names; "
        "report what `fuel-not-counted` names",
    ),
    BatchFault(
        "power-on-beyond-interval",
        Phrase("power-on time longer than the batch"),
        _power_on_beyond,
        never,
        Phrase(
            "batches with more power-on time than the time between their start and their end; the "
            "power-on time is used"
        ),
        shown_by="more power-on time than lies between start and end",
        remedy="nothing: the power-on time is believed; correct the times where it is wrong",
    ),
    BatchFault(
        "too-short",
        Phrase("too short"),
        _too_short,
        never,
        Phrase(
            "batches shorter than a real one (by power-on time where given); the label rule "
            "decides on them"
        ),
        shown_by="shorter than a real batch",
        remedy="correct the times",
        which="the label rule decides",
    ),
)
"""In the order in which an excluding fault claims a batch. Times come first: where they exclude,
the energy means nothing.
"""
