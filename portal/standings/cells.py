"""Which cell of a label a row is of."""

from __future__ import annotations

from portal.standings.models import ProtectedValue, Standing

Cell = tuple[str, str, str, str]  # step, product, variant, metric


def cell_of(row: ProtectedValue | Standing) -> Cell:
    return row.step, row.product, row.variant, row.metric
