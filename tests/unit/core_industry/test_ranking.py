"""Standings: rank intervals that hold the true ranks, ties, bands, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks.composition import ReportedLabel
from benchmarks.errors import InputError
from benchmarks.ranking import FEWEST_FOR_A_SCORE, RankedSite, quarters_of, standings
from benchmarks.route_ranking import of_route
from benchmarks.routes import Pack

Grow = Callable[..., Any]


def test_the_rank_interval_holds_the_true_rank(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(1)
    ranks_held = total = 0
    for _ in range(30):
        plants = grow(rng, 30, between=1.2, batches=(341, 700))
        truth = {
            p.site: rank + 1
            for rank, p in enumerate(plants.labels[i] for i in np.argsort(plants.best))
        }
        for standing in standings(plants.labels, pack, rng):
            lo, hi = standing.rank_interval
            ranks_held += lo <= truth[standing.site] <= hi
            total += 1
    assert ranks_held / total >= 0.95


def test_rank_intervals_are_wider_where_the_noise_is_larger(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(2)
    widths = []
    for batches in ((341, 420), (2100, 2500)):
        ranking = standings(grow(rng, 30, between=1.2, batches=batches).labels, pack, rng)
        widths.append(np.mean([s.rank_interval[1] - s.rank_interval[0] for s in ranking]))
    assert widths[0] > 2 * widths[1]


@pytest.mark.parametrize("firms", [20, 48])
def test_imprecise_labels_get_a_wide_band_and_do_not_displace_the_others(
    pack: Pack, grow: Grow, firms: int
) -> None:
    """Half of the sites have 60 to 180 batches: their released values lie anywhere on the grid,
    their true ranks do not.
    """
    rng = np.random.default_rng(9)
    held_by_precision: dict[bool, list[bool]] = {True: [], False: []}
    widths: dict[bool, list[int]] = {True: [], False: []}
    for _ in range(20):
        large, small = (
            grow(rng, firms // 2, between=1.2),
            grow(rng, firms // 2, between=1.2, batches=(60, 180)),
        )
        renamed = [
            ReportedLabel(f"small-{p.firm}", f"small-{p.site}", p.label) for p in small.labels
        ]
        everybody = [*large.labels, *renamed]
        truth = {
            everybody[i].site: rank + 1
            for rank, i in enumerate(np.argsort([*large.best, *small.best]))
        }
        for standing in standings(everybody, pack, rng):
            precise = not standing.site.startswith("small")
            held_by_precision[precise].append(
                standing.rank_interval[0] <= truth[standing.site] <= standing.rank_interval[1]
            )
            widths[precise].append(standing.rank_interval[1] - standing.rank_interval[0])
            assert precise or (standing.band is None and standing.of == firms)
    assert np.mean(held_by_precision[True]) >= 0.95
    assert np.mean(held_by_precision[False]) >= 0.93
    assert np.mean(widths[True]) < 0.6 * np.mean(widths[False])


def test_equal_sites_share_one_rank_interval(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(3)
    plants = grow(rng, 12).labels
    twins = [ReportedLabel(f"twin-{i}", f"twin-{i}", plants[5].label) for i in range(3)]
    ranking = [
        s
        for s in standings([*plants, *twins], pack, rng)
        if s.site.startswith("twin") or s.site == plants[5].site
    ]
    assert len({s.rank_interval for s in ranking}) == 1
    lo, hi = ranking[0].rank_interval
    assert hi - lo >= 3


def test_the_order_goes_by_energy_and_a_negative_step_ranks_alike(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(4)
    ranking = standings(grow(rng, 16, "blowing").labels, pack, rng)
    estimates = [s.estimate for s in ranking]
    assert estimates == sorted(estimates)
    assert all(
        s.estimate < 0 and s.interval[0] < s.estimate < s.interval[1] and s.of == 16
        for s in ranking
    )


def test_a_band_is_named_only_where_it_holds_the_whole_rank_interval(
    pack: Pack, grow: Grow
) -> None:
    rng = np.random.default_rng(5)
    ranking = standings(grow(rng, 40, between=0.8, batches=(341, 420)).labels, pack, rng)
    assert ranking[0].band == 1
    assert ranking[-1].band == 4
    for standing in ranking:
        first, last = ((rank - 1) // 10 + 1 for rank in standing.rank_interval)
        assert standing.band == (first if first == last else None)
        assert quarters_of(standing.rank_interval, 40) == (first, last)
    assert None in {standing.band for standing in ranking}


def test_among_too_few_firms_nobody_is_ranked(pack: Pack, grow: Grow) -> None:
    """Its own place and estimate among three would tell a firm what the two others released."""
    rng = np.random.default_rng(6)
    seven = grow(rng, 7).labels
    assert standings(seven, pack, rng) == ()
    assert (
        standings([*seven, ReportedLabel(seven[0].firm, "second-site", seven[0].label)], pack, rng)
        == ()
    )
    assert (
        len(
            standings(
                [*seven, ReportedLabel("firm-eight", "site-eight", seven[0].label)], pack, rng
            )
        )
        == 8
    )
    assert standings([], pack, rng) == ()


def test_a_score_is_the_percentile_that_the_place_bears_out(pack: Pack, grow: Grow) -> None:
    """Among firms as precise and as far apart as these the rank is certain, so the score is the
    quantiles of one Beta distribution.
    """
    rng = np.random.default_rng(12)
    for standing in standings(
        grow(rng, FEWEST_FOR_A_SCORE, between=40, batches=(2100, 2500)).labels, pack, rng
    ):
        (place, last), score = standing.rank_interval, standing.score
        assert score is not None
        if place == last:
            low, high = 100 * stats.beta(standing.of - place + 1, place).ppf((0.025, 0.975))
            assert score == (max(math.floor(low), 1), math.ceil(high))


def test_of_few_sites_a_place_is_told_and_no_score(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(14)
    plants = grow(rng, FEWEST_FOR_A_SCORE).labels
    assert {s.score for s in standings(plants[:-1], pack, rng)} == {None}
    assert None not in {s.score for s in standings(plants, pack, rng)}


def test_equal_sites_share_one_score(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(15)
    plants = grow(rng, FEWEST_FOR_A_SCORE).labels
    twins = [ReportedLabel(f"twin-{i}", f"twin-{i}", plants[5].label) for i in range(3)]
    ranking = [
        s
        for s in standings([*plants, *twins], pack, rng)
        if s.site.startswith("twin") or s.site == plants[5].site
    ]
    assert len({s.score for s in ranking}) == 1


def test_labels_of_two_boundaries_are_not_ranked_together(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(7)
    plants = grow(rng, 8).labels
    stranger = ReportedLabel(
        "x", "x", dataclasses.replace(plants[0].label, boundary="with-power-house")
    )
    with pytest.raises(InputError) as caught:
        standings([*plants, stranger], pack, rng)
    assert caught.value.code == "cells-mixed"


def test_a_standing_comes_back_from_json(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(8)
    standing = standings(grow(rng, 9).labels, pack, rng)[0]
    assert RankedSite.from_json(json.loads(json.dumps(standing.to_json()))) == standing


def test_every_plant_of_a_firm_is_ranked_and_the_firm_counts_once(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(10)
    plants = grow(rng, 10).labels
    sisters = [ReportedLabel(plants[0].firm, f"sister-{i}", plants[i].label) for i in (3, 6)]
    ranking = standings([*plants, *sisters], pack, rng)
    assert {s.site for s in ranking} == {p.site for p in (*plants, *sisters)}
    assert all(s.of == 12 for s in ranking)
    of_seven_firms = [
        ReportedLabel(plants[0].firm, p.site, p.label) if i > 6 else p for i, p in enumerate(plants)
    ]
    assert standings(of_seven_firms, pack, rng) == ()


def test_no_standing_names_a_rank_alone(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(11)
    for standing in standings(grow(rng, 12).labels, pack, rng):
        fields = {field.name for field in dataclasses.fields(standing)}
        assert "rank" not in fields
        assert 1 <= standing.rank_interval[0] <= standing.rank_interval[1] <= standing.of


RATIOS = {"melting": 1.05, "blowing": 1.02, "rolling": 1.0}


def routes_of(grow: Grow, rng: np.random.Generator, firms: int) -> tuple[list[ReportedLabel], Any]:
    """Plants with every step, and their true totals."""
    plants = {step: grow(rng, firms, step) for step in RATIOS}
    return [p for grown in plants.values() for p in grown.labels], sum(
        ratio * plants[step].best for step, ratio in RATIOS.items()
    )


def test_places_and_scores_of_the_whole_route_hold_the_truth(pack: Pack, grow: Grow) -> None:
    rng = np.random.default_rng(21)
    kind = np.sort(routes_of(grow, rng, 1500)[1])
    ranked = scored = total = 0
    for turn in range(12):
        reported, totals = routes_of(grow, rng, 30)
        sites = [p.site for p in reported[:30]]
        places = dict(zip(sites, stats.rankdata(totals), strict=True))
        percentile = dict(
            zip(sites, 100 * (1 - np.searchsorted(kind, totals) / kind.size), strict=True)
        )
        ranking = of_route(reported, pack, pack.routes[0], [f"{turn}"])
        assert len(ranking) == 30
        for standing in ranking:
            assert standing.score is not None
            low, high = standing.rank_interval
            ranked += low <= places[standing.site] <= high
            scored += standing.score[0] <= max(percentile[standing.site], 1) <= standing.score[1]
            total += 1
    assert ranked / total >= 0.95
    assert scored / total >= 0.95


def test_the_route_is_told_of_who_has_every_step_and_of_no_few(pack: Pack, grow: Grow) -> None:
    reported, totals = routes_of(grow, np.random.default_rng(22), 20)
    lacks = {p.site for p in reported[:5]}
    of_those = [p for p in reported if not (p.label.step == "rolling" and p.site in lacks)]
    ranking = of_route(of_those, pack, pack.routes[0], ["a"])
    assert {standing.site for standing in ranking} == {p.site for p in reported} - lacks
    assert {(standing.of, standing.score) for standing in ranking} == {(15, None)}, (
        "a place among fifteen, and no score"
    )
    released = {standing.site: standing.value for standing in ranking}
    for site in released:
        labels = {p.label.step: float(p.label.best_value) for p in reported if p.site == site}
        assert released[site] == pytest.approx(
            sum(ratio * labels[step] for step, ratio in RATIOS.items())
        )
    assert ranking == of_route(reversed(of_those), pack, pack.routes[0], ["a"]), (
        "the same reports in any order"
    )
    fewest = pack.disclosure.fewest_firms
    few = {p.site for p in reported[: 20 - fewest + 1]}
    assert of_route([p for p in reported if p.site not in few], pack, pack.routes[0], ["a"]) == ()
    assert totals.size == 20
