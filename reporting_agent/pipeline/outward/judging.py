"""Batches as they are judged on their way out: each by its own row, its own energies and readings,
and what the site declares.

The plant's own label may use everything that was learned across records; what leaves may not
(`benchmarks.privacy.stability`). So rows that look out of scale, clocks that were found to run
away, standstills and overlaps act here only once they are declared, and the run that finds them
proposes the declaration (`pipeline.proposals`).

Of the rows of one account (step and batch id) the first counts, whatever the others name. Where
they name several products and are not told apart by time on a metered line, none does. So an
account holds one record at most, under the id that the plant gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from benchmarks.measurements import Batch, CarrierEnergy
from benchmarks.phrases import Phrase
from benchmarks.privacy.stability import Path, Transformation
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
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
