"""A sector beside the limits of standards: shares as far as the published curve tells them, and
nothing where it does not.
"""

from __future__ import annotations

import pytest

from benchmarks import packs
from benchmarks.composition.rules import CurvePoint, share_at
from portal.publication.in_force import InForceView
from portal.publication.shapes import CellView, LabelView, TotalView
from portal.web.presenters.levels import LevelRow, Share, levels_of, typical_share

CURVE = tuple(
    CurvePoint(percent, value, (value - 2, value + 2))
    for percent, value in ((25, 350.0), (50, 360.0), (75, 380.0))
)


@pytest.mark.parametrize(
    ("level", "share"),
    [(340, (0, 25)), (352, (25, 50)), (361, (25, 75)), (370, (50, 75)), (415, (75, 100))],
)
def test_a_share_lies_between_points_of_the_curve_that_are_surely_on_either_side(
    level: float, share: Share
) -> None:
    assert share_at(CURVE, level) == share


@pytest.mark.parametrize(
    ("level", "best", "share"),
    [
        (361.0, (0, 25), (0, 25)),  # a typical batch takes no less than the best ones
        (361.0, None, (0, 50)),
        (366.0, (50, 75), (0, 75)),  # the middle firm may lie on either side
        (415.0, (75, 100), (50, 100)),
        (415.0, None, (50, 100)),
    ],
)
def test_half_of_the_firms_reach_what_the_middle_firm_surely_does(
    level: float, best: Share | None, share: Share
) -> None:
    assert typical_share((366.0, (364.0, 368.0)), best, level) == share


def in_force(
    step: str, curve: tuple[CurvePoint, ...] = (), pack: str = "steel", unit: str = "kgce/t"
) -> InForceView:
    """A version that shows these steps, each with 366 kgce/t as its typical value."""
    declared = packs.load(pack)
    hidden_total = TotalView(None, None, "kgce/t", 0, None, False, "too-few-firms", "", "")
    cells = tuple(
        CellView(
            *(
                place.step,
                declared.step(place.step).product,
                "",
                "",
                "total",
                unit,
                2.0,
                True,
                350.0,
                (349.0, 351.0),
                366.0,
                (364.0, 368.0),
            ),
            *("trimmed-best-five", 20, True, "", "", "", True, curve),
        )
        for place in declared.routes[0].steps
        if place.step in step.split()
    )
    label = LabelView(cells, hidden_total, hidden_total, hidden_total, None, 20)
    return InForceView(1, pack, declared.version, "", declared.routes[0].id, "cn", "2026", 1, label)


def rows(
    step: str, curve: tuple[CurvePoint, ...] = (), pack: str = "steel", unit: str = "kgce/t"
) -> list[LevelRow]:
    levels = levels_of(in_force(step, curve, pack, unit))
    return list(levels.rows) if levels else []


def test_a_limit_of_one_step_has_distance_and_shares_level_by_level() -> None:
    levels = [
        (row.level.text, row.distance, row.distance_interval, row.typical_firms, row.best_firms)
        for row in rows("blast-furnace", CURVE)
    ]
    assert levels == [
        ("361", "+5", "3 to 7", "at most 50 %", "25 % to 75 %"),
        ("370", "−4", "−6 to −2", "50 % to 75 %", "50 % to 75 %"),
        ("415", "−49", "−51 to −47", "at least 50 %", "at least 75 %"),
    ]
    assert all(row.level.url for row in rows("blast-furnace")), "each level has its source"
    assert [row.rank for row in rows("blast-furnace")] == ["level 1", "level 2", "level 3"]
    assert [row.best_firms for row in rows("blast-furnace")] == ["", "", ""], (
        "without a curve none is told"
    )


def test_typical_batches_of_several_steps_are_added_up_without_shares_and_only_where_all_are_shown() -> (
    None
):
    clinker = "crushing-prehomogenisation raw-meal-homogenisation clinker-burning clinker-cooling"
    levels = rows(clinker, CURVE, "cement")
    assert {row.typical for row in levels} == {"1,464"}, "four steps of 366 with one ratio"
    assert {(row.typical_firms, row.best_firms) for row in levels} == {("", "")}
    assert {row.typical_interval for row in levels} == {"1,460 to 1,468"}, "distances in squares"
    assert rows(clinker.removeprefix("crushing-prehomogenisation "), CURVE, "cement") == []
    assert rows("blast-furnace", CURVE, unit="MJ/t") == [], "units that differ are not subtracted"
