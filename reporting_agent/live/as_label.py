"""What batches that ended took, as `label` says it: by its own engine, over the readings around them.

Readings are put as site.toml declares and cleaned, no energy is carried across a gap longer than the pack allows, and the reading that an
edge of a batch cuts is divided between the batch and the pause beside it (`metering.cut_readings`). Where pauses are too short to show
their own power, that division looks at all pauses within these readings, and `label` at all of the spool. A batch longer than the pack
allows is none that energy is divided for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from benchmarks.routes import Pack
from reporting_agent.config import Site
from reporting_agent.live.batch_log import Batch, BatchLog
from reporting_agent.live.meter_total import SECOND_US, Floats, Total
from reporting_agent.live.totals import Totals
from reporting_agent.live.window import Readings as Held
from reporting_agent.metering import Asked, Course, Windows, courses, cut_readings, moments
from reporting_agent.metering.declared import DeclaredReadings
from reporting_agent.metering.engine import Block
from reporting_agent.metering.moments import REACHES_US, ROOM
from reporting_agent.metering.readings import Readings
from reporting_agent.pipeline.following import longest_gap_s
from reporting_agent.row_numbers import Consecutive

POINTS = 120  # of a batch that ended, kept of its course
BESIDE_US = ROOM * REACHES_US[-1]
"""As far before and after a batch as the division of what its edges cut looks."""


class Took(NamedTuple):
    """kgce of one batch: in all, and so far at evenly spaced moments, there without the division at its edges. NaN where not known."""

    kgce: float
    course: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _OfMeter:
    """One meter's energy in the batches that are counted, rows, in kgce."""

    kgce: Floats
    course: Floats


class AsLabel:
    """The batches of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._declared = DeclaredReadings(site.events, site.zone)

    def took(self, batches: Sequence[Batch], log: BatchLog, totals: Totals, readings: Mapping[str, Held]) -> list[Took] | None:
        """What each of these batches took, by readings in order of arrival; None where `label` refuses the site.

        Args:
            log: with those beside them.
            totals: which meters count, and those without any reading, of which nothing is expected.
        """
        if (pack := totals.pack) is None:
            return None
        kgce, course = np.zeros(len(batches)), np.zeros((len(batches), POINTS + 1))
        lines = {line: totals.of_line(line) for line in {batch.line for batch in batches}}
        for total in {member.meter.id: member for meters in lines.values() for member in meters}.values():
            if not total.time_us and not len(readings.get(total.meter.id, ((),))[0]):
                continue
            rows = [
                row
                for row, batch in enumerate(batches)
                if total in lines[batch.line] and total.meter.counts_for(_moment(batch.start_us), self._site.zone)
            ]
            of_meter = self._of_meter(total, [batches[row] for row in rows], log, readings, pack)
            kgce[rows] += of_meter.kgce
            course[rows] += of_meter.course
        return [Took(float(amount), so_far) for amount, so_far in zip(kgce, course, strict=True)]

    def _of_meter(self, total: Total, batches: Sequence[Batch], log: BatchLog, readings: Mapping[str, Held], pack: Pack) -> _OfMeter:
        meter = total.meter
        rule = pack.step(meter.step).label_rule
        start_us = np.array([batch.start_us for batch in batches], np.int64)
        end_us = np.array([batch.end_us for batch in batches], np.int64)
        inside_us = np.rint(np.linspace(start_us, end_us, POINTS + 1, axis=1)).astype(np.int64)
        windows = self._windows(total, log, readings, rule.longest_s * SECOND_US)
        asked_us = np.concatenate((moments.of_record(windows, start_us[:0]), inside_us.ravel()))
        asked = Asked(meter, moments.distinct(asked_us), longest_gap_s(meter, self._site, pack), total.factor)
        whole = courses([asked], [lambda names: self._blocks(names, readings)], fast=True)[meter.id]
        divided = cut_readings.divided(whole, windows, sampled=meter.reading == "rate")
        since_us = np.repeat(start_us[:, None], POINTS + 1, axis=1)
        return _OfMeter(
            total.kgce * np.where(end_us > start_us, _known(divided, start_us, end_us, rule.least_completeness), np.nan),
            total.kgce * _known(whole, since_us.ravel(), inside_us.ravel(), rule.least_completeness).reshape(inside_us.shape),
        )

    def _windows(self, total: Total, log: BatchLog, readings: Mapping[str, Held], longest_us: int) -> Windows:
        """Of all batches that the meter counts for, as far as these readings tell of them."""
        time_us = readings[total.meter.id][0] if total.meter.id in readings else np.zeros(0, np.int64)
        if not len(time_us):
            return Windows(time_us, time_us)
        first_us, last_us = int(time_us.min()) - BESIDE_US, int(time_us.max()) + BESIDE_US
        spans = sorted(
            (batch.start_us, batch.id, batch.end_us)
            for (step, equipment), of_line in log.lines.items()
            if step == total.meter.step and total.meter.equipment in ("", equipment)
            for batch in of_line
            if batch.end_us is not None
            and 0 < batch.end_us - batch.start_us <= longest_us
            and batch.end_us >= first_us
            and batch.start_us <= last_us
            and total.meter.counts_for(_moment(batch.start_us), self._site.zone)
        )
        return Windows(np.array([span[0] for span in spans], np.int64), np.array([span[2] for span in spans], np.int64))

    def _blocks(self, names: frozenset[str], readings: Mapping[str, Held]) -> Iterator[Block]:
        for name in sorted(self._declared.to_read(names) & readings.keys()):
            time_us, value = readings[name]
            rows = Readings(np.ascontiguousarray(time_us), np.ascontiguousarray(value), Consecutive(1, len(time_us)))
            for meter, own in self._declared.put_to(name, rows, names):
                yield meter, own, ""


def _known(course: Course, start_us: moments.Integers, end_us: moments.Integers, least: float) -> Floats:
    """Energy of windows, NaN where less than this share of their seconds is known."""
    energy, known_s = course.curve.over(start_us, end_us)
    return np.where(known_s >= least * (end_us - start_us) / SECOND_US, energy, np.nan)


def _moment(moment_us: int) -> datetime:
    return datetime.fromtimestamp(moment_us / 1e6, UTC)
