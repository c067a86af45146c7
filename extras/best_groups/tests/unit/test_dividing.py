"""How the group of the best is composed: from how many firms on, in which shares, and what a reader
could guess.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import packs
from benchmarks.composition.result import DEPARTED, CellRoster, Member
from benchmarks.composition.rules import RuleName
from extras.best_groups.dividing import (
    MOST_LIKELY,
    BestFirms,
    BestGroupReason,
    OtherDays,
    best_group,
    compose,
    divided,
    firms_needed,
    likelihoods,
)

PACK = packs.load("cement")
RULES, POLICY = PACK.composition, PACK.disclosure
DECILE: RuleName = "trimmed-best-decile"


def sector(firms: int, seed: int = 15, moved: int = 0, names: str = "f") -> CellRoster:
    """Firms in an order that the seed draws; the first `moved` of the best have other values, far
    at the end.
    """
    order = np.random.default_rng(seed).permutation(firms)
    members = [
        Member(f"{names}{index:04}", f"s{index:04}", (50, 100 + int(rank), 500), "r")
        for index, rank in enumerate(order)
    ]
    best = sorted(members, key=lambda member: member.bests[0])[:moved]
    again = {
        member.firm: Member(member.firm, member.site, (50, 9000 + member.bests[0], 500), "r2")
        for member in best
    }
    return CellRoster("cell", tuple(again.get(member.firm, member) for member in members))


def halves(who: CellRoster) -> dict[str, dict[str, str]]:
    return {
        member.firm: {"region": "north" if int(member.firm[-4:]) % 2 else "south", "scale": "large"}
        for member in who.members
    }


def composed(who: CellRoster, *before: BestFirms) -> BestFirms:
    return compose(who, DECILE, halves(who), RULES, POLICY, [group.shares for group in before])


def test_it_takes_a_best_tenth_of_two_classes_of_eight() -> None:
    assert firms_needed(RULES, 8) == 151
    assert firms_needed(RULES[:1], 8) is None, "a best five is never divided"


@pytest.mark.parametrize(
    ("firms", "is_told"), [(12, False), (150, False), (151, True), (400, True)]
)
def test_nothing_is_told_of_too_few(firms: int, is_told: bool) -> None:
    group = composed(sector(firms))
    assert bool(group.shares) is is_told
    if firms < 151:
        assert group.reason is BestGroupReason.TOO_FEW
        assert group.words is not None
        assert "151" in group.words.said_in("en")


def test_shares_add_up_to_the_group_and_each_has_enough_on_both_sides() -> None:
    who = sector(400)
    group = composed(who)
    (shares,) = group.shares.values()
    assert list(group.shares) == ["region"], "one class of scale for all divides nothing"
    assert sum(share.firms for share in shares) == group.best == 40
    assert frozenset().union(*(share.members for share in shares)) == best_group(who, DECILE)
    assert all(share.firms >= POLICY.fewest_firms for share in shares)


def test_small_classes_are_told_together_or_not_at_all() -> None:
    best = frozenset(f"b{index}" for index in range(30))
    others = [f"o{index}" for index in range(270)]
    sizes = {"a": 14, "b": 9, "c": 4, "d": 3}
    names = [name for name, count in sizes.items() for _ in range(count)]
    classes = dict(zip(sorted(best), names, strict=True)) | {
        firm: "abcd"[index % 4] for index, firm in enumerate(others)
    }
    assert [(share.classes, share.firms) for share in divided(best, classes, 8)] == [
        (("a",), 14),
        (("b", "c", "d"), 16),
    ]
    alone = dict.fromkeys(classes, "a") | {next(iter(sorted(best))): "z"}
    assert divided(best, alone, 8) == ()


def test_a_class_that_is_mostly_among_the_best_is_not_told() -> None:
    """Sixteen of the twenty large firms are the best sixteen: whoever is large would be known."""
    who = sector(400)
    best = best_group(who, DECILE)
    large = {*sorted(best)[:20], *sorted(who.firms - best)[:9]}
    traits = {firm: {"scale": "large" if firm in large else "small"} for firm in sorted(who.firms)}
    group = compose(who, DECILE, traits, RULES, POLICY)
    assert group.reason is BestGroupReason.LIKELY
    shares = divided(best, {firm: firm_traits["scale"] for firm, firm_traits in traits.items()}, 8)
    chances = likelihoods({"scale": shares}, traits)
    assert chances.max() == pytest.approx(20 / 29)
    assert chances.sum() == pytest.approx(len(best))


def test_two_tables_together_tell_no_firm_either() -> None:
    """Each table alone leaves every firm below one half; where they cross, only the first is
    told.
    """
    who = sector(400)
    best, others = sorted(best_group(who, DECILE)), sorted(who.firms - best_group(who, DECILE))
    inside = [("x", "x")] * 24 + [("x", "y")] * 8 + [("y", "x")] * 8
    outside = [("x", "y")] * 70 + [("y", "x")] * 70 + [("x", "x")] * 8 + [("y", "y")] * 212
    traits = {
        firm: {"region": region, "scale": scale}
        for firm, (region, scale) in zip([*best, *others], [*inside, *outside], strict=True)
    }
    group = compose(who, DECILE, traits, RULES, POLICY)
    assert list(group.shares) == ["region"]
    both = {
        trait: divided(
            frozenset(best), {firm: firm_traits[trait] for firm, firm_traits in traits.items()}, 8
        )
        for trait in ("region", "scale")
    }
    assert all(both.values())
    assert likelihoods(both, traits).max() > MOST_LIKELY >= likelihoods(group.shares, traits).max()


@pytest.mark.parametrize(
    ("moved", "reason"),
    [(0, None), (1, BestGroupReason.DIFFERENCING), (2, BestGroupReason.DIFFERENCING), (20, None)],
)
def test_beside_an_earlier_table_the_same_firms_or_enough_others(
    moved: int, reason: BestGroupReason | None
) -> None:
    first = composed(sector(400))
    assert first.shares
    later = composed(sector(400, moved=moved), first)
    assert later.reason is reason


def test_firms_that_have_left_hide_nobody() -> None:
    """Of the changed ones all but two had left the scheme: they may have come back under another
    name.
    """
    who = sector(400)
    best = best_group(who, DECILE)
    gone = sorted(best)[:2]
    names = {firm: f"{DEPARTED}{firm}" for firm in gone}
    before = CellRoster(
        "cell",
        tuple(
            Member(
                names.get(member.firm, member.firm), member.site, member.fingerprint, member.report
            )
            for member in who.members
        ),
    )
    traits = {firm: {"region": firm_traits["region"]} for firm, firm_traits in halves(who).items()}
    first = compose(
        before,
        DECILE,
        {names.get(firm, firm): firm_traits for firm, firm_traits in traits.items()},
        RULES,
        POLICY,
    )
    assert first.shares
    assert (
        compose(who, DECILE, traits, RULES, POLICY, [first.shares]).reason
        is BestGroupReason.DIFFERENCING
    )


def by_class(
    firms: int, large_best: int, newcomers: int
) -> tuple[CellRoster, dict[str, dict[str, str]]]:
    """Of so many firms the best tenth, `large_best` of it large, with 30 large ones behind; the
    first `newcomers` large ones stand here by sites of their own."""
    best = firms // 10
    classes = (
        ["large"] * large_best
        + ["small"] * (best - large_best)
        + ["large"] * 30
        + ["small"] * (firms - best - 30)
    )
    members = [
        Member(f"f{at:04}", f"new-{at}" if at < newcomers else f"s{at:04}", (50, 100 + at, 500))
        for at in range(firms)
    ]
    return CellRoster("cell", tuple(members)), {
        member.firm: {"scale": scale} for member, scale in zip(members, classes, strict=True)
    }


@pytest.mark.parametrize(
    ("more", "newcomers", "reason"),
    [
        (1, 1, BestGroupReason.OTHER_DAYS),
        (2, 3, BestGroupReason.OTHER_DAYS),
        (1, 3, None),
        (0, 1, None),
        (3, 0, None),
    ],
)
def test_another_year_does_not_tell_that_who_joined_is_among_the_best(
    more: int, newcomers: int, reason: BestGroupReason | None
) -> None:
    """Of firms that stay where they are, one more large one among the best is the one that
    joined.
    """
    who, traits = by_class(400, 12 + more, newcomers)
    then, classes = by_class(400, 12, 0)
    shares = compose(then, DECILE, classes, RULES, POLICY).shares
    assert shares
    stood = {
        member.site: classes[member.firm]
        for member in then.members
        if member.firm not in {f"f{at:04}" for at in range(newcomers)}
    }
    group = compose(who, DECILE, traits, RULES, POLICY, other_days=[OtherDays(shares, stood)])
    assert group.reason is reason
    assert bool(group.shares) == (reason is None)
    assert compose(who, DECILE, traits, RULES, POLICY).shares
    if more and newcomers:  # who left is told by one fewer
        now = {member.site: traits[member.firm] for member in who.members}
        before = OtherDays(compose(who, DECILE, traits, RULES, POLICY).shares, now)
        fewer = compose(then, DECILE, classes, RULES, POLICY, other_days=[before])
        assert fewer.reason is reason


@pytest.mark.parametrize(("others_of_b", "classes"), [(8, [("a",), ("b",)]), (7, [])])
def test_a_class_with_too_few_firms_outside_the_group_is_not_told_apart(
    others_of_b: int, classes: list[tuple[str, ...]]
) -> None:
    """Of thirty best firms fifteen are of each class: were seven others of b, somebody could take
    most firms of b for the best.
    """
    best = {f"best-{index:02}": "ab"[index % 2] for index in range(30)}
    others = {f"a-{index}": "a" for index in range(100)} | {
        f"b-{index}": "b" for index in range(others_of_b)
    }
    shares = divided(best.keys(), best | others, 8)
    assert [share.classes for share in shares] == classes


def test_classes_that_are_told_together_take_in_the_next_smallest_until_there_are_enough_outside() -> (
    None
):
    """c has three others, b and c together eleven: a stays apart."""
    group = {f"best-{index:02}": name for index, name in enumerate("a" * 12 + "b" * 10 + "c" * 9)}
    others = {
        f"{name}-{index}": name
        for name, count in (("a", 50), ("b", 8), ("c", 3))
        for index in range(count)
    }
    shares = divided(group.keys(), group | others, 8)
    assert [(share.classes, share.firms) for share in shares] == [(("a",), 12), (("b", "c"), 19)]


def test_of_equal_firms_at_the_edge_of_the_best_the_first_by_name_is_in() -> None:
    """Four firms are better, the very best is left out; of three that are alike the last two places
        go to the first names, in
    whatever order they stand.
    """
    named = [("z", 1), ("y", 2), ("x", 3), ("w", 4), ("n", 5), ("m", 5), ("o", 5), ("a", 9)]
    members = tuple(Member(firm, f"site-{firm}", (670, value, value)) for firm, value in named)
    for order in (members, members[::-1]):
        assert best_group(CellRoster("cell", order), "trimmed-best-five") == {
            "y",
            "x",
            "w",
            "m",
            "n",
        }
