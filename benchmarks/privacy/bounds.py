"""Bounds: values are rounded to the public release grid and clamped to its ends, before any noise
is drawn.

The grid is the pack's, absolute, and never depends on the data. How many values were clamped is a
finding of the plant's label and stays on the site.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.released import Grid


def clamp_to_grid(values: Sequence[float], grid: Grid) -> tuple[list[int], int]:
    """The nearest grid point of every value (halves go up), and how many values lay beyond the
    grid's ends.

    Rounding is done per value and looks at nothing else, so a neighbouring data set differs at that
    one value only.
    """
    raw = np.floor((np.asarray(values, dtype=float) - float(grid.lower)) / float(grid.width) + 0.5)
    if np.isnan(raw).any():
        raise ValueError(
            "a value that is not a number cannot be released; it should have been excluded"
        )
    last = grid.points - 1
    outside = int(((raw < 0) | (raw > last)).sum())
    return np.clip(raw, 0, last).astype(int).tolist(), outside
