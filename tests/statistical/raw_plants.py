"""Small plants as raw files on every road; `raw_neighbours` makes neighbours of them."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

Row = dict[str, str]
Account = tuple[str, str]

START = datetime(2025, 1, 6, tzinfo=UTC)
_SITE = '[site]\nid = "works-1"\ntimezone = "Etc/UTC"\npack = "{pack}"\n[inputs]\n'
_METER = (
    '[[meters]]\nid = "{id}"\nstep = "eaf"\nequipment = "{line}"\ncarrier = '
    '"electricity"\nreading = "{reading}"\nunit = "{unit}"\n'
)
_WITHOUT_OXYGEN = "[steps.eaf]\nnot_used = []\n"
_EVERY = timedelta(minutes=5)
HEAT, PAUSE = timedelta(minutes=50), timedelta(minutes=10)


@dataclass(frozen=True)
class Span:
    """A declared event of meters, from one moment as the source writes it until another: stamps
    that it shifts, or a swap with another.
    """

    meter: str
    start: datetime
    end: datetime
    shift: timedelta = timedelta()
    other: str = ""


@dataclass(frozen=True)
class Plant:
    """What its files hold, by file name; `site` is its site.toml. A neighbour says which accounts
    the changed record is of.
    """

    road: str
    site: str
    tables: dict[str, list[Row]]
    accounts: frozenset[Account] = frozenset()
    kind: str = ""
    xlsx: bool = False
    far: str = ""  # a cell of the first sheet, far below the table, in which something was typed
    lines: tuple[str, ...] = ("",)
    spans: tuple[Span, ...] = ()
    changed: tuple[Row, ...] = ()  # of a neighbour, the row as it was and as it is
    touched: frozenset[Account] = (
        frozenset()
    )  # and all accounts changed up to here, where a neighbour is made of a neighbour

    def write(self, folder: Path) -> None:
        (folder / "site.toml").write_text(self.site, encoding="utf-8")
        if self.xlsx:
            _workbook(folder / "log.xlsx", self.tables, self.far)
            return
        for name, rows in self.tables.items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
                writer.writerows(rows)


def _workbook(path: Path, tables: dict[str, list[Row]], far: str) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        sheet.append(columns)
        for row in rows:
            sheet.append([row.get(column) or None for column in columns])
    book.remove(book.worksheets[0])
    if far:
        book.worksheets[0][far] = "x"
    book.save(path)


def _heats(
    count: int, line: str, chance: random.Random, first: datetime = START
) -> tuple[list[Row], list[Row], list[tuple[datetime, float]]]:
    """Rows, gas and coke of each, and the electricity of each from its start."""
    rows: list[Row] = []
    energies: list[Row] = []
    powers: list[tuple[datetime, float]] = []
    for number in range(count):
        start = first + number * (HEAT + PAUSE)
        name = f"{line}H{number:04d}"
        output = round(chance.gauss(120, 3), 2)
        rows.append(
            {
                "batch_id": name,
                "step": "eaf",
                "product": "liquid-steel",
                "start": start.isoformat(),
                "end": (start + HEAT).isoformat(),
                "output_quantity": str(output),
                "output_unit": "t",
                "variant": "plain-carbon" if number % 2 else "quality-carbon",
                "equipment": line,
                "status": "",
                "var.hot_metal_pct": "0",
            }
        )
        powers.append((start, output * chance.gauss(400, 15)))
        gas = {
            "batch_id": name,
            "step": "eaf",
            "carrier": "natural-gas",
            "quantity": str(round(output * 6)),
            "unit": "Nm3",
            "lhv": "36",
        }
        energies.append({**gas, "lhv_unit": "MJ/Nm3"})
        energies.append(
            {
                "batch_id": name,
                "step": "eaf",
                "carrier": "coke",
                "quantity": "1.2",
                "unit": "t",
                "lhv": "28400",
            }
        )
    return rows, energies, powers


def by_energy(count: int = 104, *, xlsx: bool = False) -> Plant:
    """Energy per batch, in CSV or in one workbook."""
    rows, energies, powers = _heats(count, "", random.Random(1))  # noqa: S311
    for row, (_, kwh) in zip(rows, powers, strict=True):
        energies.append(
            {
                "batch_id": row["batch_id"],
                "step": "eaf",
                "carrier": "electricity",
                "quantity": f"{kwh:.0f}",
                "unit": "kWh",
            }
        )
    site = _SITE.format(pack="steel")
    if xlsx:
        site += 'batches = "log.xlsx"\nenergy = "log.xlsx"\n[mapping.batches]\nsheet = "batches"\n[mapping.energy]\nsheet = "energy"\n'
    else:
        site += 'batches = "batches.csv"\nenergy = "energy.csv"\n'
    return Plant(
        "workbook" if xlsx else "energy per batch",
        site,
        {"batches": rows, "energy": energies},
        xlsx=xlsx,
    )


def by_readings(reading: str, count: int = 104) -> Plant:
    """One line on one meter, read every five minutes."""
    rows, energies, powers = _heats(count, "", random.Random(2))  # noqa: S311
    readings = list(_read("m", reading, powers, random.Random(3)))  # noqa: S311
    site = (
        _SITE.format(pack="steel")
        + 'batches = "batches.csv"\nenergy = "energy.csv"\nreadings = "readings.csv"\n'
    )
    site += _METER.format(
        id="m", line="", reading=reading, unit="kW" if reading == "rate" else "kWh"
    )
    return Plant(
        f"readings, {reading}", site, {"batches": rows, "energy": energies, "readings": readings}
    )


def two_lines(count: int, *, by_turns: bool = False) -> Plant:
    """Two lines, each on a register of its own, side by side or one after the other."""
    rows: list[Row] = []
    energies: list[Row] = []
    readings: list[Row] = []
    site = (
        _SITE.format(pack="steel")
        + 'batches = "batches.csv"\nenergy = "energy.csv"\nreadings = "readings.csv"\n'
    )
    for line in ("a", "b"):
        first = START + count * (HEAT + PAUSE) if by_turns and line == "b" else START
        own, given_energies, powers = _heats(count, line, random.Random(line), first)  # noqa: S311
        rows, energies = rows + own, energies + given_energies
        readings += _read(f"m-{line}", "register", powers, random.Random(line))  # noqa: S311
        site += _METER.format(id=f"m-{line}", line=line, reading="register", unit="kWh")
    site += "".join(
        f'[[equipment]]\nid = "{line}"\nstep = "eaf"\nrated_power_kw = 90000\n'
        for line in ("a", "b")
    )
    return Plant(
        "two lines",
        site,
        {"batches": rows, "energy": energies, "readings": readings},
        lines=("a", "b"),
    )


def shared(rule: str, count: int = 54, *, by_turns: bool = False) -> Plant:
    """Two lines with registers of their own, and a meter that both share; `by_turns` the second
    runs after the first.
    """
    plant = two_lines(count, by_turns=by_turns)
    powers = [(START + n * (HEAT + PAUSE), 400.0) for n in range(2 * count if by_turns else count)]
    readings = [*plant.tables["readings"], *_read("both", "interval", powers, random.Random(5))]  # noqa: S311
    how = {
        "shares": ', shares = { "a" = 0.6, "b" = 0.4 }',
        "power": ', power = { "a" = 200.0, "b" = 180.0 }',
    }.get(rule, ', among = ["a", "b"]')
    site = (
        '[[meters]]\nid = "both"\ncarrier = "electricity"\nreading = "interval"\nunit = '
        f'"kWh"\nallocation = {{ by = "{rule}"{how} }}\n'
    )
    road, lines = (
        (f"shared by {rule}, in turn", ("",)) if by_turns else (f"shared by {rule}", plant.lines)
    )
    return replace(
        plant,
        road=road,
        site=plant.site + site,
        tables=plant.tables | {"readings": readings},
        lines=lines,
    )


def small_shared(rule: str = "hours", most_kw: float = 1000.0, *, by_turns: bool = False) -> Plant:
    """The same with ranges: the lines' own meters give 140 MW at most, the shared one `most_kw`."""
    plant = shared(rule, by_turns=by_turns)
    site = plant.site.replace('id = "both"\n', f'id = "both"\nrange = [0.0, {most_kw}]\n')
    for line in ("a", "b"):
        site = site.replace(f'id = "m-{line}"\n', f'id = "m-{line}"\nrange = [0.0, 140000.0]\n')
    return replace(plant, road=f"small shared meter, by {rule}", site=site)


