"""What is wrong with a meter's clock (drift, offset, daylight saving, wandering), and the finding
in words. Assumption: the production log's clock is right; a log in another zone shows as the same
offset of every meter.

An offset is uncertain by a part of a batch, since the load's shape within it is not known; a drift
is not. Stamps of even times that creep off the grid at a steady rate and jump back onto it are of a
clock that somebody sets right; a logger that waits too long creeps, and nothing puts it back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import Place
from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import Meter
from reporting_agent.metering.clock_offsets import (
    DAY_S,
    FEWEST_PIECES,
    HOUR_US,
    NO_PIECES,
    SIGMAS,
    Bins,
    ShiftPieces,
    offsets_by_piece,
)
from reporting_agent.metering.curve import Course
from reporting_agent.metering.declared import put_right, stays_on_standard_time, summers
from reporting_agent.metering.moments import Windows, stretches_of
from reporting_agent.metering.outliers import SampledReadings
from reporting_agent.metering.standstills import Suspicion
from reporting_agent.metering.tally import places_of

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

FEWEST_READINGS = 64
SHORTEST_STEP_S = 30.0  # below it the phase within a step tells too little
SHORT = 0.1  # quantile of the steps: the logger's own, also where it was set to a multiple later
EVEN = 0.9  # of the steps between readings must be multiples of the usual one, but for the creeping
NEAR_S = 3.0  # stamps are written in whole seconds
LEAST_JUMP_S = 5.0  # back onto the grid, beyond what rounding to seconds makes of two stamps
MOST_LOST = 0.1  # share of the readings in stretches too short to tell their rate
LEAST_RATE = 0.2  # seconds a day: less moves no batch within a year
ALIKE = 0.25  # rates between settings agree within this share
FEWEST_BETWEEN = 8  # sampled readings between two settings


@dataclass(frozen=True, slots=True)
class ClockWander:
    """How far the clock was ahead (seconds), at the ends of each stretch between two settings, and
    the readings it was set right at.
    """

    time_us: Integers
    ahead_s: Floats
    rate_s_per_day: float
    settings: Integers  # indices in the sample


def wander(sample: SampledReadings) -> ClockWander | None:
    """None where the stamps keep to the grid, or off it in no such way."""
    steps_s = sample.step_us / 1e6
    forward = steps_s > 0
    if int(forward.sum()) < FEWEST_READINGS:
        return None
    short = steps_s[forward][steps_s[forward] <= 1.1 * np.quantile(steps_s[forward], SHORT)]
    step_s = float(np.round(np.median(short)))
    if step_s < SHORTEST_STEP_S:
        return None
    off = steps_s[forward] - step_s * np.maximum(np.round(steps_s[forward] / step_s), 1)
    if np.mean(np.abs(off) <= NEAR_S) < EVEN:
        return None
    phase, jumps = _creep(sample.time_us / 1e6, step_s)
    if float(np.quantile(np.abs(phase), 0.95)) <= NEAR_S:
        return None
    edges = [0, *jumps.tolist(), len(phase)]
    times, ahead, rates, lost = [], [], [], 0
    for first, end in pairwise(edges):
        if end - first < FEWEST_BETWEEN:
            lost += end - first
            continue
        days = (sample.time_us[first:end] - sample.time_us[first]) / 86_400e6
        rate, start = np.polyfit(days, phase[first:end], 1)
        whole = (
            step_s * np.round(start / step_s) if first else 0.0
        )  # it was set by more than half a step
        if np.abs(phase[first:end] - start - rate * days).max() > LEAST_JUMP_S:
            return None
        start -= whole
        if (
            first
            and abs(start)
            > NEAR_S + abs(rate) * (sample.time_us[first] - sample.time_us[first - 1]) / 86_400e6
        ):
            return None  # it was not set onto the grid
        rates.append((float(rate), float(days[-1])))
        times += [int(sample.time_us[first]), int(sample.time_us[end - 1])]
        ahead += [float(start), float(start + rate * days[-1])]
    if lost > MOST_LOST * len(phase) or not rates:
        return None
    usual = float(np.median([rate for rate, _ in rates]))
    steady = all(
        abs(rate - usual) * length <= max(ALIKE * abs(usual) * length, NEAR_S)
        for rate, length in rates
    )
    if not len(jumps) or abs(usual) < LEAST_RATE or not steady:
        return None
    return ClockWander(np.array(times, dtype=np.int64), np.array(ahead), usual, jumps)


def _creep(time_s: Floats, step_s: float) -> tuple[Floats, Integers]:
    """Seconds off the grid of whole steps from the whole hour on, carried on past half a step; and
    the indices at which it jumps.

    After a jump it begins anew where the stamps stand: a jump by more than half a step cannot be
    told from one the other way.
    """
    phase = np.mod(time_s + step_s / 2, step_s) - step_s / 2
    moved = np.diff(phase)
    moved -= step_s * np.round(moved / step_s)
    passed = np.diff(time_s)
    small = np.abs(moved) < LEAST_JUMP_S
    usual = moved[small].sum() / max(
        float(passed[small].sum()), 1.0
    )  # a mean: between two samples it is less than a second
    jumps = np.flatnonzero(np.abs(moved - usual * passed) >= LEAST_JUMP_S) + 1
    crept = np.concatenate(([0.0], np.cumsum(moved)))
    begins = np.concatenate(([0], jumps))
    stretch = np.searchsorted(jumps, np.arange(len(phase)), side="right")
    ahead: Floats = phase[begins][stretch] + crept - crept[begins][stretch]
    return ahead, jumps


Flags = NDArray[np.bool_]

DAY_US = 24 * HOUR_US

MOST_AGREE = 0.8  # of the pieces must lie on the line, or in the two groups
LEAST_DRIFT_S = 60.0  # over the record: less moves no batch by more than its own minutes
HALVES_AGREE = (
    0.75  # how far the drift of each half may lie from that of the whole, as a share of it
)
HOUR_S = 3600.0
NEAR_HOUR_S = 420.0  # how near to an hour a shift must be to be one of daylight saving
MOST_TURNS = 8  # twice a year, in a record of four years
FEWEST_SHIFTED = 2  # pieces
LEAST_OFFSET_S = 900.0  # less may be the shape of the load within a batch
OFFSET_SHARE = 0.25  # of the usual batch, likewise
NEVER = (-(1 << 61), 1 << 61)  # before and after any record, in microseconds


class ClockShiftKind(StrEnum):
    """The last two are an hour: a meter on standard time in a plant's summer time, and one on
    summer time where the plant has none.
    """

    DRIFT = "clock-drift"
    OFFSET = "clock-offset"
    STANDARD = "clock-standard-time"
    DAYLIGHT = "clock-daylight-saving"


@dataclass(frozen=True, slots=True)
class ClockShift:
    """What the meter's clock does against the log: seconds ahead (the sign of `clock_offset_s`) at
    any moment.

    `offset_s` is the shift at `at_us` with its standard error, `drift_s_per_day` how it grows; over
    the `spans` it is `hour_s` more (daylight saving), where a span ends between the last piece on
    one side and the first on the other.
    """

    kind: ClockShiftKind
    at_us: int
    offset_s: float
    offset_error_s: float
    drift_s_per_day: float = 0.0
    drift_error: float = 0.0
    hour_s: float = 0.0
    spans: tuple[tuple[int, int], ...] = ()
    course: ClockWander | None = None  # of a clock that was set right from time to time

    def seconds(self, moment_us: Integers) -> Floats:
        """How far the meter is ahead at these moments."""
        if self.course is not None:
            interpolated: Floats = np.interp(moment_us, self.course.time_us, self.course.ahead_s)
            return interpolated
        days = (moment_us - self.at_us) / 1e6 / DAY_S
        ahead: Floats = (
            self.offset_s
            + self.drift_s_per_day * days
            + np.where(_within(moment_us, self.spans), self.hour_s, 0.0)
        )
        return ahead


def suspect(
    meter: Meter,
    course: Course,
    windows: Windows,
    least_completeness: float,
    zone: tzinfo,
    in_skipped_hour: bool,
) -> Suspicion:
    """What is wrong with one meter's clock, held against its batches, which stand in order of
    start.

    Args:
        least_completeness: of the label rule; batches are named of which the clock leaves less of
            the seconds.
        in_skipped_hour: whether the meter wrote stamps in an hour that the zone skips in spring.
    """
    shift = _shift(meter, course, windows, zone, in_skipped_hour)
    if shift is None:
        return Suspicion()
    length_s = (windows.end_us - windows.start_us) / 1e6
    middle_us = (windows.start_us + windows.end_us) // 2
    wrong = np.abs(shift.seconds(middle_us)) > (1 - least_completeness) * length_s
    return Suspicion(
        (finding(meter, shift, int(wrong.sum()), zone, _settings(shift, course)),),
        {str(shift.kind): wrong},
    )


def _shift(
    meter: Meter, course: Course, windows: Windows, zone: tzinfo, in_skipped_hour: bool
) -> ClockShift | None:
    crept = None if course.verdict is None else wander(course.verdict.sample)
    if crept is not None:
        right_us = put_right(crept.time_us, meter)
        ahead_s = crept.ahead_s - (crept.time_us - right_us) / 1e6  # what is not declared of it
        left = replace(crept, time_us=right_us, ahead_s=ahead_s)
        return ClockShift(
            ClockShiftKind.DRIFT,
            int(right_us[-1]),
            float(ahead_s[-1]),
            1.0,
            crept.rate_s_per_day,
            course=left,
        )
    by_stamps = _by_its_stamps(course, zone, in_skipped_hour)
    pieces = _offsets_by_piece(course, windows)
    if by_stamps is not None:
        of_summer = pieces.shift_s[_within(pieces.middle_us.astype(np.int64), by_stamps.spans)]
        if (
            not len(of_summer) or float(np.median(of_summer)) <= -HOUR_S / 2
        ):  # else the batches know better
            return by_stamps
    shift = find_shift(pieces, windows.end_us - windows.start_us)
    return (
        _named(shift, windows, zone)
        if shift is not None and shift.kind is ClockShiftKind.DAYLIGHT
        else shift
    )


def _by_its_stamps(course: Course, zone: tzinfo, in_skipped_hour: bool) -> ClockShift | None:
    """A meter on standard time, by what its stamps do where the plant's clock changes."""
    facts, verdict = course.facts, course.verdict
    if (
        verdict is None
        or facts.usual_step_s is None
        or facts.first_us is None
        or facts.last_us is None
    ):
        return None
    own = summers(zone, facts.first_us, facts.last_us)
    step_us = round(facts.usual_step_s * 1e6)
    if not own or not (
        in_skipped_hour
        or any(
            stays_on_standard_time(span, verdict.turned_back, verdict.holes, step_us)
            for span in own
        )
    ):
        return None
    return ClockShift(
        ClockShiftKind.STANDARD, facts.first_us, 0.0, 0.0, hour_s=-HOUR_S, spans=tuple(own)
    )


