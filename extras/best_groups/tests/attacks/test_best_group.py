"""Who is among the best, from how the group of the best is composed: one publication, and two that
are subtracted.

The attacker knows every firm and its region, size and age; what is secret is who is among the best
tenth.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.composition.result import CellRoster, Member
from benchmarks.composition.rules import RuleName
from benchmarks.policies import DisclosurePolicy
from extras.best_groups import dividing
from extras.best_groups.dividing import (
    BestFirms,
    BestGroupReason,
    Traits,
    compose,
    likelihoods,
)
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.statistical.sectors import PACK

DECILE: RuleName = "trimmed-best-decile"
REGIONS, SCALES = ("east", "north", "south", "west"), ("small", "medium", "large", "very-large")
OFF = PACK.disclosure.model_copy(update={"fewest_firms": 1, "least_changed_participants": 1})


def sector(seed: int, firms: int) -> tuple[CellRoster, dict[str, Traits]]:
    """Large firms of the north are better, as strongly as the seed draws: whoever knows traits
    knows something.
    """
    rng = np.random.default_rng(seed)
    traits: dict[str, Traits] = {
        f"f{index:04}": {
            "region": str(rng.choice(REGIONS, p=(0.4, 0.1, 0.3, 0.2))),
            "scale": str(rng.choice(SCALES, p=(0.3, 0.4, 0.2, 0.1))),
        }
        for index in range(firms)
    }
    pull = float(rng.uniform(0, 120))
    worth = {
        firm: 500
        + rng.normal(0, 30)
        - pull * (firm_traits["scale"] == "very-large")
        - pull * (firm_traits["region"] == "north") / 2
        for firm, firm_traits in traits.items()
    }
    members = (
        Member(firm, firm, (50, round(1000 * value), 500), "r") for firm, value in worth.items()
    )
    return CellRoster("cell", tuple(members)), traits


def composition_of(
    who: CellRoster,
    traits: dict[str, Traits],
    policy: DisclosurePolicy = PACK.disclosure,
    *before: BestFirms,
) -> BestFirms:
    return compose(
        who, DECILE, traits, PACK.composition, policy, [version.shares for version in before]
    )


def named(composed: BestFirms, who: CellRoster, traits: dict[str, Traits]) -> float:
    """The chance that the firm which the tables make likeliest is among the best: of equally likely
    ones any.
    """
    chances = likelihoods(composed.shares, traits)
    best = dividing.best_group(who, DECILE)
    likeliest = [
        firm for firm, chance in zip(traits, chances, strict=True) if chance >= chances.max() - 1e-9
    ]
    return float(np.mean([firm in best for firm in likeliest]))


def replaced(who: CellRoster, gone: int) -> CellRoster:
    """So many of the best fell far behind in the next version."""
    best = sorted(who.members, key=lambda member: member.bests[0])[:gone]
    worse = {
        member.firm: Member(member.firm, member.site, (50, member.bests[0] + 10**6, 500), "r2")
        for member in best
    }
    return CellRoster("cell", tuple(worse.get(member.firm, member) for member in who.members))


def test_no_firm_is_likelier_than_not_among_the_best(
    stated: State, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sectors = [sector(seed, firms) for seed in range(200 if long else 20) for firms in (160, 400)]
    shown = [(composition_of(who, traits), who, traits) for who, traits in sectors]
    on = [named(*publication) for publication in shown if publication[0].shares]
    assert len(on) > len(sectors) / 4
    assert float(np.mean(on)) <= dividing.MOST_LIKELY
    bound = dividing.MOST_LIKELY
    monkeypatch.setattr(dividing, "MOST_LIKELY", 1.0)
    off = [named(composition_of(who, traits, OFF), who, traits) for who, traits in sectors]
    assert float(np.mean(off)) > float(np.mean(on)) + 0.1
    stated(
        Row(
            "best-group",
            "a firm that is among the best tenth, by the published composition of the best; "
            "region and size of all firms known",
            "each class of 8 firms inside and outside; no firm above 50 % by all tables together",
            f"right in {bound:.0%} of guesses",
            f"{np.mean(on):.0%}; nothing told in {len(sectors) - len(on)} of {len(sectors)} "
            "sectors",
            f"every class told by itself: {np.mean(off):.0%}",
        )
    )


def test_two_versions_between_which_one_or_two_of_the_best_changed(
    stated: State, long: bool
) -> None:
    pairs, on, off = 0, 0, 0
    for seed in range(100 if long else 12):
        who, traits = sector(seed, 400)
        first, bare = composition_of(who, traits), composition_of(who, traits, OFF)
        for gone in (1, 2):
            later = replaced(who, gone)
            pairs += 1
            again = composition_of(later, traits, PACK.disclosure, first)
            on += any(trait in first.shares for trait in again.shares)
            off += bool(composition_of(later, traits, OFF, bare).shares)
            assert again.shares or again.reason in {
                BestGroupReason.DIFFERENCING,
                BestGroupReason.ALIKE,
                BestGroupReason.LIKELY,
            }
    assert on == 0
    assert off > pairs / 2
    stated(
        Row(
            "best-group-versions",
            "the class of one or two firms that others replaced in the best tenth between two "
            "versions, by subtracting the compositions",
            "no sum of classes loses or gains fewer than three firms",
            "0 tables beside an earlier one of the same trait",
            f"0 of {pairs} pairs",
            f"not compared: {off} of {pairs}",
        )
    )
