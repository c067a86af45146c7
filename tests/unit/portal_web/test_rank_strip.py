"""The strip of ranks: a tick a rank while ticks can be told apart, a line and the ends of one's own
ranks beyond.
"""

from __future__ import annotations

import pytest

from benchmarks.route_ranking import tells
from portal.standings.selectors import StepStandingView
from portal.web.presenters.stand import MOST_TICKS, rank_strip, score_rows
from portal.web.viewmodels.stand import RankStrip
from portal.web.words.terms import Names
from portal.web.words.verdicts import verdict


def strip(of: int, low: int, high: int) -> RankStrip:
    standing = StepStandingView(
        "clinker", "", "", "energy", "kgce/t", 1.0, 1.0, 1.0, (0.9, 1.1), (low, high), None, of, 1
    )
    view = rank_strip(standing, "clinker")
    assert view is not None
    return view


@pytest.mark.parametrize(("score", "shown"), [((51, 90), "51 to 90"), ((1, 1), "1"), (None, "")])
def test_a_score_is_said_by_its_interval(score: tuple[int, int] | None, shown: str) -> None:
    standing = StepStandingView(
        "eaf", "", "", "energy", "kgce/t", 1.0, 1.0, 1.0, (0.9, 1.1), (2, 3), None, 30, 1, score
    )
    (row,) = score_rows([standing], Names.of("steel", "1"))
    assert (row.score, row.band is None) == (shown, score is None)
    assert (row.ranks, row.verdict) == ("2nd to 3rd of 30", "First quarter, least energy")


@pytest.mark.parametrize(
    ("ranks", "of", "said"),
    [
        ((1, 6), 26, "First quarter, least energy"),
        ((2, 7), 26, "Better than typical"),
        ((1, 13), 26, "Better than typical"),
        ((8, 12), 26, "Second quarter"),
        ((13, 14), 26, "Cannot be distinguished from typical"),
        ((4, 26), 26, "Cannot be distinguished from typical"),
        ((14, 19), 26, "Third quarter"),
        ((14, 26), 26, "Behind typical"),
        ((20, 26), 26, "Fourth quarter, most energy"),
    ],
)
def test_a_verdict_says_what_the_whole_rank_interval_bears_out(
    ranks: tuple[int, int], of: int, said: str
) -> None:
    assert verdict(ranks, of) == said


def test_a_route_of_which_more_than_half_of_the_ranks_are_possible_has_none() -> None:
    assert [tells(ranks, 26) for ranks in ((1, 13), (1, 14), (4, 26))] == [True, False, False]


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
