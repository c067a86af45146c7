"""The gate on percentile curves: with their cell and never without it, at a distance in firms, on
the release grid.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from benchmarks.composition import CurvePoint, IndustryLabel, Roster, by_step, compose_with_roster
from benchmarks.disclosure import gate
from benchmarks.routes import Pack

Drafted = tuple[IndustryLabel, Roster]


@pytest.fixture(scope="module")
def draft(pack: Pack, grow: Callable[..., Any]) -> Drafted:
    rng = np.random.default_rng(31)
    everyone = [p for step in ("melting", "blowing", "rolling") for p in grow(rng, 22, step).labels]
    return compose_with_roster(pack, pack.routes[0], by_step(everyone), rng, period="2016")


def published(pack: Pack, draft: Drafted, today: date) -> IndustryLabel:
    return gate(*draft, pack.disclosure, period_end=date(2017, 1, 1), today=today).published


def test_a_shown_curve_stands_on_the_release_grid(pack: Pack, draft: Drafted) -> None:
    for before, after in zip(
        draft[0].cells, published(pack, draft, date(2017, 6, 1)).cells, strict=True
    ):
        assert [point.percent for point in after.curve] == [25, 50, 75]
        for exact, shown in zip(before.curve, after.curve, strict=True):
            assert (
                (Fraction(str(shown.value)) - after.grid.lower) / after.grid.width
            ).denominator == 1
            assert shown.interval[0] <= exact.interval[0] < exact.interval[1] <= shown.interval[1]


def test_what_refuses_the_cell_refuses_its_curve(pack: Pack, draft: Drafted) -> None:
    early = published(pack, draft, date(2017, 1, 2))
    assert all((step.best, step.curve) == (None, ()) for step in early.cells)


def test_points_that_so_few_firms_do_not_allow_are_taken_out_whoever_drew_them(
    pack: Pack, draft: Drafted
) -> None:
    label, roster = draft
    greedy = tuple(CurvePoint(percent, 50.0, (49.0, 51.0)) for percent in range(5, 100, 5))
    drawn = dataclasses.replace(
        label, cells=tuple(dataclasses.replace(step, curve=greedy) for step in label.cells)
    )
    for step in published(pack, (drawn, roster), date(2017, 6, 1)).cells:
        assert [point.percent for point in step.curve] == [25, 50, 75]
