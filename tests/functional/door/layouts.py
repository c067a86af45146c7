"""Nineteen ways in which firms lay a table out, each written by the habit of a language.

A layout writes one file and says what a reader must find in it, and what a person who knows the
plant answers where he is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from tests.functional.door.plant import Habit, Heat, habits
from tests.functional.door.writing import (
    Cell,
    Written,
    as_open_document,
    as_text,
    as_workbook,
    work_out,
)

Truth = dict[
    str, tuple[datetime, datetime | None, float, float | None]
]  # by batch: start, end, t, kWh
Rows = list[tuple[str, datetime, float | None, float]]  # of what, when, t, kWh
EXCEL_NOUGHT = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's days have no zone


@dataclass(slots=True)
class Case:
    """One file with its truth: each batch's start, end, t and kWh (None: the file does not say)."""

    path: Path
    habit: Habit
    layout: str
    truth: Truth
    answers: dict[str, str] = field(default_factory=dict)
    sheet: str | None = None
    rows: Rows = field(default_factory=list)  # of readings and logs, which know no batches
    hopeless: str = ""  # the error code of a file that holds no values
    beside: Path | None = None  # a second table, of energy
    runs: set[str] = field(
        default_factory=lambda: {"kWh", "interval"}
    )  # of a log: unit and kind of its energy


Layout = Callable[[Habit, list[Heat], Path], Case]


def truth_of(heats: Sequence[Heat], *, end: bool = True) -> Truth:
    return {
        heat.name: (heat.start, heat.end if end else None, heat.output, heat.energy_kwh)
        for heat in heats
    }


def by_hand(folder: Path, habit: Habit, rows: list[Sequence[Cell]], layout: str) -> Path:
    path = folder / f"{habit.language}-{layout}.csv"
    as_text(path, Written(rows), habit.delimiter, habit.encoding)
    return path


def header_of(habit: Habit) -> list[Cell]:
    return [habit.batch, habit.start, habit.end, f"{habit.output} [t]", f"{habit.energy} [kWh]"]


def row_of(habit: Habit, heat: Heat, *, grouped: bool = False) -> list[Cell]:
    return [
        heat.name,
        habit.moment(heat.start),
        habit.moment(heat.end),
        habit.number(heat.output),
        habit.number(heat.energy_kwh, grouped=grouped),
    ]


