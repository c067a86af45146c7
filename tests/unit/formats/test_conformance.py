"""The conformance kit: the worked example passes every check, and each broken source fails its own
check and no other.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.errors import InputError
from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.sources import conformance
from reporting_agent.sources.conformance import as_files, example
from reporting_agent.sources.interface import Source
from reporting_agent.sources.reading_log import DayDigests, ReadingBlock
from reporting_agent.sources.sheets import Sheet
from tests.example_source.historian import Historian, HistorianSource

Blocks = Callable[[Iterator[ReadingBlock]], Iterator[ReadingBlock]]


def failures(kind: Historian) -> dict[str, str]:
    return {check.name: check.why for check in conformance.check(kind) if not check.passed}


def test_the_worked_example_conforms() -> None:
    assert failures(Historian()) == {}


def test_the_kit_runs_by_name_and_says_what_passed(capsys: pytest.CaptureFixture[str]) -> None:
    assert conformance.main(["tests.example_source.historian:Historian", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in report["checks"]] == [
        *(
            "inputs",
            "tables",
            "complete",
            "order",
            "zones",
            "units",
            "values",
            "meters",
            "places",
            "restart",
            "refusals",
        )
    ]
    assert conformance.main(["no-such-source"]) == 1
    assert "steplabel.sources" in capsys.readouterr().err


class Broken(Historian):
    """The example with one thing changed."""

    def __init__(self, **changed: Any) -> None:
        self.changed = changed

    def connect(self, options: Mapping[str, object], folder: Path, zone: tzinfo) -> HistorianSource:
        source = super().connect(options, folder, zone)
        for name, method in self.changed.items():
            setattr(source, name, method(source))
        return source


def blocks(
    change: Blocks,
) -> Callable[[HistorianSource], Callable[[frozenset[str]], Iterator[ReadingBlock]]]:
    return lambda source: lambda meters: change(HistorianSource.readings(source, meters))


def each(change: Callable[[ReadingBlock], ReadingBlock]) -> Callable[[HistorianSource], Any]:
    return blocks(lambda readings: map(change, readings))


def without_blanks(block: ReadingBlock) -> ReadingBlock:
    with_value = ~np.isnan(block.value)
    return replace(
        block,
        time_us=block.time_us[with_value],
        value=block.value[with_value],
        row=block.row[with_value],
    )


def by_time(block: ReadingBlock) -> ReadingBlock:
    order = np.argsort(block.time_us, kind="stable")
    return replace(block, time_us=block.time_us[order], value=block.value[order])


def rows_of(
    change: Callable[[int, list[Any]], tuple[int, list[Any]]],
) -> Callable[[HistorianSource], Callable[[str], Sheet]]:
    def changed(source: HistorianSource) -> Callable[[str], Sheet]:
        def table(name: str) -> Sheet:
            sheet = HistorianSource.table(source, name)
            return Sheet(
                sheet.file, sheet.header, (change(row, list(cells)) for row, cells in sheet.rows)
            )

        return table

    return changed


BROKEN: dict[str, tuple[Historian, str]] = {
    "gives-an-input-that-there-is-not": (
        Broken(gives=lambda source: lambda: frozenset({"readings", "weather"})),
        "inputs",
    ),
    "drops-ids-leading-noughts": (
        Broken(table=rows_of(lambda row, cells: (row, [str(cells[0]).lstrip("0"), *cells[1:]]))),
        "tables",
    ),
    "writes-nought-for-not-known": (
        Broken(table=rows_of(lambda row, cells: (row, [cell or "0" for cell in cells]))),
        "tables",
    ),
    "leaves-out-what-is-not-known": (Broken(readings=each(without_blanks)), "complete"),
    "sorts-late-readings": (Broken(readings=each(by_time)), "order"),
    "takes-utc-for-local-time": (
        Broken(
            readings=each(
                lambda block: replace(
                    block, time_us=block.time_us - timedelta(hours=1) // timedelta(microseconds=1)
                )
            )
        ),
        "zones",
    ),
    "cuts-stamps-to-seconds": (
        Broken(
            readings=each(
                lambda block: replace(block, time_us=block.time_us // 1_000_000 * 1_000_000)
            )
        ),
        "zones",
    ),
    "hands-over-wh": (
        Broken(readings=each(lambda block: replace(block, value=block.value * 1000))),
        "units",
    ),
    "says-another-unit": (Broken(units=lambda source: lambda: {"main-1": "MWh"}), "units"),
    "keeps-single-precision": (
        Broken(
            readings=each(
                lambda block: replace(
                    block, value=block.value.astype(np.float32).astype(np.float64)
                )
            )
        ),
        "values",
    ),
    "repeats-the-last-value-where-none-is-known": (
        Broken(
            readings=each(
                lambda block: replace(
                    block,
                    value=np.where(np.isnan(block.value), np.roll(block.value, 1), block.value),
                )
            )
        ),
        "values",
    ),
    "hands-over-every-meter": (
        Broken(
            readings=lambda source: (
                lambda meters: HistorianSource.readings(source, meters | set(example().units))
            )
        ),
        "meters",
    ),
    "numbers-every-block-from-one": (
        Broken(
            readings=each(
                lambda block: replace(block, row=np.zeros(len(block.row), dtype=np.int64))
            )
        ),
        "places",
    ),
    "numbers-rows-backwards": (
        Broken(table=rows_of(lambda row, cells: (100 - row, cells))),
        "places",
    ),
    "reads-only-once": (Broken(readings=lambda source: Once(source)), "restart"),
}


class Once:
    """Readings that are the last ones when they are asked for a third time: a cursor that is never
    opened again.
    """

    def __init__(self, source: HistorianSource) -> None:
        self.source, self.asked = source, 0

    def __call__(self, meters: frozenset[str]) -> Iterator[ReadingBlock]:
        self.asked += 1
        readings = list(HistorianSource.readings(self.source, meters))
        return iter(readings if self.asked == 1 else [])


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_source_fails_its_own_check_and_no_other(name: str) -> None:
    kind, check = BROKEN[name]
    assert set(failures(kind)) == {check}
    assert failures(kind)[check]


class Careless(Historian):
    """Takes any options, and fails in its own words."""

    def connect(self, options: Mapping[str, object], folder: Path, zone: tzinfo) -> HistorianSource:
        return HistorianSource(folder / str(options["database"]))


def test_a_source_that_fails_in_its_own_words_fails_refusals_alone() -> None:
    assert set(failures(Careless())) == {"refusals"}
    assert "not refused" in failures(Careless())["refusals"]


def test_what_a_source_raises_is_a_failed_check_and_no_traceback() -> None:
    def raising(source: HistorianSource) -> Callable[[], Mapping[str, str]]:
        raise ConnectionResetError("gone away")

    assert "gone away" in failures(Broken(units=raising))["tables"]


def plant(folder: Path, source: bool) -> Path:
    """The kit's plant with a site.toml, by files or by the source."""
    works = example()
    files = as_files(works, folder)
    Historian().seed(works, folder)
    inputs = "\n".join(f'{name} = "{path.name}"' for name, path in files.items() if name != "log")
    if source:
        inputs = (
            'source = "tests.example_source.historian:Historian"\n[source]\ndatabase = '
            '"historian.sqlite"'
        )
    meters = "".join(
        f'[[meters]]\nid = "{name}"\nstep = "eaf"\ncarrier = "{carrier}"\nreading = '
        f'"register"\nunit = "{works.units[name]}"\n'
        for name, carrier in (("main-1", "electricity"), ("gas 2", "oxygen"))
    )
    site = (
        '[site]\nid = "w"\ntimezone = "Europe/Berlin"\npack = '
        f'"steel"\n[inputs]\n{inputs}\n{meters}'
    )
    (folder / "site.toml").write_text(site, encoding="utf-8")
    return folder / "site.toml"


