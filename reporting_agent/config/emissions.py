"""[emissions]: where the site's electricity comes from, for its CO2. No part of a label: nothing
here decides what a row means.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from benchmarks.conversion import CarbonFactor, FactorTable
from benchmarks.declared import FigureSource
from benchmarks.phrases import Phrase
from reporting_agent.config.profile import Setting


class GridFactor(Setting):
    """[[emissions.electricity]]: what a kWh of the site's own supply emits, kg CO2, over some time
    [from, until), and who says so.
    """

    start: date = Field(alias="from")
    until: date | None = None
    kg_per_kwh: Decimal = Field(ge=0, le=2)
    source: str = Field(min_length=3)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until is not None and self.until <= self.start:
            raise ValueError(Phrase("until must be a day after from"))
        return self

    @property
    def factor(self) -> CarbonFactor:
        return CarbonFactor(
            carrier="electricity",
            unit="kWh",
            kg_co2_per_unit=self.kg_per_kwh,
            edition=self.source,
            effective_from=self.start,
            effective_to=self.until,
            source=FigureSource(text=self.source, kind="publication", verified=False),
        )


class Emissions(Setting):
    """The country whose grid's yearly average counts (ISO 3166-1, two letters), or the supply's own
    factors, which come first.
    """

    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    electricity: tuple[GridFactor, ...] = ()

    @model_validator(mode="after")
    def _no_day_twice(self) -> Self:
        ordered = sorted(self.electricity, key=lambda factor: factor.start)
        for earlier, later in pairwise(ordered):
            if earlier.until is None or earlier.until > later.start:
                raise ValueError(
                    Phrase("electricity has two factors on %(day)s", day=later.start.isoformat())
                )
        return self

    @property
    def factors(self) -> FactorTable:
        """The table of factors as it holds at this site."""
        return FactorTable.load().at(
            self.country, tuple(factor.factor for factor in self.electricity)
        )
