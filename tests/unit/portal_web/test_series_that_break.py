"""A sector over its years and a draft beside the version before it: values that are defined
otherwise are joined by nothing.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from portal.publication.in_force import InForceView
from portal.publication.shapes import CellView, LabelView, TotalView
from portal.web.pages.sector import years_of
from portal.web.presenters.drafts import _changes
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.words.terms import Names

BARS = CellView(
    "rolling",
    "steel",
    "bars",
    "mill",
    "total",
    "kgce/t",
    1.0,
    True,
    10.0,
    (9.0, 11.0),
    12.0,
    (11.0, 13.0),
    "trimmed-best-five",
    9,
    True,
    "shown",
    "",
    "",
    True,
)
PLATES = replace(BARS, variant="plates")
BARS_BESIDE, PLATES_BESIDE = (replace(cell, headline=False) for cell in (BARS, PLATES))


def label(*cells: CellView) -> LabelView:
    total = TotalView(10.0, (9.0, 11.0), "kgce/t", 9, None, True, "shown", "", "")
    return LabelView(cells, total, total, total, None, 9)


def in_force(period: str, *cells: CellView, digest: str = "") -> InForceView:
    return InForceView(1, "steel", "1", digest, "bof", "cn", period, 1, label(*cells))


def breaks(*years: InForceView) -> bool:
    shown = TotalsDisplay(Names.of("no-such-pack", "1"), "bof")
    return bool(years_of(years, shown).rows[0].note)


def test_years_that_are_defined_alike_are_drawn_as_a_series() -> None:
    assert not breaks(in_force("2025", BARS))
    assert not breaks(
        in_force("2025", BARS, PLATES_BESIDE), in_force("2026", replace(BARS, best=9.0, firms=12))
    )


@pytest.mark.parametrize(
    "after",
    [
        in_force("2026", BARS_BESIDE, PLATES),
        in_force("2026", replace(BARS, rule="trimmed-best-decile"), PLATES_BESIDE),
        in_force("2026", replace(BARS, ratio=0.9), PLATES_BESIDE),
        in_force("2026", BARS, PLATES_BESIDE, digest="cd"),
        in_force("2026-Q1", BARS, PLATES_BESIDE),
    ],
    ids=["variant", "rule", "ratio", "content of the pack", "length"],
)
def test_the_drawing_of_a_sector_breaks_where_its_totals_are_defined_otherwise(
    after: InForceView,
) -> None:
    assert breaks(in_force("2025", BARS, PLATES_BESIDE), after)


def test_the_second_officer_reads_no_change_between_two_variants() -> None:
    shown: Any = SimpleNamespace(
        names=SimpleNamespace(step_name=lambda step: step),
        step_decimals=lambda _cell: 1,
        total_decimals=lambda _label: 1,
    )
    before = label(BARS, PLATES_BESIDE)
    assert _changes(label(BARS_BESIDE, PLATES), before, shown) == ()
    assert [change.step for change in _changes(before, before, shown)] == ["rolling", "Whole route"]
