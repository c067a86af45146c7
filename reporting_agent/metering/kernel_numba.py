"""The kernel compiled by numba; see `kernel`. Never imported unless it is worth its start.

Compiled once a machine and kept beside the module (or where NUMBA_CACHE_DIR says). The loops let other threads run. Fast mathematics
stays off. Smallest and largest are found among whole numbers that are in the same order as the doubles they are the bits of
(IEEE 754, 5.10: the bits as sign and magnitude): those the compiler takes eight at a time, comparisons of doubles it does not.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from reporting_agent.metering.fixed import MOST, PLACES, STEPS_PER_UNIT
from reporting_agent.metering.kernel import STANDING, Scan, nines_below
from reporting_agent.metering.segments import HOUR_US

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_SIZE = np.int64(2**63 - 1)  # all bits but the sign
_CHUNK = 2048  # differences looked at together: they stay in the nearest cache


def scan(time_us: Integers, value: Floats) -> Scan:
    """One look at a block, for the screen."""
    least_step, most_step, still, keys = _scan(time_us, value, value.view(np.int64))
    lowest, highest, least_move, most_move, quantum = (keys ^ ((keys >> 63) & _SIZE)).view(np.float64).tolist()
    sound = -MOST < lowest <= highest < MOST  # the bits of NaN lie beyond those of infinity, on either side
    return Scan(sound, least_step, most_step, lowest, highest, least_move, most_move, quantum, still, still and bool(_standing(value)))


def loads(time_us: Integers, energy: Floats) -> tuple[float, float]:
    """Lowest and highest energy an hour."""
    lowest, highest = _loads(time_us, energy)
    return lowest, highest


def near_power_of_ten(value: Floats, power: float) -> bool:
    """Whether any size may be all nines next to the power."""
    return bool(_near(value, *nines_below(power)))


def rate_sums(time_us: Integers, value: Floats, factor: float, at: Integers) -> tuple[Integers, Integers]:
    """Exact sums of the trapezoids."""
    whole, rest = _rate_sums(time_us, value, factor, at)
    return whole, rest


def sums(energy: Floats, at: Integers) -> tuple[Integers, Integers]:
    """Exact sums of energies."""
    whole, rest = _sums(energy, at)
    return whole, rest


@njit(cache=True, nogil=True)
def _scan(time_us, value, bits):  # type: ignore[no-untyped-def]  # numba finds the types
    count = len(value) - 1
    moves = np.empty(min(_CHUNK, count))
    move_bits = moves.view(np.int64)
    least_step = most_step = time_us[1] - time_us[0]
    lowest = highest = bits[0] ^ ((bits[0] >> 63) & _SIZE)
    least_move, most_move, quantum, still = _SIZE, ~_SIZE, _SIZE, 0
    for first in range(0, count, _CHUNK):
        length = min(_CHUNK, count - first)
        stamps, values, keys = time_us[first : first + length + 1], value[first : first + length + 1], bits[first + 1 : first + length + 1]
        for index in range(length):
            step = stamps[index + 1] - stamps[index]
            least_step = min(least_step, step)
            most_step = max(most_step, step)
        for index in range(length):
            key = keys[index] ^ ((keys[index] >> 63) & _SIZE)
            lowest = min(lowest, key)
            highest = max(highest, key)
        for index in range(length):
            moves[index] = values[index + 1] - values[index]
        for index in range(length):
            key = move_bits[index] ^ ((move_bits[index] >> 63) & _SIZE)
            least_move = min(least_move, key)
            most_move = max(most_move, key)
        for index in range(length):
            size = move_bits[index] & _SIZE
            quantum = min(quantum, (size - 1) & _SIZE)  # 0 becomes the largest of all
            still |= size == 0
    if quantum == _SIZE:
        quantum = np.int64(0x7FF0000000000000) - 1  # infinity
    return least_step, most_step, still != 0, np.array([lowest, highest, least_move, most_move, quantum + 1])


@njit(cache=True, nogil=True)
def _standing(value):  # type: ignore[no-untyped-def]
    found = 0
    for index in range(len(value) - STANDING + 1):
        same = value[index] == value[index + 1]
        for ahead in range(2, STANDING):
            same &= value[index] == value[index + ahead]
        found |= same
    return found != 0


@njit(cache=True, nogil=True)
def _loads(time_us, energy):  # type: ignore[no-untyped-def]
    lowest = highest = energy[0] * (HOUR_US / (time_us[1] - time_us[0]))
    for index in range(len(energy)):
        load = energy[index] * (HOUR_US / (time_us[index + 1] - time_us[index]))
        lowest = min(lowest, load)
        highest = max(highest, load)
    return lowest, highest


@njit(cache=True, nogil=True)
def _near(value, low, high):  # type: ignore[no-untyped-def]
    found = 0
    for index in range(len(value)):
        size = abs(value[index])
        found |= (size >= low) & (size <= high)
    return found != 0


@njit(cache=True, nogil=True)
def _rate_sums(time_us, value, factor, at):  # type: ignore[no-untyped-def]
    wholes, rests = np.empty(len(at) + 1, np.int64), np.empty(len(at) + 1, np.int64)
    whole = rest = np.int64(0)
    index = 0
    for place in range(len(at) + 1):
        stop = at[place] if place < len(at) else len(value) - 1
        while index < stop:
            power = value[index] * factor + value[index + 1] * factor
            steps = power / 2 * ((time_us[index + 1] - time_us[index]) / HOUR_US) * STEPS_PER_UNIT
            floor = np.floor(steps)
            whole += np.int64(floor)
            rest += np.int64(np.rint((steps - floor) * PLACES))
            index += 1
        wholes[place], rests[place] = whole, rest
    return wholes, rests


@njit(cache=True, nogil=True)
def _sums(energy, at):  # type: ignore[no-untyped-def]
    wholes, rests = np.empty(len(at) + 1, np.int64), np.empty(len(at) + 1, np.int64)
    whole = rest = np.int64(0)
    index = 0
    for place in range(len(at) + 1):
        stop = at[place] if place < len(at) else len(energy)
        while index < stop:
            steps = energy[index] * STEPS_PER_UNIT
            floor = np.floor(steps)
            whole += np.int64(floor)
            rest += np.int64(np.rint((steps - floor) * PLACES))
            index += 1
        wholes[place], rests[place] = whole, rest
    return wholes, rests
