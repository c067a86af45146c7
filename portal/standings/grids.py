"""What a drawn cell of a release grid stands for, as the floating-point number that readers are shown.

A grid is stored as three exact fractions in text. The few there are (one a step and metric of a pack) are read once and put over one
denominator: then a cell's value is one division of whole numbers, which Python rounds correctly, as it does the exact fraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from benchmarks.released import Grid


@dataclass(frozen=True, slots=True)
class Ruler:
    """A grid over one denominator: cell i stands for `(start + i * step) / whole`."""

    start: int
    step: int
    whole: int
    cells: int

    def value(self, cell: int) -> float:
        """In the pack's unit, equal to `float(Grid.value(cell))`.

        Raises: IndexError for a cell outside the grid.
        """
        if not 0 <= cell < self.cells:
            raise IndexError(f"cell {cell} outside 0..{self.cells - 1}")
        return (self.start + cell * self.step) / self.whole


@lru_cache(maxsize=1024)
def ruler(lower: str, upper: str, width: str) -> Ruler:
    """Of a grid as its row has it."""
    grid = Grid(Fraction(lower), Fraction(upper), Fraction(width))
    whole = grid.lower.denominator * grid.width.denominator
    return Ruler(int(grid.lower * whole), int(grid.width * whole), whole, grid.cells)
