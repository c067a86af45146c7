"""Output that is booked a day late or early, as energy goes with the next run; and pauses that the
log counts to its runs.

**Output booked late or early** is looked for only in runs of one length (days, shifts, hours),
whose tonnes compare as their energy does; of heats each is much like the next.

**Pauses counted to runs**: every end is the next start, and the meter sees the load rest before it.
A line that ends its runs in a rest does so alike each time. What waits for the next run lasts as it
happens, and ends where that begins: rests are looked for that are longer than their product's usual
one, and a run after such a rest that begins at work. Runs of whole days have the line's rests
wherever they fall.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.lines import FEWEST_RUNS, MeterLine
from reporting_agent.metering.edges import RunEdges
from reporting_agent.metering.moments import SLICES

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

FARTHEST = 2  # runs
ONE_LENGTH = 0.05  # how far lengths of runs may differ, between their 5 % and 95 % quantiles
LEAST = 0.3  # of correlation
SIGMAS = 6.0  # by which the other runs' tonnes must fit better than the runs' own (Fisher's z)


def late_of_lines(lines: Sequence[MeterLine]) -> list[Change]:
    """One question a line, whatever meters tell it."""
    by_line: dict[tuple[str, ...], Change] = {}
    for line in lines:
        if (runs := _late(line)) is None:
            continue
        equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
        length_s = float(np.median((line.runs.end_us - line.runs.start_us)[line.chosen])) / 1e6
        causes = (ChangeCause.BOOKING, ChangeCause.CLOCK, ChangeCause.PROCESS)
        by_line.setdefault(
            (line.step, *equipment),
            Change(
                ChangeKind.BOOKED,
                line.step,
                (),
                equipment,
                None,
                None,
                runs * length_s,
                0.0,
                causes,
            ),
        )
    return list(by_line.values())


def _late(line: MeterLine) -> int | None:
    """By how many runs the tonnes stand late in the log; None where they stand where they were
    made, or nothing tells.
    """
    length = (line.runs.end_us - line.runs.start_us)[line.chosen]
    shortest, longest = np.quantile(length, [0.05, 0.95])
    if longest - shortest > ONE_LENGTH * longest:
        return None
    fits = {late: _fit(line, late) for late in range(-FARTHEST, FARTHEST + 1)}
    best = max(fits, key=lambda late: fits[late])
    better = np.arctanh(fits[best]) - np.arctanh(fits[0])
    return (
        best
        if best and fits[best] >= LEAST and better * np.sqrt(len(length) / 2) >= SIGMAS
        else None
    )


def _fit(line: MeterLine, late: int) -> float:
    """Correlation of power with the tonnes an hour that stand so many runs later, of runs that
    follow each other.
    """
    count = len(line.power)
    own, booked = (
        (slice(0, count - late), slice(late, count))
        if late >= 0
        else (slice(-late, count), slice(0, count + late))
    )
    start, length = (
        line.runs.start_us[line.chosen],
        float(np.median((line.runs.end_us - line.runs.start_us)[line.chosen])),
    )
    apart = (start[booked] - start[own]) / length
    following = (
        np.isfinite(line.power[own]) & np.isfinite(line.rate[booked]) & (np.abs(apart - late) < 0.5)
    )
    power, rate = line.power[own][following], line.rate[booked][following]
    if following.sum() < FEWEST_RUNS or np.std(power) == 0 or np.std(rate) == 0:
        return 0.0
    return float(np.clip(np.corrcoef(power, rate)[0, 1], -0.999, 0.999))


LEAST_PAUSES = 0.002  # of the line's energy that its runs' pauses must hold
LONGER = 1.5  # times the usual rest of the product
MORE = 0.05  # of the usual run by which it must be longer as well
STEPS = 1.5  # of the meter's readings, in which a rest is no clearer
FEWEST = 12  # runs with such a rest
LEAST_OFTEN = 0.02
MOST_AT_REST = 0.2  # of the runs after them that may begin at rest
DAY_S = 82_800  # the shortest, in spring


def pauses_of_lines(lines: Sequence[MeterLine]) -> list[Change]:
    """One question a line, by the meter that shows most of it."""
    by_line: dict[tuple[str, ...], Change] = {}
    for line in lines:
        if (share := _share(line)) is None:
            continue
        equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
        change = Change(
            ChangeKind.PAUSES,
            line.step,
            (),
            equipment,
            None,
            None,
            share,
            0.0,
            (ChangeCause.ENDS, ChangeCause.PROCESS),
        )
        key = (line.step, *equipment)
        by_line[key] = max(by_line.get(key, change), change, key=lambda candidate: candidate.size)
    return list(by_line.values())


def _share(line: MeterLine) -> float | None:
    """Of the runs' energy, what is drawn in pauses that are none of theirs; None where none are
    seen.
    """
    rests = line.runs.rests
    length_s = (line.runs.end_us - line.runs.start_us)[line.chosen] / 1e6
    if rests is None or _by_the_day(length_s):
        return None
    own = line.chosen[rests.joined[line.chosen] & np.isfinite(rests.last_s[line.chosen])]
    long = own[_long(line, rests, own, float(np.median(length_s)))]
    if len(long) < max(FEWEST, LEAST_OFTEN * len(own)):
        return None
    usual_s = float(np.nanmedian(rests.first_s[line.chosen]))
    after = rests.first_s[
        np.intersect1d(long + 1, line.chosen)
    ]  # not where a state of the line follows
    if np.sum(after > usual_s + _clear_s(line, length_s)) > MOST_AT_REST * len(after):
        return None
    drawn = np.abs(line.runs.energy[own])
    share = float((rests.share[own] * drawn).sum() / drawn.sum())
    return share if share >= LEAST_PAUSES else None


def _long(line: MeterLine, rests: RunEdges, own: NDArray[np.int64], usual_run_s: float) -> Flags:
    """Which of these runs rest longer than others of their product."""
    name = dict(
        zip(
            line.chosen.tolist(),
            (f"{batch.product}/{batch.variant}" for batch in line.batches),
            strict=True,
        )
    )
    product = np.array([name[at] for at in own.tolist()])
    last_s = rests.last_s[own]
    usual_s = np.zeros(len(own))
    for code in np.unique(product).tolist():
        usual_s[product == code] = np.median(last_s[product == code])
    more_s = max(MORE * usual_run_s, STEPS * (line.record.facts.usual_step_s or 0.0))
    longer: Flags = (last_s >= LONGER * usual_s) & (last_s - usual_s >= more_s)
    return longer


def _clear_s(line: MeterLine, length_s: Floats) -> float:
    """From which on a rest at a beginning is one, and not the slice or the reading that the start
    falls into.
    """
    return max(
        1.5 * float(np.median(length_s)) / SLICES, STEPS * (line.record.facts.usual_step_s or 0.0)
    )


def _by_the_day(length_s: Floats) -> bool:
    shortest, longest = np.quantile(length_s, [0.05, 0.95])
    return bool(shortest >= DAY_S and longest - shortest <= ONE_LENGTH * longest)
