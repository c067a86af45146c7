"""Batches of one machine at one time: how often a draw shows them, and that no plant fails whose
agent would send the report.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

import numpy as np
import pytest

from benchmarks import packs
from benchmarks.audit.committed_tree import UsedLeaves
from benchmarks.audit.counts import Pair, betters
from benchmarks.audit.sampling_plan import STANDARD, Stratum, StratumKind, draw
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.released import rank
from tests.functional.audit.plants import chance_of

STEP = packs.load("steel").step("eaf")
SPREAD, DRAWS = 0.05, 100


class Furnace:
    """Heats whose values scatter, and as many more at the time and of the value of these places
    among them.
    """

    def __init__(self, heats: int, copied: Iterable[int]) -> None:
        once = np.sort(1 + SPREAD * np.random.default_rng(heats).standard_normal(heats))
        self.heats = sorted([*range(heats), *copied])
        self.values = once[self.heats]
        best, best_once = (
            float(values[rank(STEP.label_rule.quantile, len(values)) - 1])
            for values in (self.values, once)
        )
        self.is_sent = best_once - best <= WORTH_TELLING * best_once
        """By an honest agent: it refuses a label that is better by more."""

    def opened(self, number: int) -> dict[int, float]:
        used = len(self.heats)
        best = rank(STEP.label_rule.quantile, used)
        strata = (
            Stratum("edge", StratumKind.EDGE, 1, used, (best, ceil(used / 2))),
            Stratum("below", StratumKind.BELOW, 1, best),
            Stratum("used", StratumKind.USED, 1, used),
        )
        leaves = {leaf.position for leaf in draw(strata, STANDARD, chance_of(f"at once {number}"))}
        return {leaf: float(self.values[leaf - 1]) for leaf in sorted(leaves)}

    def pairs(self, opened: Iterable[int]) -> list[Pair]:
        first: dict[int, int] = {}
        return [
            (earlier, leaf)
            for leaf in opened
            if (earlier := first.setdefault(self.heats[leaf - 1], leaf)) != leaf
        ]

    def shown_and_failed(self) -> tuple[float, float]:
        """In what share of the draws a pair is opened, and in which of them the check fails."""
        cell, draws = (
            UsedLeaves(STEP.product, "any", 1, len(self.heats)),
            [self.opened(number) for number in range(DRAWS)],
        )
        failed = [betters(self.pairs(opened), opened, cell, STEP) for opened in draws]
        return sum(bool(self.pairs(opened)) for opened in draws) / DRAWS, sum(failed) / DRAWS


def spread_over(copies: int, places: int) -> list[int]:
    return [number * places // copies for number in range(copies)]


@pytest.mark.parametrize(
    ("heats", "copied", "shown", "failed"),
    [
        (350, [0] * 10, 1, 0.74),
        (350, [0] * 20, 1, 1),
        (350, [0] * 40, 1, 1),
        (2_000, spread_over(10, 80), 0.9, 0),
        (2_000, [0] * 40, 1, 0),
        (10_000, spread_over(25, 450), 0.4, 0),
        (10_000, spread_over(50, 420), 0.6, 0),
        (10_000, spread_over(100, 380), 0.9, 0),
    ],
)
def test_a_draw_shows_batches_at_one_time_as_often_as_the_page_says(
    heats: int, copied: list[int], shown: float, failed: float
) -> None:
    assert Furnace(heats, copied).shown_and_failed() == pytest.approx((shown, failed), abs=0.08)


@pytest.mark.parametrize("heats", [60, 350, 2_000])
def test_no_plant_fails_whose_agent_sends_the_report(heats: int) -> None:
    """Every heat twice, every fifth, some over all of them: several furnaces under one name, rows
    written twice.
    """
    for copied in (range(heats), range(0, heats, 5), spread_over(heats // 50 + 1, heats)):
        furnace = Furnace(heats, copied)
        assert furnace.is_sent
        shown, failed = furnace.shown_and_failed()
        assert (shown > 0.7, failed) == (True, 0)


def test_where_the_label_itself_was_not_opened_nothing_fails() -> None:
    furnace = Furnace(350, [0] * 40)
    opened = furnace.opened(0)
    del opened[rank(STEP.label_rule.quantile, 390)]
    assert not betters(
        furnace.pairs(opened),
        opened,
        UsedLeaves(STEP.product, "any", 1, 390),
        STEP,
    )
