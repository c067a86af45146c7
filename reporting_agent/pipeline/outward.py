"""Batches as they are judged on their way out: each by its own row, its own energies and readings, and what the site declares.

The plant's own label may use everything that was learned across records; what leaves may not (`benchmarks.privacy.units`). So rows
that look out of scale, clocks that were found to run away, standstills and overlaps act here only once they are declared, and the
run that finds them proposes the declaration (`pipeline.proposals`).

Of the rows of one account (step and batch id) the first counts, whatever the others name. Where they name several products and are not
told apart by time on a metered line, none does. So an account holds one record at most, under the id that the plant gave it.

Runs of a production log on their way out: each row names its run by its own cells, and a run is made of its own rows.

The plant's own label counts a row's time from the row before of the same equipment, whatever run that belongs to, and lays the row
into the window that holds the middle of its time. Here a row belongs to the window in which its stamp closes its time; what it covers
counts from the row before *of the same run*, and in front of the first from the window's edge; where a row's state holds from its stamp on,
it holds for the next row of the same run. So a row changes no run but the one that
it names. A campaign begins where the row before was of another product: that no row tells by itself, see `outward.CAMPAIGNS`.

Where the label on its way out is another one than the plant's own: other batches count, or another value comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.errors import PolicyRefusal
from benchmarks.labels import ExclusionReason, SiteLabel, StepLabel
from benchmarks.measurements import Batch, CarrierEnergy, State
from benchmarks.phrases import Phrase
from benchmarks.privacy.units import Path, Transformation
from benchmarks.routes import Pack
from reporting_agent.config import Site
from reporting_agent.metering.moments import to_us
from reporting_agent.metering.own_time import HOUR_US, put_right, summers
from reporting_agent.pipeline import (
    conversions,
    copies,
    energy_by_batch,
    faults,
    feed_in_the_log,
    fuels_in_the_log,
    heating_values,
    joint,
    materials_in_the_log,
    over_the_fence,
    own_metering,
    scattered,
    unusual_heating_values,
)
from reporting_agent.pipeline.own_metering import OWN_READINGS, Outgoing
from reporting_agent.pipeline.runs import EXCLUDING, Row, Run, codes_of, made_of, rows_of, window_of
from reporting_agent.pipeline.units import over_time
from reporting_agent.sources import Table

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
    Phrase("One cell decides the value of all blank cells below it: fill them in the file, and remove fill_down under [mapping]."),
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
    marked = list(batches)
    for places in groups.values():
        own = [batches[place] for place in places]
        alike = len({(row.product, row.variant) for row in own}) < 2
        first_counts = alike or (site.inputs.energy is None and joint.follow_one_another(own))
        for place in places[1:] if first_counts else places:
            why = DUPLICATE if first_counts else joint.JOINT_RUN
            marked[place] = replace(batches[place], excluded=batches[place].excluded or why)
    return marked


def judge(
    going: Outgoing,
    metered: Mapping[int, Sequence[CarrierEnergy]],
    site: Site,
    pack: Pack,
    *,
    metered_steps: Mapping[str, AbstractSet[str]],
    blank: AbstractSet[tuple[str, str]],
    beside: Sequence[fuels_in_the_log.Of] = (),
    whole: Iterable[Transformation] = (),
) -> Outward:
    """The batches with their energy, each excluded under the first reason that it shows by itself.

    Args:
        going: the rows, with the energy given per batch.
        metered: by place of the row, what its meters counted in its window.
        metered_steps, blank: as `faults.examine` takes them.
        beside: what the rows hold in columns that nothing maps.
        whole: what the files decide for all their rows at once (`whole_files`).
    """
    with_energy = [batch.with_energy(metered[place]) if place in metered else batch for place, batch in enumerate(going.batches)]
    settled, _ = unusual_heating_values.left_out(heating_values.settle(with_energy, site, alone=True).batches, site, pack)
    settled, _ = over_the_fence.left_out(settled, site, pack)
    settled, _ = materials_in_the_log.left_out(settled, pack)
    blank = blank | fuels_in_the_log.uncounted(settled, beside, site, pack).keys
    judged, _ = faults.examine(settled, site, pack, metered_steps=metered_steps, blank=blank, alone=True)
    tangled = own_metering.entangled(going, site)
    base = Path((OWN_ROWS, *declared(site, runs=False), *whole))
    paths = {
        step.id: base.then(OWN_READINGS, *tangled.get(step.id, ())) if step.id in metered_steps else base.then(OWN_ENERGY)
        for step in pack.steps
    }
    return Outward(judged, paths, going.batches)


def of_runs(
    batches: Sequence[Batch], site: Site, pack: Pack, beside: Sequence[fuels_in_the_log.Of], whole: Iterable[Transformation] = ()
) -> Outward:
    """Runs of a log, judged each by itself."""
    blank = fuels_in_the_log.uncounted(batches, beside, site, pack).keys
    judged, _ = faults.examine(batches, site, pack, metered_steps={}, blank=blank, alone=True)
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
    hours: set[tuple[int, int]] = set()
    for meter in site.meters:
        declared = {event.shift // timedelta(microseconds=1) for event in site.events if event.kind == "clock" and event.meter == meter.id}
        for shift_us in {0, *declared}:
            hours |= {(first, last) for first, last in (put_right(shown, meter) + shift_us).tolist()}
    return hours


@lru_cache(maxsize=64)
def _repeated_hours(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """The hours that come twice in the years around this one, with the hour before, in UTC microseconds."""
    first_us, last_us = (to_us(datetime(edge, 1, 1, tzinfo=UTC)) for edge in (year - 1, year + 2))
    ends = (until_us for _, until_us in summers(zone, first_us, last_us) if until_us < last_us)
    return tuple((end_us - HOUR_US, end_us + HOUR_US) for end_us in ends)


def require_releasable(local: SiteLabel) -> None:
    """A record leaves with its own heating value and correction, and what leaves is made of batches: nothing leaves where those better a
    label falsely, or where batches lack energy of their step.

    Raises:
        PolicyRefusal: `heating-value-scattered`, `variable-scattered`, `runs-copied`, `energy-without-batch`, `fuel-not-counted`,
            `share-refuted`, `feed-unlikely`, `conversion-unlikely`.
    """
    sentences = {finding.code: finding.sentence for finding in local.findings}
    if sentence := sentences.get(scattered.HEATING_VALUE):
        raise PolicyRefusal(
            "heating-value-scattered",
            sentence,
            "Correct the values, or give those of the lots under [[lhv]] in site.toml and remove those given with the amounts.",
        )
    if sentence := sentences.get(scattered.VARIABLE):
        raise PolicyRefusal(
            "variable-scattered",
            sentence,
            "Correct the variable's column, or give its mean as a constant of [mapping.batches] (or [mapping.log]).",
        )
    if sentence := sentences.get(copies.CODE):
        raise PolicyRefusal(
            "runs-copied",
            sentence,
            (
                "Remove copies from the log, write simultaneous runs of one machine as one run, and name the equipment of lines that run "
                "side by side."
            ),
        )
    for label in local.steps:
        if label.best.reason == conversions.CODE and label.grade.why is not None:
            raise PolicyRefusal(
                "conversion-unlikely",
                Phrase("Nothing is sent for %(step)s: %(why)s", step=label.step, why=label.grade.why),
                "Correct the figures of the conversion in [site_boundary], or explain its ratio of output to input under `reason`.",
            )
        if label.best.reason == fuels_in_the_log.CODE:
            raise PolicyRefusal(
                "fuel-not-counted",
                Phrase("The log of %(step)s names fuel that is not reported as its energy.", step=label.step),
                (
                    "Report it as energy of the step. If the column is another carrier or not energy, rename it accordingly. `check` "
                    "names the rows."
                ),
            )
        if label.best.reason == materials_in_the_log.CODE and label.grade.why is not None:
            raise PolicyRefusal(
                "share-refuted",
                Phrase("Nothing is sent for %(step)s: %(why)s", step=label.step, why=label.grade.why),
                "State the true share, and 0 only if none was charged; or correct the column's name or amounts.",
            )
        if label.best.reason == feed_in_the_log.CODE and label.grade.why is not None:
            raise PolicyRefusal(
                "feed-unlikely",
                Phrase("Nothing is sent for %(step)s: %(why)s", step=label.step, why=label.grade.why),
                "Correct the amounts, their unit or the output; report what is burnt as energy.",
            )
        if label.best.reason == energy_by_batch.CODE:
            raise PolicyRefusal(
                "energy-without-batch",
                Phrase("More than 0.5 %% of the energy of %(step)s names none of its batches.", step=label.step),
                "Name the batches that used it, or remove the rows that do not belong to this step; `check` names the rows.",
            )


_INSTANT = timedelta(microseconds=1)


def cut(table: Table, site: Site, pack: Pack) -> tuple[list[Batch], list[fuels_in_the_log.Of]]:
    """The runs of one log, in order of start and id, and what their rows hold in columns that nothing maps."""
    unit, factor = over_time(site.runs.unit) if site.runs.energy == "rate" else (site.runs.unit, 1.0)
    since_previous = site.runs.row_covers == "since-previous"
    by_run: dict[tuple[str, str, str, str, datetime], list[Row]] = {}
    for row in rows_of(table, site.runs, pack)[0]:
        named = replace(row, start=row.end - _INSTANT, end=row.end - _INSTANT) if since_previous else row
        by_run.setdefault((row.equipment, row.step.id, row.product, row.variant, window_of(named, site)), []).append(row)
    built = {key: Run() for key in by_run}
    for key, rows in by_run.items():
        run = built[key]
        for row in _by_themselves(rows, key[4], site):
            run.told += row.told
            if EXCLUDING & set(codes_of(row)):
                run.missing_s += 0.0 if row.state is not State.NORMAL else row.span_s
            else:
                run.rows.append(row)
    return made_of(built, site, unit, factor)


def _by_themselves(rows: list[Row], window: datetime, site: Site) -> list[Row]:
    """The rows of one run in order of stamp; what a row takes from the one before it, it takes from the one before it in the run."""
    ordered: list[Row] = []
    since_previous = site.runs.row_covers == "since-previous"
    before: datetime = window
    state: State | None = None
    for row in sorted(rows, key=lambda stamped: stamped.end):
        start = min(before, row.end) if since_previous else row.start
        held = state if site.runs.row_state == "from-the-stamp" and state is not None else row.stated
        ordered.append(replace(row, start=start, state=held, first=False))
        before, state = row.end, row.stated
    return ordered


Key = tuple[str, str, str, str]
NEARLY = 0.005  # of the value: half a per cent is within what a release is rounded and noised by


def differences(local: SiteLabel, outward: SiteLabel, pack: Pack) -> Iterator[Phrase]:
    """What stays on the site and why, then one sentence a released label of which count or value differs; exact, for the plant's eyes."""
    yield from _held_back(outward, pack)
    going = {_key(label): label for label in outward.steps}
    scattering = (finding.sentence for finding in local.findings if finding.code in (scattered.VARIABLE, scattered.HEATING_VALUE))
    held_at_mean = {(sentence.values["step"], sentence.values["metric"]) for sentence in scattering if isinstance(sentence, Phrase)}
    for label in local.steps:
        other = going.get(_key(label))
        if not _is_released(label, pack) or label.best.value is None or (other is not None and other.path.bound is None):
            continue
        used = 0 if other is None else other.used
        value = None if other is None else other.best.value
        if value is None or used < 0.99 * label.used or abs(value - label.best.value) > NEARLY * abs(label.best.value):
            why = Phrase(
                "A report uses only the readings inside a batch for its energy. The more often the meter is read, the closer the two "
                "values are."
            )
            if (label.step, str(label.metric)) in held_at_mean:
                why = Phrase("On the site, a value that varies from run to run counts at its mean; nothing is sent until it is corrected.")
            yield Phrase(
                "%(step)s %(variant)s %(metric)s: %(local)s batches count on the site, %(out)s in a report; best %(here)s ± %(half)s"
                " %(unit)s on the site and %(there)s in a report. %(why)s",
                why=why,
                step=label.step,
                variant=label.variant,
                metric=label.metric.value,
                local=label.used,
                out=used,
                here=f"{label.best.value:.5g}",
                half="?" if label.uncertainty is None or label.uncertainty.best is None else f"{label.uncertainty.best.value:.2g}",
                there="none" if value is None else f"{value:.5g}",
                unit=label.unit,
            )


def reminder(found: Sequence[Phrase]) -> Phrase:
    """One sentence about them all, for who sends."""
    return Phrase(
        "In %(count)s places the report differs from the label on the site: `steplabel-agent preview` shows where and why.",
        count=len(found),
    )


def _held_back(outward: SiteLabel, pack: Pack) -> Iterator[Phrase]:
    """The steps of which nothing leaves for want of a bound, by what there is to do."""
    steps: dict[str, dict[str, None]] = {}
    for label in outward.steps:
        if _is_released(label, pack):
            for step in label.path.unbounded:
                steps.setdefault(step.reason, {})[label.step] = None
    for why, held in steps.items():
        yield Phrase("No label of %(steps)s is sent in a report. %(why)s", steps=", ".join(held), why=why)


def _is_released(label: StepLabel, pack: Pack) -> bool:
    rule = pack.step(label.step).metric(label.metric)
    return rule is not None and rule.released


def _key(label: StepLabel) -> Key:
    return label.step, label.product, label.variant, label.metric.value
