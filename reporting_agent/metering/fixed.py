"""Exact sums: energy as whole numbers, so that neither order nor grouping can change the last digit.

A *step* is 2^-20 of the meter's unit, the digit that is kept. Sums are carried with 32 binary places more, in two
integers, whole steps and 2^-32 of a step, and are rounded to whole steps once, where a moment's sum is read off. Integer
sums are associative: blocks may be cut anywhere and cores may share the work.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

STEPS_PER_UNIT = float(2**20)
PLACES = float(2**32)  # of a step
MOST = float(2**42)  # units; a meter that counts 4e12 in one step of time has counted nonsense, and no integer would hold it


def split(energy: Floats) -> tuple[Integers, Integers]:
    """Whole steps (rounded down) and the rest in 2^-32 of a step; |energy| < `MOST`."""
    steps = energy * STEPS_PER_UNIT
    whole = np.floor(steps)
    return whole.astype(np.int64), np.rint((steps - whole) * PLACES).astype(np.int64)


def rounded(whole: Integers, rest: Integers) -> Integers:
    """The nearest whole number of steps, halves upwards."""
    return whole + ((rest + (1 << 31)) >> 32)


def units(steps: Integers) -> Floats:
    """Whole steps in the meter's unit: exact below 2^53 steps, 8 billion units."""
    in_units: Floats = steps / STEPS_PER_UNIT
    return in_units
