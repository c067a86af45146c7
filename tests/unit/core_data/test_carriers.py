"""Carriers that a pack brings along."""

from __future__ import annotations

from benchmarks.carriers import CARRIERS, brought
from benchmarks.materials import OwnCarrier


def test_a_pack_that_is_only_looked_at_leaves_no_carrier_behind() -> None:
    wrong = OwnCarrier.model_validate({"id": "test-gas", "kind": "gas", "unit": "kg", "names": {"en": "test gas", "zh": "试验气"}})
    with brought([wrong]) as clashing:
        assert clashing == ()
        assert "test-gas" in CARRIERS
    assert "test-gas" not in CARRIERS
