"""Whether groups of batches differ by more than chance, freed of drift and product, and the month
with which the level changed.

The unit of the test is not the batch: batches of one shift on one day are alike, and counting each
would make nearly every difference look real. A unit is the mean of one group on one day. Each
group's days are compared with the days of all others by Mann and Whitney's rank test, its variance
widened by how alike days that follow one another are ((1+r)/(1-r), see
`benchmarks.labels.uncertainty`). p-values are two-sided and corrected for the number of groups
(Holm 1979).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from benchmarks.labels.columns import Floats, Integers
from benchmarks.labels.uncertainty import alike
from reporting_agent.analysis.waste.evidence import Groups

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
