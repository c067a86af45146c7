"""The strip of ranks: a tick a rank while ticks can be told apart, a line and the ends of one's own
ranks beyond.
"""

from __future__ import annotations

import pytest

from portal.standings.selectors import StepStandingView
from portal.web.presenters.stand import MOST_TICKS, rank_strip, score_rows
from portal.web.viewmodels.stand import RankStrip
from portal.web.words.terms import Names


def strip(of: int, low: int, high: int) -> RankStrip:
    standing = StepStandingView(
        "clinker", "", "", "energy", "kgce/t", 1.0, 1.0, 1.0, (0.9, 1.1), (low, high), None, of, 1
    )
    view = rank_strip(standing, "clinker")
    assert view is not None
    return view


@pytest.mark.parametrize(
    ("score", "shown", "reading"),
    [
        ((51, 90), "51 to 90", "better than typical"),
        ((50, 90), "50 to 90", "cannot be distinguished from typical"),
        ((12, 50), "12 to 50", "cannot be distinguished from typical"),
        ((12, 49), "12 to 49", "behind typical"),
        ((1, 1), "1", "behind typical"),
        (None, "", ""),
    ],
)
def test_a_score_is_said_by_its_interval(
    score: tuple[int, int] | None, shown: str, reading: str
) -> None:
    standing = StepStandingView(
        "eaf", "", "", "energy", "kgce/t", 1.0, 1.0, 1.0, (0.9, 1.1), (2, 3), None, 30, 1, score
    )
    (row,) = score_rows([standing], Names.of("steel", "1"))
    assert (row.score, row.reading, row.band is None) == (shown, reading, score is None)
    assert row.ranks == "2nd to 3rd of 30"


def test_few_ranks_have_a_tick_each() -> None:
    drawn = strip(MOST_TICKS, 3, 5)
    assert not drawn.crowded
    assert [rank for rank, (_x, yours) in enumerate(drawn.ticks, 1) if yours] == [3, 4, 5]
    assert (len(drawn.ticks), drawn.ticks[0][0], drawn.ticks[-1][0]) == (
        MOST_TICKS,
        "1.50%",
        "98.50%",
    )


@pytest.mark.parametrize(
    ("low", "high", "ticks"), [(1, 2_000, ("1.50%", "98.50%")), (1, 1, ("1.50%",))]
)
def test_many_ranks_are_a_line_with_the_ends_of_ones_own(
    low: int, high: int, ticks: tuple[str, ...]
) -> None:
    drawn = strip(2_000, low, high)
    assert drawn.crowded
    assert drawn.ticks == tuple((x, True) for x in ticks)
