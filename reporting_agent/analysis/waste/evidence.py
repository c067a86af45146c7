"""What the log tells of every batch of a step beside its energy (how long, after what, when), and
what its energy was used for.

Rows are those of the step's columns. The batch before is the one of the same equipment that began
last and kept it warm: a scrapped batch and a logged holding do as well as a good batch, a logged
start-up, shut-down, idle time or fault does not and belongs to the stop. Nothing is known of what
ran before the first batch of an equipment, nor of the batch before where the log lacks numbers
between the two: the equipment ran. An interval that ends at or before its start tells neither when
the batch began nor when it ended.

What energy was used for, in words, and what the energy of a batch was used for by its record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from benchmarks.declared import Words, worded
from benchmarks.labels.columns import POWER_ON_S, Flags, Floats, Integers, StepColumns
from benchmarks.measurements import Batch, OperatingState, ProductStatus
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.batches import missing_before

_HOUR_S = 3600
_COLD = frozenset(
    {OperatingState.START_UP, OperatingState.SHUT_DOWN, OperatingState.IDLE, OperatingState.FAULT}
)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """One key a batch, as a code and its name; code -1 is a batch without one."""

    code: Integers
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BatchEvidence:
    """The step's batches; seconds, NaN where not known."""

    start_s: Floats  # since 1970, UTC
    interval_s: Floats  # end - start where positive
    power_on_s: Floats
    # since the end of the batch before; NaN where they overlap, or either's times are wrong
    pause_s: Floats
    changed: (
        Floats  # 1 where the batch before was of another product or variant, 0 where of the same
    )
    day: Integers  # local day, counted from 1970
    hour: Groups
    shift: Groups
    month: Groups
    equipment: Groups
    product: Groups  # product and variant


