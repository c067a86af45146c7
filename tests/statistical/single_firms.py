"""How often a published figure lies in the rounding interval of exactly one firm's value, in
cohorts of 8 to 60 firms.

Beside it how often a random value of the same spread does: one that lies anywhere among the firms
that the figure is the mean of. A figure that is one firm's value does so far oftener, a mean of
five no oftener than by chance. With the defence off the best of 8 to 19 firms is the first quartile,
and whatever stands at a rank is the value of the one firm there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

import numpy as np

from benchmarks.composition import IndustryCell, best_and_typical, rules
from benchmarks.composition.best_and_typical import compose_with_draws
from benchmarks.composition.entrants import entrants
from benchmarks.composition.rules import RuleName, middle, ranks
from benchmarks.disclosure.rounding import to_grid
from tests.statistical.outcome import Outcome
from tests.statistical.sectors import BETWEEN, PACK, RULE, STEP, Array, Sector, sector

FEWEST, MOST = 8, 60
SIZES = ((8, 19), (20, 49), (50, 60))
_SHORT, _LONG = 120, 1000  # cohorts
_RANDOM = 40  # random values a figure
_SURE = 3.0  # standard errors by which figures must lie above chance to count as oftener
_OFTENER = 0.1  # what they must lie above it with the defence off, at 8 to 19 firms

FIRST_QUARTILE_BELOW = 20
"""Firms below which the best is one firm's value, with the defence off."""

_averaged = rules.averaged


@contextmanager
def first_quartile() -> Iterator[None]:
    """The defence off: the best of few firms is the value of the firm at the first quartile."""

    def ranks(rule: RuleName, firms: int) -> range:
        last = -(-firms // 4)
        return range(last - 1, last) if firms < FIRST_QUARTILE_BELOW else _averaged(rule, firms)

    with (
        mock.patch.object(rules, "averaged", ranks),
        mock.patch.object(best_and_typical, "averaged", ranks),
        mock.patch.object(best_and_typical, "refuse_heavy_weight"),
    ):
        yield


@contextmanager
def single_ranks() -> Iterator[None]:
    """The defence off: what stands at a rank is one firm's value."""

    def single(rank: int, _firms: int) -> range:
        return range(rank, rank + 1)

    with mock.patch.object(rules, "around", single):
        yield


def run(long: bool) -> Outcome:
    cohorts = _LONG if long else _SHORT
    hits: defaultdict[tuple[int, str], list[tuple[bool, float]]] = defaultdict(list)
    for number in range(cohorts):
        rng = np.random.default_rng([12, number])
        cohort = sector(
            rng, tuple(BETWEEN)[number % len(BETWEEN)], int(rng.integers(FEWEST, MOST + 1))
        )
        size = next(first for first, last in SIZES if first <= len(cohort.labels) <= last)
        hits[size, "on"] += list(_figures(cohort, rng))
        with first_quartile(), single_ranks():
            hits[size, "off"] += list(_figures(cohort, rng))
    rows, sound = [], True
    for first, last in SIZES:
        on, off = (
            np.array(hits[first, "on"], dtype=float),
            np.array(hits[first, "off"], dtype=float),
        )
        above = on[:, 0] - on[:, 1]
        sound &= bool(above.mean() <= _SURE * above.std() / len(above) ** 0.5)
        sound &= first > SIZES[0][0] or bool((off[:, 0] - off[:, 1]).mean() > _OFTENER)
        shares = (f"{100 * share:.0f}" for share in (*on.mean(axis=0), *off.mean(axis=0)))
        rows.append((f"{first} to {last}", f"{len(on):,}", *shares))
    return Outcome(
        "single-firms",
        sound,
        f"{cohorts:,} random cohorts: % of published figures (best, typical, points of the curve) "
        "in the rounding interval of exactly one "
        "firm's value, and % of random values of the same spread that are; then the same of the "
        "single ranks, with the defence off",
        ("firms", "figures", "published", "random", "single ranks", "random beside them"),
        tuple(rows),
    )


def _figures(sector: Sector, rng: np.random.Generator) -> Iterator[tuple[bool, float]]:
    """Of each figure whether its rounding interval holds one firm's value, and how often a random
    value's does.
    """
    who = entrants(sector.labels, PACK, STEP, RULE, "any")
    composed = compose_with_draws(
        who, PACK, STEP, RULE, rng, variant="any", ratio=1.0, headline=True
    )[0]
    bests, typicals = (
        np.sort([float(value) for value in values])
        for values in (
            [p.label.best_value for p in who.entering],
            [p.label.typical_value for p in who.entering],
        )
    )
    for value, firms, taken_in in _shown(composed, bests, typicals):
        among = firms[np.unique(taken_in)]
        # a single rank is compared with the five around it: one firm has no spread
        low, high = (among.min(), among.max()) if len(among) > 1 else _around(firms, taken_in[0])
        yield (
            _is_one_firm(value, firms),
            float(
                np.mean([_is_one_firm(random, firms) for random in rng.uniform(low, high, _RANDOM)])
            ),
        )


def _shown(
    composed: IndustryCell, bests: Array, typicals: Array
) -> Iterator[tuple[float, Array, Sequence[int]]]:
    """Each figure with the values of its kind and the ranks that it is the mean of."""
    if composed.best is None or composed.typical is None or composed.rule is None:
        raise RuntimeError(f"{composed.firms} firms gave no value")
    yield composed.best, bests, rules.averaged(composed.rule, composed.firms)
    yield composed.typical, typicals, middle(composed.firms)
    for point in composed.curve:
        yield point.value, bests, ranks(point.percent, composed.firms)


def _around(firms: Array, rank: int) -> tuple[float, float]:
    first = min(max(rank - 2, 0), len(firms) - 5)
    return float(firms[first]), float(firms[first + 4])


def _is_one_firm(value: float, firms: Array) -> bool:
    """Whether exactly one firm's released value lies among the values that round to the same grid
    point.
    """
    width = float(RULE.grid.width)
    return (
        int((np.abs(firms - to_grid(value, RULE.grid.width, RULE.grid.lower)) < width / 2).sum())
        == 1
    )
