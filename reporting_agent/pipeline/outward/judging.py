"""Batches as they are validated for release: each by its own row, energies and readings, and what
the site declares (`benchmarks.privacy.stability`). What was found across records acts only once
declared; the run that finds it proposes that (`pipeline.proposals`).

Of the rows of one account (step and batch id) the first counts; of several products, not apart by
time on a metered line, none. A log's row belongs to the window of its stamp and covers time since
the row before *of the same run*, the first since the window's edge; a state that holds from its
stamp on holds for the run's next row; of equal rows the first counts. A campaign's beginning no row
shows by itself (`CAMPAIGNS`).
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
from benchmarks.measurements import Batch, CarrierEnergy, OperatingState
from benchmarks.phrases import Phrase
from benchmarks.privacy.stability import Path, Transformation
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.metering.declared import HOUR_US, put_right, summers
from reporting_agent.metering.moments import to_us
from reporting_agent.pipeline import (
    examining,
    fuels_in_the_log,
    heating_values,
    joint,
    materials_in_the_log,
    over_the_fence,
    unusual_heating_values,
)
from reporting_agent.pipeline.outward import own_metering
from reporting_agent.pipeline.outward.own_metering import OWN_READINGS, OutgoingBatches
from reporting_agent.pipeline.runs import (
    EXCLUDING,
    LogRow,
    Run,
    codes_of,
    made_of,
    rows_of,
    window_of,
)
from reporting_agent.pipeline.units import over_time
from reporting_agent.sources import Table

_INSTANT = timedelta(microseconds=1)


def cut(
    tables: Sequence[Table], site: SiteSettings, pack: Pack
) -> tuple[list[Batch], list[fuels_in_the_log.Of]]:
    """The runs of a log, in order of start and id, and what their rows hold in columns that nothing
    maps.
    """
    unit, factor = (
        over_time(site.runs.unit) if site.runs.energy == "rate" else (site.runs.unit, 1.0)
    )
    since_previous = site.runs.row_covers == "since-previous"
    by_run: dict[tuple[str, str, str, str, datetime], list[LogRow]] = {}
    for row in rows_of(tables, site.runs, pack)[0]:
        named = (
            replace(row, start=row.end - _INSTANT, end=row.end - _INSTANT)
            if since_previous
            else row
        )
        by_run.setdefault(
            (row.equipment, row.step.id, row.product, row.variant, window_of(named, site)), []
        ).append(row)
    built = {key: Run() for key in by_run}
    for key, rows in by_run.items():
        run = built[key]
        for row in _rows_by_themselves(rows, key[4], site):
            run.fuels += row.fuels
            if EXCLUDING & set(codes_of(row, site.runs)):
                run.missing_s += 0.0 if row.state is not OperatingState.NORMAL else row.span_s
            else:
                run.rows.append(row)
    return made_of(built, site, unit, factor)


def _rows_by_themselves(rows: list[LogRow], window: datetime, site: SiteSettings) -> list[LogRow]:
    """The rows of one run in order of stamp; what a row takes from the one before it, it takes from
    the one before it in the run.
    """
    ordered: list[LogRow] = []
    since_previous = site.runs.row_covers == "since-previous"
    before: datetime = window
    state: OperatingState | None = None
    for row in sorted(rows, key=lambda stamped: stamped.end):
        start = min(before, row.end) if since_previous else row.start
        own_state = (
            state if site.runs.row_state == "from-the-stamp" and state is not None else row.stated
        )
        ordered.append(replace(row, start=start, state=own_state, first=False))
        before, state = row.end, row.stated
    return ordered


def outside_repeated_hours(
    batches: Sequence[Batch], site: SiteSettings, metered_steps: Mapping[str, AbstractSet[str]]
) -> list[Batch]:
    """Without batches metered through an hour that a meter's clock shows twice: there a reading's
    hour is told by those beside it.
    """
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


def _repeated_on_any_meter(site: SiteSettings, zone: ZoneInfo, year: int) -> set[tuple[int, int]]:
    """When the clocks of the site's meters show an hour twice, in right time: a clock declared to
    be off shows it that much off.
    """
    shown = np.array(_repeated_hours(zone, year), dtype=np.int64).reshape(-1, 2)
    hours: set[tuple[int, int]] = set()
    for meter in site.meters:
        declared = {
            event.shift // timedelta(microseconds=1)
            for event in site.events
            if event.kind == "clock" and event.meter == meter.id
        }
        for shift_us in {0, *declared}:
            hours |= {
                (first, last) for first, last in (put_right(shown, meter) + shift_us).tolist()
            }
    return hours


@lru_cache(maxsize=64)
def _repeated_hours(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """The hours that come twice in the years around this one, with the hour before, in UTC
    microseconds.
    """
    first_us, last_us = (to_us(datetime(edge, 1, 1, tzinfo=UTC)) for edge in (year - 1, year + 2))
    ends = (until_us for _, until_us in summers(zone, first_us, last_us) if until_us < last_us)
    return tuple((end_us - HOUR_US, end_us + HOUR_US) for end_us in ends)


DUPLICATE = "duplicate"
OWN_ROWS = Transformation(
    "own rows",
    1,
    "A row is read, named and judged by its own cells and the site's settings; of one account the "
    "first row counts.",
)
OWN_ENERGY = Transformation(
    "own energy",
    1,
    "Energy given per batch is joined by step and batch id: a row of energy is of one account.",
)
OWN_RUNS = Transformation(
    "own runs",
    1,
    "A row of the log belongs to the run that its own cells name; a run is made of its own rows.",
)
CAMPAIGNS = Transformation(
    "campaigns",
    None,
    Phrase(
        "A single row with another product splits a campaign: cut the log by hour, shift, day or "
        "month under [runs]."
    ),
)
FILLED_DOWN = Transformation(
    "cells filled from above",
    None,
    Phrase(
        "One cell decides the value of all blank cells below it: fill them in the file, and "
        "remove fill_down under [mapping]."
    ),
)


@dataclass(frozen=True, slots=True)
class OutwardBatches:
    """The batches as they are judged on their way out, and by step how they came about.

    `logged` are they with the energy of the plant's own rows alone, before any meter; empty where a
    log gives all of it.
    """

    batches: list[Batch]
    paths: Mapping[str, Path]
    logged: Sequence[Batch] = ()


def rows(batches: Sequence[Batch], *, by_time: bool) -> list[Batch]:
    """One record an account, before anything is metered; `by_time` where no energy is given per
    batch.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for index, batch in enumerate(batches):
        groups.setdefault((batch.step, batch.batch_id), []).append(index)
    if len(groups) == len(batches):
        return list(batches)
    marked = list(batches)
    for indices in groups.values():
        own = [batches[index] for index in indices]
        alike = len({(row.product, row.variant) for row in own}) < 2
        first_counts = alike or (by_time and joint.follow_one_another(own))
        for index in indices[1:] if first_counts else indices:
            why = DUPLICATE if first_counts else joint.JOINT_RUN
            marked[index] = replace(batches[index], excluded=batches[index].excluded or why)
    return marked


