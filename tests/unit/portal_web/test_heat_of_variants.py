"""Two variants of one step: the heat in a gap is of the variant that the gap is of, whichever of
them a version tells last.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from portal.publication.shapes import CellView, LabelView
from portal.standings.selectors import StandView, StepStandingView
from portal.web.presenters.site_gaps import heat_of
from tests.unit.portal_web.test_next_steps import TOTAL, cell

BOTH = ("grey", "white-special")


def burning(variant: str, metric: str, best: float, typical: float) -> CellView:
    """Half a tonne of clinker for a tonne of cement; nothing is uncertain, so that a gap has one
    figure.
    """
    unit = "MJ/t" if metric == "thermal" else "kgce/t"
    return replace(
        cell(metric, unit, ()),
        step="clinker-burning",
        product="clinker",
        variant=variant,
        ratio=0.5,
        headline=(variant, metric) == ("grey", "total"),
        best=best,
        interval=(best, best),
        typical=typical,
        typical_interval=(typical, typical),
    )


def label(order: tuple[str, ...]) -> LabelView:
    """A typical grey kiln is 20 kgce above the best, 10 of them heat: 293.076 MJ. A white one needs
    ten times as much heat.
    """
    heat = {"grey": (2900.0, 3193.076), "white-special": (5000.0, 7930.76)}
    cells = [burning(variant, "thermal", *heat[variant]) for variant in order]
    return LabelView(
        (burning("grey", "total", 100.0, 120.0), *cells), TOTAL, TOTAL, TOTAL, rule=None, firms=12
    )


def stood(order: tuple[str, ...]) -> StandView:
    values = {"grey": 3193.076, "white-special": 7930.76}
    rows = [
        StepStandingView(
            *(
                "clinker-burning",
                "clinker",
                variant,
                "thermal",
                "MJ/t",
                values[variant],
                None,
                None,
            ),
            *((values[variant], values[variant]), None, None, None, 1),
        )
        for variant in order
    ]
    return StandView(cast(Any, None), None, tuple(rows))


@pytest.mark.parametrize("order", [BOTH, BOTH[::-1]])
def test_the_heat_of_a_sites_gap_is_that_of_the_variant_of_the_gap(order: tuple[str, ...]) -> None:
    """By hand: 10 kgce a tonne of clinker, half a tonne of it."""
    assert heat_of(stood(order), label(order))["clinker-burning"] == pytest.approx((5.0, 5.0))