def at_a_class() -> Plant:
    """Two variants of fifty batches, as many as a release needs: one less of either, and it does
    not leave.
    """
    return replace(by_energy(100), road="energy, at the edge of a class")


THOUSANDTHS, BESIDE, SIXTH_ABOVE = 200, 100, 0.464


def tipping() -> Plant:
    """1,200 batches of one variant within 1 % of each other, 200 in MWh under a header of kWh, and
    100 a sixth above those.

    That is the most beside a thousandth at which the plant's own label still tells a unit, and
    leaves the 200 out.
    """
    plant = by_energy(1200)
    batches = [{**row, "variant": "plain-carbon"} for row in plant.tables["batches"]]
    output = {row["batch_id"]: float(row["output_quantity"]) for row in batches}
    ids = list(output)
    level = {name: 396.0 + at % 9 for at, name in enumerate(ids)}
    level |= dict.fromkeys(ids[:THOUSANDTHS], 0.4) | dict.fromkeys(
        ids[THOUSANDTHS : THOUSANDTHS + BESIDE], SIXTH_ABOVE
    )
    rows = [row_at_level(row, level[row["batch_id"]], output) for row in plant.tables["energy"]]
    return replace(
        plant,
        road="energy, a unit filter about to tip",
        tables={"batches": batches, "energy": rows},
    )