def _offsets_by_piece(course: Course, windows: Windows) -> ShiftPieces:
    edges = stretches_of(windows)
    if not len(edges):
        return NO_PIECES
    energy, known_s = course.curve.over(edges[:-1], edges[1:])
    return offsets_by_piece(
        Bins(edges, energy, known_s * 1e6 / (edges[1] - edges[0])), windows.start_us, windows.end_us
    )


def _named(shift: ClockShift, windows: Windows, zone: tzinfo) -> ClockShift:
    """Whether an hour's shift is that of the plant's own summer time: then its days are known to
    the minute.
    """
    first_us, last_us = int(windows.start_us.min()), int(windows.end_us.max())
    own = summers(zone, first_us, last_us)
    grid = np.linspace(first_us, last_us, 1000).astype(np.int64)
    shifted, summer = _within(grid, shift.spans), _within(grid, own)
    if not own or np.mean(shifted == summer) < MOST_AGREE:
        return shift
    return replace(
        shift,
        kind=ClockShiftKind.STANDARD if shift.hour_s < 0 else ClockShiftKind.DAYLIGHT,
        spans=tuple(own),
    )


def _within(moment_us: Integers, spans: Sequence[tuple[int, int]]) -> Flags:
    inside = np.zeros(len(moment_us), dtype=bool)
    for from_us, until_us in spans:
        inside |= (moment_us >= from_us) & (moment_us < until_us)
    return inside


