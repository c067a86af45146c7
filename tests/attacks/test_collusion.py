"""A participant's value out of a published mean of five: by a firm alone, by two together,
by four of the five.

The colluding firms know their own exact values, that they are among the five, and how far
firms lie apart. What they are after is the exact value of the third best firm, the second of the five.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from benchmarks.composition import best_and_typical, compose_cell, rules
from benchmarks.disclosure.rounding import to_grid
from benchmarks.errors import PolicyRefusal
from tests.attacks.conftest import State
from tests.attacks.published import BETWEEN, CLOSE, close, guess, median_error, place
from tests.attacks.table import Row
from tests.statistical.sectors import PACK, RULE, STEP, Array, Sector, sector

FIRMS = 24
TARGET = 2  # counted from the best, 0, which the mean leaves out
COLLUDING = {"alone": (1,), "two": (1, 3), "all-but-one": (1, 3, 4, 5)}
WORDS = {
    "alone": "one firm of the five whose mean the best is, by itself",
    "two": "two of these five together",
    "all-but-one": "four of these five together",
}
# of all tries: how much more often one or two firms may succeed than somebody who reads the page
ABOVE_OUTSIDER = 0.1


@dataclass(frozen=True, slots=True)
class Page:
    """A published mean, and the firms behind it in rising order of their exact values."""

    value: float
    ordered: Array
    # the target's own value as it was released, which nobody but portal and regulator reads
    released: float


def page(sector: Sector, seed: int) -> Page:
    best = compose_cell(
        sector.labels, PACK, STEP, RULE, np.random.default_rng(seed), variant="any"
    ).best
    assert best is not None
    order = np.argsort(sector.best)
    released = float(sector.labels[int(order[TARGET])].label.best_value)
    return Page(to_grid(best, RULE.grid.width, RULE.grid.lower), sector.best[order], released)


def worked_out(read: Page, known_ranks: tuple[int, ...], averaged: int) -> float:
    """The mean without what is known, and in what remains the target's usual rank."""
    others = [rank for rank in range(1, 1 + averaged) if rank not in known_ranks]
    remains = (averaged * read.value - read.ordered[list(known_ranks)].sum()) / len(others)
    middle = np.mean([place(rank + 1, FIRMS) for rank in others])
    return float(remains + BETWEEN * (middle - place(TARGET + 1, FIRMS)))


@pytest.mark.parametrize("who", list(COLLUDING))
def test_colluding_firms(
    stated: State, long: bool, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_ranks, count = COLLUDING[who], 400 if long else 60
    sectors = [sector(np.random.default_rng(seed), "normal", FIRMS) for seed in range(count)]
    pages = [page(cohort, seed) for seed, cohort in enumerate(sectors)]
    exact = [float(read.ordered[TARGET]) for read in pages]
    outsider = [guess(read.value, FIRMS, TARGET + 1) for read in pages]
    own = [read.released for read in pages]
    estimates = [worked_out(read, known_ranks, 5) for read in pages]

    if who == "all-but-one":  # what protects the fifth is its own noise, and the mean's
        assert median_error(estimates, exact) >= median_error(own, exact)
        bound = (
            f"no closer than the plant's own release: {close(own, exact):.0%}, median error "
            f"{median_error(own, exact):.2%}"
        )
        defence = "noise at the plant; the posterior; rounding"
        bare = [float(read.ordered[1:6].mean()) for read in pages]
        off = [
            worked_out(Page(value, read.ordered, 0.0), known_ranks, 5)
            for value, read in zip(bare, pages, strict=True)
        ]
        assert median_error(off, exact) < 1e-9
        off_words = "exact values averaged"
    else:
        assert close(estimates, exact) <= close(outsider, exact) + ABOVE_OUTSIDER
        bound = (
            f"a reader's guess, {close(outsider, exact):.0%}, and {100 * ABOVE_OUTSIDER:.0f} points"
        )
        defence = "no firm above a quarter of a mean"
        averaged = len(known_ranks) + 1
        for module in (rules, best_and_typical):
            monkeypatch.setattr(module, "averaged", lambda *_: range(1, 1 + averaged))
        with pytest.raises(PolicyRefusal) as refused:
            page(sectors[0], 0)
        assert refused.value.code == "weight-above-limit"
        monkeypatch.setattr(best_and_typical, "refuse_heavy_weight", lambda *_: None)
        small = tuple(range(1, 1 + averaged))
        others = tuple(rank for rank in small if rank != TARGET)
        off = [
            worked_out(page(cohort, seed), others, averaged) for seed, cohort in enumerate(sectors)
        ]
        assert close(off, exact) > close(estimates, exact) + ABOVE_OUTSIDER
        off_words = f"a mean of {averaged}"

    stated(
        Row(
            who,
            f"{WORDS[who]}: the third best's value to within {CLOSE:.0%}",
            defence,
            bound,
            f"{close(estimates, exact):.0%}, median error {median_error(estimates, exact):.2%}",
            f"{off_words}: {close(off, exact):.0%}, median error {median_error(off, exact):.2%}",
        )
    )
