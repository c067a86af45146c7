"""The shapes of fault that batches' records can show: what each is called, which batches show it,
whether it excludes them, what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.labels.columns import Flags
from benchmarks.measurements import OperatingState
from benchmarks.phrases import Phrase
from reporting_agent.metering import unit_check
from reporting_agent.pipeline.batch_columns import ExaminedBatches


@dataclass(frozen=True, slots=True)
class BatchFault:
    """One shape of fault, with everything that is said of it: report, tables of docs/agent.md and
    docs/reasons.md take it from here.
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
