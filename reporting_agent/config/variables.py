"""[variables.NAME]: what the plant says of a variable that its batches carry as `var.NAME` or `input.NAME`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reporting_agent.config.profile import Setting


class Variable(Setting):
    """A relevant variable (ISO 50006).

    A *setting* is chosen by people and may save energy (speed, frequency, charge); a *condition* is met with and is what a value is
    normalised by (moisture, weather, feed); a *consequence* is a result of the run itself and neither (tapping temperature,
    duration). Not given, it is what the pack or the name tells (a frequency or speed is set, moisture met with), else none of
    them: its effect is told, and nothing is saved or normalised by it.
    """

    kind: Literal["setting", "condition", "consequence"] | None = None
    unit: str = ""  # read from the name's ending (`_hz`, `_pct`, `_c`) where not given
    reference: float | None = None  # the plant's own reference condition; the median of the period where not given
    en: str = ""  # its name in words; the name itself where not given
    zh: str = Field(default="")
