"""Small plants as raw files on every road, and neighbours of them: one row, or the readings in one window, replaced, added or removed."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

Row = dict[str, str]
Account = tuple[str, str]

START = datetime(2025, 1, 6, tzinfo=UTC)
_SITE = '[site]\nid = "works-1"\ntimezone = "Etc/UTC"\npack = "{pack}"\n[inputs]\n'
_METER = '[[meters]]\nid = "{id}"\nstep = "eaf"\nequipment = "{line}"\ncarrier = "electricity"\nreading = "{reading}"\nunit = "{unit}"\n'
_WITHOUT_OXYGEN = "[steps.eaf]\nnot_used = []\n"
_EVERY = timedelta(minutes=5)
_HEAT, _PAUSE = timedelta(minutes=50), timedelta(minutes=10)


@dataclass(frozen=True)
class Plant:
    """What its files hold, by file name; `site` is its site.toml. A neighbour says which accounts the changed record is of."""

    road: str
    site: str
    tables: dict[str, list[Row]]
    accounts: frozenset[Account] = frozenset()
    kind: str = ""
    xlsx: bool = False
    lines: tuple[str, ...] = field(default=("",))

    def write(self, folder: Path) -> None:
        (folder / "site.toml").write_text(self.site, encoding="utf-8")
        if self.xlsx:
            _workbook(folder / "log.xlsx", self.tables)
            return
        for name, rows in self.tables.items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
                writer.writerows(rows)


def _workbook(path: Path, tables: dict[str, list[Row]]) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        sheet.append(columns)
        for row in rows:
            sheet.append([row.get(column, "") for column in columns])
    book.remove(book.worksheets[0])
    book.save(path)


def _heats(count: int, line: str, chance: random.Random) -> tuple[list[Row], list[Row], list[tuple[datetime, float]]]:
    """Rows, gas and coke of each, and the electricity of each from its start."""
    rows: list[Row] = []
    energies: list[Row] = []
    powers: list[tuple[datetime, float]] = []
    for number in range(count):
        start = START + number * (_HEAT + _PAUSE)
        name = f"{line}H{number:04d}"
        output = round(chance.gauss(120, 3), 2)
        rows.append(
            {
                "batch_id": name, "step": "eaf", "product": "liquid-steel", "start": start.isoformat(),
                "end": (start + _HEAT).isoformat(), "output_quantity": str(output), "output_unit": "t",
                "variant": "plain-carbon" if number % 2 else "quality-carbon", "equipment": line, "status": "",
            }
        )  # fmt: skip
        powers.append((start, output * chance.gauss(400, 15)))
        gas = {"batch_id": name, "step": "eaf", "carrier": "natural-gas", "quantity": str(round(output * 6)), "unit": "Nm3", "lhv": "36"}
        energies.append({**gas, "lhv_unit": "MJ/Nm3"})
        energies.append({"batch_id": name, "step": "eaf", "carrier": "coke", "quantity": "1.2", "unit": "t"})
    return rows, energies, powers


def by_energy(count: int = 130, *, xlsx: bool = False) -> Plant:
    """Energy per batch, in CSV or in one workbook."""
    rows, energies, powers = _heats(count, "", random.Random(1))  # noqa: S311
    for row, (_, kwh) in zip(rows, powers, strict=True):
        energies.append({"batch_id": row["batch_id"], "step": "eaf", "carrier": "electricity", "quantity": f"{kwh:.0f}", "unit": "kWh"})
    site = _SITE.format(pack="steel")
    if xlsx:
        site += 'batches = "log.xlsx"\nenergy = "log.xlsx"\n[mapping.batches]\nsheet = "batches"\n[mapping.energy]\nsheet = "energy"\n'
    else:
        site += 'batches = "batches.csv"\nenergy = "energy.csv"\n'
    return Plant("workbook" if xlsx else "energy per batch", site, {"batches": rows, "energy": energies}, xlsx=xlsx)


def by_readings(reading: str, count: int = 240) -> Plant:
    """One line on one meter, read every five minutes."""
    rows, energies, powers = _heats(count, "", random.Random(2))  # noqa: S311
    readings = list(_read("m", reading, powers, random.Random(3)))  # noqa: S311
    site = _SITE.format(pack="steel") + 'batches = "batches.csv"\nenergy = "energy.csv"\nreadings = "readings.csv"\n'
    site += _METER.format(id="m", line="", reading=reading, unit="kW" if reading == "rate" else "kWh")
    return Plant(f"readings, {reading}", site, {"batches": rows, "energy": energies, "readings": readings})


def shared(rule: str, count: int = 130) -> Plant:
    """Two lines with registers of their own, and a meter that both share."""
    rows: list[Row] = []
    energies: list[Row] = []
    readings: list[Row] = []
    site = _SITE.format(pack="steel") + 'batches = "batches.csv"\nenergy = "energy.csv"\nreadings = "readings.csv"\n'
    for line in ("a", "b"):
        own, given, powers = _heats(count, line, random.Random(line))  # noqa: S311
        rows, energies = rows + own, energies + given
        readings += _read(f"m-{line}", "register", powers, random.Random(line))  # noqa: S311
        site += _METER.format(id=f"m-{line}", line=line, reading="register", unit="kWh")
    readings += _read("both", "interval", [(START + n * (_HEAT + _PAUSE), 400.0) for n in range(count)], random.Random(5))  # noqa: S311
    how = {"shares": ', shares = { "a" = 0.6, "b" = 0.4 }', "power": ', power = { "a" = 200.0, "b" = 180.0 }'}.get(
        rule, ', among = ["a", "b"]'
    )
    site += f'[[meters]]\nid = "both"\ncarrier = "electricity"\nreading = "interval"\nunit = "kWh"\nallocation = {{ by = "{rule}"{how} }}\n'
    site += "".join(f'[[equipment]]\nid = "{line}"\nstep = "eaf"\nrated_power_kw = 90000\n' for line in ("a", "b"))
    return Plant(f"shared by {rule}", site, {"batches": rows, "energy": energies, "readings": readings}, lines=("a", "b"))


def by_log(by: str = "shift", count: int = 130) -> Plant:
    """A mill's log of half hours, cut into runs."""
    chance = random.Random(4)  # noqa: S311
    rows: list[Row] = []
    for shift in range(count):
        begin = START + shift * timedelta(hours=8)
        level = chance.gauss(31, 0.6)
        for half in range(1, 17):
            tonnes = chance.gauss(60, 2)
            rows.append(
                {
                    "timestamp": (begin + half * timedelta(minutes=30)).isoformat(), "step": "cement-grinding", "equipment": "mill-1",
                    "product": "cement", "variant": "portland" if shift % 2 else "blended", "state": "",
                    "output_quantity": f"{tonnes:.2f}", "output_unit": "t", "energy": f"{tonnes * chance.gauss(level, 0.3):.1f}",
                }
            )  # fmt: skip
    site = _SITE.format(pack="cement") + f'log = "log.csv"\n[runs]\nby = "{by}"\nshift_starts = ["00:00", "08:00", "16:00"]\n'
    return Plant(f"log, by {by}", site, {"log": rows})


