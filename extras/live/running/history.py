"""What batches that ended tell of those that run: usual courses, thresholds, and what is foreseen
after a stop or a change.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from extras.live.running.as_label import POINTS
from extras.live.running.batch_log import BatchLog, Kind, RunningBatch
from extras.live.running.excess_alarms import (
    LOOKS,
    STEPS,
    ExcessHistory,
    Limits,
    UsualCourse,
    alarms,
    course_of,
    cumulative,
    foreseen,
)
from extras.live.running.meter_total import HOUR_US, SECOND_US, Floats
from extras.live.running.totals import Line, RunningTotals

if TYPE_CHECKING:
    from extras.live.running.plant import Plant

LONG_PAUSE_TIMES = 3.0
LONG_PAUSE_US = HOUR_US
WEEK_US = 7 * 24 * HOUR_US
LONGEST_REST_US = WEEK_US  # without a batch; a longer one is no history


class History:
    """What was learned of each kind of batch and of each line."""

    def __init__(self, totals: RunningTotals, log: BatchLog, rate_a_week: float) -> None:
        self._totals, self._log, self.rate_a_week = totals, log, rate_a_week
        self.usual: dict[Kind, UsualCourse] = {}
        self.before: dict[Line, float] = {}  # the cumulative sum of each line
        self.more: dict[
            Line, dict[str, float]
        ] = {}  # what is foreseen of a line: after a stop, after a change
        self.limits = Limits(None, None)
        self.weeks = 0.0
        self._pause_us: dict[Line, float] = {}

    def learn(self) -> None:
        """From the batches that ended and over whose whole time there are readings; weeks are those
        in which they ran, whatever start others are said to have. Asked at the start, each day, and
        after a backlog."""
        ended = sorted(
            (
                candidate
                for candidate in self._log.batches.values()
                if candidate.kgce is not None and candidate.good and candidate.output
            ),
            key=lambda candidate: candidate.start_us,
        )
        if not ended:
            return
        self.weeks = _weeks(ended, self._totals.now_us)
        by_kind: dict[Kind, list[RunningBatch]] = {}
        for ended_batch in ended:
            by_kind.setdefault(ended_batch.of_kind, []).append(ended_batch)
        self.usual = {
            kind: usual
            for kind, group in by_kind.items()
            if (usual := self._usual(group)) is not None
        }
        lines: dict[Line, list[RunningBatch]] = {}
        for batch in ended:
            if batch.of_kind in self.usual:
                lines.setdefault(batch.line, []).append(batch)
        runs = {line: self._ran(group) for line, group in lines.items()}
        self.limits = Limits.of(list(runs.values()), self.weeks, self.rate_a_week)
        for line, batches in lines.items():
            self._learn_line(line, batches, runs[line])

    def _learn_line(self, line: Line, batches: Sequence[RunningBatch], ran: ExcessHistory) -> None:
        pauses = np.diff([run.start_us for run in batches]) - np.array(
            [(run.end_us or 0) - run.start_us for run in batches[:-1]]
        )
        self._pause_us[line] = float(np.median(pauses)) if len(pauses) else 0.0
        why = np.array([self.began(run) for run in batches])
        excesses = {name: foreseen(ran.ended, why == name) for name in ("stop", "change")}
        self.more[line] = {name: more for name, more in excesses.items() if more is not None}
        apart = {alarm.batch for alarm in alarms(ran, self.limits) if alarm.by == "one"}
        for index, (batch, excess) in enumerate(zip(batches, ran.ended.tolist(), strict=True)):
            raised = (
                batch.by if batch.sure_us is not None else ""
            )  # what was learned of half a backlog stands no longer
            batch.excess, batch.by = excess, "one" if index in apart else raised
        self.before[line] = self._summed(batches)

    def ended(self, batches: Sequence[RunningBatch]) -> None:
        """Take in batches that ended and are counted, or are counted again."""
        lines_again: set[Line] = set()
        for batch in batches:
            usual, kgce = self.usual.get(batch.of_kind), batch.kgce
            again, batch.excess = batch.excess is not None, None
            if usual is not None and batch.good and batch.output and kgce is not None:
                batch.excess = float(usual.ended(kgce / batch.output))
            if again:
                lines_again.add(batch.line)
            elif batch.excess is not None and batch.by != "one":
                self.before[batch.line] = cumulative(self.before.get(batch.line, 0.0), batch.excess)
        for line in lines_again:
            self.before[line] = self._summed(self._log.lines[line])

    @staticmethod
    def _summed(batches: Sequence[RunningBatch]) -> float:
        before = 0.0
        for batch in batches:
            before = (
                before
                if batch.by == "one" or batch.excess is None
                else cumulative(before, batch.excess)
            )
        return before

    def like(self, batch: RunningBatch) -> int:
        """How many batches of its kind ended whole, with an energy that is known, and are learned
        from.
        """
        return sum(
            run.of_kind == batch.of_kind and bool(run.kgce and run.good and run.output)
            for run in self._log.lines[batch.line]
        )

    def began(self, batch: RunningBatch) -> str:
        """How a batch began: after a `stop`, after a `change` of product, or nothing."""
        last = self._log.before(batch)
        if last is None or last.end_us is None:
            return ""
        if batch.start_us - last.end_us > LONG_PAUSE_US + LONG_PAUSE_TIMES * self._pause_us.get(
            batch.line, 0.0
        ):
            return "stop"
        return "change" if last.kind != batch.kind else ""

    def since(self, batch: RunningBatch) -> str:
        """The first batch of those whose excess still stands in the cumulative sum of its line."""
        first, before = batch.id, 0.0
        for earlier in self._log.lines[batch.line]:
            if earlier.excess is None or earlier is batch or earlier.by == "one":
                continue
            if before == 0.0:
                first = earlier.id
            before = cumulative(before, earlier.excess)
        return first if before > 0 else batch.id

    def course(self, batch: RunningBatch, usual_s: float, now_s: float | None = None) -> Floats:
        """Energy at each look, kgce; of a batch that runs as far as `now_s` seconds after its
        start.
        """
        if batch.noted is not None:
            return course_of(
                np.linspace(0.0, batch.length_s, POINTS + 1),
                batch.noted,
                batch.length_s,
                usual_s,
                now_s,
            )
        length_s = now_s if now_s is not None else batch.length_s
        looks_us = batch.start_us + np.round(
            np.minimum(usual_s / STEPS * np.arange(0, LOOKS + 1), length_s) * SECOND_US
        ).astype(np.int64)
        return course_of(
            (looks_us - batch.start_us) / SECOND_US,
            self._totals.energy(batch.line, looks_us),
            length_s,
            usual_s,
            now_s,
        )

    def _usual(self, batches: Sequence[RunningBatch]) -> UsualCourse | None:
        length_s = np.array([batch.length_s for batch in batches])
        usual_s = float(np.median(length_s))
        courses = np.array([self.course(batch, usual_s) for batch in batches])
        output = np.array([batch.output or np.nan for batch in batches])
        took = np.array([batch.kgce or 0.0 for batch in batches])
        sound = took > 0
        return UsualCourse.of(
            courses[sound], (took / output)[sound], output[sound], length_s[sound]
        )

    def _ran(self, batches: Sequence[RunningBatch]) -> ExcessHistory:
        expected, ended = [], []
        for batch in batches:
            usual = self.usual[batch.of_kind]
            expected.append(
                usual.expected(self.course(batch, usual.duration_s, now_s=batch.length_s))
            )
            ended.append(float(usual.ended((batch.kgce or 0.0) / (batch.output or np.nan))))
        return ExcessHistory(np.array(expected), np.array(ended))


def _weeks(batches: Sequence[RunningBatch], now_us: int) -> float:
    """From the first of these batches, in order of their start, until now, less each time of more
    than a week in which none ran.
    """
    until_us = np.maximum.accumulate([batch.end_us or batch.start_us for batch in batches])
    rests_us = np.append([batch.start_us for batch in batches[1:]], now_us) - until_us
    return (
        float(now_us - batches[0].start_us - rests_us[rests_us > LONGEST_REST_US].sum()) / WEEK_US
    )


EVERY_S = 86_400.0
# without another batch of the past, all of them counted as in the label: a backlog is learned from
# once, when it was read
QUIET_S = 30.0
LATEST_S = 3_600.0  # then it is learned from although more comes
REST_TIMES = 20.0  # as long as learning took: the page is to go on


class PlantLearning:
    """Of one plant, which has learned from what the spool held at the start."""

    def __init__(self, plant: Plant, now_s: float) -> None:
        self._plant, self._learned_s, self._rest_s = plant, now_s, 0.0
        self._unlearned = 0
        self._since_s = self._changed_s = now_s

    def round(self, now_s: float) -> None:
        """Learn where it is due."""
        if self._is_due(now_s):
            began_s = time.monotonic()
            self._plant.learn()
            self._learned_s, self._rest_s, self._unlearned = (
                now_s,
                REST_TIMES * (time.monotonic() - began_s),
                0,
            )

    def _is_due(self, now_s: float) -> bool:
        before, self._unlearned = self._unlearned, self._plant.unlearned
        if now_s - self._learned_s >= EVERY_S:
            return True
        if before != self._unlearned:
            self._since_s = self._since_s if before else now_s
            self._changed_s = now_s
        if not self._unlearned or now_s - self._learned_s < self._rest_s:
            return False
        is_quiet = now_s - self._changed_s >= QUIET_S and not self._plant.awaited.settling
        return is_quiet or now_s - self._since_s >= LATEST_S
