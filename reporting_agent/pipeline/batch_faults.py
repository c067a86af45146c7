"""The shapes of fault that batches' records can show: which show each, whether that excludes them, and the finding's sentence.

All batches are looked at together, as columns: a batch is visited once in Python, and every test after that is array arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.labels.columns import POWER_ON_S, Flags, Floats, Integers
from benchmarks.measurements import Batch, Direction, State
from benchmarks.phrases import Phrase
from benchmarks.routes import Step
from reporting_agent.metering import unit_words
from reporting_agent.metering.cleaning import all_nines
from reporting_agent.metering.clock import Kind
from reporting_agent.pipeline.units import to_kwh


@dataclass(frozen=True)
class Seen:
    """The batches as the tests below look at them, a row each; what several of them ask for is worked out once."""

    batches: Sequence[Batch]
    steps: Sequence[Step]
    metered: Flags
    blank: Flags  # some energy is not known: a blank quantity, a rejected row
    again: Flags  # the same step and id stood before
    overlapped: Flags  # another batch of the same equipment began before this one ended, or ended after it began
    rated_kw: Floats  # NaN where no rating is declared
    off_scale: Floats  # how many times that of the step's other batches its energy is, where it is a factor between units
    suspected: Mapping[int, AbstractSet[str]]  # by row, codes under which its meters were found wrong about it

    def suspected_of(self, code: str) -> Flags:
        """Batches about which a meter was found wrong under this code."""
        found = np.zeros(len(self.batches), dtype=bool)
        found[[row for row, codes in self.suspected.items() if code in codes]] = True
        return found

    @cached_property
    def duration_s(self) -> Floats:
        """From start to end, NaN without an end."""
        lengths = [np.nan if batch.end is None else (batch.end - batch.start).total_seconds() for batch in self.batches]
        return np.array(lengths, dtype=float)

    @cached_property
    def power_on_s(self) -> Floats:
        """As the log gives it, else NaN."""
        return np.array([batch.variables.get(POWER_ON_S, np.nan) for batch in self.batches], dtype=float)

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
        taken = energies.electricity & energies.taken_in
        kwh = np.bincount(energies.row[taken], weights=energies.kwh[taken], minlength=count)
        known = energies.any_of(taken, count) & (self.running_s > 0)
        power: Floats = np.divide(kwh * 3600, self.running_s, out=np.full(count, np.nan), where=known)
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
        entries = [(row, one) for row, batch in enumerate(batches) for one in batch.energy]
        completeness = np.array([one.completeness for _, one in entries], dtype=float)
        electricity = np.array([one.carrier == "electricity" for _, one in entries], dtype=bool)
        taken_in = np.array([one.direction is Direction.IMPORT for _, one in entries], dtype=bool) & (completeness > 0)
        quantity = np.array([one.quantity for _, one in entries], dtype=float)
        kwh = np.full(len(entries), np.nan)
        for place in np.flatnonzero(electricity & taken_in).tolist():
            kwh[place] = quantity[place] * to_kwh(entries[place][1].unit)
        return cls(np.array([row for row, _ in entries], dtype=np.int64), quantity, completeness, electricity, taken_in, kwh)

    def any_of(self, entries: Flags, batches: int) -> Flags:
        """Which of so many batches have one of these entries."""
        found = np.zeros(batches, dtype=bool)
        found[self.row[entries]] = True
        return found


@dataclass(frozen=True, slots=True)
class Fault:
    """One shape of fault: its code, which batches show it, which of them it excludes, and the finding's sentence."""

    code: str
    shows: Callable[[Seen], Flags]
    excludes: Callable[[Seen], Flags]
    sentence: str
    of_meter: bool = False  # told with the meter, whose finding names it


def always(seen: Seen) -> Flags:
    return np.ones(len(seen.batches), dtype=bool)


def never(seen: Seen) -> Flags:
    return np.zeros(len(seen.batches), dtype=bool)


def metered(seen: Seen) -> Flags:
    return seen.metered


def _sentinel(seen: Seen) -> Flags:
    return seen.nines


def _unknown(seen: Seen) -> Flags:
    return ~seen.energies.any_of(seen.energies.completeness > 0, len(seen.batches))


def _negative(seen: Seen) -> Flags:
    return seen.energies.any_of(seen.energies.quantity < 0, len(seen.batches)) & ~_sentinel(seen)


