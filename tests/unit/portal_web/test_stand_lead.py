"""The first sentence of "Where we stand": true whatever the gaps are, and never of a gap that is
not there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from benchmarks import packs
from benchmarks.phrases import Name
from portal.publication.in_force import InForceView
from portal.publication.shapes import LabelView, TotalView
from portal.standings.reports import ReportView
from portal.standings.selectors import StandView, StepStandingView
from portal.web.charts.ladder import Picture
from portal.web.presenters.ladders import Ladder, LadderRow
from portal.web.presenters.stand import stand_page
from portal.web.viewmodels.stand import StandPage
from portal.web.words.figures import energy_units
from tests.unit.portal_web.test_next_steps import cell

TOTAL = LadderRow("Whole route", "kgce/t", "", "", "", "", "", "", "", None, None)
LADDER = Ladder((), TOTAL, Picture((), "3.00%", ()), "kgce per tonne of cement", True, False, ())


def lead(language: str, **gaps: int) -> str:
    counts: dict[str, Any] = {
        "clear_gaps": 0,
        "all_gaps": 0,
        "within_noise": 0,
        "at_best": 0,
        "awaited": 0,
    } | gaps
    named: dict[str, Any] = {"first_step": "", "first_gap": "", "clear_sum": ""}
    if counts["clear_gaps"]:
        named = {"first_step": "clinker burning", "first_gap": "7.69", "clear_sum": "7.87"}
    page = StandPage(
        site="Works 1",
        sector="Cement",
        period="2025",
        version=1,
        benchmark_url="/",
        amount="tonne of cement",
        product_unit="tonne",
        next_url="/",
        computed=None,
        figures=(),
        strip=None,
        scores=(),
        ladder=LADDER,
        units=(),
        unit_note="",
        conversions="",
        carbon_note="",
        gap_energy="kgce",
        gaps=(),
        gap_sum=None,
        **named,
        **counts,
    )
    with translation.override(language):
        html = render_to_string("web/stand.html", {"page": page, "choices": ()})
    match = re.search(r'<p class="sl-lead">(.*?)</p>', html, re.DOTALL)
    assert match is not None
    return re.sub("<[^>]+>", "", match[1]).strip()


@pytest.mark.parametrize(
    ("gaps", "sentence"),
    [
        (
            {},
            (
                "None of your steps can be compared: you did not report it, or the gate withholds "
                "its "
                "value."
            ),
        ),
        (
            {"awaited": 2},
            (
                "Your report is accepted. The intervals of 2 of your steps are computed when the "
                "regulator composes the next draft. "
                "Until then it is not known whether their gaps are more than the noise."
            ),
        ),
        (
            {"all_gaps": 3, "at_best": 3},
            "At every step you are at the industry best or below it: there is no gap to close.",
        ),
        (
            {"all_gaps": 3, "within_noise": 2, "at_best": 1},
            (
                "None of your gaps is larger than the noise: there is nothing to act on here. 2 "
                "gaps are within the noise. At 1 step "
                "you are at the best or below it."
            ),
        ),
        (
            {"all_gaps": 3, "clear_gaps": 1, "within_noise": 2},
            (
                "Act first at clinker burning: there you use 7.69 kgce per tonne of cement more "
                "than the industry best. "
                "1 of 3 steps is above the best by more than the noise. 2 gaps are within the "
                "noise."
            ),
        ),
        (
            {"all_gaps": 9, "clear_gaps": 7, "at_best": 2},
            (
                "Act first at clinker burning: 7.69 of the 7.87 kgce per tonne of cement that you "
                "use above the industry best. "
                "7 of 9 steps are above the best by more than the noise. At 2 steps you are at "
                "the best or below it."
            ),
        ),
    ],
    ids=[
        "nothing to compare",
        "not computed yet",
        "all at the best",
        "all within the noise",
        "one clear gap",
        "several",
    ],
)
def test_the_first_sentence_says_what_there_is_and_no_more(
    gaps: dict[str, int], sentence: str
) -> None:
    assert lead("en", **gaps) == sentence


def test_in_chinese_no_space_follows_a_full_stop() -> None:
    text = lead("zh-hans", all_gaps=9, clear_gaps=6, within_noise=1, at_best=2)
    assert text.count("。") == 4
    assert "。 " not in text


@pytest.mark.parametrize(
    ("interval", "wide"),
    [((78.8, 81.9), True), ((81.2, 84.0), True), ((81.2, 82.0), False), (None, False)],
)
def test_a_whole_route_that_reaches_further_than_its_steps_says_why_and_no_other_does(
    interval: tuple[float, float] | None, wide: bool
) -> None:
    """Two steps of 0.3 to either side make 0.42 of the whole."""
    steps = tuple(
        replace(cell("total", "kgce/t", ()), step=step, product=product, ratio=1.0)
        for step, product in (("clinker-burning", "clinker"), ("cement-grinding", "cement"))
    )
    total = TotalView(None, None, "kgce/t", 12, None, False, "", "", "")
    version = packs.load("cement").version
    view = InForceView(
        1,
        "cement",
        version,
        "",
        "dry-process",
        "cn",
        "2025",
        1,
        LabelView(steps, total, total, total, rule=None, firms=12),
    )
    standings = tuple(
        StepStandingView(
            step.step,
            step.product,
            "any",
            "total",
            "kgce/t",
            value,
            None,
            None,
            (value - 0.3, value + 0.3),
            None,
            None,
            None,
            1,
        )
        for step, value in zip(steps, (60.6, 21.0), strict=True)
    )
    route = StepStandingView(
        "whole-route", "", "", "total", "kgce/t", 81.6, None, None, interval, None, None, None, 1
    )
    start = datetime(2025, 1, 1, tzinfo=UTC)
    report = ReportView(
        1, 1, "works-1", Name("Works 1"), 1, "cement", version, "dry-process", "cn", "2025", start
    )
    units = energy_units(0.1229)
    page = stand_page(
        StandView(report, None, standings, route),
        view,
        units["kgce"],
        units,
        "works-1/2025",
        several=False,
    )
    assert ("is wider than those of its steps make it" in page.interval_note) is wide
