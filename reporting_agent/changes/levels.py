"""Changes of level in power, idle power, energy a tonne and tonnes an hour, of one line, or of
several lines of a step on one day (a shared scale, unit or export before a process).

A meter changes power and idle power by one factor; a scale tonnes an hour and no power; a process
hardly idle power. A main meter counts besides its subs what a sub lost. Where power moved with
energy, meters are named first; else the output, sized by energy a tonne.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes import causes, smallest_change
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.lines import (
    LEAST,
    LEAST_OF_RATE,
    ROBUST,
    Daily,
    MeterLine,
    daily,
    jumps,
)

Floats = NDArray[np.float64]

NEAR_DAYS = 6  # changes of a line's series within so many days are one
NEAREST = (
    35  # days of production on either side that tell the size: a season has no time to move it
)
ALIKE = 0.25  # how far idle power and power may differ, as a share of the change
SIGMAS = 4.0
CLOSELY = 0.05  # of a factor, by its 95 % interval: a ratio or a unit is one number
FEWEST_RESTS = (
    5  # days with a pause on either side of a change: a stray one tells nothing of the meter
)
MANY = 3  # changes of one line: a meter is seldom wired anew, a season or a cooler comes and goes


@dataclass(frozen=True, slots=True)
class LevelDifference:
    """By how much one series differs across a day, in ln, with its standard error; NaN where it
    does not tell.
    """

    by: float
    error: float

    @property
    def sure(self) -> bool:
        return bool(abs(self.by) >= max(LEAST * 0.8, SIGMAS * self.error))


UNKNOWN = LevelDifference(float("nan"), float("inf"))


def of_lines(lines: Sequence[MeterLine], balances: dict[str, Daily]) -> list[Change]:
    """Every change of level.

    Args:
        balances: by meter, what the main meter above counts besides those below it, in units of
            this meter's usual hour.
    """
    return [change for line in lines for change in _of_line(line, balances.get(line.meter))]


def _of_line(line: MeterLine, balance: Daily | None) -> list[Change]:
    series = {
        "power": daily(line.day, line.power),
        "per_output": daily(line.day, line.per_output),
        "rate": daily(line.day, line.rate),
        "idle": line.idle,
    }
    days = sorted(
        int(curve.day[at])
        for name in ("power", "per_output", "rate", "idle")
        for curve in (series[name],)
        for at in jumps(curve, LEAST_OF_RATE if name == "rate" else LEAST)
    )
    left_over, made_an_hour = (
        smallest_change.steps(smallest_change.of_line(line)),
        smallest_change.steps(series["rate"], LEAST_OF_RATE, 0, whole=True),
    )
    days = sorted([*days, *(step.day for step in (*left_over, *made_an_hour))])
    groups: list[list[int]] = []
    for day in days:
        if groups and day - groups[-1][-1] <= NEAR_DAYS:
            groups[-1].append(day)
        else:
            groups.append([day])
    turns = [group[len(group) // 2] for group in groups]
    changes, unrested = [], set()
    for index, day in enumerate(turns):
        before = turns[index - 1] if index else None
        after = turns[index + 1] if index + 1 < len(turns) else None
        shifts = {name: moved(curve, before, day, after) for name, curve in series.items()}
        wide = next((jump for jump in made_an_hour if jump.day in groups[index]), None)
        if wide is not None and not shifts["rate"].sure:
            shifts = {
                name: moved(curve, before, day, after, max(wide.reach, NEAREST))
                for name, curve in series.items()
            }
            shifts["rate"] = LevelDifference(wide.by, wide.error)
        if not _rested(line.idle, before, day, after):
            shifts["idle"] = UNKNOWN
            unrested.add(date.fromordinal(day))
        step = next((jump for jump in left_over if jump.day in groups[index]), None)
        shifts["freed"] = UNKNOWN if step is None else LevelDifference(step.by, step.error)
        of_balance = None if balance is None else moved(balance, before, day, after)
        if (change := _change(line, date.fromordinal(day), shifts, of_balance)) is not None:
            changes.append(change)
    changes = closed(changes)
    return [
        _of_load(level, len(changes)) if level.first in unrested else level for level in changes
    ]


def _rested(idle: Daily, before: int | None, day: int, after: int | None) -> bool:
    """Whether enough days with a pause lie on either side of this day, between the changes next to
    it, to tell the meter from the load.
    """
    return min(len(side) for side in _sides(idle, before, day, after)) >= FEWEST_RESTS


def _sides(series: Daily, before: int | None, day: int, after: int | None) -> tuple[Floats, Floats]:
    """Values before this day and from it on, between the changes next to it."""
    early = (series.day < day) & (series.day >= (before if before is not None else 0))
    late = (series.day >= day) & (series.day < (after if after is not None else 1 << 40))
    return series.value[early], series.value[late]


def _of_load(change: Change, count: int) -> Change:
    """Where too few pauses speak for the meter, it is named first of a change that stands alone and
    is known closely; else the load is.
    """
    if change.kind is not ChangeKind.LEVEL or (
        count < MANY and change.size_error <= CLOSELY * change.size
    ):
        return change
    return replace(
        change,
        causes=(
            ChangeCause.PROCESS,
            *(cause for cause in change.causes if cause is not ChangeCause.PROCESS),
        ),
    )


def moved(
    series: Daily, before: int | None, day: int, after: int | None, nearest: int = NEAREST
) -> LevelDifference:
    """By how much the days of production after this one differ from those before, between the
    changes next to it.
    """
    early, late = _sides(series, before, day, after)
    early, late = early[-nearest:], late[:nearest]
    if len(early) < 3 or len(late) < 3:
        return UNKNOWN
    spread = [ROBUST * float(np.median(np.abs(part - np.median(part)))) for part in (early, late)]
    error = float(
        np.hypot(
            *(
                1.25 * deviation / np.sqrt(len(part))
                for deviation, part in zip(spread, (early, late), strict=True)
            )
        )
    )
    return LevelDifference(float(np.median(late) - np.median(early)), error)


def _change(
    line: MeterLine, day: date, shifts: dict[str, LevelDifference], balance: LevelDifference | None
) -> Change | None:
    power, rate, idle = shifts["power"], shifts["rate"], shifts["idle"]
    alike = idle.sure and abs(idle.by - power.by) <= max(
        ALIKE * abs(idle.by), SIGMAS * float(np.hypot(power.error, idle.error))
    )
    # power and tonnes an hour that move together are the mill pushed harder, whatever idles; where
    # the power does not tell, it is asked
    if abs(rate.by) >= max(0.8 * LEAST_OF_RATE, SIGMAS * rate.error) and abs(rate.by) > 2 * (
        abs(power.by) - power.error
    ):
        return _change_of(
            line,
            ChangeKind.OUTPUT,
            day,
            rate,
            (*causes.of_output(exp(rate.by), rate.error), ChangeCause.PROCESS),
        )
    if alike or (power.sure and not np.isfinite(idle.by)):
        of_load = shifts["freed"]
        size = (
            of_load
            if of_load.sure and not idle.sure
            else min(
                (shift for shift in (power, idle) if shift.sure), key=lambda shift: shift.error
            )
        )
        return _change_of(
            line,
            ChangeKind.LEVEL,
            day,
            size,
            (*causes.of_meter(exp(size.by), size.error), ChangeCause.PROCESS),
        )
    per_output = next(
        (shift for shift in (shifts["per_output"], shifts["freed"]) if shift.sure), UNKNOWN
    )
    if per_output.sure:
        likely = causes.of_meter(exp(per_output.by), per_output.error)
        if power.sure and balance is not None and balance.sure and balance.by * power.by < 0:
            return _change_of(line, ChangeKind.LEVEL, day, power, (*likely, ChangeCause.PROCESS))
        return _change_of(line, ChangeKind.PROCESS, day, per_output, (ChangeCause.PROCESS, *likely))
    return None  # idle power, or power and output together, change no label


def _change_of(
    line: MeterLine,
    kind: ChangeKind,
    day: date,
    size: LevelDifference,
    likely: tuple[ChangeCause, ...],
) -> Change:
    equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
    meters = () if kind is ChangeKind.OUTPUT else (line.meter,)
    return Change(
        kind,
        line.step,
        meters,
        equipment,
        day,
        None,
        exp(size.by),
        1.96 * size.error * exp(size.by),
        likely,
    )


def closed(single_changes: list[Change]) -> list[Change]:
    """A change and the next one back to the old level are one, with a first day and a last; any
    other lasts, whatever else turns later.
    """
    changes: list[Change] = []
    position = 0
    while position < len(single_changes):
        change = single_changes[position]
        back = single_changes[position + 1] if position + 1 < len(single_changes) else None
        if (
            back is not None
            and back.kind is change.kind
            and abs(np.log(change.size * back.size)) <= max(LEAST, ALIKE * abs(np.log(change.size)))
        ):
            changes.append(replace(change, until=back.first))
            position += 2
        else:
            changes.append(change)
            position += 1
    return changes


_OF_LEVELS = frozenset({ChangeKind.LEVEL, ChangeKind.OUTPUT, ChangeKind.PROCESS})
SIGMAS_OF_ALL = 3.0
SHARED = 0.5  # of the energy's change that the power must show for it to be the meter's


def of_steps(line_changes: Sequence[Change], lines: Sequence[MeterLine]) -> list[Change]:
    """The changes, those that lines of a step share told as one cause."""
    changes: list[Change] = []
    groups: list[list[Change]] = []
    for change in line_changes:
        group = next(
            (members for members in groups if all(_alike(change, other) for other in members)), None
        )
        if group is None:
            groups.append([change])
        else:
            group.append(change)
    for group in groups:
        changes += (
            _one_cause(group, {line.meter: line for line in lines}) if len(group) > 1 else group
        )
    return changes


def _alike(change: Change, other: Change) -> bool:
    """Whether two lines of one step, or two meters of one line, changed by the same factor of
    energy a tonne on the same days.
    """
    if (
        change.step != other.step
        or not {change.kind, other.kind} <= _OF_LEVELS
        or not _near(change.first, other.first)
    ):
        return False
    mine, theirs = _of_energy(change), _of_energy(other)
    return mine * theirs > 0 and abs(mine - theirs) <= max(
        LEAST, SIGMAS_OF_ALL * float(np.hypot(_error(change), _error(other)))
    )


def _one_cause(group: Sequence[Change], lines: dict[str, MeterLine]) -> list[Change]:
    weights = np.array([1 / max(_error(change), 1e-4) ** 2 for change in group])
    by, error = (
        float(np.average([_of_energy(change) for change in group], weights=weights)),
        float(weights.sum() ** -0.5),
    )
    if not any(change.kind is ChangeKind.OUTPUT for change in group) and any(
        change.kind is ChangeKind.LEVEL or _of_power(change, lines) for change in group
    ):
        if len({change.equipment for change in group}) == 1:
            return list(group)  # one line that takes another power by two meters is a process
        likely = (*causes.of_meter(exp(by), error), ChangeCause.PROCESS)
        return [
            replace(
                change,
                kind=ChangeKind.LEVEL,
                size=exp(by),
                size_error=1.96 * error * exp(by),
                causes=likely,
            )
            for change in group
        ]
    first = min(group, key=_error)
    likely = (*causes.of_output(exp(-by), error), ChangeCause.PROCESS)
    equipment = tuple(sorted({name for change in group for name in change.equipment}))
    size = exp(-by)
    return [
        replace(
            first,
            kind=ChangeKind.OUTPUT,
            meters=(),
            equipment=equipment,
            size=size,
            size_error=1.96 * error * size,
            causes=likely,
        )
    ]


def _of_power(change: Change, lines: dict[str, MeterLine]) -> bool:
    """Whether the power of the meter's runs moved with their energy."""
    if change.first is None or not change.meters:
        return False
    line = lines[change.meters[0]]
    until = None if change.until is None else change.until.toordinal()
    power = moved(daily(line.day, line.power), None, change.first.toordinal(), until)
    return abs(power.by - log(change.size)) <= (1 - SHARED) * abs(log(change.size))


def _of_energy(change: Change) -> float:
    """ln of the factor by which energy a tonne changed."""
    return -log(change.size) if change.kind is ChangeKind.OUTPUT else log(change.size)


def _error(change: Change) -> float:
    """Standard error of ln size."""
    return change.size_error / change.size / 1.96


def _near(day: date | None, other: date | None) -> bool:
    return day is not None and other is not None and abs((day - other).days) <= NEAR_DAYS
