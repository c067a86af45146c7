"""How often ranks and scores over the whole route hold the truth: as `scores` does for one step, by
each firm's own total.

Of fewer than `FEWEST_FOR_A_SCORE` firms there is a rank and no score.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from benchmarks.ranking import FEWEST_FOR_A_SCORE
from benchmarks.route_ranking import of_route
from tests.statistical.outcome import Outcome
from tests.statistical.sectors import BETWEEN, PACK, ROUTE, Array, route_sector, true_totals

_SHORT = {8: 10, FEWEST_FOR_A_SCORE: 6, 100: 2, 500: 1}
_LONG = dict.fromkeys(_SHORT, 200)
_KIND, _KIND_SHORT = (
    5000,
    1500,
)  # firms that stand for all of the kind: the percentile of one is known to 0.7 and to 1.3 of 100
_COVERED = 0.95


@dataclass(slots=True)
class _Tally:
    """Sector by sector, the share of ranks and of scores that hold the truth; and the widths of all
    scores.
    """

    ranks: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)


def run(long: bool) -> Outcome:
    rows, sound = [], True
    for shape in BETWEEN:
        kind = true_totals(
            np.random.default_rng([2, *shape.encode()]), shape, _KIND if long else _KIND_SHORT
        )
        for firms, sectors in (_LONG if long else _SHORT).items():
            coverage = tally(shape, firms, sectors, kind)
            for covered in (coverage.ranks, coverage.scores):
                sound &= not _refuted(covered) and (
                    not long or not covered or float(np.mean(covered)) >= _COVERED
                )
            scored = (
                (
                    f"{100 * float(np.mean(coverage.scores)):.1f}",
                    f"{float(np.mean(coverage.widths)):.0f}",
                )
                if coverage.scores
                else ("-", "-")
            )
            rows.append((shape, f"{firms}", f"{100 * float(np.mean(coverage.ranks)):.1f}", *scored))
    counts = ", ".join(map(str, (_LONG if long else _SHORT).values()))
    return Outcome(
        "route-scores",
        sound,
        f"{counts} sectors of 8, {FEWEST_FOR_A_SCORE}, 100 and 500 firms with the four steps of "
        "the arc furnace's route: % of the 95 % "
        "intervals of ranks that hold the true rank over the route, % of those of scores that "
        "hold the true percentile among all firms "
        "of the kind, and their mean width",
        ("spread", "firms", "ranks held", "scores held", "width"),
        tuple(rows),
        "composition.md",
    )


def tally(shape: str, firms: int, sectors: int, kind: Array) -> _Tally:
    rng = np.random.default_rng([firms, 4, *shape.encode()])
    coverage = _Tally()
    for turn in range(sectors):
        sector = route_sector(rng, shape, firms)
        place = dict(zip(sector.sites, stats.rankdata(sector.totals), strict=True))
        percentile = dict(
            zip(
                sector.sites,
                np.maximum(100 * (1 - np.searchsorted(kind, sector.totals) / kind.size), 1),
                strict=True,
            )
        )
        standings = of_route(sector.labels, PACK, ROUTE, [f"{shape} {firms} {turn}"])
        if len(standings) != firms:
            raise RuntimeError(f"{len(standings)} of {firms} firms have a place")
        coverage.ranks.append(
            float(
                np.mean(
                    [
                        standing.rank_interval[0]
                        <= place[standing.site]
                        <= standing.rank_interval[1]
                        for standing in standings
                    ]
                )
            )
        )
        scored = [
            (standing.score, percentile[standing.site])
            for standing in standings
            if standing.score is not None
        ]
        if scored:
            coverage.scores.append(
                float(np.mean([low <= truth <= high for (low, high), truth in scored]))
            )
            coverage.widths.extend(high - low for (low, high), _ in scored)
    return coverage


def _refuted(covered: list[float]) -> bool:
    """Whether so many sectors refute the coverage; the firms of one share its chance, so it goes by
    sectors, not by firms.
    """
    if len(covered) < 2 or not np.std(covered):
        return bool(covered) and covered[0] < _COVERED
    return bool(stats.ttest_1samp(covered, _COVERED, alternative="less").pvalue < 0.01)
