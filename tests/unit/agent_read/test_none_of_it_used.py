"""A carrier of which a run used nothing and says so with a 0: nothing of it has a heating value,
was bought, or lies on two sides.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.measurements import Batch, CarrierEnergy, Direction
from reporting_agent.pipeline import heating_values
from tests.unit.agent_read.small_works import (
    Amount,
    Ran,
    codes,
    going_out,
    labelled,
    of,
    took,
    works,
)

KILN = (took("petroleum-coke", 105, "kg", 33.0), took("electricity", 30, "kWh"))
REFINERY = (took("natural-gas", 250, "Nm3", 35.5), took("electricity", 230, "kWh"))
NO_COAL = '[static]\nbought_hydrate_pct = 0\n[steps.alumina-refining]\nnot_used = ["coal"]\n'
KGCE_OF_THE_KILN = 105 * 33.0 / 29.3076 + 30 * 0.1229
KGCE_OF_THE_REFINERY = 250 * 35.5 / 29.3076 + 230 * 0.1229


@pytest.mark.parametrize(
    ("pack", "step", "amounts_taken", "none_of_it", "settings", "kgce"),
    [
        (
            "cement",
            "clinker-burning",
            KILN,
            took("coal", 0, "kg"),
            "",
            KGCE_OF_THE_KILN,
        ),  # a fuel of which the pack takes no default
        ("cement", "clinker-burning", KILN, took("coal", 0, "GJ"), "", KGCE_OF_THE_KILN),
        (
            "aluminium",
            "alumina-refining",
            REFINERY,
            took("steam", 0, "kg", 2.75),
            NO_COAL,
            KGCE_OF_THE_REFINERY,
        ),  # counts where bought
    ],
)
def test_a_run_that_reports_none_of_a_carrier_counts(
    tmp_path: Path,
    pack: str,
    step: str,
    amounts_taken: tuple[Amount, ...],
    none_of_it: Amount,
    settings: str,
    kgce: float,
) -> None:
    ran = Ran(4000, [*amounts_taken, none_of_it], {}, "grey" if pack == "cement" else "bayer")
    fuel = (
        ""
        if pack == "aluminium"
        else '[[lhv]]\ncarrier = "petroleum-coke"\nfrom = 2025-01-01\nvalue = 33\nreason = '
        '"monthly"\n'
    )
    site = works(tmp_path, pack, {step: ran}, settings + fuel)
    result = labelled(site)
    assert of(result, step).excluded == {}
    assert of(result, step).best.value == pytest.approx(kgce)
    assert going_out(site) == {step: {None}}
    assert not codes(result) & {"lhv-required", "not-bought", "heating-value-unusual"}


def test_a_gas_of_which_none_was_given_back_lies_on_one_side(tmp_path: Path) -> None:
    """A converter whose gas was flared that day says 0 and states no heating value; the mill burnt
    gas of a holder.
    """
    site = works(tmp_path, "steel", {"hot-rolling": Ran(100, [took("electricity", 60, "kWh")])})
    day, burnt = (
        datetime(2026, 1, 1, tzinfo=UTC),
        CarrierEnergy("converter-gas", 9.0, "Nm3", lhv_mj_per_unit=8.4),
    )
    for flared, doubtful in ((0.0, False), (1.0, True)):
        gas = CarrierEnergy("converter-gas", flared, "Nm3", Direction.RECOVERED)
        runs = [
            Batch(step, step, "", "", day, day, 100.0, energy=(own,))
            for step, own in (("converter", gas), ("hot-rolling", burnt))
        ]
        assert bool(heating_values.two_sided(runs, site.heating_values, None)) is doubtful