def row_at_level(row: Row, level: float, output: Mapping[str, float]) -> Row:
    """Electricity of so many kWh a tonne."""
    return (
        row
        if row["carrier"] != "electricity"
        else {**row, "quantity": f"{output[row['batch_id']] * level:.4f}"}
    )


def declared_rows() -> Plant:
    """Energy per batch, with every event that a step may have: outputs, one carrier, clocks, and
    time that is unusable.
    """
    plant = by_energy()
    first, second, third, fourth = (
        START + n * (HEAT + PAUSE) - timedelta(minutes=4) for n in (10, 30, 50, 70)
    )
    early = timedelta(minutes=9)
    batches = []
    for row in plant.tables["batches"]:
        start, end, tonnes = (
            datetime.fromisoformat(row["start"]),
            datetime.fromisoformat(row["end"]),
            float(row["output_quantity"]),
        )
        if first <= start < second:
            tonnes *= 1.25
        if third <= start - early < fourth:
            start, end = start - early, end - early
        batches.append(
            {
                **row,
                "output_quantity": f"{tonnes:.3f}",
                "start": start.isoformat(),
                "end": end.isoformat(),
            }
        )
    site = plant.site + _event("step", "eaf", first, second, 'kind = "ratio"\nfactor = 0.8')
    site += _event(
        "step", "eaf", second, third, 'kind = "unit"\ncarrier = "natural-gas"\nfactor = 1.02'
    )
    site += _event(
        "step", "eaf", third, fourth, f'kind = "clock"\noffset = "{early.seconds // 60} min"'
    )
    site += _event("step", "eaf", fourth, fourth + 2 * (HEAT + PAUSE), 'kind = "unusable"')
    return replace(
        plant, road="energy, declared events", site=site, tables=plant.tables | {"batches": batches}
    )


