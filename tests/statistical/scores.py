"""How often the interval of a score holds the firm's true percentile among all firms of its kind,
of which the sector is a sample.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from benchmarks.ranking import FEWEST_FOR_A_SCORE, standings
from tests.statistical.outcome import Outcome
from tests.statistical.sectors import BETWEEN, PACK, sector, true_bests

_SHORT = {FEWEST_FOR_A_SCORE: 30, 100: 8, 500: 2}
_LONG = {FEWEST_FOR_A_SCORE: 200, 100: 200, 500: 200}
_KIND = 5000  # firms that stand for all of the kind: the percentile of one is known to 0.7 of 100
_COVERED = 0.95


def run(long: bool) -> Outcome:
    rows, sound = [], True
    for shape in BETWEEN:
        kind = true_bests(np.random.default_rng([1, *shape.encode()]), shape, _KIND)
        for firms, sectors in (_LONG if long else _SHORT).items():
            covered, widths = tally(shape, firms, sectors, kind)
            # the firms of one sector share its chance: what so few sectors can refute goes by
            # sectors, not by firms
            refuted = (
                stats.ttest_1samp(covered, _COVERED, alternative="less").pvalue < 0.01
                if np.std(covered)
                else covered[0] < _COVERED
            )
            sound &= not refuted and (not long or float(np.mean(covered)) >= _COVERED)
            rows.append(
                (
                    shape,
                    f"{firms:,}",
                    f"{100 * float(np.mean(covered)):.1f}",
                    f"{float(np.mean(widths)):.0f}",
                )
            )
    counts = ", ".join(map(str, (_LONG if long else _SHORT).values()))
    return Outcome(
        "scores",
        sound,
        f"{counts} sectors of {FEWEST_FOR_A_SCORE}, 100 and 500 firms: % of the 95 % intervals of "
        "scores that hold the firm's true "
        "percentile among all firms of its kind, and their mean width",
        ("spread", "firms", "held", "width"),
        tuple(rows),
        "composition.md",
    )


def tally(
    shape: str, firms: int, sectors: int, kind: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> tuple[list[float], list[int]]:
    """The share of scores that hold the truth, sector by sector, and the widths of all."""
    rng = np.random.default_rng([firms, *shape.encode()])
    covered, widths = [], []
    for _ in range(sectors):
        cohort = sector(rng, shape, firms)
        taking_more = 1 - np.searchsorted(kind, cohort.best) / kind.size
        truth = dict(
            zip((p.site for p in cohort.labels), np.maximum(100 * taking_more, 1), strict=True)
        )
        hits = []
        for standing in standings(cohort.labels, PACK, rng):
            if standing.score is None:
                raise RuntimeError(f"{firms} firms gave no score")
            low, high = standing.score
            hits.append(low <= truth[standing.site] <= high)
            widths.append(high - low)
        covered.append(float(np.mean(hits)))
    return covered, widths
