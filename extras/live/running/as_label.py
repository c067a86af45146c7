"""What batches that ended took, as `label` says it: by its own stages, over the readings around
them.

Readings are put as site.toml declares and cleaned, no energy is carried across a gap longer than
the pack allows, the reading that an edge of a batch cuts is divided between the batch and the pause
beside it, a gas is put to its state, a shared meter divided, and what leaves the step taken off
(`pipeline`). Where pauses are too short to show their own power, the division at edges looks at all
pauses within these readings, and `label` at all of the spool; a state is taken over other pieces of
time than in `label`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from benchmarks import measurements
from benchmarks.conversion import Basis
from benchmarks.errors import InputError
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import CarrierEnergy
from benchmarks.routes import Pack
from extras.live.running.batch_log import BatchLog, Key, RunningBatch
from extras.live.running.meter_total import SECOND_US, Floats, MeterTotal
from extras.live.running.totals import RunningTotals
from extras.live.spool.between_moments import Readings as Held
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.metering import Course, MeterQuery, Windows, courses, cut_readings, moments
from reporting_agent.metering.declared import DeclaredReadings
from reporting_agent.metering.moments import REACHES_US, ROOM
from reporting_agent.metering.segments import Readings
from reporting_agent.metering.steam_gas_and_virtual import CountedCourse, work_out
from reporting_agent.metering.stream import Block
from reporting_agent.pipeline.following import longest_gaps_s, occupied_by, sinks_of, units_of
from reporting_agent.pipeline.heating_values import with_heating_value
from reporting_agent.pipeline.metered import entries
from reporting_agent.row_numbers import Consecutive


class AwaitedBatches:
    """Which batches wait for which meter."""

    def __init__(self) -> None:
        self.due: dict[
            Key, RunningBatch
        ] = {}  # to be counted from the spool: all that was awaited is there
        self.settling: dict[
            Key, RunningBatch
        ] = {}  # to be counted as `label` does, as every batch is
        self._by_meter: dict[
            str, list[tuple[int, Key, bool]]
        ] = {}  # heaps: the moment awaited, and whether all is there by it

    def add(
        self, batch: RunningBatch, beside: Iterable[RunningBatch], totals: RunningTotals
    ) -> None:
        """A batch that was counted just now by what these totals hold, and those beside it on its
        line.
        """
        end_us = batch.end_us or 0
        self.settling |= {member.key: member for member in (batch, *beside)}
        for total in totals.of_line(batch.line, batch.start_us):
            self._await(total, end_us, batch.key, whole=True)
            self._await(total, end_us + beside_us(total), batch.key, whole=False)
        if totals.forgot(batch.line, batch.start_us):
            self.due[batch.key] = batch  # of which nothing was heard while it ran

    def look(self, totals: RunningTotals, log: BatchLog) -> None:
        """Whether meters have told meanwhile."""
        for meter, waiting in self._by_meter.items():
            latest_us = totals.by_meter[meter].time_us[-1:]
            while waiting and latest_us and waiting[0][0] <= latest_us[0]:
                _, key, whole = heappop(waiting)
                (self.due if whole else self.settling)[key] = log.batches[key]

    def _await(self, total: MeterTotal, moment_us: int, key: Key, *, whole: bool) -> None:
        if not total.time_us or total.time_us[-1] < moment_us:
            heappush(self._by_meter.setdefault(total.meter.id, []), (moment_us, key, whole))


def beside_us(total: MeterTotal) -> int:
    """As far as the pause beside a batch is looked into, for what its edge cuts of a meter; 0 where
    none is divided.
    """
    return 2 * next((reach_us for reach_us in REACHES_US if reach_us >= total.usual_us), 0)


POINTS = 120  # of a batch that ended, kept of its course
BESIDE_US = ROOM * REACHES_US[-1]
"""As far before and after a batch as the division of what its edges cut looks."""


class BatchCourse(NamedTuple):
    """kgce of one batch: in all, and so far at evenly spaced moments, there without the division at
    its edges. NaN where not known.
    """

    kgce: float
    course: Floats


class AsLabel:
    """The batches of one site."""

    def __init__(self, site: SiteSettings) -> None:
        self._site = site
        self._declared = DeclaredReadings.of(site)

    def took(
        self,
        batches: Sequence[RunningBatch],
        log: BatchLog,
        totals: RunningTotals,
        readings: Mapping[str, Held],
    ) -> list[BatchCourse] | None:
        """What each of these batches took, by readings in order of arrival; None where `label`
        refuses the site.

        Args:
            log: with those beside them.
            totals: which meters count, and those without any reading, of which nothing is expected.
        """
        if (pack := totals.pack) is None:
            return None
        sound = {step.id: step.label_rule.longest_s * SECOND_US for step in pack.steps}
        rows = [_row(batch, sound) for batch in (*batches, *_beside(batches, log, readings))]
        of_lines = totals.lines.counted({batch.line for batch in batches})
        heard = _heard(totals, readings)
        meters = [meter for meter in of_lines if self._site.tree.parts(meter).keys() & heard]
        start_us = np.array([batch.start_us for batch in batches], np.int64)
        end_us = np.array([max(batch.end_us or 0, batch.start_us) for batch in batches], np.int64)
        inside_us = np.rint(np.linspace(start_us, end_us, POINTS + 1, axis=1)).astype(np.int64)
        zero_or_nan = np.array(
            [0.0 if row.excluded is None else np.nan for row in rows[: len(batches)]]
        )
        kgce, course = zero_or_nan.copy(), np.repeat(zero_or_nan[:, None], POINTS + 1, axis=1)
        chosen, occupied = occupied_by(
            meters, {meter.id: sinks_of(meter, self._site) for meter in meters}, rows, self._site
        )
        windows = {name: occupation.windows for name, occupation in occupied.items()}
        inside = {
            name: inside_us[[index for index in indices if index < len(batches)]].ravel()
            for name, indices in chosen.items()
        }
        worked = self._worked(meters, windows, inside, pack, readings)
        divided = cut_readings.all_divided(worked, windows, self._site.tree)
        for meter in meters:
            indices, own = chosen[meter.id], windows[meter.id]
            whole = divided[meter.id].course.over(own).energy.tolist()
            shares = entries(
                meter,
                self._site.tree,
                divided,
                rows,
                indices,
                own,
                sinks_of(meter, self._site),
                self._site.zone,
            )
            for metered, (index, entry) in zip(whole, shares, strict=True):
                if index < len(batches) and (amount := self._kgce(entry, rows[index])) is not None:
                    least = pack.step(rows[index].step).label_rule.least_completeness
                    so_far = _known_energy(
                        worked[meter.id].course, start_us[index], inside_us[index], least
                    )
                    kgce[index] += amount if entry.completeness >= least else np.nan
                    course[index] += so_far * (amount / metered if metered else 0.0)
        return [
            BatchCourse(float(amount), so_far) for amount, so_far in zip(kgce, course, strict=True)
        ]

    def _worked(
        self,
        meters: Sequence[Meter],
        windows: Mapping[str, Windows],
        inside_us: Mapping[str, moments.Integers],
        pack: Pack,
        readings: Mapping[str, Held],
    ) -> dict[str, CountedCourse]:
        """The courses of these meters, in the unit that each counts in, at the edges of their
        batches and at moments inside.
        """
        tree, units = self._site.tree, units_of(self._site)
        needed = sorted({name for meter in meters for name in tree.needed_by(meter)})
        read_off = {
            name: np.concatenate((moments.of_record(own, inside_us[name][:0]), inside_us[name]))
            for name, own in windows.items()
        }
        asked_us = moments.of_readings(tree, read_off)
        gaps_s = longest_gaps_s(self._site, pack)
        asked = [
            MeterQuery(
                tree.by_id[name],
                asked_us[name],
                gaps_s[name],
                units[name][1],
                resets_us=self._declared.resets_of(name),
            )
            for name in needed
        ]
        followed = courses(asked, [lambda names: self._blocks(names, readings)], fast=True)
        return work_out(tree, followed, units, self._site.zone)

    def _kgce(self, energy: CarrierEnergy, row: measurements.Batch) -> float | None:
        """By the values of the site's own day, as `label` takes them; None where there is no factor
        for it, as the page says.
        """
        on = row.start.astimezone(self._site.zone).date()
        try:
            return self._site.emissions.factors.kgce(
                with_heating_value(energy, self._site.heating_values, row.step, on),
                Basis.CALORIFIC,
                on,
            )
        except InputError:
            return None

    def _blocks(self, names: frozenset[str], readings: Mapping[str, Held]) -> Iterator[Block]:
        for name in sorted(self._declared.to_read(names) & readings.keys()):
            time_us, value = readings[name]
            rows = Readings(
                np.ascontiguousarray(time_us),
                np.ascontiguousarray(value),
                Consecutive(1, len(time_us)),
            )
            for meter, own in self._declared.put_to(name, rows, names):
                yield meter, own, ""


def _beside(
    batches: Sequence[RunningBatch], log: BatchLog, readings: Mapping[str, Held]
) -> list[RunningBatch]:
    """All others that ended, as far as these readings tell of them: what is divided is divided
    between them too.
    """
    times_us = [time_us for time_us, _ in readings.values() if len(time_us)]
    if not times_us:
        return []
    first_us = min(int(time_us.min()) for time_us in times_us) - BESIDE_US
    last_us = max(int(time_us.max()) for time_us in times_us) + BESIDE_US
    own = {batch.key for batch in batches}
    return [
        batch
        for key, batch in log.batches.items()
        if key not in own
        and batch.end_us is not None
        and batch.end_us >= first_us
        and batch.start_us <= last_us
    ]


def _row(batch: RunningBatch, longest_us: Mapping[str, float]) -> measurements.Batch:
    """As `label` reads it; no energy is divided for one that ends before it starts, or is longer
    than its step's rule allows.
    """
    lasts_us = (batch.end_us or batch.start_us) - batch.start_us
    why = (
        None
        if 0 < lasts_us <= longest_us.get(batch.step, 0)
        else ExclusionReason.ENERGY_UNKNOWN.value
    )
    return row_of(batch, why)


def row_of(batch: RunningBatch, why: str | None = None) -> measurements.Batch:
    """A batch that ended as a row of the log, left out for a reason where there is one."""
    product, _, variant = batch.kind.partition("/")
    start, end, output = (
        _moment(batch.start_us),
        _moment(batch.end_us or batch.start_us),
        batch.output or 0.0,
    )
    return measurements.Batch(
        *(batch.id, batch.step, product, variant, start, end, output),
        equipment=batch.equipment,
        variables=batch.variables,
        excluded=why,
    )


def _heard(totals: RunningTotals, readings: Mapping[str, Held]) -> set[str]:
    """Meters that ever told anything."""
    with_readings = {name for name, (time_us, _) in readings.items() if len(time_us)}
    return with_readings | {name for name, total in totals.by_meter.items() if total.time_us}


def _known_energy(
    course: Course, start_us: int, until_us: moments.Integers, least: float
) -> Floats:
    """Energy from a moment on, NaN where less than this share of the seconds is known."""
    since_us = np.full(len(until_us), start_us)
    energy, known_s = course.curve.over(since_us, until_us)
    return np.where(known_s >= least * (until_us - since_us) / SECOND_US, energy, np.nan)


def _moment(moment_us: int) -> datetime:
    return datetime.fromtimestamp(moment_us / 1e6, UTC)