def plain_text(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    rows: list[Sequence[Cell]] = [header_of(habit), *(row_of(habit, heat) for heat in heats)]
    return Case(by_hand(folder, habit, rows, "plain"), habit, "plain text", truth_of(heats))


def thousands_and_totals(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """Titles above, units in a row of their own, groups of digits, a total after each day and at
    the bottom.
    """

    def total(word: str, batches: Sequence[Heat]) -> list[Cell]:
        tonnes, kwh = sum(heat.output for heat in batches), sum(heat.energy_kwh for heat in batches)
        return [word, "", "", habit.number(tonnes, grouped=True), habit.number(kwh, grouped=True)]

    rows: list[Sequence[Cell]] = [[habit.title, "", "", "", ""], []]
    rows += [
        [habit.batch, habit.start, habit.end, habit.output, habit.energy],
        ["", "", "", "t", "kWh"],
    ]
    for _, group in groupby(heats, key=lambda heat: heat.start.date()):
        day_heats = list(group)
        rows += [
            *(row_of(habit, heat, grouped=True) for heat in day_heats),
            total(habit.day_total, day_heats),
        ]
    return Case(
        by_hand(folder, habit, [*rows, total(habit.total, heats)], "totals"),
        habit,
        "totals and groups",
        truth_of(heats),
    )


def date_and_clock_apart(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """A column of dates and two of clock times; what ends after midnight ends on the next day."""
    rows: list[Sequence[Cell]] = [
        [
            habit.batch,
            habit.day,
            habit.start,
            habit.end,
            f"{habit.output} (t)",
            f"{habit.energy} (kWh)",
        ]
    ]
    for heat in heats:
        clock = [heat.start.strftime(habit.clock), heat.end.strftime(habit.clock)]
        rows.append(
            [
                heat.name,
                heat.start.strftime(habit.date),
                *clock,
                habit.number(heat.output),
                habit.number(heat.energy_kwh),
            ]
        )
    return Case(
        by_hand(folder, habit, rows, "clock"), habit, "date and clock apart", truth_of(heats)
    )


def year_month_day(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    rows: list[Sequence[Cell]] = [
        [
            habit.batch,
            *habit.year_month_day,
            habit.time,
            f"{habit.output} (t)",
            f"{habit.energy} (kWh)",
        ]
    ]
    for heat in heats:
        at: list[Cell] = [
            heat.start.year,
            heat.start.month,
            heat.start.day,
            heat.start.strftime(habit.clock),
        ]
        rows.append([heat.name, *at, habit.number(heat.output), habit.number(heat.energy_kwh)])
    return Case(
        by_hand(folder, habit, rows, "ymd"),
        habit,
        "year, month, day in columns",
        truth_of(heats, end=False),
    )


def without_ends(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    rows: list[Sequence[Cell]] = [
        [habit.batch, habit.stamp, habit.product, f"{habit.output} t", f"{habit.energy} kWh"]
    ]
    for number, heat in enumerate(heats):
        rows.append(
            [
                heat.name,
                habit.moment(heat.start),
                f"S{number % 3}",
                habit.number(heat.output),
                habit.number(heat.energy_kwh),
            ]
        )
    return Case(
        by_hand(folder, habit, rows, "starts"),
        habit,
        "without end times",
        truth_of(heats, end=False),
    )


def two_digit_years(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    short = habit.date.replace("%Y", "%y")
    rows: list[Sequence[Cell]] = [header_of(habit)]
    for heat in heats:
        times = [at.strftime(f"{short} {habit.clock}") for at in (heat.start, heat.end)]
        rows.append([heat.name, *times, habit.number(heat.output), habit.number(heat.energy_kwh)])
    return Case(by_hand(folder, habit, rows, "years"), habit, "two digits of year", truth_of(heats))


def other_units(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """kg and MWh in the header, three decimals."""
    rows: list[Sequence[Cell]] = [
        [habit.batch, habit.start, habit.end, f"{habit.output} (kg)", f"{habit.energy} (MWh)"]
    ]
    for heat in heats:
        amounts = [habit.number(heat.output * 1000, 0), habit.number(heat.energy_kwh / 1000, 4)]
        rows.append([heat.name, habit.moment(heat.start), habit.moment(heat.end), *amounts])
    return Case(by_hand(folder, habit, rows, "units"), habit, "kg and MWh", truth_of(heats))


def ton_in_the_header(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """`ton` means two things: a person is asked."""
    rows: list[Sequence[Cell]] = [header_of(habit), *(row_of(habit, heat) for heat in heats)]
    rows[0] = [
        habit.batch,
        habit.start,
        habit.end,
        f"{habit.output} (ton)",
        f"{habit.energy} (kWh)",
    ]
    return Case(
        by_hand(folder, habit, rows, "ton"),
        habit,
        "ton in the header",
        truth_of(heats),
        {"batches.output_unit": "t"},
    )


def wide(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """A hundred columns: sensors before and after what is wanted."""
    sensors = [f"{habit.sensor} {number} (°C)" for number in range(1, 97)]
    rows: list[Sequence[Cell]] = [
        [
            habit.batch,
            habit.start,
            *sensors[:40],
            habit.end,
            f"{habit.output} (t)",
            *sensors[40:],
            f"{habit.energy} (kWh)",
        ]
    ]
    for index, heat in enumerate(heats):
        hot = [habit.number(800 + (index * 7 + number * 13) % 400) for number in range(96)]
        name, start, end, output, energy = row_of(habit, heat)
        rows.append([name, start, *hot[:40], end, output, *hot[40:], energy])
    return Case(by_hand(folder, habit, rows, "wide"), habit, "a hundred columns", truth_of(heats))


def merged_header(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """A workbook with a title, a header of two rows with merged cells, and typed cells."""
    rows: list[Sequence[Cell]] = [
        [habit.title],
        [],
        [habit.batch, habit.groups[0], None, habit.groups[1], None],
    ]
    rows.append([None, habit.start, habit.end, f"{habit.output} (t)", f"{habit.energy} (kWh)"])
    rows += [[heat.name, heat.start, heat.end, heat.output, heat.energy_kwh] for heat in heats]
    path = folder / f"{habit.language}-merged.xlsx"
    as_workbook(path, Written(rows, ["A1:E1", "A3:A4", "B3:C3", "D3:E3"], habit.data))
    return Case(path, habit, "merged header", truth_of(heats))


def serial_dates(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """Dates as Excel's bare numbers of days."""

    def days(at: datetime) -> float:
        return round((at - EXCEL_NOUGHT) / timedelta(days=1), 9)

    rows: list[Sequence[Cell]] = [header_of(habit)]
    rows += [
        [heat.name, days(heat.start), days(heat.end), heat.output, heat.energy_kwh]
        for heat in heats
    ]
    path = folder / f"{habit.language}-serial.xlsx"
    as_workbook(path, Written(rows, name=habit.data))
    return Case(path, habit, "serial dates", truth_of(heats), {"excel_dates": "1900"})


def open_document(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    rows: list[Sequence[Cell]] = [[habit.title], header_of(habit)]
    rows += [[heat.name, heat.start, heat.end, heat.output, heat.energy_kwh] for heat in heats]
    path = folder / f"{habit.language}-open.ods"
    as_open_document(path, Written(rows, name=habit.data))
    return Case(path, habit, "open document", truth_of(heats))


def other_sheet(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """Sums of months on a sheet before the one that holds the table; a person is asked which sheet
    it is.
    """
    rows: list[Sequence[Cell]] = [header_of(habit)]
    rows += [[heat.name, heat.start, heat.end, heat.output, heat.energy_kwh] for heat in heats]
    path = folder / f"{habit.language}-sheets.xlsx"
    as_workbook(
        path,
        Written(
            rows,
            name=habit.data,
            before={
                habit.cover: [
                    [habit.title],
                    ["2025"],
                    [habit.year_month_day[1], habit.output],
                    [5, 4800.5],
                    [6, 4700.0],
                ]
            },
        ),
    )
    return Case(path, habit, "another sheet", truth_of(heats), {"sheet": habit.data})


def formulas(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """Formulas; in every other language a spreadsheet program has worked them out, in the rest no
    program ever did.
    """
    rows: list[Sequence[Cell]] = [header_of(habit)]
    rows += [
        [heat.name, heat.start, heat.end, f"={heat.output}+0", f"={heat.energy_kwh}+0"]
        for heat in heats
    ]
    path = folder / f"{habit.language}-formulas.xlsx"
    as_workbook(path, Written(rows, name=habit.data))
    if habits().index(habit) % 2:
        work_out(path)
        return Case(path, habit, "formulas with values", truth_of(heats))
    return Case(path, habit, "formulas without values", {}, hopeless="formulas-without-values")


def iterations(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """Three rows a heat, one a pass: energy adds up, output stands in every row."""
    rows: list[Sequence[Cell]] = [
        [
            habit.batch,
            habit.iteration,
            habit.start,
            habit.end,
            f"{habit.output} (t)",
            f"{habit.energy} (kWh)",
        ]
    ]
    for heat in heats:
        third = (heat.end - heat.start) // 3
        third -= timedelta(seconds=third.seconds % 60)
        parts = [round(heat.energy_kwh * share, 1) for share in (0.5, 0.3)]
        parts.append(round(heat.energy_kwh - sum(parts), 1))
        for index, part in enumerate(parts):
            begins, ends = (
                heat.start + index * third,
                heat.end if index == 2 else heat.start + (index + 1) * third,
            )
            rows.append(
                [
                    heat.name,
                    index + 1,
                    habit.moment(begins),
                    habit.moment(ends),
                    habit.number(heat.output),
                    habit.number(part),
                ]
            )
    return Case(
        by_hand(folder, habit, rows, "passes"),
        habit,
        "several rows per batch",
        truth_of(heats),
        {"batches.output_quantity.rows": "first", "energy.quantity.rows": "sum"},
    )


def _quarter_hours(
    heats: Sequence[Heat], step: timedelta = timedelta(minutes=15)
) -> Iterator[tuple[datetime, float, float]]:
    """When, what a register of the furnace shows, and what was used since."""
    first, total = heats[0].start.replace(hour=0, minute=0), 100_000.5
    for number, heat in enumerate(heats):
        used = round(heat.energy_kwh / 40, 1)
        total = round(total + used, 1)
        yield first + number * step, total, used


def readings_apart(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """A date and a clock time in columns of their own, a column a meter: a register, and what
    another furnace used in each quarter of an hour.
    """
    meters = [f"{habit.machine} 1 (kWh)", f"{habit.machine} 2 (kWh)"]
    rows: list[Sequence[Cell]] = [[habit.day, habit.time, *meters]]
    case = Case(
        folder / "none", habit, "readings, date and clock apart", {}, {"readings.stamp": "end"}
    )
    for at, register, used in _quarter_hours(heats):
        other = round(0.8 * used, 1)
        rows.append(
            [
                at.strftime(habit.date),
                at.strftime(habit.clock),
                habit.number(register),
                habit.number(other),
            ]
        )
        case.rows += [(meters[0], at, None, register), (meters[1], at, None, other)]
    case.path = by_hand(folder, habit, rows, "quarters")
    return case


def meters_by_day(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """Meters alone, a row a day: what each used."""
    meters = [f"{habit.machine} 1 (kWh)", f"{habit.machine} 2 (MWh)"]
    rows: list[Sequence[Cell]] = [[habit.day, *meters]]
    case = Case(folder / "none", habit, "meters alone, by day", {}, {"readings.stamp": "start"})
    for at, _, used in _quarter_hours(heats, timedelta(days=1)):
        rows.append([at.strftime(habit.date), habit.number(used), habit.number(used / 1000, 4)])
        case.rows += [(meters[0], at, None, used), (meters[1], at, None, round(used / 1000, 4))]
    case.path = by_hand(folder, habit, rows, "days")
    return case


def meters_by_month(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """A workbook of meter readings, a row a month, as it is read off on the first."""
    meters = [f"{habit.machine} 1 (kWh)", f"{habit.machine} 2 (m3)"]
    rows: list[Sequence[Cell]] = [[habit.title], [], [habit.day, *meters]]
    case = Case(
        folder / f"{habit.language}-months.xlsx",
        habit,
        "meters alone, by month",
        {},
        {"readings.stamp": "start"},
    )
    for month, (_, register, used) in enumerate(_quarter_hours(heats[:24])):
        at = datetime(2024 + month // 12, month % 12 + 1, 1)  # noqa: DTZ001 - the plant's wall clock
        rows.append([at, register, used])
        case.rows += [(meters[0], at, None, register), (meters[1], at, None, used)]
    as_workbook(case.path, Written(rows, name=habit.data))
    return case


def log_without_ends(habit: Habit, heats: list[Heat], folder: Path) -> Case:
    """A log of two machines that knows neither batches nor ends: output and energy since the row
    before.
    """
    rows: list[Sequence[Cell]] = [
        [habit.stamp, habit.machine, f"{habit.output} [t]", f"{habit.energy} [kWh]"]
    ]
    case = Case(folder / "none", habit, "log without end times", {})
    for number, heat in enumerate(heats):
        machine = f"M{number % 2 + 1}"
        rows.append(
            [
                habit.moment(heat.start),
                machine,
                habit.number(heat.output),
                habit.number(heat.energy_kwh),
            ]
        )
        case.rows.append((machine, heat.start, heat.output, heat.energy_kwh))
    case.path = by_hand(folder, habit, rows, "log")
    return case


LAYOUTS: tuple[Layout, ...] = (
    plain_text,
    thousands_and_totals,
    date_and_clock_apart,
    year_month_day,
    without_ends,
    two_digit_years,
    other_units,
    ton_in_the_header,
    wide,
    merged_header,
    serial_dates,
    open_document,
    other_sheet,
    formulas,
    iterations,
    readings_apart,
    meters_by_day,
    meters_by_month,
    log_without_ends,
)
