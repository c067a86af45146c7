"""How one meter's energy divides over the period: batches, the stretches outside them, clock hours.

The batches a meter counts for may overlap (several machines on one meter); what counts as inside a
batch is the union of their windows. The time outside is cut into stretches at the edges of that
union and of the period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.curve import Course
from reporting_agent.metering.moments import EVER, Islands, Windows
from reporting_agent.metering.record import Intervals, MeterRecord, PauseStretch, in_its_time
from reporting_agent.metering.segments import MICROSECONDS

Integers = NDArray[np.int64]

PEAK = 2.0
"""Times its mean, what a load may have been at least that no reading tells (a convention of
ours).
"""
FAULT_RANGES = 3.0
"""Of a declared range, the most that a reading beyond it can be and be a load (a convention of
ours).
"""


@dataclass(frozen=True, slots=True)
class OccupiedWindows:
    """The batches that one meter counts for, of this period and of others, in order of their
    start.
    """

    windows: Windows
    ids: Sequence[str]


def record_of(
    meter: Meter,
    unit: str,
    counted: bool,
    course: Course,
    occupied: OccupiedWindows,
    hours_us: Integers,
    zone: tzinfo,
    per_reading: float = 1.0,
    state_doubt: float = 0.0,
    demand_us: Integers | None = None,
    closely_us: Integers | None = None,
) -> MeterRecord:
    """The record of one meter that has readings. Without a period there are no hours, and the
    record is as long as the readings.
    """
    curve, facts = course.curve, course.facts
    ever, period_us = hours_us is EVER, hours_us[[0, -1]]
    own_us = period_us if ever else in_its_time(meter, period_us, zone)
    placed, known_s = (float(amounts.sum()) for amounts in curve.over(*_pair(own_us)))
    unplaced = float(curve.unplaced(*_pair(own_us)).sum())
    pauses, before, after = pauses_of(occupied, own_us)
    energy, pause_known_s = curve.over(pauses.start_us, pauses.end_us)
    outside = float(energy.sum())
    start_us, end_us = (facts.first_us or 0, facts.last_us or 0) if ever else period_us.tolist()
    shown = np.clip(np.array([pauses.start_us, pauses.end_us]), start_us, end_us)
    share = pause_known_s / np.maximum((shown[1] - shown[0]) / MICROSECONDS, 1 / MICROSECONDS)
    first_us, last_us = own_us.tolist()
    earlier = occupied.windows.start_us < first_us
    own = ~earlier & (occupied.windows.start_us < last_us)
    hours = hours_us[:0] if ever else hours_us
    hour_energy, hour_known_s = curve.over(hours[:-1], hours[1:])
    load = placed / per_reading / known_s * 3600 if known_s and per_reading else 0.0
    return MeterRecord(
        meter=meter,
        unit=unit,
        counted=counted,
        start_us=start_us,
        end_us=end_us,
        total=placed + unplaced,
        in_batches=placed - outside,
        outside=outside,
        unplaced=unplaced,
        began_before=_tail(course, first_us, occupied.windows.end_us[earlier], last_us),
        runs_on=_tail(course, last_us, occupied.windows.end_us[own], None),
        known_s=known_s,
        missing_s=max(
            ((end_us - start_us) if ever else (last_us - first_us)) / MICROSECONDS - known_s, 0.0
        ),
        stretches=tuple(
            PauseStretch(meter.equipment, *cells)
            for cells in zip(
                *shown.tolist(),
                energy.tolist(),
                np.minimum(share, 1.0).tolist(),
                before,
                after,
                strict=True,
            )
        ),
        hour_us=hours[:-1],
        hour_energy=hour_energy,
        hour_known=hour_known_s / (np.diff(hours) / MICROSECONDS),
        facts=facts,
        per_reading=per_reading,
        state_doubt=state_doubt,
        peaks_blank=_peaks_blank(course, meter, load),
        peaks_beyond=_peaks_beyond(course, meter, load),
        demand=_between(course, demand_us),
        closely=_between(course, closely_us),
    )


def _peaks_blank(course: Course, meter: Meter, load: float) -> float:
    """Of a rate, whose neighbours fill the time of a blank reading; of others that time is
    missing.
    """
    blank = sum(finding.count for finding in course.findings if finding.code == "reading-blank")
    facts = course.facts
    if meter.reading != "rate" or load <= 0 or not blank or not facts.usual_step_s:
        return 0.0
    wanted = (
        ((facts.last_us or 0) - (facts.first_us or 0)) / MICROSECONDS / facts.usual_step_s
    )  # a wide table has blanks between readings
    return (
        min(blank, max(wanted - facts.readings, 0.0))
        / max(wanted, 1.0)
        * (max((facts.highest or 0.0) / load, PEAK) - 1)
    )


def _peaks_beyond(course: Course, meter: Meter, load: float) -> float:
    """What the neighbours of a rate's readings fill in their place is taken off; a fault of a
    logger counts as so many ranges at most.
    """
    if course.verdict is None or meter.range is None or load <= 0:
        return 0.0
    count, median = course.verdict.outside
    beyond = min(median, FAULT_RANGES * meter.range[1]) / load - (
        1 if meter.reading == "rate" else 0
    )
    return count / (course.facts.readings + count) * max(beyond, 0.0)


def _between(course: Course, edges_us: Integers | None) -> Intervals | None:
    if edges_us is None:
        return None
    pairs = edges_us[:-1], edges_us[1:]
    return Intervals(edges_us, *course.curve.over(*pairs), course.curve.unplaced(*pairs))


def _pair(edges_us: Integers) -> tuple[Integers, Integers]:
    return edges_us[:1], edges_us[1:]


def pauses_of(
    occupied: OccupiedWindows, period_us: Integers
) -> tuple[Windows, list[str], list[str]]:
    """The period less the union of the batches, with the ids of the batches on either side of each
    stretch.
    """
    start_us, end_us, ids = occupied.windows.start_us, occupied.windows.end_us, occupied.ids
    first_us, last_us = period_us.tolist()
    islands = Islands.of(occupied.windows)
    opening = np.searchsorted(start_us, islands.start_us)  # the first batch of each
    # the batch that an island ends with is the one whose end is the latest
    latest = np.where(end_us == np.maximum.accumulate(end_us), np.arange(len(end_us)), 0)
    ending = np.maximum.accumulate(latest)[
        np.append(opening[1:], len(start_us))[: len(opening)] - 1
    ]
    begins = np.append(first_us, np.maximum(islands.end_us, first_us))
    ends = np.append(np.minimum(islands.start_us, last_us), last_us)
    lasting = begins < ends
    before = ["", *(ids[at] for at in ending.tolist())]
    after = [*(ids[at] for at in opening.tolist()), ""]
    indices = np.flatnonzero(lasting).tolist()
    return (
        Windows(begins[lasting], ends[lasting]),
        [before[at] if begins[at] > first_us else "" for at in indices],
        [after[at] if ends[at] < last_us else "" for at in indices],
    )


def _tail(course: Course, edge_us: int, end_us: Integers, last_us: int | None) -> float:
    """Energy from an edge of the period to the latest of these ends, all of batches that began
    before the edge.
    """
    latest_us = max(int(end_us.max(initial=edge_us)), edge_us)
    until = np.array([latest_us if last_us is None else min(latest_us, last_us)])
    return float(course.curve.over(np.array([edge_us]), until)[0].sum())
