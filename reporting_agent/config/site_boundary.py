"""[site_boundary]: what crosses the site boundary, is made or converted inside, stored, sold or
lost; [emissions] and [[border]].

    purchases + own generation - sales - growth of stocks = steps + other users + losses

A captive plant (power, boilers, air, oxygen) is a *conversion*. An amount is a meter's, or stated
for that very period.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Self

from pydantic import Field, field_validator, model_validator

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import CarbonFactor, FactorTable
from benchmarks.declared import FigureSource
from benchmarks.guidance.cbam import AttestedEmissions, Goods, Precursor
from benchmarks.phrases import Phrase, enumerated
from reporting_agent.config.profile import Setting


class Flow(Setting):
    """One amount of one carrier: of a `meter`, or `quantity` in `unit` for the `period` named as on
    the command line.
    """

    carrier: str
    meter: str | None = None
    quantity: float | None = Field(default=None, ge=0)
    unit: str | None = None
    period: str | None = None
    lhv: float | None = Field(default=None, gt=0)  # MJ per unit

    @field_validator("carrier")
    @classmethod
    def _is_a_carrier(cls, carrier: str) -> str:
        return _known_carrier(carrier)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        stated = [self.quantity, self.unit, self.period]
        if (self.meter is None) is all(part is None for part in stated) or (
            self.meter is None and None in stated
        ):
            raise ValueError(Phrase("give either meter, or quantity with unit and period"))
        return self


class Auxiliary(Flow):
    """Energy that serves a step beside its own meters: pumps, workshops, laboratory, transport,
    lighting.
    """

    step: str


class OtherFlow(Flow):
    """Energy that serves no production, with the reason: offices, canteen, another firm on the
    site. Small, and never a fuel, or the annual account of a route is incomplete."""

    reason: str = Field(pattern=r"\S")


class Stock(Setting):
    """What lay in store at the beginning and at the end of the period."""

    carrier: str
    opening: float = Field(ge=0)
    closing: float = Field(ge=0)
    unit: str
    period: str

    @field_validator("carrier")
    @classmethod
    def _is_a_carrier(cls, carrier: str) -> str:
        return _known_carrier(carrier)


class Conversion(Setting):
    """A plant on the site that is no step of the pack: it takes carriers and gives others."""

    id: str
    name: str = ""
    # why it gives less, or more, of what it takes than such a plant usually does; told beside the
    # labels
    reason: str = ""
    takes: tuple[Flow, ...] = Field(min_length=1)
    gives: tuple[Flow, ...] = Field(min_length=1)


class Loss(Setting):
    """Declared losses of a carrier on its way to its users, as a share of what is available on the
    site.
    """

    carrier: str
    pct: float = Field(gt=0, lt=100)

    @field_validator("carrier")
    @classmethod
    def _is_a_carrier(cls, carrier: str) -> str:
        return _known_carrier(carrier)


class SiteBoundary(Setting):
    """[site_boundary], whole."""

    purchased: tuple[Flow, ...] = ()
    sold: tuple[Flow, ...] = ()
    stocks: tuple[Stock, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    auxiliaries: tuple[
        Auxiliary, ...
    ] = ()  # users that serve production: in no label, and in the annual account of a route
    others: tuple[OtherFlow, ...] = ()
    losses: tuple[Loss, ...] = ()

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        names = [conversion.id for conversion in self.conversions]
        if len(set(names)) < len(names):
            raise ValueError(Phrase("conversions: an id stands twice"))
        for key in ("losses", "stocks"):
            carriers = [flow.carrier for flow in getattr(self, key)]
            if len(set(carriers)) < len(carriers):
                raise ValueError(Phrase("%(key)s: a carrier stands twice", key=key))
        return self

    @property
    def flows(self) -> tuple[tuple[str, Flow], ...]:
        """Every flow with the key that it stands under."""
        named: list[tuple[str, tuple[Flow, ...]]] = [
            ("purchased", self.purchased),
            ("sold", self.sold),
        ]
        named += [("auxiliaries", self.auxiliaries), ("others", self.others)]
        named += [
            (f"conversions.{conversion.id}.{key}", flows)
            for conversion in self.conversions
            for key, flows in (("takes", conversion.takes), ("gives", conversion.gives))
        ]
        return tuple((key, flow) for key, flows in named for flow in flows)


def _known_carrier(carrier: str) -> str:
    if carrier not in CARRIERS:
        raise ValueError(Phrase("must be one of %(carriers)s", carriers=enumerated(CARRIERS)))
    return carrier


class DeclaredPrecursor(Setting):
    """Goods that went into others, tonnes per tonne: a benchmark of its own counts for them on
    attested emissions.
    """

    cn_code: str = Field(min_length=4)
    tonnes: Decimal = Field(gt=0)
    route: str = ""


class BorderGoods(Setting):
    """[[border]]: goods by their code of the combined nomenclature, country of origin (ISO 3166-1)
    and route of production.

    `emissions` are specific embedded emissions as a verifier attested them, or as the plant expects
    it (t CO2e/t); without them only default values can be told. `price` is EUR a certificate;
    without it that of an act is taken where one is held. `paid_at_home` is the carbon price
    effectively paid in the country of origin, EUR/t of the goods.
    """

    cn_code: str = Field(min_length=4)
    origin: str = Field(pattern=r"^[A-Z]{2}$")
    route: str = Field(default="", max_length=1)
    name: str = ""
    emissions: Decimal | None = Field(default=None, ge=0)
    precursors: tuple[DeclaredPrecursor, ...] = ()
    price: Decimal | None = Field(default=None, ge=0)
    paid_at_home: Decimal = Field(default=Decimal(0), ge=0)

    @property
    def on_default_values(self) -> Goods:
        return Goods(self.cn_code, self.origin, self.route)

    @property
    def on_attested_values(self) -> Goods | None:
        if self.emissions is None:
            return None
        parts = tuple(Precursor(each.cn_code, each.tonnes, each.route) for each in self.precursors)
        return Goods(
            self.cn_code, self.origin, self.route, AttestedEmissions(self.emissions, parts)
        )


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
