"""Day by day what one meter or step used, and what its baseline is a function of: what was made, of
which kind, and how it was outside.

Energy and output of a batch are spread evenly over the time it took, so that a batch across
midnight counts on both days. A row that stands twice in the log counts once, and a day on which
nobody knows what was made, or what was used, is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from benchmarks.labels import ExclusionReason, StepLabel
from benchmarks.labels.columns import Flags, Floats
from benchmarks.measurements import Batch
from reporting_agent.analysis.baselines.model import LocalHours, day_energy, degree_days
from reporting_agent.analysis.baselines.production import OUTDOOR, each_once, lines_of
from reporting_agent.config import SiteSettings
from reporting_agent.config.events import of_step as events_of_step
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.joint import JOINT_RUN

LEAST_RECORDED = 0.8  # of the output, for a declared condition to be a term
ENERGY_SOUND = frozenset(
    {
        *(
            "",
            "duplicate",
            JOINT_RUN,
            ExclusionReason.SHARE_REFUTED,
            ExclusionReason.TEST,
            ExclusionReason.SCRAP,
        ),
        *(
            ExclusionReason.NOT_NORMAL_STATE,
            ExclusionReason.OUTPUT_NOT_POSITIVE,
            ExclusionReason.TOO_SHORT,
            ExclusionReason.TOO_LONG,
        ),
        *(ExclusionReason.VARIABLE_MISSING, ExclusionReason.VARIABLE_IMPOSSIBLE),
    }
)
"""Why a batch is in no label though its energy can be sound. Under any other reason nobody knows
what it used; a meter that stood still or a counter's fault would count as energy that was saved."""
ENERGY_KNOWN = frozenset(
    {
        *(
            ExclusionReason.TOO_SHORT,
            ExclusionReason.TOO_LONG,
            ExclusionReason.VARIABLE_MISSING,
            ExclusionReason.VARIABLE_IMPOSSIBLE,
        ),
        ExclusionReason.BELOW_PHYSICAL_FLOOR,
    }
)
"""Reasons that are looked for once the energy of a batch is complete."""
UNIT_WRONG = "unit-label"


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Local days in a row. `energy` is NaN where it is not known; `output` is by product and
    variant; every column a day long.
    """

    days: tuple[date, ...]
    energy: Floats
    unit: str
    output: Mapping[tuple[str, str], Floats]
    conditions: Mapping[
        str, Floats
    ]  # output times the condition's distance from its mean: energy a tonne moves with it
    degrees: Mapping[
        str, Floats
    ]  # heating and cooling degrees; empty where the outdoor temperature is not recorded
    lines: frozenset[tuple[str, str]]  # step and equipment of the batches
    meters: frozenset[str] = frozenset()  # of one meter: all that its energy is made from
    below: frozenset[str] = frozenset()  # of one meter: all that hang below it
    feeds: bool = True  # of one meter: whether the site says of any line that it feeds it
    output_unit: str = ""  # of all output; several where the lines' steps count in several

    @property
    def production(self) -> Floats:
        """Output of each day, of every kind."""
        return sum(self.output.values(), np.zeros(len(self.days)))

    @property
    def running(self) -> Flags:
        """The days on which something was made; Monday to Friday where no line is fed."""
        return (
            self.production > 0
            if self.feeds
            else np.array([day.weekday() < 5 for day in self.days])
        )

    def between(self, first: date, last: date) -> Flags:
        """The days of [first, last)."""
        return np.array([first <= day < last for day in self.days])


def of_meter(site: SiteSettings, result: LabelResult, meter: str) -> Days | None:
    """The days of one meter, with what the lines that it feeds made; None where it has no readings.

    A day on which the meter, or one that it is made from, is declared unusable is not known, nor
    one outside the meter's own time. One that feeds no line has the outdoor temperature of all of
    them.
    """
    record = next(
        (candidate for candidate in result.data.meters if candidate.meter.id == meter), None
    )
    if record is None or not len(record.hour_us):
        return None
    hours = LocalHours.of(record.hour_us, site.zone)
    lines = lines_of(record.meter, site.tree)
    own = [
        batch
        for batch in result.data.batches
        if any(
            step in {"", batch.step} and equipment in {"", batch.equipment}
            for step, equipment in lines
        )
    ]
    meters = site.tree.needed_by(record.meter) | {meter}
    below = frozenset(other.id for other in site.meters if record.meter in site.tree.above(other))
    energy = np.where(unusable_days(site, meters, hours.days), np.nan, day_energy(record, hours))
    of_days = _days(site, result, each_once(own), hours.days, energy, record.unit)
    if not lines:  # it is as warm outside an office as outside the halls
        of_days = replace(
            of_days, degrees=_degrees(site, result.data.batches, hours.days, np.isfinite(energy))
        )
    return replace(of_days, meters=meters, below=below, feeds=bool(lines))


def of_step(site: SiteSettings, result: LabelResult, step: str) -> Days | None:
    """The days of one step by the energy of its batches, in its first metric; None where none has
    any.

    A day on which a batch's energy is not sound is not known; a day without batches used nothing.
    """
    headline = next(
        (
            candidate.metrics[0].metric
            for candidate in result.data.pack.steps
            if candidate.id == step
        ),
        None,
    )
    labels = [
        label
        for label in result.site_label.steps
        if label.step == step and label.metric == headline
    ]
    batches = each_once([batch for batch in result.data.batches if batch.step == step])
    if not labels or not batches:
        return None
    begins, ends = result.site_label.period.first_and_last
    first = max(begins, min(batch.start for batch in batches).astimezone(site.zone).date())
    last = min(ends, max(_end(batch) for batch in batches).astimezone(site.zone).date())
    days = tuple(first + timedelta(days=number) for number in range((last - first).days + 1))
    if not days:
        return None
    used = _sound_energy(labels[0])
    energy = np.zeros(len(days))
    for run in batches:
        for day, share in spread_over_days(run, days, site):
            energy[day] += used.get((run.equipment, run.batch_id, run.start), np.nan) * share
    return _days(site, result, batches, days, energy, labels[0].energy_unit)


def _sound_energy(label: StepLabel) -> dict[tuple[str, str, datetime], float]:
    """What each batch (equipment, id, start) of a label's step used, in its unit; NaN where that is
    not known. Of a copy, the first row's.

    That a batch is left out as scrap or for its state says nothing of its readings: they must be
    complete as in a label.
    """
    measured, used = label.made_from, dict[tuple[str, str, datetime], float]()
    if measured is None:
        return used
    energy, least = measured.energy, measured.columns.step.label_rule.least_completeness
    complete = energy.known & energy.convertible & energy.complete & (energy.coverage >= least)
    totals = np.where(complete, energy.total, np.nan).tolist()
    batches = measured.columns.batches
    for batch, total, reason in zip(
        batches, totals, measured.reasons.listed(np.arange(len(batches))), strict=True
    ):
        used.setdefault(
            (batch.equipment, batch.batch_id, batch.start),
            total if (reason or "") in ENERGY_SOUND else np.nan,
        )
    return used


def _days(
    site: SiteSettings,
    result: LabelResult,
    batches: Sequence[Batch],
    days: tuple[date, ...],
    energy: Floats,
    unit: str,
) -> Days:
    refuted = _refuted(result)
    sound: list[Batch] = []
    for run in batches:
        inside = [day for day, _ in spread_over_days(run, days, site)]
        if output_unknown(site, run, refuted):
            energy[inside] = np.nan
        elif inside:
            sound.append(run)
    output: dict[tuple[str, str], Floats] = {}
    names = sorted(
        {name for batch in sound for name in batch.variables if _is_condition(site, name)}
    )
    centre = {name: mean_condition(sound, name) for name in names}
    conditions = {name: np.zeros(len(days)) for name in names if centre[name] is not None}
    for run in sound:
        produced = max(run.output, 0.0)
        for day, share in spread_over_days(run, days, site):
            output.setdefault((run.product, run.variant), np.zeros(len(days)))[day] += (
                produced * share
            )
            for name, column in conditions.items():
                column[day] += (
                    produced
                    * share
                    * (run.variables.get(name, centre[name]) - (centre[name] or 0.0))  # type: ignore[operator]
                )
    degrees = _degrees(site, sound, days, sum(output.values(), np.zeros(len(days))) > 0)
    lines = frozenset((batch.step, batch.equipment) for batch in batches)
    units = " + ".join(
        sorted(
            {
                step.output_unit
                for step in result.data.pack.steps
                if step.id in {of_step for of_step, _ in lines}
            }
        )
    )
    return Days(days, energy, unit, output, conditions, degrees, lines, output_unit=units)


def _degrees(
    site: SiteSettings, batches: Sequence[Batch], days: tuple[date, ...], asked: Flags
) -> Mapping[str, Floats]:
    """Heating and cooling degrees by the outdoor temperature of the batches; none where too few of
    the days asked for have one.
    """
    warm, recorded = np.zeros(len(days)), np.zeros(len(days))
    for run in batches:
        outdoor = next((value for name, value in run.variables.items() if name in OUTDOOR), None)
        for day, _ in spread_over_days(run, days, site) if outdoor is not None else ():
            warm[day] += outdoor
            recorded[day] += 1
    recorded_days = recorded > 0
    if not recorded_days.any() or not asked.any() or recorded_days[asked].mean() < LEAST_RECORDED:
        return {}
    at = np.arange(len(days))
    return degree_days(
        np.interp(at, at[recorded_days], warm[recorded_days] / recorded[recorded_days])
    )


def unusable_days(site: SiteSettings, meters: AbstractSet[str], days: tuple[date, ...]) -> Flags:
    """The days on which one of these meters is declared unusable."""
    unusable = np.zeros(len(days), dtype=bool)
    for event in site.events:
        if event.kind == "unusable" and event.meter in meters:
            first, end = event.begins(site.zone).astimezone(site.zone).date(), event.ends(site.zone)
            last = (
                date.max
                if end is None
                else (end.astimezone(site.zone) - timedelta(microseconds=1)).date()
            )
            unusable |= np.array([first <= day <= last for day in days])
    return unusable


def _refuted(result: LabelResult) -> set[tuple[str, str, datetime]]:
    """Batches (step, id, start) with more output than their energy can have made."""
    rules = {
        (step.id, rule.metric): rule for step in result.data.pack.steps for rule in step.metrics
    }
    return {
        (label.step, entry.batch_id, entry.start)
        for label in result.site_label.steps
        for entry in label.values
        if entry.excluded in ENERGY_KNOWN
        and entry.value is not None
        and entry.value < rules[label.step, label.metric].floor
    }


def output_unknown(
    site: SiteSettings, run: Batch, refuted: AbstractSet[tuple[str, str, datetime]]
) -> bool:
    """Whether nobody knows what a batch made: less than nothing, in another unit, more than can be,
    or declared unusable.
    """
    if (
        run.excluded == UNIT_WRONG
        or not run.output >= 0
        or (run.step, run.batch_id, run.start) in refuted
    ):
        return True
    declared = events_of_step(site.events, run.step, run.equipment, run.product, run.variant)
    return any(event.kind == "unusable" and event.holds(run.start, site.zone) for event in declared)


def _is_condition(site: SiteSettings, name: str) -> bool:
    declared = site.variables.get(name)
    return declared is not None and declared.kind == "condition" and name not in OUTDOOR


def mean_condition(batches: Sequence[Batch], name: str) -> float | None:
    """The mean of a condition by output; None where too little of the output carries it."""
    produced = np.array([max(batch.output, 0.0) for batch in batches])
    value = np.array([batch.variables.get(name, np.nan) for batch in batches])
    finite = np.isfinite(value)
    if produced.sum() <= 0 or produced[finite].sum() < LEAST_RECORDED * produced.sum():
        return None
    return float(np.average(value[finite], weights=produced[finite] + 1e-12))


def _end(batch: Batch) -> datetime:
    """A batch without a sound end is of the moment that it began."""
    return batch.start if batch.end is None or batch.end <= batch.start else batch.end


def spread_over_days(
    batch: Batch, days: tuple[date, ...], site: SiteSettings
) -> list[tuple[int, float]]:
    """The days that a batch ran on, each with its share of the batch's time."""
    start, end = batch.start, _end(batch)
    whole = (end - start).total_seconds()
    shares = []
    day, last = start.astimezone(site.zone).date(), end.astimezone(site.zone).date()
    while day <= last:
        following = day + timedelta(days=1)
        until = min(end, _midnight(following, site))
        inside = (
            (until - max(start, _midnight(day, site))).total_seconds() / whole if whole else 1.0
        )
        index = (day - days[0]).days
        if inside > 0 and 0 <= index < len(days):
            shares.append((index, inside))
        day = following
    return shares


def _midnight(day: date, site: SiteSettings) -> datetime:
    """In UTC, for the days on which clocks change have 23 or 25 hours."""
    return datetime(day.year, day.month, day.day, tzinfo=site.zone).astimezone(UTC)
