"""The percentile curve as it reaches the page: places, words, figures beside it, and why there is
none.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from benchmarks.comparison.estimates import Estimate
from benchmarks.composition import CurvePoint
from portal.publication.shapes import LabelView
from portal.web.charts.curve import Point, draw
from portal.web.presenters.curves import FEWEST, Spread, spread_of
from tests.unit.portal_web.test_ladder_page import display, step_view, total

NINE = tuple(
    CurvePoint(percent, 95.0 + percent / 10, (94.0 + percent / 10, 96.5 + percent / 10))
    for percent in range(10, 100, 10)
)
THREE = tuple(
    point
    for point in (replace(decile, percent=decile.percent + 5) for decile in NINE)
    if point.percent in (25, 55, 75)
)
QUARTILES = tuple(replace(point, percent=50) if point.percent == 55 else point for point in THREE)


def label(*curves: tuple[CurvePoint, ...], firms: int = 60) -> LabelView:
    bests = (0.2, 1.9, 95.4, -0.9, None)
    steps = tuple(
        replace(
            step_view(index, best, None if best is None else best + 1),
            curve=curves[index] if index < len(curves) else (),
            firms=firms,
        )
        for index, best in enumerate(bests)
    )
    return LabelView(steps, total(76.1), total(77.9), total(83.2), "trimmed-best-five", firms)


def spread(version: LabelView) -> Spread:
    return spread_of(version, display())


def test_points_rise_to_the_right_and_each_stands_within_its_interval() -> None:
    picture = draw(
        [Point(point.percent, Estimate(point.value, *point.interval)) for point in NINE], 94.0
    )
    xs, ys = (
        [float(text.removesuffix("%")) for text in texts]
        for texts in zip(*((mark.x, mark.y) for mark in picture.points), strict=True)
    )
    assert xs == sorted(xs)
    assert ys == sorted(ys, reverse=True)
    for mark in picture.points:
        top, height, y = (
            float(text.removesuffix("%")) for text in (mark.band.x, mark.band.width, mark.y)
        )
        assert top < y < top + height
    assert [mark.label for mark in picture.points] == ["10", "", "30", "", "50", "", "70", "", "90"]
    assert picture.best is not None
    assert (
        float(picture.best.removesuffix("%")) > ys[0]
    )  # the published best lies below the first point
    assert 2 <= len(picture.lines) <= 5


def test_points_of_one_value_are_drawn_all_the_same() -> None:
    picture = draw([Point(percent, Estimate(7.0, 7.0, 7.0)) for percent in (25, 50, 75)], None)
    assert {mark.y for mark in picture.points} == {"48.00%"}


def test_the_figures_of_a_curve_stand_in_a_table() -> None:
    curve = spread(label((), (), NINE)).curves[0]
    assert (curve.name, curve.unit) == ("Clinker burning", "kgce per tonne of clinker")
    assert (
        curve.lead == "About half of the firms stay at or below 100.00 kgce per tonne of clinker."
    )
    assert [(row.share, row.value, row.interval) for row in curve.rows[:2]] == [
        ("10 %", "96.00", "95.00 to 97.50"),
        ("20 %", "97.00", "96.00 to 98.50"),
    ]


def test_the_drawing_is_in_the_page_without_script_or_style() -> None:
    html = render_to_string("web/parts/spread.html", {"spread": spread(label((), (), QUARTILES))})
    assert html.count('class="c-point" cx=') == 4  # three points and the key
    assert not re.search(r"style=|<script", html)
    assert (
        'role="img" aria-label="Percentile curve from 97.00 at 25 % of the firms to 102.00 at 75 %'
        in html
    )
    assert "The ends are not drawn" in html


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        (label(firms=FEWEST - 1), "At most 19 firms entered here."),
        (label(), "Withheld with its value: Clinker cooling."),
    ],
    ids=["too-few", "held-back"],
)
def test_without_a_curve_the_page_says_why(version: LabelView, sentence: str) -> None:
    html = render_to_string("web/parts/spread.html", {"spread": spread(version)})
    assert "No curve can be drawn for this version." in html
    assert sentence in html
    assert "<svg" not in html


def test_a_curve_that_the_gate_left_out_is_said_to_be_left_out() -> None:
    shown = label(firms=FEWEST)
    withheld = replace(
        shown, cells=tuple(replace(step, curve_withheld=True) for step in shown.cells)
    )
    html = render_to_string("web/parts/spread.html", {"spread": spread(withheld)})
    assert (
        "it would reveal in which part of the curve a firm lies: Crushing and prehomogenisation; "
        in html
    )


def test_twenty_firms_are_the_fewest() -> None:
    assert FEWEST == 20


def test_the_words_of_a_curve_exist_in_chinese() -> None:
    with translation.override("zh-hans"):
        html = render_to_string(
            "web/parts/spread.html", {"spread": spread(label((), (), QUARTILES))}
        )
    assert not re.search(r"[A-Za-z]{4,}", re.sub(r"<[^>]*>", " ", html).replace("kgce", ""))
