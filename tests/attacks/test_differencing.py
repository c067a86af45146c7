"""One firm's value from two publications that differ in it: a later version, or the same period of
a wider peer group.

The attacker knows who joined, that it is the second or the sixth best (the figure is the mean of
these and of those between), and how far firms lie apart; the rest is subtraction: five times the new mean, less five times the old one, leaves the newcomer less the
firm that it pushed out. Who joins with it changes nothing where it is known to be poor; where
several of the best join, the attacker knows their places too and takes the best linear guess.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import ndtri

from benchmarks.composition.result import DEPARTED, Member
from benchmarks.disclosure import CellDecision, GateReason, PublishedVersion, influence
from tests.attacks.conftest import State
from tests.attacks.published import (
    BETWEEN,
    CLOSE,
    FIVE,
    TAKEN_IN,
    TARGET,
    Draft,
    close,
    drafted,
    end_of,
    guess,
    guess_of_ends,
    median_error,
    shown,
    without,
)
from tests.attacks.table import Row
from tests.statistical.sectors import PACK, RULE, STEP, Array, Sector, sector

FIRMS = 24
OFF = PACK.disclosure.model_copy(
    update={"least_changed_participants": 1, "largest_share_of_change": Fraction(1)}
)
OTHERWISE = "2016-01-01/2016-12-31"
ABOVE_READER = 0.1  # of all tries: as much oftener as colluding firms may succeed


@dataclass(frozen=True, slots=True)
class Case:
    """A sector published without some of its best firms, and drafted with them."""

    before: PublishedVersion
    after: Draft
    exact: float  # of the firm that is looked for


def cases(sectors: int, joining: Sequence[int], target: int | None = TARGET) -> list[Case]:
    """Args:
    joining: places of the firms that join, 1 the best.
    target: index of the firm that is looked for, 0 the best; one of `ENDS` that joins too if None.
    """
    trials = []
    for seed in range(sectors):
        cohort = sector(np.random.default_rng(seed), "normal", FIRMS)
        order = np.argsort(cohort.best)
        wanted = end_of(seed) if target is None else target
        before = drafted(
            without(cohort, {int(order[place - 1]) for place in (*joining, wanted + 1)}), seed
        ).published("1")
        trials.append(
            Case(before, drafted(cohort.labels, seed + 1000), float(cohort.best[order[wanted]]))
        )
    return trials


def guessed(case: Case) -> float:
    """From the first publication alone."""
    best, _ = shown(case.before.label)
    assert best is not None
    return guess_of_ends(best, FIRMS)


def subtracted(case: Case, later: float | None) -> float:
    """From both, where there are two; else what one publication gives."""
    if later is None:
        return guessed(case)
    best, _ = shown(case.before.label)
    assert best is not None
    return 5 * later - 5 * best + guess(best, FIRMS - 1, TAKEN_IN[-1])


@pytest.mark.parametrize("way", ["versions", "overlap", "period"])
def test_two_publications_that_differ_in_one_firm(stated: State, long: bool, way: str) -> None:
    sectors = 400 if long else 60
    tried = cases(sectors, [], target=None)
    exact = [case.exact for case in tried]

    def later(case: Case, **policy: object) -> tuple[float | None, set[GateReason]]:
        beside: dict[str, Sequence[PublishedVersion]] = (
            {"previous": (case.before,)} if way == "versions" else {"elsewhere": (case.before,)}
        )
        if (
            way == "period"
        ):  # the same days under another name, which nothing was compared with before
            otherwise = dataclasses.replace(
                case.before, label=dataclasses.replace(case.before.label, period=OTHERWISE)
            )
            beside = {} if policy else {"elsewhere": (otherwise,)}
        result = case.after.gated(**beside, **policy)  # type: ignore[arg-type]
        return shown(result.published)[0], {
            cell.reason_code for cell in result.cells if cell.firms == FIRMS
        }

    gated = [later(case) for case in tried]
    reason = GateReason.DIFFERENCING if way == "versions" else GateReason.OVERLAP
    assert all(value is None and reason in reasons for value, reasons in gated)
    alone = [guessed(case) for case in tried]
    with_gate = [subtracted(case, value) for case, (value, _) in zip(tried, gated, strict=True)]
    assert close(with_gate, exact) <= close(alone, exact)

    open_values = [later(case, policy=OFF)[0] for case in tried]
    assert None not in open_values
    without_gate = [subtracted(case, value) for case, value in zip(tried, open_values, strict=True)]
    assert close(without_gate, exact) > 1.5 * close(alone, exact)

    attack = {
        "versions": "two versions that differ in one firm",
        "overlap": "sector and region that differ in one firm",
        "period": "a period and the same days under another name that differ in one firm",
    }[way]
    withheld = f"{sectors} of {sectors} withheld (`{reason.value}`)"
    stated(
        Row(
            way,
            f"{attack}, the second or the sixth best, subtracted: its value to within {CLOSE:.0%}",
            "three firms at least must differ"
            + (", in every period that overlaps" if way == "period" else ""),
            f"{close(alone, exact):.0%}, the guess from one publication",
            f"{withheld}: {close(with_gate, exact):.0%}, median error "
            f"{median_error(with_gate, exact):.1%}",
            f"{close(without_gate, exact):.0%}, median error "
            f"{median_error(without_gate, exact):.1%}",
        )
    )


@pytest.mark.parametrize("poor", [1, 2, 3])
def test_the_best_firm_beside_poor_ones(stated: State, long: bool, poor: int) -> None:
    """The second or sixth best firm joins together with poor ones, which a mean of the best does not see."""
    sectors = (400 if long else 60) if poor == 1 else 20
    # of three that change or more, the sixth best is let through where it hardly moves the best
    target = None if poor == 1 else TARGET
    tried = cases(sectors, range(FIRMS - poor + 1, FIRMS + 1), target)
    exact = [case.exact for case in tried]
    for case in tried:
        assert shown(case.after.gated((case.before,)).published)[0] is None
        assert shown(case.after.gated(elsewhere=(case.before,)).published)[0] is None
        whole, few = case.after.published("2"), Draft(case.before.label, case.before.roster)
        assert shown(few.gated((whole,)).published)[0] is None  # leaving is no other than joining
    alone = [guessed(case) for case in tried]
    open_values = [
        shown(case.after.gated((case.before,), policy=OFF).published)[0] for case in tried
    ]
    assert None not in open_values
    estimates = [subtracted(case, value) for case, value in zip(tried, open_values, strict=True)]
    if poor == 1:
        assert close(estimates, exact) > 1.5 * close(alone, exact)
        stated(
            Row(
                "two-differ",
                "two versions that differ in two firms, one of them poor: the other's value to "
                f"within {CLOSE:.0%}",
                "three must differ and matter to each figure",
                f"{close(alone, exact):.0%}, the guess from one publication",
                f"{sectors} of {sectors} withheld: {close(alone, exact):.0%}, median error "
                f"{median_error(alone, exact):.1%}",
                f"{close(estimates, exact):.0%}, median error {median_error(estimates, exact):.1%}",
            )
        )


JOINING = ((2, 3), (2, 3, 4), (2, 4, 6), (2, 3, 4, 5, 6))


@dataclass(frozen=True, slots=True)
class Reader:
    """The best linear guess of the second best firm's value, learnt from sectors of one's own making:
    places are known, the level is not.
    """

    weights: Array

    @classmethod
    def of(cls, joining: Sequence[int], *, both: bool) -> Reader:
        rng = np.random.default_rng([7, *joining])
        firms = np.sort(BETWEEN * rng.standard_normal((20_000, FIRMS)), axis=1)
        stayed = np.delete(firms, [place - 1 for place in joining], axis=1)
        middle = (firms[:, FIRMS // 2 - 1] + firms[:, FIRMS // 2]) / 2
        read = np.array([firms[:, FIVE].mean(axis=1), middle, stayed[:, FIVE].mean(axis=1)])[
            : 3 if both else 2
        ]
        read += rng.normal(
            0, 0.1 * CLOSE * RULE.typical, read.shape
        )  # what the posterior and rounding leave unsure
        weights, *_ = np.linalg.lstsq(cls._features(read), firms[:, TARGET] - read[0], rcond=None)
        return cls(weights)

    def guess(self, *read: float) -> float:
        return float(read[0] + (self._features(np.array(read)[:, None]) @ self.weights)[0])

    @staticmethod
    def _features(read: Array) -> Array:
        return np.stack(
            [np.ones(read.shape[1]), *(figure - read[0] for figure in read[1:])], axis=1
        )


def test_several_of_the_best_join_at_once(stated: State, long: bool) -> None:
    """What the gate lets through, and what it withholds; where it withholds the later version, the
    earlier one is what there is.
    """
    sectors = 100 if long else 20
    exact: list[float] = []
    single: list[float] = []
    gated: list[float] = []
    opened: list[float] = []
    passed: list[bool] = []
    below = RULE.spread * float(
        ndtri(float(STEP.label_rule.quantile))
    )  # of a plant's typical value, its low quantile
    for joining in JOINING:
        of_one, of_both = Reader.of(joining, both=False), Reader.of(joining, both=True)
        for case in cases(sectors, joining):
            (best, typical), (before, _) = (
                shown(case.after.gated().published),
                shown(case.before.label),
            )
            assert best is not None
            assert typical is not None
            assert before is not None
            read = best, typical + below
            exact.append(case.exact)
            single.append(of_one.guess(*read))
            opened.append(of_both.guess(*read, before))
            passed.append(shown(case.after.gated((case.before,)).published)[0] is not None)
            gated.append(opened[-1] if passed[-1] else guess(before, FIRMS, TARGET + 1))
    assert close(gated, exact) <= close(single, exact) + ABOVE_READER
    assert close(opened, exact) > close(single, exact)
    through = np.array(passed)
    both, alone = (
        close(np.array(guesses)[through], np.array(exact)[through]) for guesses in (opened, single)
    )
    unsure = 0.5 / float(through.sum()) ** 0.5  # a standard error of so few
    assert both <= alone + ABOVE_READER + unsure
    stated(
        Row(
            "several-differ",
            "versions that differ in two to five of the best, subtracted as well as can be: the "
            f"second best to within {CLOSE:.0%}",
            "three must differ; with one known none may make up more than 60 % of the rest",
            f"{close(single, exact):.0%}, the best linear guess from the later publication alone, "
            "and 10 points",
            f"{close(gated, exact):.0%}, median error {median_error(gated, exact):.1%}; "
            f"{through.sum()} in {through.size} let through, "
            f"of these {both:.0%} (alone {alone:.0%})",
            f"{close(opened, exact):.0%}, median error {median_error(opened, exact):.1%}",
        )
    )


RETURNED = "returned"
AWAY = range(0, 41, 4)
"""Grid points by which the reader's new site lies above or below its old one: it chooses which of
its sites comes back.
"""


def came_back(sector: Sector, seed: int, points: int) -> tuple[PublishedVersion, Draft]:
    """The third best is the reader's: it stood in the first version, left the scheme, comes back
    with another site as the second best joins.
    """
    best, own = (int(place) for place in np.argsort(sector.best)[TARGET : TARGET + 2])
    mine = sector.labels[own]
    gone = dataclasses.replace(mine, firm=f"{DEPARTED}00", site=f"{DEPARTED}00")
    moved = dataclasses.replace(
        mine.label,
        best=dataclasses.replace(mine.label.best, grid_point=mine.label.best.grid_point + points),
    )
    again = dataclasses.replace(mine, site=RETURNED, label=moved)
    first = [
        gone if place == own else label
        for place, label in enumerate(sector.labels)
        if place != best
    ]
    second = [again if place == own else label for place, label in enumerate(sector.labels)]
    return drafted(first, seed).published("1"), drafted(second, seed + 1000)


def test_a_firm_that_left_and_came_back_is_not_two_that_changed(
    stated: State, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sectors = 100 if long else 12
    tried = [
        came_back(sector(np.random.default_rng(seed), "normal", FIRMS), seed, points)
        for seed in range(sectors)
        for points in AWAY
    ]

    def let_out() -> int:
        return sum(
            shown(after.gated((before,)).published)[0] is not None for before, after in tried
        )

    let_through = let_out()
    assert let_through == 0
    monkeypatch.setattr(influence, "staying", set)
    off = let_out()
    assert off > 0
    stated(
        Row(
            "came-back",
            "two versions between which a reader's firm left the scheme and came back and one "
            "other joined",
            "a firm that has left counts and covers nobody: three others must differ and matter",
            "all withheld",
            f"{len(tried)} of {len(tried)} withheld",
            f"counted like others: {off} let through",
        )
    )


def said_of(sector: Sector, revised: int, moved: int, seed: int) -> list[CellDecision]:
    """All that the gate says where the firm at this place sends its report anew and the draw lies
    so many grid points from the first.
    """
    first = [dataclasses.replace(reported, report="first") for reported in sector.labels]
    label = first[revised].label
    drawn = dataclasses.replace(
        label, best=dataclasses.replace(label.best, grid_point=label.best.grid_point + moved)
    )
    again = [
        dataclasses.replace(reported, report="second", label=drawn)
        if index == revised
        else reported
        for index, reported in enumerate(first)
    ]
    return list(drafted(again, seed).gated((drafted(first, seed).published("1"),)).cells)


def by_value_alone(ours: Member, theirs: Member) -> bool:
    """As it was: a report is another one where what it released is."""
    return (ours.firm, ours.site, ours.fingerprint) == (
        theirs.firm,
        theirs.site,
        theirs.fingerprint,
    )


def test_the_gate_does_not_say_whether_a_draw_repeated_its_value(
    stated: State, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sectors = 100 if long else 12
    cohorts = [sector(np.random.default_rng(seed), "normal", FIRMS) for seed in range(sectors)]

    def told_apart() -> int:
        return sum(
            said_of(cohort, seed % FIRMS, 0, seed) != said_of(cohort, seed % FIRMS, 3, seed)
            for seed, cohort in enumerate(cohorts)
        )

    differences = told_apart()
    assert differences == 0
    monkeypatch.setattr(Member, "__eq__", by_value_alone)
    told_off = told_apart()
    assert told_off == sectors
    stated(
        Row(
            "reasons",
            "a report sent anew: whether its draw repeated its value, by what the gate says of "
            "the next version",
            "another report is another part of its firm whatever it released; the reasons count "
            "no firms",
            "the same words",
            f"told in {differences} of {sectors}",
            f"values alone compared: told in {told_off} of {sectors}",
        )
    )
