"""The shift of a meter's clock within half a day either way, told by when its load rises and falls: part by part of its record.

The energy of equal stretches is correlated with the time that runs took of each, at every lag (by FFT: Wiener-Khinchin). The best
lag beats none by more than chance only where the clock is off. Finer than a stretch is `edges`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.shifts import FULLY_KNOWN, Bins

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

FARTHEST_S = 14 * 3600.0 + 900
BIN_US = 900_000_000
PART_S = 28 * 86_400.0
FEWEST_RUNS = 20  # in a part
LEAST_RESEMBLANCE = 0.3  # correlation at the best lag: below, the load tells nothing of the runs
SIGMAS = 5.0
LEAST_CHANGING = 0.05  # standard deviation of the share that runs take of a stretch


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Parts of the record with the lag that fits best, seconds ahead, and how well it and no lag fit (correlations)."""

    first_us: Integers
    last_us: Integers
    ahead_s: Floats
    resembles: Floats
    resembles_unshifted: Floats
    runs: Integers

    @classmethod
    def nothing(cls) -> Told:
        none = np.zeros(0)
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), none, none, none, np.zeros(0, np.int64))

    @property
    def shifted(self) -> NDArray[np.bool_]:
        """The parts whose lag beats none by more than chance (Fisher's z of as many runs)."""
        better = np.arctanh(np.clip(self.resembles, -0.999, 0.999)) - np.arctanh(np.clip(self.resembles_unshifted, -0.999, 0.999))
        found: NDArray[np.bool_] = better > SIGMAS / np.sqrt(np.maximum(self.runs, 1))
        return found & (self.resembles >= LEAST_RESEMBLANCE)


def bins_of(start_us: Integers, end_us: Integers) -> Integers:
    """Edges of the stretches that `search` asks for: a quarter of an hour each."""
    if len(start_us) < FEWEST_RUNS:
        return np.zeros(0, dtype=np.int64)
    around = round(FARTHEST_S * 1e6)
    first, last = (int(start_us.min()) - around) // BIN_US, (int(end_us.max()) + around) // BIN_US + 1
    return np.arange(first, last + 1, dtype=np.int64) * BIN_US


def search(bins: Bins, start_us: Integers, end_us: Integers) -> Told:
    """The best lag of every part; runs in order of start."""
    width_us = int(bins.edge_us[1] - bins.edge_us[0])
    running = running_share(bins.edge_us, start_us, end_us)
    per_part = max(int(PART_S * 1e6 // width_us), 1)
    count = len(running)
    parts = max(count // per_part, 1)
    bounds = np.linspace(0, count, parts + 1).astype(int)
    most = int(FARTHEST_S * 1e6 // width_us)
    found = []
    for first, last in itertools.pairwise(bounds):
        begins, ends = bins.edge_us[first], bins.edge_us[last]
        runs = int(np.count_nonzero((start_us >= begins) & (start_us < ends)))
        known = bins.known[first:last] >= FULLY_KNOWN
        if runs < FEWEST_RUNS or known.sum() < per_part / 4 or running[first:last].std() < LEAST_CHANGING:
            continue
        correlation = _correlations(np.where(known, bins.energy[first:last], np.nan), running[first:last], most)
        at = int(np.argmax(correlation))
        lag = _between(correlation, at) - most if 0 < at < 2 * most else at - most
        found.append((begins, ends, lag * width_us / 1e6, correlation[at], correlation[most], runs))
    if not found:
        return Told.nothing()
    first_us, last_us, ahead, best, unshifted, counted = (np.array(column) for column in zip(*found, strict=True))
    return Told(first_us, last_us, ahead, best, unshifted, counted)


def running_share(edge_us: Integers, start_us: Integers, end_us: Integers) -> Floats:
    """Of each stretch, the share of its time that runs took; more than 1 where they overlap."""
    knots, turn = np.concatenate((start_us, end_us)), np.concatenate((np.ones(len(start_us)), -np.ones(len(end_us))))
    order = np.argsort(knots, kind="stable")
    knots, at_work = knots[order], np.cumsum(turn[order])
    until = np.concatenate(([0.0], np.cumsum(np.diff(knots) * at_work[:-1])))
    share: Floats = np.diff(np.interp(edge_us, knots, until)) / (edge_us[1] - edge_us[0])
    return share


def _correlations(energy: Floats, running: Floats, most: int) -> Floats:
    """Of the energy at t + lag with the running at t, for lags from -most to most; unknown stretches are taken at the mean."""
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
