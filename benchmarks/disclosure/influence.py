"""How far each changed firm moves the figures that two values show, in one year or between two: who
is given away, who is blurred.

Two publications of one cell are a third: their difference. Where a firm that nobody doubts to be
poor joins together with the best one, a mean of the best five sees the best alone, and counting
changed firms protects neither. So besides being counted firms are weighed, figure by figure: a
changed firm's *effect* on a figure is how far the figure would lie from where it is with the firm's
value in the other publication or, where it does not stand there, with the middle value of the
others in its own. One of the changed firms may be the reader's own, who takes its effect out: what
is left must not be mostly one firm's either. A firm that has left the scheme is a change like any
other, but neither counts nor covers others: come back under another name it would be one reader's
two.

Between two years every firm's value moves a little, and whoever does not know by how much cannot
tell a newcomer's part of the difference from the others': what they moved by is a blur
(`years_give_away`). Its reader may know how all of them moved together, which the typical values
tell, and how one of them did, whose firm may be the reader's own: neither blurs. Two publications
may show a value on different grids, of two versions of a pack: what a firm stood at in the other is
brought to ours.

Worked out on released values by the published rule, not on the posterior that is published: a
release is off by a third of a percent of its value where firms lie four percent apart, and what a
posterior moves beyond that lies below the grid it is rounded to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import hypot

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition import rules
from benchmarks.composition.result import CellRoster, IndustryCell, Member, RouteTotal, staying
from benchmarks.composition.rules import RuleName, averaged, middle
from benchmarks.disclosure.rounding import total_width
from benchmarks.policies import DisclosurePolicy

Array = NDArray[np.float64]

SEEN = 0.5  # widths of the grid: what moves a figure by less is lost in rounding
APART = 3
"""Firms by which two means have to differ in how many they take in. Then as many firms that did not
change are in the difference, and it gives the best firm away little oftener than one of the means
alone (62 times in 100 against 54; 69 where both take in as many)."""
LEAST_BLUR = 0.0125
"""Standard deviation, as a share of the figure, by which firms that stand in two years have to blur
what their difference tells of another. What all firms moved by together, and the one that moved it
most, do not count: a reader may know them (`tests.attacks.test_over_the_years`, decision
0079)."""


@dataclass(frozen=True, slots=True)
class RankAverage:
    """One published figure: the average of the values at some ranks, the least being rank 0.
    Figures of one name can be subtracted.

    `worth` is a firm's value in widths of the grid that the figure is rounded to, `width` that of
    the grid in the value's unit; `ranks` gives the ranks among so many firms.
    """

    name: str
    ranks: Callable[[int], Sequence[int]]
    worth: Callable[[Member], float]
    width: float

    def takes_in(self, shown: Exhibit) -> int:
        """How many firms' values the figure is the average of."""
        return len(set(self.ranks(len(shown.who.members))))


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One value as one publication shows it: by which firms, in which figures, which curve and
    which potentials. `name` is the publication's, empty for the draft; `period` is whose reports
    they are of."""

    name: str
    who: CellRoster
    figures: tuple[RankAverage, ...] = ()
    curve: tuple[RankAverage, ...] = ()
    period: str = ""
    potentials: tuple[RankAverage, ...] = ()

    def differs_from(self, other: Exhibit) -> set[str]:
        """Firms that joined, left, or stand with another site, another report or another draw."""
        ours, theirs = (
            {member.firm: member for member in exhibit.who.members} for exhibit in (self, other)
        )
        return {
            firm
            for firm in ours.keys() | theirs.keys()
            if firm not in ours or firm not in theirs or ours[firm] != theirs[firm]
        }

    def stands_as(self, other: Exhibit) -> bool:
        """Whether the other publication shows this very value: the same reports of the same
        period.
        """
        return self.period == other.period and not self.differs_from(other)

    def too_close_to(self, other: Exhibit, least: int) -> bool:
        """Whether some firms changed, but fewer than `least`: of all changes, or of those that
        joined or left.

        Who reports again for another, overlapping period, or corrects, has a new draw of nearly the
        same value: such changes hide nobody who joins. A firm that was sold stands under two names
        by the same site, and is one; one that has left the scheme is none.
        """
        ours, theirs = (
            {member.site: member.firm for member in exhibit.who.members}
            for exhibit in (self, other)
        )
        sold = {theirs[site]: ours[site] for site in ours.keys() & theirs.keys()}
        changed, moved = self.differs_from(other), self.who.firms ^ other.who.firms
        return any(
            firms and len({sold.get(firm, firm) for firm in staying(firms)}) < least
            for firms in (changed, moved)
        )

    def stands_alone(self, other: Exhibit) -> set[str]:
        """Firms whose site stands here and not in the other. One that stands in both by different
        sites is in each alone: they are two plants, and whoever knows of one that it was poor reads
        the other. One that was sold is the same plant under two names."""
        sites = {member.site for member in other.who.members}
        return {member.firm for member in self.who.members if member.site not in sites}


def of_cell(name: str, who: CellRoster, cell: IndustryCell, period: str = "") -> Exhibit:
    """A cell's best and typical value, its curve and its potentials. None of them where the cell
    has no value.

    A potential with its reference, which is published too, is a mean over all firms: of what lies
    above the typical value, with the middle firm for each below it; of all typical values where the
    reference is the best, which hardly any lies below.
    """
    if cell.best is None or cell.rule is None:
        return Exhibit(name, who, period=period)
    origin, width = float(cell.grid.lower / cell.grid.width), float(cell.grid.width)

    def best_of(member: Member) -> float:
        return origin + member.bests[0]

    def typical_of(member: Member) -> float:
        return origin + member.typicals[0]

    points = tuple(
        RankAverage(f"p{point.percent}", partial(rules.ranks, point.percent), best_of, width)
        for point in cell.curve
    )
    typical = RankAverage("typical", middle, typical_of, width)
    potentials = tuple(
        RankAverage(potential.to, _SAVING[potential.to], typical_of, width)
        for potential in cell.potential
    )
    return Exhibit(
        name, who, (_mean_of_best(cell.rule, best_of, width), typical), points, period, potentials
    )


def of_whole_route(
    name: str,
    who: CellRoster,
    total: RouteTotal,
    headline: Sequence[IndustryCell],
    period: str = "",
) -> Exhibit:
    """The best total that plants reached over every step of the route."""
    if total.value is None or total.rule is None:
        return Exhibit(name, who, period=period)
    width = float(total_width((step.ratio, step.grid) for step in headline))
    shares = [step.ratio * float(step.grid.width) / width for step in headline]
    origin = sum(step.ratio * float(step.grid.lower) / width for step in headline)

    def worth(member: Member) -> float:
        return origin + sum(share * best for share, best in zip(shares, member.bests, strict=True))

    return Exhibit(name, who, (_mean_of_best(total.rule, worth, width),), (), period)


def gives_away(
    ours: Sequence[RankAverage],
    now: Exhibit,
    theirs: Sequence[RankAverage],
    then: Exhibit,
    policy: DisclosurePolicy,
) -> bool:
    """Whether the difference of a figure shown twice tells of too few firms, or, to one of those
    that changed, mostly of one.

    Where no changed firm moves a figure by half a width, its difference tells nothing but that.
    """
    changed = now.differs_from(then)
    return _some_figure_tells(
        ours, now, theirs, then, (changed, changed - now.who.firms), policy, by_other_value=True
    )


def alone_give_away(
    ours: Sequence[RankAverage],
    now: Exhibit,
    theirs: Sequence[RankAverage],
    then: Exhibit,
    policy: DisclosurePolicy,
) -> bool:
    """Whether what two exhibits show tells of too few firms that stand in one of them alone. For
    two metrics of one step, and two years.

    A firm's value in one metric, or one year, follows closely from its value in the other, so a
    mean that holds it beside one that does not is as good as a difference. A firm that stands in
    both by one site is no change: its values differ by what they measure, or by their year.
    """
    alone = now.stands_alone(then), then.stands_alone(now)
    if not any(alone):
        return False
    if len(staying(alone[0] | alone[1])) < policy.least_changed_participants:
        return True
    return _some_figure_tells(ours, now, theirs, then, alone, policy, by_other_value=False)


def years_give_away(ours: Exhibit, theirs: Exhibit, policy: DisclosurePolicy) -> bool:
    """Whether the bests of two years, subtracted, tell of too few firms that stand in one of them
    alone, blurred by less than `LEAST_BLUR`.

    The best alone: a typical value and the points of a curve lie among the firms that they are the
    mean of, and their difference brings nobody nearer to one than the figures of one year do.
    """
    alone = ours.stands_alone(theirs), theirs.stands_alone(ours)
    now, then = (
        [figure for figure in exhibit.figures if figure.name == "best"]
        for exhibit in (ours, theirs)
    )
    tells = _some_figure_tells(now, ours, then, theirs, alone, policy, by_other_value=False)
    return tells and any(
        _blur(figure, ours, before, theirs) < LEAST_BLUR for figure in now for before in then
    )


def _blur(figure: RankAverage, here: Exhibit, before: RankAverage, other: Exhibit) -> float:
    """How far off, as a share of the figure, the difference of two years leaves a firm that stands
    in one alone: the root of the sum of squares of what each firm that stands in both moved the
    figure by beyond what all moved by, but for the one that moved it most, once for every firm that
    it is the mean of."""
    earlier = {
        member.site: before.worth(member) * before.width / figure.width
        for member in other.who.members
    }
    both = [member for member in here.who.members if member.site in earlier]
    together = (
        float(np.median([figure.worth(member) - earlier[member.site] for member in both]))
        if both
        else 0.0
    )
    expected = {member.firm: earlier[member.site] + together for member in both}
    effects = sorted(_effects(figure, here, {*expected}, expected).values())[:-1]
    worth = np.sort([figure.worth(member) for member in here.who.members])
    value = abs(float(worth[figure.ranks(worth.size)].mean()))
    return hypot(*effects) * figure.takes_in(here) / max(value, SEEN)


def _some_figure_tells(
    ours: Sequence[RankAverage],
    now: Exhibit,
    theirs: Sequence[RankAverage],
    then: Exhibit,
    changed: tuple[set[str], set[str]],
    policy: DisclosurePolicy,
    *,
    by_other_value: bool,
) -> bool:
    """Whether some figure that both show moves by too few of the firms that changed, of ours and of
    theirs: from where it would lie with the middle value in their place or, `by_other_value`, with
    the value that they have in the other."""
    before = {figure.name: figure for figure in theirs}
    for figure in ours:
        if (
            figure.name in before
            and abs(figure.takes_in(now) - before[figure.name].takes_in(then)) < APART
        ):
            earlier = before[figure.name]
            ratio = earlier.width / figure.width
            other_values = (
                {member.firm: earlier.worth(member) * ratio for member in then.who.members}
                if by_other_value
                else {}
            )
            moved = _effects(figure, now, changed[0], other_values)
            for firm, effect in _effects(earlier, then, changed[1], {}).items():
                moved[firm] = moved.get(firm, 0.0) + effect * ratio
            if _tells_of_few(moved, policy):
                return True
    return False


def _tells_of_few(moved: Mapping[str, float], policy: DisclosurePolicy) -> bool:
    """Whether effects, by firm, that can be seen are those of too few firms, or mostly one's; with
    and without those that have left.
    """
    if not any(effect >= SEEN for effect in moved.values()):
        return False
    effects_of_staying = [moved[firm] for firm in staying(moved)]
    most = float(policy.largest_share_of_change)
    few = sum(effect >= SEEN for effect in effects_of_staying) < policy.least_changed_participants
    return few or any(
        mostly_one(effects, most) for effects in ([*moved.values()], effects_of_staying)
    )


def mostly_one(moved: Sequence[float], most: float) -> bool:
    """Whether, with any one effect known, another makes up more than `most` of the rest. The two
    largest are each other's worst case.
    """
    first, second, *_ = *sorted(moved, reverse=True), 0.0
    whole = sum(moved) + SEEN / 1000  # sums of floats
    return first > most * (whole - second) or second > most * (whole - first)


def that_matter(figure: RankAverage, exhibit: Exhibit) -> frozenset[Member]:
    """The firms without whose values the figure would lie half a width or more from where it is."""
    members = exhibit.who.members
    moved = _moved(figure, members, np.arange(len(members)), None)
    return frozenset(
        member for member, effect in zip(members, moved, strict=True) if effect >= SEEN
    )


_SAVING: Mapping[str, Callable[[int], Sequence[int]]] = {
    "typical": lambda firms: [max(rank, firms // 2) for rank in range(firms)],
    "best": range,
}


def _mean_of_best(rule: RuleName, worth: Callable[[Member], float], width: float) -> RankAverage:
    return RankAverage("best", lambda firms: averaged(rule, firms), worth, width)


def _effects(
    figure: RankAverage, here: Exhibit, firms: set[str], other_values: Mapping[str, float]
) -> dict[str, float]:
    """By firm, of these as far as they stand here: how far the figure would lie from where it is
    with their value in `other_values` (in our widths), or with the middle value where they have
    none."""
    members = here.who.members
    indices = [index for index, member in enumerate(members) if member.firm in firms]
    if not indices:
        return {}
    instead = np.array([other_values.get(members[index].firm, np.nan) for index in indices])
    effects = _moved(figure, members, np.array(indices), instead)
    return {
        members[index].firm: float(effect) for index, effect in zip(indices, effects, strict=True)
    }


def _moved(
    figure: RankAverage,
    members: Sequence[Member],
    indices: NDArray[np.int64],
    instead: Array | None,
) -> Array:
    """How far the figure moves when the value of the firm at each index, one at a time, gives way
    to another.

    Args:
        instead: the other values; the middle of the other firms where NaN, and everywhere where
            None.
    """
    worth = np.array([figure.worth(member) for member in members])
    firms, order = worth.size, np.argsort(worth, kind="stable")
    rank_giving_way = np.argsort(order)[indices]  # the rank of the firm that gives way
    ordered = np.concatenate(([-np.inf], worth[order], [np.inf]))

    def that_stay(rank: int) -> Array:
        """Of the firms that stay, for each that gives way: the value at this rank, beyond the ends
        without bound.
        """
        return np.asarray(ordered[rank + 1 + (rank >= rank_giving_way)])

    value = (that_stay((firms - 2) // 2) + that_stay((firms - 1) // 2)) / 2
    if instead is not None:
        value = np.where(np.isnan(instead), value, instead)
    ranks = figure.ranks(firms)
    change = np.zeros(indices.size)
    for rank, times in (
        Counter(ranks).items()
    ):  # what comes in lies between the neighbours of this rank, or pushes one of them there
        change += times * (np.clip(value, that_stay(rank - 1), that_stay(rank)) - ordered[rank + 1])
    return np.asarray(np.abs(change) / len(ranks))
