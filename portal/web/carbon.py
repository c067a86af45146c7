"""The CO2 that a gap stands for, between a step's cleanest and dirtiest carrier, and the factor of the country's electricity.

A released total says how much energy a step takes, not of which carrier: the site never told. So where a step takes several,
the CO2 of its gap is known within bounds only: of the carriers that every plant must report, and of electricity for media that were
made elsewhere; what a step may use beside them is left out. Where heat is told apart, as of clinker, only the rest of the gap is
electricity, and only heat is fuel. Where a carrier has no factor on that day, or where some energy leaves the step again, it is not
known at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, timedelta

from benchmarks.conversion import Basis, FactorTable
from benchmarks.measurements import Period
from benchmarks.routes import Boundary

Bounds = tuple[float, float]  # kg CO2 per tonne


def co2(kgce: float, boundary: Boundary, on: date, country: str, heat: Bounds | None = None) -> Bounds | None:
    """Least and most CO2 of an amount of energy that came into a step, kg; `heat`: between which ends its heat lies, kgce."""
    if boundary.credited:
        return None
    table = FactorTable.load().at(country)
    carriers = {*boundary.carriers} | ({"electricity"} if boundary.media else set())
    factors = [table.co2_per_kgce(carrier, on) for carrier in carriers]
    known_factors = [factor for factor in factors if factor is not None]
    fuels = [factor for carrier, factor in zip(carriers, factors, strict=True) if factor is not None and carrier != "electricity"]
    if heat is not None and fuels and len(known_factors) == len(factors):
        electricity = table.co2_per_kgce("electricity", on)
        if electricity is None:
            return None
        ends = [fuel * part + electricity * (kgce - part) for fuel in fuels for part in heat]
        return min(ends), max(ends)
    return (kgce * min(known_factors), kgce * max(known_factors)) if known_factors and len(known_factors) == len(factors) else None


def together(parts: Iterable[Bounds | None]) -> Bounds | None:
    """The sum; not known where a part is not."""
    low = high = 0.0
    for part in parts:
        if part is None:
            return None
        low, high = low + part[0], high + part[1]
    return low, high


def widest(low: Bounds | None, high: Bounds | None) -> Bounds | None:
    """From the least of both to the most; not known where one is not."""
    return None if low is None or high is None else (min(*low, *high), max(*low, *high))


def of_electricity(on: date, country: str) -> float | None:
    """kg CO2 per kWh on that day: the average of the country's grid; None where none is held."""
    table = FactorTable.load().at(country)
    factor = table.co2_per_kgce("electricity", on)
    return None if factor is None else factor * float(table.factor("electricity", Basis.CALORIFIC, on).kgce_per_unit)


def year_of_electricity(on: date, country: str) -> int | None:
    """The year whose average of the grid that is: each counts from the first day of its year until the next is published."""
    began = [
        factor.effective_from for factor in FactorTable.load().at(country).carbon.get("electricity", ()) if factor.effective_from <= on
    ]
    return max(began).year if began else None


def country_of(place: str) -> str:
    """The country (ISO 3166-1, two letters) of a jurisdiction's path, which begins with it: `cn/hebei`."""
    return place.partition("/")[0].upper()


def last_day(period: str) -> date:
    """The day whose factors count: the period's last."""
    return (Period.parse(period, UTC).end - timedelta(days=1)).date()
