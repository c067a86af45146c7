"""What runs now, from readings and rows as they arrive: energy of each open batch beside its kind
at the same progress, what stands idle, which meters are silent. Pure: clocks are arguments, nothing
is fetched or sent. What the figures are stands in `totals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import Direction
from extras.live.running import explaining
from extras.live.running.as_label import POINTS, AsLabel, AwaitedBatches
from extras.live.running.batch_log import BatchLog, RunningBatch
from extras.live.running.excess_alarms import FEWEST, LOOKS, STEPS, UsualCourse
from extras.live.running.explaining import cause, foretold, reason, why_not_known
from extras.live.running.history import WEEK_US, History
from extras.live.running.meter_total import (
    HOUR_US,
    SECOND_US,
    Floats,
    MeanPower,
    MeterTotal,
)
from extras.live.running.suspect_rows import OffReference, Sharing, StampsAhead, behind_us
from extras.live.running.totals import RunningTotals
from extras.live.spool import corrected
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row
from reporting_agent.config import SiteSettings

DAY_US = 24 * HOUR_US
HISTORY_US = 26 * WEEK_US
WAITS_US = HOUR_US  # by the plant's time, for the last readings of a batch that ended


@dataclass(frozen=True, slots=True)
class Alert:
    """A batch that wastes, sure before its end: what it took above the label so far, and why, as
    far as can be told.
    """

    batch: str
    step: str
    equipment: str
    at_us: int
    kgce: float  # above the label's course so far
    kgce_per_t: float  # for one of its output, in `unit`
    cause: str
    money: float | None = None
    reason: str = ""  # the cause by its code among `WasteCause`, where it has one
    unit: str = "t"  # of its output


@dataclass(frozen=True, slots=True)
class Open:
    """One open batch as a page shows it. Courses are differences to the label's course, kgce for
    one of output, by look.
    """

    batch: RunningBatch
    progress: float | None  # of its kind's usual duration
    above: float | None  # kgce for one of output above the label at the same progress
    course: tuple[tuple[float, float], ...]  # (progress, above)
    band: tuple[tuple[float, float, float], ...]  # (progress, low, high): chance alone
    typical: float | None  # what a typical batch ends with
    # no-label, no-meters, no-threshold, wastes, chance, below, unknown (meters are silent),
    # not-known (readings do not tell the energy)
    state: str
    silent_since_us: int | None = None
    cause: str = ""
    like: int = (
        0  # earlier batches of its kind, of which so many are needed before there is a label
    )


@dataclass(frozen=True, slots=True)
class IdleEquipment:
    """Equipment without a batch that takes energy."""

    equipment: str
    since_us: int
    takes: tuple[tuple[str, float, str], ...]  # carrier, energy an hour, its unit
    money_per_h: float | None
    from_us: int = 0  # what it takes is the mean of this time
    to_us: int = 0


class Plant:
    """What is known of one site while it runs."""

    def __init__(self, site: SiteSettings, on: date, rate_a_week: float = 1.0) -> None:
        self.site = site
        self.totals = RunningTotals(site, on)
        restart_yearly = site.site.batch_ids == "restart-yearly"
        self.log = BatchLog(site.zone, site.events, self.totals.pack, restart_yearly=restart_yearly)
        self.history = History(self.totals, self.log, rate_a_week)
        self.awaited = AwaitedBatches()
        self.stamps_ahead = StampsAhead()
        self.sharing = Sharing()
        self.off_reference = OffReference(site, self.totals.pack)
        self._as_label = AsLabel(site)
        self.unlearned = 0  # batches of the past that were counted since it learned: of a backlog

    def take(self, readings: Iterable[Reading], rows: Iterable[Row] = ()) -> None:
        """Readings and rows in order of arrival."""
        readings = list(readings)
        self.totals.take(readings)
        self.stamps_ahead.take(readings, self.totals)
        for row in rows:
            if row["table"] == "batches":
                if (batch := self.log.take(row)) is not None:
                    self.sharing.look(batch, self.log.lines[batch.line])
                    self.off_reference.look(batch, row)
            elif row["table"] == corrected.TABLE:
                self.totals.correct(row["meter"], row["time_us"], corrected.value_of(row))

    def fill(
        self,
        readings: Mapping[str, tuple[NDArray[np.int64], Floats]],
        rows: Iterable[Row],
        now_us: int,
    ) -> None:
        """What the spool holds, all at once: its readings by meter, its rows. Learns from it."""
        self.totals.fill(readings, now_us - HISTORY_US)
        self.take((), rows)
        self.sharing.forget(now_us - DAY_US)
        self.off_reference.forget(now_us - DAY_US)
        self.settle()
        self.count_as_label(
            [batch for batch in self.log.batches.values() if batch.noted is not None], readings
        )
        self.awaited.settling.clear()
        self.learn()

    def learn(self) -> None:
        """Usual courses, thresholds and what is foreseen, from the batches that ended. Asked at the
        start, each day, after a backlog.
        """
        self.settle()
        self.history.learn()
        self.unlearned = 0

    def settle(self) -> list[RunningBatch]:
        """Batches that ended and whose meters have told of all their time: their courses are kept.
        Returns them.
        """
        self.totals.behind_us = self.log.behind_us = behind_us(
            self.totals, self.log, self.stamps_ahead
        )
        done, now_us = self._ended_batches(), self.totals.now_us
        for batch in done:
            del self.log.ending[batch.key]
        self._count(done)
        for batch in done:
            self.awaited.add(batch, self.log.beside(batch), self.totals)
        self.awaited.look(self.totals, self.log)
        self._learn_kinds(done)
        self._counted(list(self.log.completed.values()))
        self.log.completed.clear()
        self.totals.forget(
            min(
                (
                    candidate.start_us
                    for candidate in (*self.log.running(), *self.log.ending.values())
                ),
                default=now_us,
            )
        )
        return done

    def _learn_kinds(self, batches: Sequence[RunningBatch]) -> None:
        """Learn where these are enough of a kind that has no usual course yet: it is not left to
        wait for the next day. A backlog is learned from as a whole.
        """
        past_us = self._past_us()
        if any(
            (batch.end_us or 0) >= past_us
            and batch.of_kind not in self.history.usual
            and self.history.like(batch) >= FEWEST
            for batch in batches
        ):
            self.learn()

    def _ended_batches(self) -> list[RunningBatch]:
        """Batches that ended and of whose time all that their meters have is there, or was waited
        for.
        """
        waited_us = self.totals.now_us - WAITS_US
        return [
            batch
            for batch in self.log.ending.values()
            if (until_us := self.totals.told_us(batch.line, batch.start_us)) is not None
            and max(until_us, waited_us - 1) >= (batch.end_us or 0)
        ]

    def _count(self, batches: Sequence[RunningBatch]) -> None:
        """Keep the courses of batches that ended, by running totals."""
        for batch in batches:
            moments_us = np.linspace(batch.start_us, batch.end_us or batch.start_us, POINTS + 1)
            course = self.totals.energy(batch.line, moments_us)
            batch.count(course[-1], course, as_label=False)
        self._counted(batches)

    def count_as_label(
        self,
        batches: Sequence[RunningBatch],
        readings: Mapping[str, tuple[NDArray[np.int64], Floats]],
    ) -> None:
        """Count batches that ended as `label` does, by all readings around them in order of
        arrival.
        """
        if (took := self._as_label.took(batches, self.log, self.totals, readings)) is not None:
            for batch, energy in zip(batches, took, strict=True):
                batch.count(*energy, as_label=True)
        self._counted(batches)
        self._learn_kinds(batches)

    def _past_us(self) -> int:
        """What ended before this is history and not what runs: of a backlog."""
        return (
            max((total.received_us for total in self.totals.by_meter.values()), default=0)
            - WAITS_US
        )

    def _counted(self, batches: Sequence[RunningBatch]) -> None:
        past_us = self._past_us()
        for batch in batches:
            self.unlearned += (batch.end_us or 0) < past_us
            batch.counted = (
                batch.kgce / batch.output
                if batch.good and batch.kgce is not None and batch.output
                else None
            )
        self.history.ended(batches)

    def look(self) -> list[Alert]:
        """Look at each open batch that went on; returns those that are sure to waste since now."""
        self.settle()
        return [
            alert for batch in self.log.running() if (alert := self._look_at(batch)) is not None
        ]

    def _look_at(self, batch: RunningBatch) -> Alert | None:
        usual = self.history.usual.get(batch.of_kind)
        if usual is None or batch.sure_us is not None or (now_s := self._known_s(batch)) is None:
            return None
        reached = min(LOOKS, int(now_s / usual.duration_s * STEPS))
        if reached <= batch.looked:
            return None
        looked, batch.looked = batch.looked, reached
        course = self.history.course(batch, usual.duration_s, now_s)
        expected, before = usual.expected(course), self.history.before.get(batch.line, 0.0)
        by = next(
            (
                by
                for look in range(looked, reached)
                if (by := self.history.limits.passed(float(expected[look]), before))
            ),
            "",
        )
        if not by:
            return None
        batch.sure_us, batch.by = batch.start_us + round(now_s * SECOND_US), by
        above = float(course[reached - 1] - usual.label[reached - 1])
        return Alert(
            batch.id,
            batch.step,
            batch.equipment,
            batch.sure_us,
            above,
            above / usual.output,
            cause(self.history, batch, usual, now_s),
            explaining.money(self.site, self.totals, batch, above),
            reason(self.history, batch, usual, now_s),
            batch.unit,
        )

    def _known_s(self, batch: RunningBatch) -> float | None:
        """Seconds of a batch that all its meters have told of."""
        told_us = self.totals.told_us(batch.line, batch.start_us)
        return None if told_us is None else max(0.0, (told_us - batch.start_us) / SECOND_US)

    def open_batches(self, wall_us: int) -> list[Open]:
        """The batches that run, as a page shows them."""
        return [self._open(batch, wall_us) for batch in self.log.running()]

    def _open(self, batch: RunningBatch, wall_us: int) -> Open:
        usual, now_s = self.history.usual.get(batch.of_kind), self._known_s(batch)
        silent = [
            total.received_us
            for total in self.totals.of_line(batch.line, batch.start_us)
            if total.is_silent(wall_us)
        ]
        silent_us = min(silent, default=None)
        if usual is None or now_s is None:
            state = (
                "unknown"
                if usual is not None
                else "no-label"
                if self.totals.of_line(batch.line, batch.start_us)
                else "no-meters"
            )
            return Open(
                batch, None, None, (), (), None, state, silent_us, like=self.history.like(batch)
            )
        reached = min(LOOKS, int(now_s / usual.duration_s * STEPS))
        course = self.history.course(batch, usual.duration_s, now_s)
        above = (course - usual.label) / usual.output
        drawn = tuple(
            ((look + 1) / STEPS, float(above[look]))
            for look in range(reached)
            if np.isfinite(above[look])
        )
        expected = float(usual.expected(course)[reached - 1]) if reached else 0.0
        now_above = drawn[-1][1] if len(drawn) == reached > 0 else None
        not_known = why_not_known(self.totals, batch, self.site.zone)
        state = (
            "below"
            if expected < -1.0
            else "chance"
            if self.history.limits.single is not None
            else "no-threshold"
        )
        state = (
            "unknown"
            if silent
            else "wastes"
            if batch.sure_us is not None
            else "not-known"
            if not_known
            else state
        )
        typical = float((usual.typical[-1] - usual.label[-1]) / usual.output)
        why = (
            cause(self.history, batch, usual, now_s)
            if batch.sure_us is not None
            else not_known or foretold(self.history, batch)
        )
        return Open(
            batch,
            now_s / usual.duration_s,
            now_above,
            drawn,
            self._band(usual),
            typical,
            state,
            silent_us,
            why,
        )

    def _band(self, usual: UsualCourse) -> tuple[tuple[float, float, float], ...]:
        """What chance alone makes of a typical batch, by look, up to the usual end."""
        limit = self.history.limits.single or 2.0
        half = (
            np.minimum(
                limit * usual.spread / np.maximum(usual.tells, 0.05),
                3 * limit * usual.spread[STEPS - 1],
            )
            / usual.output
        )
        middle = (usual.typical - usual.label) / usual.output
        return tuple(
            ((look + 1) / STEPS, float(middle[look] - half[look]), float(middle[look] + half[look]))
            for look in range(STEPS)
        )

    def idle(self) -> list[IdleEquipment]:
        """Equipment whose last batch ended, and that takes energy; the most dear first."""
        idling: list[IdleEquipment] = []
        now_us, running = self.totals.now_us, {batch.line for batch in self.log.running()}
        for line, batches in self.log.lines.items():
            since_us = max(batch.end_us or 0 for batch in batches[-5:])
            if line in running or not since_us:
                continue
            powers = [
                (total, _idle_power(total, now_us, since_us))
                for total in self.totals.followed(line, now_us)
                if total.meter.equipment
                and total.meter.direction
                is Direction.IMPORT  # what it gives back is nothing that it takes
            ]
            idle_powers = [
                (total, power) for total, power in powers if power is not None and power.an_hour
            ]
            if not idle_powers:
                continue
            hourly = [(total, power.an_hour) for total, power in idle_powers]
            prices = [explaining.price(self.site, total, now_us) for total, _ in hourly]
            money = (
                None
                if None in prices
                else sum(
                    (price or 0.0) * power for price, (_, power) in zip(prices, hourly, strict=True)
                )
            )
            takes = tuple(
                (
                    total.meter.carrier,
                    power * total.of_counted,
                    total.unit if total.counted is None else total.counted.unit,
                )
                for total, power in hourly
            )
            from_us, to_us = (
                min(power.from_us for _, power in idle_powers),
                max(power.to_us for _, power in idle_powers),
            )
            idling.append(IdleEquipment(line[1] or line[0], since_us, takes, money, from_us, to_us))
        return sorted(idling, key=lambda idle: -(idle.money_per_h or 0.0))


def _idle_power(total: MeterTotal, now_us: int, since_us: int) -> MeanPower | None:
    """What a meter takes since a batch ended. A rate's reading at that very moment is still of the
    batch, and the ramp from it on too.
    """
    return total.power(now_us, since_us + 1 if total.meter.reading == "rate" else since_us)
