"""The inner loops over a block of readings: one set of functions, compiled by numba or written in NumPy, equal to the last bit.

Equal because every floating operation on a reading is the same in both and sums are of integers (see `fixed`), which no
order and no width of a register can change. Smallest and largest values are exact in any order.

Compiling pays late: importing numba takes longer (about half a second) than the compiled loops save on tens of millions of
readings, since NumPy's own loops are vectorised too. `choose` therefore takes it from `WORTH_COMPILING` readings on.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

WORTH_COMPILING = 500_000_000  # readings; measured: the start of numba costs 0.6 s of both cores, its loops save about 1.5 ns a reading
STANDING = 6  # equal values in a row that `Scan.standing` tells


class Scan(NamedTuple):
    """What a block of at least two readings looks like. Differences are between neighbours; NaN makes `sound` False."""

    sound: bool  # every value is finite and below 2^42
    least_step_us: int
    most_step_us: int
    lowest: float
    highest: float
    least_move: float
    most_move: float
    quantum: float  # the smallest difference other than 0, without its sign; infinite where there is none
    still: bool  # two neighbours are equal
    standing: bool  # `STANDING` equal values in a row, or more


class Kernel(Protocol):
    """The functions that both have."""

    def scan(self, time_us: Integers, value: Floats) -> Scan:
        """One look at a block, for the screen."""
        ...

    def loads(self, time_us: Integers, energy: Floats) -> tuple[float, float]:
        """Lowest and highest energy an hour; energy i lies between stamps i and i + 1."""
        ...

    def rate_sums(self, time_us: Integers, value: Floats, factor: float, at: Integers) -> tuple[Integers, Integers]:
        """Exact sums (see `fixed.split`) of the trapezoids before each reading `at` (in order), and of all."""
        ...

    def sums(self, energy: Floats, at: Integers) -> tuple[Integers, Integers]:
        """The same of energies that are given."""
        ...

    def near_power_of_ten(self, value: Floats, power: float) -> bool:
        """Whether any size may be five nines or more next to this power of ten: see `nines_below`."""
        ...


def nines_below(power: float) -> tuple[float, float]:
    """Where all values of five nines and more next to this power of ten lie, and what `cleaning.all_nines` allows for rounding."""
    fewest = max(100_000.0 / power, 1.0)  # 99.999, 999.99, 9999.9, 99999, 999999
    return (power - 1 / fewest) * (1 - 1e-11), (power - 1e-6) * (1 + 2e-12)


def compiled_there() -> bool:
    """Whether numba is installed; it is not imported to find out."""
    return importlib.util.find_spec("numba") is not None


def choose(readings: int) -> Kernel:
    """The kernel for about so many readings."""
    return compiled() if readings >= WORTH_COMPILING and compiled_there() else plain()


def plain() -> Kernel:
    """The NumPy kernel."""
    kernel: Kernel = importlib.import_module("reporting_agent.metering.kernel_numpy")
    return kernel


def compiled() -> Kernel:
    """The numba kernel; ImportError where numba is not installed."""
    kernel: Kernel = importlib.import_module("reporting_agent.metering.kernel_numba")
    return kernel
