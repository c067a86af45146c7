"""Which cell of a label a row is of."""

from __future__ import annotations

from typing import Protocol

Cell = tuple[str, str, str, str]  # step, product, variant, metric


class InCell(Protocol):
    """A protected value or a standing, or a row of either read by name."""

    @property
    def step(self) -> str: ...
    @property
    def product(self) -> str: ...
    @property
    def variant(self) -> str: ...
    @property
    def metric(self) -> str: ...


def cell_of(row: InCell) -> Cell:
    return row.step, row.product, row.variant, row.metric
