"""Another firm's value out of one's own standing: rank, score and estimate before and after that
firm joined, as its owner reads them.

The reader has the best linear guess that sectors alike would teach it: it knows its own release,
and what of its standing moved.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition.entrants import ReportedLabel
from benchmarks.ranking import FEWEST_FOR_A_SCORE, RankedSite, standings
from benchmarks.routes import Pack
from tests.attacks.conftest import State
from tests.attacks.published import CLOSE, close, median_error
from tests.attacks.table import Row
from tests.statistical.sectors import PACK, Sector, sector

Array = NDArray[np.float64]

ABOVE_GUESS = 0.1


def open_to_few(fewest: int) -> Pack:
    """The pack as if a rank among so few were told."""
    return PACK.model_copy(
        update={"disclosure": PACK.disclosure.model_copy(update={"fewest_firms": fewest})}
    )


def own(site: str, reported: Sequence[ReportedLabel], pack: Pack, seed: int) -> RankedSite | None:
    return next(
        (
            standing
            for standing in standings(reported, pack, np.random.default_rng(seed))
            if standing.site == site
        ),
        None,
    )


def figures_of(standing: RankedSite) -> list[float]:
    score = standing.score or (0, 0)
    return [standing.estimate, *standing.interval, sum(standing.rank_interval) / 2, sum(score) / 2]


def learned(figures_known: Array, exact: Array) -> Array:
    """Guesses of the second half by the linear rule that the first half teaches."""
    half = len(exact) // 2
    rows = np.column_stack([np.ones(len(exact)), figures_known])
    rule, *_ = np.linalg.lstsq(rows[:half], exact[:half], rcond=None)
    return np.asarray(rows[half:] @ rule)


def before_and_after(sector: Sector, seed: int) -> tuple[list[float], list[float]]:
    """What the first firm knows of itself, and what of its standing moved when the last one
    joined.
    """
    reader = sector.labels[0]
    was, is_ = (
        own(reader.site, of, PACK, seed + turn)
        for turn, of in enumerate((sector.labels[:-1], sector.labels))
    )
    assert was is not None
    assert is_ is not None
    return [float(reader.label.best_value)], [
        now - then for now, then in zip(figures_of(is_), figures_of(was), strict=True)
    ]


def test_what_moves_in_ones_own_standing_does_not_tell_who_joined(
    stated: State, long: bool
) -> None:
    sectors = [
        sector(np.random.default_rng([8, seed]), "normal", FEWEST_FOR_A_SCORE + 1)
        for seed in range(600 if long else 80)
    ]
    exact = np.array([cohort.best[-1] for cohort in sectors])
    knows, moved = zip(
        *(before_and_after(cohort, 2 * seed) for seed, cohort in enumerate(sectors)), strict=True
    )
    unseen = exact[len(exact) // 2 :].tolist()
    alone = learned(np.array(knows), exact).tolist()
    both = learned(np.column_stack([knows, moved]), exact).tolist()
    assert close(both, unseen) <= close(alone, unseen) + ABOVE_GUESS

    # two of three together, where a standing among three is told: their own estimates lean on the
    # third
    three = [
        sector(np.random.default_rng([9, seed]), "normal", 3) for seed in range(600 if long else 80)
    ]
    thirds = np.array([cohort.best[2] for cohort in three])
    closed, opened = [], []
    for seed, trio in enumerate(three):
        pair = trio.labels[:2]
        closed.append([float(firm.label.best_value) for firm in pair])
        assert [own(firm.site, trio.labels, PACK, seed) for firm in pair] == [None, None], (
            "of fewer than eight firms nobody is ranked"
        )
        leans = [own(firm.site, trio.labels, open_to_few(2), seed) for firm in pair]
        opened.append(
            [
                *closed[-1],
                *(
                    figure
                    for standing in leans
                    if standing is not None
                    for figure in figures_of(standing)
                ),
            ]
        )
    last = thirds[len(thirds) // 2 :].tolist()
    on, off = (
        learned(np.array(figures_known), thirds).tolist() for figures_known in (closed, opened)
    )
    assert median_error(off, last) < 0.8 * median_error(on, last)
    stated(
        Row(
            "standing",
            "one's own rank, score and estimate before and after one firm joined among "
            f"{FEWEST_FOR_A_SCORE}: "
            f"its value to within {CLOSE:.0%}",
            "noise at the plant; a standing leans on all others; none among fewer than eight firms",
            f"{close(alone, unseen):.0%}, the guess from one's own value, and "
            f"{100 * ABOVE_GUESS:.0f} points",
            f"{close(both, unseen):.0%}, median error {median_error(both, unseen):.1%}",
            f"two of three firms together, told: median error {median_error(off, last):.1%} for "
            f"{median_error(on, last):.1%}",
        )
    )
