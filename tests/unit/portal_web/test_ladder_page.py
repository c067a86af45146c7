"""The ladder as it reaches the page: suppressed values, limits, units, and no script or style
inside a page.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from benchmarks import packs
from benchmarks.declared import Words
from benchmarks.explanation import LimitShown
from benchmarks.explanation.shown_limits import shown_limits
from benchmarks.packs.provenance import numbers
from portal.publication.shapes import CellView, LabelView, TotalView
from portal.web.addresses import number_url
from portal.web.presenters.benchmarks import lead_of
from portal.web.presenters.ladders import TotalsDisplay, ladder_of
from portal.web.presenters.plant_actions import Measure, StepMeasures
from portal.web.presenters.standard_limits import limit_levels
from portal.web.words.figures import MINUS, energy_units
from portal.web.words.terms import Names

PACK = packs.load("cement")
ROUTE = PACK.routes[0]
UNITS = energy_units(0.1229)
REASON = (
    "Not shown: 5 firms can be compared here. At least 8 are needed so that no single firm can be "
    "worked out."
)
TEMPLATES = Path(__file__).parents[3] / "portal" / "web" / "templates"


def step_view(place: int, best: float | None, typical: float | None = None) -> CellView:
    route_step = ROUTE.steps[place]
    step = PACK.step(route_step.step)
    return CellView(
        step=step.id,
        product=step.product,
        variant=step.variants[0].id,
        boundary=step.boundary.id,
        metric="total",
        unit="kgce/t",
        ratio=float(route_step.ratio),
        headline=True,
        best=best,
        interval=None if best is None else (best - 0.1, best + 0.1),
        typical=typical,
        typical_interval=None,
        rule="trimmed-best-five",
        firms=23,
        shown=best is not None,
        reason_code="shown" if best is not None else "too-few-firms",
        reason_en="Shown." if best is not None else REASON,
        reason_zh="显示。" if best is not None else "不予显示：此处可比企业为 5 家。",
        good_fit=True,
    )


def total(value: float | None) -> TotalView:
    shown = value is not None
    return TotalView(
        value,
        (value - 0.5, value + 0.5) if value is not None else None,
        "kgce/t",
        23,
        None,
        shown,
        "",
        REASON,
        "不予显示。",
    )


@pytest.fixture
def label() -> LabelView:
    bests = (0.2, 1.9, 98.0, -0.9, 0.5, 3.2)
    steps = tuple(
        step_view(index, best, best + (5.0 if index == 2 else 0.3))
        for index, best in enumerate(bests)
    )
    return LabelView(steps, total(76.1), total(77.9), total(83.2), "trimmed-best-five", 23)


def display() -> TotalsDisplay:
    return TotalsDisplay(Names.of("cement", PACK.version), ROUTE.id)


def limit(*steps: str) -> LimitShown:
    words = Words(en="Clinker", zh="熟料")
    return LimitShown(
        words,
        "GB 16780-2021",
        "4.2",
        "total",
        "kgce/t",
        (100.0, None, 117.0),
        steps,
        False,
        date(2022, 1, 1),
        None,
        "transcribed",
    )


def test_a_suppressed_value_says_why_in_the_language_of_the_page(
    label: LabelView,
) -> None:
    held_back = replace(
        label, cells=(label.cells[0], step_view(1, None), *label.cells[2:]), composite=total(None)
    )
    for language, reason in (("en", REASON), ("zh-hans", "不予显示：此处可比企业为 5 家。")):
        with translation.override(language):
            drawn = ladder_of(held_back, display())
        assert [bool(row.hidden) for row in drawn.figures] == [False, True, *4 * [False], True]
        assert drawn.rows[1].hidden == reason
        assert drawn.rows[1].picture is None


def test_negative_values_carry_a_true_minus_and_nothing_else_does(label: LabelView) -> None:
    with translation.override("en"):
        values = [
            text
            for row in ladder_of(label, display()).figures
            for text in (row.best, row.best_interval, row.typical)
        ]
    assert f"{MINUS}0.90" in values
    assert not any("-" in text for text in values)


def test_a_reader_can_work_out_the_whole_route_from_the_steps_and_the_ratios_beside_them(
    label: LabelView,
) -> None:
    with translation.override("en"):
        sentence = ladder_of(label, display()).ratios
    ratios = [float(ratio) for ratio in re.findall(r" ([0-9.]+)(?=[,.])", sentence)]
    assert sentence.startswith(
        "Reference ratios, in tonnes of a step’s product per tonne of cement: "
    )
    assert ratios == [float(step.ratio) for step in ROUTE.steps]


def test_a_limit_is_never_drawn(label: LabelView) -> None:
    bare = ladder_of(label, display())
    with_limits = ladder_of(label, display(), (limit("clinker-burning"),))
    assert with_limits.picture == bare.picture
    (shown,) = with_limits.all_limits
    assert shown.text == "100 · – · 117", "a grade that the standard does not define stays missing"


@pytest.mark.parametrize("name", packs.available())
def test_every_level_of_every_limit_leads_to_the_page_of_its_number(name: str) -> None:
    pack = packs.load(name)
    pages = {
        number_url(name, pack.version, number.role.value, number.path) for number in numbers(pack)
    }
    limits = [
        limit
        for route in pack.routes
        for year in range(2013, 2028)
        for limit in shown_limits(pack, route, date(year, 12, 31))
    ]
    for limit in limits:
        shown = limit_levels(limit, pack)
        assert [level.url in pages for level in shown.levels] == [
            grade is not None for grade in limit.grades
        ], limit.words.en
    assert limits


def test_a_limit_that_the_pack_states_otherwise_by_now_leads_nowhere() -> None:
    (stated, *_) = shown_limits(PACK, ROUTE, date(2023, 12, 31))
    other = replace(stated, grades=(1.0, 2.0, 3.0))
    for limit, pack in ((other, PACK), (stated, None)):
        shown = limit_levels(limit, pack)
        assert not any(level.url for level in shown.levels)


def test_the_first_sentence_names_the_step_with_the_widest_rung(label: LabelView) -> None:
    with translation.override("en"):
        lead = lead_of(label, display())
    assert lead.widest_step == "clinker burning"
    assert lead.reached == "77.9"
    assert lead.typical == "83.2"


@pytest.mark.parametrize(
    ("unit", "english", "chinese"),
    [
        ("kgce/t", "a tonne of cement", "一吨水泥"),
        ("kgce/weight case", "a weight case of cement", "一重量箱水泥"),
    ],
)
def test_the_first_sentence_names_the_unit_that_its_product_is_counted_in(
    label: LabelView, unit: str, english: str, chinese: str
) -> None:
    totals = {
        name: replace(getattr(label, name), unit=unit)
        for name in ("composite", "best_reached", "typical")
    }
    texts = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            page = render_to_string(
                "web/parts/lead.html", {"lead": lead_of(replace(label, **totals), display())}
            )
        texts[language] = " ".join(page.split())
    sentence = (
        f"The best plants really make {english} with <b>77.9 kgce</b>; a typical plant uses "
        "<b>83.2</b>."
    )
    assert texts["en"].startswith(sentence)
    assert texts["zh-hans"].startswith(
        f"最好的工厂实际以 <b>77.9 kgce</b> 生产{chinese}，典型工厂为 <b>83.2</b>。"
    )


def test_a_product_that_is_not_counted_in_tonnes_has_none_in_its_ladder(label: LabelView) -> None:
    """A square metre of tempered glass takes a quarter of a weight case of flat glass."""
    pack = packs.load(str(packs.HOME / "further" / "flat-glass.toml"))
    route = next(route for route in pack.routes if route.id == "tempered")
    units = {place.step: pack.step(place.step).output_unit for place in route.steps}
    cells = tuple(
        replace(
            label.cells[0],
            step=place.step,
            product=pack.step(place.step).product,
            unit=f"kgce/{units[place.step]}",
            ratio=float(place.ratio),
        )
        for place in route.steps
    )
    totals = {
        name: replace(getattr(label, name), unit="kgce/m2")
        for name in ("composite", "best_reached", "typical")
    }
    with translation.override("en"):
        drawn = ladder_of(
            replace(label, cells=cells, **totals),
            TotalsDisplay(Names("flat-glass", pack), route.id),
        )
    assert drawn.rows[0].unit.startswith("kgce per weight case of flat glass")
    assert drawn.total.unit == drawn.scale_unit == "kgce per m² of tempered glass"
    assert drawn.ratios.startswith(
        "Reference ratios, what each step makes per m² of tempered glass: "
    )
    assert "0.25 weight case" in drawn.ratios
    assert "tonne" not in f"{drawn.rows}{drawn.total}{drawn.ratios}"


def test_measures_stand_for_one_of_the_output() -> None:
    measure = Measure("Mill", "/", 0.1, "", "1 kWh", "–", "electricity", "1", "", "")
    step = StepMeasures("Tile line", "m²", (measure,), ())
    with translation.override("en"):
        to_do = render_to_string("web/parts/to_do.html", {"step": step, "number": 1})
    assert "Investment per m² of yearly capacity" in to_do
    assert "Worth per m², at your price" in to_do
    assert "per tonne<" not in to_do


def test_the_first_sentence_says_nothing_that_the_gate_holds_back(label: LabelView) -> None:
    held_back = replace(label, composite=total(None), best_reached=total(None), typical=total(None))
    lead = lead_of(held_back, display())
    assert (lead.composite, lead.reached, lead.typical, lead.widest_step, lead.widest_share) == (
        "",
        "",
        "",
        "",
        "",
    )


def test_no_template_carries_a_style_or_a_script_of_its_own() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", text), path.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), path.name
