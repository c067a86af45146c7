"""Does a source hand over what it was given? `python -m reporting_agent.sources.conformance
NAME_OR_MODULE`

The provider's own `seed` puts the kit's plant (`example`) behind the source. Everything is read
through it and compared with the same plant from template files, to the last bit:

    inputs     at least one is given, and none that there is not
    tables     every row reads as the template's: ids, amounts, stamps, what is not known
    complete   no reading is left out or made up
    order      a meter's readings stand in the order recorded, a late one after a newer one
    zones      stamps are the right instants, across the hour that came twice
    units      values are in the unit declared, and `units` says so
    values     values keep every bit; what is not known is NaN with its stamp
    meters     only those asked for are given, and one that is not there is no fault
    places     a file or table is named, and row numbers rise within it
    restart    reading again, also halfway, gives the same
    refusals   wrong options are refused with code, sentence, remedy, found and wanted
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.csv_cells import csv_of
from benchmarks.errors import InputError
from reporting_agent.config import Profile
from reporting_agent.software import SOFTWARE
from reporting_agent.sources import interface, read_sheet, read_table, stream_readings, wanted
from reporting_agent.sources.interface import (
    READINGS,
    TABLES,
    Example,
    ExampleReading,
    Source,
    SourceKind,
)
from reporting_agent.sources.reading_log import ReadingBlock, ReadingLog
from reporting_agent.sources.wanted import BATCHES, ENERGY, LOG

ZONE = ZoneInfo("Europe/Berlin")
_MIDNIGHT = datetime(
    2016, 10, 29, 22, tzinfo=UTC
)  # of the night in which 02:00 to 03:00 came twice

_BATCHES = (
    (
        "batch_id",
        "step",
        "product",
        "start",
        "end",
        "output_quantity",
        "output_unit",
        "equipment",
        "var.power_on_s",
    ),
    (
        "007",
        "eaf",
        "liquid-steel",
        "2016-10-30T01:10:00+02:00",
        "2016-10-30T02:05:00+02:00",
        "122.5",
        "t",
        "Ofen Süd",
        "2400",
    ),
    (
        "H 8",
        "eaf",
        "liquid-steel",
        "2016-10-30T00:40:00Z",
        "2016-10-30T01:35:00Z",
        "121.125",
        "t",
        "Ofen Süd",
        "",
    ),
    (
        "一号-9",
        "eaf",
        "liquid-steel",
        "2016-10-30T02:50:00+01:00",
        "2016-10-30T03:45:00+01:00",
        "119000.3",
        "kg",
        "Ofen Süd",
        "2310.5",
    ),
)
_ENERGY = (
    ("batch_id", "step", "carrier", "quantity", "unit", "direction", "lhv", "lhv_unit"),
    ("007", "eaf", "natural-gas", "410.7", "Nm3", "import", "35.6", "MJ/Nm3"),
    ("H 8", "eaf", "natural-gas", "", "Nm3", "import", "35.6", "MJ/Nm3"),
    ("一号-9", "eaf", "natural-gas", "0.1", "Nm3", "import", "35.6", "MJ/Nm3"),
)
_LOG = (
    (
        "timestamp",
        "equipment",
        "step",
        "product",
        "state",
        "output_quantity",
        "output_unit",
        "energy",
    ),
    ("2016-10-30T01:00:00+02:00", "eaf-1", "eaf", "liquid-steel", "normal", "0", "t", "0"),
    (
        "2016-10-30T02:00:00+02:00",
        "eaf-1",
        "eaf",
        "liquid-steel",
        "normal",
        "120.25",
        "t",
        "48000.7",
    ),
    ("2016-10-30T02:00:00+01:00", "eaf-1", "eaf", "liquid-steel", "idle", "0", "t", ""),
    (
        "2016-10-30T03:00:00+01:00",
        "eaf-1",
        "eaf",
        "liquid-steel",
        "normal",
        "119.5",
        "t",
        "47123.1",
    ),
)


def example() -> Example:
    """The plant."""
    readings = []
    for minute in range(0, 300, 5):
        stamp = _MIDNIGHT + timedelta(minutes=minute)
        readings.append(ExampleReading("main-1", stamp, 988_000.1 + minute * 123.456789))
        if minute % 15 == 0:
            readings.append(
                ExampleReading(
                    "gas 2",
                    stamp + timedelta(milliseconds=250),
                    None if minute == 90 else minute / 3,
                )
            )
        if minute == 120:
            readings.append(ExampleReading("fan-süd", stamp, 0.1 + 0.2))
            readings.append(
                ExampleReading("fan-süd", stamp - timedelta(minutes=7), 1e-300)
            )  # came late
    return Example(
        ZONE,
        {"batches": _BATCHES, "energy": _ENERGY, "log": _LOG},
        readings,
        {"main-1": "kWh", "gas 2": "Nm3", "fan-süd": "MWh"},
    )


def as_files(plant: Example, folder: Path) -> dict[str, Path]:
    """The plant as template CSV files: what every other way is compared with."""
    rows = [tuple(column.name for column in wanted.READINGS.columns)]
    rows += [
        (
            reading.meter,
            reading.stamp.isoformat(),
            "" if reading.value is None else repr(reading.value),
        )
        for reading in plant.readings
    ]
    paths = {}
    for name, table in {**plant.tables, "readings": rows}.items():
        head, *below = table
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text(csv_of(head, below), encoding="utf-8", newline="")
    return paths


Stream = dict[str, tuple[list[int], list[float]]]  # meter -> stamps in UTC microseconds, values
_WANTED = {"batches": BATCHES, "energy": ENERGY, "log": LOG}
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class ConformanceCheck:
    """One check and, where it failed, why."""

    name: str
    why: str = ""

    @property
    def passed(self) -> bool:
        return not self.why


def check(kind: SourceKind) -> list[ConformanceCheck]:
    """All checks of a kind of source, in the order of the table above."""
    plant = example()
    with tempfile.TemporaryDirectory() as scratch:
        folder, own = Path(scratch) / "template", Path(scratch) / "own"
        folder.mkdir()
        own.mkdir()
        files = as_files(plant, folder)
        options = dict(kind.seed(plant, own))
        kit = _Kit(plant, files, kind, options, own)
        return [ConformanceCheck(name, _why(test)) for name, test in kit.checks().items()]


def _why(test: Callable[[], str]) -> str:
    try:
        return test()
    except Exception as anything:  # noqa: BLE001 - a stranger's code may raise anything, and that it does is the finding
        return f"raised {type(anything).__name__}: {anything}"


class _Kit:
    """The kit's plant behind one source, and the same plant out of template files."""

    def __init__(
        self,
        plant: Example,
        files: Mapping[str, Path],
        kind: SourceKind,
        options: Mapping[str, object],
        folder: Path,
    ) -> None:
        self.plant, self.files, self.kind, self.options, self.folder = (
            plant,
            files,
            kind,
            options,
            folder,
        )
        self.meters = frozenset(plant.units)

    def connect(self) -> Source:
        return self.kind.connect(dict(self.options), self.folder, ZONE)

    def checks(self) -> dict[str, Callable[[], str]]:
        """By name, what says why a check failed; blank where it passed."""
        of_readings = {
            name: (lambda name=name: self._readings().get(name, ""))
            for name in ("complete", "order", "zones", "units", "values")
        }
        others = {
            "meters": self._meters,
            "places": self._places,
            "restart": self._restart,
            "refusals": self._refusals,
        }
        return {"inputs": self._inputs, "tables": self._tables, **of_readings, **others}

    def _inputs(self) -> str:
        gives = self.connect().gives()
        if not gives:
            return "it gives no input"
        return (
            f"it gives {', '.join(sorted(gives - {*TABLES, READINGS}))}, which is no input"
            if gives - {*TABLES, READINGS}
            else ""
        )

    def _tables(self) -> str:
        source = self.connect()
        for name in sorted(source.gives() & set(TABLES)):
            wanted = read_table(self.files[name], Profile(), _WANTED[name], ZONE)
            table = read_sheet(lambda name=name: source.table(name), Profile(), _WANTED[name], ZONE)  # type: ignore[misc]
            if table.rejected:
                first = table.rejected[0]
                return (
                    f"{name}, {first.place}: {first.reason}; found {first.found}, wanted "
                    f"{first.wanted}"
                )
            if len(table) != len(wanted):
                return f"{name}: {len(table)} rows, the plant has {len(wanted)}"
            for column, values in wanted.columns.items():
                for row, (value, right) in enumerate(
                    zip(table.columns.get(column, [None] * len(table)), values, strict=True),
                    start=1,
                ):
                    if value != right:
                        return (
                            f"{name}, row {row} of the plant, {column}: handed over as {value!r}, "
                            f"is {right!r}"
                        )
        return ""

    def _readings(self) -> dict[str, str]:
        """The one thing that is wrong with the readings, by the name of its check."""
        source = self.connect()
        if READINGS not in source.gives():
            return {}
        streams = _stream(source.readings(self.meters))
        wanted = _stream(
            stream_readings([self.files[READINGS]], Profile(), self.meters, ZONE, ReadingLog())
        )
        for meter, unit in source.units().items():
            if unit != self.plant.units.get(meter, unit):
                return {"units": f"meter {meter}: says {unit}, is {self.plant.units[meter]}"}
        for meter in sorted(wanted):
            if wrong := _difference(streams.get(meter, ([], [])), wanted[meter]):
                return {wrong[0]: f"meter {meter}: {wrong[1]}"}
        return {}

    def _meters(self) -> str:
        source = self.connect()
        if READINGS not in source.gives():
            return ""
        asked = frozenset({"gas 2", "no such meter"})
        more = set(_stream(source.readings(asked))) - asked
        return (
            f"asked for 'gas 2', it hands over {', '.join(map(repr, sorted(more)))} as well"
            if more
            else ""
        )

    def _places(self) -> str:
        source = self.connect()
        for name in sorted(source.gives() & set(TABLES)):
            sheet = source.table(name)
            numbers = [row for row, _ in sheet.rows]
            if not sheet.file:
                return f"{name}: names no file or table"
            if numbers != sorted(set(numbers)) or (numbers and numbers[0] < 1):
                return f"{name}: row numbers {numbers[:5]} do not rise from 1 or more"
        last: dict[tuple[str, str], int] = {}
        for block in source.readings(self.meters) if READINGS in source.gives() else ():
            rows = [last.get((block.meter, block.file), 0), *block.row.tolist()]
            if not block.file:
                return f"meter {block.meter}: names no file or table"
            if any(later <= earlier for earlier, later in pairwise(rows)):
                return f"meter {block.meter}: row numbers {rows[1:6]} do not rise from 1 or more"
            last[block.meter, block.file] = rows[-1]
        return ""

    def _restart(self) -> str:
        source = self.connect()
        for name in sorted(source.gives() & set(TABLES)):
            begun = source.table(name).rows
            list(islice(begun, 1))
            again, once_more = list(source.table(name).rows), list(source.table(name).rows)
            if (
                not again
                or [list(row) for _, row in again] != [list(row) for _, row in once_more]
                or len(again) != 1 + len(list(begun))
            ):
                return f"{name}: read again it is not the same"
        if READINGS in source.gives():
            halfway = source.readings(self.meters)
            next(iter(halfway), None)
            first, second = (
                _stream(source.readings(self.meters)),
                _stream(source.readings(self.meters)),
            )
            if not first or repr(first) != repr(second):
                return "readings: read again they are not the same"
        return ""

    def _refusals(self) -> str:
        wrong: list[tuple[str, Callable[[], object]]] = [
            (
                "an option that there is not",
                lambda: self.kind.connect({**self.options, "no-such-option": 1}, self.folder, ZONE),
            ),
            ("a table that it does not give", lambda: self.connect().table("no-such-table")),
        ]
        if self.options:
            wrong.append(("no options", lambda: self.kind.connect({}, self.folder, ZONE)))
        for what, attempt in wrong:
            try:
                attempt()
            except InputError as refused:
                lacking = [
                    part
                    for part in ("code", "sentence", "remedy", "found", "wanted")
                    if not getattr(refused, part)
                ]
                if lacking:
                    return f"{what} is refused without {', '.join(lacking)}"
            else:
                return f"{what} is not refused"
        return ""


