"""The simulator is the source of truth for everything downstream: it must be repeatable,
consistent, and as dirty as it says.
"""

from __future__ import annotations

from datetime import date
from math import ceil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.conversion import Basis, FactorTable
from benchmarks.measurements import CarrierEnergy, Direction, Metric
from fixtures.simulator import Sector
from fixtures.simulator.carriers import lhv_mj, natural_unit
from fixtures.simulator.faults import PER_MILLION_RUNS
from fixtures.simulator.sector import industry_best

SECTORS = ("steel", "aluminium", "cement")


@pytest.mark.parametrize("pack", SECTORS)
def test_the_same_seed_gives_the_same_plant_however_many_others_there_are(pack: str) -> None:
    alone, among_others = Sector(pack, 7, 1).plants[0], Sector(pack, 7, 3).plants[0]
    assert alone.truth == among_others.truth
    assert alone.truth != Sector(pack, 8, 1).plants[0].truth


@pytest.mark.parametrize("pack", SECTORS)
def test_every_step_of_the_pack_is_lived(pack: str) -> None:
    plant = Sector(pack, 1, 1).plants[0]
    assert [history.step.id for history in plant.histories] == [
        step.id for step in plant.pack.steps
    ]


@pytest.mark.parametrize("pack", SECTORS)
def test_the_carriers_of_every_run_add_up_to_its_total(pack: str) -> None:
    factors = FactorTable.load()
    for history in Sector(pack, 3, 1).plants[0].histories:
        kgce = np.zeros(len(history))
        for (carrier, direction), energy in history.carriers.items():
            unit = factors.kgce(
                CarrierEnergy(
                    carrier,
                    1.0,
                    natural_unit(carrier),
                    direction,
                    lhv_mj_per_unit=lhv_mj(history.step.id, carrier),
                ),
                Basis.CALORIFIC,
                date(2025, 7, 1),
            )
            assert (energy > 0).all(), (history.step.id, carrier)
            kgce += energy * unit
        shift = sum(
            condition.slope.get(Metric.TOTAL, 0.0)
            * (history.variables[condition.variable] - condition.reference)
            for condition in history.step.reference_conditions
        )
        if history.step.metric(Metric.TOTAL) is None:  # compared in electricity alone
            kwh = history.carriers["electricity", Direction.IMPORT] / history.output
            np.testing.assert_allclose(kwh, history.at_reference[Metric.ELECTRICITY], rtol=1e-9)
            continue
        np.testing.assert_allclose(
            kgce / history.output - shift, history.at_reference[Metric.TOTAL], rtol=1e-9, atol=1e-9
        )


def test_the_truth_is_the_packs_own_order_statistic() -> None:
    plant = Sector("steel", 1, 1).plants[0]
    eaf = next(history for history in plant.histories if history.step.id == "eaf")
    ordered = sorted(eaf.at_reference[Metric.ELECTRICITY])
    assert plant.truth["eaf", Metric.ELECTRICITY] == ordered[ceil(len(ordered) * 0.05) - 1]


def test_arc_furnace_heats_spread_as_the_real_ones_do() -> None:
    """Real heats: 5th, 50th and 95th percentile at 354, 395 and 430 kWh/t."""
    heats = np.concatenate(
        [
            history.at_reference[Metric.ELECTRICITY]
            / np.median(history.at_reference[Metric.ELECTRICITY])
            for plant in Sector("steel", 1, 8).plants
            for history in plant.histories
            if history.step.id == "eaf"
        ]
    )
    low, high = np.quantile(heats, [0.05, 0.95])
    assert low == pytest.approx(354 / 395, abs=0.02)
    assert high == pytest.approx(430 / 395, abs=0.03)


def test_every_fault_shape_is_injected_and_named(tmp_path: Path) -> None:
    injected = Sector("cement", 1, 1).plants[0].write(tmp_path, road="csv")
    assert {fault.kind for fault in injected} == set(PER_MILLION_RUNS)
    text = (tmp_path / "batches.csv").read_text(encoding="utf-8")
    assert all(batch_id in text for fault in injected for batch_id in fault.batch_ids)


def test_a_plant_without_faults_writes_only_what_happened(tmp_path: Path) -> None:
    plant = Sector("cement", 1, 1).plants[0]
    assert plant.write(tmp_path, faults=0, road="csv") == []
    rows = (tmp_path / "batches.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) - 1 == sum(len(history) for history in plant.histories)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("trimmed-best-five", 4.0), ("trimmed-best-decile", 2.5)],
)
def test_the_composition_rules_worked_by_hand(rule: str, expected: float) -> None:
    # 12 values 1..12: 2 to 6 average 4; a tenth is two, after the best
    assert industry_best(rule, np.arange(12, 0, -1, dtype=float)) == expected
