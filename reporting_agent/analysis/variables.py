"""The variables that batches carry, as columns: what the log gives (`var.NAME`, `input.NAME`) and what follows from it.

Followed from the log: output, output per hour (a machine's speed), duration, and the time since the batch before on the same
equipment. An input material is taken per unit of output, because a larger batch takes more of it anyway.

A value further from the median than three times the range seen (5 % to 95 %) is no setting of this plant but a slip of its
sensor, and counts as not recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import chain

import numpy as np

from benchmarks.labels import StepLabel
from benchmarks.labels.columns import POWER_ON_S, Flags, Floats, Integers
from benchmarks.measurements import Batch
from benchmarks.routes import Step, Words
from reporting_agent.analysis.relevance import Kind
from reporting_agent.analysis.variable_names import DURATION, OUTPUT, OUTPUT_PER_HOUR, WAIT, declared_as, unit_of_name, words_of
from reporting_agent.config.variables import Variable

MOST_EQUIPMENT = 20  # told apart by a constant of their own; the rest share one
FEWEST_OF_EQUIPMENT = 8

_KINDS = {
    OUTPUT: Kind.CONDITION,
    OUTPUT_PER_HOUR: Kind.SETTING,
    DURATION: Kind.CONSEQUENCE,
    POWER_ON_S: Kind.CONSEQUENCE,
    WAIT: Kind.SETTING,
}
_KINDS_OF_WORDS = {"frequency": Kind.SETTING, "speed": Kind.SETTING, "moisture": Kind.CONDITION, "ambient": Kind.CONDITION}
_RANGES_AWAY = 3.0


@dataclass(frozen=True, eq=False)
class Column:
    """One variable of the used batches; NaN where not recorded."""

    name: str
    words: Words
    unit: str
    kind: Kind
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
    equipment: Integers  # codes of what differs in level: equipment, and variant where several are looked at together
    machine: Integers  # code of the equipment, every one apart
    columns: tuple[Column, ...]


class StepLog:
    """The batches of one step as its labels look them up: gone through once, however many labels the step has."""

    def __init__(self, batches: Sequence[Batch], step: str) -> None:
        self.batches = [one for one in batches if one.step == step]
        self.place = {(one.batch_id, one.start): place for place, one in enumerate(self.batches)}
        self.described: dict[tuple[tuple[int, ...], tuple[int, ...]], UsedBatches | None] = {}  # metrics mostly use the same batches

    @cached_property
    def waited_h(self) -> dict[tuple[str, str], float]:
        """Hours since the batch before, by equipment and batch id."""
        return _waits(self.batches)


def used_batches(labels: Sequence[StepLabel], log: StepLog, step: Step, declared: dict[str, Variable]) -> UsedBatches | None:
    """The used batches of one label, or of several variants together; None where none of them carries any variable.

    Variants together are brought to one level: each value over its variant's median, times the median of all.
    """
    rows: list[tuple[datetime, float, int, int]] = []
    for code, label in enumerate(labels):
        used = [(one, log.place.get((one.batch_id, one.start))) for one in label.values if one.excluded is None]
        rows += [(one.start, one.value, place, code) for one, place in used if one.value is not None and place is not None]
    if not rows:
        return None
    rows.sort(key=lambda row: row[0])
    _, values, places, codes = zip(*rows, strict=True)
    if (places, codes) not in log.described:
        log.described[places, codes] = _described(places, codes, log, step, declared)
    described = log.described[places, codes]
    return None if described is None else replace(described, value=_on_one_level(np.array(values, dtype=float), np.array(codes)))


def _described(places: Sequence[int], codes: Sequence[int], log: StepLog, step: Step, declared: dict[str, Variable]) -> UsedBatches | None:
    """These batches and their variables, without values yet."""
    picked = [log.batches[place] for place in places]
    names = list(dict.fromkeys(chain.from_iterable(batch.variables for batch in picked)))
    if not names:
        return None
    output = np.array([batch.output_t for batch in picked])
    columns = [_declared_column(name, picked, output, step, declared_as(name, declared)) for name in names]
    set_by_people = any(column.kind is Kind.SETTING for column in columns)
    columns += _derived(picked, log, step, output, declared, with_power_on=POWER_ON_S in names, set_by_people=set_by_people)
    return UsedBatches(
        ids=[batch.batch_id for batch in picked],
        value=np.full(len(picked), np.nan),
        output=output,
        equipment=_apart([f"{code}/{batch.equipment}" for batch, code in zip(picked, codes, strict=True)]),
        machine=_codes([batch.equipment for batch in picked]),
        columns=tuple(columns),
    )


def _on_one_level(value: Floats, variant: Integers) -> Floats:
    codes = np.unique(variant)
    medians = {code: float(np.median(value[variant == code])) for code in codes.tolist()}
    if len(codes) < 2 or min(medians.values()) <= 0:
        return value
    levelled: Floats = value * (float(np.median(value)) / np.array([medians[code] for code in variant.tolist()]))
    return levelled


def _declared_column(name: str, picked: Sequence[Batch], output: Floats, step: Step, setting: Variable | None) -> Column:
    values = np.array([batch.variables.get(name, np.nan) for batch in picked], dtype=float)
    material = name.startswith("input.")
    if material:
        values = values / output
    bare = name.removeprefix("input.")
    unit = (setting.unit if setting else "") or (f"t/{step.output_unit}" if material else unit_of_name(bare))
    by_pack = any(condition.variable == name for condition in step.reference_conditions)
    return _column(name, unit, values, setting, Kind.CONDITION if by_pack else kind_of_name(name), derived=False)


def _column(name: str, unit: str, values: Floats, setting: Variable | None, kind: Kind, *, derived: bool) -> Column:
    if setting is not None and setting.kind is not None:
        kind = Kind(setting.kind)
    return Column(name, words_of(name, setting), unit, kind, _without_slips(values), setting.reference if setting else None, derived)


def _derived(
    picked: Sequence[Batch],
    log: StepLog,
    step: Step,
    output: Floats,
    declared: dict[str, Variable],
    *,
    with_power_on: bool,
    set_by_people: bool,
) -> list[Column]:
    """What follows from the log. Output per hour is what people set where nothing else says it, else a result of what they set."""
    output_unit = step.output_unit
    hours = np.array([_hours(batch) for batch in picked], dtype=float)
    made: dict[str, tuple[str, Floats]] = {OUTPUT: (output_unit, output)} if np.ptp(output) > 0.01 * np.median(output) else {}
    if made or not with_power_on:  # of equal batches, output per hour is the duration in other words
        with np.errstate(divide="ignore", invalid="ignore"):
            made[OUTPUT_PER_HOUR] = (f"{output_unit}/h", np.where(hours > 0, output / hours, np.nan))
    if not with_power_on:
        made[DURATION] = ("h", hours)
    waited = [log.waited_h.get((batch.equipment, batch.batch_id), np.nan) for batch in picked]
    made[WAIT] = ("h", np.array(waited, dtype=float))
    kinds = _KINDS | ({OUTPUT_PER_HOUR: Kind.CONSEQUENCE} if set_by_people else {})
    return [_column(name, unit, values, declared.get(name), kinds[name], derived=True) for name, (unit, values) in made.items()]


def _hours(batch: Batch) -> float:
    seconds = batch.variables.get(POWER_ON_S)
    if seconds is None:
        seconds = np.nan if batch.end is None else (batch.end - batch.start).total_seconds()
    return seconds / 3600 if seconds > 0 else np.nan


def _waits(batches: Sequence[Batch]) -> dict[tuple[str, str], float]:
    """Hours since the end of the batch before on the same equipment, of any batch in the log; NaN where its end is not sound."""
    ends: dict[tuple[str, str], float] = {}
    last: dict[str, Batch] = {}
    for batch in sorted(batches, key=lambda one: one.start):
        earlier = last.get(batch.equipment)
        if earlier is not None and earlier.end is not None and earlier.end > earlier.start:
            waited = (batch.start - earlier.end).total_seconds() / 3600
            ends[batch.equipment, batch.batch_id] = waited if waited >= 0 else np.nan
        last[batch.equipment] = batch
    return ends


def _apart(names: Sequence[str]) -> Integers:
    """Codes of what gets a constant of its own; -1 where there is one only."""
    counts = Counter(names)
    told_apart = sorted((name for name, count in counts.items() if count >= FEWEST_OF_EQUIPMENT), key=lambda name: (-counts[name], name))
    codes = {name: code for code, name in enumerate(told_apart[:MOST_EQUIPMENT])}
    if len(counts) < 2:
        return np.full(len(names), -1, dtype=np.int64)
    return np.array([codes.get(name, len(codes)) for name in names], dtype=np.int64)


def _codes(names: Sequence[str]) -> Integers:
    known: dict[str, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int64)


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
    kept: Floats = np.where(np.abs(values - middle) > _RANGES_AWAY * (high - low), np.nan, values)
    return kept


def kind_of_name(name: str) -> Kind:
    """What a name alone tells: a frequency or speed is set, moisture and ambient conditions are met with."""
    words = name.split("_")
    return _KINDS.get(name) or next((kind for word, kind in _KINDS_OF_WORDS.items() if word in words), Kind.UNDECLARED)