def declared_meters() -> Plant:
    """Two lines, each on its register, with every event that a meter may have: ratio, unit, clock,
    swapped channels, unusable time.
    """
    plant = two_lines(60)
    at = [START + n * (HEAT + PAUSE) - PAUSE / 2 for n in (6, 14, 20, 28, 32, 40, 48, 50)]
    slow, shift = timedelta(minutes=7), timedelta(minutes=-7)
    readings = []
    for row in plant.tables["readings"]:
        stamp, value, meter = (
            datetime.fromisoformat(row["timestamp"]),
            float(row["value"]),
            row["meter_id"],
        )
        if meter == "m-a" and at[0] <= stamp < at[1]:
            value /= 2
        if meter == "m-a" and at[2] <= stamp < at[3]:
            value *= 1000
        if meter == "m-b" and at[0] <= stamp + shift < at[1]:
            stamp += shift
        if at[4] <= stamp < at[5]:
            meter = {"m-a": "m-b", "m-b": "m-a"}[meter]
        readings.append(
            {"meter_id": meter, "timestamp": stamp.isoformat(), "value": f"{value:.3f}"}
        )
    site = plant.site + _event("meter", "m-a", at[0], at[1], 'kind = "ratio"\nfactor = 2.0')
    site += _event("meter", "m-a", at[2], at[3], 'kind = "unit"\nfactor = 0.001')
    site += _event(
        "meter", "m-b", at[0], at[1], f'kind = "clock"\noffset = "{slow.seconds // 60} min"'
    )
    site += _event("meter", "m-a", at[4], at[5], 'kind = "swap"\nwith = "m-b"')
    site += _event("meter", "m-b", at[6], at[7], 'kind = "unusable"')
    spans = (
        Span("m-b", at[0], at[1], slow),
        Span("m-a", at[4], at[5], other="m-b"),
        Span("m-b", at[4], at[5], other="m-a"),
    )
    return replace(
        plant,
        road="readings, declared events",
        site=site,
        tables=plant.tables | {"readings": readings},
        spans=spans,
    )


def _event(of: str, name: str, start: datetime, end: datetime, what: str) -> str:
    return (
        f'[[events]]\n{of} = "{name}"\nfrom = {start.isoformat()}\nuntil = '
        f"{end.isoformat()}\n{what}\n"
        'reason = "Work order 2025-117, read off the certificate."\n'
    )


def by_log(by: str = "shift", count: int = 104) -> Plant:
    """A mill's hourly log, cut into runs."""
    chance = random.Random(4)  # noqa: S311
    rows: list[Row] = []
    for shift in range(count):
        begin = START + shift * timedelta(hours=8)
        level = chance.gauss(31, 0.6)
        for hour in range(1, 9):
            tonnes = chance.gauss(120, 4)
            rows.append(
                {
                    "timestamp": (begin + timedelta(hours=hour)).isoformat(),
                    "step": "cement-grinding",
                    "equipment": "mill-1",
                    "product": "cement",
                    "variant": "portland" if shift % 2 else "blended",
                    "state": "",
                    "output_quantity": f"{tonnes:.2f}",
                    "output_unit": "t",
                    "energy": f"{tonnes * chance.gauss(level, 0.3):.1f}",
                    "var.blaine_m2_kg": "350",
                }
            )
    site = (
        _SITE.format(pack="cement")
        + f'log = "log.csv"\n[runs]\nby = "{by}"\nshift_starts = ["00:00", "08:00", "16:00"]\n'
    )
    return Plant(f"log, by {by}", site, {"log": rows})


def _read(
    meter: str, reading: str, powers: Sequence[tuple[datetime, float]], chance: random.Random
) -> Iterator[Row]:
    """A meter's readings every five minutes, from the beginning to an hour after the last heat."""
    total, end, heat = 1000.0, powers[-1][0] + 2 * HEAT, 0
    moment = START - _EVERY
    while moment < end:
        moment += _EVERY
        before = moment - _EVERY
        while heat + 1 < len(powers) and powers[heat + 1][0] <= before:
            heat += 1
        start, kwh = powers[heat]
        used = kwh * (_EVERY / HEAT) if start <= before < start + HEAT else 0.5 * chance.random()
        total += used
        value = {"register": total, "interval": used, "rate": used * (timedelta(hours=1) / _EVERY)}[
            reading
        ]
        yield {"meter_id": meter, "timestamp": moment.isoformat(), "value": f"{value:.3f}"}
