"""What energy was used for, in words, and what the energy of a batch was used for by its record."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from benchmarks.measurements import Batch, State, Status
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
    Use.VALUE_ADDING: Words(en="Value-adding", zh="增值能耗"),
    Use.REJECT: Words(en="Rejected output", zh="不合格产出"),
    Use.SCRAP: Words(en="Scrap", zh="报废"),
    Use.TEST: Words(en="Test", zh="试验"),
    Use.START_UP: Words(en="Start-up", zh="启动"),
    Use.SHUT_DOWN: Words(en="Shut-down", zh="停机过程"),
    Use.IDLING: Words(en="Idling", zh="空转"),
    Use.CHANGEOVER: Words(en="Changeover", zh="产品切换"),
    Use.WARM_HOLDING: Words(en="Warm holding", zh="保温"),
    Use.STANDBY: Words(en="Standby", zh="待机"),
    Use.FAULT: Words(en="Fault", zh="故障"),
    Use.TRIAL: Words(en="Trial", zh="试生产"),
    Use.EXCLUDED: Words(en="Batches with faulty records", zh="记录有误的批次"),
    Use.OUTSIDE: Words(en="Outside any batch", zh="批次之外"),
    Use.UNPLACED: Words(en="Not placed in time", zh="无法归入时段"),
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
