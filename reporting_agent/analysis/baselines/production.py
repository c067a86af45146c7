"""What was made on each day, and how warm it was outside: the variables of a meter's baseline, from
the batches of all lines it feeds.

Lines, and products of one line, take unlike energy a tonne. So output is offered three ways: in
all, by line, and by line and product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.measurements import Batch
from reporting_agent.analysis.baselines.model import LocalHours, degree_days
from reporting_agent.config import Meter
from reporting_agent.config.tree import MeterTree
from reporting_agent.metering.moments import to_us

OUTDOOR = frozenset({"outdoor_c", "outdoor_temp_c", "ambient_c", "ambient_temp_c"})
PRODUCTION = "production"
DAYS_A_NAME = 30
"""So many days for each line or product that has a coefficient of its own; those that make least
share one.
"""


@dataclass(frozen=True, slots=True, eq=False)
class ProductionColumns:
    """All batches as columns, each once, from its start to its end (one without a sound end is of
    the moment that it began).
    """

    start_us: Integers
    end_us: Integers
    output: Floats
    outdoor_c: Floats  # NaN where not recorded
    line: NDArray[np.str_]  # equipment, or the step where none is named
    product: NDArray[np.str_]
    lines: NDArray[np.str_]  # step and equipment of each
    zone: tzinfo

    @classmethod
    def of(cls, rows: Sequence[Batch], zone: tzinfo) -> ProductionColumns:
        batches = each_once(rows)
        start_us = np.array([to_us(batch.start) for batch in batches], dtype=np.int64)
        end_us = np.array([to_us(batch.end or batch.start) for batch in batches], dtype=np.int64)
        return cls(
            start_us=start_us,
            end_us=np.maximum(end_us, start_us + 1),
            output=np.array([max(batch.output, 0.0) for batch in batches], dtype=float),
            outdoor_c=np.array([_outdoor(batch) for batch in batches], dtype=float),
            line=np.array([batch.equipment or batch.step for batch in batches], dtype=np.str_),
            product=np.array([batch.variant or batch.product for batch in batches], dtype=np.str_),
            lines=np.array(
                [(batch.step, batch.equipment) for batch in batches], dtype=np.str_
            ).reshape(-1, 2),
            zone=zone,
        )

    def variables(
        self, meter: Meter, tree: MeterTree, hours: LocalHours
    ) -> tuple[list[dict[str, Floats]], dict[str, Floats]]:
        """Of each day output (in all, by line, by line and product) and heating and cooling
        degrees; only what is there.

        A batch's output is spread evenly over the time that made it.
        """
        own = self._fed_by(meter, tree)
        start_us, end_us, output, outdoor_c = (
            self.start_us[own],
            self.end_us[own],
            self.output[own],
            self.outdoor_c[own],
        )
        batch, day, part = _by_day(start_us, end_us, hours.midnights_us(self.zone))
        count = len(hours.days)
        line, product = self.line[own], self.product[own]
        both = (
            np.char.add(np.char.add(line, ", "), product) if len(np.unique(line)) > 1 else product
        )
        outputs: list[dict[str, Floats]] = []
        for names in (np.full(len(line), PRODUCTION), line, both):
            kinds, kind = _kept_apart(names, output, len(hours.days) // DAYS_A_NAME)
            daily = np.bincount(
                kind[batch] * count + day,
                weights=output[batch] * part,
                minlength=len(kinds) * count,
            )
            columns = dict(zip(kinds, daily.astype(float).reshape(len(kinds), count), strict=True))
            if daily.any() and (not outputs or len(columns) > 1):
                outputs.append(columns)
        warm = np.isfinite(outdoor_c[batch])
        degrees: dict[str, Floats] = {}
        if warm.any():
            recorded = np.bincount(day[warm], minlength=count)
            summed = np.bincount(day[warm], weights=outdoor_c[batch][warm], minlength=count)
            degrees = degree_days(np.where(recorded > 0, summed / np.maximum(recorded, 1), np.nan))
        return outputs, degrees

    def _fed_by(self, meter: Meter, tree: MeterTree) -> Flags:
        """The batches of a meter's lines: its own, those that share it, or those of the meters
        below it; all where none is named.
        """
        lines = lines_of(meter, tree) or {("", "")}
        own = np.zeros(len(self.output), dtype=bool)
        for step, equipment in lines:
            own |= ((self.lines[:, 0] == step) | (not step)) & (
                (self.lines[:, 1] == equipment) | (not equipment)
            )
        return own


def lines_of(meter: Meter, tree: MeterTree) -> set[tuple[str, str]]:
    """Step and equipment of every line that a meter feeds, "" for any; none where nothing is said.

    A meter without a step feeds what the meters below it do and those that are worked out from it,
    any line where these do not measure everything (`subs = "some"`); a virtual one feeds what the
    meters do that it adds.
    """
    if meter.allocation is not None:
        return {line for name in meter.allocation.sinks for line in ((name, ""), ("", name))}
    if meter.step:
        return {(meter.step, meter.equipment)}
    if meter.subs == "some":
        return {("", "")}
    added = () if meter.formula is None else tuple(tree.by_id[name] for name in meter.formula.plus)
    says = (
        sub_meter
        for sub_meter in tree.meters
        if sub_meter.step or sub_meter.allocation or sub_meter.subs == "some"
    )
    below = [
        sub_meter
        for sub_meter in says
        if meter in tree.above(sub_meter) or tree.parts(sub_meter).get(meter.id, 0) > 0
    ]
    return {line for other in (*added, *below) for line in lines_of(other, tree)}


def each_once(batches: Sequence[Batch]) -> list[Batch]:
    """The batches without rows that stand twice in the log: of the same id at the same equipment,
    and of a time that the first shares.

    An id that comes again later, as where numbers begin anew each year, is another batch.
    """
    single: list[Batch] = []
    by_id: dict[tuple[str, str, str], list[Batch]] = {}
    for batch in batches:
        same = by_id.setdefault((batch.step, batch.equipment, batch.batch_id), [])
        if not any(_share_time(batch, first) for first in same):
            same.append(batch)
            single.append(batch)
    return single


def _share_time(batch: Batch, other: Batch) -> bool:
    ends = [run.end or run.start for run in (batch, other)]
    return batch.start == other.start or (batch.start < ends[1] and other.start < ends[0])


def _kept_apart(names: NDArray[np.str_], output: Floats, most: int) -> tuple[list[str], Integers]:
    """Names that get a coefficient of their own, those with most output first, and which of them
    each batch has; the rest share "".
    """
    kinds, kind = np.unique(names, return_inverse=True)
    if len(kinds) <= max(most, 1):
        return kinds.tolist(), kind
    order = np.argsort(-np.bincount(kind, weights=output), kind="stable")
    rank = np.minimum(np.argsort(order), max(most, 1) - 1)  # of each kind
    return [*kinds[order[: max(most, 1) - 1]].tolist(), ""], rank[kind]


def _by_day(
    start_us: Integers, end_us: Integers, midnights_us: Integers
) -> tuple[Integers, Integers, Floats]:
    """The pieces into which midnights cut the batches: of which batch, on which day, what share of
    it; none outside the days.
    """
    first = np.maximum(np.searchsorted(midnights_us, start_us, side="right") - 1, 0)
    last = np.minimum(np.searchsorted(midnights_us, end_us, side="left"), len(midnights_us) - 1)
    pieces = np.maximum(last - first, 0)
    batch = np.repeat(np.arange(len(start_us)), pieces)
    day = first[batch] + np.arange(len(batch)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    inside = np.minimum(end_us[batch], midnights_us[day + 1]) - np.maximum(
        start_us[batch], midnights_us[day]
    )
    return batch, day, inside / (end_us - start_us)[batch]


def _outdoor(batch: Batch) -> float:
    return (
        next((value for name, value in batch.variables.items() if name in OUTDOOR), float("nan"))
        if batch.variables
        else float("nan")
    )
