"""Coal equivalent of what meters counted (GB/T 2589, calorific basis), by the heating value that
holds on each day.

A value given with the meter goes before the laboratory's series of the step and the site ([[lhv]]),
and that before the table's default, as in a label. Values change within a month: a month's coal
equivalent is the sum over its quarter hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.conversion import Basis, FactorTable
from benchmarks.errors import InputError
from benchmarks.measurements import CarrierEnergy
from extras.exports.intervals import Floats, IntervalSeries, QuarterHours
from extras.exports.monitoring_schema import Every
from reporting_agent.config.materials import HeatingValues
from reporting_agent.pipeline.heating_values import with_heating_value

_NO_FACTOR = frozenset({"factor-missing", "lhv-required", "unit-mismatch"})
"""Refusals that leave an amount without a coal equivalent: no factor, no heating value, or a fuel
in litres of which none is held.
"""


@dataclass(frozen=True, slots=True)
class CoalEquivalents:
    """By the table of the pack and the heating values of the site."""

    factors: FactorTable
    values: HeatingValues

    def of_unit(self, series: IntervalSeries, day: date) -> float | None:
        """Coal equivalent of one unit on that day; None where nothing tells it."""
        amount = CarrierEnergy(
            series.carrier, 1.0, series.unit, lhv_mj_per_unit=series.lhv_mj_per_unit
        )
        try:
            return self.factors.kgce(
                with_heating_value(amount, self.values, series.step, day), Basis.CALORIFIC, day
            )
        except InputError as refusal:
            if refusal.code not in _NO_FACTOR:
                raise
            return None

    def over(self, series: IntervalSeries, clock: QuarterHours, every: Every) -> Floats:
        """Of the series over the intervals; NaN where some of an interval's energy has none."""
        per_unit = self._by_quarter_hour(series, clock)
        energy = series.energy + (series.unplaced if every == "month" else 0.0)
        lacks = np.isnan(per_unit) & ((energy != 0) | (series.known_s > 0))
        kgce = clock.sums(np.where(np.isnan(per_unit), 0.0, per_unit) * energy, every)
        return np.where(clock.sums(lacks.astype(float), every) > 0, np.nan, kgce)

    def lack(self, series: IntervalSeries, clock: QuarterHours) -> bool:
        """Whether some energy of the series has none."""
        intervals: tuple[Every, ...] = (
            "day",
            "month",
        )  # what was counted across days stands in months alone
        return any(bool(np.isnan(self.over(series, clock, every)).any()) for every in intervals)

    def _by_quarter_hour(self, series: IntervalSeries, clock: QuarterHours) -> Floats:
        edges = clock.edges_us("day")
        of_unit = [self.of_unit(series, clock.moment(edge).date()) for edge in edges[:-1].tolist()]
        return np.array(of_unit, dtype=float)[
            np.searchsorted(edges, clock.quarters_us[:-1], side="right") - 1
        ]
