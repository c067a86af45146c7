"""[[joint]], [[bought_in]], [[product_stocks]], [[lhv]], [variables]: way of material, heating
values, relevant variables.

[[lhv]]: the laboratory's lower heating values, each in force until the next, for meters and amounts
without one. A carrier has one value a day on both sides; `step` with `reason` where two streams
differ, `reason` where the value is unusual. [variables.NAME]: of `var.NAME` or `input.NAME`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase, enumerated
from benchmarks.quantities import ratio
from reporting_agent.config.profile import Setting


class JointProduction(Setting):
    """[[joint]]: how the energy of a run that makes several products at once is divided among them.

    `ratios` names products or variants, each with the energy that an output unit of it takes,
    relative to the others: a part of the run gets output x ratio of the whole. Without a ratio for
    each of its products a joint run is in no label.
    """

    step: str
    ratios: dict[str, float] = Field(min_length=2)

    @field_validator("ratios")
    @classmethod
    def _positive(cls, ratios: dict[str, float]) -> dict[str, float]:
        if not all(0 < ratio < float("inf") for ratio in ratios.values()):
            raise ValueError(
                Phrase("must be positive numbers, such as { plate = 1.0, strip = 1.2 }")
            )
        return ratios


class BoughtIn(Setting):
    """[[bought_in]]: an intermediate product that the plant buys, such as clinker, coke or pig
    iron.

    `made_by` is the step of the pack that would have made it, `into` the step that takes it in;
    `quantity` in that first step's output unit over the period. Its energy was used elsewhere: it
    is shown at the published typical value, and never ranked.
    """

    made_by: str
    into: str
    quantity: float = Field(ge=0)  # 0 states that none was bought


class ProductStock(Setting):
    """[[product_stocks]]: what lay in store of an intermediate product at the beginning and the end
    of the period, and what of it was sold.

    In the output unit of the step `made_by`; `period` is named as on the command line. The annual
    account of a route counts the energy of what went into its product, and no more.
    """

    made_by: str
    opening: float = Field(ge=0)
    closing: float = Field(ge=0)
    sold: float = Field(default=0.0, ge=0)
    period: str


LhvSource = Literal["measured", "contract", "default"]


class HeatingValue(Setting):
    """One value: MJ per unit of the carrier unless `unit` says otherwise (kJ/kg, MJ/Nm3, GJ/t)."""

    carrier: str
    from_day: date = Field(alias="from")
    value: float = Field(gt=0)
    unit: str = ""  # MJ per the carrier's own unit where empty
    source: LhvSource = "measured"
    step: str = ""  # of whose stream alone it is; of every step's where empty
    reason: str = ""  # how it was measured, where it is unusual or of one stream alone

    @model_validator(mode="after")
    def _fits_its_carrier(self) -> Self:
        entry = CARRIERS.get(self.carrier)
        if self.step and not self.reason.strip():
            raise ValueError(
                Phrase(
                    "a value of one step's stream needs a reason: how it was measured, and why it "
                    "differs"
                )
            )
        if entry is None or not entry.thermal:
            of_heat = enumerated(carrier.id for carrier in CARRIERS.values() if carrier.thermal)
            raise ValueError(
                Phrase("carrier must be one that holds heat: %(carriers)s", carriers=of_heat)
            )
        try:
            self.mj_per(entry.unit)
        except InputError as refusal:
            raise ValueError(
                Phrase(
                    "unit must be heat per amount of %(carrier)s, such as MJ/%(unit)s (%(why)s)",
                    carrier=self.carrier,
                    unit=entry.unit,
                    why=refusal.sentence,
                )
            ) from refusal
        return self

    def mj_per(self, unit: str) -> float:
        """MJ per `unit` of the carrier."""
        return self.value * ratio(self.unit or f"MJ/{CARRIERS[self.carrier].unit}", f"MJ/{unit}")


class HeatingValues:
    """All values of a site, asked by carrier and day."""

    def __init__(self, values: Sequence[HeatingValue]) -> None:
        self._by_carrier: dict[tuple[str, str], list[HeatingValue]] = {}
        for value in sorted(values, key=lambda heating_value: heating_value.from_day):
            self._by_carrier.setdefault((value.carrier, value.step), []).append(value)

    def __bool__(self) -> bool:
        return bool(self._by_carrier)

    def of(self, carrier: str, on: date, step: str = "") -> HeatingValue | None:
        """The value in force on that day, of the step's own stream before that of all; None before
        the first, and where there is none.
        """
        for stream in dict.fromkeys((step, "")):
            values = self._by_carrier.get((carrier, stream), [])
            if position := bisect_right([heating_value.from_day for heating_value in values], on):
                return values[position - 1]
        return None


def refuse_twice(values: Sequence[HeatingValue]) -> None:
    """ValueError where a carrier has two values from one day."""
    days_valued: set[tuple[str, str, date]] = set()
    for value in values:
        if (value.carrier, value.step, value.from_day) in days_valued:
            raise ValueError(
                Phrase(
                    "lhv: %(carrier)s has two values from %(day)s",
                    carrier=value.carrier,
                    day=value.from_day.isoformat(),
                )
            )
        days_valued.add((value.carrier, value.step, value.from_day))


class Variable(Setting):
    """A relevant variable (ISO 50006).

    A *setting* is chosen by people and may save energy (speed, frequency, charge); a *condition* is
    met with and is what a value is normalised by (moisture, weather, feed); a *consequence* is a
    result of the run itself and neither (tapping temperature, duration). Not given, it is what the
    pack or the name tells (a frequency or speed is set, moisture met with), else none of them: its
    effect is told, and nothing is saved or normalised by it.
    """

    kind: Literal["setting", "condition", "consequence"] | None = None
    unit: str = ""  # read from the name's ending (`_hz`, `_pct`, `_c`) where not given
    reference: float | None = (
        None  # the plant's own reference condition; the median of the period where not given
    )
    en: str = ""  # its name in words; the name itself where not given
    zh: str = Field(default="")
