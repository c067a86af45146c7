"""In what a record that was opened differs from what the plant's readings and rows give, for the one who goes and looks on site."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.audit.evidence import named
from benchmarks.declared import Words, worded
from benchmarks.measurements import Batch, Direction

_DIGITS = 9
"""Significant: two figures that differ in more than a sum's order do so among these."""


def beside(index: int, opened: Batch, recomputed: Sequence[Batch]) -> Words:
    """The record with what differs in it, as it was opened and as it is recomputed; alone where nothing was recomputed or told apart."""
    record = named(index, opened)
    if not recomputed:
        return record
    told, made = _figures(opened), _figures(recomputed[0])
    differing = [name for name in dict.fromkeys((*told, *made)) if told.get(name) != made.get(name)]
    if not differing:
        return record
    return worded(
        "%(record)s; opened: %(opened)s; recomputed: %(recomputed)s",
        record=record,
        opened=_listed(told, differing),
        recomputed=_listed(made, differing),
    )


def _listed(figures: dict[str, str], names: list[str]) -> str:
    return ", ".join(f"{name} = {figures.get(name, '-')}" for name in names)


def _figures(batch: Batch) -> dict[str, str]:
    """By the names of the log's columns, which are the same in every language."""
    found = {
        "product": batch.product,
        "variant": batch.variant,
        "equipment": batch.equipment,
        "start": f"{batch.start:%Y-%m-%d %H:%M:%S}",
        "end": "" if batch.end is None else f"{batch.end:%Y-%m-%d %H:%M:%S}",
        "output_t": _shown(batch.output_t),
        "reject_t": _shown(batch.reject_t),
        "status": str(batch.status),
        "state": str(batch.state),
        "excluded": batch.excluded or "",
    }
    found |= {f"var.{name}": _shown(value) for name, value in batch.variables.items()}
    for one in batch.energy:
        carrier = one.carrier if one.direction is Direction.IMPORT else f"{one.carrier} ({one.direction})"
        found[carrier] = ", ".join(part for part in (found.get(carrier), f"{_shown(one.quantity)} {one.unit}") if part)
    return {name: value for name, value in found.items() if value}


def _shown(number: float) -> str:
    return f"{number:,.{_DIGITS}g}"
