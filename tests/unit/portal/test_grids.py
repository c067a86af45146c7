"""Values of drawn cells as floating-point numbers: the same as those of the exact fractions, and none outside the grid."""

from __future__ import annotations

from fractions import Fraction

import pytest

from benchmarks import packs
from benchmarks.released import Grid
from portal.standings.grids import ruler

GRIDS = [rule.grid for pack in map(packs.load, packs.shipped()) for step in pack.steps for rule in step.metrics]
ODD = Grid(Fraction(-1, 3), Fraction(9, 7), Fraction(1, 21))


@pytest.mark.parametrize("grid", [*GRIDS, ODD])
def test_every_cell_is_the_exact_one_rounded_once(grid: Grid) -> None:
    on = ruler(str(grid.lower), str(grid.upper), str(grid.width))
    assert [on.value(cell) for cell in range(grid.cells)] == [float(grid.value(cell)) for cell in range(grid.cells)]


@pytest.mark.parametrize("cell", [-1, ODD.cells])
def test_a_cell_outside_the_grid_is_refused(cell: int) -> None:
    with pytest.raises(IndexError, match=f"cell {cell} outside"):
        ruler(str(ODD.lower), str(ODD.upper), str(ODD.width)).value(cell)