def _settings(shift: ClockShift, course: Course) -> tuple[Place, ...]:
    """The readings at which a clock that crept was set right."""
    if shift.course is None or course.verdict is None:
        return ()
    sample, at = course.verdict.sample, shift.course.settings
    return places_of(course.verdict.files, sample.row[at], sample.file[at])


def find_shift(pieces: ShiftPieces, length_us: Integers) -> ClockShift | None:
    """What is wrong with the meter's clock; None where nothing is, or the load does not tell.
    `length_us` are those of the batches.
    """
    if len(pieces) < FEWEST_PIECES:
        return None
    return _daylight(pieces) or _drift(pieces) or _offset(pieces, float(np.median(length_us)) / 1e6)


def _daylight(pieces: ShiftPieces) -> ClockShift | None:
    """An hour more, or less, for a part of the record: the shifts fall into two groups an hour
    apart that take turns seldom.
    """
    shift = pieces.shift_s
    split = (shift.max() + shift.min()) / 2
    high = shift > split
    if high.all() or not high.any():
        return None
    upper, lower = float(np.median(shift[high])), float(np.median(shift[~high]))
    near = np.where(high, np.abs(shift - upper), np.abs(shift - lower)) <= NEAR_HOUR_S
    if abs(upper - lower - HOUR_S) > NEAR_HOUR_S or np.mean(near) < MOST_AGREE:
        return None
    wrong = high if abs(lower) <= abs(upper) else ~high
    right_s = lower if abs(lower) <= abs(upper) else upper
    sure = np.flatnonzero(near)
    turns = sure[1:][wrong[sure[1:]] != wrong[sure[:-1]]]
    if len(turns) > MOST_TURNS or wrong[sure].sum() < FEWEST_SHIFTED:
        return None
    spans: list[tuple[int, int]] = []
    for index in sure[wrong[sure]].tolist():
        earlier, later = sure[(sure < index) & ~wrong[sure]], sure[(sure > index) & ~wrong[sure]]
        span = (
            int(pieces.last_us[earlier[-1]]) if len(earlier) else NEVER[0],
            int(pieces.first_us[later[0]]) if len(later) else NEVER[1],
        )
        if span not in spans:
            spans.append(span)
    hour_s = HOUR_S if wrong is high else -HOUR_S
    error = float(np.median(pieces.error_s))
    settled = right_s if abs(right_s) >= LEAST_OFFSET_S else 0.0
    return ClockShift(
        ClockShiftKind.DAYLIGHT,
        int(pieces.first_us[0]),
        settled,
        error,
        hour_s=hour_s,
        spans=tuple(spans),
    )


