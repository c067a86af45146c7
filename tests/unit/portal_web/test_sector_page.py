"""The finding of a sector: its title claims no more than the figures say, its steps add up, and its bars begin at 0."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import translation

from benchmarks.comparison.estimates import Estimate
from benchmarks.composition import CurvePoint
from portal.publication.in_force import InForceView
from portal.publication.shapes import CellView, LabelView, TotalView
from portal.web.charts.findings import BarScale, YearValues, draw_box, draw_years
from portal.web.pages.sector import SectorFinding, spread_at, years_of
from portal.web.words.terms import Names
from tests.unit.portal_web.test_next_steps import cell


def step(name: str, best: float | None, typical: float | None, ratio: float = 1.0) -> CellView:
    return replace(
        cell("total", "kgce/t", ()),
        step=name,
        ratio=ratio,
        headline=True,
        best=best,
        interval=best if best is None else (best - 0.1, best + 0.1),
        typical=typical,
        typical_interval=typical if typical is None else (typical - 0.1, typical + 0.1),
        shown=best is not None,
        reason_en="" if best is not None else "Too few firms.",
        reason_zh="" if best is not None else "企业过少。",
    )


def total(value: float | None, reach: float = 0.2) -> TotalView:
    interval = None if value is None else (value - reach, value + reach)
    return TotalView(value, interval, "kgce/t", 12, None, value is not None, "", "", "")


CELLS = (
    step("crushing-prehomogenisation", 0.2, 0.25),
    step("clinker-burning", 95.0, 100.0, 0.75),
    step("waste-heat-power", -5.0, -4.0, 0.75),
)


def label(
    best: float | None, typical: float | None, cells: tuple[CellView, ...] = CELLS
) -> LabelView:
    return LabelView(cells, total(best), total(best), total(typical), rule=None, firms=12)


def finding(of: LabelView) -> SectorFinding:
    return SectorFinding(of, Names.newest("cement"), "dry-process", {"clinker-burning": 3})


@pytest.mark.parametrize(
    ("best", "typical", "title"),
    [
        (74.0, 80.0, "Cement plants could use 8 % less energy"),
        (79.9, 80.0, "Cement plants: no saving can be told from the noise"),
        (74.0, None, "Cement plants: the total saving is withheld"),
        (None, None, "Cement plants: the total saving is withheld"),
        (-3.0, -1.0, "Cement plants could use 2.0 kgce/t less energy"),
    ],
)
def test_a_title_claims_what_the_figures_say(
    best: float | None, typical: float | None, title: str
) -> None:
    assert finding(label(best, typical)).title == title


def test_steps_stand_by_what_they_save_for_one_of_the_routes_product() -> None:
    found = finding(label(71.45, 72.25))
    assert [(row.cell.step, row.saving_text, row.share) for row in found.steps] == [
        ("clinker-burning", "3.75", "82 %"),
        ("waste-heat-power", "0.75", "16 %"),
        ("crushing-prehomogenisation", "", ""),
    ]
    assert found.widest_name == "clinker burning"
    assert [row.measures for row in found.steps] == [3, 0, 0]
    assert found.steps[1].text == "−3.00"
    assert found.zero != "0.00%", "a step gives energy back"


def test_a_step_that_is_withheld_says_why_in_the_language_of_the_page() -> None:
    of = label(None, None, (*CELLS, step("cement-grinding", None, None)))
    assert finding(of).steps[-1].hidden == "Too few firms."
    with translation.override("zh-hans"):
        assert finding(of).steps[-1].hidden == "企业过少。"
        assert finding(label(74.0, 80.0)).title == "水泥生产还有8%的节能空间"


def year(period: str, best: float, typical: float) -> InForceView:
    return InForceView(1, "cement", "1", "", "dry-process", "cn", period, 1, label(best, typical))


@pytest.mark.parametrize(
    ("typicals", "title"),
    [
        ((82.0, 81.0, 80.0), "Plants are getting better"),
        ((80.0, 80.2), "No clear change since 2023"),
        ((80.0, 82.0), "Plants use more than in 2023"),
        ((80.0,), "Year by year"),
    ],
)
def test_a_trend_is_claimed_only_beyond_the_noise(typicals: tuple[float, ...], title: str) -> None:
    years = [year(str(2023 + index), 74.0, typical) for index, typical in enumerate(typicals)]
    told = years_of(years, finding(years[-1].label).shown)
    assert told.title == title
    assert (told.picture is None) == (len(years) == 1)
    assert [row.period for row in told.rows] == [view.period for view in reversed(years)]


def test_no_line_crosses_a_break_and_what_is_withheld_has_no_mark() -> None:
    at = Estimate(80.0)
    picture = draw_years(
        [
            YearValues("2023", at, at, breaks=False),
            YearValues("2024", at, None, breaks=False),
            YearValues("2025", at, at, breaks=True),
        ]
    )
    assert picture is not None
    assert (len(picture.typical), len(picture.best), len(picture.between)) == (1, 0, 0)
    assert [mark.best for mark in picture.marks][1] == ""
    assert picture.marks[2].flag


def test_bars_are_as_long_as_their_values() -> None:
    scale = BarScale.over([80.0, 40.0])
    long, short = (float(scale.bar(value).width.rstrip("%")) for value in (80.0, 40.0))
    assert long == pytest.approx(2 * short)
    assert scale.zero == "0.00%"
    below = BarScale.over([80.0, -20.0])
    assert below.bar(-20.0).x == "0.00%"
    assert below.bar(-20.0).text_x == below.zero, "its text stands right of 0"


def test_a_box_needs_the_quartiles_and_holds_half_of_the_firms() -> None:
    found = finding(label(74.0, 80.0))
    burning = CELLS[1]
    assert spread_at(burning, found.shown) is None
    curve = tuple(
        CurvePoint(percent, value, (value - 1, value + 1))
        for percent, value in ((25, 98.0), (50, 100.0), (75, 103.0))
    )
    spread = spread_at(replace(burning, curve=curve), found.shown)
    assert spread is not None
    assert spread.title == "Clinker burning: plants differ by 5 %"
    box = draw_box(98.0, 100.0, 103.0, 95.0)
    ends = [float(each.rstrip("%")) for each in (box.best or "", box.x, box.middle, box.end)]
    assert ends == sorted(ends)
