"""What several lines of a step show on one day by one factor: a scale, a unit, an export that they share, before it is a process.

Two furnaces do not begin to need a tenth less on the same morning. Where the power of the runs moved with the energy, the meters are named
first; where it did not, the output is: its size comes from energy a tonne, which tells it better than tonnes an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from math import exp, log

import numpy as np

from reporting_agent.changes import causes
from reporting_agent.changes.change import Cause, Change, Kind
from reporting_agent.changes.jumps import LEAST, daily
from reporting_agent.changes.levels import NEAR_DAYS, moved
from reporting_agent.changes.lines import Line

_OF_LEVELS = frozenset({Kind.LEVEL, Kind.OUTPUT, Kind.PROCESS})
SIGMAS = 3.0
SHARED = 0.5  # of the energy's change that the power must show for it to be the meter's


def of_steps(found: Sequence[Change], lines: Sequence[Line]) -> list[Change]:
    """The changes, those that lines of a step share told as one cause."""
    made: list[Change] = []
    groups: list[list[Change]] = []
    for change in found:
        group = next((one for one in groups if all(_alike(change, other) for other in one)), None)
        if group is None:
            groups.append([change])
        else:
            group.append(change)
    for group in groups:
        made += _one_cause(group, {line.meter: line for line in lines}) if len(group) > 1 else group
    return made


def _alike(one: Change, other: Change) -> bool:
    """Whether two lines of one step, or two meters of one line, changed by the same factor of energy a tonne on the same days."""
    if one.step != other.step or not {one.kind, other.kind} <= _OF_LEVELS or not _near(one.first, other.first):
        return False
    mine, theirs = _of_energy(one), _of_energy(other)
    return mine * theirs > 0 and abs(mine - theirs) <= max(LEAST, SIGMAS * float(np.hypot(_error(one), _error(other))))


def _one_cause(group: Sequence[Change], lines: dict[str, Line]) -> list[Change]:
    weights = np.array([1 / max(_error(one), 1e-4) ** 2 for one in group])
    by, error = float(np.average([_of_energy(one) for one in group], weights=weights)), float(weights.sum() ** -0.5)
    if not any(one.kind is Kind.OUTPUT for one in group) and any(one.kind is Kind.LEVEL or _of_power(one, lines) for one in group):
        if len({one.equipment for one in group}) == 1:
            return list(group)  # one line that takes another power by two meters is a process
        likely = (*causes.of_meter(exp(by), error), Cause.PROCESS)
        return [replace(one, kind=Kind.LEVEL, size=exp(by), size_error=1.96 * error * exp(by), causes=likely) for one in group]
    first = min(group, key=_error)
    likely = (*causes.of_output(exp(-by), error), Cause.PROCESS)
    equipment = tuple(sorted({name for one in group for name in one.equipment}))
    size = exp(-by)
    return [replace(first, kind=Kind.OUTPUT, meters=(), equipment=equipment, size=size, size_error=1.96 * error * size, causes=likely)]


def _of_power(change: Change, lines: dict[str, Line]) -> bool:
    """Whether the power of the meter's runs moved with their energy."""
    if change.first is None or not change.meters:
        return False
    line = lines[change.meters[0]]
    until = None if change.until is None else change.until.toordinal()
    power = moved(daily(line.day, line.power), None, change.first.toordinal(), until)
    return abs(power.by - log(change.size)) <= (1 - SHARED) * abs(log(change.size))


def _of_energy(change: Change) -> float:
    """ln of the factor by which energy a tonne changed."""
    return -log(change.size) if change.kind is Kind.OUTPUT else log(change.size)


def _error(change: Change) -> float:
    """Standard error of ln size."""
    return change.size_error / change.size / 1.96


def _near(one: date | None, other: date | None) -> bool:
    return one is not None and other is not None and abs((one - other).days) <= NEAR_DAYS
