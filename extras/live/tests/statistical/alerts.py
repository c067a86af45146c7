"""Alerts in the batch on simulated works whose waste is known: share told before the end, false
alarms a week, minutes to alert.

The first two thirds of a works' time are its history, from which
`extras.live.running.excess_alarms` learns; the rest is watched. It knows what a live plant
knows: meters up to each look, tonnes once a batch ended. Beside it a fixed limit on a batch's
energy, the usual practice, at the same chosen rate. A false alarm is a new alert in a batch to
which the simulator gave no waste.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from extras.live.running.excess_alarms import (
    LOOKS,
    STEPS,
    Alarm,
    ExcessHistory,
    Limits,
    UsualCourse,
    alarms,
    course_of,
    foreseen,
)
from fixtures.simulator.works import SECTORS, Works
from fixtures.simulator.works.runs import CAUSES
from fixtures.simulator.works.timeline import Doing
from tests.statistical.outcome import Outcome

Floats = NDArray[np.float64]
LONG, SHORT = 200, 3
RATE_A_WEEK = 1.0
HISTORY = 2 / 3


@dataclass
class Told:
    """Of one road over all works: waste by cause and how much of it was told in its batch, false
    alarms, minutes.
    """

    waste: dict[str, float] = field(default_factory=lambda: dict.fromkeys(CAUSES, 0.0))
    told: dict[str, float] = field(default_factory=lambda: dict.fromkeys(CAUSES, 0.0))
    minutes: list[float] = field(default_factory=list)
    false: list[int] = field(default_factory=list)  # a works
    right: int = 0

    def share(self, cause: str = "") -> float:
        causes = [cause] if cause else list(CAUSES)
        whole = sum(self.waste[kind] for kind in causes)
        return sum(self.told[kind] for kind in causes) / whole if whole else 0.0


@dataclass(frozen=True)
class Line:
    """One line and carrier of a works: its batches in order, split into history and watched."""

    earlier: ExcessHistory
    later: ExcessHistory
    limit: (
        ExcessHistory  # of `later` against a fixed limit: energy so far over the kind's usual end
    )
    limit_earlier: ExcessHistory
    foreseen: NDArray[np.bool_]  # of the later ones
    waste: dict[str, Floats]  # of the later ones, in energy
    minutes: Floats  # of a look of each later one


def lines_of(works: Works) -> Iterator[Line]:
    """Every metered line."""
    split_s = works.start_s + HISTORY * (works.end_s - works.start_s)
    for (step, name, carrier), curve in works.curve_of.items():
        ran = works.runs[step]
        use = next(index for index, flow in enumerate(ran.design.uses) if flow.carrier == carrier)
        if ran.design.uses[use].direction != "import":
            continue
        rows = np.array(
            [
                row
                for row in np.argsort(ran.start_s, kind="stable").tolist()
                if ran.line[row] == name and not ran.status[row]
            ]
        )
        every_s = ran.design.reading_s
        old = ran.start_s[rows] < split_s
        expected = np.full((len(rows), LOOKS), np.nan)
        ended, relative, look_min = (
            np.zeros(len(rows)),
            np.full((len(rows), LOOKS), np.nan),
            np.zeros(len(rows)),
        )
        kinds = np.array(ran.variant)[rows]
        output = ran.output[rows] + ran.reject[rows]
        energy = ran.energy[use][rows]
        for kind in dict.fromkeys(kinds.tolist()):
            own = kinds == kind
            length = (ran.end_s - ran.start_s)[rows].astype(float)
            usual_s = float(np.median(length[own & old])) if (own & old).any() else 0.0
            courses = {}
            for row in np.flatnonzero(own).tolist():
                start, duration = int(ran.start_s[rows[row]]), float(length[row])
                stamps = np.append(np.arange(0, duration, every_s), duration)
                counted = curve.at(start + stamps) - curve.at(np.array([start]))
                courses[row] = (stamps, counted, duration)
            past = [row for row in courses if old[row]]
            usual = UsualCourse.of(
                np.array([course_of(*courses[row], usual_s) for row in past]),
                energy[past] / output[past],
                output[past],
                length[past],
            )
            if usual is None:
                continue
            for row, (stamps, counted, duration) in courses.items():
                read_at = stamps[
                    np.searchsorted(stamps, usual_s / STEPS * np.arange(1, LOOKS + 1), side="right")
                    - 1
                ]
                course = course_of(stamps, counted, duration, usual_s, now_s=duration)
                last = np.interp(
                    read_at, stamps, counted
                )  # the latest reading at each look, not the look itself
                expected[row] = usual.expected(np.where(np.isfinite(course), last, np.nan))
                ended[row] = usual.ended(energy[row] / output[row])
                relative[row] = np.where(
                    np.isfinite(course), last / (usual.end * usual.output) - 1, np.nan
                )
                look_min[row] = usual_s / STEPS / 60
        looked_at = np.isfinite(expected).any(axis=1)
        without_waste = energy / (
            1 + np.sum(list(ran.waste.values()), axis=0)[rows]
        )  # near enough: spread and conditions are small
        after = _after(works, step, name)
        begins = np.array([after.get(int(ran.start_s[row]), "") for row in rows])
        told_first = np.zeros(len(rows), bool)
        for what in ("stop", "change"):
            if foreseen(ended[old & looked_at], begins[old & looked_at] == what) is not None:
                told_first |= begins == what
        first, then = old & looked_at, ~old & looked_at
        zero = np.zeros(len(rows))
        yield Line(
            ExcessHistory(expected[first], ended[first]),
            ExcessHistory(expected[then], ended[then]),
            ExcessHistory(relative[then], zero[then]),
            ExcessHistory(relative[first], zero[first]),
            told_first[then],
            {cause: (without_waste * size[rows])[then] for cause, size in ran.waste.items()},
            look_min[then],
        )


def _after(works: Works, step: str, line: str) -> dict[int, str]:
    """What came before the run that begins at each moment, as the log and the meters tell it."""
    preceding: dict[int, str] = {}
    earlier: Doing | None = None
    for stretch in works.lived[step, line]:
        if stretch.doing is Doing.RUN:
            preceding[stretch.start_s] = (
                {Doing.START_UP: "stop", Doing.CHANGEOVER: "change"}.get(earlier, "")
                if earlier is not None
                else ""
            )
        if stretch.doing is not Doing.IDLE:
            earlier = stretch.doing
    return preceding


def count(works: Works, ours: Told, foretold: Told, fixed: Told) -> float:
    """One works added to the roads; returns the weeks that were watched."""
    weeks = (works.end_s - works.start_s) / (7 * 86_400)
    lines = list(lines_of(works))
    limits = Limits.of([line.earlier for line in lines], weeks * HISTORY, RATE_A_WEEK)
    # a fixed limit passes where the ends of the history passed it at the same rate, waste or none:
    # nobody mirrors it
    peaks = sorted(
        (float(np.nanmax(course)) for line in lines for course in line.limit_earlier.expected),
        reverse=True,
    )
    limit = Limits(peaks[max(0, int(RATE_A_WEEK * weeks * HISTORY) - 1)], None)
    for tally, which in ((ours, "test"), (foretold, "both"), (fixed, "fixed")):
        tally.false.append(0)
        for line in lines:
            _add(
                tally,
                line,
                alarms(
                    line.later if which != "fixed" else line.limit,
                    limits if which != "fixed" else limit,
                ),
                which == "both",
            )
    return weeks * (1 - HISTORY)


def _add(tally: Told, line: Line, alarms: list[Alarm], with_foreseen: bool) -> None:
    whole = np.sum(list(line.waste.values()), axis=0)
    in_batch = {alarm.batch: alarm for alarm in alarms}
    for cause, waste in line.waste.items():
        tally.waste[cause] += float(waste.sum())
        told_rows = np.array(
            [
                row in in_batch or (with_foreseen and bool(line.foreseen[row]))
                for row in range(len(waste))
            ],
            bool,
        )
        tally.told[cause] += float(waste[told_rows].sum()) if len(waste) else 0.0
    for alarm in alarms:
        if whole[alarm.batch] > 0:
            tally.right += 1
            tally.minutes.append((alarm.look + 1) * float(line.minutes[alarm.batch]))
        elif alarm.new:
            tally.false[-1] += 1


def run(long: bool) -> Outcome:
    ours, both, fixed = Told(), Told(), Told()
    weeks = 0.0
    number = LONG if long else SHORT
    for seed in range(number):
        weeks += count(
            Works.live(SECTORS[seed % len(SECTORS)], seed=1000 + seed), ours, both, fixed
        )
    rates = {
        name: sum(tally.false) / weeks
        for name, tally in (("ours", ours), ("both", both), ("fixed", fixed))
    }
    rows = tuple(
        (
            name,
            f"{tally.share():.0%}",
            *(f"{tally.share(cause):.0%}" for cause in CAUSES),
            f"{rate:.2f}",
            f"{np.median(tally.minutes):.0f}" if tally.minutes else "-",
            f"{tally.right}",
        )
        for name, tally, rate in (
            ("sequential test", ours, rates["ours"]),
            ("with what is foreseen", both, rates["both"]),
            ("fixed limit per batch", fixed, rates["fixed"]),
        )
    )
    return Outcome(
        "alerts",
        rates["ours"] <= RATE_A_WEEK and ours.share() > fixed.share(),
        f"{number} works, {weeks:.0f} weeks watched: {ours.share():.0%} of waste told before its "
        f"batch ended, {rates['ours']:.2f} false "
        f"alarms a week where {RATE_A_WEEK:g} were chosen; a fixed limit told {fixed.share():.0%}",
        (
            "road",
            "waste told in its batch",
            *CAUSES,
            "false alarms a week",
            "minutes to alert, median",
            "right alerts",
        ),
        rows,
        "live.md",
    )
