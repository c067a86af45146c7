"""Pages of packs that count energy in kWh, or a product in square metres: no figure is headed by a
unit that the pack does not use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.template.loader import render_to_string

from benchmarks import packs, shelf
from benchmarks.composition import Potential
from benchmarks.guidance.practices import Library
from benchmarks.phrases import Name
from portal.publication.in_force import InForceView
from portal.publication.shapes import CellView, LabelView, TotalView
from portal.standings.reports import ReportView
from portal.standings.selectors import StandView, StepStandingView
from portal.web.pages.sector import years_of
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.presenters.our_plant import compared
from portal.web.presenters.plant_actions import measures_of
from portal.web.presenters.plant_actions import worth_of as worth_of_plant
from portal.web.presenters.sector_worth import worth_of
from portal.web.views.public import units_of
from portal.web.words.figures import energy_units
from portal.web.words.terms import Names
from tests.unit.portal_web.test_next_steps import cell

UNITS = energy_units(0.1229)
FILES = {
    name: (packs.HOME / "further" / f"{name}.toml").read_text(encoding="utf-8")
    for name in ("data-centre", "flat-glass")
}
VERSIONS = {
    name: packs.load(str(packs.HOME / "further" / f"{name}.toml")).version for name in FILES
}


class Approved(shelf.Empty):
    def versions(self) -> Collection[tuple[str, str]]:
        return tuple(VERSIONS.items())

    def pack(self, pack: str, _version: str) -> str | None:
        return FILES.get(pack)


@pytest.fixture(autouse=True)
def approved_packs() -> Iterator[None]:
    with shelf.used(Approved()):
        yield


def in_force(pack: str, route: str, unit: str, steps: tuple[CellView, ...]) -> InForceView:
    total = TotalView(None, None, unit, 12, None, False, "", "", "")
    return InForceView(
        1,
        pack,
        VERSIONS[pack],
        "",
        route,
        "cn",
        "2025",
        1,
        LabelView(steps, total, total, total, rule=None, firms=12),
    )


def stood(pack: str, route: str, step: CellView, value: float) -> StandView:
    named = (step.step, step.product, step.variant, step.metric, step.unit)
    standing = StepStandingView(
        *named, value, None, None, (value - 0.01, value + 0.01), None, None, None, 1
    )
    report = ReportView(
        1,
        1,
        "hall-1",
        Name("Hall 1"),
        1,
        pack,
        VERSIONS[pack],
        route,
        "cn",
        "2025",
        datetime(2025, 1, 1, tzinfo=UTC),
    )
    return StandView(report, None, (standing,))


def hall() -> CellView:
    return replace(
        cell("electricity", "kWh/kWh", (Potential("best", 0.1, (0.09, 0.11)),)),
        step="data-hall", product="it-energy", ratio=1.0, headline=True,
        best=1.2, interval=(1.19, 1.21), typical=1.4, typical_interval=(1.39, 1.41),
    )  # fmt: skip


def of_a_hall() -> tuple[StandView, InForceView]:
    route = packs.load("data-centre").routes[0].id
    return stood("data-centre", route, hall(), 1.5), in_force(
        "data-centre", route, "kWh/kWh", (hall(),)
    )


def test_the_gaps_of_a_data_centre_are_in_its_own_unit_of_energy_and_worth_coal() -> None:
    """By hand: 1.5 less 1.2 kWh are 0.30 kWh, by 0.1229 kgce a kWh 0.03687 kgce."""
    page = compared(*of_a_hall(), UNITS)
    (row,) = page.rows
    assert (row.whole, page.per_output) == (0.3, "kWh per kWh of electricity of the machines")
    assert "kgce" not in "".join(page.lead)
    assert page.kgce[1] == pytest.approx(0.3 * 0.1229)
    (worth,) = worth_of_plant(page, UNITS).rows
    assert worth.exact_kgce.split()[1] == f"{0.3 * 0.1229:.6g}"
    assert worth.electricity == "0.29 to 0.31"
    assert worth.co2.startswith("0.1"), "the grid's 0.5 to 0.6 kg a kWh, not eight times that"


def test_a_value_in_another_unit_than_the_step_of_the_version_has_no_gap_to_it() -> None:
    """The version in force at the address may be of a newer version of the pack: 5.4 MJ less 1.2
    kWh are not 4.20 of anything.
    """
    _stand, view = of_a_hall()
    before = stood("data-centre", view.route, replace(hall(), unit="MJ/kWh"), 5.4)
    page = compared(before, view, UNITS)
    assert (page.certain, page.compared, page.rows[0].own) == ((), 0, None)


def test_what_data_centres_would_save_is_worked_out_in_coal_equivalent_of_their_kilowatt_hours() -> (
    None
):
    _stand, view = of_a_hall()
    worth = worth_of(view)
    assert worth is not None
    (table,) = worth.tables
    assert table.rows[0].exact_kgce.split()[1] == f"{0.1 * 0.1229:.6g}"
    assert "per kWh of electricity of the machines" in table.caption
    assert worth.output.endswith(", in kWh")


def glass() -> tuple[StandView, InForceView]:
    step = replace(
        cell("total", "kgce/weight case", (Potential("best", 0.5, (0.4, 0.6)),)),
        step="float-line", product="flat-glass", ratio=1.0, headline=True,
        best=10.0, interval=(9.9, 10.1), typical=11.0, typical_interval=(10.9, 11.1),
    )  # fmt: skip
    return stood("flat-glass", "float", step, 12.0), in_force(
        "flat-glass", "float", "kgce/weight case", (step,)
    )


def test_the_worth_of_a_sector_knows_a_product_that_is_not_in_tonnes() -> None:
    _stand, view = glass()
    worth = worth_of(view)
    assert worth is not None
    assert worth.tables[0].unit == "weight case"
    assert "tonne" not in f"{[table.caption for table in worth.tables]}{worth.output}".lower()


def test_the_savings_down_to_typical_and_to_the_best_are_drawn_on_one_scale() -> None:
    _stand, view = glass()
    (step,) = view.label.cells
    both = (Potential("typical", 0.1, (0.05, 0.15)), *step.potential)
    label = replace(view.label, cells=(replace(step, potential=both),))
    worth = worth_of(replace(view, label=label))
    assert worth is not None
    widths = [float(table.rows[0].bar.width.removesuffix("%")) for table in worth.tables]
    assert widths[1] == pytest.approx(5 * widths[0], abs=0.1)


def of_year(view: InForceView, period: str, unit: str, best: float, typical: float) -> InForceView:
    """The same benchmark of a year in which it was counted in this unit."""
    composite, middle = (
        TotalView(value, (value - 0.1, value + 0.1), unit, 12, None, True, "", "", "")
        for value in (best, typical)
    )
    cells = tuple(replace(each, unit=unit) for each in view.label.cells)
    return replace(
        view,
        period=period,
        label=replace(view.label, cells=cells, composite=composite, typical=middle),
    )


def test_a_year_in_another_unit_says_so_and_stands_on_no_scale_of_the_newest() -> None:
    _stand, view = glass()
    before, newest = (
        of_year(view, "2024", "kWh/weight case", 81.4, 89.5),
        of_year(view, "2025", "kgce/weight case", 10.0, 11.0),
    )
    names = Names.of("flat-glass", newest.pack_version)
    years = years_of((before, newest), TotalsDisplay(names, "float"))
    assert years.picture is None, "one year alone is in the unit of the newest"
    assert years.title == "Year by year"
    assert [(row.best, row.unit) for row in years.rows] == [
        ("10.00 (9.90 to 10.10)", ""),
        ("81.4 (81.3 to 81.5)", "kWh/weight case"),
    ]


def test_notes_of_pages_speak_of_the_unit_that_the_pack_counts_in() -> None:
    page = compared(*glass(), UNITS)
    units = measures_of(page, page.rows[0], Library.held(), UNITS).unit
    assert units == "weight case"
    rendered = render_to_string("web/parts/payback.html", {"units": units})
    assert "Amounts are per weight case of the step’s product" in rendered


@pytest.mark.parametrize("period", ["2008-Q3", "2008-07", "2008-07-01/2009-01-01"])
def test_kilowatt_hours_go_by_the_factor_of_the_day_on_which_the_period_began(period: str) -> None:
    """GB/T 2589-2008 is in force from June 2008 on: on the first day of that year no factor is
    held.
    """
    assert units_of(period)["kWh"].per_kgce == pytest.approx(1 / 0.1229)
