"""How often an ordinary draw shows that batches were committed to twice: what docs/audit.md and
docs/threat-model.md state.
"""

from __future__ import annotations

import pytest

from benchmarks.audit.sampling_plan import STANDARD, Stratum, StratumKind, draw
from tests.functional.audit.plants import chance_of

USED, BEST, DRAWS = 10_000, 500, 200
STRATA = (
    Stratum("edge", StratumKind.EDGE, 1, USED, (BEST, USED // 2)),
    Stratum("below", StratumKind.BELOW, 1, BEST),
    Stratum("used", StratumKind.USED, 1, USED),
)
AT_OR_BELOW, BETWEEN = range(1, BEST - 10), range(BEST + 20, USED // 2 - 20)
"""Leaves at or below the best value, and between it and the typical one, without those that every
draw opens.
"""


def share_found(pairs: int, among: range, first: int) -> float:
    """In how many of the draws both leaves of a pair are known: one opened, the other opened as
    well or beside an opened one in the tree.

    Args:
        pairs: of equal neighbours, evenly among these leaves.
        first: 0 where the two are beside each other in the tree, 1 where each is beside another
            leaf.
    """
    leaves = [
        2 * ((among.start + index * len(among) // pairs) // 2 + 1) - first for index in range(pairs)
    ]
    shown = 0
    for number in range(DRAWS):
        opened = {leaf.position for leaf in draw(STRATA, STANDARD, chance_of(f"copies {number}"))}
        known_leaves = opened | {leaf ^ 1 for leaf in opened}
        shown += any(
            (leaf in opened and leaf + 1 in known_leaves)
            or (leaf + 1 in opened and leaf in known_leaves)
            for leaf in leaves
        )
    return shown / DRAWS


@pytest.mark.parametrize(
    ("pairs", "among", "first", "about"),
    [
        (25, AT_OR_BELOW, 0, 1.0),
        (25, AT_OR_BELOW, 1, 0.75),
        (50, AT_OR_BELOW, 1, 0.94),
        (1_000, BETWEEN, 1, 0.9),
    ],
)
def test_a_draw_finds_copies_as_often_as_the_pages_say(
    pairs: int, among: range, first: int, about: float
) -> None:
    assert share_found(pairs, among, first) == pytest.approx(about, abs=0.07)


def test_all_that_could_be_copied_at_or_below_the_best_of_a_small_step_is_opened() -> None:
    for used in range(100, 401, 20):
        rank = -(-used // 20)
        below = Stratum("below", StratumKind.BELOW, 1, rank)
        assert len(draw([below], STANDARD, chance_of("small"))) >= rank - 1
