"""Faults that no meter shows by itself: its clock, and its standstills, against the batches that the production log holds.

Asked once a meter, after metering. What is found is told with its rows; a batch is named under the code where the fault makes
its energy wrong by more than the label rule lets seconds be missing. Nothing is moved: the remedy says which key of
site.toml puts the meter's clock right.

Meters that stood still while the batches say that the equipment produced.

A register stands where nothing is drawn, and a rate stays at 0: that is rest, unless a batch was running. Within batches there is
rest as well (charging, tapping, a short stop), and it comes again in every batch. A standstill is told where it covers
more of the batches' time than rest ever does on this meter, and where the batches should have drawn in it many times the
smallest step that the meter shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import Place
from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.config import Meter
from reporting_agent.config.events import DeclaredEvent, found_of
from reporting_agent.metering import clock, clock_offsets, unit_check
from reporting_agent.metering.clock import ClockShift, ClockShiftKind
from reporting_agent.metering.clock_offsets import Bins, ShiftPieces
from reporting_agent.metering.curve import Course
from reporting_agent.metering.moments import Islands, Windows, stretches_of
from reporting_agent.metering.own_time import put_right, stays_on_standard_time, summers
from reporting_agent.metering.stuck_values import NO_RUNS, EqualValueRuns
from reporting_agent.metering.tally import CleaningResult, places_of
from reporting_agent.metering.unit_check import KnownBatchFacts, UnitMismatch, misread
from reporting_agent.metering.unit_factors import turning
from reporting_agent.metering.wander import wander

LOW = 0.2  # of the usual load in batches: a rate or interval that stands higher is loaded, whatever it hides
TIMES_REST = 3.0  # how much longer than rest within batches usually is
REST = 0.9  # "usually": this quantile of the standstills within batches
FEWEST_RESTS = 10  # fewer standstills within batches are no habit
QUANTA = 10.0  # smallest steps of the meter that the batches should have drawn meanwhile
LEAST_SHARE, LEAST_S = 0.8, 4 * 3600.0  # of a usual batch, at most four hours: a short stop within a batch is nobody's fault


def within_batches(first_us: Integers, last_us: Integers, start_us: Integers, end_us: Integers) -> Floats:
    """Seconds of each stretch in which a batch ran. Batches in order of start; where some overlap, their union counts."""
    running = Islands.of(Windows(start_us, end_us))
    knots = np.column_stack((running.start_us, running.end_us)).ravel()
    run_us = np.concatenate(([0.0], np.cumsum(np.where(np.arange(len(knots) - 1) % 2 == 0, np.diff(knots), 0))))
    seconds: Floats = (np.interp(last_us, knots, run_us) - np.interp(first_us, knots, run_us)) / 1e6
    return seconds


def standstills(runs: EqualValueRuns, register: bool, start_us: Integers, end_us: Integers, energy: Floats, quantum: float) -> Flags:
    """Which runs are no rest.

    Args:
        start_us, end_us, energy: of the batches in order of start; energy in the meter's unit, NaN where it is not known.
        quantum: smallest step of the meter's values.
    """
    none = np.zeros(len(runs), dtype=bool)
    length_s = (end_us - start_us) / 1e6
    known = np.isfinite(energy) & (energy > 0)
    if not len(runs) or not known.any():
        return none
    load = float(np.median(energy[known] / length_s[known]))  # a second
    at_rest: Flags = none | True if register else runs.value <= LOW * load * 3600
    inside_s = np.where(at_rest, within_batches(runs.first_us, runs.last_us, start_us, end_us), 0.0)
    lost = load * inside_s
    least_s = min(LEAST_SHARE * float(np.median(length_s[known])), LEAST_S)
    candidate = (lost > QUANTA * quantum) & (inside_s >= least_s)
    if not candidate.any():
        return none
    rests = inside_s[inside_s > 0]
    usual = float(np.quantile(rests, REST)) if len(rests) >= FEWEST_RESTS else 0.0
    standing: Flags = candidate & (inside_s > TIMES_REST * usual)
    return standing


Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HALF = 0.5
STILL = "still-while-producing"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What was found of one meter, and the batches (by their place in the windows) whose energy it makes wrong, by code."""

    findings: tuple[DataFinding, ...] = ()
    batches: dict[str, Flags] = field(default_factory=dict)
    events: tuple[DeclaredEvent, ...] = ()  # what would put it right, once it is declared


@dataclass(frozen=True, slots=True)
class MeterContext:
    """What else is known of the meter and its batches.

    Their outputs, the bounds of their energy per output, the course that it should repeat; and whether it wrote stamps in an hour that
    the plant's clock skips in spring.
    """

    output: Floats
    bounds: tuple[float, float] | None = None
    course: Course | None = None
    own_per_other: float = 1.0  # units of its own that are one unit of that course
    in_skipped_hour: bool = False


