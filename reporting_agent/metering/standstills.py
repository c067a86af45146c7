"""A meter held against the batches that it counts for, and meters that stood still while these ran.

Within batches there is rest as well (charging, tapping), and it comes again in every batch. A
standstill is reported where it covers more of the batches' time than rest ever does on this meter,
and where they should have drawn many times the smallest step that it shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import in_number
from reporting_agent.config import Meter
from reporting_agent.config.events import DeclaredEvent, found_of
from reporting_agent.metering.curve import Course
from reporting_agent.metering.declared import put_right
from reporting_agent.metering.moments import Islands, Windows
from reporting_agent.metering.outliers import NO_RUNS, EqualValueRuns
from reporting_agent.metering.tally import places_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What was found of one meter, and the batches (by their index in the windows) whose energy it
    makes wrong, by code.
    """

    findings: tuple[DataFinding, ...] = ()
    batches: dict[str, Flags] = field(default_factory=dict)
    events: tuple[DeclaredEvent, ...] = ()  # what would put it right, once it is declared


@dataclass(frozen=True, slots=True)
class MeterContext:
    """What else is known of the meter and its batches.

    Their outputs, the bounds of their energy per output, the course that it should repeat; and
    whether it wrote stamps in an hour that the plant's clock skips in spring.
    """

    output: Floats
    bounds: tuple[float, float] | None = None
    course: Course | None = None
    own_per_other: float = 1.0  # units of its own that are one unit of that course
    in_skipped_hour: bool = False


Integers = NDArray[np.int64]

STILL = "still-while-producing"
# of the usual load in batches: a rate or interval that stands higher is loaded, whatever it hides
LOW = 0.2
TIMES_REST = 3.0  # how much longer than rest within batches usually is
REST = 0.9  # "usually": this quantile of the standstills within batches
FEWEST_RESTS = 10  # fewer standstills within batches are no habit
QUANTA = 10.0  # smallest steps of the meter that the batches should have drawn meanwhile
LEAST_SHARE, LEAST_S = (
    0.8,
    4 * 3600.0,
)  # of a usual batch, at most four hours: a short stop within a batch is nobody's fault


def suspect(
    meter: Meter, course: Course, windows: Windows, least_completeness: float, zone: tzinfo
) -> Suspicion:
    """What a meter hid by standing still: batches in order of start, of which an energy known to a
    lesser share is not known.
    """
    runs, files = (
        (NO_RUNS, ()) if course.verdict is None else (course.verdict.runs, course.verdict.files)
    )
    measured = course.over(windows)
    energy = np.where(measured.completeness >= least_completeness, np.abs(measured.energy), np.nan)
    first_us, last_us = put_right(runs.first_us, meter), put_right(runs.last_us, meter)
    own = replace(runs, first_us=first_us, last_us=last_us)
    stood = standstills(
        own,
        meter.reading == "register",
        windows.start_us,
        windows.end_us,
        energy,
        course.facts.quantum or 0.0,
    )
    if not stood.any():
        return Suspicion()
    touched = np.zeros(len(windows.start_us), dtype=bool)
    for first, last in zip(first_us[stood].tolist(), last_us[stood].tolist(), strict=True):
        touched |= (windows.start_us < last) & (windows.end_us > first)
    count, hit = int(stood.sum()), int(touched.sum())
    inside_h = (
        within_batches(first_us[stood], last_us[stood], windows.start_us, windows.end_us).sum()
        / 3600
    )
    spans = list(zip(first_us[stood].tolist(), (last_us[stood] + 1_000_000).tolist(), strict=True))
    finding = DataFinding(
        STILL,
        Severity.WARNING,
        in_number(
            count,
            "Meter %(meter_id)s: its reading stood still once while the batches show that the "
            "equipment "
            "produced, %(hours)s h. Batches of that time left out of the label: %(affected)s. "
            "Check the meter "
            "and its connection.",
            "Meter %(meter_id)s: its reading stood still %(count)s times while the batches show "
            "that the equipment produced, "
            "%(hours)s h in total. Batches of that time left out of the label: %(affected)s. "
            "Check the meter and its connection.",
            meter_id=meter.id,
            count=f"{count:,}",
            hours=f"{inside_h:,.1f}",
            affected=f"{hit:,}",
        ),
        count,
        places_of(files, runs.row[stood], runs.file[stood]),
    )
    return Suspicion(
        (finding,),
        {STILL: touched},
        tuple(found_of(meter.id, "unusable", span, zone) for span in spans),
    )


def standstills(
    runs: EqualValueRuns,
    register: bool,
    start_us: Integers,
    end_us: Integers,
    energy: Floats,
    quantum: float,
) -> Flags:
    """Which runs are no rest.

    Args:
        start_us, end_us, energy: of the batches in order of start; energy in the meter's unit, NaN
        where it is not known. quantum: smallest step of the meter's values.
    """
    none = np.zeros(len(runs), dtype=bool)
    length_s = (end_us - start_us) / 1e6
    positive = np.isfinite(energy) & (energy > 0)
    if not len(runs) or not positive.any():
        return none
    load = float(np.median(energy[positive] / length_s[positive]))  # a second
    at_rest: Flags = none | True if register else runs.value <= LOW * load * 3600
    inside_s = np.where(at_rest, within_batches(runs.first_us, runs.last_us, start_us, end_us), 0.0)
    lost = load * inside_s
    least_s = min(LEAST_SHARE * float(np.median(length_s[positive])), LEAST_S)
    candidate = (lost > QUANTA * quantum) & (inside_s >= least_s)
    if not candidate.any():
        return none
    rests = inside_s[inside_s > 0]
    usual = float(np.quantile(rests, REST)) if len(rests) >= FEWEST_RESTS else 0.0
    standing: Flags = candidate & (inside_s > TIMES_REST * usual)
    return standing


def within_batches(
    first_us: Integers, last_us: Integers, start_us: Integers, end_us: Integers
) -> Floats:
    """Seconds of each stretch in which a batch ran. Batches in order of start; where some overlap,
    their union counts.
    """
    running = Islands.of(Windows(start_us, end_us))
    knots = np.column_stack((running.start_us, running.end_us)).ravel()
    run_us = np.concatenate(
        ([0.0], np.cumsum(np.where(np.arange(len(knots) - 1) % 2 == 0, np.diff(knots), 0)))
    )
    seconds: Floats = (np.interp(last_us, knots, run_us) - np.interp(first_us, knots, run_us)) / 1e6
    return seconds