def evidence_of(columns: StepColumns, site: SiteSettings) -> BatchEvidence:
    """Look at every batch of a step once."""
    batches = columns.batches
    start = columns.span_s[:, 0]
    end = np.array(
        [np.nan if batch.end is None else batch.end.timestamp() for batch in batches], dtype=float
    )
    equipment = _grouped([batch.equipment for batch in batches])
    root = columns.step.only_root
    product = _grouped(
        [
            "/".join((batch.product or columns.step.product, batch.variant or root))
            for batch in batches
        ]
    )
    kept_warm = np.array([batch.state not in _COLD for batch in batches], dtype=bool)
    pause, changed = pauses_and_changes(start, end, equipment.code, product.code, kept_warm)
    unknown = list(missing_before(batches))
    pause[unknown], changed[unknown] = np.nan, np.nan
    local = start + _utc_offsets(start, site)
    day = np.floor(local / 86400).astype(np.int64)
    of_day_s = local - day * 86400.0
    interval = end - start
    return BatchEvidence(
        start_s=start,
        interval_s=np.where(interval > 0, interval, np.nan),
        power_on_s=columns.variable(POWER_ON_S),
        pause_s=pause,
        changed=changed,
        day=day,
        hour=Groups(
            (of_day_s // _HOUR_S).astype(np.int64), tuple(f"{hour:02d}:00" for hour in range(24))
        ),
        shift=shifts_of(of_day_s, site.runs.shift_starts),
        month=_grouped(
            [
                f"{moment}"
                for moment in day.astype("datetime64[D]").astype("datetime64[M]").tolist()
            ],
            months=True,
        ),
        equipment=equipment,
        product=product,
    )


def pauses_and_changes(
    start: Floats, end: Floats, equipment: Integers, product: Integers, kept_warm: Flags
) -> tuple[Floats, Floats]:
    """Pause since the batch before on the same equipment, and whether the product changed."""
    order = np.lexsort((start, equipment))
    position = np.where(kept_warm[order], np.arange(len(order)), -1)
    latest = (
        np.concatenate(([-1], np.maximum.accumulate(position)[:-1])) if len(order) else position
    )
    previous = order[np.maximum(latest, 0)]
    follows = (latest >= 0) & (equipment[previous] == equipment[order])
    pause = np.full(len(order), np.nan)
    changed = np.full(len(order), np.nan)
    sound = ~(end <= start)
    pause_known = follows & sound[order] & sound[previous]
    pause[order] = np.where(pause_known, start[order] - end[previous], np.nan)
    changed[order] = np.where(follows, product[order] != product[previous], np.nan)
    return np.where(pause >= 0, pause, np.nan), changed


def _grouped(keys: list[str], months: bool = False) -> Groups:
    names = sorted(set(keys))
    code_of = {name: code for code, name in enumerate(names)}
    return Groups(
        np.array([code_of[key] for key in keys], dtype=np.int64),
        tuple(name[:7] if months else name for name in names),
    )


def shifts_of(of_day_s: Floats, starts: tuple[str, ...]) -> Groups:
    """The shift that a batch began in; before the first start of the day it is the last of the day
    before.
    """
    edges = [60 * int(clock[:-3]) + int(clock[-2:]) for clock in starts]
    code: NDArray[np.int64] = (
        np.searchsorted(np.array(edges) * 60.0, of_day_s, side="right").astype(np.int64) - 1
    )
    return Groups(np.where(code < 0, len(edges) - 1, code), starts)


def _utc_offsets(start_s: Floats, site: SiteSettings) -> Floats:
    """Seconds to add to UTC for the site's local time; asked once a half hour, since clocks change
    on no other minute.
    """
    halves, half_index = np.unique(np.floor(start_s / 1800), return_inverse=True)
    zone = site.zone
    offsets = [
        datetime.fromtimestamp(half * 1800, zone).utcoffset() or timedelta()
        for half in halves.tolist()
    ]
    return np.array([offset.total_seconds() for offset in offsets], dtype=float)[half_index]


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
    Use.VALUE_ADDING: worded("Value-adding"),
    Use.REJECT: worded("Rejected output"),
    Use.SCRAP: worded("Scrap"),
    Use.TEST: worded("Test"),
    Use.START_UP: worded("Start-up"),
    Use.SHUT_DOWN: worded("Shut-down"),
    Use.IDLING: worded("Idling"),
    Use.CHANGEOVER: worded("Changeover"),
    Use.WARM_HOLDING: worded("Warm holding"),
    Use.STANDBY: worded("Standby"),
    Use.FAULT: worded("Fault"),
    Use.TRIAL: worded("Trial"),
    Use.EXCLUDED: worded("Batches with faulty records"),
    Use.OUTSIDE: worded("Outside any batch"),
    Use.UNPLACED: worded("Not placed in time"),
}

_OF_STATE = {
    OperatingState.START_UP: Use.START_UP,
    OperatingState.SHUT_DOWN: Use.SHUT_DOWN,
    OperatingState.IDLE: Use.IDLING,
    OperatingState.HOLDING: Use.WARM_HOLDING,
    OperatingState.TRIAL: Use.TRIAL,
    OperatingState.FAULT: Use.FAULT,
}
_OF_STATUS = {ProductStatus.SCRAP: Use.SCRAP, ProductStatus.TEST: Use.TEST}
_ENERGY_IS_NONE = frozenset({"sentinel", "negative-energy", "impossible-power"})


def of_state(state: OperatingState | None) -> Use:
    """What energy in a state other than normal was for; None: the time it was used in is not
    known.
    """
    return Use.UNPLACED if state is None else _OF_STATE[state]


def purpose(batch: Batch) -> Use:
    """What a batch's energy was for. Energy of a good batch made product, though a label leaves it
    out (too little coverage, too long).
    """
    if batch.excluded in _ENERGY_IS_NONE:
        return Use.EXCLUDED
    if batch.status in _OF_STATUS:
        return _OF_STATUS[batch.status]
    if batch.state is not OperatingState.NORMAL:
        return of_state(batch.state)
    return Use.VALUE_ADDING if batch.output > 0 else Use.EXCLUDED
