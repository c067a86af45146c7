"""Day by day what one meter or step used, and what its baseline is a function of: what was made, of which kind, and how it was outside.

Energy and output of a batch are spread evenly over the time it took, so that a batch across midnight counts on both days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from benchmarks.labels.columns import Flags, Floats
from benchmarks.measurements import Batch
from reporting_agent.analysis.baselines.model import LocalHours, day_energy, degree_days
from reporting_agent.analysis.baselines.production import OUTDOOR, lines_of
from reporting_agent.config import Site
from reporting_agent.pipeline import LabelResult

LEAST_RECORDED = 0.8  # of the output, for a declared condition to be a term
ENERGY_NOT_SOUND = frozenset(
    {
        *("declared-unusable", "variant-unknown", "energy-unknown", "lhv-required", "energy-incomplete", "energy-outside-boundary"),
        *("below-physical-floor", "above-physical-ceiling"),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Local days in a row. `energy` is NaN where it is not known; `output` is by product and variant; every column a day long."""

    days: tuple[date, ...]
    energy: Floats
    unit: str
    output: Mapping[tuple[str, str], Floats]
    conditions: Mapping[str, Floats]  # output times the condition's distance from its mean: energy a tonne moves with it
    degrees: Mapping[str, Floats]  # heating and cooling degrees; empty where the outdoor temperature is not recorded
    lines: frozenset[tuple[str, str]]  # step and equipment of the batches
    meters: frozenset[str] = frozenset()  # of one meter: all that its energy is made from
    below: frozenset[str] = frozenset()  # of one meter: all that hang below it

    @property
    def production(self) -> Floats:
        """Output of each day, of every kind."""
        return sum(self.output.values(), np.zeros(len(self.days)))

    def between(self, first: date, last: date) -> Flags:
        """The days of [first, last)."""
        return np.array([first <= day < last for day in self.days])


def of_meter(site: Site, result: LabelResult, meter: str) -> Days | None:
    """The days of one meter, with what the lines that it feeds made; None where it has no readings."""
    record = next((candidate for candidate in result.data.meters if candidate.meter.id == meter), None)
    if record is None or not len(record.hour_us):
        return None
    hours = LocalHours.of(record.hour_us, site.zone)
    places = lines_of(record.meter, site.tree)
    own = [
        batch
        for batch in result.data.batches
        if any(step in {"", batch.step} and equipment in {"", batch.equipment} for step, equipment in places)
    ]
    meters = site.tree.needed_by(record.meter) | {meter}
    below = frozenset(other.id for other in site.meters if record.meter in site.tree.above(other))
    return replace(_days(site, own, hours.days, day_energy(record, hours), record.unit), meters=meters, below=below)


def of_step(site: Site, result: LabelResult, step: str) -> Days | None:
    """The days of one step by the energy of its batches, in its first metric; None where none has any.

    A day on which a batch's energy is not sound is not known; a day without batches used nothing.
    """
    headline = next((candidate.metrics[0].metric for candidate in result.data.pack.steps if candidate.id == step), None)
    labels = [label for label in result.site_label.steps if label.step == step and label.metric == headline]
    values = {(entry.batch_id, entry.start): entry for label in labels for entry in label.values}
    batches = [batch for batch in result.data.batches if batch.step == step and batch.end is not None and batch.end > batch.start]
    if not labels or not batches:
        return None
    first = min(batch.start for batch in batches).astimezone(site.zone).date()
    last = max(batch.end for batch in batches if batch.end is not None).astimezone(site.zone).date()
    days = tuple(first + timedelta(days=number) for number in range((last - first).days + 1))
    energy = np.zeros(len(days))
    for run in batches:
        value = values.get((run.batch_id, run.start))
        unsound = value is None or value.energy is None or (value.excluded or "") in ENERGY_NOT_SOUND
        for day, share in _spread(run, days, site):
            energy[day] += np.nan if unsound or value is None or value.energy is None else value.energy * share
    return _days(site, batches, days, energy, labels[0].energy_unit)


def _days(site: Site, batches: Sequence[Batch], days: tuple[date, ...], energy: Floats, unit: str) -> Days:
    output: dict[tuple[str, str], Floats] = {}
    names = sorted({name for batch in batches for name in batch.variables if _is_condition(site, name)})
    centre = {name: _mean(batches, name) for name in names}
    conditions = {name: np.zeros(len(days)) for name in names if centre[name] is not None}
    warm, recorded = np.zeros(len(days)), np.zeros(len(days))
    for run in batches:
        produced = max(run.output_t, 0.0)
        outdoor = next((value for name, value in run.variables.items() if name in OUTDOOR), None)
        for day, share in _spread(run, days, site):
            output.setdefault((run.product, run.variant), np.zeros(len(days)))[day] += produced * share
            for name, column in conditions.items():
                column[day] += produced * share * (run.variables.get(name, centre[name]) - (centre[name] or 0.0))  # type: ignore[operator]
            if outdoor is not None:
                warm[day] += outdoor
                recorded[day] += 1
    known = recorded > 0
    degrees: Mapping[str, Floats] = {}
    if known.any() and known[sum(output.values(), np.zeros(len(days))) > 0].mean() >= LEAST_RECORDED:
        at = np.arange(len(days))
        degrees = degree_days(np.interp(at, at[known], warm[known] / recorded[known]))
    return Days(days, energy, unit, output, conditions, degrees, frozenset((batch.step, batch.equipment) for batch in batches))


def _is_condition(site: Site, name: str) -> bool:
    declared = site.variables.get(name)
    return declared is not None and declared.kind == "condition" and name not in OUTDOOR


def _mean(batches: Sequence[Batch], name: str) -> float | None:
    """The mean of a condition by output; None where too little of the output carries it."""
    produced = np.array([max(batch.output_t, 0.0) for batch in batches])
    value = np.array([batch.variables.get(name, np.nan) for batch in batches])
    known = np.isfinite(value)
    if produced.sum() <= 0 or produced[known].sum() < LEAST_RECORDED * produced.sum():
        return None
    return float(np.average(value[known], weights=produced[known] + 1e-12))


def _spread(batch: Batch, days: tuple[date, ...], site: Site) -> list[tuple[int, float]]:
    """The days that a batch ran on, each with its share of the batch's time."""
    start = batch.start.astimezone(site.zone)
    end = start if batch.end is None or batch.end <= batch.start else batch.end.astimezone(site.zone)
    whole = (end - start).total_seconds()
    shares = []
    day = start.date()
    while day <= end.date():
        midnight = datetime(day.year, day.month, day.day, tzinfo=site.zone)
        following = day + timedelta(days=1)
        until = min(end, datetime(following.year, following.month, following.day, tzinfo=site.zone))
        inside = (until - max(start, midnight)).total_seconds() / whole if whole else 1.0
        place = (day - days[0]).days
        if inside > 0 and 0 <= place < len(days):
            shares.append((place, inside))
        day = following
    return shares
