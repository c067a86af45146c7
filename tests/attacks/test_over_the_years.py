"""One firm's value from the benchmarks of two years, between which that firm joined and every other
stayed nearly as it was.

A potential and its reference are a sum over all firms: the later sum less the earlier one is the
newcomer's typical value, but for what the others moved by in a year, for their noise, and for
rounding, which counts as often as there are firms. The best is a mean of five: five times the
difference of two years is a firm that joined, one of those five, less the one that it pushed out, but for what
four others moved by.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import ndtri

from benchmarks.composition import IndustryCell, IndustryLabel
from benchmarks.disclosure import PublishedVersion, differencing, potentials
from tests.attacks.conftest import State
from tests.attacks.published import (
    BETWEEN,
    CLOSE,
    FIVE,
    TARGET,
    Draft,
    close,
    drafted,
    median_error,
    shown,
    without,
)
from tests.attacks.table import Row
from tests.attacks.test_differencing import ABOVE_READER
from tests.statistical.sectors import PACK, RULE, STEP, Array, Sector, sector, two_years

FIRMS = 12
# of its value, by which a firm's release moves in a year: none moves so little, for its batches are
# others
A_YEAR = 0.0025
BELOW = RULE.spread * float(
    ndtri(float(STEP.label_rule.quantile))
)  # of a plant's typical value, its low quantile


@dataclass(frozen=True, slots=True)
class Years:
    """A sector published without one firm, and drafted for the next year with it."""

    before: PublishedVersion
    after: Draft
    exact: float  # the newcomer's typical batch


def years(seed: int, *, newcomer_is_good: bool = False) -> Years:
    rng = np.random.default_rng(seed)
    cohort = sector(rng, "normal", FIRMS)
    new = int(np.argsort(cohort.best)[TARGET]) if newcomer_is_good else int(rng.integers(FIRMS))
    before = drafted(without(cohort, {new}), seed).published("2015")
    before = dataclasses.replace(before, label=dataclasses.replace(before.label, period="2015"))
    exact = cohort.best if newcomer_is_good else cohort.typical
    return Years(before, drafted(moved(cohort, rng).labels, seed + 1000), float(exact[new]))


def moved(sector: Sector, rng: np.random.Generator) -> Sector:
    """The same firms a year later: other draws of values that are nearly the same."""
    reported = []
    for firm in sector.labels:
        points = rng.normal(0, A_YEAR * RULE.typical / float(RULE.grid.width), 2)
        best, typical = (
            dataclasses.replace(drawn, grid_point=drawn.grid_point + round(by))
            for drawn, by in zip((firm.label.best, firm.label.typical), points, strict=True)
        )
        reported.append(
            dataclasses.replace(
                firm,
                report="next",
                label=dataclasses.replace(firm.label, best=best, typical=typical),
            )
        )
    return dataclasses.replace(sector, labels=tuple(reported))


def cell(label: IndustryLabel) -> IndustryCell:
    return next(step for step in label.cells if step.step == STEP.id and step.metric == RULE.metric)


def typical_sum(label: IndustryLabel) -> float | None:
    """Of all firms' typical values: the potential at the best and the best itself are their
    mean.
    """
    step = cell(label)
    above = next((potential.value for potential in step.potential if potential.to == "best"), None)
    return None if above is None or step.best is None else step.firms * (step.best + above)


def guessed(case: Years, later: IndustryLabel) -> float:
    """The newcomer's typical value from both sums; from the typical value of the sector where the
    later one is withheld.
    """
    before, after = typical_sum(case.before.label), typical_sum(later)
    typical = cell(later).typical
    assert before is not None
    assert typical is not None
    return typical if after is None else after - before


def test_a_firm_that_joined_between_two_years(
    stated: State, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        differencing, "years_give_away", lambda *_: False
    )  # the best has its gate below
    sectors = 400 if long else 60
    tried = [years(seed) for seed in range(sectors)]
    exact = [case.exact for case in tried]
    gated = [case.after.gated(other_years=(case.before,)).published for case in tried]
    assert all("best" in cell(label).potential_withheld for label in gated)
    assert all(cell(label).best is not None for label in gated)  # potentials alone stay out
    with_gate = [guessed(case, label) for case, label in zip(tried, gated, strict=True)]
    alone = [float(cell(case.after.gated().published).typical or 0) for case in tried]
    assert with_gate == alone

    monkeypatch.setattr(potentials, "alone_give_away", lambda *_: False)
    opened = [
        guessed(case, case.after.gated(other_years=(case.before,)).published) for case in tried
    ]
    assert close(opened, exact) > 1.5 * close(alone, exact)
    stated(
        Row(
            "years",
            "the potentials of two years between which one firm joined, subtracted: its typical "
            f"value to within {CLOSE:.0%}",
            "firms that stand in one year alone: none, or three that matter",
            f"{close(alone, exact):.0%}, the sector's typical value as a guess",
            f"{sectors} of {sectors} without potentials: {close(with_gate, exact):.0%}, median "
            f"error {median_error(with_gate, exact):.1%}",
            f"{close(opened, exact):.0%}, median error {median_error(opened, exact):.1%}",
        )
    )


MOVES = (0.0, 0.005, 0.01, 0.02)
"""By which firms move in a year, of their value (standard deviation), beside their new batches and
draws. The p5 of one arc furnace moved by 1.5 % from one year to the next, and regions' means in
aluminium smelting by 1.25 % beside the world's (decision 0079)."""
ORDINARY = 0.0125
# of a release, by its batches and its draw: what it is off by where a plant stays as it is
OWN_NOISE = 0.0036


