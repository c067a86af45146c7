"""A ladle furnace of the steel pack in 2023: batches, their label, and the site around them,
without any file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.labels import label_site
from benchmarks.measurements import Batch, CarrierEnergy, Period
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import LabelResult, PlantData, constants

START = datetime(2023, 1, 2, tzinfo=UTC)
KGCE_PER_KWH = 0.1229


@pytest.fixture(scope="session")
def pack() -> Pack:
    return packs.load("steel", "1", Path())


@pytest.fixture(scope="session")
def a_site() -> Callable[..., SiteSettings]:
    def build(**tables: Any) -> SiteSettings:
        defaults: dict[str, Any] = {
            "site": {"id": "works-2", "timezone": "UTC", "pack": "steel"},
            "emissions": {"country": "CN"},
            "inputs": {"batches": "batches.csv", "energy": "energy.csv"},
        }
        return SiteSettings.model_validate({**defaults, **tables})

    return build


@pytest.fixture(scope="session")
def a_melt() -> Callable[..., Batch]:
    """A good batch of 100 t, one an hour from the second of January, 45 minutes long, 45 kWh/t
    where not said otherwise.
    """

    def build(number: int, kwh: float = 4_500.0, **changes: Any) -> Batch:
        start = changes.pop("start", START + timedelta(hours=number))
        minutes = changes.pop("minutes", 45.0)
        defaults: dict[str, Any] = {
            "batch_id": f"L{number:05d}",
            "step": "ladle-refining",
            "product": "",
            "variant": "",
            "start": start,
            "end": start + timedelta(minutes=minutes),
            "output": 100.0,
            "equipment": "lf-1",
            "energy": (CarrierEnergy("electricity", kwh, "kWh"),),
        }
        return Batch(**{**defaults, **changes})

    return build


@pytest.fixture(scope="session")
def labelled(pack: Pack) -> Callable[..., LabelResult]:
    def of(
        batches: Sequence[Batch],
        meters: Sequence[MeterRecord] = (),
        year: str = "2023",
        **more: Any,
    ) -> LabelResult:
        label = label_site(
            batches, pack, FactorTable.load(), Period.parse(year, UTC), site="works-2", **more
        )
        label = replace(label, method={**label.method, "constants_digest": constants.digest()})
        return LabelResult(label, PlantData(pack, list(batches), [], [], tuple(meters)))

    return of
