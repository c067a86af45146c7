"""What a firm is told to do next: which energies a gap may lie in, and whether something changed by
more than the noise.
"""

from __future__ import annotations

from datetime import date

import pytest

from benchmarks import packs
from benchmarks.comparison.co2 import Co2Factors
from benchmarks.comparison.estimates import Estimate
from benchmarks.comparison.gaps import RouteGap
from benchmarks.composition import Potential
from portal.publication.shapes import CellView, LabelView, TotalView
from portal.web.charts.trend import TrendPeriod
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.presenters.sector_worth import own_electricity
from portal.web.presenters.trend import verdict
from portal.web.presenters.worth import WorthTable, carriers_of, worth_row
from portal.web.words.figures import energy_units
from portal.web.words.terms import Names

UNITS = energy_units(0.1229)


@pytest.mark.parametrize(
    ("pack", "step", "heat", "kind", "electricity", "fuel"),
    [
        ("cement", "cement-grinding", None, "electricity", "8.1 to 24.4", "no fuel"),
        (
            "cement",
            "clinker-burning",
            (0.5, 2.0),
            "apart",
            "what is left beside the heat",
            "14.7 to 58.6",
        ),
        (
            "cement",
            "clinker-burning",
            None,
            "either",
            "not reported separately",
            "not reported separately",
        ),
        ("steel", "converter", None, "unknown", "cannot be separated", "cannot be separated"),
    ],
)
def test_a_gap_lies_in_the_energies_that_its_step_takes(
    pack: str, step: str, heat: tuple[float, float] | None, kind: str, electricity: str, fuel: str
) -> None:
    row = worth_row(
        RouteGap(step, 2.0, 1.0, 3.0), step, packs.load(pack).step(step), heat, None, UNITS, 3.0
    )
    assert (row.kind, row.electricity, row.fuel, row.co2) == (kind, electricity, fuel, "–")
    assert row.exact_kgce == "1 2 3"
    assert (
        row.exact_fuel
        == {"electricity": "0 0", "apart": "0.5 2", "either": "0 3", "unknown": ""}[kind]
    )


def test_the_electricity_of_an_arc_furnace_is_that_of_its_own_metric_where_it_is_published() -> (
    None
):
    """Steam leaves the furnace, so its total cannot be divided; its electricity is a metric of its
    own.
    """
    row = worth_row(
        RouteGap("eaf", 2.0, 1.0, 3.0),
        "eaf",
        packs.load("steel").step("eaf"),
        None,
        None,
        UNITS,
        3.0,
        None,
        (22.0, 44.0),
    )
    assert (row.kind, row.electricity, row.own_metric, row.exact_electricity) == (
        "unknown",
        "22.0 to 44.0",
        True,
        "22 44",
    )
    table = WorthTable(
        "steel",
        "",
        "",
        ordered=False,
        sum_name="",
        rows=(row,),
        total="",
        total_interval="",
        total_co2="",
        exact_total="",
    )
    assert "electricity" in table.told_by, "without this the column would be left out"


def test_what_is_saved_of_the_metric_of_electricity_is_per_tonne_of_the_product_of_the_route() -> (
    None
):
    potential = Potential("best", 30.0, (20.0, 40.0))
    total = cell("total", "kgce/t", ())
    label = LabelView(
        (total, cell("electricity", "kWh/t", (potential,))),
        TOTAL,
        TOTAL,
        TOTAL,
        rule=None,
        firms=12,
    )
    shown = TotalsDisplay(Names.of("steel", packs.load("steel").version), "eaf")
    assert own_electricity(label, "best", shown) == {"eaf": (22.0, 44.0)}
    assert own_electricity(label, "typical", shown) == {}, "held back"


def cell(metric: str, unit: str, potential: tuple[Potential, ...]) -> CellView:
    return CellView(
        *("eaf", "liquid-steel", "any", "eaf", metric, unit),
        ratio=1.1,
        headline=metric == "total",
        best=60.0,
        interval=(59.0, 61.0),
        typical=70.0,
        typical_interval=(69.0, 71.0),
        rule=None,
        firms=12,
        shown=True,
        reason_code="",
        reason_en="",
        reason_zh="",
        good_fit=None,
        potential=potential,
    )


TOTAL = TotalView(None, None, "kgce/t", 12, None, False, "", "", "")


def test_each_energy_has_its_co2_factor_and_the_standard_beside_its_price() -> None:
    rows = carriers_of(packs.load("steel").steps, Co2Factors(date(2025, 12, 31), "CN"))
    factors = {row.id: row.co2_factor for row in rows}
    assert factors["electricity"] == "0.5306 kg CO₂/kWh"
    assert factors["coke-oven-gas"] == "43.92 kg CO₂/GJ, GB/T 32151"
    assert factors["heat"] == "110 kg CO₂/GJ, GB/T 32150"
    assert {row.id: row.unit for row in rows}["heat"] == "GJ", "as steam is bought"
    for row in rows:
        assert bool(row.co2_factor) == bool(row.co2), (
            "none is shown where the script has none to multiply by"
        )
    abroad = {
        row.id: row.co2_factor
        for row in carriers_of(packs.load("steel").steps, Co2Factors(date(2025, 12, 31), "DE"))
    }
    assert abroad["electricity"] == "", "of a grid whose average is not held"


def year(label: str, value: float, half: float | None, *, breaks: bool = False) -> TrendPeriod:
    return TrendPeriod(
        label,
        Estimate(value) if half is None else Estimate(value, value - half, value + half),
        None,
        breaks,
    )


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        (
            [year("2023", 103.9, 0.4), year("2024", 99.8, 0.4), year("2025", 99.6, 0.4)],
            "Fell by 4.3 kgce/t since 2023 (3.7 to 4.9). The last change is within the noise.",
        ),
        (
            [year("2024", 99.0, 0.4), year("2025", 103.0, 0.4)],
            "Rose by 4.0 kgce/t since 2024 (3.4 to 4.6).",
        ),
        (
            [year("2024", -10.5, 0.01), year("2025", -10.62, 0.01)],
            "Gives 0.120 kgce/t more than in 2024 (0.106 to 0.134).",
        ),
        (
            [year("2024", -10.62, 0.01), year("2025", -10.5, 0.01)],
            "Gives 0.120 kgce/t less than in 2024 (0.106 to 0.134).",
        ),
        (
            [year("2024", 0.268, 0.001), year("2025", 0.26, 0.001)],
            "Fell by 0.0080 kgce/t since 2024 (0.0066 to 0.0094).",
        ),
        ([year("2024", 3.58, 0.4), year("2025", 3.52, 0.4)], "Within the noise since 2024."),
        (
            [
                year("2023", 120.0, 0.4),
                year("2024", 99.7, 0.4, breaks=True),
                year("2025", 99.6, 0.4),
            ],
            "Within the noise since 2024.",
        ),
        (
            [year("2024", 120.0, 0.4), year("2025", 99.6, 0.4, breaks=True)],
            "Defined differently since 2025. There is nothing to compare it with yet.",
        ),
        (
            [year("2024", 120.0, 0.4), year("2025", 99.6, None)],
            "Not known: an interval is computed with the next draft.",
        ),
    ],
)
def test_a_change_is_told_from_the_noise(years: list[TrendPeriod], expected: str) -> None:
    assert verdict(years, "kgce/t") == expected