def judge(
    going: OutgoingBatches,
    metered: Mapping[int, Sequence[CarrierEnergy]],
    site: SiteSettings,
    pack: Pack,
    *,
    metered_steps: Mapping[str, AbstractSet[str]],
    blank: AbstractSet[tuple[str, str]],
    beside: Sequence[fuels_in_the_log.Of] = (),
    whole: Iterable[Transformation] = (),
    of_readings: Iterable[Transformation] = (),
) -> OutwardBatches:
    """The batches with their energy, each excluded under the first reason that it shows by itself.

    Args:
        going: the rows, with the energy given per batch.
        metered: by index of the row, what its meters counted in its window.
        metered_steps, blank: as `examining.examine` takes them.
        beside: what the rows hold in columns that nothing maps.
        whole: what the files decide for all their rows at once (`whole_files`).
        of_readings: the same of the files of readings, for the steps that are metered.
    """
    with_energy = [
        batch.with_energy(metered[index]) if index in metered else batch
        for index, batch in enumerate(going.batches)
    ]
    judged = _by_themselves(
        with_energy, beside, site, pack, metered_steps=metered_steps, blank=blank
    )
    tangled = own_metering.entangled(going, site)
    base = Path((OWN_ROWS, *declared(site, runs=False), *whole))
    paths = {
        step.id: base.then(OWN_READINGS, *of_readings, *tangled.get(step.id, ()))
        if step.id in metered_steps
        else base.then(OWN_ENERGY)
        for step in pack.steps
    }
    return OutwardBatches(judged, paths, going.batches)


def of_runs(
    batches: Sequence[Batch],
    site: SiteSettings,
    pack: Pack,
    beside: Sequence[fuels_in_the_log.Of],
    whole: Iterable[Transformation] = (),
) -> OutwardBatches:
    """Runs of a log, judged each by itself."""
    judged = _by_themselves(batches, beside, site, pack, metered_steps={}, blank=frozenset())
    steps = [OWN_RUNS, *declared(site, runs=True), *whole]
    path = Path(tuple(steps), cell_in_account=True)
    return OutwardBatches(judged, {step.id: path for step in pack.steps})


def _by_themselves(
    batches: Sequence[Batch],
    beside: Sequence[fuels_in_the_log.Of],
    site: SiteSettings,
    pack: Pack,
    *,
    metered_steps: Mapping[str, AbstractSet[str]],
    blank: AbstractSet[tuple[str, str]],
) -> list[Batch]:
    """Batches with all their energy and its heat, each excluded under the first reason that its own
    record shows.
    """
    settled, _ = unusual_heating_values.left_out(
        heating_values.settle(batches, site, alone=True).batches, site, pack
    )
    settled, _ = over_the_fence.left_out(settled, site, pack)
    settled, _ = materials_in_the_log.left_out(settled, pack)
    blank = blank | fuels_in_the_log.uncounted(settled, beside, site, pack).keys
    return examining.examine(
        settled, site, pack, metered_steps=metered_steps, blank=blank, alone=True
    )[0]


def declared(site: SiteSettings, *, runs: bool) -> list[Transformation]:
    """What the settings alone let one record decide of others. `runs`: whether batches are cut from
    a log.
    """
    filled = any(
        profile.fill_down
        for profile in (site.mapping.batches, site.mapping.energy, site.mapping.log)
    )
    return [
        *([CAMPAIGNS] if runs and site.runs.by == "campaign" else []),
        *([FILLED_DOWN] if filled else []),
    ]
