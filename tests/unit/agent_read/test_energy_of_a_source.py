"""Energy per batch out of a provider's source: rows of one id are one batch, as where a file gives
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from pathlib import Path

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.sources.interface import Example, Source
from reporting_agent.sources.reading_log import ReadingBlock
from reporting_agent.sources.sheets import Sheet

SITE = f"""
[site]
id = "works-2"
timezone = "UTC"
pack = "steel"
[inputs]
source = "{__name__}:Database"
"""
TABLES = {
    "batches": (
        (
            "batch_id",
            "step",
            "variant",
            "start",
            "end",
            "output_quantity",
            "output_unit",
            "equipment",
        ),
        ("L1", "ladle-refining", "any", "2016-03-01 10:00", "2016-03-01 10:40", "60", "t", "lf-1"),
        (
            "L1",
            "ladle-refining",
            "vacuum-treated",
            "2016-03-01 10:40",
            "2016-03-01 11:20",
            "40",
            "t",
            "lf-1",
        ),
    ),
    "energy": (
        ("batch_id", "step", "carrier", "quantity", "unit"),
        ("L1", "ladle-refining", "electricity", "4000", "kWh"),
    ),
}


class Database:
    """A source of batches and their energy, without readings; it is its own kind."""

    def connect(self, options: Mapping[str, object], folder: Path, zone: tzinfo) -> Source:
        return self

    def seed(self, example: Example, folder: Path) -> Mapping[str, object]:
        return {}

    def gives(self) -> frozenset[str]:
        return frozenset(TABLES)

    def table(self, name: str) -> Sheet:
        header, *rows = TABLES[name]
        return Sheet(name, header, iter(enumerate(rows, start=2)))

    def readings(self, meters: frozenset[str]) -> Iterator[ReadingBlock]:
        return iter(())

    def units(self) -> Mapping[str, str]:
        return {}


def test_energy_that_a_source_gives_by_id_finds_the_rows_of_that_id(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    site = load_site(tmp_path / "site.toml")
    data = pipeline.read(site, Period.parse("2016", site.zone), outward=True)
    assert [
        (batch.batch_id, [energy.quantity for energy in batch.energy]) for batch in data.batches
    ] == [("L1", [4_000])]
    assert {finding.code for finding in data.findings} & {
        "energy-without-batch",
        "joint-run-cut",
    } == set()
    assert {batch.excluded for batch in data.outgoing.batches} == {"joint-run"}
