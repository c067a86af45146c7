"""One small works without faults, written once: 60 days of a cement plant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.audit.plants import Reported, honest, write_works


@pytest.fixture(scope="session")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("works")
    write_works(folder, "cement", seed=1, days=60, rate=0)
    return folder


@pytest.fixture(scope="session")
def plant(works: Path) -> Reported:
    return honest(works)
