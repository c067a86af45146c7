"""Causes of energy above a label, by the codes that local reports, practices and the signed library
share.

How each is told from a plant's own log is the agent's (`reporting_agent.analysis.waste.causes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from benchmarks.declared import Words, worded


class WasteCause(StrEnum):
    """Why a batch took more energy than the label, where the data say so."""

    # longer from start to end than label-level batches (power off, where the log gives power-on
    # time)
    HOLDING = "holding"
    REHEAT = "reheat"
    COLD_START = "cold-start"  # first batch after a stop
    CHANGEOVER = "changeover"  # another product before
    REJECT = "reject"  # energy of output that was rejected
    LOW_LOAD = "low-load"  # less output than label-level batches
    EQUIPMENT = "equipment"
    SHIFT = "shift"
    HOUR = "hour"
    AT_POWER = "longer-at-power"  # where the energy went, not why
    NONE = "no-cause"  # what no evidence explains

    @property
    def words(self) -> Words:
        return CAUSE_WORDS[self]

    @property
    def named(self) -> bool:
        """Whether it says why: only such energy is called avoidable, the rest is unexplained."""
        return self not in {WasteCause.AT_POWER, WasteCause.NONE}


CAUSE_WORDS: Mapping[WasteCause, Words] = {
    WasteCause.HOLDING: worded("Holding and waiting"),
    WasteCause.REHEAT: worded("Reheating"),
    WasteCause.COLD_START: worded("First batch after a stop"),
    WasteCause.CHANGEOVER: worded("Change of product"),
    WasteCause.REJECT: worded("Rejected output"),
    WasteCause.LOW_LOAD: worded("Low load"),
    WasteCause.EQUIPMENT: worded("Equipment"),
    WasteCause.SHIFT: worded("Shift"),
    WasteCause.HOUR: worded("Hour of the day"),
    WasteCause.AT_POWER: worded("Longer power-on, reason not in the data"),
    WasteCause.NONE: worded("No cause in the data"),
}
