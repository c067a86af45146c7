"""Standings: each site's rank in its cell with its interval, its score among all firms, and the
sites sure to lie in each quarter.

A rank is never given without it.

The same posterior as composition, over every participant of one cell, drawn simultaneously, so that
a rank interval holds against the true order of all; once for each view of the noise, and the
interval is their union. Rank 1 is the least energy. A label that is not precise enough to enter a
composition tells too little to rank its site, and would displace the others: its site is drawn as
one of the sector of which nothing is known, which gives it a wide band and leaves the others their
own.

A *score* is the percentile among all firms of the kind, those that do not report among them; 100
takes the least energy. A firm of which nothing is known may have any percentile, each as likely;
each of the n - 1 others that reported takes more with a chance of just that percentile; so where n
- r of them do, it is distributed as Beta(n - r + 1, r), here mixed over the draws of the rank r. It
is wider than the ranks, which count only who reported, and is given as a 95 % interval in whole
numbers, from `FEWEST_FOR_A_SCORE` sites on: of fewer, the rank says all there is to say.

Of fewer firms than the gate's fewest there are no standings, for the owner either: a rank among
three, and an estimate that leans on two others, would tell a firm what those two released.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from benchmarks.composition import posterior, seed_of
from benchmarks.composition.entrants import ReportedLabel
from benchmarks.composition.posterior import Views, observe
from benchmarks.errors import InputError
from benchmarks.label_keys import CellKey, LabelKey
from benchmarks.privacy.eligibility import eligible
from benchmarks.routes import Pack
from benchmarks.stored import StoredAsJson

BANDS = 4  # quarters
FEWEST_DRAWS = 1000
# of so many, a firm in the middle has a score of 33 to 71 at best: of fewer it tells hardly
# anything
FEWEST_FOR_A_SCORE = 26


@dataclass(frozen=True, slots=True)
class RankedSite(StoredAsJson):
    """One site's rank. `value` is its released (protected) value; `estimate` and `interval` (95 %)
    say where the true one lies given all participants, in `unit`. `rank_interval` holds the rank
    among `of` sites in 95 of 100 cases.

    `score` holds the percentile among all firms of the kind, 1 to 100 and 100 the least energy, in
    95 of 100 cases; None of few sites.
    """

    site: str
    firm: str
    value: float
    estimate: float
    interval: tuple[float, float]
    rank_interval: tuple[int, int]
    of: int
    unit: str
    score: tuple[int, int] | None = None

    @property
    def band(self) -> int | None:
        """The quarter that holds the whole rank interval; None where it reaches into another."""
        first, last = quarters_of(self.rank_interval, self.of)
        return first if first == last else None


def quarters_of(rank_interval: tuple[int, int], of: int) -> tuple[int, int]:
    """The first and the last quarter (1 the least energy) that a rank interval reaches into: all
    that anybody is told of how a site compares, with the confidence of the interval.
    """
    low, high = (-(-BANDS * rank // of) for rank in rank_interval)
    return low, high


def standings(
    reported: Sequence[ReportedLabel], pack: Pack, rng: np.random.Generator
) -> tuple[RankedSite, ...]:
    """The standings of one cell, in order of the estimate, then the site's id.

    Empty where fewer firms have a precise label than `pack.disclosure.fewest_firms`.

    Raises:
        InputError: `cells-mixed` where the labels differ in step, product, variant, boundary,
            metric, unit or grid.
    """
    _refuse_mixed(reported)
    ordered, precise = _precise_first(reported, pack)
    if len({p.firm for p in ordered[:precise]}) < pack.disclosure.fewest_firms:
        return ()
    named = [(p.site, p.firm, float(p.label.best_value)) for p in ordered]
    return placed(named, observe(ordered[:precise], "best"), ordered[0].label.unit, rng)


def placed(
    named: Sequence[tuple[str, str, float]], views: Views, unit: str, rng: np.random.Generator
) -> tuple[RankedSite, ...]:
    """The standings of sites, in order of the estimate, then the site's id.

    Args:
        named: site, firm and released value in `unit`. The first are those observed; of what comes
            after them nothing is known but that they are of the sector.
        views: the values of the first, in each view of the noise.
    """
    unseen = len(named) - views[0].values.size
    by_view = [_estimated_ranks(observed, rng, unseen) for observed in views]
    lo = np.min([of_view.lo for of_view in by_view], axis=0)
    hi = np.max([of_view.hi for of_view in by_view], axis=0)
    wider = views[-1]
    lows, highs = (
        union(ends, axis=0)
        for union, ends in (
            (np.min, [of_view.low for of_view in by_view]),
            (np.max, [of_view.high for of_view in by_view]),
        )
    )
    estimates = np.mean([of_view.estimates for of_view in by_view], axis=0)
    scored = (
        _scored([of_view.rank_shares for of_view in by_view])
        if len(named) >= FEWEST_FOR_A_SCORE
        else None
    )
    for ends in ((lo, hi), scored):
        if ends is not None:
            _join_ties(
                np.append(wider.values, np.zeros(unseen)),
                np.append(wider.sds, np.full(unseen, np.inf)),
                *ends,
            )
    ranked = [
        RankedSite(
            site=site,
            firm=firm,
            value=value,
            estimate=float(estimates[i]),
            interval=(float(lows[i]), float(highs[i])),
            rank_interval=(int(lo[i]), int(hi[i])),
            of=len(named),
            unit=unit,
            score=None if scored is None else (int(scored[0][i]), int(scored[1][i])),
        )
        for i, (site, firm, value) in enumerate(named)
    ]
    return tuple(sorted(ranked, key=lambda s: (s.estimate, s.site)))


def by_cell(
    reported: Iterable[ReportedLabel], pack: Pack, digests: Iterable[str]
) -> dict[tuple[CellKey, str], tuple[RankedSite, ...]]:
    """By cell and unit the standings, one after the other from one stream: who has the same reports
    gets the same standings.

    Args:
        digests: of the reports' envelopes, which seed the stream.
    """
    cells: defaultdict[tuple[CellKey, str], list[ReportedLabel]] = defaultdict(list)
    for reported_label in reported:
        cells[CellKey.of(reported_label.label), reported_label.label.unit].append(reported_label)
    rng = np.random.default_rng(seed_of("standings", digests))
    return {cell: standings(cells[cell], pack, rng) for cell in sorted(cells)}


@dataclass(frozen=True, slots=True)
class Quarters:
    """Sites sure to lie in each quarter of a cell, the least energy first, and of how many."""

    counts: tuple[int, ...]
    of: int


def quarters(
    reported: Iterable[ReportedLabel], pack: Pack, digests: Iterable[str]
) -> dict[LabelKey, Quarters]:
    """What is published of the standings, as anybody with the same reports computes it."""
    published = {}
    for (cell, _unit), standings in by_cell(reported, pack, digests).items():
        if standings:
            counted = Counter(standing.band for standing in standings)
            counts = tuple(counted[quarter] for quarter in range(1, BANDS + 1))
            published[cell.label] = Quarters(counts, len(standings))
    return published


@dataclass(frozen=True, slots=True)
class _EstimatedRanks:
    """Where all sites stand under one view of the noise; one entry a site, in `rank_shares` one row
    a site and one column a rank."""

    lo: NDArray[np.int_]
    hi: NDArray[np.int_]
    estimates: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    rank_shares: NDArray[np.float64]


def _estimated_ranks(
    observed: posterior.ObservedValues, rng: np.random.Generator, unseen: int
) -> _EstimatedRanks:
    precise = observed.values.size
    # as in a composition, but never below a thousand: a site's own rank is no mean of many
    count = max(FEWEST_DRAWS, posterior.draw_count(precise + unseen))
    drawn = np.concatenate(list(posterior.draws(observed, rng, count, unseen=unseen)))
    ranks = _ranks(drawn)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    estimates = drawn.mean(axis=0)
    if unseen:  # what is known of one is known of all
        estimates[precise:] = drawn[:, precise:].mean()
        low[precise:], high[precise:] = np.quantile(drawn[:, precise:], (0.025, 0.975))
    lo = np.quantile(ranks, 0.025, axis=0, method="lower").astype(int)
    hi = np.quantile(ranks, 0.975, axis=0, method="higher").astype(int)
    return _EstimatedRanks(lo, hi, estimates, low, high, _rank_shares(ranks))


def _precise_first(
    reported: Sequence[ReportedLabel], pack: Pack
) -> tuple[list[ReportedLabel], int]:
    """In a fixed order, those with an eligible label first; and how many these are."""
    precise: list[ReportedLabel] = []
    others: list[ReportedLabel] = []
    for reported_label in sorted(reported, key=lambda p: (p.firm, p.site)):
        label = reported_label.label
        rule = pack.step(label.step).metric(label.metric)
        (precise if rule is not None and eligible(label, rule, pack.policy) else others).append(
            reported_label
        )
    return [*precise, *others], len(precise)


def _refuse_mixed(reported: Sequence[ReportedLabel]) -> None:
    labels = [p.label for p in reported]
    cells = {(x.step, x.product, x.variant, x.boundary, x.metric, x.unit, x.grid) for x in labels}
    if len(cells) > 1:
        raise InputError(
            "cells-mixed",
            "Labels of different steps, products, variants, boundaries, metrics or grids cannot "
            "be ranked together.",
            "Rank each cell separately.",
        )


def _ranks(drawn: NDArray[np.float64]) -> NDArray[np.int32]:
    """Rank of every plant in every draw, from 1."""
    order = np.argsort(drawn, axis=1)
    ranks = np.empty(drawn.shape, dtype=np.int32)
    np.put_along_axis(
        ranks, order, np.arange(1, drawn.shape[1] + 1, dtype=np.int32)[None, :], axis=1
    )
    return ranks


def _join_ties(
    values: NDArray[np.float64],
    sds: NDArray[np.float64],
    lo: NDArray[np.int_],
    hi: NDArray[np.int_],
) -> None:
    """Sites with the same value and noise cannot be told apart: they share one interval, the union,
    not two by chance.
    """
    tied: defaultdict[tuple[float, float], list[int]] = defaultdict(list)
    for i, key in enumerate(zip(values.tolist(), sds.tolist(), strict=True)):
        tied[key].append(i)
    for indices in tied.values():
        lo[indices], hi[indices] = lo[indices].min(), hi[indices].max()


def _rank_shares(ranks: NDArray[np.int32]) -> NDArray[np.float64]:
    draws, sites = ranks.shape
    counted = np.bincount((np.arange(sites) * sites + ranks - 1).ravel(), minlength=sites * sites)
    return np.asarray(counted.reshape(sites, sites) / draws)


def _scored(views: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Lower and upper end of each site's score, rounded outward; no chance enters beyond that of
    the ranks.
    """
    ranks = np.arange(1, views[0].shape[1] + 1)[:, None]
    at_most = betainc(
        ranks[::-1], ranks, np.arange(101) / 100
    )  # one row a rank, one column a score
    lows, highs = [], []
    for shares in views:
        below = shares @ at_most
        lows.append((below <= 0.025).sum(axis=1) - 1)
        highs.append((below < 0.975).sum(axis=1))
    return np.maximum(np.min(lows, axis=0), 1), np.minimum(np.max(highs, axis=0), 100)