def _zero(seen: Seen) -> Flags:
    """Of energies that are known well enough to call them zero: the electricity, or all of them. Who delivers power may take none in."""
    energies, count = seen.energies, len(seen.batches)
    least = np.array([step.label_rule.least_completeness for step in seen.steps], dtype=float)
    nothing = (energies.completeness >= least[energies.row]) & (energies.quantity == 0)
    found, delivers = never(seen), energies.any_of(energies.electricity & ~energies.taken_in & (energies.quantity > 0), count)
    for claimed in (energies.taken_in & energies.electricity & ~delivers[energies.row], energies.taken_in):
        found |= energies.any_of(claimed, count) & ~energies.any_of(claimed & ~nothing, count)
    return found


def _impossible(seen: Seen) -> Flags:
    beyond: Flags = seen.mean_power_kw > seen.rated_kw
    return beyond & ~_sentinel(seen) & ~_wrong_unit(seen)


def _wrong_unit(seen: Seen) -> Flags:
    off: Flags = seen.off_scale != 1.0
    return (off & ~_sentinel(seen)) | seen.suspected_of(unit_words.LABEL)


def _too_short(seen: Seen) -> Flags:
    """Of normal running: a time of waiting or starting up has no shortest length."""
    normal = np.array([batch.state is State.NORMAL for batch in seen.batches], dtype=bool)
    shortest_s = np.array([step.label_rule.shortest_s for step in seen.steps], dtype=float)
    short: Flags = normal & (seen.running_s < shortest_s)
    return short


def _power_on_beyond(seen: Seen) -> Flags:
    return (seen.duration_s > 0) & (seen.duration_s < seen.power_on_s)


def _end_missing(seen: Seen) -> Flags:
    return np.isnan(seen.duration_s)


def _end_before_start(seen: Seen) -> Flags:
    return seen.duration_s <= 0


FAULTS = (
    Fault(
        "duplicate",
        lambda seen: seen.again,
        always,
        Phrase("batches whose id stands before in the file for the same step; the first is taken"),
    ),
    Fault("end-missing", _end_missing, metered, Phrase("batches without an end")),
    Fault("end-before-start", _end_before_start, metered, Phrase("batches that end at or before their start")),
    Fault(
        "overlap",
        lambda seen: seen.overlapped,
        metered,
        Phrase("batches that overlap another one of the same equipment"),
    ),
    Fault(
        "still-while-producing",
        lambda seen: seen.suspected_of("still-while-producing"),
        always,
        Phrase("batches while a meter of theirs stood still"),
        of_meter=True,
    ),
    *(
        Fault(
            code,
            lambda seen, code=code: seen.suspected_of(code),  # type: ignore[misc]
            always,
            Phrase("batches whose meter's clock was too far from theirs"),
            of_meter=True,
        )
        for code in [kind.value for kind in Kind]
    ),
    Fault("energy-unknown", _unknown, always, Phrase("batches of which no energy is known")),
    Fault(
        "sentinel",
        _sentinel,
        always,
        Phrase("batches with an energy of all nines such as ±999.999, which a logger writes when its counter is reset"),
    ),
    Fault("negative-energy", _negative, always, Phrase("batches with a negative energy")),
    Fault("zero-energy", _zero, always, Phrase("batches that ran with zero energy")),
    Fault(
        unit_words.LABEL,
        _wrong_unit,
        always,
        Phrase("batches whose energy is in another unit than the rest: it lies off by a factor between units, such as 1,000"),
    ),
    Fault(
        "impossible-power",
        _impossible,
        always,
        Phrase("batches whose mean power is above what the equipment can draw"),
    ),
    Fault(
        "energy-partly-unknown",
        lambda seen: seen.blank & ~_unknown(seen),
        always,
        Phrase(
            "batches of which an energy is blank or its row could not be used (row-rejected says where): "
            "fill it in or correct it, 0 where none was used"
        ),
    ),
    Fault(
        "power-on-beyond-interval",
        _power_on_beyond,
        never,
        Phrase("batches with more power-on time than lies between their start and their end; the power-on time is believed"),
    ),
    Fault(
        "too-short",
        _too_short,
        never,
        Phrase("batches shorter than a real one (by power-on time where given); the label rule decides on them"),
    ),
)
"""In the order in which an excluding fault claims a batch. Times come first: where they exclude, the energy means nothing."""
