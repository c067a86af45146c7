"""The reading that a run's edge cuts, divided between the run and the pause beside it. Divided by
time, a melting furnace on quarter hours loses 3.5 %, a ten-hour run on an hourly register 1.5 %.

- *A long pause* shows its own power one reach (at least the time between readings) away; what lies
  above it is the run's.
- *Short pauses* of lengths g, with both runs' ends, used T = p g + a w, w what the runs drew one
  reach further inside (least squares); T - p g is the runs', in proportion to w. Else the runs go
  on as they were.

An edge upon a reading stays. Only the curve at the edges and beside them changes. Not on release
(`own_window`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config.tree import MeterTree
from reporting_agent.metering.curve import Course, Curve, Edges
from reporting_agent.metering.moments import REACHES_US, Islands, Windows
from reporting_agent.metering.record import MeterFacts
from reporting_agent.metering.steam_gas_and_virtual import CountedCourse

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST_PAUSES = 30  # short ones, to tell their power
SURE = 0.02  # of T: the standard error of what the pauses draw
OUTLYING = 4.0  # robust standard deviations
UPON_READING_US = 1_000_000


def all_divided(
    worked: Mapping[str, CountedCourse], windows: Mapping[str, Windows], tree: MeterTree
) -> dict[str, CountedCourse]:
    """What these meters count, with the readings that edges of their windows cut divided; the
    others as they are.
    """
    return {
        name: replace(
            counted,
            course=divided(
                counted.course, windows[name], sampled=tree.by_id[name].reading == "rate"
            ),
        )
        if name in windows
        else counted
        for name, counted in worked.items()
    }


def divided(course: Course, windows: Windows, *, sampled: bool) -> Course:
    """The course with its curve divided anew at the edges of the windows, which are in order of
    start.

    Args:
        sampled: readings are of power or flow: what was drawn from one to the next is not known
            upon a reading either.
    """
    step_s, runs = course.facts.usual_step_s, Islands.of(windows)
    reach_us = next((reach for reach in REACHES_US if step_s and reach >= step_s * 1_000_000), None)
    if reach_us is None or not len(runs.start_us):
        return course
    facts = None if sampled else course.facts
    edges = (
        *_long(course.curve, runs, reach_us, facts),
        *_short(course.curve, runs, reach_us, facts),
    )
    return replace(course, curve=course.curve.bent(edges))


def _long(curve: Curve, runs: Islands, reach_us: int, facts: MeterFacts | None) -> Iterator[Edges]:
    """Starts, then ends, beside a pause that shows its own power: one reach of it, going on until
    the edge.
    """
    for at_us, long, sign in zip(
        (runs.start_us, runs.end_us), runs.beside_long(reach_us), (-1, 1), strict=True
    ):
        edge_us = at_us[long & _cut(at_us, facts)]
        near_us, far_us = edge_us + sign * reach_us, edge_us + 2 * sign * reach_us
        on_known = curve.is_known(np.minimum(far_us, edge_us), np.maximum(far_us, edge_us))
        steps = 2 * curve.steps_at(near_us) - curve.steps_at(far_us)
        inner_us = edge_us - sign * np.minimum(
            reach_us, (runs.end_us - runs.start_us)[long & _cut(at_us, facts)]
        )
        low_us, high_us = (near_us, inner_us) if sign < 0 else (inner_us, near_us)
        yield low_us[on_known], edge_us[on_known], high_us[on_known], steps[on_known]


def _short(curve: Curve, runs: Islands, reach_us: int, facts: MeterFacts | None) -> Iterator[Edges]:
    """Ends, then starts, at pauses too short to show their power."""
    index = runs.beside_short(reach_us)
    end_us, start_us = runs.end_us[index], runs.start_us[index + 1]
    inside = (
        end_us - 2 * reach_us,
        end_us - reach_us,
        start_us + reach_us,
        start_us + 2 * reach_us,
    )
    cut = curve.is_known(inside[0], inside[3]) & (_cut(end_us, facts) | _cut(start_us, facts))
    before, from_, until, after = (
        curve.steps_at(moment[cut]).astype(np.float64) for moment in inside
    )
    first, together, second = from_ - before, until - from_, after - until
    sound = (first > 0) & (together > 0) & (second > 0)
    from_, until, first, together, second = (
        part[sound] for part in (from_, until, first, together, second)
    )
    end_us, start_us = end_us[cut][sound], start_us[cut][sound]
    pause_us: Floats = (start_us - end_us).astype(np.float64)
    power = _power_of_pauses(together, pause_us, first + second, reach_us)
    of_runs = (
        np.minimum(together, first + second)
        if power is None
        else np.clip(together - power * pause_us, 0, together)
    )
    ends = np.rint(from_ + of_runs * first / (first + second)).astype(np.int64)
    starts = np.rint(until - of_runs * second / (first + second)).astype(np.int64)
    yield end_us - reach_us, end_us, start_us, ends
    yield end_us, start_us, start_us + reach_us, starts


def _power_of_pauses(
    together: Floats, pause_us: Floats, of_runs: Floats, reach_us: int
) -> float | None:
    """Steps a microsecond that the pauses draw, by least squares over many of different lengths;
    None where that does not tell.
    """
    inliers = np.ones(len(together), dtype=bool)
    for _ in range(2):
        if inliers.sum() < FEWEST_PAUSES:
            return None
        design = np.column_stack((pause_us, of_runs))[inliers]
        normal = design.T @ design
        if (
            np.linalg.cond(normal / np.outer(np.sqrt(np.diag(normal)), np.sqrt(np.diag(normal))))
            > 1e8
        ):
            return None
        power, ramps = np.linalg.solve(normal, design.T @ together[inliers])
        residual = together - power * pause_us - ramps * of_runs
        spread = 1.4826 * float(np.median(np.abs(residual[inliers])))
        fit = inliers
        inliers = np.abs(residual) <= OUTLYING * spread if spread else inliers
    error = float(np.std(residual[fit])) * float(np.sqrt(np.linalg.inv(normal)[0, 0]))
    usual, while_running = float(np.median(pause_us)), float(np.median(of_runs)) / (2 * reach_us)
    sure = error * usual <= SURE * float(np.median(together))
    return float(power) if sure and 0 <= power <= while_running else None


def _cut(edge_us: Integers, facts: MeterFacts | None) -> Flags:
    """Whether an edge lies between two readings rather than upon one; all do without `facts`."""
    if facts is None:
        return np.ones(len(edge_us), dtype=bool)
    if facts.first_us is None or not facts.usual_step_s:
        return np.zeros(len(edge_us), dtype=bool)
    step_us = round(facts.usual_step_s * 1_000_000)
    past = (edge_us - facts.first_us) % step_us
    return np.asarray((past > UPON_READING_US) & (past < step_us - UPON_READING_US))
