"""Alarms and questions of a clean plant, and which of them are its simulator's own waste, which
they are there to find.

The lines of `works` drift from their settings, start cold and take wet charge; the truth says how
much each run wasted. An alarm is true where what its meter's lines wasted on those days, above
their usual day, makes up half of its energy at least; so is the question of a changed process whose
size is half their waste.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from math import copysign, log

import numpy as np
from numpy.typing import NDArray

from fixtures.simulator.works import Works
from fixtures.simulator.works.design import Use
from fixtures.simulator.works.runs import Runs
from reporting_agent.analysis.baselines.baseline import Anomaly, Baseline, baselines
from reporting_agent.analysis.baselines.production import lines_of
from reporting_agent.changes.change import Change, ChangeKind
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult

Floats = NDArray[np.float64]
TRUE_FROM = 0.5  # of the alarm's energy


def false_alarms(
    site: SiteSettings, result: LabelResult, works: Works | None
) -> tuple[tuple[str, ...], float]:
    """The sentences of alarms that nothing in the plant explains, and the years that its meters
    were charted for (the longest).
    """
    charted = baselines(site, result)
    wasted = {} if works is None else _wasted(works, site.zone)
    false = [
        f"{baseline.meter}: {alarm.sentence.en}"
        for baseline in charted
        for alarm in baseline.anomalies
        if not _true(baseline, alarm, _of_meter(baseline, site, wasted))
    ]
    return tuple(false), max((baseline.days for baseline in charted), default=0) / 365


def explained(change: Change, works: Works | None, zone: tzinfo) -> bool:
    """Whether the plant did use that much more or less by the tonne on those days, and the question
    names the process as what changed.
    """
    if works is None or change.kind is not ChangeKind.PROCESS:
        return False
    ran = works.runs[change.step]
    relative = np.sum(list(ran.waste.values()), axis=0)
    own = [row for row, line in enumerate(ran.line) if line in change.equipment]
    affected = [
        row
        for row in own
        if change.holds_on(datetime.fromtimestamp(int(ran.start_s[row]), zone).date())
    ]
    rest = sorted(set(own) - set(affected))
    if not affected or not rest:
        return False
    grown = log((1 + float(relative[affected].mean())) / (1 + float(relative[rest].mean())))
    return copysign(grown, log(change.size)) == grown and abs(grown) >= TRUE_FROM * abs(
        log(change.size)
    )


def _of_meter(
    baseline: Baseline, site: SiteSettings, wasted: dict[tuple[str, str, str], dict[date, float]]
) -> dict[date, float]:
    lines = lines_of(site.tree.by_id[baseline.meter], site.tree)
    summed: dict[date, float] = {}
    for (step, line, carrier), days in wasted.items():
        if carrier == baseline.carrier and lines & {(step, line), (step, ""), ("", line), ("", "")}:
            for day, energy in days.items():
                summed[day] = summed.get(day, 0.0) + energy
    return summed


def _true(baseline: Baseline, alarm: Anomaly, wasted: dict[date, float]) -> bool:
    if not wasted or baseline.chart is None:
        return False
    usual = float(np.median([wasted.get(day, 0.0) for day in baseline.chart.days]))
    days = [
        alarm.first + timedelta(days=number)
        for number in range((alarm.last - alarm.first).days + 1)
    ]
    above = sum(wasted.get(day, 0.0) - usual for day in days)
    return copysign(above, alarm.energy) == above and abs(above) >= TRUE_FROM * abs(alarm.energy)


def _wasted(works: Works, zone: tzinfo) -> dict[tuple[str, str, str], dict[date, float]]:
    """By step, line and carrier, what its runs wasted on each day, in the unit of the use; a run's
    even over its time.
    """
    wasted: dict[tuple[str, str, str], dict[date, float]] = {}
    for step, ran in works.runs.items():
        for use in ran.design.uses:
            if use.metered is not None and use.direction == "import":
                waste = _waste(ran, use)
                for row, line in enumerate(ran.line):
                    days = wasted.setdefault((step, line, use.carrier), {})
                    for day, share in _days(int(ran.start_s[row]), int(ran.end_s[row]), zone):
                        days[day] = days.get(day, 0.0) + share * float(waste[row])
    return wasted


def _waste(ran: Runs, use: Use) -> Floats:
    relative: Floats = np.sum(list(ran.waste.values()), axis=0)
    waste: Floats = (ran.output + ran.reject) * use.per_t * relative
    return waste


def _days(start_s: int, end_s: int, zone: tzinfo) -> list[tuple[date, float]]:
    """The local days of a run, each with its share of the time, to the quarter of an hour."""
    middles = np.linspace(start_s, end_s, max((end_s - start_s) // 900, 1), endpoint=False) + 450
    days = [datetime.fromtimestamp(moment, zone).date() for moment in middles.tolist()]
    return [(day, days.count(day) / len(days)) for day in dict.fromkeys(days)]
