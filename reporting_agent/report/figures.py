"""A figure on the page: its text, its unit, and the exact value it was rounded from, with the cell of the tables that holds it.

`<data value="354.12" data-of="best">` inside `<tr data-row="labels/0">`: a program reads the same figures off the page as out
of the workbook, and a test compares them one by one.
"""

from __future__ import annotations

from typing import NamedTuple

from reporting_agent.report.numbers import shown, signed

_LARGER = {  # from which size on a person is shown the larger unit
    "kgce": (1000.0, "tce", 1000.0),
    "kWh": (10_000.0, "MWh", 1000.0),
    "MJ": (10_000.0, "GJ", 1000.0),
    "kg": (1000.0, "t", 1000.0),
}


class Figure(NamedTuple):
    """`of` names the column of the tables; empty where the figure is made of several."""

    text: str
    value: float | None
    unit: str = ""
    of: str = ""


class Unit(NamedTuple):
    """The unit of a column, chosen by its largest value."""

    name: str
    by: float

    def figure(self, value: float | None, of: str = "", *, sign: bool = False) -> Figure:
        written = None if value is None else value / self.by
        return Figure(signed(written) if sign else shown(written), value, self.name, of)


def unit_for(largest: float | None, unit: str, doubt: str = "") -> Unit:
    """One unit for a whole column: a person compares figures below one another, not units."""
    if largest is not None and unit in _LARGER and abs(largest) >= _LARGER[unit][0]:
        return Unit(_LARGER[unit][1] + doubt, _LARGER[unit][2])
    return Unit(unit + doubt, 1.0)


def figure(value: float | None, unit: str = "", of: str = "", *, sign: bool = False) -> Figure:
    """A value in the unit it has."""
    return Figure(signed(value) if sign else shown(value), value, unit, of)


def scaled(value: float | None, unit: str, of: str = "", doubt: str = "") -> Figure:
    """An amount in the unit a person would use for its size; the value behind it stays in `unit`."""
    return unit_for(value, unit, doubt).figure(value, of)
