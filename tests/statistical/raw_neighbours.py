"""Neighbours of raw plants: one row, or the readings in one window, replaced, added or removed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from tests.statistical.raw_plants import (
    HEAT,
    PAUSE,
    SIXTH_ABOVE,
    START,
    Account,
    Plant,
    Row,
    row_at_level,
)

_OTHER: dict[str, Callable[[str, random.Random], str]] = {
    "batch_id": lambda text, chance: chance.choice((f"{text}-x", "H0007", "H0033", "")),
    "step": lambda text, chance: chance.choice(("ladle-refining", "converter", "melting")),
    "product": lambda text, chance: chance.choice(("slag", "", "liquid-steel")),
    "variant": lambda text, chance: chance.choice(
        ("plain-carbon", "quality-carbon", "stainless", "any", "", "golden")
    ),
    "start": lambda text, chance: _moved(text, chance),
    "end": lambda text, chance: chance.choice(
        ("", _moved(text, chance), _moved(text, chance, days=12), "not a time")
    ),
    "output_quantity": lambda text, chance: chance.choice(
        (str(float(text) * 1000), "0", "-5", "0.01", "1e9", "", str(float(text) * 1.05))
    ),
    "output_unit": lambda text, chance: chance.choice(("kg", "t", "pcs", "kt")),
    "equipment": lambda text, chance: chance.choice(("a", "b", "", "eaf-9")),
    "status": lambda text, chance: chance.choice(("scrap", "test", "good", "broken")),
    "quantity": lambda text, chance: chance.choice(
        (
            f"{float(text) * 1000}",
            f"{float(text) / 1000}",
            "",
            "-3",
            "999.999",
            f"{float(text) * 1.3}",
        )
    ),
    "unit": lambda text, chance: chance.choice(("MWh", "kWh", "GJ", "t", "Nm3", "furlong")),
    "carrier": lambda text, chance: chance.choice(
        ("electricity", "natural-gas", "steam", "phlogiston")
    ),
    "timestamp": lambda text, chance: _moved(text, chance),
    "state": lambda text, chance: chance.choice(("", "normal", "idle", "fault", "start-up")),
    "energy": lambda text, chance: chance.choice(
        (f"{float(text) * 1000}", "", "0", "-4", f"{float(text) * 1.2}")
    ),
}


def _moved(text: str, chance: random.Random, days: int = 0) -> str:
    minutes = chance.choice((-30, -3, 7, 25, 40, 240, -1440)) + 1440 * days
    return (datetime.fromisoformat(text) + timedelta(minutes=minutes)).isoformat()


def neighbour(plant: Plant, chance: random.Random) -> Plant:
    """One record changed in one or two fields, added, removed, or what was read in its window
    replaced by anything.
    """
    if "log" in plant.tables:
        return _log_neighbour(plant, chance)
    ways = [
        _replaced,
        _replaced,
        _removed,
        _added,
        *([_energy_replaced] if "energy" in plant.tables else []),
    ]
    if "readings" in plant.tables:
        ways += [_read_otherwise, _read_otherwise, _row_and_readings]
    return chance.choice(ways)(plant, chance)


def mistyped(plant: Plant) -> Plant:
    """The neighbour that an attacker would choose: one end mistyped by twelve days (of a log, one
    row by one day).
    """
    table = "log" if "log" in plant.tables else "batches"
    rows = list(plant.tables[table])
    old = rows[20]
    name = "timestamp" if table == "log" else "end"
    new = {
        **old,
        name: (
            datetime.fromisoformat(old[name]) + timedelta(days=1 if table == "log" else 12)
        ).isoformat(),
    }
    rows[20] = new
    return _with(plant, {table: rows}, "mistyped", old, new)


def tipped(plant: Plant) -> Plant:
    """The neighbour in which one more batch lies a sixth above a thousandth: the filter no longer
    tells a unit, and leaves none out.
    """
    rows, output = (
        list(plant.tables["energy"]),
        {row["batch_id"]: float(row["output_quantity"]) for row in plant.tables["batches"]},
    )
    at = max(index for index, row in enumerate(rows) if row["carrier"] == "electricity")
    old, rows[at] = rows[at], row_at_level(rows[at], SIXTH_ABOVE, output)
    return _with(plant, {"energy": rows}, "tipped", old, rows[at])


def _replaced(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["batches"])
    at = _untouched(plant, rows, chance)
    old, new = rows[at], _changed(rows[at], chance)
    rows[at] = new
    return _with(plant, {"batches": rows}, "row replaced", old, new)


def _changed(row: Row, chance: random.Random) -> Row:
    new = dict(row)
    for name in chance.sample(
        [name for name in row if name in _OTHER], chance.choice((1, 1, 1, 2))
    ):
        if new[name] or name in {"status", "state", "equipment"}:
            new[name] = _OTHER[name](new[name], chance)
    return new


def _removed(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["batches"])
    old = rows.pop(_untouched(plant, rows, chance))
    return _with(plant, {"batches": rows}, "row removed", old)


def _added(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["batches"])
    model = rows[_untouched(plant, rows, chance)]
    after = (
        START
        + (len(rows) // len(plant.lines) + chance.randrange(3)) * (HEAT + PAUSE)
        + timedelta(minutes=3)
    )
    new = {**model, "batch_id": chance.choice(("NEW", model["batch_id"]))}
    if chance.random() < 0.6:
        new |= {"start": after.isoformat(), "end": (after + HEAT).isoformat()}
    if chance.random() < 0.5:
        new = _changed(new, chance)
    rows.insert(chance.randrange(len(rows) + 1), new)
    energies = plant.tables.get("energy", [])
    own = [
        {**row, "batch_id": "NEW"}
        for row in energies
        if row["batch_id"] == model["batch_id"] and new["batch_id"] == "NEW"
    ]
    besides = own or [model if new["batch_id"] == model["batch_id"] else new]
    return _with(plant, {"batches": rows, "energy": [*energies, *own]}, "row added", new, *besides)


def _energy_replaced(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["energy"])
    at = _untouched(plant, rows, chance)
    old = rows[at]
    if chance.random() < 0.3:
        del rows[at]
        return _with(plant, {"energy": rows}, "energy removed", old)
    rows[at] = _changed(old, chance)
    return _with(plant, {"energy": rows}, "energy replaced", old, rows[at])


def _read_otherwise(plant: Plant, chance: random.Random) -> Plant:
    row = plant.tables["batches"][_untouched(plant, plant.tables["batches"], chance)]
    return _with(plant, {"readings": _other_readings(plant, row, chance)}, "readings replaced", row)


def _row_and_readings(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["batches"])
    at = _untouched(plant, rows, chance)
    old, new = rows[at], _changed(rows[at], chance)
    rows[at] = new
    return _with(
        plant,
        {"batches": rows, "readings": _other_readings(plant, old, chance)},
        "row and readings replaced",
        old,
        new,
    )


def _other_readings(plant: Plant, row: Row, chance: random.Random) -> list[Row]:
    """The readings of the batch's meters inside its window, by anything: other values, other stamps
    in it, none.
    """
    start, end = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
    late = 'reading = "interval"' in plant.site and "both" not in plant.site
    meters = {"m", f"m-{row['equipment']}"}

    def inside(reading: Row) -> bool:
        meter, stamp = _declared(plant, reading)
        return meter in meters and (start < stamp <= end if late else start <= stamp < end)

    readings = plant.tables["readings"]
    own = [index for index, reading in enumerate(readings) if inside(reading)]
    how = chance.choice(
        (
            "thousandfold",
            "negative",
            "random",
            "nothing",
            "constant",
            "spike",
            "blank",
            "moved",
            "nines",
            "twice",
        )
    )
    edited: list[Row] = []
    for sample in (readings[index] for index in own):
        value = float(sample["value"])
        if how == "nothing":
            continue
        new = {
            "thousandfold": value * 1000,
            "negative": -value,
            "random": chance.uniform(0, 1e6),
            "constant": 4711.0,
            "spike": value + (1e9 if chance.random() < 0.2 else 0),
            "nines": 999.999 if chance.random() < 0.3 else value,
        }.get(how, value)
        stamp = _moment(sample["timestamp"])
        if how == "moved":
            stamp += (
                start + (end - start) * chance.uniform(0.001, 0.999) - _declared(plant, sample)[1]
            )
        edited.append(
            {
                **sample,
                "value": "" if how == "blank" else f"{new:.3f}",
                "timestamp": stamp.isoformat(),
            }
        )
        if how == "twice":
            edited.append({**sample, "value": f"{value * chance.choice((1, 2)):.3f}"})
    first, own_places = min(own, default=0), set(own)
    others = [reading for index, reading in enumerate(readings) if index not in own_places]
    return [*others[:first], *edited, *others[first:]]


_moment = cache(datetime.fromisoformat)


def _declared(plant: Plant, reading: Row) -> tuple[str, datetime]:
    """The meter and the moment that a reading is declared to be of."""
    meter, stamp = reading["meter_id"], _moment(reading["timestamp"])
    if not plant.spans:
        return meter, stamp
    spans = [span for span in plant.spans if span.start <= stamp < span.end]
    owner = next((span.other for span in spans if span.other and span.meter == meter), meter)
    return owner, stamp + sum((span.shift for span in spans if span.meter == owner), timedelta())


def _log_neighbour(plant: Plant, chance: random.Random) -> Plant:
    rows = list(plant.tables["log"])
    at = _untouched(plant, rows, chance)
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
    accounts = frozenset(account_of(row) for row in changed)
    return replace(
        plant,
        tables=plant.tables | tables,
        kind=kind,
        changed=changed,
        accounts=accounts,
        touched=plant.touched | accounts,
    )


def _untouched(plant: Plant, rows: Sequence[Row], chance: random.Random) -> int:
    """The index of some row that no change before was of."""
    return next(
        at
        for at in iter(lambda: chance.randrange(len(rows)), None)
        if account_of(rows[at]) not in plant.touched
    )


def tangled(plant: Plant) -> bool:
    """Whether the changed row of a neighbour runs at the time of another one of its line, which may
    leave its step without a bound.
    """
    if "readings" not in plant.tables:
        return False
    own = [
        (row, window)
        for row in plant.changed
        if "start" in row and (window := _window(row)) is not None
    ]
    return any(
        window[0] < other[1] and other[0] < window[1]
        for row, window in own
        for beside in plant.tables["batches"]
        if beside is not row
        and (
            len(plant.lines) < 2
            or row["equipment"] in {beside["equipment"], ""}
            or row["equipment"] not in plant.lines
        )
        if (other := _window(beside)) is not None and account_of(beside) not in plant.accounts
    )


def _window(row: Row) -> tuple[datetime, datetime] | None:
    try:
        return datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
    except ValueError:
        return None


def account_of(row: Row) -> Account:
    """The account that a row names by its own cells: step and batch id, of a log's row the run that
    its stamp falls into.
    """
    if "timestamp" not in row:
        return row["step"], row["batch_id"]
    stamp = datetime.fromisoformat(row["timestamp"]) - timedelta(microseconds=1)
    window = stamp.replace(hour=stamp.hour // 8 * 8, minute=0, second=0, microsecond=0)
    named = (row["equipment"], row["product"], row["variant"], f"{window:%Y-%m-%dT%H:%M}")
    return row["step"], "/".join(part for part in named if part)
