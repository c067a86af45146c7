"""Batches as they are judged on their way out: each by its own row, its own energies and readings, and what the site declares.

The plant's own label may use everything that was learned across records; what leaves may not (`benchmarks.privacy.stability`). So rows
that look out of scale, clocks that were found to run away, standstills and overlaps act here only once they are declared, and the
run that finds them proposes the declaration (`pipeline.proposals`).

Of the rows of one account (step and batch id) the first counts, whatever the others name. Where they name several products and are not
told apart by time on a metered line, none does. So an account holds one record at most, under the id that the plant gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, CarrierEnergy
from benchmarks.phrases import Phrase
from benchmarks.privacy.stability import Path, Transformation
from benchmarks.routes import Pack
from reporting_agent.config import Site
from reporting_agent.metering.account import to_us
from reporting_agent.metering.own_time import put_right
from reporting_agent.metering.summer import HOUR_US, summers
from reporting_agent.pipeline import faults, heat_content, joint, own_metering
from reporting_agent.pipeline.own_metering import OWN_READINGS, Outgoing

DUPLICATE = "duplicate"
OWN_ROWS = Transformation(
    "own rows", 1, "A row is read, named and judged by its own cells and the site's settings; of one account the first row counts."
)
OWN_ENERGY = Transformation("own energy", 1, "Energy given per batch is joined by step and batch id: a row of energy is of one account.")
OWN_RUNS = Transformation("own runs", 1, "A row of the log belongs to the run that its own cells name; a run is made of its own rows.")
CAMPAIGNS = Transformation(
    "campaigns", None, Phrase("A single row with another product splits a campaign: cut the log by hour, shift, day or month under [runs].")
)
FILLED_DOWN = Transformation(
    "cells filled from above",
    None,
    Phrase("One cell decides about all blank ones below it: fill them in the file, and take fill_down away under [mapping]."),
)


@dataclass(frozen=True, slots=True)
class Outward:
    """The batches as they are judged on their way out, and by step how they came about.

    `given` are they with the energy of the plant's own rows alone, before any meter; empty where a log gives all of it.
    """

    batches: list[Batch]
    paths: Mapping[str, Path]
    given: Sequence[Batch] = ()


def rows(batches: Sequence[Batch], site: Site) -> list[Batch]:
    """One record an account, before anything is metered."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place, batch in enumerate(batches):
        groups.setdefault((batch.step, batch.batch_id), []).append(place)
    if len(groups) == len(batches):
        return list(batches)
    made = list(batches)
    for places in groups.values():
        own = [batches[place] for place in places]
        alike = len({(row.product, row.variant) for row in own}) < 2
        first_counts = alike or (site.inputs.energy is None and joint.follow_one_another(own))
        for place in places[1:] if first_counts else places:
            why = DUPLICATE if first_counts else joint.JOINT_RUN
            made[place] = replace(batches[place], excluded=batches[place].excluded or why)
    return made


def judge(
    going: Outgoing,
    metered: Mapping[int, Sequence[CarrierEnergy]],
    site: Site,
    pack: Pack,
    *,
    metered_steps: Mapping[str, AbstractSet[str]],
    blank: AbstractSet[tuple[str, str]],
    whole: Iterable[Transformation] = (),
) -> Outward:
    """The batches with their energy, each excluded under the first reason that it shows by itself.

    Args:
        going: the rows, with the energy given per batch.
        metered: by place of the row, what its meters counted in its window.
        metered_steps, blank: as `faults.examine` takes them.
        whole: what the files decide for all their rows at once (`whole_files`).
    """
    with_energy = [batch.with_energy(metered[place]) if place in metered else batch for place, batch in enumerate(going.batches)]
    settled = heat_content.settle(with_energy, site, alone=True).batches
    judged, _ = faults.examine(settled, site, pack, metered_steps=metered_steps, blank=blank, alone=True)
    tangled = own_metering.entangled(going, site)
    base = Path((OWN_ROWS, *declared(site, runs=False), *whole))
    paths = {
        step.id: base.then(OWN_READINGS, *tangled.get(step.id, ())) if step.id in metered_steps else base.then(OWN_ENERGY)
        for step in pack.steps
    }
    return Outward(judged, paths, going.batches)


def of_runs(batches: Sequence[Batch], site: Site, pack: Pack, whole: Iterable[Transformation] = ()) -> Outward:
    """Runs of a log, judged each by itself."""
    judged, _ = faults.examine(batches, site, pack, metered_steps={}, blank=frozenset(), alone=True)
    steps = [OWN_RUNS, *declared(site, runs=True), *whole]
    return Outward(judged, {step.id: Path(tuple(steps)) for step in pack.steps})


def declared(site: Site, *, runs: bool) -> list[Transformation]:
    """What the settings alone let one record decide of others. `runs`: whether batches are cut from a log."""
    filled = any(profile.fill_down for profile in (site.mapping.batches, site.mapping.energy, site.mapping.log))
    return [*([CAMPAIGNS] if runs and site.runs.by == "campaign" else []), *([FILLED_DOWN] if filled else [])]


def outside_repeated_hours(batches: Sequence[Batch], site: Site, metered_steps: Mapping[str, AbstractSet[str]]) -> list[Batch]:
    """Without batches metered through an hour that a meter's clock shows twice: there a reading's hour is told by those beside it."""
    own = site.mapping.readings.timezone
    zone = ZoneInfo(own) if own else site.zone
    years = {batch.start.year for batch in batches}
    hours = {year: _repeated_on_any_meter(site, zone, year) for year in years}
    return [
        replace(batch, excluded=ExclusionReason.REPEATED_HOUR.value)
        if batch.excluded is None
        and {"", batch.equipment} & metered_steps.get(batch.step, frozenset())
        and _is_in(batch, hours[batch.start.year])
        else batch
        for batch in batches
    ]


def _is_in(batch: Batch, hours: AbstractSet[tuple[int, int]]) -> bool:
    if not hours or batch.end is None:
        return False
    start_us, end_us = to_us(batch.start), to_us(batch.end)
    return any(start_us < until_us and end_us > from_us for from_us, until_us in hours)


def _repeated_on_any_meter(site: Site, zone: ZoneInfo, year: int) -> set[tuple[int, int]]:
    """When the clocks of the site's meters show an hour twice, in right time: a clock declared to be off shows it that much off."""
    shown = np.array(_repeated_hours(zone, year), dtype=np.int64).reshape(-1, 2)
    found: set[tuple[int, int]] = set()
    for meter in site.meters:
        declared = {event.shift // timedelta(microseconds=1) for event in site.events if event.kind == "clock" and event.meter == meter.id}
        for shift_us in {0, *declared}:
            found |= {(first, last) for first, last in (put_right(shown, meter) + shift_us).tolist()}
    return found


@lru_cache(maxsize=64)
def _repeated_hours(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """The hours that come twice in the years around this one, with the hour before, in UTC microseconds."""
    first_us, last_us = (to_us(datetime(edge, 1, 1, tzinfo=UTC)) for edge in (year - 1, year + 2))
    ends = (until_us for _, until_us in summers(zone, first_us, last_us) if until_us < last_us)
    return tuple((end_us - HOUR_US, end_us + HOUR_US) for end_us in ends)
