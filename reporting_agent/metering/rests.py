"""How long the load of each run rests before its end, where the log leaves no pause between runs that would show it.

A log in which the next start stands for an end has the pauses inside its runs. Each run is cut into even slices; a slice rests whose power
is nearer to the lowest than to the usual highest of all runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.curve import Curve

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SLICES = 40
NO_PAUSE_US = 60_000_000  # an end that lies so near the next start is that start
LEAST_JOINED = 0.5  # of the runs
FEWEST_RUNS = 30
KNOWN = 0.999
AT_WORK, AT_REST = 0.9, 0.1  # of a run's slices, and of all last slices: the usual power of either
LONG = 0.75  # of the rests: longer ones show what the line draws in them
LEAST_RISE = 0.2  # of the power at work: less is no rest


@dataclass(frozen=True, slots=True, eq=False)
class Rests:
    """By run: whether its end is the next start, how long it rests at its beginning and its end, and the share of its energy drawn there.

    NaN where the readings do not show it.
    """

    joined: Flags
    first_s: Floats
    last_s: Floats
    share: Floats  # of the energy, in the rest at the end, at the lowest power that it or a long one shows


def joined(start_us: Integers, end_us: Integers) -> Flags:
    """Which runs, in order of start, end where the next one starts."""
    pause = start_us[1:] - end_us[:-1]
    return np.append((pause >= 0) & (pause <= NO_PAUSE_US), False)[: len(start_us)]


def moments_us(start_us: Integers, end_us: Integers) -> Integers:
    """What `seen` asks the curve for: nothing of a log that shows its pauses."""
    return _edges(start_us, end_us).ravel() if _looks(joined(start_us, end_us)) else np.zeros(0, dtype=np.int64)


def seen(curve: Curve, start_us: Integers, end_us: Integers) -> Rests | None:
    """The rests within the runs; None where the log has pauses, or where the meter shows no lower power for any."""
    ends_joined = joined(start_us, end_us)
    if not _looks(ends_joined):
        return None
    edges = _edges(start_us, end_us)
    energy, known_s = curve.over(edges[:, :-1].ravel(), edges[:, 1:].ravel())
    length_s = np.diff(edges, axis=1) / 1e6
    energy, known_s = np.abs(energy).reshape(length_s.shape), known_s.reshape(length_s.shape)
    known = (known_s >= KNOWN * length_s).all(axis=1) & (length_s > 0).all(axis=1) & (energy.sum(axis=1) > 0)
    if known.sum() < FEWEST_RUNS:
        return None
    energy, length_s = energy[known], length_s[known]
    power = energy / length_s
    at_work = float(np.median(np.quantile(power, AT_WORK, axis=1)))
    at_rest = float(np.quantile(power[:, -1], AT_REST))
    if at_rest > (1 - LEAST_RISE) * at_work:
        return None
    rests = power < (at_work + at_rest) / 2
    first, last = (np.cumprod(one, axis=1).astype(bool) for one in (rests, rests[:, ::-1]))
    last = last[:, ::-1] & ~first  # what rests throughout has no end to find
    last_s = (last * length_s).sum(axis=1)
    idle = np.where(last, power, np.inf).min(axis=1, initial=at_work)
    idle = np.minimum(idle, np.median(idle[last_s >= np.quantile(last_s, LONG)]))  # a short one may share its readings with runs
    told = ((first * length_s).sum(axis=1), last_s, last_s * idle / energy.sum(axis=1))
    found = [np.full(len(known), np.nan) for _ in told]
    for whole, own in zip(found, told, strict=True):
        whole[known] = own
    return Rests(ends_joined, *found)


def _looks(ends_joined: Flags) -> bool:
    return len(ends_joined) >= FEWEST_RUNS and float(ends_joined.mean()) >= LEAST_JOINED


def _edges(start_us: Integers, end_us: Integers) -> Integers:
    edges: Integers = start_us[:, None] + (end_us - start_us)[:, None] * np.arange(SLICES + 1) // SLICES
    return edges
