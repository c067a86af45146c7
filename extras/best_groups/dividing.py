"""How the group behind the published best is composed: which shares by trait (region, scale, age)
may be shown, and which may not.

The group are the firms whose mean the best is, by their released values. A share is told of at
least `fewest` of them and as many of the others, so a group of five is never divided, and a best
tenth only from `firms_needed` on. Classes that are smaller are told together. Traits of firms are
no secret, who is among the best is. So a reader who knows every firm's traits may put all tables
together: by the least that they say (the odds of a firm are a product of one factor a class) no
firm may be likelier than `MOST_LIKELY` to be among the best. Beside every earlier table of the same
days no sum of classes lost or gained fewer firms than `least`, but none. Beside a table of other
days, in which firms change ranks among the best anyway, no class may count so many more or fewer
that a plant which joined or left it is likelier than `MOST_LIKELY` to be one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition.result import CellRoster, staying
from benchmarks.composition.rules import RuleName, averaged, rule_for
from benchmarks.declared import Words, worded
from benchmarks.phrases import Phrase
from benchmarks.policies import CompositionRule, DisclosurePolicy

Traits = Mapping[str, str]
"""Of one firm: its class by trait."""

MOST_LIKELY = 0.5
"""A reader's guess that a certain firm is among the best may be right as often as not, no
oftener.
"""

_SWEEPS = 400
_MOST_FIRMS = 10_000


class BestGroupReason(StrEnum):
    """Why nothing is told of a cell."""

    HIDDEN = "hidden"
    TOO_FEW = "too-few-firms"
    ALIKE = "classes-too-small"
    LIKELY = "too-likely"
    DIFFERENCING = "differencing"
    OTHER_DAYS = "other-days"


_SENTENCES = {
    BestGroupReason.HIDDEN: Phrase("Not shown: the best value itself is withheld."),
    BestGroupReason.TOO_FEW: Phrase(
        "Not shown: at least %(needed)s firms are needed and there are %(firms)s. Each class must "
        "contain %(fewest)s of the best "
        "firms, so that no single firm can be worked out."
    ),
    BestGroupReason.ALIKE: Phrase(
        "Not shown: no two classes contain %(fewest)s of the best firms and as many of the others."
    ),
    BestGroupReason.LIKELY: Phrase(
        "Not shown: somebody who knows all firms could work out that one of them is probably "
        "among the best."
    ),
    BestGroupReason.DIFFERENCING: Phrase(
        "Not shown: compared with an earlier version, the difference would come from fewer than "
        "%(least)s firms."
    ),
    BestGroupReason.OTHER_DAYS: Phrase(
        "Not shown: compared with what was shown of other days, somebody could work out that a "
        "firm which joined or left is probably among "
        "the best."
    ),
}


@dataclass(frozen=True, slots=True)
class ClassShare:
    """So many firms of the group are of these classes."""

    classes: tuple[str, ...]
    members: frozenset[str]

    @property
    def firms(self) -> int:
        return len(self.members)


@dataclass(frozen=True, slots=True)
class BestFirms:
    """What is told of one cell: by trait its shares, which add up to the group of `best` firms; or
    nothing, and why.
    """

    cell: str
    firms: int
    best: int
    shares: Mapping[str, tuple[ClassShare, ...]]
    reason: BestGroupReason | None = None
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class OtherDays:
    """What was told of the cell for other days, and who stood behind its value then: the classes of
    each site by trait.
    """

    shares: Mapping[str, tuple[ClassShare, ...]]
    sites: Mapping[str, Traits]


def firms_needed(rules: Sequence[CompositionRule], fewest: int) -> int | None:
    """From how many firms on a group can be divided into two classes at all; None where no rule
    ever takes in so many.
    """
    for firms in range(2 * fewest, _MOST_FIRMS):
        rule = rule_for(firms, rules)
        if rule is not None and len(averaged(rule.rule, firms)) >= 2 * fewest:
            return firms
    return None


def best_group(who: CellRoster, rule: RuleName) -> frozenset[str]:
    """The firms that make up the best, by their released values; of equal ones at its edge those
    that stand first by name.
    """
    ordered = sorted(who.members, key=lambda member: (member.bests[0], member.firm))
    ranks = averaged(rule, len(ordered))
    return frozenset(member.firm for member in ordered[ranks.start : ranks.stop])


def compose(
    who: CellRoster,
    rule: RuleName | None,
    traits: Mapping[str, Traits],
    rules: Sequence[CompositionRule],
    policy: DisclosurePolicy,
    before: Iterable[Mapping[str, tuple[ClassShare, ...]]] = (),
    other_days: Sequence[OtherDays] = (),
) -> BestFirms:
    """What may be told of a cell whose best is shown; `rule` is None where it is not.

    Args:
        traits: by firm, in the order in which they are to be told: where two cannot both be, the
            first is.
        before: tables of this cell that were ever told of any of the same days.
        other_days: those of days that do not overlap these.
    """
    firms = len(who.firms)
    if rule is None:
        return _nothing(who.cell, firms, 0, BestGroupReason.HIDDEN)
    best = best_group(who, rule)
    if len(best) < 2 * policy.fewest_firms:
        needed = firms_needed(rules, policy.fewest_firms)
        if needed is None:
            return _nothing(
                who.cell, firms, len(best), BestGroupReason.ALIKE, fewest=policy.fewest_firms
            )
        return _nothing(
            who.cell,
            firms,
            len(best),
            BestGroupReason.TOO_FEW,
            needed=needed,
            firms=firms,
            fewest=policy.fewest_firms,
        )
    earlier, tables, reason = (
        list(before),
        dict[str, tuple[ClassShare, ...]](),
        BestGroupReason.ALIKE,
    )
    sites = {member.site: traits[member.firm] for member in who.members}
    for trait in next(iter(traits.values()), {}):
        shares = divided(
            best, {firm: traits[firm][trait] for firm in who.firms}, policy.fewest_firms
        )
        if not shares:
            continue
        if any(
            _differ_in_few(shares, other[trait], policy.least_changed_participants)
            for other in earlier
            if trait in other
        ):
            reason = BestGroupReason.DIFFERENCING
        elif any(
            _tells_who_came_or_went(trait, shares, sites, other)
            for other in other_days
            if trait in other.shares
        ):
            reason = BestGroupReason.OTHER_DAYS
        elif likeliest({**tables, trait: shares}, traits) > MOST_LIKELY:
            reason = BestGroupReason.LIKELY
        else:
            tables[trait] = shares
    if not tables:
        return _nothing(
            who.cell,
            firms,
            len(best),
            reason,
            fewest=policy.fewest_firms,
            least=policy.least_changed_participants,
        )
    return BestFirms(who.cell, firms, len(best), tables)


def divided(
    best: AbstractSet[str], classes: Mapping[str, str], fewest: int
) -> tuple[ClassShare, ...]:
    """The group by class, the largest share first: each of `fewest` firms inside and outside it at
    least, what is smaller together and last; nothing where fewer than two are left."""
    inside = {
        name: frozenset(firm for firm in best if classes[firm] == name)
        for name in sorted(set(classes.values()))
    }
    outside = {
        name: sum(
            1 for firm, firm_class in classes.items() if firm_class == name and firm not in best
        )
        for name in inside
    }
    ordered = sorted(inside, key=lambda name: (-len(inside[name]), name))
    apart = [name for name in ordered if len(inside[name]) >= fewest and outside[name] >= fewest]
    rest = [name for name in ordered if name not in apart]
    while (
        rest
        and apart
        and (
            sum(len(inside[name]) for name in rest) < fewest
            or sum(outside[name] for name in rest) < fewest
        )
    ):
        rest.insert(0, apart.pop())
    shares = [ClassShare((name,), inside[name]) for name in apart]
    if rest:
        shares.append(ClassShare(tuple(rest), frozenset().union(*(inside[name] for name in rest))))
    return tuple(shares) if len(shares) > 1 else ()


def likeliest(tables: Mapping[str, tuple[ClassShare, ...]], traits: Mapping[str, Traits]) -> float:
    """How likely the likeliest firm is to be among the best, to a reader who knows all traits and
    these tables and no more.
    """
    return float(likelihoods(tables, traits).max(initial=0.0))


def likelihoods(
    tables: Mapping[str, tuple[ClassShare, ...]], traits: Mapping[str, Traits]
) -> NDArray[np.float64]:
    """The same of every firm, in the order of `traits`: of all that fits the tables what says least
    besides (maximum entropy).
    """
    firms = list(traits)
    odds = np.ones(len(firms))
    groups = [
        (np.array([traits[firm][trait] in share.classes for firm in firms]), float(share.firms))
        for trait, shares in tables.items()
        for share in shares
    ]
    for _sweep in range(_SWEEPS):
        before = odds.copy()
        for of_class, wanted in groups:
            expected = float((odds[of_class] / (1 + odds[of_class])).sum())
            size = float(of_class.sum())
            odds[of_class] *= (wanted / (size - wanted)) / (expected / (size - expected))
        if np.allclose(odds, before, rtol=1e-6, atol=0.0):
            break
    return np.asarray(odds / (1 + odds))


def _differ_in_few(ours: Sequence[ClassShare], theirs: Sequence[ClassShare], least: int) -> bool:
    """Whether some sum of our classes lost or gained firms against some sum of theirs, but fewer
    than `least`. Who left hides nobody.
    """
    moves = (moved for a in _sums(ours) for b in _sums(theirs) for moved in (a - b, b - a))
    return any(moved and len(staying(moved)) < least for moved in moves)


def _tells_who_came_or_went(
    trait: str, ours: Sequence[ClassShare], sites: Mapping[str, Traits], other: OtherDays
) -> bool:
    """Whether some classes count more among the best than then, by more than half of the plants
    that came to them since, or fewer by more than half of those that went: each of these would be
    likelier than `MOST_LIKELY` to be one of the difference."""
    counted = {frozenset(classes): firms for classes, firms in _counts(other.shares[trait])}
    came, went = sites.keys() - other.sites.keys(), other.sites.keys() - sites.keys()
    for classes, firms in _counts(ours):
        if (then := counted.get(frozenset(classes))) is None:
            continue
        joined = sum(sites[site][trait] in classes for site in came)
        left = sum(other.sites[site][trait] in classes for site in went)
        if (joined and firms - then > MOST_LIKELY * joined) or (
            left and then - firms > MOST_LIKELY * left
        ):
            return True
    return False


def _counts(shares: Sequence[ClassShare]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every set of classes that some shares of a table add up to, with its firms among the best;
    all of them are the group, no secret.
    """
    for count in range(1, len(shares)):
        for chosen in combinations(shares, count):
            yield (
                tuple(name for share in chosen for name in share.classes),
                sum(share.firms for share in chosen),
            )


def _sums(shares: Sequence[ClassShare]) -> list[frozenset[str]]:
    chosen = (
        combination
        for count in range(1, len(shares) + 1)
        for combination in combinations(shares, count)
    )
    return [frozenset().union(*(share.members for share in combination)) for combination in chosen]


def _nothing(
    cell: str, of: int, best: int, reason: BestGroupReason, /, **facts: str | int
) -> BestFirms:
    return BestFirms(cell, of, best, {}, reason, worded(_SENTENCES[reason], **facts))
