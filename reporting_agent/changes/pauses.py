"""Pauses that the log counts to its runs: every end is the next start, and the meter sees the load rest before it.

A line that ends its runs in a rest does so alike each time. What waits for the next run lasts as it happens, and ends where that begins:
rests are looked for that are longer than their product's usual one, and a run after such a rest that begins at work. Runs of whole
days have the line's rests wherever they fall.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes.change import Cause, Change, Kind
from reporting_agent.changes.lines import Line
from reporting_agent.metering.rests import SLICES, Rests

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

LEAST = 0.002  # of the line's energy that its runs' pauses must hold
LONGER = 1.5  # times the usual rest of the product
MORE = 0.05  # of the usual run by which it must be longer as well
STEPS = 1.5  # of the meter's readings, in which a rest is no clearer
FEWEST = 12  # runs with such a rest
LEAST_OFTEN = 0.02
MOST_AT_REST = 0.2  # of the runs after them that may begin at rest
DAY_S = 82_800  # the shortest, in spring
ONE_LENGTH = 0.05  # how far lengths of days may differ, between their 5 % and 95 % quantiles


def of_lines(lines: Sequence[Line]) -> list[Change]:
    """One question a line, by the meter that shows most of it."""
    found: dict[tuple[str, ...], Change] = {}
    for line in lines:
        if (share := _share(line)) is None:
            continue
        equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
        change = Change(Kind.PAUSES, line.step, (), equipment, None, None, share, 0.0, (Cause.ENDS, Cause.PROCESS))
        key = (line.step, *equipment)
        found[key] = max(found.get(key, change), change, key=lambda one: one.size)
    return list(found.values())


def _share(line: Line) -> float | None:
    """Of the runs' energy, what is drawn in pauses that are none of theirs; None where none are seen."""
    rests = line.runs.rests
    length_s = (line.runs.end_us - line.runs.start_us)[line.chosen] / 1e6
    if rests is None or _by_the_day(length_s):
        return None
    own = line.chosen[rests.joined[line.chosen] & np.isfinite(rests.last_s[line.chosen])]
    long = own[_long(line, rests, own, float(np.median(length_s)))]
    if len(long) < max(FEWEST, LEAST_OFTEN * len(own)):
        return None
    usual_s = float(np.nanmedian(rests.first_s[line.chosen]))
    after = rests.first_s[np.intersect1d(long + 1, line.chosen)]  # not where a state of the line follows
    if np.sum(after > usual_s + _clear_s(line, length_s)) > MOST_AT_REST * len(after):
        return None
    drawn = np.abs(line.runs.energy[own])
    share = float((rests.share[own] * drawn).sum() / drawn.sum())
    return share if share >= LEAST else None


def _long(line: Line, rests: Rests, own: NDArray[np.int64], usual_run_s: float) -> Flags:
    """Which of these runs rest longer than others of their product."""
    name = dict(zip(line.chosen.tolist(), (f"{one.product}/{one.variant}" for one in line.batches), strict=True))
    product = np.array([name[at] for at in own.tolist()])
    last_s = rests.last_s[own]
    usual_s = np.zeros(len(own))
    for one in np.unique(product).tolist():
        usual_s[product == one] = np.median(last_s[product == one])
    more_s = max(MORE * usual_run_s, STEPS * (line.record.facts.usual_step_s or 0.0))
    longer: Flags = (last_s >= LONGER * usual_s) & (last_s - usual_s >= more_s)
    return longer


def _clear_s(line: Line, length_s: Floats) -> float:
    """From which on a rest at a beginning is one, and not the slice or the reading that the start falls into."""
    return max(1.5 * float(np.median(length_s)) / SLICES, STEPS * (line.record.facts.usual_step_s or 0.0))


def _by_the_day(length_s: Floats) -> bool:
    shortest, longest = np.quantile(length_s, [0.05, 0.95])
    return bool(shortest >= DAY_S and longest - shortest <= ONE_LENGTH * longest)
