"""Drawings and long tables: whatever a text says, it stays a text, and a value that is held back is
not drawn.
"""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from benchmarks.comparison.estimates import Estimate
from portal.web.charts import pictures
from portal.web.charts.ladder import StepRung, draw
from portal.web.charts.trend import TrendPeriod
from portal.web.charts.trend import draw as draw_trend
from portal.web.presenters.ladders import Ladder, LadderRow
from portal.web.presenters.trend import TrendRow, TrendStep
from tests.unit.portal_web.test_paper import page

BAD = """<b title="it's">&"""
ESCAPED = "&lt;b title=&quot;it&#x27;s&quot;&gt;&amp;"


def a_ladder(text: str, hidden: str = "") -> Ladder:
    rung = StepRung(
        1.0,
        Estimate(1.0, 0.9, 1.1),
        Estimate(1.5),
        Estimate(1.2, 1.1, 1.3),
    )
    picture = draw([rung, rung])
    row = LadderRow(
        text,
        text,
        text,
        text,
        text,
        hidden,
        picture.rungs[0],
        reached=text,
    )
    return Ladder((row,), row, picture, text, with_reached=True, all_limits=())


def ladder(view: Ladder) -> str:
    return pictures.ladder(page(ladder=view))


def every_part(text: str) -> dict[str, str]:
    points = [
        TrendPeriod(text, Estimate(1.0, 0.9, 1.1), 0.8, breaks=False),
        TrendPeriod(text, Estimate(2.0), None, breaks=True),
    ]
    step = TrendStep(
        *(text, text, text, text, draw_trend(points)),
        (TrendRow(text, text, text, text, text),),
        *(text, text, text),
    )
    return {
        "ladder": ladder(a_ladder(text)),
        "withheld": ladder(a_ladder(text, hidden=text)),
        "trend": render_to_string("web/parts/trend.html", {"steps": (step,)}),
    }


@pytest.mark.parametrize("name", every_part(""))
def test_a_text_stays_a_text(name: str) -> None:
    plain, bad = every_part("plain")[name], every_part(BAD)[name]
    assert "plain" in plain
    assert bad == plain.replace("plain", ESCAPED)


def test_a_value_held_back_is_not_drawn() -> None:
    """Each drawn row has a mark of the best; the key above them has one of its own."""
    shown, held_back = (
        ladder(a_ladder("x")),
        ladder(a_ladder("x", hidden="Not shown: too few firms.")),
    )
    assert [page.count('class="m-best"') for page in (shown, held_back)] == [3, 1]