@dataclass(frozen=True, slots=True)
class Trend:
    """A sector published without the firm that will join, drafted for the next year with it, and
    that firm's best batch exactly.
    """

    before: PublishedVersion
    after: Draft
    exact: float

    @classmethod
    def of(cls, seed: int, by: float, *, good_joins: bool = True) -> Trend:
        first, second = two_years(seed, "normal", FIRMS, by)
        new = int(np.argsort(second.best)[TARGET]) if good_joins else seed % FIRMS
        before = drafted(without(first, {new}), seed).published("2015")
        before = dataclasses.replace(before, label=dataclasses.replace(before.label, period="2015"))
        return cls(before, drafted(second.labels, seed + 1000), float(second.best[new]))

    def later(self) -> tuple[float, float] | None:
        """Best and typical value of the second year, if the gate shows them beside the first."""
        return figures(self.after.gated(other_years=(self.before,)).published)


def figures(label: IndustryLabel) -> tuple[float, float] | None:
    best, typical = shown(label)
    return None if best is None or typical is None else (best, typical)


@dataclass(frozen=True, slots=True)
class Reader:
    """The best linear guess of the value of the second best firm, which joins, from best and typical
    values of the years that are read. Learnt on sectors of the reader's own making: how far firms
    lie apart, and how far they move, are known."""

    weights: Array

    @classmethod
    def of(cls, by: float, *years_read: int) -> Reader:
        rng = np.random.default_rng([11, round(by * 10_000)])
        first = BETWEEN * rng.standard_normal((20_000, FIRMS))
        second = first + by * RULE.typical * rng.standard_normal(first.shape)
        new = np.argsort(second, axis=1)[:, TARGET, None]
        off = OWN_NOISE * RULE.typical
        stayed = first[np.arange(FIRMS) != new].reshape(-1, FIRMS - 1)
        read = [
            cls._published(firms, firms + off * rng.standard_normal(firms.shape))
            for firms in (stayed, second)
        ]
        facts = np.concatenate([read[year] for year in years_read])
        weights, *_ = np.linalg.lstsq(
            cls._features(facts), np.take_along_axis(second, new, 1)[:, 0] - facts[0], rcond=None
        )
        return cls(weights)

    def guess(self, *read: tuple[float, float]) -> float:
        facts = np.array(read).reshape(-1, 1)
        return float(facts[0, 0] + (self._features(facts) @ self.weights)[0])

    @staticmethod
    def _published(typical: Array, released: Array) -> Array:
        """Best and typical value; a plant's low quantile lies `BELOW` its typical batch."""
        return np.stack(
            [np.sort(released, axis=1)[:, FIVE].mean(axis=1), np.median(typical, axis=1) - BELOW]
        )

    @staticmethod
    def _features(facts: Array) -> Array:
        return np.stack([np.ones(facts.shape[1]), *(fact - facts[0] for fact in facts[1:])], axis=1)


