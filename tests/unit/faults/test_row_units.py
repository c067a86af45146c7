"""Rows in another unit are off in energy per output and in power; batches that were broken off only
in the first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.measurements import Batch, CarrierEnergy
from reporting_agent.pipeline.units import off_scales


def heats() -> list[Batch]:
    chance = np.random.default_rng(5)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    return [
        Batch(
            batch_id=f"H{number}",
            step="eaf",
            product="liquid-steel",
            variant="",
            start=start + number * timedelta(hours=1),
            end=start + number * timedelta(hours=1) + timedelta(minutes=50),
            output=122.5,
            variables={"power_on_s": float(chance.normal(2400, 60))},
            energy=(CarrierEnergy("electricity", float(chance.normal(48.4, 3.0)), "MWh"),),
        )
        for number in range(200)
    ]


def with_energy(batch: Batch, quantity: float, power_on_s: float) -> Batch:
    return replace(
        batch,
        energy=(replace(batch.energy[0], quantity=quantity),),
        variables={"power_on_s": power_on_s},
    )


def test_heats_broken_off_near_a_factor_between_units_keep_theirs() -> None:
    batches = heats()
    for at, quantity, power_on_s in (
        (10, 15.6, 727),
        (60, 15.2, 700),
        (110, 13.4, 640),
        (160, 15.5, 719),
    ):
        batches[at] = with_energy(batches[at], quantity, power_on_s)
    assert off_scales(batches) == {}


def test_a_heat_written_in_kwh_among_mwh_is_told_with_its_factor() -> None:
    batches = heats()
    batches[50] = with_energy(batches[50], 48_100.0, 2390)
    batches[90] = with_energy(batches[90], 0.0483, 2410)
    factors = off_scales(batches)
    assert factors.keys() == {50, 90}
    assert np.allclose([factors[50], factors[90]], [1e3, 1e-3])


def test_heats_in_gigajoule_are_told_where_their_time_was_the_usual_one() -> None:
    batches = heats()
    for at in (20, 70, 120, 170):
        batches[at] = with_energy(batches[at], 48.4 * 3.6, 2400)
    assert off_scales(batches).keys() == {20, 70, 120, 170}
