"""What an equipment did between its batches, told from how long it stood, what ran before and
after, and the power it drew.

Nothing but the meter and the log is asked; the equipment's own levels are the measure, not a table
of ours:

- *run level*: the median power of its batches; *idle level*: the median power of its usual pauses
  (no longer than three times the median pause) between two batches of one product, below half the
  run level.

A stretch longer than two hours is first cut into the clock hours that lie wholly in it, and what is
left at its two ends. Then, for every piece in this order, the first rule that holds:

1. half the run level or more: a run that the log does not hold (or holds too faultily): *outside
   any batch*, or *excluded* where an excluded batch of the log begins in the stretch;
2. in a stretch longer than two hours and than five median pauses, below 0.6 of the idle level
   (without one: of half the run level):
   *standby*;
3. another product after than before: *changeover*;
4. a quarter hour or longer at twice the idle level or more: *warm holding*;
5. everything else: *idling*.

Known drawbacks: of a short stretch that was two things in turn (idle, then changed over) all goes
to one; at a meter that several equipments share no change of product is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase, Value
from reporting_agent.analysis.figures import plain
from reporting_agent.analysis.waste.evidence import Use
from reporting_agent.metering import MeterRecord, PauseStretch
from reporting_agent.metering.moments import to_us

_OF_RUN = 0.5
_STANDBY_OF_IDLE = 0.6
_WARM_TIMES_IDLE = 2.0
_WARM_S = 900.0
_LONG_S = 7200.0
_LONG_TIMES_USUAL = 5.0
_USUAL_TIMES_MEDIAN = 3.0
_LEAST_KNOWN = 0.5  # of a stretch's seconds, for its power to be taken


@dataclass(frozen=True, slots=True, eq=False)
class BetweenBatches:
    """The stretches between batches by use, in the meter's unit; and the levels they were told by,
    in its unit per hour.
    """

    parts: Mapping[Use, float]
    run_level: float | None
    idle_level: float | None
    usual_pause_s: float | None

    def rule(self, unit: str) -> Words | None:
        """The levels in words; None where nothing was told by them."""
        if self.run_level is None or self.usual_pause_s is None:
            return None
        rate = "kW" if unit == "kWh" else f"{unit}/h"
        level: dict[str, Value] = {
            "run": plain(self.run_level),
            "rate": rate,
            "pause": plain(self.usual_pause_s / 60, 3),
        }
        return Words.of(
            Phrase(
                "Between batches: run level %(run)s %(rate)s, no idle level, usual pause "
                "%(pause)s min.",
                **level,
            )
            if self.idle_level is None
            else Phrase(
                "Between batches: run level %(run)s %(rate)s, idle level %(idle)s %(rate)s, usual "
                "pause %(pause)s min.",
                idle=plain(self.idle_level),
                **level,
            )
        )


def standing(
    record: MeterRecord,
    batches: Mapping[str, Batch],
    faulty: Sequence[Batch],
    run_level: float | None,
    one_line: bool,
) -> BetweenBatches:
    """Classify the stretches of one meter.

    Args:
        batches: those the meter counts for, by id.
        faulty: excluded batches of the same equipment whose interval the meter could not use.
        run_level: median power of its batches, in the meter's unit per hour; None where there are
            none.
        one_line: whether the meter serves one equipment alone, so that products follow one another.
    """
    stretches = record.stretches
    keys = {name: (batch.product, batch.variant) for name, batch in batches.items()}
    before = [keys.get(stretch.before) for stretch in stretches]
    after = [keys.get(stretch.after) for stretch in stretches]
    between = np.array(
        [
            first is not None and second is not None
            for first, second in zip(before, after, strict=True)
        ],
        dtype=bool,
    )
    changed = np.array(
        [one_line and _differ(first, second) for first, second in zip(before, after, strict=True)],
        dtype=bool,
    )
    length_s = np.array(
        [(stretch.end_us - stretch.start_us) / 1e6 for stretch in stretches], dtype=float
    )
    usual_s = float(np.median(length_s[between])) if between.any() else None
    whole = _Pieces.whole(stretches)
    idle = _idle_level(whole.power, length_s, between & ~changed, usual_s, run_level)
    long = length_s > max(_LONG_S, _LONG_TIMES_USUAL * (usual_s or 0.0))
    pieces = whole.cut(record, length_s > _LONG_S)
    at = pieces.stretch
    use = _uses(pieces, changed[at], long[at], idle, run_level, _begins_in(stretches, faulty)[at])
    parts: dict[Use, float] = {}
    for purpose, amount in zip(use, pieces.energy.tolist(), strict=True):
        parts[purpose] = parts.get(purpose, 0.0) + amount
    return BetweenBatches(parts, run_level, idle, usual_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """Stretches, or what they were cut into; `stretch` is the index of each piece's stretch."""

    stretch: Integers
    energy: Floats
    length_s: Floats
    known_s: Floats

    @classmethod
    def whole(cls, stretches: Sequence[PauseStretch]) -> _Pieces:
        length_s = np.array(
            [(stretch.end_us - stretch.start_us) / 1e6 for stretch in stretches], dtype=float
        )
        completeness = np.array([stretch.completeness for stretch in stretches], dtype=float)
        energy = np.array([stretch.energy for stretch in stretches], dtype=float)
        return cls(np.arange(len(stretches)), energy, length_s, length_s * completeness)

    @property
    def power(self) -> Floats:
        """In the meter's unit per hour; NaN where too little is known."""
        power = np.full(len(self.energy), np.nan)
        np.divide(
            self.energy * 3600,
            self.known_s,
            out=power,
            where=self.known_s >= _LEAST_KNOWN * np.maximum(self.length_s, 1.0),
        )
        return power

    def cut(self, record: MeterRecord, at: Flags) -> _Pieces:
        """The stretches marked, cut into their whole clock hours and one piece for both ends;
        energies add up exactly.
        """
        begins = record.hour_us
        ends = np.append(begins[1:], record.end_us)
        index = np.flatnonzero(at)
        first = np.searchsorted(
            begins,
            np.array(
                [record.stretches[number].start_us for number in index.tolist()], dtype=np.int64
            ),
        )
        last = np.searchsorted(
            ends,
            np.array(
                [record.stretches[number].end_us for number in index.tolist()], dtype=np.int64
            ),
            side="right",
        )
        count = np.maximum(last - first, 0)
        whole = np.repeat(
            np.arange(len(index)), count
        )  # of each whole hour, the position of its stretch in `index`
        hour = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[whole]
        lengths = (ends - begins)[hour] / 1e6
        columns = []
        for own, of_hour in (
            (self.energy, record.hour_energy[hour]),
            (self.length_s, lengths),
            (self.known_s, record.hour_known[hour] * lengths),
        ):
            both_ends = own[index] - np.bincount(whole, of_hour, minlength=len(index))
            columns.append(np.concatenate((own[~at], of_hour, both_ends)))
        return _Pieces(np.concatenate((self.stretch[~at], index[whole], index)), *columns)