def _drift(pieces: ShiftPieces) -> ClockShift | None:
    """A straight line through the shifts, where they rise or fall by more than their errors."""
    days = (pieces.middle_us - pieces.middle_us[0]) / 1e6 / DAY_S
    inliers = np.ones(len(days), dtype=bool)
    for _ in range(2):  # once more without what lies far off the line
        slope, level = np.polyfit(
            days[inliers], pieces.shift_s[inliers], 1, w=1 / pieces.error_s[inliers]
        )
        off = np.abs(pieces.shift_s - level - slope * days)
        inliers = off <= np.maximum(
            SIGMAS * np.maximum(pieces.error_s, 1.4826 * np.median(off)), LEAST_DRIFT_S / 2
        )
    weight = 1 / pieces.error_s[inliers] ** 2
    centre = float(np.average(days[inliers], weights=weight))
    spread = float((weight * (days[inliers] - centre) ** 2).sum())
    scatter = float(np.sqrt(np.average(off[inliers] ** 2, weights=weight)))
    formal = 1 / np.sqrt(spread) if spread > 0 else np.inf
    unexplained = scatter / np.sqrt(max(float(((days[inliers] - centre) ** 2).sum()), 1e-9))
    slope_error = float(max(formal, unexplained))
    grown = abs(slope) * float(days[-1] - days[0])
    if inliers.sum() < FEWEST_PIECES or inliers.mean() < MOST_AGREE:
        return None
    if grown < LEAST_DRIFT_S or abs(slope) < SIGMAS * slope_error or scatter > grown / 4:
        return None
    for half in (
        days <= centre,
        days > centre,
    ):  # a line that the halves do not share is a step, or chance
        own = half & inliers
        if own.sum() < 3 or abs(
            float(np.polyfit(days[own], pieces.shift_s[own], 1)[0]) - slope
        ) > HALVES_AGREE * abs(slope):
            return None
    at_us = int(pieces.middle_us[-1]) // DAY_US * DAY_US  # a midnight, for `clock_read_on`
    day = (at_us - pieces.middle_us[0]) / DAY_US
    error = float(np.hypot(1 / np.sqrt(weight.sum()), slope_error * (day - centre)))
    return ClockShift(
        ClockShiftKind.DRIFT, at_us, float(level + slope * day), error, float(slope), slope_error
    )


