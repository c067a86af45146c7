"""Joint runs: cut at the changeover where the log tells it, else divided by ratio, else in no
label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from benchmarks.measurements import Batch, CarrierEnergy
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import joint
from tests.unit.waste.conftest import START

Melt = Callable[..., Batch]
Sites = Callable[..., SiteSettings]
METERED: dict[str, Any] = {
    "inputs": {"batches": "b.csv", "readings": "r.csv"},
    "meters": [
        {
            "id": "m",
            "step": "ladle-refining",
            "carrier": "electricity",
            "reading": "register",
            "unit": "kWh",
        }
    ],
}
RATIOS = [{"step": "ladle-refining", "ratios": {"any": 1.0, "vacuum-treated": 1.5}}]


def rows(a_melt: Melt, *, follow: bool = False, same_id: bool = True) -> list[Batch]:
    second = timedelta(minutes=60) if follow else timedelta()
    return [
        a_melt(0, variant="any", output=60.0, minutes=60, energy=()),
        a_melt(
            0 if same_id else 1,
            variant="vacuum-treated",
            output=40.0,
            minutes=60,
            start=START + second,
            energy=(),
        ),
    ]


def measured(batches: list[Batch]) -> list[Batch]:
    return [
        replace(batch, energy=(CarrierEnergy("electricity", 6_000.1, "kWh"),)) for batch in batches
    ]


def test_the_log_tells_the_changeover(a_melt: Melt) -> None:
    merged = joint.merged(rows(a_melt, follow=True), by_time=True)
    assert [batch.batch_id for batch in merged.batches] == ["L00000/any", "L00000/vacuum-treated"]
    assert [finding.code for finding in merged.findings] == ["joint-run-cut"]
    assert not merged.parts


@pytest.mark.parametrize("same_id", [True, False])
def test_a_joint_run_is_metered_as_one_and_divided_by_ratio(
    a_melt: Melt, a_site: Sites, same_id: bool
) -> None:
    """60 t at 1.0 and 40 t at 1.5 are 60 and 60: half the energy and half the hour each."""
    site = a_site(**METERED, joint=RATIOS)
    merged = joint.merged(rows(a_melt, same_id=same_id), by_time=True)
    (whole,) = merged.batches
    assert (whole.output, whole.duration) == (100.0, timedelta(minutes=60))
    divided, findings = joint.split(measured(merged.batches), merged.parts, site)
    assert [(batch.variant, batch.output, batch.duration) for batch in divided] == [
        ("any", 60.0, timedelta(minutes=30)),
        ("vacuum-treated", 40.0, timedelta(minutes=30)),
    ]
    first, second = (batch.energy[0] for batch in divided)
    assert first.quantity + second.quantity == round(6_000.1 * 2**20) / 2**20
    assert first.quantity == pytest.approx(3_000.05)
    assert first.allocated
    assert divided[0].end == divided[1].start
    assert [finding.code for finding in findings] == ["joint-run-divided"]


def test_without_a_ratio_it_stands_in_the_balance_and_in_no_label(
    a_melt: Melt, a_site: Sites
) -> None:
    site = a_site(
        **METERED, joint=[{"step": "ladle-refining", "ratios": {"any": 1.0, "other": 2.0}}]
    )
    merged = joint.merged(rows(a_melt), by_time=True)
    (left,), findings = joint.split(measured(merged.batches), merged.parts, site)
    assert left.excluded == "joint-run"
    assert left.energy[0].quantity == 6_000.1
    assert [(finding.code, finding.count) for finding in findings] == [("joint-run", 1)]


def test_rows_with_energy_of_their_own_are_batches_of_their_own(a_melt: Melt) -> None:
    merged = joint.merged(rows(a_melt, same_id=False), by_time=False)
    assert len(merged.batches) == 2
    assert not merged.parts


def test_parallel_machines_without_a_name_are_no_joint_run(a_melt: Melt) -> None:
    nameless = [replace(row, equipment="") for row in rows(a_melt, same_id=False)]
    assert joint.merged(nameless, by_time=True).batches == nameless


def test_one_batch_written_twice_is_left_to_be_found_as_a_duplicate(a_melt: Melt) -> None:
    twice = [a_melt(0), a_melt(0)]
    assert joint.merged(twice, by_time=True).batches == twice


def test_ratios_are_positive(a_site: Sites) -> None:
    with pytest.raises(ValueError, match="positive numbers"):
        a_site(joint=[{"step": "ladle-refining", "ratios": {"any": 0.0, "other": 1.0}}])
