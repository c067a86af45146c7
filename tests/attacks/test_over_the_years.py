"""One firm's value from the benchmarks of two years, between which that firm joined and every other stayed nearly as it was.

A potential and its reference are a sum over all firms: the later sum less the earlier one is the newcomer's typical value, but for what the
others moved by in a year, for their noise, and for rounding, which counts as often as there are firms.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from benchmarks.composition import IndustryLabel, StepBest
from benchmarks.disclosure import Published, potentials
from tests.attacks.conftest import State
from tests.attacks.published import BETWEEN, CLOSE, Draft, close, drafted, guess, median_error, shown, without
from tests.attacks.table import Row
from tests.attacks.test_differencing import ABOVE_READER
from tests.statistical.sectors import PACK, RULE, STEP, Sector, sector

FIRMS = 12
A_YEAR = 0.0025  # of its value, by which a firm moves in a year: hardly any does so little


@dataclass(frozen=True, slots=True)
class Years:
    """A sector published without one firm, and drafted for the next year with it."""

    before: Published
    after: Draft
    exact: float  # the newcomer's typical batch


def years(seed: int, *, newcomer_is_best: bool = False) -> Years:
    rng = np.random.default_rng(seed)
    made = sector(rng, "normal", FIRMS)
    new = int(np.argmin(made.best)) if newcomer_is_best else int(rng.integers(FIRMS))
    before = drafted(without(made, {new}), seed).published("2015")
    before = dataclasses.replace(before, label=dataclasses.replace(before.label, period="2015"))
    exact = made.best if newcomer_is_best else made.typical
    return Years(before, drafted(moved(made, rng).participants, seed + 1000), float(exact[new]))


def moved(made: Sector, rng: np.random.Generator) -> Sector:
    """The same firms a year later: other draws of values that are nearly the same."""
    participants = []
    for one in made.participants:
        cells = rng.normal(0, A_YEAR * RULE.typical / float(RULE.grid.width), 2)
        best, typical = (
            dataclasses.replace(drawn, cell=drawn.cell + round(by))
            for drawn, by in zip((one.label.best, one.label.typical), cells, strict=True)
        )
        participants.append(dataclasses.replace(one, report="next", label=dataclasses.replace(one.label, best=best, typical=typical)))
    return dataclasses.replace(made, participants=tuple(participants))


def cell(label: IndustryLabel) -> StepBest:
    return next(step for step in label.steps if step.step == STEP.id and step.metric == RULE.metric)


def typical_sum(label: IndustryLabel) -> float | None:
    """Of all firms' typical values: the potential at the best and the best itself are their mean."""
    step = cell(label)
    above = next((one.value for one in step.potential if one.to == "best"), None)
    return None if above is None or step.best is None else step.firms * (step.best + above)


def guessed(one: Years, later: IndustryLabel) -> float:
    """The newcomer's typical value from both sums; from the typical value of the sector where the later one is withheld."""
    before, after = typical_sum(one.before.label), typical_sum(later)
    typical = cell(later).typical
    assert before is not None
    assert typical is not None
    return typical if after is None else after - before


def test_a_firm_that_joined_between_two_years(stated: State, long: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sectors = 400 if long else 30
    tried = [years(seed) for seed in range(sectors)]
    exact = [one.exact for one in tried]
    gated = [one.after.gated(other_years=(one.before,)).published for one in tried]
    assert all("best" in cell(label).potential_withheld for label in gated)
    assert all(cell(label).best is not None for label in gated)  # potentials alone stay out
    with_gate = [guessed(one, label) for one, label in zip(tried, gated, strict=True)]
    alone = [float(cell(one.after.gated().published).typical or 0) for one in tried]
    assert with_gate == alone

    monkeypatch.setattr(potentials, "alone_give_away", lambda *_: False)
    opened = [guessed(one, one.after.gated(other_years=(one.before,)).published) for one in tried]
    assert close(opened, exact) > 1.5 * close(alone, exact)
    stated(
        Row(
            "years",
            f"the potentials of two years between which one firm joined, subtracted: its typical value to within {CLOSE:.0%}",
            "firms that stand in one year alone: none, or three that matter",
            f"{close(alone, exact):.0%}, the sector's typical value as a guess",
            f"{sectors} of {sectors} without potentials: {close(with_gate, exact):.0%}, median error {median_error(with_gate, exact):.1%}",
            f"{close(opened, exact):.0%}, median error {median_error(opened, exact):.1%}",
        )
    )


def test_the_trend_of_the_best_where_the_best_firm_joined(stated: State, long: bool) -> None:
    """A series shows what was published year by year: what its difference gives away is measured here, for no gate acts on it."""
    sectors = 400 if long else 30
    tried = [years(seed, newcomer_is_best=True) for seed in range(sectors)]
    exact = [one.exact for one in tried]
    single, both = [], []
    for one in tried:
        (now, _), (then, _) = shown(one.after.gated(other_years=(one.before,)).published), shown(one.before.label)
        assert now is not None
        assert then is not None
        single.append(guess(now, FIRMS, 1))
        both.append(5 * now - 5 * then + guess(then, FIRMS - 1, 5))
    assert close(both, exact) <= close(single, exact) + ABOVE_READER
    stated(
        Row(
            "trend",
            f"the best of two years between which the best firm joined, subtracted: its value to within {CLOSE:.0%}",
            "noise and movement of each year; no gate: a year's best is held against overlapping periods alone",
            f"{close(single, exact):.0%}, the guess from the later year, and 10 points",
            f"{close(both, exact):.0%}, median error {median_error(both, exact):.1%}, where firms move by {A_YEAR:.2%} a year",
            "there is none to switch off",
        )
    )


def test_one_firm_that_makes_up_most_of_a_potential_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eleven alike and one far above: the sum is that one's."""
    made = sector(np.random.default_rng(3), "normal", FIRMS)
    order = np.argsort(made.typical)
    far = int(order[-1])
    participants = list(made.participants)
    label = participants[far].label
    cells = round(4 * BETWEEN / float(RULE.grid.width))
    worse = dataclasses.replace(label, typical=dataclasses.replace(label.typical, cell=label.typical.cell + cells))
    participants[far] = dataclasses.replace(participants[far], label=worse)
    assert "typical" in cell(drafted(participants, 3).gated().published).potential_withheld
    monkeypatch.setattr(potentials, "_few", lambda *_: False)
    assert cell(drafted(participants, 3).gated().published).potential_withheld == ()
    assert PACK.disclosure.largest_share_of_change < 1
