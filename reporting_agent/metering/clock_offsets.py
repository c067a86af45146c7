"""How far a meter's clock stands from the log's, by its load: least squares in pieces of some
weeks, and correlation within half a day.

With G(t) the batches' running time until t, weighted by the load of each, the energy of [h, k) on a
meter that is ahead by s is, but for a base load,

    E = a + b (G(k - s) - G(h - s))

and s has the standard error of the sum of squares' curvature. Part by part, energy of equal
stretches is correlated with running time at every lag (FFT: Wiener-Khinchin); finer is `edges`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.segments import Columns

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

HOUR_US = 3_600_000_000
DAY_S = 86_400.0

FEWEST_BATCHES = 20  # in a piece
SHORTEST_PIECE_S = 7 * DAY_S
MOST_PIECES = 53
FULLY_KNOWN = 0.999  # stretches of which less is known tell nothing
LONG_BATCH_S = 6 * 3600.0  # from here on each batch holds whole hours that tell its own load
REACH_S = 7200.0  # shifts looked at on either side
GRID_S = 300.0  # between them: a third of the shortest stretches
LEAST_CHANGE = 0.01  # of a stretch: running times that differ by less show no edges
# share of the variance between stretches that a shift must explain more than none does, to be
# believed at all
LEAST_GAIN = 0.02
APART_S = 900.0  # another shift that far off must explain the piece clearly worse
FINEST_S = 10.0  # standard error below which the grid, not the noise, decides
SURE_S = 600.0  # a piece that tells the shift worse than that is not asked
FEWEST_PIECES = 4
SIGMAS = 5.0  # of its standard error


@dataclass(frozen=True, slots=True)
class Bins:
    """Stretches of equal length: their edges (one more than stretches), one meter's energy in each
    and the share of it that is known.
    """

    edge_us: Integers
    energy: Floats
    known: Floats


@dataclass(frozen=True, slots=True)
class ShiftPieces(Columns):
    """The shift told by each piece of the record that tells one, with its standard error."""

    middle_us: Floats
    first_us: Integers
    last_us: Integers
    shift_s: Floats
    error_s: Floats


NO_PIECES = ShiftPieces(
    *(np.zeros(0, dtype=kind) for kind in (float, np.int64, np.int64, float, float))
)


def offsets_by_piece(bins: Bins, start_us: Integers, end_us: Integers) -> ShiftPieces:
    """The shift of each piece of the record that tells one."""
    bounds_us = _piece_bounds(start_us, end_us)
    if len(bounds_us) <= FEWEST_PIECES:
        return NO_PIECES
    knots_us, running = _running(bins, start_us, end_us)
    piece = np.searchsorted(bounds_us, bins.edge_us[:-1], side="right") - 1
    usable = np.flatnonzero(
        (piece >= 0) & (piece < len(bounds_us) - 1) & (bins.known >= FULLY_KNOWN)
    )
    piece, energy = piece[usable], bins.energy[usable]

    ran = np.diff(np.interp(bins.edge_us, knots_us, running))[usable]
    width_s = (bins.edge_us[1] - bins.edge_us[0]) / 1e6
    if not len(ran) or float(np.subtract(*np.quantile(ran, [0.98, 0.02]))) < LEAST_CHANGE * width_s:
        return NO_PIECES  # batches without a pause between them, all alike

    line = _Line(energy, piece, len(bounds_us) - 1)

    def left(shift_s: float) -> Floats:
        return line.left_over(
            np.diff(np.interp(bins.edge_us - shift_s * 1e6, knots_us, running))[usable]
        )

    shifts = np.array([-GRID_S, 0.0, GRID_S])
    squares = np.array([left(shift) for shift in shifts.tolist()])
    if not (
        squares[1] < squares[[0, 2]].min(axis=0)
    ).all():  # the rule: every piece is best explained by none
        shifts = np.arange(-REACH_S, REACH_S + GRID_S / 2, GRID_S)
        squares = np.array([left(shift) for shift in shifts.tolist()])
    count = np.bincount(piece, minlength=len(bounds_us) - 1)
    return _least(shifts, squares, line.whole, count, bounds_us)


def _piece_bounds(start_us: Integers, end_us: Integers) -> Integers:
    """Edges of pieces of equal length, each long enough and with enough batches."""
    if len(start_us) < FEWEST_PIECES * FEWEST_BATCHES:
        return np.zeros(0, dtype=np.int64)
    first_us, last_us = int(start_us[0]), int(end_us.max())
    span_s = (last_us - first_us) / 1e6
    pieces = min(int(span_s // SHORTEST_PIECE_S), len(start_us) // FEWEST_BATCHES, MOST_PIECES)
    return np.linspace(first_us, last_us, pieces + 1).astype(np.int64)


def _running(bins: Bins, start_us: Integers, end_us: Integers) -> tuple[Integers, Floats]:
    """G at every moment at which a batch begins or ends: seconds of running, each batch weighted by
    its load.
    """
    weight = _loads(bins, start_us, end_us)
    moments = np.concatenate((start_us, end_us))
    order = np.argsort(moments, kind="stable")
    knots = moments[order]
    level = np.cumsum(np.concatenate((weight, -weight))[order])
    running = np.concatenate(([0.0], np.cumsum(level[:-1] * np.diff(knots) / 1e6)))
    return knots, running


def _loads(bins: Bins, start_us: Integers, end_us: Integers) -> Floats:
    """The load of each batch, around 1. Short batches are taken as alike; a long one tells its own
    in its inner bins.
    """
    alike = np.ones(len(start_us))
    if np.median(end_us - start_us) < LONG_BATCH_S * 1e6 or (start_us[1:] < end_us[:-1]).any():
        return alike
    margin_us = round(REACH_S * 1e6)
    first = np.searchsorted(bins.edge_us, start_us + margin_us)
    last = np.maximum(np.searchsorted(bins.edge_us, end_us - margin_us, side="right") - 1, first)
    energy = np.concatenate(([0.0], np.cumsum(bins.energy)))
    known_bins = np.concatenate(([0.0], np.cumsum(bins.known)))
    top = len(bins.energy)
    first, last = np.minimum(first, top), np.minimum(last, top)
    inner, of_them = energy[last] - energy[first], known_bins[last] - known_bins[first]
    load = np.divide(inner, of_them, out=np.full(len(alike), np.nan), where=of_them >= 1)
    usual = float(np.nanmedian(load)) if np.isfinite(load).any() else 0.0
    return np.where(np.isfinite(load), load, usual) / usual if usual > 0 else alike


class _Line:
    """A line on a template, fitted to the energies of each piece by itself."""

    def __init__(self, energy: Floats, piece: Integers, pieces: int) -> None:
        self._piece, self._pieces = piece, pieces
        self._count = np.maximum(np.bincount(piece, minlength=pieces), 1)
        self._energy = self._centred(energy)
        self.whole = self._summed(self._energy * self._energy)
        """Sum of squares of each piece's energies about their mean."""

    def left_over(self, template: Floats) -> Floats:
        """Sum of squares that a line on the template leaves of each piece's energies."""
        x = self._centred(template)
        xx, xy = self._summed(x * x), self._summed(x * self._energy)
        explained = np.divide(
            xy**2, xx, out=np.zeros(self._pieces), where=(xx > 1e-9) & (xy > 0)
        )  # running takes energy, it gives none
        left: Floats = self.whole - explained
        return left

    def _centred(self, values: Floats) -> Floats:
        inside: Floats = values - (self._summed(values) / self._count)[self._piece]
        return inside

    def _summed(self, values: Floats) -> Floats:
        total: Floats = np.bincount(self._piece, values, minlength=self._pieces).astype(
            np.float64, copy=False
        )
        return total