def _read(meter: str, reading: str, powers: Sequence[tuple[datetime, float]], chance: random.Random) -> Iterator[Row]:
    """A meter's readings every five minutes, from the beginning to an hour after the last heat."""
    total, end, heat = 1000.0, powers[-1][0] + 2 * _HEAT, 0
    moment = START - _EVERY
    while moment < end:
        moment += _EVERY
        before = moment - _EVERY
        while heat + 1 < len(powers) and powers[heat + 1][0] <= before:
            heat += 1
        start, kwh = powers[heat]
        used = kwh * (_EVERY / _HEAT) if start <= before < start + _HEAT else 0.5 * chance.random()
        total += used
        value = {"register": total, "interval": used, "rate": used * (timedelta(hours=1) / _EVERY)}[reading]
        yield {"meter_id": meter, "timestamp": moment.isoformat(), "value": f"{value:.3f}"}


# neighbours ----------------------------------------------------------------------------------------------------------------------------

_OTHER: dict[str, Callable[[str, random.Random], str]] = {
    "batch_id": lambda text, chance: chance.choice((f"{text}-x", "H0007", "H0033", "")),
    "step": lambda text, chance: chance.choice(("ladle-refining", "converter", "melting")),
    "product": lambda text, chance: chance.choice(("slag", "", "liquid-steel")),
    "variant": lambda text, chance: chance.choice(("plain-carbon", "quality-carbon", "stainless", "any", "", "golden")),
    "start": lambda text, chance: _moved(text, chance),
    "end": lambda text, chance: chance.choice(("", _moved(text, chance), _moved(text, chance, days=12), "not a time")),
    "output_quantity": lambda text, chance: chance.choice((str(float(text) * 1000), "0", "-5", "0.01", "1e9", "", str(float(text) * 1.05))),
    "output_unit": lambda text, chance: chance.choice(("kg", "t", "pcs", "kt")),
    "equipment": lambda text, chance: chance.choice(("a", "b", "", "eaf-9")),
    "status": lambda text, chance: chance.choice(("scrap", "test", "good", "broken")),
    "quantity": lambda text, chance: chance.choice(
        (f"{float(text) * 1000}", f"{float(text) / 1000}", "", "-3", "999.999", f"{float(text) * 1.3}")
    ),
    "unit": lambda text, chance: chance.choice(("MWh", "kWh", "GJ", "t", "Nm3", "furlong")),
    "carrier": lambda text, chance: chance.choice(("electricity", "natural-gas", "steam", "phlogiston")),
    "timestamp": lambda text, chance: _moved(text, chance),
    "state": lambda text, chance: chance.choice(("", "normal", "idle", "fault", "start-up")),
    "energy": lambda text, chance: chance.choice((f"{float(text) * 1000}", "", "0", "-4", f"{float(text) * 1.2}")),
}


