"""One small works without faults, written once: 60 days of a cement plant."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline import PlantData
from tests.functional.audit.plants import Reported, honest, write_works

PERIOD = "2025-Q1"


@pytest.fixture(scope="session")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("works")
    write_works(folder, "cement", seed=1, days=60, rate=0)
    return folder


@pytest.fixture(scope="module")
def site(works: Path) -> SiteSettings:
    return load_site(works / "site.toml")


@pytest.fixture(scope="module")
def data(site: SiteSettings) -> PlantData:
    """What documents of the first quarter are held against."""
    return pipeline.read(site, Period.parse(PERIOD, site.zone))


@pytest.fixture(scope="session")
def plant(works: Path) -> Reported:
    return honest(works)
