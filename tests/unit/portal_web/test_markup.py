"""Markup that is written in one go: nothing of a text becomes markup, and words that all readers share hold nothing of a page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from portal.web.figures import Estimate
from portal.web.ladder import Rung, Span, draw
from portal.web.markup import gaps, ladder, trend
from portal.web.trend import Reported
from portal.web.trend import draw as draw_trend
from portal.web.viewmodels.enterprise import GapRow, RankStrip, TrendRow
from portal.web.viewmodels.ladders import Ladder, LadderRow, Level, Limit, LimitCell

BAD = """<b title="it's">&"""
ESCAPED = "&lt;b title=&quot;it&#x27;s&quot;&gt;&amp;"
HERE = Span("1%", "2%")


def a_ladder(text: str, hidden: str = "") -> Ladder:
    rung = Rung(1.0, Estimate(1.0, 0.9, 1.1), Estimate(1.5), Estimate(1.4, 1.3, 1.6), Estimate(1.2, 1.1, 1.3))
    picture = draw([rung, rung])
    limits = LimitCell(2, (Limit(text, (Level(text, text), Level(text)), text, text),))
    row = LadderRow(text, text, text, text, text, text, text, text, hidden, picture.rungs[0], limits, reached=text, own=text)
    below = replace(row, limits=None, limits_from_above=True)
    return Ladder((row,), below, picture, text, with_you=True, with_reached=True, all_limits=limits.limits)


def every_markup(text: str) -> dict[str, str]:
    gap = GapRow(text, text, text, text, text, text, text, text, text, HERE, HERE, "3%")
    points = [Reported(text, Estimate(1.0, 0.9, 1.1), 0.8, breaks=False), Reported(text, Estimate(2.0), None, breaks=True)]
    return {
        "ladder": ladder.rows(a_ladder(text)),
        "held back": ladder.rows(a_ladder(text, hidden=text)),
        "limit": ladder.limit(Limit(text, (Level(text, text), Level(text)), text, text)),
        "places": gaps.places(RankStrip(text, 3, several=True, band=HERE, crowded=True, ticks=(("1%", True),), first=text, last=text)),
        "gaps": gaps.body((gap,), gap),
        "trend": trend.drawing(draw_trend(points)),
        "figures": trend.rows((TrendRow(text, text, text, text, text),)),
    }


@pytest.mark.parametrize("name", every_markup(""))
def test_a_text_stays_a_text(name: str) -> None:
    plain, bad = every_markup("plain")[name], every_markup(BAD)[name]
    assert "plain" in plain
    assert bad == plain.replace("plain", ESCAPED)


def test_a_value_held_back_is_not_drawn() -> None:
    assert "m-best" in ladder.rows(a_ladder("x"))
    assert "m-best" not in ladder.rows(a_ladder("x", hidden="Not shown: too few firms."))


def test_shared_words_are_said_in_the_language_of_each_page() -> None:
    words = Template('{% load i18n drawings %}{% fixed %}<b>{% translate "Step" %}</b>{% endfixed %}')
    said = []
    for language in ("en", "zh-hans", "en", "zh-hans"):
        with translation.override(language):
            said.append(words.render(Context()))
    assert said == ["<b>Step</b>", "<b>工序</b>"] * 2


@pytest.mark.parametrize(
    "within",
    [
        "{{ site }}",
        "{% translate site %}",
        '{% translate "Step" as step %}',
        '{% translate "Step"|add:site %}',
        '{% translate "Step" context site %}',
        "{% if site %}yours{% endif %}",
        "{% csrf_token %}",
    ],
)
def test_what_depends_on_a_page_is_refused_among_shared_words(within: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="between fixed and endfixed"):
        Template(f"{{% load i18n drawings %}}{{% fixed %}}{within}{{% endfixed %}}")
