"""Eight arrangements more, which say what is wanted by other means: by a block, a counter, a
duration, a title, a second table.

Of each a person is asked one thing about it; nothing of it may be taken without.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import groupby
from pathlib import Path

from tests.functional.door.layouts import Case, Layout, by_hand, header_of, row_of, truth_of
from tests.functional.door.plant import Habit, Heat, habits
from tests.functional.door.writing import Cell, Written, as_workbook

_DAY = timedelta(days=1)


def dates_by_block(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """The date stands on the first row of each day alone."""
    rows: list[Sequence[Cell]] = [
        [
            habit.day,
            habit.batch,
            habit.start,
            habit.end,
            f"{habit.output} (t)",
            f"{habit.energy} (kWh)",
        ]
    ]
    for day, group in groupby(heats, key=lambda heat: heat.start.date()):
        for index, batch in enumerate(group):
            clock = [batch.start.strftime(habit.clock), batch.end.strftime(habit.clock)]
            shown = day.strftime(habit.date) if index == 0 else ""
            rows.append(
                [
                    shown,
                    batch.name,
                    *clock,
                    habit.number(batch.output),
                    habit.number(batch.energy_kwh),
                ]
            )
    answers = {"batches.fill_down": "yes"}
    return Case(
        by_hand(folder, habit, rows, "blocks"), habit, "dates by block", truth_of(heats), answers
    )


def counter_at_both_ends(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """What the meter showed at the start and at the end."""
    shown, counters = (
        250_000.5,
        [f"{habit.energy} {habit.start} [kWh]", f"{habit.energy} {habit.end} [kWh]"],
    )
    rows: list[Sequence[Cell]] = [[*header_of(habit)[:4], *counters]]
    for heat in heats:
        later = round(shown + heat.energy_kwh, 1)
        rows.append([*row_of(habit, heat)[:4], habit.number(shown), habit.number(later)])
        shown = round(later + 12.5, 1)
    answers = {"energy.differences": "yes"}
    return Case(
        by_hand(folder, habit, rows, "counters"),
        habit,
        "counter at start and end",
        truth_of(heats),
        answers,
    )


def durations(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """How long each batch took: in every other language as hours and minutes, in the rest as
    minutes.
    """
    clock = bool(habits().index(habit) % 2)
    unit = "" if clock else " (min)"
    rows: list[Sequence[Cell]] = [
        [habit.batch, habit.start, f"{habit.duration}{unit}", *header_of(habit)[3:]]
    ]
    for heat in heats:
        minutes = int((heat.end - heat.start) / timedelta(minutes=1))
        took = f"{minutes // 60}:{minutes % 60:02}" if clock else str(minutes)
        rows.append([heat.name, habit.moment(heat.start), took, *row_of(habit, heat)[3:]])
    answers = {"batches.duration_s": "h:mm"}
    return Case(
        by_hand(folder, habit, rows, "durations"),
        habit,
        "durations for ends",
        truth_of(heats),
        answers,
    )


def _days(heats: Sequence[Heat]) -> list[Heat]:
    """Each day's output and energy as one run of a day, named by its date."""
    days = []
    for day, group in groupby(heats, key=lambda heat: heat.start.date()):
        batches, first = list(group), datetime.combine(day, time.min)
        output, energy_kwh = (
            round(sum(heat.output for heat in batches), 1),
            round(sum(heat.energy_kwh for heat in batches), 1),
        )
        days.append(Heat(day.isoformat(), first, first + _DAY, output, energy_kwh))
    return days


def month_in_the_title(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """A month's sheet: its name above, numbers of days below."""
    days = [day for day in _days(heats) if day.start.month == heats[0].start.month]
    amounts = [f"{habit.output} (t)", f"{habit.energy} (kWh)"]
    rows: list[Sequence[Cell]] = [
        [f"{habit.title} {days[0].start:%m/%Y}"],
        [],
        [habit.year_month_day[2], *amounts],
    ]
    rows += [[day.start.day, day.output, day.energy_kwh] for day in days]
    path = folder / f"{habit.language}-month.xlsx"
    as_workbook(path, Written(rows, name=habit.data))
    return Case(
        path,
        habit,
        "month in the title",
        truth_of(days),
        {"month": f"{days[0].start:%Y-%m}", "days": "yes"},
    )


def days_across(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """A column a day: dates side by side, output and energy below."""
    days = _days(heats)
    rows: list[Sequence[Cell]] = [
        [habit.day, *(day.start for day in days)],
        [f"{habit.output} (t)", *(day.output for day in days)],
        [f"{habit.energy} (kWh)", *(day.energy_kwh for day in days)],
    ]
    path = folder / f"{habit.language}-across.xlsx"
    as_workbook(path, Written(rows, name=habit.data))
    return Case(path, habit, "days across", truth_of(days), {"days": "yes"})


def joined_by_key(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """Heats in one file, what each pass of them used in another: as amounts, as what a counter of
    the heat shows, or once in the first.
    """
    rule = ("sum", "last", "first")[habits().index(habit) % 3]
    rows: list[Sequence[Cell]] = [[habit.batch, habit.iteration, f"{habit.energy} (kWh)"]]
    for heat in heats:
        parts = [round(heat.energy_kwh * share, 1) for share in (0.5, 0.3)]
        parts.append(round(heat.energy_kwh - sum(parts), 1))
        counted = [round(sum(parts[: index + 1]), 1) for index in range(3)]
        used = {"sum": parts, "last": counted, "first": [heat.energy_kwh, 0.0, 0.0]}[rule]
        rows += [[heat.name, index + 1, habit.number(amount)] for index, amount in enumerate(used)]
    beside = by_hand(folder, habit, rows, "passes-of-heats")
    whole: list[Sequence[Cell]] = [
        header_of(habit)[:4],
        *(row_of(habit, batch)[:4] for batch in heats),
    ]
    answers = {"energy.quantity.rows": rule}
    return Case(
        by_hand(folder, habit, whole, "heats"),
        habit,
        "tables joined by key",
        truth_of(heats),
        answers,
        beside=beside,
    )


def log_of_mean_power(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """A log whose energy is a mean power that names no unit."""
    rows: list[Sequence[Cell]] = [[habit.stamp, habit.machine, f"{habit.output} [t]", habit.power]]
    case = Case(
        folder / "none",
        habit,
        "log of mean power",
        {},
        {"log.energy": "rate", "log.unit": "kW"},
        runs={"kW", "rate"},
    )
    for number, heat in enumerate(heats):
        machine, power_kw = f"M{number % 2 + 1}", round(heat.energy_kwh / 20, 1)
        rows.append(
            [habit.moment(heat.start), machine, habit.number(heat.output), habit.number(power_kw)]
        )
        case.rows.append((machine, heat.start, heat.output, power_kw))
    case.path = by_hand(folder, habit, rows, "power")
    return case


def units_in_cells(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """Each number carries its unit, in groups of digits."""
    rows: list[Sequence[Cell]] = [[habit.batch, habit.start, habit.end, habit.output, habit.energy]]
    for heat in heats:
        amounts = [
            f"{habit.number(heat.output)} t",
            f"{habit.number(heat.energy_kwh, grouped=True)} kWh",
        ]
        rows.append([*row_of(habit, heat)[:3], *amounts])
    return Case(by_hand(folder, habit, rows, "units"), habit, "units in cells", truth_of(heats))


ARRANGEMENTS: tuple[Layout, ...] = (
    dates_by_block,
    counter_at_both_ends,
    durations,
    month_in_the_title,
    days_across,
    joined_by_key,
    log_of_mean_power,
    units_in_cells,
)
