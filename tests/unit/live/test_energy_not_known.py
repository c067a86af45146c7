"""Energy that is not known is said to be unknown, by the rules of `label`, and no history is learned from it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
from reporting_agent.live.plant import Plant
from reporting_agent.live.reading import Reading
from reporting_agent.live.segments import Row
from reporting_agent.live.shifts import done

HEATS = 30  # of each furnace: some more than make a usual course


@pytest.fixture(scope="module")
def furnaces() -> Furnaces:
    return Furnaces(heats=HEATS, every_s=120)


@pytest.fixture(scope="module")
def site(furnaces: Furnaces, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnaces.write(tmp_path_factory.mktemp("plant"))


def _us(stamp: datetime) -> int:
    return round(stamp.timestamp() * 1e6)


def _filled(furnaces: Furnaces, site: Path, rows: list[Row]) -> Plant:
    """A plant that begins with what a spool holds of all heats, and these rows beside."""
    plant = Plant(load_site(site), date(2025, 1, 2))
    held: dict[str, list[tuple[int, float]]] = {}
    for sent in furnaces.readings():
        held.setdefault(sent.meter, []).append((_us(sent.stamp), sent.value))
    readings = {name: (np.array([at for at, _ in pairs]), np.array([value for _, value in pairs], float)) for name, pairs in held.items()}
    batches = [{"table": "batches", **row} for row in furnaces.batches()]
    plant.fill(readings, [*batches, *rows], max(int(times.max()) for times, _ in readings.values()))
    return plant


def _from(furnaces: Furnaces, start: str) -> Row:
    """The row of a batch that ended amid the heats, with this start."""
    return {"table": "batches", **furnaces.batches()[40], "batch_id": "H1-wrong", "start": start}


@pytest.mark.parametrize("start", ["1990-01-01T00:00:00+00:00", "2024-12-25T00:00:00+00:00"])
def test_history_begins_with_readings_whatever_start_a_batch_is_said_to_have(furnaces: Furnaces, site: Path, start: str) -> None:
    """A start in 1990 would else make 1,800 weeks of history, and have thresholds vouched for by nothing."""
    usual = _filled(furnaces, site, [])
    plant = _filled(furnaces, site, [_from(furnaces, start)])
    assert plant.history.weeks == usual.history.weeks < 1
    assert plant.history.limits == usual.history.limits
    wrong = plant.log.batches["eaf", "H1-wrong"]
    assert wrong.noted is not None
    assert (wrong.kgce, wrong.counted, wrong.excess) == (None, None, None)


def test_the_shift_counts_a_batch_without_readings_and_not_its_energy(furnaces: Furnaces, site: Path) -> None:
    begin, end = furnaces.begin, furnaces.begin + timedelta(days=9)
    usual = done(_filled(furnaces, site, []), (), begin, end)
    shift = done(_filled(furnaces, site, [_from(furnaces, "1990-01-01T00:00:00+00:00")]), (), begin, end)
    assert sum(line.batches for line in shift.lines) == sum(line.batches for line in usual.lines) + 1
    assert [line.above for line in shift.lines] == pytest.approx([line.above for line in usual.lines])


def test_a_batch_told_after_its_readings_were_let_go_of_is_counted_from_the_spool(furnaces: Furnaces, site: Path) -> None:
    """As by an MES that tells of a batch once it ended."""
    plant = Plant(load_site(site), date(2025, 1, 2))
    plant.take(Reading(sent.meter, _us(sent.stamp), sent.value, received_us=_us(sent.stamp)) for sent in furnaces.readings())
    plant.settle()
    plant.take((), [{"table": "batches", **furnaces.batches()[0]}, _from(furnaces, "1990-01-01T00:00:00+00:00")])
    assert [batch.kgce for batch in plant.settle()] == [None, None]
    assert [batch.id for batch in plant.log.corrected.values()] == [furnaces.batches()[0]["batch_id"]]
