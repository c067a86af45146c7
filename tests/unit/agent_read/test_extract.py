"""The agent reads a plant's own rows and readings, handed over as they were read, to the same
batches as its files.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from benchmarks.measurements import Period
from fixtures.simulator.works import Works
from fixtures.simulator.works.design import DESIGNS
from reporting_agent import pipeline, sources
from reporting_agent.config import load_site
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.sources.reading_log import (
    Extract,
    ExtractReadings,
    ExtractRows,
    ReadingLog,
    rows_of,
)


def whole(inputs: Inputs) -> Extract:
    """Everything that the inputs hold."""
    names = [
        source
        for source in (sources.BATCHES, sources.ENERGY, sources.LOG)
        if inputs.has(source.name)
    ]
    tables = {
        source.name: tuple(rows_of(table, range(len(table))) for table in inputs.tables(source))
        for source in names
    }
    if not inputs.has("readings"):
        return Extract(tables)
    log = ReadingLog(corrections=inputs.corrections)
    readings_by_meter: dict[str, ExtractReadings] = {}
    meters = frozenset(meter.id for meter in inputs.site.meters)
    readings = inputs.readings()
    assert not callable(readings)
    for block in sources.stream_readings(
        readings, inputs.site.mapping.readings, meters, inputs.site.zone, log
    ):
        before = readings_by_meter.get(
            block.meter, ExtractReadings(np.empty(0, np.int64), np.empty(0))
        )
        readings_by_meter[block.meter] = ExtractReadings(
            np.concatenate((before.time_us, block.time_us)),
            np.concatenate((before.value, block.value)),
        )
    return Extract(tables, readings_by_meter, frozenset(log.in_skipped_hours))


@pytest.mark.slow
def test_an_extract_of_everything_gives_the_same_batches(tmp_path: Path, long: bool) -> None:
    """The short form reads two months with every fault at ten times the real rates."""
    with patch.dict(DESIGNS, {} if long else {"cement": replace(DESIGNS["cement"], days=60)}):
        truth = Works.live("cement", seed=1).write(tmp_path, rate=10)
    site = load_site(tmp_path / "site.toml")
    period = Period.parse(truth.period, site.zone)
    from_files = pipeline.read(site, period)
    again = pipeline.read(site, period, whole(Inputs(site)))
    assert len(again.batches) > 100
    assert [(batch.batch_id, batch.energy, batch.excluded) for batch in again.batches] == [
        (batch.batch_id, batch.energy, batch.excluded) for batch in from_files.batches
    ]


def test_a_column_that_only_some_rows_have_is_blank_in_the_others() -> None:
    parts = (
        ExtractRows(("batch_id", "step"), (("a", "s"),)),
        ExtractRows(("batch_id", "variant"), (("b", "v"), ("c", None))),
    )
    sheet = Extract({"batches": parts}).table("batches")
    assert sheet.header == ("batch_id", "step", "variant")
    assert list(sheet.rows) == [
        (2, ("a", "s", None)),
        (3, ("b", None, "v")),
        (4, ("c", None, None)),
    ]


def test_an_extract_gives_what_it_has_rows_of() -> None:
    assert Extract(
        {"batches": (ExtractRows(("a",), (("1",),)),), "energy": (ExtractRows(("a",), ()),)}
    ).gives() == {"batches"}
    assert Extract({}, {}).gives() == {"readings"}
