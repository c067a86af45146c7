"""What runs now, from readings and rows as they arrive: energy of each open batch beside its kind at the same progress, what stands idle,
which meters are silent. Pure: clocks are arguments, nothing is fetched or sent.

Energies are running totals in kgce (calorific) of the counted meters that hang at the batch's equipment, from readings as they came:
without the cleaning, the shares of meters that serve several, and the carriers of the energy sheet that `label` knows. So a batch is
compared with batches of the same meters alone, and the figure is no label.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.conversion import Basis
from benchmarks.errors import InputError
from benchmarks.guidance.causes import Cause
from benchmarks.measurements import CarrierEnergy, Direction
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.config import Meter, Site
from reporting_agent.live.alerting import LOOKS, STEPS, Limits, Ran, Usual, alarms, course_of, cumulative, foreseen
from reporting_agent.live.reading import Reading
from reporting_agent.live.segments import Row
from reporting_agent.pipeline.units import over_time

Floats = NDArray[np.float64]
SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
LONGEST_GAP_US = HOUR_US  # between readings of a rate, across which it tells nothing
SILENT_TIMES = 5  # the usual time between a meter's readings
SILENT_LEAST_US = 60 * SECOND_US
POWER_OVER_US = 600 * SECOND_US
LONG_PAUSE_TIMES = 3.0
LONG_PAUSE_US = HOUR_US
MOST_KEPT = 5_000  # readings of a meter, beyond what an open batch needs
POINTS = 120  # of a batch that ended, kept of its course
HISTORY_US = 26 * 7 * 24 * HOUR_US
WAITS_US = HOUR_US  # by the plant's time, for the last readings of a batch that ended

Line = tuple[str, str]
"""Step and equipment."""
Kind = tuple[str, str, str]
"""Step, equipment, product and variant: what is compared."""


@dataclass(slots=True)
class Total:
    """One meter: energy since its first reading, at each."""

    meter: Meter
    kgce: float  # of one unit of its energy
    unit: str  # of its energy
    factor: float = 1.0  # energy of one unit of a rate in an hour
    time_us: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    energy: list[float] = field(default_factory=list)
    received_us: int = 0
    _arrays: tuple[Floats, Floats] | None = None

    def fill(self, time_us: NDArray[np.int64], value: Floats) -> None:
        """All at once, in place of what was there."""
        known = np.isfinite(value)
        time_us, first = np.unique(time_us[known], return_index=True)
        value = value[known][first]
        if self.meter.reading == "interval":
            more = value[1:]
        elif self.meter.reading == "register":
            more = np.diff(value)
            more = np.where(more >= 0, more, np.maximum(0.0, more + self.meter.rollover) if self.meter.rollover else 0.0)
        else:
            passed_us = np.diff(time_us)
            mean = (value[:-1] + value[1:]) / 2
            more = np.where(passed_us <= LONGEST_GAP_US, mean * self.factor * passed_us / HOUR_US, 0.0)
        self.time_us, self.value = time_us.tolist(), value.tolist()
        self.energy = np.concatenate(([0.0], np.cumsum(more))).tolist() if len(value) else []
        self._arrays = None

    def take(self, time_us: int, value: float, received_us: int) -> None:
        """A reading; one that comes late is put where its time says, and what follows is counted again."""
        self.received_us, self._arrays = max(self.received_us, received_us), None
        if value != value:  # not known
            return
        place = len(self.time_us) if not self.time_us or time_us > self.time_us[-1] else bisect_right(self.time_us, time_us)
        self.time_us.insert(place, time_us)
        self.value.insert(place, value)
        self.energy.insert(place, 0.0)
        for at in range(place, len(self.time_us)):
            self.energy[at] = self.energy[at - 1] + self._step(at) if at else 0.0

    def _step(self, at: int) -> float:
        before, after = self.value[at - 1], self.value[at]
        if self.meter.reading == "interval":
            return after
        if self.meter.reading == "register":
            more = after - before
            return more if more >= 0 else max(0.0, more + self.meter.rollover) if self.meter.rollover else 0.0
        passed_us = self.time_us[at] - self.time_us[at - 1]
        return (before + after) / 2 * self.factor * passed_us / HOUR_US if passed_us <= LONGEST_GAP_US else 0.0

    def at(self, moment_us: int | NDArray[np.int64] | Floats) -> Floats:
        """kgce until a moment; what is not read yet counts nothing."""
        if not self.time_us:
            return np.zeros(np.shape(moment_us))
        if self._arrays is None:
            self._arrays = np.array(self.time_us, float), np.array(self.energy)
        return np.asarray(np.interp(moment_us, *self._arrays) * self.kgce)

    def forget(self, before_us: int) -> None:
        """Readings that no open batch needs."""
        if (keep := bisect_right(self.time_us, before_us) - 2) > MOST_KEPT:
            del self.time_us[:keep], self.value[:keep], self.energy[:keep]
            self._arrays = None

    @property
    def usual_us(self) -> float:
        """Median time between its latest readings."""
        latest = self.time_us[-50:]
        return float(median(after - before for before, after in pairwise(latest))) if len(latest) > 2 else float("inf")

    def power(self, now_us: int) -> float | None:
        """Energy an hour, in its unit, over the latest minutes; None where it told nothing in them."""
        first = bisect_right(self.time_us, max(now_us - POWER_OVER_US, 0)) - 1
        if first < 0 or first >= len(self.time_us) - 1:
            return None
        passed = self.time_us[-1] - self.time_us[first]
        return (self.energy[-1] - self.energy[first]) / passed * HOUR_US if passed <= 3 * POWER_OVER_US else None


@dataclass(slots=True)
class Batch:
    """One batch of the log; `end_us` None while it runs."""

    id: str
    step: str
    kind: str  # product and variant
    equipment: str
    start_us: int
    end_us: int | None = None
    tonnes: float | None = None
    good: bool = True
    sure_us: int | None = None  # since when it was sure to waste
    by: str = ""
    excess: float | None = None  # at its end, standard deviations
    looked: int = 0  # looks that were taken
    noted: Floats | None = None  # energy so far at evenly spaced moments, once it ended

    @property
    def line(self) -> Line:
        return self.step, self.equipment

    @property
    def of_kind(self) -> Kind:
        return self.step, self.equipment, self.kind


@dataclass(frozen=True, slots=True)
class Alert:
    """A batch that wastes, sure before its end: what it took above the label so far, and why, as far as can be told."""

    batch: str
    step: str
    equipment: str
    at_us: int
    kgce: float  # above the label's course so far
    kgce_per_t: float
    cause: str
    money: float | None = None
    reason: str = ""  # the cause by its code among `Cause`, where it has one


@dataclass(frozen=True, slots=True)
class Open:
    """One open batch as a page shows it. Courses are differences to the label's course, kgce/t, by look."""

    batch: Batch
    progress: float | None  # of its kind's usual duration
    above: float | None  # kgce/t above the label at the same progress
    course: tuple[tuple[float, float], ...]  # (progress, above)
    band: tuple[tuple[float, float, float], ...]  # (progress, low, high): chance alone
    typical: float | None  # what a typical batch ends with
    state: str  # no-label, wastes, chance, below, unknown
    silent_since_us: int | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Idle:
    """Equipment without a batch that takes energy."""

    equipment: str
    since_us: int
    takes: tuple[tuple[str, float, str], ...]  # carrier, energy an hour, its unit
    money_per_h: float | None


