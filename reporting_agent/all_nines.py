"""Values written with nines only, such as 999.999 or -99999, which loggers write for a fault: how
many nines it takes, and where they lie.

`cleaning`, windows by themselves and energies of a batch ask `all_nines`; the screen asks first
whether any value lies near a power of ten.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST_NINES = 5  # 9999 kW can be real; 999.999 and 99999 are what loggers write
_WHOLE = range(2, 13)  # nines before the point
_DECIMALS = range(7)  # and behind it

POWERS = tuple(10.0**whole for whole in _WHOLE)
"""The powers of ten below which they lie."""

_POWER, _REST = np.array(
    [
        (10.0**whole, 10.0**-decimals)
        for whole in _WHOLE
        for decimals in _DECIMALS
        if whole + decimals >= FEWEST_NINES
    ]
).T
_SINGLE = (_POWER - _REST).astype(
    np.float32
)  # as OPC UA, Modbus and Parquet hold them in 32 bits: -999.999 is -999.9990234375 there

NINES = np.unique(
    np.concatenate([_POWER - _REST, _SINGLE[_POWER.astype(np.float32) > _SINGLE].astype(float)])
)
"""Every value of w whole and d decimal nines, which is 10^w - 10^-d, and what is left of it in 32
bits where that is not 10^w.
"""


def all_nines(value: Floats) -> Flags:
    """Values written with nines only (at least five of them)."""
    nines = np.zeros(len(value), dtype=bool)
    if not len(value):
        return nines
    size = np.abs(value)
    # a register runs through few of them in one block; NaN, in either end, leaves them all in
    within = NINES[~((size.min() > NINES * (1 + 1e-12)) | (size.max() < NINES * (1 - 1e-12)))]
    if len(within):
        near = within[np.minimum(np.searchsorted(within, size * (1 - 1e-12)), len(within) - 1)]
        nines = np.abs(size - near) <= near * 1e-12
    return nines


def nines_below(power: float) -> tuple[float, float]:
    """Where all values of so many nines and more next to this power of ten lie, and what
    `all_nines` and 32 bits allow for rounding.
    """
    fewest = max(10.0**FEWEST_NINES / power, 1.0)  # 99.999, 999.99, 9999.9, 99999, 999999
    return (power - 1 / fewest) * (1 - 1e-7), (power - 10.0 ** -_DECIMALS[-1]) * (1 + 2e-12)