def _moved(text: str, chance: random.Random, days: int = 0) -> str:
    minutes = chance.choice((-30, -3, 7, 25, 40, 240, -1440)) + 1440 * days
    return (datetime.fromisoformat(text) + timedelta(minutes=minutes)).isoformat()


def neighbour(plant: Plant, chance: random.Random) -> Plant:
    """One record changed in one or two fields, added, removed, or what was read in its window replaced by anything."""
    if "log" in plant.tables:
        return _log_neighbour(plant, chance)
    ways = [_replaced, _replaced, _removed, _added, *([_energy_replaced] if "energy" in plant.tables else [])]
    if "readings" in plant.tables:
        ways += [_read_otherwise, _read_otherwise, _row_and_readings]
    return chance.choice(ways)(plant, chance)


def mistyped(plant: Plant) -> Plant:
    """The neighbour that an attacker would choose: one end mistyped by twelve days (of a log, one row by one day)."""
    table = "log" if "log" in plant.tables else "batches"
    rows = list(plant.tables[table])
    old = rows[20]
    name = "timestamp" if table == "log" else "end"
    new = {**old, name: (datetime.fromisoformat(old[name]) + timedelta(days=1 if table == "log" else 12)).isoformat()}
    rows[20] = new
    return _with(plant, {table: rows}, "mistyped", old, new)


def _replaced(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["batches"])
    at = chance.randrange(len(rows))
    old, new = rows[at], _changed(rows[at], chance)
    rows[at] = new
    return _with(plant, {"batches": rows}, "row replaced", old, new)


def _changed(row: Row, chance: random.Random) -> Row:
    new = dict(row)
    for name in chance.sample([name for name in row if name in _OTHER], chance.choice((1, 1, 1, 2))):
        if new[name] or name in {"status", "state", "equipment"}:
            new[name] = _OTHER[name](new[name], chance)
    return new


def _removed(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["batches"])
    old = rows.pop(chance.randrange(len(rows)))
    return _with(plant, {"batches": rows}, "row removed", old)