class Plant:
    """What is known of one site while it runs."""

    def __init__(self, site: Site, on: date, rate_a_week: float = 1.0) -> None:
        self.site, self.rate_a_week = site, rate_a_week
        self.untold: list[str] = []  # meters whose energy cannot be counted in kgce
        self.totals: dict[str, Total] = {}
        for meter in site.tree.counted:
            if meter.step and meter.direction is Direction.IMPORT and not meter.computed:
                self._count(meter, on)
        self.batches: dict[tuple[str, str], Batch] = {}
        self.lines: dict[Line, list[Batch]] = {}  # by step and equipment, in order of their beginning
        self.usual: dict[Kind, Usual] = {}  # step, equipment, kind
        self.before: dict[Line, float] = {}  # the cumulative sum of each line
        self.more: dict[Line, dict[str, float]] = {}  # what is foreseen of a line: after a stop, after a change
        self.pause_us: dict[Line, float] = {}
        self.limits = Limits(None, None)
        self.weeks = 0.0
        self.unreadable: list[Mapping[str, str]] = []
        self.readings = 0
        self._ending: list[Batch] = []

    def _count(self, meter: Meter, on: date) -> None:
        unit, factor = over_time(meter.unit) if meter.reading == "rate" else (meter.unit, 1.0)
        try:
            kgce = self.site.emissions.factors.kgce(
                CarrierEnergy(meter.carrier, 1.0, unit, Direction.IMPORT, meter.lhv), Basis.CALORIFIC, on
            )
        except InputError:
            self.untold.append(meter.id)
            return
        self.totals[meter.id] = Total(meter, kgce, unit, factor)

    # --- what arrives

    def take(self, readings: Iterable[Reading], rows: Iterable[Row] = ()) -> None:
        """Readings and rows in order of arrival."""
        for one in readings:
            self.readings += 1
            if (total := self.totals.get(one.meter)) is not None:
                total.take(one.time_us, one.value, one.received_us)
        for row in rows:
            if row["table"] == "batches":
                self._row(row)
            elif row["table"] == "unreadable":
                self.unreadable.append(row)

    def _row(self, row: Row) -> None:
        key = (str(row.get("step", "")), str(row.get("batch_id", "")))
        found = self.batches.get(key)
        start, end = _moment(row.get("start"), self.site), _moment(row.get("end"), self.site)
        if found is None:
            if start is None:
                return
            kind = f"{row.get('product', '')}/{row.get('variant', '')}"
            found = self.batches[key] = Batch(key[1], key[0], kind, str(row.get("equipment", "")), start)
            insort(self.lines.setdefault(found.line, []), found, key=lambda one: one.start_us)
        if end is not None:
            found.end_us = end
            found.tonnes = _tonnes(row)
            found.good = str(row.get("status", "")) in ("", "good") and str(row.get("state", "")) in ("", "normal")
            self._ending.append(found)

    def fill(self, readings: Mapping[str, tuple[NDArray[np.int64], Floats]], rows: Iterable[Row], now_us: int) -> None:
        """What the spool holds, all at once: its readings by meter, its rows. Learns from it."""
        for name, (time_us, value) in readings.items():
            if (total := self.totals.get(name)) is not None:
                recent = time_us >= now_us - HISTORY_US
                total.fill(time_us[recent], value[recent])
        self.take((), rows)
        self.learn()

    def settle(self) -> list[Batch]:
        """Batches that ended and whose meters have told of all their time: their courses are kept. Returns them."""
        done = [one for one in self._ending if self._is_told(one)]
        for batch in done:
            moments = np.linspace(batch.start_us, batch.end_us or batch.start_us, POINTS + 1)
            energy = sum((one.at(moments) for one in self._meters(batch.line)), np.zeros(POINTS + 1))
            batch.noted = energy - energy[0]
            self._ended(batch)
        self._ending = [one for one in self._ending if one.noted is None]
        now_us = self.now_us
        oldest = min((one.start_us for one in [*self.running(), *self._ending]), default=now_us)
        for total in self.totals.values():
            total.forget(min(oldest, now_us - 3 * POWER_OVER_US))
        return done

    def _is_told(self, batch: Batch) -> bool:
        last = [one.time_us[-1] for one in self._meters(batch.line) if one.time_us]
        return bool(last) and (min(last) >= (batch.end_us or 0) or self.now_us > (batch.end_us or 0) + WAITS_US)

    def _ended(self, batch: Batch) -> None:
        usual = self.usual.get(batch.of_kind)
        if usual is None or not batch.good or not batch.tonnes or batch.noted is None:
            return
        batch.excess = float(usual.ended(batch.noted[-1] / batch.tonnes))
        if batch.by != "one":
            self.before[batch.line] = cumulative(self.before.get(batch.line, 0.0), batch.excess)

    # --- what was

    def learn(self) -> None:
        """Usual courses, thresholds and what is foreseen, from the batches that ended. Asked at the start, and each day."""
        self.settle()
        ended = sorted(
            (one for one in self.batches.values() if one.noted is not None and one.good and one.tonnes), key=lambda one: one.start_us
        )
        if not ended:
            return
        self.weeks = (self.now_us - ended[0].start_us) / (7 * 24 * HOUR_US)
        by_kind: dict[Kind, list[Batch]] = {}
        for one in ended:
            by_kind.setdefault(one.of_kind, []).append(one)
        self.usual = {kind: usual for kind, some in by_kind.items() if (usual := self._usual(some)) is not None}
        lines: dict[Line, list[Batch]] = {}
        for one in ended:
            if one.of_kind in self.usual:
                lines.setdefault(one.line, []).append(one)
        runs = {line: self._ran(some) for line, some in lines.items()}
        self.limits = Limits.of(list(runs.values()), self.weeks, self.rate_a_week)
        for line, some in lines.items():
            pauses = np.diff([one.start_us for one in some]) - np.array([(one.end_us or 0) - one.start_us for one in some[:-1]])
            self.pause_us[line] = float(np.median(pauses)) if len(pauses) else 0.0
            why = np.array([self.began(one) for one in some])
            told = {name: foreseen(runs[line].ended, why == name) for name in ("stop", "change")}
            self.more[line] = {name: more for name, more in told.items() if more is not None}
            before = 0.0
            apart = {alarm.batch for alarm in alarms(runs[line], self.limits) if alarm.by == "one"}
            for place, (one, excess) in enumerate(zip(some, runs[line].ended.tolist(), strict=True)):
                one.excess, one.by = excess, "one" if place in apart else one.by
                before = before if one.by == "one" else cumulative(before, excess)
            self.before[line] = before

    def _usual(self, some: Sequence[Batch]) -> Usual | None:
        length = np.array([((one.end_us or 0) - one.start_us) / SECOND_US for one in some])
        usual_s = float(np.median(length))
        courses = np.array([self._course(one, usual_s) for one in some])
        tonnes = np.array([one.tonnes or np.nan for one in some])
        took = np.array([0.0 if one.noted is None else one.noted[-1] for one in some])
        sound = took > 0
        return Usual.of(courses[sound], (took / tonnes)[sound], tonnes[sound], length[sound])

    def _ran(self, some: Sequence[Batch]) -> Ran:
        expected, ended = [], []
        for one in some:
            usual = self.usual[one.of_kind]
            length = ((one.end_us or 0) - one.start_us) / SECOND_US
            expected.append(usual.expected(self._course(one, usual.duration_s, now_s=length)))
            ended.append(float(usual.ended((np.nan if one.noted is None else one.noted[-1]) / (one.tonnes or np.nan))))
        return Ran(np.array(expected), np.array(ended))

    def began(self, batch: Batch) -> str:
        """How a batch began: after a `stop`, after a `change` of product, or nothing."""
        line = self.lines[batch.line]
        place = bisect_left(line, batch.start_us, key=lambda one: one.start_us)
        last = line[place - 1] if place else None
        if last is None or last.end_us is None:
            return ""
        if batch.start_us - last.end_us > LONG_PAUSE_US + LONG_PAUSE_TIMES * self.pause_us.get(batch.line, 0.0):
            return "stop"
        return "change" if last.kind != batch.kind else ""

    def _meters(self, line: Line) -> list[Total]:
        step, equipment = line
        return [one for one in self.totals.values() if one.meter.step == step and one.meter.equipment in ("", equipment)]

    def _course(self, batch: Batch, usual_s: float, now_s: float | None = None) -> Floats:
        if batch.noted is not None:
            length = ((batch.end_us or 0) - batch.start_us) / SECOND_US
            return course_of(np.linspace(0.0, length, POINTS + 1), batch.noted, length, usual_s, now_s)
        length = now_s if now_s is not None else ((batch.end_us or 0) - batch.start_us) / SECOND_US
        looks = batch.start_us + np.round(np.minimum(usual_s / STEPS * np.arange(0, LOOKS + 1), length) * SECOND_US).astype(np.int64)
        energy = sum((one.at(looks) for one in self._meters(batch.line)), np.zeros(LOOKS + 1))
        return course_of((looks - batch.start_us) / SECOND_US, energy - energy[0], length, usual_s, now_s)

    # --- what runs

    @property
    def now_us(self) -> int:
        """The plant's own time: the latest source time of any reading."""
        return max((one.time_us[-1] for one in self.totals.values() if one.time_us), default=0)

    def running(self) -> list[Batch]:
        return [line[-1] for _, line in sorted(self.lines.items()) if line[-1].end_us is None]

    def look(self) -> list[Alert]:
        """Look at each open batch that went on; returns those that are sure to waste since now."""
        self.settle()
        found: list[Alert] = []
        for batch in self.running():
            usual = self.usual.get(batch.of_kind)
            if usual is None or batch.sure_us is not None or (now_s := self._known_s(batch)) is None:
                continue
            reached = min(LOOKS, int(now_s / usual.duration_s * STEPS))
            if reached <= batch.looked:
                continue
            course = self._course(batch, usual.duration_s, now_s)
            expected = usual.expected(course)
            for look in range(batch.looked, reached):
                by = self.limits.passed(float(expected[look]), self.before.get(batch.line, 0.0))
                if by:
                    batch.sure_us, batch.by = batch.start_us + round(now_s * SECOND_US), by
                    above = float(course[reached - 1] - usual.label[reached - 1])
                    cause, reason = self.cause(batch, usual, now_s), self.reason(batch, usual, now_s)
                    found.append(
                        Alert(
                            batch.id,
                            batch.step,
                            batch.equipment,
                            batch.sure_us,
                            above,
                            above / usual.tonnes,
                            cause,
                            self._money(batch, above),
                            reason,
                        )
                    )
                    break
            batch.looked = reached
        return found

    def reason(self, batch: Batch, usual: Usual, now_s: float) -> str:
        """The code of the likely cause, from what is known while it runs; empty for one that lasts over batches."""
        began = self.began(batch)
        if began in self.more.get(batch.line, {}):
            return Cause.COLD_START if began == "stop" else Cause.CHANGEOVER
        if now_s > 1.05 * usual.duration_s:
            return Cause.HOLDING
        return "" if batch.by == "sum" else Cause.AT_POWER

    def cause(self, batch: Batch, usual: Usual, now_s: float) -> str:
        """The same in words."""
        reason = self.reason(batch, usual, now_s)
        if reason in (Cause.COLD_START, Cause.CHANGEOVER):
            return Phrase("First batch after a stop") if reason == Cause.COLD_START else Phrase("Change of product")
        if reason == Cause.HOLDING:
            return Phrase("Longer than usual: holding or waiting")
        if not reason:
            since = self._since(batch)
            return Phrase("More in every batch since %(batch)s: look for a setting or a charge that changed then", batch=since)
        return Phrase("Higher power than usual; the data do not show why")

    def _since(self, batch: Batch) -> str:
        """The first batch of those whose excess still stands in the cumulative sum."""
        first, before = batch.id, 0.0
        for one in self.lines[batch.line]:
            if one.excess is None or one is batch or one.by == "one":
                continue
            if before == 0.0:
                first = one.id
            before = cumulative(before, one.excess)
        return first if before > 0 else batch.id

    def _known_s(self, batch: Batch) -> float | None:
        """Seconds of a batch that all its meters have told of."""
        last = [one.time_us[-1] for one in self._meters(batch.line) if one.time_us]
        return max(0.0, (min(last) - batch.start_us) / SECOND_US) if last else None

    def open_batches(self, wall_us: int) -> list[Open]:
        return [self._open(batch, wall_us) for batch in self.running()]

    def _open(self, batch: Batch, wall_us: int) -> Open:
        usual, now_s = self.usual.get(batch.of_kind), self._known_s(batch)
        silent = [one.received_us for one in self._meters(batch.line) if _is_silent(one, wall_us)]
        silent_us = min(silent, default=None)
        if usual is None or now_s is None:
            return Open(batch, None, None, (), (), None, "no-label", silent_us)
        reached = min(LOOKS, int(now_s / usual.duration_s * STEPS))
        course = self._course(batch, usual.duration_s, now_s)
        above = (course - usual.label) / usual.tonnes
        drawn = tuple(((look + 1) / STEPS, float(above[look])) for look in range(reached))
        expected = float(usual.expected(course)[reached - 1]) if reached else 0.0
        now_above = drawn[-1][1] if drawn else None
        state = "unknown" if silent else "wastes" if batch.sure_us is not None else "below" if expected < -1.0 else "chance"
        typical = float((usual.typical[-1] - usual.label[-1]) / usual.tonnes)
        cause = self.cause(batch, usual, now_s) if batch.sure_us is not None else self._foretold(batch)
        return Open(batch, now_s / usual.duration_s, now_above, drawn, self._band(usual), typical, state, silent_us, cause)

    def _foretold(self, batch: Batch) -> str:
        if (more := self.more.get(batch.line, {}).get(self.began(batch))) is None:
            return ""
        usual = self.usual[batch.of_kind]
        told = {"more": f"{more * usual.end_spread:.1f}"}
        if self.began(batch) == "stop":
            return Phrase("First batch after a stop: such batches used %(more)s kgce/t more", **told)
        return Phrase("First batch of another product: such batches used %(more)s kgce/t more", **told)

    def _band(self, usual: Usual) -> tuple[tuple[float, float, float], ...]:
        """What chance alone makes of a typical batch, by look, up to the usual end."""
        limit = self.limits.one or 2.0
        half = np.minimum(limit * usual.spread / np.maximum(usual.tells, 0.05), 3 * limit * usual.spread[STEPS - 1]) / usual.tonnes
        middle = (usual.typical - usual.label) / usual.tonnes
        return tuple(((look + 1) / STEPS, float(middle[look] - half[look]), float(middle[look] + half[look])) for look in range(STEPS))

    def _money(self, batch: Batch, kgce: float) -> float | None:
        """At the price of the mix that the batch takes now."""
        took = [(one, float(one.at(self.now_us) - one.at(batch.start_us))) for one in self._meters(batch.line)]
        paid = [self._price(one) for one, _ in took]
        whole = sum(amount for _, amount in took)
        if whole <= 0 or any(price is None for price, (_, amount) in zip(paid, took, strict=True) if amount > 0):
            return None
        return kgce * sum((price or 0.0) * amount / one.kgce for price, (one, amount) in zip(paid, took, strict=True)) / whole

    def _price(self, total: Total) -> float | None:
        """Of one unit of its energy, now."""
        tariff = self.site.tariff
        when = datetime.fromtimestamp(self.now_us / 1e6, UTC).astimezone(self.site.zone)
        price = None if tariff is None else tariff.price_of(total.meter.carrier, when)
        if price is None:
            return None
        try:
            return price.amount * ratio(total.unit, price.unit)
        except InputError:
            return None

    # --- what stands, and what is silent

    def idle(self) -> list[Idle]:
        """Equipment whose last batch ended, and that takes energy; the most dear first."""
        found: list[Idle] = []
        for line, batches in self.lines.items():
            if batches[-1].end_us is None:
                continue
            taken = [(one, power) for one in self._meters(line) if one.meter.equipment and (power := one.power(self.now_us))]
            if not taken:
                continue
            prices = [self._price(one) for one, _ in taken]
            money = None if None in prices else sum((price or 0.0) * power for price, (_, power) in zip(prices, taken, strict=True))
            takes = tuple((one.meter.carrier, power, one.unit) for one, power in taken)
            found.append(Idle(line[1] or line[0], max(one.end_us or 0 for one in batches[-5:]), takes, money))
        return sorted(found, key=lambda one: -(one.money_per_h or 0.0))

    def silent(self, wall_us: int) -> list[tuple[str, int]]:
        """Meters that told nothing for much longer than they use to, and since when; 0: never heard of."""
        return [(name, one.received_us) for name, one in sorted(self.totals.items()) if _is_silent(one, wall_us)]


def _is_silent(total: Total, wall_us: int) -> bool:
    if not total.received_us:
        return True
    passed_us = wall_us - total.received_us
    return passed_us > SILENT_LEAST_US and passed_us > SILENT_TIMES * min(total.usual_us, HOUR_US * 24)


def _moment(cell: object, site: Site) -> int | None:
    try:
        stamp = datetime.fromisoformat(str(cell))
    except ValueError:
        return None
    return round((stamp if stamp.tzinfo else stamp.replace(tzinfo=site.zone)).timestamp() * 1e6)


def _tonnes(row: Row) -> float | None:
    try:
        quantity, unit = float(str(row.get("output_quantity", ""))), str(row.get("output_unit", "t"))
        return quantity * ratio(unit, "t") or None
    except (ValueError, InputError):
        return None
