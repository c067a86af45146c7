"""What every test of the sending side may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reporting_agent.sending.submission import ReportMaterial
from reporting_agent.state import StateDirectory
from tests.unit.agent_send.cast import Desk, FakePortal, heats, material


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


@pytest.fixture
def desk(state: StateDirectory) -> Iterator[Desk]:
    with state.exclusive(), state.connect() as connection:
        yield Desk(state, connection, FakePortal(), [])


@pytest.fixture
def enrolled(desk: Desk) -> Desk:
    desk.enrol()
    return desk


@pytest.fixture(scope="session")
def year() -> ReportMaterial:
    """400 heats of 2016."""
    return material(heats(400))


@pytest.fixture(scope="session")
def changed_year() -> ReportMaterial:
    """The same year after somebody found one more heat."""
    return material(heats(401))


@pytest.fixture(scope="session")
def first_quarter() -> ReportMaterial:
    """2016-Q1 of the same heats."""
    return material(heats(400), "2016-Q1")
