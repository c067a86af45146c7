"""Whether later batches are predicted better with a variable than without it: each block from the
batches before it alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.labels.columns import Floats
from reporting_agent.analysis.drivers.model import Design
from reporting_agent.analysis.drivers.result import Skill
from reporting_agent.analysis.drivers.sequence_fit import SequenceFit, squares

BLOCKS = 5
LEAST_SKILL = 0.005
"""What later batches are predicted better by; less is told as 0 %, and a convention of ours."""


def skills(
    design: Design, fit: SequenceFit, columns: Sequence[int]
) -> tuple[Skill | None, Mapping[int, float]]:
    """Skill of the variables found together against their mean, and of each against doing without
    it.

    On quasi-differenced rows: what the batch before tells is given to both sides. Robust weights
    are those of the whole fit, coefficients those of the batches before each block alone.
    """
    if not columns:
        return None, {}
    base = list(range(design.constants.shape[1]))
    of_variable = {column: design.columns_of(column) for column in columns}
    everything = [index for indices in of_variable.values() for index in indices]
    rolling = _Rolling.of(fit)
    with_all, without_any, predicted = (
        rolling.error(base + everything),
        rolling.error(base),
        rolling.predicted,
    )
    if not predicted or without_any <= 0:
        return None, {}
    each = {}
    for column, indices in of_variable.items():
        without = rolling.error(base + [index for index in everything if index not in indices])
        each[column] = 1 - with_all / without if without > 0 else 0.0
    return Skill(1 - with_all / without_any, BLOCKS, predicted), each


@dataclass(frozen=True, slots=True, eq=False)
class _Rolling:
    """The second half of the rows in blocks, each with the normal equations of the rows before
    it.
    """

    blocks: Sequence[
        tuple[Floats, Floats, Floats, Floats]
    ]  # X'WX and X'Wy before the block, X and y of the block

    @classmethod
    def of(cls, fit: SequenceFit) -> _Rolling:
        x, y = fit.lagged_x, fit.lagged_y
        edges = np.linspace(len(y) // 2, len(y), BLOCKS + 1).astype(int).tolist()
        weighted, sides = np.zeros((x.shape[1], x.shape[1])), np.zeros(x.shape[1])
        blocks = []
        for earlier, first, last in zip([0, *edges], edges, edges[1:], strict=False):
            since, weights = x[earlier:first], fit.weights[earlier:first]
            weighted, sides = (
                weighted + squares(since, weights),
                sides + since.T @ (weights * y[earlier:first]),
            )
            blocks.append((weighted, sides, x[first:last], y[first:last]))
        return cls(blocks)

    @property
    def predicted(self) -> int:
        """Rows of all blocks."""
        return sum(len(y) for *_, y in self.blocks)

    def error(self, indices: list[int]) -> float:
        """Sum of absolute errors over the blocks, each predicted by these columns from the rows
        before it.
        """
        error = 0.0
        for weighted, sides, x, y in self.blocks:
            b = np.linalg.lstsq(weighted[np.ix_(indices, indices)], sides[indices], rcond=None)[0]
            error += float(np.abs(y - x[:, indices] @ b).sum())
        return error
