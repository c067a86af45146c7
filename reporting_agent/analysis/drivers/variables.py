"""The variables that batches carry or that follow from the log (output, output per hour, duration,
time since the batch before), as columns; and the kind a name tells.

An input is taken per unit of output. A value further from the median than three times the range
seen (5 % to 95 %) is a sensor's slip and not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import POWER_ON_S, Flags, Floats, Integers
from benchmarks.measurements import Batch
from benchmarks.routes import Step
from reporting_agent.analysis.drivers.result import (
    DURATION,
    OUTPUT,
    OUTPUT_PER_HOUR,
    WAIT,
    VariableKind,
    declared_as,
    unit_of,
    words_of,
)
from reporting_agent.config.materials import Variable
from reporting_agent.pipeline.batches import missing_before

MOST_EQUIPMENT = 20  # told apart by a constant of their own; the rest share one
FEWEST_OF_EQUIPMENT = 8

_KINDS = {
    OUTPUT: VariableKind.CONDITION,
    OUTPUT_PER_HOUR: VariableKind.SETTING,
    DURATION: VariableKind.CONSEQUENCE,
    POWER_ON_S: VariableKind.CONSEQUENCE,
    WAIT: VariableKind.SETTING,
}
_KINDS_OF_WORDS = {
    "frequency": VariableKind.SETTING,
    "speed": VariableKind.SETTING,
    "moisture": VariableKind.CONDITION,
    "ambient": VariableKind.CONDITION,
}
_RANGES_AWAY = 3.0


@dataclass(frozen=True, eq=False)
class VariableColumn:
    """One variable of the used batches; NaN where not recorded."""

    name: str
    words: Words
    unit: str
    kind: VariableKind
    values: Floats
    reference: float | None
    derived: bool

    @cached_property
    def recorded(self) -> Flags:
        return ~np.isnan(self.values)

    @cached_property
    def seen(self) -> tuple[float, float, float]:
        """5 % quantile, median, 95 % quantile."""
        low, middle, high = np.nanquantile(self.values, (0.05, 0.5, 0.95)).tolist()
        return low, middle, high


@dataclass(frozen=True, slots=True, eq=False)
class UsedBatches:
    """Used batches in the order of time, their values and variables."""

    ids: Sequence[str]
    value: Floats
    output: Floats
    # codes of what differs in level: equipment, and variant where several are looked at together
    equipment: Integers
    machine: Integers  # code of the equipment, every one apart
    columns: tuple[VariableColumn, ...]


class StepLog:
    """The batches of one step as its labels look them up: gone through once, however many labels
    the step has.
    """

    def __init__(self, batches: Sequence[Batch], step: str) -> None:
        self.batches = [
            batch for batch in batches if batch.step == step and batch.excluded != "duplicate"
        ]
        self.index_of = {
            (batch.batch_id, batch.start): index for index, batch in enumerate(self.batches)
        }
        self._variables: dict[str, Floats] = {}

    def variable(self, name: str) -> Floats:
        """As the log gives it, NaN where it does not."""
        if name not in self._variables:
            self._variables[name] = np.array(
                [batch.variables.get(name, np.nan) for batch in self.batches], dtype=float
            )
        return self._variables[name]

    @cached_property
    def start_s(self) -> Floats:
        return np.array([batch.start.timestamp() for batch in self.batches], dtype=float)

    @cached_property
    def output(self) -> Floats:
        return np.array([batch.output for batch in self.batches])

    @cached_property
    def hours(self) -> Floats:
        """Power-on time, else from start to end; NaN where that is none."""
        return np.array([_hours(batch) for batch in self.batches], dtype=float)

    @cached_property
    def waited_h(self) -> Floats:
        """Hours since the batch before on the same equipment."""
        waits = _waits(self.batches)
        return np.array(
            [waits.get((batch.equipment, batch.batch_id), np.nan) for batch in self.batches],
            dtype=float,
        )

    @cached_property
    def equipment(self) -> tuple[Integers, tuple[str, ...]]:
        """A code for each equipment, and their names."""
        code_by_name: dict[str, int] = {}
        codes = np.array(
            [code_by_name.setdefault(batch.equipment, len(code_by_name)) for batch in self.batches],
            dtype=np.int64,
        )
        return codes, tuple(code_by_name)


def used_batches(
    labels: Sequence[StepLabel], log: StepLog, step: Step, declared: dict[str, Variable]
) -> UsedBatches | None:
    """The used batches of one label, or of several variants together; None where none of them
    carries any variable.

    Variants together are brought to one level: each value over its variant's median, times the
    median of all.
    """
    used: list[tuple[int, float, int]] = []
    for code, label in enumerate(labels):
        pairs = [
            (log.index_of.get((entry.batch_id, entry.start)), entry.value)
            for entry in label.values
            if entry.excluded is None
        ]
        used += [
            (index, value, code)
            for index, value in pairs
            if index is not None and value is not None
        ]
    if not used:
        return None
    indices, values, codes = (np.array(column) for column in zip(*used, strict=True))
    order = np.argsort(log.start_s[indices], kind="stable")
    rows, value, variant = indices[order], values[order].astype(float), codes[order]
    picked = [log.batches[row] for row in rows.tolist()]
    names = list(dict.fromkeys(chain.from_iterable(batch.variables for batch in picked)))
    if not names:
        return None
    output = log.output[rows]
    columns = [
        _declared_column(name, log.variable(name)[rows], output, step, declared_as(name, declared))
        for name in names
    ]
    set_by_people = any(column.kind is VariableKind.SETTING for column in columns)
    columns += _derived(
        rows, log, step, declared, with_power_on=POWER_ON_S in names, set_by_people=set_by_people
    )
    machine, machines = log.equipment
    return UsedBatches(
        ids=[batch.batch_id for batch in picked],
        value=_on_one_level(value, variant),
        output=output,
        equipment=_apart(variant, machine[rows], machines),
        machine=machine[rows],
        columns=tuple(columns),
    )


def _on_one_level(value: Floats, variant: Integers) -> Floats:
    codes = np.unique(variant)
    medians = {code: float(np.median(value[variant == code])) for code in codes.tolist()}
    if len(codes) < 2 or min(medians.values()) <= 0:
        return value
    levelled: Floats = value * (
        float(np.median(value)) / np.array([medians[code] for code in variant.tolist()])
    )
    return levelled


def _declared_column(
    name: str, values: Floats, output: Floats, step: Step, setting: Variable | None
) -> VariableColumn:
    material = name.startswith("input.")
    if material:
        values = values / output
    bare = name.removeprefix("input.")
    unit = (setting.unit if setting else "") or (
        f"t/{step.output_unit}" if material else unit_of(bare, step.reference_conditions)
    )
    by_pack = any(condition.variable == name for condition in step.reference_conditions)
    kind = VariableKind.CONDITION if by_pack else kind_of_name(name)
    return _column(
        name,
        unit,
        values,
        setting,
        kind,
        words_of(name, setting, step.reference_conditions),
        derived=False,
    )


def _column(
    name: str,
    unit: str,
    values: Floats,
    setting: Variable | None,
    kind: VariableKind,
    words: Words,
    *,
    derived: bool,
) -> VariableColumn:
    if setting is not None and setting.kind is not None:
        kind = VariableKind(setting.kind)
    return VariableColumn(
        name,
        words,
        unit,
        kind,
        _without_slips(values),
        setting.reference if setting else None,
        derived,
    )


def _derived(
    rows: Integers,
    log: StepLog,
    step: Step,
    declared: dict[str, Variable],
    *,
    with_power_on: bool,
    set_by_people: bool,
) -> list[VariableColumn]:
    """What follows from the log. Output per hour is what people set where nothing else says it,
    else a result of what they set.
    """
    output_unit, output, hours = step.output_unit, log.output[rows], log.hours[rows]
    derived: dict[str, tuple[str, Floats]] = (
        {OUTPUT: (output_unit, output)} if np.ptp(output) > 0.01 * np.median(output) else {}
    )
    if (
        derived or not with_power_on
    ):  # of equal batches, output per hour is the duration in other words
        with np.errstate(divide="ignore", invalid="ignore"):
            derived[OUTPUT_PER_HOUR] = (
                f"{output_unit}/h",
                np.where(hours > 0, output / hours, np.nan),
            )
    if not with_power_on:
        derived[DURATION] = ("h", hours)
    derived[WAIT] = ("h", log.waited_h[rows])
    kinds = _KINDS | ({OUTPUT_PER_HOUR: VariableKind.CONSEQUENCE} if set_by_people else {})
    return [
        _column(
            name,
            unit,
            values,
            declared.get(name),
            kinds[name],
            words_of(name, declared.get(name)),
            derived=True,
        )
        for name, (unit, values) in derived.items()
    ]


def _hours(batch: Batch) -> float:
    seconds = batch.variables.get(POWER_ON_S)
    if seconds is None:
        seconds = np.nan if batch.end is None else (batch.end - batch.start).total_seconds()
    return seconds / 3600 if seconds > 0 else np.nan


def _waits(batches: Sequence[Batch]) -> dict[tuple[str, str], float]:
    """Hours since the end of the batch before on the same equipment, of any batch in the log; none
    where the times of either are not sound, or the log lacks numbers between the two.
    """
    ends: dict[tuple[str, str], float] = {}
    last: dict[str, Batch] = {}
    behind_missing = missing_before(batches)
    for index, batch in sorted(enumerate(batches), key=lambda item: item[1].start):
        earlier = last.get(batch.equipment)
        backwards = batch.end is not None and batch.end <= batch.start
        unknown = backwards or index in behind_missing
        if (
            not unknown
            and earlier is not None
            and earlier.end is not None
            and earlier.end > earlier.start
        ):
            waited = (batch.start - earlier.end).total_seconds() / 3600
            ends[batch.equipment, batch.batch_id] = waited if waited >= 0 else np.nan
        last[batch.equipment] = batch
    return ends


def _apart(variant: Integers, machine: Integers, machines: Sequence[str]) -> Integers:
    """Codes of what gets a constant of its own, variant and equipment together; -1 where there is
    one only.
    """
    pairs, pair_index, counts = np.unique(
        variant * len(machines) + machine, return_inverse=True, return_counts=True
    )
    if len(pairs) < 2:
        return np.full(len(machine), -1, dtype=np.int64)
    names = [f"{pair // len(machines)}/{machines[pair % len(machines)]}" for pair in pairs.tolist()]
    told_apart = sorted(
        np.flatnonzero(counts >= FEWEST_OF_EQUIPMENT).tolist(),
        key=lambda unit: (-counts[unit], names[unit]),
    )
    codes = {unit: code for code, unit in enumerate(told_apart[:MOST_EQUIPMENT])}
    return np.array([codes.get(unit, len(codes)) for unit in range(len(pairs))], dtype=np.int64)[
        pair_index
    ]


def row_before(machine: Integers) -> Integers:
    """For rows in the order of time, the row before on the same equipment; -1 for its first."""
    order = np.argsort(machine, kind="stable")
    same = machine[order[1:]] == machine[order[:-1]]
    before = np.full(len(machine), -1, dtype=np.int64)
    before[order[1:][same]] = order[:-1][same]
    return before


def _without_slips(values: Floats) -> Floats:
    if np.isnan(values).all():
        return values
    low, middle, high = np.nanquantile(values, (0.05, 0.5, 0.95)).tolist()
    if high <= low:
        return values
    cleaned: Floats = np.where(
        np.abs(values - middle) > _RANGES_AWAY * (high - low), np.nan, values
    )
    return cleaned


def kind_of_name(name: str) -> VariableKind:
    """What a name alone tells: a frequency or speed is set, moisture and ambient conditions are met
    with.
    """
    words = name.split("_")
    return _KINDS.get(name) or next(
        (kind for word, kind in _KINDS_OF_WORDS.items() if word in words), VariableKind.UNDECLARED
    )