def _least(
    shifts: Floats, squares: Floats, whole: Floats, count: Integers, bounds_us: Integers
) -> ShiftPieces:
    """The shift of least squares of each piece, by a parabola through the three around it, where it
    is told at all.
    """
    best = np.argmin(squares, axis=0)
    inside = (best > 0) & (best < len(shifts) - 1)
    at = np.clip(best, 1, len(shifts) - 2)
    each = np.arange(squares.shape[1])
    before, here, after = squares[at - 1, each], squares[at, each], squares[at + 1, each]
    bend = before - 2 * here + after
    curved = inside & (bend > 0)
    step = np.divide(before - after, 2 * bend, out=np.zeros(len(at)), where=curved)
    variance = np.maximum(here, 0.0) / np.maximum(count - 4, 1)  # rounding leaves a hair below 0
    error = GRID_S * np.sqrt(
        np.divide(2 * variance, bend, out=np.full(len(at), np.inf), where=curved)
    )
    shift = shifts[at] + step * GRID_S
    elsewhere = np.where(np.abs(shifts[:, None] - shift) > APART_S, squares, np.inf).min(axis=0)
    clear = (
        curved
        & (count > 4)
        & (whole - here > LEAST_GAIN * whole)
        & (error < SURE_S)
        & (elsewhere - here > SIGMAS**2 * variance)
    )
    middle = (bounds_us[:-1] + bounds_us[1:]) / 2
    return ShiftPieces(
        middle[clear],
        bounds_us[:-1][clear],
        bounds_us[1:][clear],
        shift[clear],
        np.maximum(error[clear], FINEST_S),
    )


