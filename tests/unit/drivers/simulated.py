"""Plants whose drivers are known: batches of an arc furnace with planted effects, noise that
remembers, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.labels import label_site
from benchmarks.measurements import Batch, CarrierEnergy, Metric, Period
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult, PlantData

Floats = NDArray[np.float64]
YEAR = Period.parse("2023", UTC)
TYPICAL = 400.0  # kWh/t


def remembering(rng: np.random.Generator, count: int, rho: float) -> Floats:
    """AR(1) of unit variance, started in its own long run."""
    drawn: Floats = lfilter([np.sqrt(1 - rho**2)], [1, -rho], rng.standard_normal(count + 200))[
        200:
    ]
    return drawn


def site(**tables: Any) -> SiteSettings:
    """A site of the steel pack with these tables of site.toml; its files are never read."""
    return SiteSettings.model_validate(
        {
            "site": {"id": "works", "timezone": "UTC", "pack": "steel"},
            "emissions": {"country": "CN"},
            "inputs": {"batches": "batches.csv", "energy": "energy.csv"},
            "path": Path("site.toml"),
            **tables,
        }
    )


def plant(
    value: Floats,
    variables: Mapping[str, Floats],
    *,
    output: Floats | None = None,
    hours: Floats | None = None,
    equipment: Sequence[str] | None = None,
) -> LabelResult:
    """One label from values in kWh/t and variables, a batch every three hours; NaN is a variable
    not recorded.
    """
    count = len(value)
    output = np.full(count, 100.0) if output is None else output
    hours = np.full(count, 1.0) if hours is None else hours
    start = [
        datetime(2023, 1, 1, tzinfo=UTC)
        + index * timedelta(seconds=min(10800, 31_000_000 // count))
        for index in range(count)
    ]
    pack = packs.load("steel", None)
    step = pack.step("eaf")
    batches = [
        Batch(
            batch_id=f"B{index}",
            step="eaf",
            product=step.product,
            variant="",
            start=start[index],
            end=start[index] + timedelta(hours=float(hours[index])),
            output=float(output[index]),
            equipment="" if equipment is None else equipment[index],
            variables={"hot_metal_pct": 0.0}
            | {
                name: float(column[index])
                for name, column in variables.items()
                if not np.isnan(column[index])
            },
            energy=(CarrierEnergy("electricity", float(value[index] * output[index]), "kWh"),),
        )
        for index in range(count)
    ]
    label = label_site(batches, pack, FactorTable.load(), YEAR, site="works")
    electric = tuple(step for step in label.steps if step.metric is Metric.ELECTRICITY)
    return LabelResult(
        type(label)(
            label.pack, label.pack_version, label.period, electric, label.findings, label.site
        ),
        PlantData(pack, batches, [], []),
    )