def test_the_trend_of_the_best_where_the_best_firm_joined(
    stated: State, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claimed over all tries, whatever firms move by; where the later best is withheld the reader
    has the earlier year.
    """
    sectors = 400 if long else 60
    guesses: dict[str, list[float]] = {"alone": [], "gated": [], "open": []}
    exact, through = [], []
    for by in MOVES:
        of_earlier, of_later, of_both = Reader.of(by, 0), Reader.of(by, 1), Reader.of(by, 1, 0)
        for seed in range(sectors):
            trend = Trend.of(seed, by)
            earlier, later = figures(trend.before.label), figures(trend.after.gated().published)
            assert earlier is not None
            assert later is not None
            through.append(trend.later() is not None)
            exact.append(trend.exact)
            guesses["alone"].append(of_later.guess(later))
            guesses["open"].append(of_both.guess(later, earlier))
            guesses["gated"].append(
                guesses["open"][-1] if through[-1] else of_earlier.guess(earlier)
            )
    for index in range(len(MOVES) if long else 1):
        of_this = slice(index * sectors, (index + 1) * sectors) if long else slice(None)
        shares = {name: close(values[of_this], exact[of_this]) for name, values in guesses.items()}
        assert shares["gated"] <= shares["alone"] + ABOVE_READER, (MOVES[index], shares)
    let_through = np.array(through)
    both, alone_seen = (
        close(np.array(guesses[name])[let_through], np.array(exact)[let_through])
        for name in ("open", "alone")
    )
    # the very best, whom one year tells least of, is left out: two years hardly tell more
    assert close(guesses["open"], exact) <= close(guesses["alone"], exact) + ABOVE_READER

    withheld = [
        Trend.of(seed, ORDINARY, good_joins=False).later() for seed in range(sectors)
    ].count(None)
    assert withheld < sectors / 3  # a benchmark that is withheld whenever a firm joins is of no use
    monkeypatch.setattr(differencing, "years_give_away", lambda *_: False)
    assert all(Trend.of(seed, by).later() is not None for by in MOVES for seed in range(5))
    alone, gated, opened = (close(guesses[name], exact) for name in ("alone", "gated", "open"))
    stated(
        Row(
            "trend",
            "the best of two years between which the second best firm joined, subtracted as well as can "
            f"be: its value to within {CLOSE:.0%}",
            "fewer than three plants that matter stand in one year alone: the others must blur "
            "the difference by 1.25 %, beyond what all "
            "moved by and without the one that moved it most",
            f"{alone:.0%}, the best linear guess from the later year alone, and 10 points",
            f"{gated:.0%}, median error {median_error(guesses['gated'], exact):.1%}, where firms "
            f"move by 0 to {MOVES[-1]:.0%}; "
            f"{let_through.sum()} in {let_through.size} let through, of these {both:.0%} (alone "
            f"{alone_seen:.0%}); where any firm joins "
            f"and they move by {ORDINARY:.2%}, {sectors - withheld} in {sectors}",
            f"{opened:.0%}, median error {median_error(guesses['open'], exact):.1%}",
        )
    )


OWN = 0.03  # by which a reader's own firm moves, as it chooses
AMONG = (0.0, 0.0025, 0.005, 0.01)


def shifted(sector: Sector, by: Array) -> Sector:
    """Each firm's plants worse by so much, as a share of the typical value."""
    points = np.rint(by * RULE.typical / float(RULE.grid.width)).astype(int)
    reported = []
    for firm, more in zip(sector.labels, points, strict=True):
        best, typical = (
            dataclasses.replace(drawn, grid_point=drawn.grid_point + int(more))
            for drawn in (firm.label.best, firm.label.typical)
        )
        reported.append(
            dataclasses.replace(
                firm, label=dataclasses.replace(firm.label, best=best, typical=typical)
            )
        )
    return dataclasses.replace(sector, labels=tuple(reported), best=sector.best + by * RULE.typical)


@dataclass(frozen=True, slots=True)
class Insider:
    """A firm that is third best, reports honestly in the first year, and runs worse in the second
    as it chooses. It guesses as `Reader` does, from its own two values besides."""

    alone: Array
    earlier: Array
    both: Array

    @classmethod
    def of(cls, by: float) -> Insider:
        rng = np.random.default_rng([13, round(by * 10_000)])
        first = BETWEEN * rng.standard_normal((20_000, FIRMS))
        second = first + by * RULE.typical * rng.standard_normal(first.shape)
        rows, own = np.arange(len(first)), np.argsort(second, axis=1)[:, TARGET + 1]
        new = np.argsort(second, axis=1)[:, TARGET]
        second[rows, own] += OWN * RULE.typical
        off = OWN_NOISE * RULE.typical
        released = [year + off * rng.standard_normal(year.shape) for year in (first, second)]
        stayed = np.arange(FIRMS) != new[:, None]
        before = Reader._published(
            first[stayed].reshape(-1, FIRMS - 1), released[0][stayed].reshape(-1, FIRMS - 1)
        )
        after = Reader._published(second, released[1])
        facts = np.stack([*after, released[1][rows, own], *before, released[0][rows, own]])
        exact = second[rows, new]
        fits = [
            np.linalg.lstsq(Reader._features(facts[of]), exact - facts[of][0], rcond=None)[0]
            for of in ([0, 1, 2], [3, 4, 5, 2], range(6))
        ]
        return cls(*fits)

    @staticmethod
    def guess(weights: Array, facts: Sequence[float]) -> float:
        column = np.array(facts).reshape(-1, 1)
        return float(column[0, 0] + (Reader._features(column) @ weights)[0])


def test_a_firm_among_the_best_that_moves_as_it_chooses(stated: State, long: bool) -> None:
    """What it moved by is no blur to itself. With the very best left out, whoever joins among the
    others is known so well from one year that two hardly tell more, gate or not.
    """
    sectors = 400 if long else 50
    guesses: dict[str, list[float]] = {"alone": [], "gated": [], "open": []}
    exact, through = [], []
    for by in AMONG:
        insider = Insider.of(by)
        for seed in range(sectors):
            first, second = two_years(seed, "normal", FIRMS, by)
            new, own = np.argsort(second.best)[TARGET : TARGET + 2]
            second = shifted(second, OWN * (np.arange(FIRMS) == own))
            before = drafted(without(first, {int(new)}), seed).published("2015")
            before = dataclasses.replace(
                before, label=dataclasses.replace(before.label, period="2015")
            )
            after = drafted(second.labels, seed + 1000)
            earlier, later = figures(before.label), figures(after.gated().published)
            assert earlier is not None
            assert later is not None
            mine = [float(year.labels[own].label.best_value) for year in (first, second)]
            through.append(figures(after.gated(other_years=(before,)).published) is not None)
            exact.append(float(second.best[new]))
            guesses["alone"].append(insider.guess(insider.alone, [*later, mine[1]]))
            guesses["open"].append(
                insider.guess(insider.both, [*later, mine[1], *earlier, mine[0]])
            )
            guesses["gated"].append(
                guesses["open"][-1]
                if through[-1]
                else insider.guess(insider.earlier, [*earlier, mine[0], mine[1]])
            )
    alone, gated, opened = (close(guesses[name], exact) for name in ("alone", "gated", "open"))
    for index in range(len(AMONG) if long else 1):
        of_this = slice(index * sectors, (index + 1) * sectors) if long else slice(None)
        shares = {name: close(values[of_this], exact[of_this]) for name, values in guesses.items()}
        assert shares["gated"] <= shares["alone"] + ABOVE_READER, (AMONG[index], shares)
    assert opened <= alone + ABOVE_READER
    stated(
        Row(
            "trend-own-firm",
            f"as above, by the third best firm, which runs worse by {OWN:.0%} later: the "
            f"newcomer's value to within {CLOSE:.0%}",
            "the firm that moved the best most is no blur",
            f"{alone:.0%}, the best linear guess from the later year and its own value, and 10 "
            "points",
            f"{gated:.0%}, where the others move by 0 to {AMONG[-1]:.0%}; {sum(through)} in "
            f"{len(through)} let through",
            f"{opened:.0%}",
        )
    )


def test_nothing_is_shown_where_releases_hardly_differ() -> None:
    """The same batches released twice, which no plant has: nothing but the newcomer moves the
    best.
    """
    tried = [years(seed, newcomer_is_good=True) for seed in range(30)]
    assert all(
        figures(case.after.gated(other_years=(case.before,)).published) is None for case in tried
    )
    assert all(figures(case.after.gated().published) is not None for case in tried)


def joined(seed: int, indices: Sequence[int]) -> tuple[float, float] | None:
    """What is shown of the second year where firms at these indices join, 0 the best, and all
    others release what they did.
    """
    cohort = sector(np.random.default_rng(seed), "normal", FIRMS)
    new = {int(np.argsort(cohort.best)[index]) for index in indices}
    before = drafted(without(cohort, new), seed).published("2015")
    before = dataclasses.replace(before, label=dataclasses.replace(before.label, period="2015"))
    return figures(drafted(cohort.labels, seed + 1000).gated(other_years=(before,)).published)


def test_several_of_the_best_that_join_may_hide_each_other() -> None:
    assert any(joined(seed, range(1, 5)) for seed in range(10))
    assert not any(joined(seed, range(1, 3)) for seed in range(10))


def test_a_poor_firm_that_joins_withholds_nothing() -> None:
    assert all(joined(seed, [FIRMS - 1]) for seed in range(10))


def test_one_firm_that_makes_up_most_of_a_potential_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Eleven alike and one far above: the sum is that one's."""
    cohort = sector(np.random.default_rng(3), "normal", FIRMS)
    order = np.argsort(cohort.typical)
    far = int(order[-1])
    reported = list(cohort.labels)
    label = reported[far].label
    points = round(4 * BETWEEN / float(RULE.grid.width))
    worse = dataclasses.replace(
        label,
        typical=dataclasses.replace(label.typical, grid_point=label.typical.grid_point + points),
    )
    reported[far] = dataclasses.replace(reported[far], label=worse)
    assert "typical" in cell(drafted(reported, 3).gated().published).potential_withheld
    monkeypatch.setattr(potentials, "_few", lambda *_: False)
    assert cell(drafted(reported, 3).gated().published).potential_withheld == ()
    assert PACK.disclosure.largest_share_of_change < 1
