"""[[border]]: goods that customers import into the European Union, for what they cost there by
their emissions.

No part of a label, of a release or of what is committed to: what is written here never leaves the
site.
"""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from benchmarks.guidance.cbam import AttestedEmissions, Goods, Precursor
from reporting_agent.config.profile import Setting


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