def compare(meter: Meter, course: Course, windows: Windows, least_completeness: float, zone: tzinfo, beside: MeterContext) -> Suspicion:
    """Hold one meter's course against the batches it counts for, which stand in order of start."""
    if not len(windows.start_us):
        return Suspicion()
    findings: list[DataFinding] = []
    events: list[DeclaredEvent] = []
    batches: dict[str, Flags] = {}
    shift = _shift(meter, course, windows, zone, beside.in_skipped_hour)
    if shift is not None:
        length_s = (windows.end_us - windows.start_us) / 1e6
        middle_us = (windows.start_us + windows.end_us) // 2
        wrong = np.abs(shift.seconds(middle_us)) > (1 - least_completeness) * length_s
        findings.append(clock.finding(meter, shift, int(wrong.sum()), zone, _settings(shift, course)))
        batches[str(shift.kind)] = wrong
    wrong_unit = _misread(meter, course, windows, beside)
    if wrong_unit is not None and course.verdict is not None:
        finding, batches[unit_check.LABEL], span = _unit_finding(meter, course.verdict, windows, wrong_unit, zone)
        findings.append(finding)
        events.append(found_of(meter.id, "unit", span, zone, 1 / wrong_unit.factor))
    still, standstill, stood = _standstills(meter, course, windows, least_completeness)
    events += [found_of(meter.id, "unusable", span, zone) for span in stood]
    if standstill is not None:
        findings.append(standstill)
        batches[STILL] = still
    return Suspicion(tuple(findings), batches, tuple(events))


def _misread(meter: Meter, course: Course, windows: Windows, beside: MeterContext) -> UnitMismatch | None:
    if course.verdict is None:
        return None
    own = _whole_energies(course, windows)
    main = None if beside.course is None else _whole_energies(beside.course, windows)
    known = KnownBatchFacts(
        own,
        np.divide(own, beside.output, out=np.full(len(own), np.nan), where=beside.output > 0),
        None if main is None else main * beside.own_per_other,
        beside.bounds,
        meter.range,
        course.verdict.outside,
    )
    return misread(known, course.verdict.sample, course.facts.readings)


def _whole_energies(course: Course, windows: Windows) -> Floats:
    """Of each batch of which half is known, as if all of it were: near enough to tell a unit by."""
    measured = course.over(windows)
    known = measured.completeness >= HALF
    whole: Floats = np.divide(np.abs(measured.energy), measured.completeness, out=np.full(len(known), np.nan), where=known)
    return whole


def _energies(course: Course, windows: Windows, least_completeness: float) -> Floats:
    """Of each batch, without sign; NaN where too little of it is known."""
    measured = course.over(windows)
    return np.where(measured.completeness >= least_completeness, np.abs(measured.energy), np.nan)


def _unit_finding(
    meter: Meter, verdict: CleaningResult, windows: Windows, misread: UnitMismatch, zone: tzinfo
) -> tuple[DataFinding, Flags, tuple[int, int | None]]:
    """The finding, the batches that it concerns, and from when until when its values are off."""
    first_us = int(verdict.sample.time_us[0]) if len(verdict.sample) else int(windows.start_us[0])
    if misread.between is None:
        return unit_check.label(meter, misread.factor, misread.proof, int(misread.batches.sum())), misread.batches, (first_us, None)
    sample = verdict.sample
    time_us = put_right(sample.time_us, meter)
    before, after = misread.between
    first, end = np.searchsorted(time_us, [windows.start_us[before], windows.end_us[after]])
    factor = misread.factor if misread.later else 1 / misread.factor
    places = np.arange(first, max(int(end), int(first) + 1)).clip(max=len(sample) - 1)
    row = np.array([turning(sample.power, places, factor)])
    from_us = int(time_us[row[0]])
    batches = windows.end_us > from_us if misread.later else windows.start_us < from_us
    rows = places_of(verdict.files, sample.row[row], sample.file[row])
    finding = unit_check.change(meter, factor, from_us, int(batches.sum()), rows, zone, later=misread.later, proof=misread.proof)
    return finding, batches, (from_us, None) if misread.later else (first_us, from_us)


