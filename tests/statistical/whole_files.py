"""Plants in whose files one cell once decided how others are read, each with the neighbour that an
attacker would choose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks import packs
from reporting_agent.sources.rejected_rows import identity
from tests.statistical.raw_neighbours import account_of
from tests.statistical.raw_plants import (
    START,
    Account,
    Plant,
    Row,
    by_energy,
    by_log,
    by_readings,
    two_lines,
)

_BERLIN = ZoneInfo("Europe/Berlin")


def sentinels() -> Plant:
    """Every fourth heat has a reading of -999, declared to be none."""
    plant = by_readings("rate")
    rows = [
        {**row, "value": "-999"} if _at(row).hour % 4 == 0 and _at(row).minute == 25 else row
        for row in plant.tables["readings"]
    ]
    site = plant.site + '[mapping.readings.missing]\nvalue = ["-999"]\n'
    return _with(plant, "readings, a word declared as missing", readings=rows, site=site)


def blanked(plant: Plant) -> Plant:
    """One reading of one heat is blank."""
    return _read_otherwise(plant, "2025-01-06T21:10:00+00:00", value="")


def corrected() -> Plant:
    """Every other row was corrected by a person."""
    plant = by_energy()
    rows = [
        {**row, "output_unit": "heaps"} if at % 2 else row
        for at, row in enumerate(plant.tables["batches"])
    ]
    mended = [
        {
            "row_id": identity("batches", "batches.csv", list(row.values())),
            "input": "batches",
            "file": "batches.csv",
            **row,
            "output_unit": "t",
        }
        for row in rows
        if row["output_unit"] == "heaps"
    ]
    site = plant.site.replace("[inputs]\n", '[inputs]\ncorrections = "corrections.csv"\n')
    return _with(plant, "energy, corrected rows", batches=rows, corrections=mended, site=site)


def without_the_first(plant: Plant) -> Plant:
    """The first row is gone, and all others stand one row higher."""
    first, *rest = plant.tables["batches"]
    return _changed(plant, account_of(first), batches=rest)


def unmarked() -> Plant:
    """A workbook whose last cells are blank in every third row."""
    plant = by_energy(xlsx=True)
    rows = [
        {**row, "status": "good" if at % 3 else ""}
        for at, row in enumerate(plant.tables["batches"])
    ]
    return _with(plant, "workbook, blank last cells", batches=rows)


def typed_far_below(plant: Plant) -> Plant:
    """Something stands in a cell far below the table."""
    return replace(plant, far="A600000", kind="a far cell", accounts=frozenset())


def bare_hours() -> Plant:
    """Stamps of full hours are written without minutes."""
    plant = by_readings("register")
    stamps = [
        _at(row).strftime("%Y-%m-%d %H:%M").removesuffix(":00") for row in plant.tables["readings"]
    ]
    rows = [
        {**row, "timestamp": stamp}
        for row, stamp in zip(plant.tables["readings"], stamps, strict=True)
    ]
    return _with(plant, "readings, stamps of hours alone", readings=rows)


def garbled(plant: Plant) -> Plant:
    """One stamp cannot be read."""
    return _read_otherwise(plant, "2025-01-06 21:10", timestamp="2025-01-06 21:1x")


def shared_ids() -> Plant:
    """Rows share an id in fives, one of each variant, on a metered line."""
    variants = [variant.id for variant in packs.load("steel").step("eaf").variants]
    plant = by_readings("register", 51 * len(variants))
    rows = [
        {**row, "batch_id": f"G{at // len(variants):04d}", "variant": variants[at % len(variants)]}
        for at, row in enumerate(plant.tables["batches"])
    ]
    site = (
        plant.site.replace('energy = "energy.csv"\n', "")
        + '[steps.eaf]\nnot_used = ["natural-gas", "coke", "oxygen"]\n'
    )
    plant = _with(plant, "readings, ids shared by several rows", batches=rows, site=site)
    return replace(
        plant, tables={name: rows for name, rows in plant.tables.items() if name != "energy"}
    )


def into_the_next(plant: Plant) -> Plant:
    """The first row of one id ends within the second."""
    rows = list(plant.tables["batches"])
    at = next(at for at, row in enumerate(rows) if row["batch_id"] == "G0020")
    rows[at] = {
        **rows[at],
        "end": (datetime.fromisoformat(rows[at]["end"]) + timedelta(minutes=15)).isoformat(),
    }
    return _changed(plant, account_of(rows[at]), batches=rows)


def in_berlin() -> Plant:
    """Readings by a clock with summer time, batches in UTC, through the night on which it is put
    back.
    """
    plant = by_readings("register")
    later = datetime.fromisoformat("2025-10-24T00:00:00+00:00") - START
    batches = [
        {
            **row,
            **{
                name: (datetime.fromisoformat(row[name]) + later).isoformat()
                for name in ("start", "end")
            },
            "variant": "plain-carbon",
        }
        for row in plant.tables["batches"]
    ]
    local = [
        (_at(row) + later).astimezone(_BERLIN).replace(tzinfo=None).isoformat()
        for row in plant.tables["readings"]
    ]
    rows = [
        {**row, "timestamp": stamp}
        for row, stamp in zip(plant.tables["readings"], local, strict=True)
    ]
    site = plant.site + '[mapping.readings]\ntimezone = "Europe/Berlin"\n'
    return _with(
        plant, "readings, by a clock of their own", batches=batches, readings=rows, site=site
    )


def within_the_hour(plant: Plant) -> Plant:
    """One reading is moved within its heat, in the hour that comes twice."""
    return _read_otherwise(
        plant, "2025-10-26T02:05:00", timestamp="2025-10-26T02:45:00", batch="H0048"
    )


def ahead_in_berlin() -> Plant:
    """The same by a clock that runs eight hours ahead, as the site declares: it shows the hour
    twice in the afternoon before.
    """
    plant = in_berlin()
    ahead = [
        (datetime.fromisoformat(row["timestamp"]) + timedelta(hours=8)).isoformat()
        for row in by_readings("register").tables["readings"]
    ]
    later = datetime.fromisoformat("2025-10-24T00:00:00+00:00") - START
    local = [
        (datetime.fromisoformat(stamp) + later).astimezone(_BERLIN).replace(tzinfo=None).isoformat()
        for stamp in ahead
    ]
    rows = [
        {**row, "timestamp": stamp}
        for row, stamp in zip(plant.tables["readings"], local, strict=True)
    ]
    site = plant.site.replace(
        'reading = "register"', 'clock_offset_s = 28800\nreading = "register"'
    )
    return _with(plant, "readings, by a clock declared ahead", site, readings=rows)


def within_the_hour_it_shows(plant: Plant) -> Plant:
    """One reading is moved within its heat, in the hour that the clock shows twice."""
    return _read_otherwise(
        plant, "2025-10-26T02:05:00", timestamp="2025-10-26T02:45:00", batch="H0040"
    )


def by_span() -> Plant:
    """A log whose rows say how long they cover, and in what state the line is from then on."""
    plant = by_log()
    rows = [{**row, "span_s": "3600"} for row in plant.tables["log"]]
    return _with(
        plant,
        "log, states from the stamp",
        log=rows,
        site=plant.site + 'row_covers = "span"\nrow_state = "from-the-stamp"\n',
    )


def at_fault(plant: Plant) -> Plant:
    """The last row of one run says that the line is at fault."""
    rows = list(plant.tables["log"])
    rows[47] = {**rows[47], "state": "fault"}
    return _changed(plant, account_of(rows[47]), log=rows)


_REFINING = "ladle-refining"


def in_passes() -> Plant:
    """Heats and their refining, which bear the same ids: two rows each, of which the output of the
    first counts.
    """
    plant = by_energy()
    refined = [
        {**row, "step": _REFINING, "product": "refined-liquid-steel", "variant": ""}
        for row in plant.tables["batches"]
    ]
    energies = [
        {**row, "step": _REFINING, "quantity": str(float(row["quantity"]) * 0.08)}
        for row in plant.tables["energy"]
        if row["carrier"] == "electricity"
    ]
    rows = [
        row
        for pair in zip(plant.tables["batches"], refined, strict=True)
        for original in pair
        for row in (original, dict(original))
    ]
    site = plant.site + '[mapping.batches.rows]\noutput_quantity = "first"\n'
    return _with(
        plant,
        "energy, several rows per batch",
        site,
        batches=rows,
        energy=[*plant.tables["energy"], *energies],
    )


def unreadable_pass(plant: Plant) -> Plant:
    """The output of one row of one refining cannot be read."""
    rows = list(plant.tables["batches"])
    at = next(
        at for at, row in enumerate(rows) if (row["batch_id"], row["step"]) == ("H0021", _REFINING)
    )
    rows[at] = {**rows[at], "output_quantity": "12O.5"}
    return _changed(plant, (_REFINING, "H0021"), batches=rows)


def with_subtotals(start: str = "2 passes") -> Plant:
    """Heats of two passes, and below each a subtotal that bears the heat's id; where `start` is
    blank it can be read like any row.
    """
    plant = by_energy()
    rows: list[Row] = []
    for row in plant.tables["batches"]:
        whole = {"note": "", **row, "variant": "plain-carbon"}
        first = round(float(row["output_quantity"]) * 0.6, 2)
        passes = (first, round(float(row["output_quantity"]) - first, 2))
        rows += [{**whole, "output_quantity": str(amount)} for amount in passes]
        rows.append(
            {
                **whole,
                "note": "Subtotal",
                "start": start or row["start"],
                "output_quantity": f"{sum(passes):.2f}",
            }
        )
    return _with(
        plant,
        "energy, passes with subtotals",
        f'{plant.site}[mapping.batches.rows]\noutput_quantity = "sum"\n',
        batches=rows,
    )


def heavier_pass(plant: Plant) -> Plant:
    """One pass of one heat weighs a tonne more, and the subtotal does not."""
    rows = list(plant.tables["batches"])
    at = next(at for at, row in enumerate(rows) if row["batch_id"] == "H0072")
    rows[at] = {
        **rows[at],
        "output_quantity": str(round(float(rows[at]["output_quantity"]) + 1, 2)),
    }
    return _changed(plant, account_of(rows[at]), batches=rows)


def side_by_side() -> Plant:
    """Two lines at once, their registers in one wide file: a column a meter."""
    plant = two_lines(54)
    stamps: dict[str, Row] = {}
    for row in plant.tables["readings"]:
        stamps.setdefault(row["timestamp"], {"timestamp": row["timestamp"]})[row["meter_id"]] = row[
            "value"
        ]
    return _with(
        plant,
        "readings, a column a meter",
        plant.site + "[mapping.readings]\nwide = true\n",
        readings=list(stamps.values()),
    )


def unreadable_cell(plant: Plant) -> Plant:
    """What one line's meter shows in the middle of a heat cannot be read; the other line's stands
    beside it.
    """
    return _read_otherwise(plant, "2025-01-06T21:10:00+00:00", batch="aH0021", **{"m-a": "8x"})


PAIRS: tuple[tuple[Callable[[], Plant], Callable[[Plant], Plant]], ...] = (
    (sentinels, blanked),
    (corrected, without_the_first),
    (unmarked, typed_far_below),
    (bare_hours, garbled),
    (shared_ids, into_the_next),
    (in_berlin, within_the_hour),
    (ahead_in_berlin, within_the_hour_it_shows),
    (by_span, at_fault),
    (in_passes, unreadable_pass),
    (with_subtotals, heavier_pass),
    (side_by_side, unreadable_cell),
)


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(row["timestamp"])


def _read_otherwise(plant: Plant, stamp: str, *, batch: str = "H0021", **cells: str) -> Plant:
    """One reading with other cells, of a batch."""
    rows = [
        {**row, **cells} if row["timestamp"] == stamp else row for row in plant.tables["readings"]
    ]
    return _changed(plant, ("eaf", batch), readings=rows)


def _with(plant: Plant, road: str, site: str = "", **tables: list[Row]) -> Plant:
    return replace(plant, road=road, site=site or plant.site, tables=plant.tables | tables)


def _changed(plant: Plant, account: Account, **tables: list[Row]) -> Plant:
    return replace(
        plant, tables=plant.tables | tables, kind="chosen", accounts=frozenset({account})
    )
