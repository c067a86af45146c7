"""[[joint]], [[bought_in]], [[product_stocks]]: what the log alone cannot tell of the way of material through the plant."""

from __future__ import annotations

from pydantic import Field, field_validator

from reporting_agent.config.profile import Setting


class Joint(Setting):
    """[[joint]]: how the energy of a run that makes several products at once is divided among them.

    `ratios` names products or variants, each with the energy that an output unit of it takes, relative to the others: a part of the run
    gets output x ratio of the whole. Without a ratio for each of its products a joint run is in no label.
    """

    step: str
    ratios: dict[str, float] = Field(min_length=2)

    @field_validator("ratios")
    @classmethod
    def _positive(cls, ratios: dict[str, float]) -> dict[str, float]:
        if not all(0 < ratio < float("inf") for ratio in ratios.values()):
            raise ValueError("must be positive numbers, such as { plate = 1.0, strip = 1.2 }")
        return ratios


class BoughtIn(Setting):
    """[[bought_in]]: an intermediate product that the plant buys, such as clinker, coke or pig iron.

    `made_by` is the step of the pack that would have made it, `into` the step that takes it in; `quantity` in that first step's
    output unit over the period. Its energy was used elsewhere: it is shown at the published typical value, and never ranked.
    """

    made_by: str
    into: str
    quantity: float = Field(ge=0)  # 0 states that none was bought


class ProductStock(Setting):
    """[[product_stocks]]: what lay in store of an intermediate product at the beginning and the end of the period, and what of it was sold.

    In the output unit of the step `made_by`; `period` is named as on the command line. The annual account of a route counts the energy of
    what went into its product, and no more.
    """

    made_by: str
    opening: float = Field(ge=0)
    closing: float = Field(ge=0)
    sold: float = Field(default=0.0, ge=0)
    period: str
