"""Who takes the steam, heat and gas that a label credits, and how much of it: what no other step, conversion, user or buyer takes is told.

Over the period all that steps give back of a carrier, less what they take of it themselves, is held against what is left of its takers'
heat once purchases and conversions of the site have served them.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.labels import StepLabel
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase, Value
from benchmarks.routes import Words
from reporting_agent.pipeline.sitewide import Sitewide

FORMS = frozenset({"steam", "heat", "gas"})
NEARLY = 0.05
"""Of all that is given, what meters of steam and gas may err by together before the rest is told (a convention of ours)."""


def untaken(label: StepLabel, whole: Sitewide) -> Iterator[Words]:
    """What the label credits and nobody is shown to take, each carrier with its size."""
    if label.best.value is None or not label.output_t:
        return
    for carrier in label.energy_by_carrier:
        if CARRIERS[carrier].form not in FORMS:
            continue
        size = -label.energy_by_carrier[carrier] / label.output_t
        given, taken = _given_and_taken(carrier, label.step, whole)
        if given <= 0 or given - taken <= NEARLY * given:
            continue
        rest = size * (given - taken) / given
        if rest > WORTH_TELLING * abs(label.best.value):
            yield Words.of(_said(carrier, rest, taken / given, label))


def _given_and_taken(carrier: str, step: str, whole: Sitewide) -> tuple[float, float]:
    """MJ that steps give in all, beyond what each takes itself, and what is left of its takers once others have served them. Auxiliaries
    of the step whose credit is asked for are its own users, and none of its takers."""
    out, into = whole.of_steps(carrier, Direction.RECOVERED), whole.of_steps(carrier, Direction.IMPORT)
    net = {step: out.get(step, 0.0) - into.get(step, 0.0) for step in {*out, *into}}
    given, taken = fsum(mj for mj in net.values() if mj > 0), -fsum(mj for mj in net.values() if mj < 0)
    if (fence := whole.site.site_boundary) is not None:
        auxiliaries = (one for one in fence.auxiliaries if one.step != step)
        uses = (*fence.sold, *auxiliaries, *fence.others, *(one for made in fence.conversions for one in made.takes))
        supplies = (*fence.purchased, *(one for made in fence.conversions for one in made.gives))
        taken += fsum(whole.flow_mj(flow) or 0.0 for flow in uses if flow.carrier == carrier)
        taken -= fsum(whole.flow_mj(flow) or 0.0 for flow in supplies if flow.carrier == carrier)
    return given, max(taken, 0.0)


def _said(carrier: str, rest: float, share: float, label: StepLabel) -> Phrase:
    size: dict[str, Value] = {"carrier": CARRIERS[carrier].words, "size": f"{rest:.3g}", "unit": label.unit}
    if share <= 0:
        return Phrase(
            "Nothing shows who takes the %(carrier)s that is credited: no other step of the site, and no flow of [site_boundary]."
            " Without the credit the label would be higher by %(size)s %(unit)s.",
            **size,
        )
    return Phrase(
        "Of the %(carrier)s that is credited, other steps of the site and flows of [site_boundary] take %(share)s. Without the rest the"
        " label would be higher by %(size)s %(unit)s.",
        share=f"{share:.2%}",
        **size,
    )
