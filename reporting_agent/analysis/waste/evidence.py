"""Evidence for a cause in the step's columns, and whether chance alone would show as much.

The batch before is the last one of the same equipment that kept it warm; a start-up, shut-down,
idle time or fault is a stop. A unit of the test is the mean of one group on one day: Mann and
Whitney's rank test, variance widened by (1+r)/(1-r) (`benchmarks.labels.uncertainty`), two-sided,
Holm 1979.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from benchmarks.declared import Words, worded
from benchmarks.labels.columns import POWER_ON_S, Flags, Floats, Integers, StepColumns
from benchmarks.labels.uncertainty import alike
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


SIGNIFICANT = 0.05
FEWEST_DAYS = 6
"""Of a group and of the others together: below this nothing is tested."""
FEWEST_OF_PRODUCT = 20
"""Batches from which on a product has a level of its own."""


@dataclass(frozen=True, slots=True)
class GroupDifference:
    """One group against all others: difference of the medians of their days, and the corrected
    p-value (None: not tested).
    """

    name: str
    code: int
    difference: float | None
    p_value: float | None
    days: int


def holm(p_values: list[float]) -> list[float]:
    """p-values corrected for their number, in the order given."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    corrected = [0.0] * len(p_values)
    reached = 0.0
    for rank, index in enumerate(order):
        reached = max(reached, min(1.0, (len(order) - rank) * p_values[index]))
        corrected[index] = reached
    return corrected


def without_drift(value: Floats, month: Integers) -> Floats:
    """Values less the median of their month: what drifts over the year is no shift's and no
    equipment's doing.
    """
    centred = value.copy()
    for code in np.unique(month).tolist():
        centred[month == code] -= np.median(value[month == code])
    return centred


def of_product(value: Floats, product: Integers) -> Floats:
    """Values less what their product adds to the median: products take unlike energy a tonne, and
    no shift or equipment that makes more of one is worse for it. Those of too few batches to have a
    median are taken together.
    """
    count = np.bincount(product, minlength=int(product.max(initial=0)) + 1)
    own = np.where(count[product] >= FEWEST_OF_PRODUCT, product, -1)
    freed = value.copy()
    for code in np.unique(own).tolist():
        freed[own == code] -= np.nanmedian(value[own == code]) - np.nanmedian(value)
    return freed


def differences(
    value: Floats, groups: Groups, day: Integers, weight: Floats
) -> list[GroupDifference]:
    """Every group against the others; fewer than two groups leave nothing to test. Rows without a
    value are left out.
    """
    with_value = np.isfinite(value) & (groups.code >= 0)
    present = sorted(set(groups.code[with_value].tolist()))
    if len(present) < 2:
        return []
    unit, unit_index = np.unique(
        day[with_value] * len(groups.names) + groups.code[with_value], return_inverse=True
    )
    of_unit = np.bincount(unit_index, weights=(value * weight)[with_value]) / np.bincount(
        unit_index, weights=weight[with_value]
    )
    code = unit % len(groups.names)
    compared = [
        _compared(
            name=groups.names[group],
            code=group,
            own=of_unit[code == group],
            others=of_unit[code != group],
        )
        for group in present
    ]
    tested = [difference.p_value for difference in compared if difference.p_value is not None]
    corrected = iter(holm(tested))
    return [
        difference
        if difference.p_value is None
        else GroupDifference(
            difference.name,
            difference.code,
            difference.difference,
            next(corrected),
            difference.days,
        )
        for difference in compared
    ]


@dataclass(frozen=True, slots=True)
class LevelShift:
    """Since `month` the level differs by `difference` from what it was before, by more than chance
    where `p_value` is small.
    """

    month: str
    before: float
    after: float
    p_value: float

    @property
    def difference(self) -> float:
        return self.after - self.before


def level_shift(value: Floats, month: Groups, day: Integers, weight: Floats) -> LevelShift | None:
    """The month with which the level changed most clearly; None where there is no month to test.

    Every month's beginning is tried, days before against days after (`_compared`), corrected for
    the number tried (Holm 1979). `before` and `after` are medians of days.
    """
    days, day_index = np.unique(day, return_inverse=True)
    of_day = np.bincount(day_index, weights=value * weight) / np.bincount(day_index, weights=weight)
    of_month = np.zeros(len(days), dtype=np.int64)
    of_month[day_index] = month.code
    edges = [
        code
        for code in np.unique(of_month).tolist()[1:]
        if min((of_month < code).sum(), (of_month >= code).sum()) >= FEWEST_DAYS
    ]
    if not edges:
        return None
    tried = [
        _compared(month.names[code], code, of_day[of_month >= code], of_day[of_month < code])
        for code in edges
    ]
    corrected = holm(
        [1.0 if difference.p_value is None else difference.p_value for difference in tried]
    )
    best = min(
        range(len(tried)),
        key=lambda index: (corrected[index], -abs(tried[index].difference or 0.0)),
    )
    code = edges[best]
    return LevelShift(
        month.names[code],
        float(np.median(of_day[of_month < code])),
        float(np.median(of_day[of_month >= code])),
        corrected[best],
    )


def _compared(name: str, code: int, own: Floats, others: Floats) -> GroupDifference:
    if min(len(own), len(others)) < FEWEST_DAYS:
        return GroupDifference(name, code, None, None, len(own))
    pooled = np.concatenate([own, others])
    _, inverse, counts = np.unique(pooled, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    m, n = len(own), len(others)
    u = float(ranks[:m].sum()) - m * (m + 1) / 2
    ties = float((counts**3 - counts).sum())
    variance = m * n / 12 * ((m + n + 1) - ties / ((m + n) * (m + n - 1)))
    widened = variance * max(alike(own), alike(others))
    p_value = erfc(abs(u - m * n / 2) / sqrt(2 * widened)) if widened > 0 else 1.0
    return GroupDifference(name, code, float(np.median(own) - np.median(others)), p_value, m)