def _shift(meter: Meter, course: Course, windows: Windows, zone: tzinfo, in_skipped_hour: bool) -> ClockShift | None:
    crept = None if course.verdict is None else wander(course.verdict.sample)
    if crept is not None:
        right_us = put_right(crept.time_us, meter)
        ahead_s = crept.ahead_s - (crept.time_us - right_us) / 1e6  # what is not declared of it
        left = replace(crept, time_us=right_us, ahead_s=ahead_s)
        return ClockShift(ClockShiftKind.DRIFT, int(right_us[-1]), float(ahead_s[-1]), 1.0, crept.rate_s_per_day, course=left)
    pieces = _offsets_by_piece(course, windows)
    stays = _by_its_stamps(course, pieces, zone, in_skipped_hour)
    if stays is not None:
        return stays
    shift = clock.find_shift(pieces, windows.end_us - windows.start_us)
    if shift is None:
        return None
    return _named(shift, windows, zone) if shift.kind is ClockShiftKind.DAYLIGHT else shift


def _offsets_by_piece(course: Course, windows: Windows) -> ShiftPieces:
    edges = stretches_of(windows)
    if not len(edges):
        return clock_offsets.NO_PIECES
    start_us, end_us = edges[:-1], edges[1:]
    energy, known_s = course.curve.over(start_us, end_us)
    return clock_offsets.offsets_by_piece(Bins(edges, energy, known_s * 1e6 / (edges[1] - edges[0])), windows.start_us, windows.end_us)


def _by_its_stamps(course: Course, pieces: ShiftPieces, zone: tzinfo, in_skipped_hour: bool) -> ClockShift | None:
    """A meter on standard time, by what its stamps do where the plant's clock changes, unless its load says otherwise."""
    facts, verdict = course.facts, course.verdict
    if verdict is None or facts.usual_step_s is None or facts.first_us is None or facts.last_us is None:
        return None
    step_us = round(facts.usual_step_s * 1e6)
    own = summers(zone, facts.first_us, facts.last_us)
    if not own or not (in_skipped_hour or any(stays_on_standard_time(span, verdict.turned_back, verdict.holes, step_us) for span in own)):
        return None
    of_summer = pieces.shift_s[_within(pieces.middle_us.astype(np.int64), own)]
    if len(of_summer) and float(np.median(of_summer)) > -clock.HOUR_S / 2:
        return None  # the batches know better
    return ClockShift(ClockShiftKind.STANDARD, facts.first_us, 0.0, 0.0, hour_s=-clock.HOUR_S, spans=tuple(own))


def _named(shift: ClockShift, windows: Windows, zone: tzinfo) -> ClockShift:
    """Whether an hour's shift is that of the plant's own summer time: then its days are known to the minute."""
    first_us, last_us = int(windows.start_us.min()), int(windows.end_us.max())
    own = summers(zone, first_us, last_us)
    grid = np.linspace(first_us, last_us, 1000).astype(np.int64)
    shifted, summer = _within(grid, shift.spans), _within(grid, own)
    if not own or np.mean(shifted == summer) < clock.MOST_AGREE:
        return shift
    return replace(shift, kind=ClockShiftKind.STANDARD if shift.hour_s < 0 else ClockShiftKind.DAYLIGHT, spans=tuple(own))


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


def _standstills(
    meter: Meter, course: Course, windows: Windows, least_completeness: float
) -> tuple[Flags, DataFinding | None, list[tuple[int, int]]]:
    runs, files = (NO_RUNS, ()) if course.verdict is None else (course.verdict.runs, course.verdict.files)
    energy = _energies(course, windows, least_completeness)
    first_us, last_us = put_right(runs.first_us, meter), put_right(runs.last_us, meter)
    own = replace(runs, first_us=first_us, last_us=last_us)
    stood = standstills(own, meter.reading == "register", windows.start_us, windows.end_us, energy, course.facts.quantum or 0.0)
    touched = np.zeros(len(windows.start_us), dtype=bool)
    if not stood.any():
        return touched, None, []
    for first, last in zip(first_us[stood].tolist(), last_us[stood].tolist(), strict=True):
        touched |= (windows.start_us < last) & (windows.end_us > first)
    count, hit = int(stood.sum()), int(touched.sum())
    inside_h = within_batches(first_us[stood], last_us[stood], windows.start_us, windows.end_us).sum() / 3600
    spans = list(zip(first_us[stood].tolist(), (last_us[stood] + 1_000_000).tolist(), strict=True))
    finding = DataFinding(
        STILL,
        Severity.WARNING,
        Phrase(
            "Meter %(meter_id)s: its reading stood still %(count)s times while the batches show that the equipment produced, "
            "%(hours)s h in total. The %(affected)s batches of that time are left out of the label. Check the meter and its "
            "connection.",
            meter_id=meter.id,
            count=f"{count:,}",
            hours=f"{inside_h:,.1f}",
            affected=f"{hit:,}",
        ),
        count,
        places_of(files, runs.row[stood], runs.file[stood]),
    )
    return touched, finding, spans