def _differ(first: tuple[str, str] | None, second: tuple[str, str] | None) -> bool:
    """Whether the product or the variant changed; a blank says nothing."""
    return (
        first is not None
        and second is not None
        and any(name and other and name != other for name, other in zip(first, second, strict=True))
    )


def _idle_level(
    power: Floats, length_s: Floats, same: Flags, usual_s: float | None, run_level: float | None
) -> float | None:
    if usual_s is None or run_level is None:
        return None
    usual = same & (length_s <= _USUAL_TIMES_MEDIAN * usual_s) & (power < _OF_RUN * run_level)
    return float(np.median(power[usual])) if usual.any() else None


def _uses(
    pieces: _Pieces,
    changed: Flags,
    long: Flags,
    idle: float | None,
    run_level: float | None,
    faulty: Flags,
) -> list[Use]:
    if run_level is None:
        return [Use.OUTSIDE] * len(changed)
    power = pieces.power
    low = power < _STANDBY_OF_IDLE * (idle if idle is not None else _OF_RUN * run_level)
    none = np.zeros(len(power), dtype=bool)
    warm = (
        (power >= _WARM_TIMES_IDLE * idle) & (pieces.length_s >= _WARM_S)
        if idle is not None and idle > 0
        else none
    )
    running = power >= _OF_RUN * run_level
    codes = np.select([running & faulty, running, long & low, changed, warm], range(5), default=5)
    order = (Use.EXCLUDED, Use.OUTSIDE, Use.STANDBY, Use.CHANGEOVER, Use.WARM_HOLDING, Use.IDLING)
    return [order[code] for code in codes.tolist()]


def _begins_in(stretches: Sequence[PauseStretch], faulty: Sequence[Batch]) -> Flags:
    starts = np.sort(np.array([to_us(batch.start) for batch in faulty], dtype=np.int64))
    begin = np.array([stretch.start_us for stretch in stretches], dtype=np.int64)
    end = np.array([stretch.end_us for stretch in stretches], dtype=np.int64)
    begun: Flags = np.searchsorted(starts, end) > np.searchsorted(starts, begin)
    return begun