def _offset(pieces: ShiftPieces, usual_batch_s: float) -> ClockShift | None:
    """The same shift throughout, by more than the shape of the load within a batch can make of
    it.
    """
    offset = float(np.median(pieces.shift_s))
    scatter = 1.4826 * float(np.median(np.abs(pieces.shift_s - offset)))
    error = max(scatter, float(np.median(pieces.error_s))) / np.sqrt(len(pieces))
    if (
        abs(offset) < max(LEAST_OFFSET_S, OFFSET_SHARE * usual_batch_s, SIGMAS * error)
        or scatter > abs(offset) / 4
    ):
        return None
    return ClockShift(ClockShiftKind.OFFSET, int(pieces.first_us[0]), offset, float(error))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def finding(
    meter: Meter, shift: ClockShift, left_out: int, zone: tzinfo, places: tuple[Place, ...] = ()
) -> DataFinding:
    """The finding, counting the batches that are left out for it."""
    clock = {
        "meter": meter.id,
        "clock": _WORDS[shift.kind](meter, shift, zone),
        "count": f"{left_out:,}",
    }
    sentence = (
        in_number(
            left_out,
            "Meter %(meter)s: %(clock)s %(count)s batch is left out of the label for this reason.",
            "Meter %(meter)s: %(clock)s %(count)s batches are left out of the label for this "
            "reason.",
            **clock,
        )
        if left_out
        else Phrase("Meter %(meter)s: %(clock)s No batch is left out for this reason.", **clock)
    )
    return DataFinding(str(shift.kind), Severity.WARNING, sentence, max(left_out, 1), places)


def _said_of_drift(meter: Meter, shift: ClockShift, zone: tzinfo) -> Phrase:
    if shift.course is not None:
        return _crept(shift.course)
    day = _day(shift.at_us, zone)
    return Phrase(
        "its clock drifts from the production log's: it %(gains)s %(rate)s ± %(rate_error)s s a "
        "day and was %(off)s ± %(error)s s "
        "%(ahead)s the log on %(day)s. Set the clock. For this record declare %(keys)s.",
        gains=_gains(shift.drift_s_per_day),
        rate=f"{abs(shift.drift_s_per_day):.2f}",
        rate_error=f"{2 * shift.drift_error:.2f}",
        off=f"{abs(shift.offset_s):,.0f}",
        error=f"{2 * shift.offset_error_s:.0f}",
        ahead=_ahead(shift.offset_s),
        day=day,
        keys=f"clock_offset_s = {shift.offset_s + meter.clock_offset_s:.0f},"
        f" clock_drift_s_per_day = {shift.drift_s_per_day + meter.clock_drift_s_per_day:.2f}, "
        f"clock_read_on = {day}",
    )


