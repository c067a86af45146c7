"""What of a label's energy the plant's own rows give: an audit is not stopped by energy that is in
no label.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.audit.completeness import by_rows
from benchmarks.conversion import FactorTable
from benchmarks.measurements import Batch, CarrierEnergy, Direction


def test_a_gas_that_is_given_back_without_a_heating_value_stops_no_audit() -> None:
    """100 kg of coal at a kgce each, half of them by a row; the gas can be converted by nothing,
    and no metric counts it.
    """
    read_off = CarrierEnergy("coal", 50.0, "kg", lhv_mj_per_unit=29.3076)
    by_row = CarrierEnergy("coal", 50.0, "kg", lhv_mj_per_unit=29.3076)
    gas = CarrierEnergy("coke-oven-gas", 400.0, "Nm3", Direction.RECOVERED)
    start = datetime(2025, 3, 1, tzinfo=UTC)
    batch = Batch("A1", "coking", "", "", start, start, 10.0, energy=(read_off, by_row, gas))
    evidence: Any = SimpleNamespace(
        by_batch=False,
        batches={0: batch},
        given={("coking", "A1"): (by_row, gas)},
        context=SimpleNamespace(factors=FactorTable.load()),
    )
    (part,) = by_rows(evidence)
    assert (part.carrier, part.direction) == ("coal", Direction.IMPORT)
    assert part.share == pytest.approx(0.5)
