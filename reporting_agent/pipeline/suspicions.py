"""Faults that no meter shows by itself: its clock, its unit and its standstills, against the
batches that it counts for.

Asked once a meter, after metering. What is found is told with its rows; a batch is named under the
code where the fault makes its energy wrong by more than the label rule lets seconds be missing.
Nothing is moved: the remedy says which key of site.toml puts it right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import tzinfo

import numpy as np

from benchmarks.measurements import Batch, DataFinding, Metric
from benchmarks.routes import Pack
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.metering import clock, standstills, unit_check
from reporting_agent.metering.curve import Course
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.standstills import MeterContext, Suspicion
from reporting_agent.metering.tally import PLACES_KEPT
from reporting_agent.pipeline.units import over_time, to_kwh

ENERGY_UNITS = frozenset({"Wh", "kWh", "MWh", "GWh", "kJ", "MJ", "GJ", "TJ"})


@dataclass(frozen=True, slots=True)
class Suspicions:
    """Findings, and by index in the list of batches the codes for which its energy is wrong."""

    findings: list[DataFinding] = field(default_factory=list)
    of_batch: dict[int, set[str]] = field(default_factory=dict)
    events: list[DeclaredEvent] = field(default_factory=list)  # to be declared


def look(
    courses: Mapping[str, Course],
    windows: Mapping[str, Windows],
    chosen: Mapping[str, Sequence[int]],
    counted: set[str],
    batches: Sequence[Batch],
    site: SiteSettings,
    pack: Pack,
    in_skipped_hours: AbstractSet[str] = frozenset(),
) -> Suspicions:
    """Every meter with readings against its batches, `chosen` in the order of `windows`. Only
    counted ones make energies wrong.

    Args:
        in_skipped_hours: meters with stamps in an hour that the plant's clock skips in spring.
    """
    suspicions = Suspicions()
    for meter in site.meters:
        course, indices = courses.get(meter.id), chosen.get(meter.id, ())
        if course is None or not len(indices):
            continue
        least = max(
            pack.step(name).label_rule.least_completeness
            for name in {batches[index].step for index in indices}
        )
        beside = replace(
            _beside(meter, courses, windows, indices, batches, pack, site),
            in_skipped_hour=meter.id in in_skipped_hours,
        )
        suspicion = compare(meter, course, windows[meter.id], least, site.zone, beside)
        for finding in suspicion.findings:
            struck = suspicion.batches.get(
                finding.code if finding.code != unit_check.CHANGE else unit_check.LABEL
            )
            rows = (
                []
                if struck is None
                else [
                    batches[indices[at]].place
                    for at in np.flatnonzero(struck)[:PLACES_KEPT].tolist()
                ]
            )
            places = tuple(place for place in rows if place is not None)
            suspicions.findings.append(
                finding if finding.places else replace(finding, places=places)
            )
        if meter.id in counted:
            suspicions.events.extend(suspicion.events)
            for code, struck in suspicion.batches.items():
                for at in np.flatnonzero(struck).tolist():
                    suspicions.of_batch.setdefault(indices[at], set()).add(code)
    return suspicions


def compare(
    meter: Meter,
    course: Course,
    windows: Windows,
    least_completeness: float,
    zone: tzinfo,
    beside: MeterContext,
) -> Suspicion:
    """Hold one meter's course against the batches it counts for, which stand in order of start."""
    if not len(windows.start_us):
        return Suspicion()
    suspicions = (
        clock.suspect(meter, course, windows, least_completeness, zone, beside.in_skipped_hour),
        unit_check.suspect(meter, course, windows, zone, beside),
        standstills.suspect(meter, course, windows, least_completeness, zone),
    )
    return Suspicion(
        tuple(finding for suspicion in suspicions for finding in suspicion.findings),
        {code: flags for suspicion in suspicions for code, flags in suspicion.batches.items()},
        tuple(event for suspicion in suspicions for event in suspicion.events),
    )


def _beside(
    meter: Meter,
    courses: Mapping[str, Course],
    windows: Mapping[str, Windows],
    indices: Sequence[int],
    batches: Sequence[Batch],
    pack: Pack,
    site: SiteSettings,
) -> MeterContext:
    """The outputs of its batches, what they can take where it alone tells, and the meter that a
    check meter stands beside.
    """
    output = np.array([batches[index].output for index in indices])
    own = _unit_of(meter)
    main = site.tree.by_id.get(meter.checked or "")
    if (
        main is not None
        and main.id in courses
        and np.array_equal(windows[main.id].start_us, windows[meter.id].start_us)
    ):
        other = _unit_of(main)
        if own == other or {own, other} <= ENERGY_UNITS:
            return MeterContext(
                output,
                course=courses[main.id],
                own_per_other=1.0 if own == other else to_kwh(other) / to_kwh(own),
            )
    steps = {batches[index].step for index in indices}
    like = [
        peer
        for peer in site.meters
        if (peer.carrier, peer.step) == (meter.carrier, meter.step)
        and peer.role not in {"check", "state"}
    ]
    alone = sum(peer.equipment in {"", meter.equipment} for peer in like) == 1
    if (
        meter.carrier != "electricity"
        or len(steps) > 1
        or not alone
        or meter.allocation is not None
    ):
        return MeterContext(output)
    rule = next(
        (
            candidate
            for candidate in pack.step(next(iter(steps))).metrics
            if candidate.metric is Metric.ELECTRICITY
        ),
        None,
    )
    if rule is None or rule.floor <= 0 or own not in ENERGY_UNITS:
        return MeterContext(output)
    kwh = to_kwh(own)
    return MeterContext(output, (rule.floor / kwh, rule.ceiling / kwh))


def _unit_of(meter: Meter) -> str:
    """Of its energy."""
    return over_time(meter.unit)[0] if meter.reading == "rate" else meter.unit
