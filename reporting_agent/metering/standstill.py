"""Meters that stood still while the batches say that the equipment produced.

A register stands where nothing is drawn, and a rate stays at 0: that is rest, unless a batch was running. Within batches there is
rest as well (charging, tapping, a short stop), and it comes again in every batch. A standstill is told where it covers
more of the batches' time than rest ever does on this meter, and where the batches should have drawn in it many times the
smallest step that the meter shows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.standing import Runs

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LOW = 0.2  # of the usual load in batches: a rate or interval that stands higher is loaded, whatever it hides
TIMES_REST = 3.0  # how much longer than rest within batches usually is
REST = 0.9  # "usually": this quantile of the standstills within batches
FEWEST_RESTS = 10  # fewer standstills within batches are no habit
QUANTA = 10.0  # smallest steps of the meter that the batches should have drawn meanwhile
LEAST_SHARE, LEAST_S = 0.8, 4 * 3600.0  # of a usual batch, at most four hours: a short stop within a batch is nobody's fault


def within_batches(first_us: Integers, last_us: Integers, start_us: Integers, end_us: Integers) -> Floats:
    """Seconds of each stretch in which a batch ran. Batches in order of start; where some overlap, their union counts."""
    latest_us = np.maximum.accumulate(end_us)
    opens = np.concatenate(([True], start_us[1:] > latest_us[:-1]))
    begins, ends = start_us[opens], latest_us[np.concatenate((np.flatnonzero(opens)[1:] - 1, [len(start_us) - 1]))]
    knots = np.column_stack((begins, ends)).ravel()
    running = np.concatenate(([0.0], np.cumsum(np.where(np.arange(len(knots) - 1) % 2 == 0, np.diff(knots), 0))))
    seconds: Floats = (np.interp(last_us, knots, running) - np.interp(first_us, knots, running)) / 1e6
    return seconds


def standstills(runs: Runs, register: bool, start_us: Integers, end_us: Integers, energy: Floats, quantum: float) -> Flags:
    """Which runs are no rest.

    Args:
        start_us, end_us, energy: of the batches in order of start; energy in the meter's unit, NaN where it is not known.
        quantum: smallest step of the meter's values.
    """
    none = np.zeros(len(runs), dtype=bool)
    length_s = (end_us - start_us) / 1e6
    known = np.isfinite(energy) & (energy > 0)
    if not len(runs) or not known.any():
        return none
    load = float(np.median(energy[known] / length_s[known]))  # a second
    at_rest: Flags = none | True if register else runs.value <= LOW * load * 3600
    inside_s = np.where(at_rest, within_batches(runs.first_us, runs.last_us, start_us, end_us), 0.0)
    lost = load * inside_s
    least_s = min(LEAST_SHARE * float(np.median(length_s[known])), LEAST_S)
    candidate = (lost > QUANTA * quantum) & (inside_s >= least_s)
    if not candidate.any():
        return none
    rests = inside_s[inside_s > 0]
    usual = float(np.quantile(rests, REST)) if len(rests) >= FEWEST_RESTS else 0.0
    found: Flags = candidate & (inside_s > TIMES_REST * usual)
    return found