def _added(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["batches"])
    model = chance.choice(rows)
    after = START + (len(rows) // len(plant.lines) + chance.randrange(3)) * (_HEAT + _PAUSE) + timedelta(minutes=3)
    new = {**model, "batch_id": chance.choice(("NEW", model["batch_id"]))}
    if chance.random() < 0.6:
        new |= {"start": after.isoformat(), "end": (after + _HEAT).isoformat()}
    if chance.random() < 0.5:
        new = _changed(new, chance)
    rows.insert(chance.randrange(len(rows) + 1), new)
    energies = list(plant.tables["energy"])
    energies += [
        {**one, "batch_id": new["batch_id"]} for one in energies if one["batch_id"] == model["batch_id"] and new["batch_id"] == "NEW"
    ]
    return _with(plant, {"batches": rows, "energy": energies}, "row added", new, model if new["batch_id"] == model["batch_id"] else new)


def _energy_replaced(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["energy"])
    at = chance.randrange(len(rows))
    old = rows[at]
    if chance.random() < 0.3:
        del rows[at]
        return _with(plant, {"energy": rows}, "energy removed", old)
    rows[at] = _changed(old, chance)
    return _with(plant, {"energy": rows}, "energy replaced", old, rows[at])


def _read_otherwise(plant: Plant, chance: random.Random) -> Plant:
    row = chance.choice(plant.tables["batches"])
    return _with(plant, {"readings": _other_readings(plant, row, chance)}, "readings replaced", row)


def _row_and_readings(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["batches"])
    at = chance.randrange(len(rows))
    old, new = rows[at], _changed(rows[at], chance)
    rows[at] = new
    return _with(plant, {"batches": rows, "readings": _other_readings(plant, old, chance)}, "row and readings replaced", old, new)


def _other_readings(plant: Plant, row: Row, chance: random.Random) -> list[Row]:
    """The readings of the batch's meters inside its window, by anything: other values, other stamps in it, none."""
    start, end = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
    late = 'reading = "interval"' in plant.site and "both" not in plant.site
    meters = {"m", f"m-{row['equipment']}"}

    def inside(one: Row) -> bool:
        stamp = datetime.fromisoformat(one["timestamp"])
        return one["meter_id"] in meters and (start < stamp <= end if late else start <= stamp < end)

    own = [one for one in plant.tables["readings"] if inside(one)]
    how = chance.choice(("thousandfold", "negative", "random", "nothing", "constant", "spike", "blank", "moved", "nines", "twice"))
    made: list[Row] = []
    for one in own:
        value = float(one["value"])
        if how == "nothing":
            continue
        new = {
            "thousandfold": value * 1000, "negative": -value, "random": chance.uniform(0, 1e6), "constant": 4711.0,
            "spike": value + (1e9 if chance.random() < 0.2 else 0), "nines": 999.999 if chance.random() < 0.3 else value,
        }.get(how, value)  # fmt: skip
        stamp = datetime.fromisoformat(one["timestamp"])
        if how == "moved":
            stamp = start + (end - start) * chance.uniform(0.001, 0.999)
        made.append({**one, "value": "" if how == "blank" else f"{new:.3f}", "timestamp": stamp.isoformat()})
        if how == "twice":
            made.append({**one, "value": f"{value * chance.choice((1, 2)):.3f}"})
    first = next((place for place, one in enumerate(plant.tables["readings"]) if inside(one)), 0)
    others = [one for one in plant.tables["readings"] if not inside(one)]
    return [*others[:first], *made, *others[first:]]


def _log_neighbour(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["log"])
    at = chance.randrange(len(rows))
    old = rows[at]
    way = chance.choice(("replaced", "replaced", "removed", "added"))
    if way == "removed":
        del rows[at]
        return _with(plant, {"log": rows}, "row removed", old)
    new = _changed(old, chance)
    if way == "added":
        rows.insert(chance.randrange(len(rows)), new)
        return _with(plant, {"log": rows}, "row added", new)
    rows[at] = new
    return _with(plant, {"log": rows}, "row replaced", old, new)


def _with(plant: Plant, tables: dict[str, list[Row]], kind: str, *changed: Row) -> Plant:
    return replace(plant, tables=plant.tables | tables, kind=kind, accounts=frozenset(account_of(row) for row in changed))


def account_of(row: Row) -> Account:
    """The account that a row names by its own cells: step and batch id, of a log's row the run that its stamp falls into."""
    if "timestamp" not in row:
        return row["step"], row["batch_id"]
    stamp = datetime.fromisoformat(row["timestamp"]) - timedelta(microseconds=1)
    window = stamp.replace(hour=stamp.hour // 8 * 8, minute=0, second=0, microsecond=0)
    named = (row["equipment"], row["product"], row["variant"], f"{window:%Y-%m-%dT%H:%M}")
    return row["step"], "/".join(part for part in named if part)