def _crept(course: ClockWander) -> Phrase:
    return in_number(
        len(course.settings),
        "its clock %(gains)s %(rate)s s a day: its time stamps drift from their regular times by "
        "up to "
        "%(most)s s and were corrected once. Synchronise the logger with a time server.",
        "its clock %(gains)s %(rate)s s a day: its time stamps drift from their regular times by "
        "up to %(most)s s and were corrected "
        "%(settings)s times. Synchronise the logger with a time server.",
        gains=_gains(course.rate_s_per_day),
        rate=f"{abs(course.rate_s_per_day):.1f}",
        most=f"{float(np.abs(course.ahead_s).max()):,.0f}",
        settings=len(course.settings),
    )


def _standard(_meter: Meter, shift: ClockShift, zone: tzinfo) -> Phrase:
    return Phrase(
        "it keeps standard time all year while the plant uses summer time: its time stamps are an "
        "hour behind from %(spans)s. Export "
        "it with UTC offsets in its time stamps, or declare the time zone of its time stamps "
        "(timezone under [mapping.readings], "
        "such as Etc/GMT-1).",
        spans=_spans(shift, zone),
    )


def _said_of_daylight(_meter: Meter, shift: ClockShift, zone: tzinfo) -> Phrase:
    return Phrase(
        "its time stamps are an hour %(ahead)s the production log's (%(spans)s): one of the two "
        "uses summer time and the other does "
        "not. Export the meter with UTC offsets in its time stamps, or declare the time zone of "
        "its time stamps (timezone under "
        "[mapping.readings]).",
        ahead=_ahead(shift.hour_s),
        spans=_spans(shift, zone),
    )


def _said_of_offset(meter: Meter, shift: ClockShift, _zone: tzinfo) -> Phrase:
    return Phrase(
        "its clock is %(off)s ± %(error)s min %(ahead)s the production log throughout. Check "
        "which of the two is right. If the log is"
        " right, declare clock_offset_s = %(offset)s. If all meters show it, the log's time zone "
        "is wrong.",
        off=f"{abs(shift.offset_s) / 60:,.0f}",
        error=f"{max(2 * shift.offset_error_s / 60, 1):.0f}",
        ahead=_ahead(shift.offset_s),
        offset=f"{shift.offset_s + meter.clock_offset_s:.0f}",
    )


def _gains(rate: float) -> Phrase:
    return Phrase("gains") if rate > 0 else Phrase("loses")


def _ahead(offset_s: float) -> Phrase:
    return Phrase("ahead of") if offset_s > 0 else Phrase("behind")


def _spans(shift: ClockShift, zone: tzinfo) -> str:
    return "; ".join(f"{_edge(first, zone)} … {_edge(last, zone)}" for first, last in shift.spans)


def _day(moment_us: int, zone: tzinfo) -> str:
    return (_EPOCH + timedelta(microseconds=moment_us)).astimezone(zone).date().isoformat()


def _edge(moment_us: int, zone: tzinfo) -> str:
    return "" if moment_us in NEVER else _day(moment_us, zone)


_WORDS: dict[ClockShiftKind, Callable[[Meter, ClockShift, tzinfo], Phrase]] = {
    ClockShiftKind.DRIFT: _said_of_drift,
    ClockShiftKind.STANDARD: _standard,
    ClockShiftKind.DAYLIGHT: _said_of_daylight,
    ClockShiftKind.OFFSET: _said_of_offset,
}
