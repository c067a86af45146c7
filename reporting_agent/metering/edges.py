"""Where a meter sees its runs begin and end, against the log; how long its load rests within them;
the record of its runs.

Around a logged start, for a load that rises from p0 to p1 at s after it, the energy from X before
to X after is

    E = p0 (X + s) + p1 (X - s)        so that        s = (X (p0 + p1) - E) / (p1 - p0)

and likewise at an end. A clock ahead moves both the same way; a slow load moves them apart. Rests
before a run's end are looked for where the next start stands for an end: a slice rests whose power
is nearer to the lowest than to the usual highest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.clock_offsets import (
    FULLY_KNOWN,
    NOTHING_TOLD,
    Bins,
    FittedLags,
    search,
)
from reporting_agent.metering.curve import Curve
from reporting_agent.metering.moments import FEWEST_JOINED, SLICES, EdgeReach, joined, slices_of

Flags = NDArray[np.bool_]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST_RISE = 0.2  # of the running power: less is no edge
KNOWN = 0.999
PAUSES_NEAR = 41  # of which the usual power at rest is taken


@dataclass(frozen=True, slots=True)
class Edges:
    """Seconds by which the meter sees each start and each end later than the log; NaN where it
    shows none.
    """

    start_late_s: Floats
    end_late_s: Floats
    reach_s: Floats  # the farthest that either could be seen


def edges_seen(curve: Curve, reach: EdgeReach) -> Edges:
    """The edges of each run, from a curve that was asked for `reach.moments_us()` and the runs'
    own.
    """
    begin, until = reach.start_us + reach.at_start_us, reach.end_us - reach.at_end_us
    running = _power(curve, begin, until)
    pause = np.flatnonzero((reach.at_end_us[:-1] > 0) & (reach.at_start_us[1:] > 0))
    resting = _power(
        curve,
        (reach.end_us + reach.at_end_us)[pause],
        (reach.start_us - reach.at_start_us)[pause + 1],
    )
    if not len(resting) or not np.isfinite(resting).any():
        none = np.full(len(running), np.nan)
        return Edges(none, none, none)
    idle = _usual_near(resting, pause, len(running))
    rise = running - idle
    rise = np.where((rise != 0) & (np.abs(rise) >= LEAST_RISE * np.abs(running)), rise, np.nan)
    late: list[Floats] = []
    for middle_us, x_us, sign in (
        (reach.start_us, reach.at_start_us, 1.0),
        (reach.end_us, reach.at_end_us, -1.0),
    ):
        x_s = np.where(x_us > 0, x_us / 1e6, np.nan)
        around = _power(curve, middle_us - x_us, middle_us + x_us) * 2 * x_s
        late.append(sign * (x_s * (running + idle) - around) / rise)
    return Edges(late[0], late[1], np.maximum(reach.at_start_us, reach.at_end_us) / 1e6)


def _usual_near(resting: Floats, pause: Integers, count: int) -> Floats:
    """By run, the median of the power in the pauses next to it: a meter's level may change within
    the record.
    """
    finite = np.isfinite(resting)
    resting, pause = resting[finite], pause[finite]
    width = min(PAUSES_NEAR, len(resting))
    middle = np.median(np.lib.stride_tricks.sliding_window_view(resting, width), axis=1)
    near = np.searchsorted(pause, np.arange(count)) - width // 2
    return np.asarray(middle[np.clip(near, 0, len(middle) - 1)], dtype=np.float64)


def _power(curve: Curve, start_us: Integers, end_us: Integers) -> Floats:
    """Mean per second; NaN where it is not known throughout."""
    power = np.full(len(start_us), np.nan)
    lasting = np.flatnonzero(end_us > start_us)
    if len(lasting):
        energy, known_s = curve.over(start_us[lasting], end_us[lasting])
        length_s = (end_us[lasting] - start_us[lasting]) / 1e6
        power[lasting] = np.where(known_s >= KNOWN * length_s, energy / length_s, np.nan)
    return power


AT_WORK, AT_REST = 0.9, 0.1  # of a run's slices, and of all last slices: the usual power of either
LONG = 0.75  # of the rests: longer ones show what the line draws in them


@dataclass(frozen=True, slots=True, eq=False)
class RunEdges:
    """By run: whether its end is the next start, how long it rests at its beginning and its end,
    and the share of its energy drawn there.

    NaN where the readings do not show it.
    """

    joined: Flags
    first_s: Floats
    last_s: Floats
    # of the energy, in the rest at the end, at the lowest power that it or a long one shows
    share: Floats


def rests_seen(curve: Curve, start_us: Integers, end_us: Integers) -> RunEdges | None:
    """The rests within the runs; None where the log has pauses, or where the meter shows no lower
    power for any.
    """
    edges = slices_of(start_us, end_us).reshape(-1, SLICES + 1)
    if not len(edges):
        return None
    energy, known_s = curve.over(edges[:, :-1].ravel(), edges[:, 1:].ravel())
    length_s = np.diff(edges, axis=1) / 1e6
    energy, known_s = np.abs(energy).reshape(length_s.shape), known_s.reshape(length_s.shape)
    throughout_known = (
        (known_s >= KNOWN * length_s).all(axis=1)
        & (length_s > 0).all(axis=1)
        & (energy.sum(axis=1) > 0)
    )
    if throughout_known.sum() < FEWEST_JOINED:
        return None
    energy, length_s = energy[throughout_known], length_s[throughout_known]
    power = energy / length_s
    at_work = float(np.median(np.quantile(power, AT_WORK, axis=1)))
    at_rest = float(np.quantile(power[:, -1], AT_REST))
    if at_rest > (1 - LEAST_RISE) * at_work:
        return None
    rests = power < (at_work + at_rest) / 2
    first, last = (np.cumprod(flags, axis=1).astype(bool) for flags in (rests, rests[:, ::-1]))
    last = last[:, ::-1] & ~first  # what rests throughout has no end to find
    last_s = (last * length_s).sum(axis=1)
    idle = np.where(last, power, np.inf).min(axis=1, initial=at_work)
    idle = np.minimum(
        idle, np.median(idle[last_s >= np.quantile(last_s, LONG)])
    )  # a short one may share its readings with runs
    of_known = ((first * length_s).sum(axis=1), last_s, last_s * idle / energy.sum(axis=1))
    of_all = [np.full(len(throughout_known), np.nan) for _ in of_known]
    for whole, own in zip(of_all, of_known, strict=True):
        whole[throughout_known] = own
    return RunEdges(joined(start_us, end_us), *of_all)


NOTHING = 0.05  # of the usual power of the runs


@dataclass(frozen=True, slots=True, eq=False)
class RunRecord:
    """The runs that a meter counts for, in order of start: half-open windows in UTC microseconds.

    `ids` are the batches' own, `energy` in the record's unit, `known` the share of its seconds,
    `silent` the share in whole stretches of the search (quarters of an hour) of which the meter
    shows next to nothing. `rests` are told of a log without pauses only.
    """

    ids: tuple[str, ...]
    start_us: Integers
    end_us: Integers
    energy: Floats
    known: Floats
    edges: Edges
    lags: FittedLags
    silent: Floats
    rests: RunEdges | None

    def __len__(self) -> int:
        return len(self.start_us)


def of_runs(
    curve: Curve, start_us: Integers, end_us: Integers, ids: Sequence[str], bin_edges_us: Integers
) -> RunRecord:
    """The runs along one curve that was asked for the edges of `Reach.of` them, for `slices_of`
    them and for `bin_edges_us`.
    """
    energy, known_s = curve.over(start_us, end_us)
    length_s = (end_us - start_us) / 1e6
    offsets, silent = NOTHING_TOLD, np.zeros(len(start_us))
    if len(bin_edges_us) > 1:
        in_bins, known_in_bins_s = curve.over(bin_edges_us[:-1], bin_edges_us[1:])
        bins = Bins(
            bin_edges_us, in_bins, known_in_bins_s * 1e6 / (bin_edges_us[1] - bin_edges_us[0])
        )
        offsets = search(bins, start_us, end_us)
        silent = _silent(bins, start_us, end_us, np.abs(energy) / length_s) / length_s
    return RunRecord(
        tuple(ids),
        start_us,
        end_us,
        energy,
        np.minimum(known_s / length_s, 1.0),
        edges_seen(curve, EdgeReach.of(start_us, end_us)),
        offsets,
        silent,
        rests_seen(curve, start_us, end_us),
    )


def _silent(bins: Bins, start_us: Integers, end_us: Integers, power: Floats) -> Floats:
    """Seconds of each run in stretches of which less than `NOTHING` of the usual power is known."""
    width_s = float(bins.edge_us[1] - bins.edge_us[0]) / 1e6
    nothing = (bins.known >= FULLY_KNOWN) & (
        np.abs(bins.energy) < NOTHING * width_s * float(np.median(power))
    )
    until_s = np.concatenate(([0.0], np.cumsum(nothing * width_s)))
    first = np.searchsorted(bins.edge_us, start_us)
    last = np.maximum(np.searchsorted(bins.edge_us, end_us, side="right") - 1, first)
    silent: Floats = until_s[last] - until_s[first]
    return silent