FARTHEST_S = 14 * 3600.0 + 900
BIN_US = 900_000_000
PART_S = 28 * 86_400.0
FEWEST_RUNS = 20  # in a part
LEAST_RESEMBLANCE = 0.3  # correlation at the best lag: below, the load tells nothing of the runs
LEAST_CHANGING = 0.05  # standard deviation of the share that runs take of a stretch


@dataclass(frozen=True, slots=True, eq=False)
class FittedLags:
    """Parts of the record with the lag that fits best, seconds ahead, and how well it and no lag
    fit (correlations).
    """

    first_us: Integers
    last_us: Integers
    ahead_s: Floats
    resembles: Floats
    resembles_unshifted: Floats
    runs: Integers

    @property
    def shifted(self) -> NDArray[np.bool_]:
        """The parts whose lag beats none by more than chance (Fisher's z of as many runs)."""
        better = np.arctanh(np.clip(self.resembles, -0.999, 0.999)) - np.arctanh(
            np.clip(self.resembles_unshifted, -0.999, 0.999)
        )
        significant: NDArray[np.bool_] = better > SIGMAS / np.sqrt(np.maximum(self.runs, 1))
        return significant & (self.resembles >= LEAST_RESEMBLANCE)


NOTHING_TOLD = FittedLags(
    *(np.zeros(0, dtype=kind) for kind in (np.int64, np.int64, float, float, float, np.int64))
)


def search(bins: Bins, start_us: Integers, end_us: Integers) -> FittedLags:
    """The best lag of every part; runs in order of start."""
    width_us = int(bins.edge_us[1] - bins.edge_us[0])
    running = running_share(bins.edge_us, start_us, end_us)
    per_part = max(int(PART_S * 1e6 // width_us), 1)
    count = len(running)
    parts = max(count // per_part, 1)
    bounds = np.linspace(0, count, parts + 1).astype(int)
    most = int(FARTHEST_S * 1e6 // width_us)
    lags = []
    for first, last in itertools.pairwise(bounds):
        begins, ends = bins.edge_us[first], bins.edge_us[last]
        runs = int(np.count_nonzero((start_us >= begins) & (start_us < ends)))
        well_known = bins.known[first:last] >= FULLY_KNOWN
        if (
            runs < FEWEST_RUNS
            or well_known.sum() < per_part / 4
            or running[first:last].std() < LEAST_CHANGING
        ):
            continue
        correlation = _correlations(
            np.where(well_known, bins.energy[first:last], np.nan), running[first:last], most
        )
        at = int(np.argmax(correlation))
        lag = _between(correlation, at) - most if 0 < at < 2 * most else at - most
        lags.append((begins, ends, lag * width_us / 1e6, correlation[at], correlation[most], runs))
    if not lags:
        return NOTHING_TOLD
    first_us, last_us, ahead, best, unshifted, counted = (
        np.array(column) for column in zip(*lags, strict=True)
    )
    return FittedLags(first_us, last_us, ahead, best, unshifted, counted)


def running_share(edge_us: Integers, start_us: Integers, end_us: Integers) -> Floats:
    """Of each stretch, the share of its time that runs took; more than 1 where they overlap."""
    knots, turn = (
        np.concatenate((start_us, end_us)),
        np.concatenate((np.ones(len(start_us)), -np.ones(len(end_us)))),
    )
    order = np.argsort(knots, kind="stable")
    knots, at_work = knots[order], np.cumsum(turn[order])
    until = np.concatenate(([0.0], np.cumsum(np.diff(knots) * at_work[:-1])))
    share: Floats = np.diff(np.interp(edge_us, knots, until)) / (edge_us[1] - edge_us[0])
    return share


def _correlations(energy: Floats, running: Floats, most: int) -> Floats:
    """Of the energy at t + lag with the running at t, for lags from -most to most; unknown
    stretches are taken at the mean.
    """
    load = np.nan_to_num(energy - np.nanmean(energy))
    ran = running - running.mean()
    size = 1 << (len(load) + most).bit_length()
    product = np.fft.irfft(np.fft.rfft(load, size) * np.conj(np.fft.rfft(ran, size)), size)
    lags = np.concatenate((product[-most:], product[: most + 1]))
    scale = float(np.sqrt((load**2).sum() * (ran**2).sum()))
    correlation: Floats = lags / scale if scale > 0 else np.zeros(len(lags))
    return correlation


def _between(correlation: Floats, at: int) -> float:
    """The top of the parabola through the best lag and its neighbours."""
    before, best, after = correlation[at - 1 : at + 2]
    bend = before - 2 * best + after
    return at + (0.5 * (before - after) / bend if bend < 0 else 0.0)