def test_a_plant_read_through_a_source_is_the_plant_read_from_files(tmp_path: Path) -> None:
    read = []
    for road in (False, True):
        (tmp_path / str(road)).mkdir()
        site = plant(tmp_path / str(road), road)
        if road:  # the kit's plant has a log as well, which stands alone
            with closing(sqlite3.connect(site.parent / "historian.sqlite")) as base, base:
                base.execute('DROP TABLE "log"')
        days = DayDigests(example().units)
        data = pipeline.read(load_site(site), days=days)
        assert not data.rejected
        read.append(([replace(batch, place=None) for batch in data.batches], days.days()))
    assert read[0] == read[1]
    batches, days_of_meters = read[0]
    assert [len(batch.energy) for batch in batches] == [
        3,
        2,
        3,
    ]  # two meters, and gas by batch where it is known
    assert {day.meter for day in days_of_meters} == {"main-1", "gas 2"}


def test_a_unit_that_site_toml_contradicts_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = plant(tmp_path, source=True)
    site.write_text(
        site.read_text(encoding="utf-8").replace('unit = "kWh"', 'unit = "MWh"'), encoding="utf-8"
    )
    assert main(["check", "--site", str(site), "--out", str(tmp_path / "out"), "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["found"], error["wanted"]) == ("unit-differs", "kWh", "MWh")


def test_the_example_is_of_the_type_that_the_interface_asks(tmp_path: Path) -> None:
    kind = Historian()
    source: Source = kind.connect(kind.seed(example(), tmp_path), tmp_path, example().zone)
    with pytest.raises(InputError):
        source.table("weather")
    assert math.isnan(next(iter(source.readings(frozenset({"gas 2"})))).value.min())
