"""Numbers as a reader meets them: a true minus, decimals by size or by grid and interval, intervals
in words, units to switch.

Energy totals are published in kgce per tonne. The page can show them in MJ (1 kgce = 29.3076 MJ,
which defines it) or in kWh by the dated calorific factor of electricity, so that a step that only
uses electricity shows the kilowatt-hours that were metered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, log10
from types import MappingProxyType

from django.utils.translation import gettext as _

_METRES = re.compile(r"(?<![A-Za-z])(N?m)([23])(?![0-9A-Za-z])")
NONE = "\u2013"  # where there is no figure
MINUS = "\u2212"  # a hyphen is too short and breaks at the end of a line
MJ_PER_KGCE = 29.3076  # GB/T 2589-2020, 3.6: the lower heating value of standard coal


@dataclass(frozen=True, slots=True)
class EnergyUnit:
    """A unit of energy: how many of it make one kgce."""

    id: str
    per_kgce: float
    note: str = ""


def energy_units(kgce_per_kwh: float) -> Mapping[str, EnergyUnit]:
    """Units of energy, by the factor in force.

    >>> round(energy_units(0.1229)["kWh"].per_kgce, 3)
    8.137
    """
    return MappingProxyType(
        {
            "kgce": EnergyUnit(
                "kgce",
                1.0,
                _("1 kgce, a kilogram of coal equivalent, = %(mj)s MJ.") % {"mj": MJ_PER_KGCE},
            ),
            "MJ": EnergyUnit("MJ", MJ_PER_KGCE, _("1 kgce = %(mj)s MJ.") % {"mj": MJ_PER_KGCE}),
            "kWh": EnergyUnit(
                "kWh",
                1.0 / kgce_per_kwh,
                _("1 kWh = %(kgce)s kgce (calorific basis).") % {"kgce": f"{kgce_per_kwh:g}"},
            ),
        }
    )


def energy_of(unit: str) -> str:
    """The unit of energy of a value for one of an output.

    >>> energy_of("kgce/weight case"), energy_of("kWh/kWh")
    ('kgce', 'kWh')
    """
    return unit.partition("/")[0]


def kgce_of_one(unit: str, units: Mapping[str, EnergyUnit]) -> float:
    """How many kgce one of a value's unit of energy is: packs declare totals in any of these."""
    return 1.0 / units[energy_of(unit)].per_kgce


def raised(text: str) -> str:
    """A unit, or a text with units, with exponents as they are written by hand: files and the API
    keep `m3`.

    >>> raised("GJ"), raised("kg/Nm3"), raised("0.11 kWh/m3, 3 m2"), raised("m30 arm3")
    ('GJ', 'kg/Nm³', '0.11 kWh/m³, 3 m²', 'm30 arm3')
    """
    return _METRES.sub(lambda matched: matched[1] + "²³"[matched[2] == "3"], text)


def decimals_of(*values: float | None) -> int:
    """How many decimals a row of figures shows, by its largest: 0.021, 3.16, 95.4, 13,210."""
    largest = max((abs(v) for v in values if v is not None), default=0.0)
    for below, decimals in ((0.1, 3), (10.0, 2), (1000.0, 1)):
        if largest < below:
            return decimals
    return 0


def fitting_decimals(decimals: int, *spans: tuple[float, float] | None) -> int:
    """So many as `decimals`, but no more than two digits of the narrowest interval: figures are
    shown as fine as they are sure.

    >>> fitting_decimals(3, (-29.125, -27.625)), fitting_decimals(0, (358.0, 368.0)), fitting_decimals(3, None)
    (1, 0, 3)
    """  # noqa: E501
    widths = [span[1] - span[0] for span in spans if span is not None and span[1] > span[0]]
    return min(decimals, max(0, 1 - floor(log10(min(widths))))) if widths else decimals


def two_digits(lo: float, hi: float) -> int:
    """The decimals with which the two ends of an interval lie at least ten of the last digit apart.

    >>> two_digits(0.0051, 0.0093), two_digits(2.04, 3.01), two_digits(358.0, 368.0), two_digits(1.0, 1.0)
    (4, 2, 0, 2)
    """  # noqa: E501
    return max(0, 1 - floor(log10(hi - lo))) if hi > lo else decimals_of(hi)


def label_decimals(*values: float | None) -> int:
    """How many decimals a plant's own labels show: all that their release grid has, up to three,
    and three below 1.

    >>> label_decimals(0.246), label_decimals(0.0246), label_decimals(3.74), label_decimals(3.845), label_decimals(None)
    (3, 3, 2, 3, 3)
    """  # noqa: E501
    decimals, numbers = decimals_of(*values), [v for v in values if v is not None]
    if decimals == 2 and max(map(abs, numbers)) < 1:
        return 3
    return (
        next(
            (n for n in range(decimals, 3) if all(abs(round(v, n) - v) < 1e-9 for v in numbers)), 3
        )
        if decimals
        else 0
    )


def number(value: float, decimals: int | None = None) -> str:
    """The number with a true minus and thousands separated.

    >>> number(-0.9), number(13210.4), number(-0.001, 2)
    ('−0.90', '13,210', '0.00')
    """
    decimals = decimals_of(value) if decimals is None else decimals
    text = f"{value:,.{decimals}f}"
    if not text.startswith("-"):
        return text
    return (
        text.replace("-", MINUS) if any(c in text for c in "123456789") else text.removeprefix("-")
    )


def signed(value: float, decimals: int | None = None) -> str:
    """The same with a plus where it is above zero: a difference, not a value."""
    text = number(value, decimals)
    return text if text.startswith(MINUS) or not any(c in text for c in "123456789") else f"+{text}"


def between(lo: float | None, hi: float | None, decimals: int | None = None) -> str:
    """An interval in words; a dash would be read as a minus."""
    if lo is None or hi is None:
        return ""
    decimals = decimals_of(lo, hi) if decimals is None else decimals
    return _("%(lo)s to %(hi)s") % {"lo": number(lo, decimals), "hi": number(hi, decimals)}


def in_bounds(bounds: tuple[float, float] | None) -> str:
    """What lies between two ends: one figure where both read the same, a dash where they are not
    known.
    """
    if bounds is None:
        return NONE
    low, high = (number(end, decimals_of(bounds[1])) for end in bounds)
    return low if low == high else between(*bounds)


def per_cent(share: float) -> str:
    return _("%(n)s %%") % {"n": f"{100 * share:.0f}"}


def signed_per_cent(share: float) -> str:
    """A change: `+2.4 %`, `−0.8 %`."""
    return _("%(n)s %%") % {"n": signed(100 * share, 1)}


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd ... in English; 第 1 in Chinese.

    >>> [ordinal(n) for n in (1, 2, 3, 11, 12, 22)]
    ['1st', '2nd', '3rd', '11th', '12th', '22nd']
    """
    if number % 100 in (11, 12, 13):
        return _("%(n)dth") % {"n": number}
    last = number % 10
    form = (
        _("%(n)dst")
        if last == 1
        else _("%(n)dnd")
        if last == 2
        else _("%(n)drd")
        if last == 3
        else _("%(n)dth")
    )
    return form % {"n": number}
