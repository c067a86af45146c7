"""In what a record that was opened differs from what the plant's readings and rows give, for the
one who goes and looks on site.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.audit.evidence import named
from benchmarks.declared import Words, worded
from benchmarks.measurements import Batch, Direction

_DIGITS = 9
"""Significant: two figures that differ in more than a sum's order do so among these."""


def beside(index: int, opened: Batch, recomputed: Sequence[Batch]) -> Words:
    """The record with what differs in it, as it was opened and as it is recomputed; alone where
    nothing was recomputed or told apart.
    """
    record = named(index, opened)
    if not recomputed:
        return record
    opened_figures, recomputed_figures = _figures(opened), _figures(recomputed[0])
    differing = [
        name
        for name in dict.fromkeys((*opened_figures, *recomputed_figures))
        if opened_figures.get(name) != recomputed_figures.get(name)
    ]
    if not differing:
        return record
    return worded(
        "%(record)s; opened: %(opened)s; recomputed: %(recomputed)s",
        record=record,
        opened=_listed(opened_figures, differing),
        recomputed=_listed(recomputed_figures, differing),
    )


def _listed(figures: dict[str, str], names: list[str]) -> str:
    return ", ".join(f"{name} = {figures.get(name, '-')}" for name in names)


def _figures(batch: Batch) -> dict[str, str]:
    """By the names of the log's columns, which are the same in every language."""
    figures = {
        "product": batch.product,
        "variant": batch.variant,
        "equipment": batch.equipment,
        "start": f"{batch.start:%Y-%m-%d %H:%M:%S}",
        "end": "" if batch.end is None else f"{batch.end:%Y-%m-%d %H:%M:%S}",
        "output_quantity": _shown(batch.output),
        "reject_quantity": _shown(batch.reject),
        "status": str(batch.status),
        "state": str(batch.state),
        "excluded": batch.excluded or "",
    }
    figures |= {f"var.{name}": _shown(value) for name, value in batch.variables.items()}
    for energy in batch.energy:
        carrier = (
            energy.carrier
            if energy.direction is Direction.IMPORT
            else f"{energy.carrier} ({energy.direction})"
        )
        figures[carrier] = ", ".join(
            part
            for part in (figures.get(carrier), f"{_shown(energy.quantity)} {energy.unit}")
            if part
        )
    return {name: value for name, value in figures.items() if value}


def _shown(number: float) -> str:
    return f"{number:,.{_DIGITS}g}"
