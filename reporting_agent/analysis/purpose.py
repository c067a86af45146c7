"""What energy was used for, in words, and what the energy of a batch was used for by its record."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from benchmarks.measurements import Batch, State, Status
from benchmarks.phrases import Phrase
from benchmarks.routes import Words


class Use(StrEnum):
    """Value-adding is the first alone; unplaced energy is of no known time."""

    VALUE_ADDING = "value-adding"
    REJECT = "reject"
    SCRAP = "scrap"
    TEST = "test"
    START_UP = "start-up"
    SHUT_DOWN = "shut-down"
    IDLING = "idle"
    CHANGEOVER = "changeover"
    WARM_HOLDING = "holding"
    STANDBY = "standby"
    FAULT = "fault"
    TRIAL = "trial"
    EXCLUDED = "excluded"  # of batches whose energy or output is no real one
    OUTSIDE = "outside"  # in no batch, and no rule says what for
    UNPLACED = "unplaced"

    @property
    def words(self) -> Words:
        return USE_WORDS[self]


USE_WORDS: Mapping[Use, Words] = {
    Use.VALUE_ADDING: Words.of(Phrase("Value-adding")),
    Use.REJECT: Words.of(Phrase("Rejected output")),
    Use.SCRAP: Words.of(Phrase("Scrap")),
    Use.TEST: Words.of(Phrase("Test")),
    Use.START_UP: Words.of(Phrase("Start-up")),
    Use.SHUT_DOWN: Words.of(Phrase("Shut-down")),
    Use.IDLING: Words.of(Phrase("Idling")),
    Use.CHANGEOVER: Words.of(Phrase("Changeover")),
    Use.WARM_HOLDING: Words.of(Phrase("Warm holding")),
    Use.STANDBY: Words.of(Phrase("Standby")),
    Use.FAULT: Words.of(Phrase("Fault")),
    Use.TRIAL: Words.of(Phrase("Trial")),
    Use.EXCLUDED: Words.of(Phrase("Batches with faulty records")),
    Use.OUTSIDE: Words.of(Phrase("Outside any batch")),
    Use.UNPLACED: Words.of(Phrase("Not placed in time")),
}

_OF_STATE = {
    State.START_UP: Use.START_UP,
    State.SHUT_DOWN: Use.SHUT_DOWN,
    State.IDLE: Use.IDLING,
    State.HOLDING: Use.WARM_HOLDING,
    State.TRIAL: Use.TRIAL,
    State.FAULT: Use.FAULT,
}
_OF_STATUS = {Status.SCRAP: Use.SCRAP, Status.TEST: Use.TEST}
_ENERGY_IS_NONE = frozenset({"sentinel", "negative-energy", "impossible-power"})


def of_state(state: State | None) -> Use:
    """What energy in a state other than normal was for; None: the time it was used in is not known."""
    return Use.UNPLACED if state is None else _OF_STATE[state]


def purpose(batch: Batch) -> Use:
    """What a batch's energy was for. Energy of a good batch made product, though a label leaves it out (too little coverage, too long)."""
    if batch.excluded in _ENERGY_IS_NONE:
        return Use.EXCLUDED
    if batch.status in _OF_STATUS:
        return _OF_STATUS[batch.status]
    if batch.state is not State.NORMAL:
        return of_state(batch.state)
    return Use.VALUE_ADDING if batch.output_t > 0 else Use.EXCLUDED
