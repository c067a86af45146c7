"""[[scales]]: what weighs a line's output, and so stands beside the log's own figure of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from benchmarks.quantities import ratio
from reporting_agent.config.profile import Setting


class Scale(Setting):
    """One scale of a line.

    `weighs` says what a row of its records is: the weight of one batch, stamped between its start
    and the start of the next one of the line (`batch`), or what ran over a belt since the row
    before (`flow`). `uncertainty_pct` is expanded (k = 2), in percent of the weight.
    """

    id: str = Field(min_length=1)
    step: str
    equipment: str = ""
    weighs: Literal["batch", "flow"] = "batch"
    unit: str = "t"
    uncertainty_pct: float = Field(default=1.0, gt=0, lt=100)

    @field_validator("unit")
    @classmethod
    def _is_a_unit(cls, unit: str) -> str:
        ratio(unit, unit)
        return unit
