"""[[lhv]]: lower heating values as the laboratory found them, each in force from its day until the next.

They serve every meter of the carrier that has no `lhv` of its own, and every amount of energy given without one. One carrier
has one value on one day, wherever it is used or given back: a gas made on site counts the same on both sides.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError
from benchmarks.quantities import ratio
from reporting_agent.config.profile import Setting

LhvSource = Literal["measured", "contract", "default"]


class HeatingValue(Setting):
    """One value: MJ per unit of the carrier unless `unit` says otherwise (kJ/kg, MJ/Nm3, GJ/t)."""

    carrier: str
    from_day: date = Field(alias="from")
    value: float = Field(gt=0)
    unit: str = ""  # MJ per the carrier's own unit where empty
    source: LhvSource = "measured"

    @model_validator(mode="after")
    def _fits_its_carrier(self) -> Self:
        known = CARRIERS.get(self.carrier)
        if known is None or not known.thermal:
            raise ValueError("carrier must be one that holds heat: " + ", ".join(one.id for one in CARRIERS.values() if one.thermal))
        try:
            self.mj_per(known.unit)
        except InputError as refusal:
            raise ValueError(f"unit must be heat per amount of {self.carrier}, such as MJ/{known.unit} ({refusal.sentence})") from refusal
        if (wanted := known.wanted_of(self.mj_per(known.unit), known.unit)) is not None:
            raise ValueError(f"value must be {wanted}")
        return self

    def mj_per(self, unit: str) -> float:
        """MJ per `unit` of the carrier."""
        return self.value * ratio(self.unit or f"MJ/{CARRIERS[self.carrier].unit}", f"MJ/{unit}")


class HeatingValues:
    """All values of a site, asked by carrier and day."""

    def __init__(self, values: Sequence[HeatingValue]) -> None:
        self._by_carrier: dict[str, list[HeatingValue]] = {}
        for value in sorted(values, key=lambda one: one.from_day):
            self._by_carrier.setdefault(value.carrier, []).append(value)

    def __bool__(self) -> bool:
        return bool(self._by_carrier)

    def of(self, carrier: str, on: date) -> HeatingValue | None:
        """The value in force on that day; None before the first, and where the carrier has none."""
        values = self._by_carrier.get(carrier, [])
        place = bisect_right([one.from_day for one in values], on)
        return values[place - 1] if place else None


def refuse_twice(values: Sequence[HeatingValue]) -> None:
    """ValueError where a carrier has two values from one day."""
    seen: set[tuple[str, date]] = set()
    for value in values:
        if (value.carrier, value.from_day) in seen:
            raise ValueError(f"lhv: {value.carrier} has two values from {value.from_day.isoformat()}")
        seen.add((value.carrier, value.from_day))
