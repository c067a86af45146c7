"""The CO2 that a gap stands for, between a step's cleanest and dirtiest carrier, and the factor of
the country's electricity.

A released total says how much energy a step takes, not of which carrier: the site never told. So
where a step takes several, the CO2 of its gap is known within bounds only: of the carriers that
every plant must report, and of electricity for media that were made elsewhere; what a step may use
beside them is left out. Where heat is told apart, as of clinker, only the rest of the gap is
electricity, and only heat is fuel. Where a carrier has no factor on that day, or where some energy
leaves the step again, it is not known at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date
from functools import cached_property
from math import inf

from benchmarks.comparison.energies import Bounds, must_report
from benchmarks.conversion import Basis, FactorTable
from benchmarks.measurements import Period
from benchmarks.routes import Boundary


@dataclass(frozen=True)
class Co2Factors:
    """The factors of one country (ISO 3166-1, two letters) on one day. All CO2 in kg, all energy in
    kgce.
    """

    day: date
    country: str

    @classmethod
    def of(cls, period: str, jurisdiction: str) -> Co2Factors:
        """Those of a period's last day, in the country that a jurisdiction's path begins with:
        `cn/hebei`.
        """
        _first, last = Period.parse(period, UTC).first_and_last
        return cls(last, jurisdiction.partition("/")[0].upper())

    def co2(self, kgce: float, boundary: Boundary, heat: Bounds | None = None) -> Bounds | None:
        """Least and most CO2 of an amount of energy that came into a step; `heat`: between which
        ends its heat lies.
        """
        if boundary.credited:
            return None
        per_kgce = {
            carrier: self.table.co2_per_kgce(carrier, self.day) for carrier in must_report(boundary)
        }
        factors = {carrier: factor for carrier, factor in per_kgce.items() if factor is not None}
        if not factors or len(factors) < len(per_kgce):
            return None
        fuels = [factor for carrier, factor in factors.items() if carrier != "electricity"]
        if heat is None or not fuels:
            return kgce * min(factors.values()), kgce * max(factors.values())
        electricity = self.table.co2_per_kgce("electricity", self.day)
        if electricity is None:
            return None
        ends = [fuel * part + electricity * (kgce - part) for fuel in fuels for part in heat]
        return min(ends), max(ends)

    def of_gap(self, ends: Bounds, boundary: Boundary | None, heat: Bounds | None) -> Bounds | None:
        """From the least that the low end of a gap may be to the most that its high end may be: it
        is no surer than the gap.
        """
        return None if boundary is None else _widest(self.co2(end, boundary, heat) for end in ends)

    def of_saving(
        self, ends: Bounds, boundary: Boundary | None, most_electricity: float | None
    ) -> Bounds | None:
        """The same of a saving whose heat nobody tells: all of it, or what is left once so much
        electricity is saved.
        """
        if boundary is None:
            return None
        heat = [
            None if most_electricity is None else (max(end - most_electricity, 0.0), end)
            for end in ends
        ]
        return _widest(self.co2(end, boundary, part) for end, part in zip(ends, heat, strict=True))

    @property
    def per_kwh(self) -> float | None:
        """Of electricity: the average of the country's grid; None where none is held."""
        factor = self.table.co2_per_kgce("electricity", self.day)
        return (
            None
            if factor is None
            else factor
            * float(self.table.factor("electricity", Basis.CALORIFIC, self.day).kgce_per_unit)
        )

    @property
    def year_of_electricity(self) -> int | None:
        """The year whose average of the grid that is: each counts from the first day of its year
        until the next is published.
        """
        of_the_grid = self.table.carbon.get("electricity", ())
        return max(
            (
                factor.effective_from.year
                for factor in of_the_grid
                if factor.effective_from <= self.day
            ),
            default=None,
        )

    @cached_property
    def table(self) -> FactorTable:
        return FactorTable.load().at(self.country)


def together(parts: Iterable[Bounds | None]) -> Bounds | None:
    """The sum; not known where a part is not."""
    low = high = 0.0
    for part in parts:
        if part is None:
            return None
        low, high = low + part[0], high + part[1]
    return low, high


def _widest(of_ends: Iterable[Bounds | None]) -> Bounds | None:
    """From the least to the most; not known where one is not."""
    lowest, highest = inf, -inf
    for bounds in of_ends:
        if bounds is None:
            return None
        lowest, highest = min(lowest, *bounds), max(highest, *bounds)
    return lowest, highest
