"""Variables that move together: which cannot be told apart (variance inflation, Belsley, Kuh and
Welsch 1980).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.labels.columns import Floats

TOO_INFLATED = 10.0
"""Variance inflation above which two variables are taken for one: the others explain 90 % of it."""

_PARTNER = 0.3  # standardised coefficient from which another variable counts as moving with it


@dataclass(frozen=True, slots=True)
class SeparableColumns:
    """Columns that can be told apart, in their order, their variance inflation, and who was left
    out for whom.
    """

    columns: tuple[int, ...]
    vif: Mapping[int, float]  # of those kept, among those kept
    left_out: Mapping[int, tuple[int, ...]]  # column -> the kept columns that move with it


def told_apart(z: Floats, rank: Sequence[int]) -> SeparableColumns:
    """Leave columns out until none is explained by the others; of those that are, the one of the
    highest `rank` goes first.
    """
    columns = list(range(z.shape[1]))
    left_out: dict[int, tuple[int, ...]] = {}
    while len(columns) > 1:
        inflated = [
            column
            for column, vif in zip(columns, _inflation(z[:, columns]), strict=True)
            if vif > TOO_INFLATED
        ]
        if not inflated:
            break
        worst = max(inflated, key=lambda column: (rank[column], column))
        columns.remove(worst)
        left_out[worst] = ()
    for column in left_out:
        left_out[column] = _partners(z, column, columns)
    return SeparableColumns(
        tuple(columns), dict(zip(columns, _inflation(z[:, columns]), strict=True)), left_out
    )


def _inflation(z: Floats) -> list[float]:
    """Diagonal of the inverse correlation matrix; infinite where a column is a combination of the
    others.
    """
    if z.shape[1] < 2:
        return [1.0] * z.shape[1]
    values, vectors = np.linalg.eigh(np.corrcoef(z, rowvar=False))
    inverse = np.where(values > 1e-10, 1 / np.maximum(values, 1e-10), 1e10)
    return [float(factor) for factor in (vectors**2 @ inverse).tolist()]


def _partners(z: Floats, column: int, remaining: Sequence[int]) -> tuple[int, ...]:
    standard = (z - z.mean(axis=0)) / z.std(axis=0)
    weights = np.linalg.lstsq(standard[:, list(remaining)], standard[:, column], rcond=None)[0]
    return tuple(
        other
        for other, weight in zip(remaining, weights.tolist(), strict=True)
        if abs(weight) > _PARTNER
    )
