"""One label's model of its drivers: columns of the design, the shape of each variable, and its
test.

A variable stands as z = (x - median) / (range seen); a constant for each equipment takes off what
they differ by. Shapes: a quadratic term is offered to every variable where there are batches
enough, a cubic one where the quadratic was needed (a fan's or a pump's power goes with the cube of
its speed, so its energy per tonne bends). Terms that the data do not need are left out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.labels.columns import Floats, Integers
from reporting_agent.analysis.drivers.sequence_fit import SequenceFit, fit_sequence
from reporting_agent.analysis.waste.chance import holm

ROWS_A_TERM = 30  # batches for each term before a bend is offered
BEND_LEVEL = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Rows in the order of time: constants, then the terms of each variable. `degree` is that of
    each variable's polynomial.
    """

    constants: Floats
    z: Floats
    degree: tuple[int, ...]

    @property
    def matrix(self) -> Floats:
        terms = [
            self.z[:, [column]] ** power
            for column, degree in enumerate(self.degree)
            for power in range(1, degree + 1)
        ]
        return np.hstack([self.constants, *terms])

    def columns_of(self, column: int) -> list[int]:
        """Columns of the matrix that hold one variable's terms."""
        first = self.constants.shape[1] + sum(self.degree[:column])
        return list(range(first, first + self.degree[column]))

    def contrast(self, column: int, to: Floats, origin: Floats) -> Floats:
        """Coefficients of f(to) - f(origin) for one variable, one row each: z in, rows of the
        matrix's width out.
        """
        rows = np.zeros((len(to), self.constants.shape[1] + sum(self.degree)))
        for power, index in enumerate(self.columns_of(column), start=1):
            rows[:, index] = to**power - origin**power
        return rows

    def bent(self, degree: Sequence[int]) -> Design:
        return Design(self.constants, self.z, tuple(degree))


def constants(equipment: Integers) -> Floats:
    """A column of ones, and one more for every further equipment."""
    codes = np.unique(equipment)
    return np.column_stack(
        [np.ones(len(equipment)), *((equipment == code).astype(float) for code in codes[1:])]
    )


def first_fit(
    y: Floats, design: Design, before: Integers
) -> tuple[Design, SequenceFit, list[float]]:
    """The fit by which variables are tested: all of them, bent where batches allow; p-values of
    each before any correction.
    """
    width = design.z.shape[1]
    offered = (
        design.bent([2] * width)
        if width and len(y) >= ROWS_A_TERM * (2 * width + design.constants.shape[1])
        else design
    )
    fit = fit_sequence(y, offered.matrix, before)
    return offered, fit, [fit.p_value(offered.columns_of(column)) for column in range(width)]


def final_fit(
    y: Floats, tested: Design, fit: SequenceFit, before: Integers, columns: Sequence[int]
) -> tuple[Design, SequenceFit]:
    """Terms that are not needed left out; a cubic offered to the variables found that needed the
    quadratic.
    """
    degree = [1] * tested.z.shape[1]
    for column in _needed(
        tested, fit, [column for column in columns if tested.degree[column] > 1], power=2
    ):
        degree[column] = 2
    if 2 not in degree:
        return _same(y, tested, fit, before, degree)
    cubic = tested.bent([3 if exponent == 2 else exponent for exponent in degree])
    third = fit_sequence(y, cubic.matrix, before)
    needed = _needed(
        cubic,
        third,
        [column for column, exponent in enumerate(cubic.degree) if exponent == 3],
        power=3,
    )
    if len(needed) == degree.count(2):
        return cubic, third
    return _same(
        y,
        cubic,
        third,
        before,
        [3 if column in needed else exponent for column, exponent in enumerate(degree)],
    )


def _same(
    y: Floats, design: Design, fit: SequenceFit, before: Integers, degree: Sequence[int]
) -> tuple[Design, SequenceFit]:
    if tuple(degree) == design.degree:
        return design, fit
    simpler = design.bent(degree)
    return simpler, fit_sequence(y, simpler.matrix, before)


def _needed(design: Design, fit: SequenceFit, columns: Sequence[int], power: int) -> list[int]:
    corrected = holm([fit.p_value([design.columns_of(column)[power - 1]]) for column in columns])
    return [
        column for column, p_value in zip(columns, corrected, strict=True) if p_value < BEND_LEVEL
    ]
