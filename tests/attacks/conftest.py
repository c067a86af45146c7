"""Attacks meet the same portal as the integration tests, and state what they measured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.cache import caches

from reporting_agent.state import StateDirectory
from tests.attacks.table import DOCUMENT, Row, lines_of
from tests.functional.whole_system.conftest import (
    plant_of,
    portal_relay,
    whole_system_keys,
    worker_sweeps,
)
from tests.integration.conftest import (
    _who_is_signed_in_by_a_test_has_shown_a_second_factor as second_factor_shown,
)
from tests.integration.conftest import key_folder, portal_keys
from tests.unit.agent_send.cast import Desk, FakePortal

__all__ = [
    "key_folder",
    "plant_of",
    "portal_keys",
    "portal_relay",
    "second_factor_shown",
    "whole_system_keys",
    "worker_sweeps",
]

State = Callable[[Row], None]


@pytest.fixture(autouse=True)
def _refusals_by_the_thousand_are_not_logged_line_by_line() -> Iterator[None]:
    logger = logging.getLogger("django.request")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)


@pytest.fixture
def stated(
    record_property: Callable[[str, object], None], pytestconfig: pytest.Config, long: bool
) -> State:
    """Print a row, and hold it against the document: not in the long form, which has other figures,
    nor while it is written.
    """

    def state(row: Row) -> None:
        record_property(f"attack {row.name}", row.line)
        compared = not long and not pytestconfig.pluginmanager.has_plugin("attacks-writer")
        if compared and row.line not in lines_of(DOCUMENT.read_text(encoding="utf-8")):
            pytest.fail(
                f"docs/attacks.md lacks {row.line!r}: run python -m tests.attacks --write, read "
                "the difference",
                pytrace=False,
            )

    return state


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An enrolled agent beside a portal in this process."""
    state = StateDirectory(tmp_path / "state")
    with state.exclusive(), state.connect() as connection:
        opened = Desk(state, connection, FakePortal(), [])
        opened.enrol()
        yield opened


@pytest.fixture
def here() -> Iterator[None]:
    """Counts of other tests are of other networks."""
    caches["default"].clear()
    yield
    caches["default"].clear()
