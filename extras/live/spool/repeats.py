"""Which readings of what arrived are new: a repeat is dropped, and one that comes again with
another value is counted as contradicted.

A reading is known by meter, source time and source's number: by memory where it is among the latest
of its meter, else by a look on the disk. Of two values the first stays; one with a number of its
own is new, and `corrected` says which of them counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extras.live.spool.corrected import Counting, bits, noted
from extras.live.spool.lookup import Found, looked_up
from extras.live.spool.meter_state import Key, MeterState
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row


@dataclass(frozen=True, slots=True)
class ArrivalOutcome:
    """What became of what arrived together."""

    new: int
    repeated: int
    contradicted: int
    late: Sequence[Reading]  # new ones that are older than one that was there
    readings: Sequence[Reading] = ()  # the new ones
    rows: Sequence[Row] = ()  # with those that say what counts
    corrected: Sequence[Reading] = ()  # new ones at whose moment another value was there


def sorted_out(
    readings: Sequence[Reading], meters: Mapping[str, MeterState], folder: Path
) -> tuple[ArrivalOutcome, Sequence[Row]]:
    """What is new in order of arrival and what became of the rest; and rows that say what counts
    where values differ.
    """
    met: dict[tuple[str, Key], float] = {}
    repeated = contradicted = 0
    unsure: list[Reading] = []
    for incoming in readings:
        key = (incoming.time_us, incoming.sequence)
        meter = meters.get(incoming.meter)
        first = met.get((incoming.meter, key))
        if first is None and meter is not None:
            first = meter.latest.get(key)
        if first is not None:
            repeated += 1
            contradicted += bits(first) != bits(incoming.value)
            continue
        met[incoming.meter, key] = incoming.value
        if meter is not None and meter.may_hold(key):
            unsure.append(incoming)
    saved = looked_up(folder, unsure) if unsure else {}
    late: list[Reading] = []
    for reading in unsure:
        if (value := saved[reading.meter, reading.time_us].get(reading.sequence)) is not None:
            repeated += 1
            contradicted += bits(value) != bits(reading.value)
            del met[reading.meter, (reading.time_us, reading.sequence)]
        elif (reading.time_us, reading.sequence) < meters[reading.meter].highest:
            late.append(reading)
    new = [
        arrived
        for arrived in readings
        if met.pop((arrived.meter, (arrived.time_us, arrived.sequence)), None) is not None
    ]
    again, rows = noted(new, lambda fresh: _counting(fresh, saved, meters))
    return ArrivalOutcome(len(new), repeated, contradicted, late, new, (), again), rows


def _counting(
    reading: Reading, on_disk: Found, meters: Mapping[str, MeterState]
) -> Counting | None:
    """What counts at a reading's moment, of what is on the disk."""
    if (by_sequence := on_disk.get((reading.meter, reading.time_us))) is not None:
        return max(by_sequence.items(), default=None)
    meter = meters.get(reading.meter)
    return None if meter is None else meter.counting(reading.time_us)