def _stream(blocks: Iterator[ReadingBlock]) -> Stream:
    streams: Stream = {}
    for block in blocks:
        stamps, values = streams.setdefault(block.meter, ([], []))
        stamps += block.time_us.tolist()
        values += block.value.tolist()
    return streams


def _difference(
    received: tuple[list[int], list[float]], wanted: tuple[list[int], list[float]]
) -> tuple[str, str] | None:
    """The name of the check that two streams of one meter fail, and why; the first that explains
    the difference.
    """
    (stamps, values), (right_stamps, right_values) = received, wanted
    if len(stamps) != len(right_stamps):
        return "complete", f"{len(stamps)} readings, the plant has {len(right_stamps)}"
    if stamps != right_stamps:
        if sorted(stamps) == sorted(right_stamps):
            return "order", "the same readings in another order"
        index, off = next(
            (index, a - b)
            for index, (a, b) in enumerate(zip(stamps, right_stamps, strict=True))
            if a != b
        )
        hours = (
            f"{off / _HOUR_US:g} hours" if off % (_HOUR_US // 4) == 0 else f"{off / 1e6:g} seconds"
        )
        return "zones", f"reading {index + 1} is stamped {hours} off"
    if np.array(values).tobytes() == np.array(right_values).tobytes():
        return None
    pairs = [
        (a, b) for a, b in zip(values, right_values, strict=True) if b == b and b != 0 and a == a
    ]
    ratios = {f"{a / b:.9g}" for a, b in pairs}
    if len(ratios) == 1 and ratios != {"1"}:
        return "units", f"every value is {next(iter(ratios))} times what it was"
    a, b = next((a, b) for a, b in zip(values, right_values, strict=True) if repr(a) != repr(b))
    return "values", f"handed over {a!r}, is {b!r}"


def main(argv: list[str] | None = None) -> int:
    """Run the kit; exit code 0 where every check passed, 1 where one failed or there is no such
    source.
    """
    parser = argparse.ArgumentParser(
        prog="python -m reporting_agent.sources.conformance",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument(
        "source",
        metavar="NAME_OR_MODULE",
        help="an installed source by its entry point, or module:attribute",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    args = parser.parse_args(argv)
    try:
        checks = check(interface.named(args.source))
    except InputError as refused:
        print(refused, file=sys.stderr)
        return 1
    if args.json:
        document: dict[str, Any] = {
            "schema": "steplabel/conformance/1",
            "source": args.source,
            "kit": SOFTWARE,
            "ran_on": datetime.now(UTC).date().isoformat(),
            "checks": [
                {"name": result.name, "passed": result.passed, "why": result.why}
                for result in checks
            ],
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print(
            "\n".join(
                f"{result.name:<10} {'passed' if result.passed else 'FAILED: ' + result.why}"
                for result in checks
            )
        )
    return 0 if all(result.passed for result in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
