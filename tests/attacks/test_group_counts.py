"""One firm of a group, from counts of its members: in any order of joining, leaving and being
attested, any two shown states subtracted.
"""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from benchmarks.disclosure.member_counts import STEP, may_replace, rounded_down
from tests.attacks.conftest import State
from tests.attacks.table import Row

FIRMS, FEWEST, LEAST = 12, 8, 3
ACTS = st.lists(
    st.tuples(st.integers(0, FIRMS - 1), st.sampled_from(("attested", "bare", "out"))), max_size=60
)
"""A member comes with an attested label or without one, changes, or leaves; the runner counts again
after each act.
"""

Contributions = dict[str, frozenset[str]]


def shown_states(
    acts: list[tuple[int, str]], fewest: int = FEWEST, least: int = LEAST
) -> list[Contributions]:
    """What was counted whenever counts were shown, from a group of all firms, none of them
    attested.
    """
    ours: Contributions = {f"f{firm}": frozenset() for firm in range(FIRMS)}
    shown: list[Contributions] = []
    for act in [None, *acts]:
        if act is not None:
            firm, how = f"f{act[0]}", act[1]
            ours = {name: firm_things for name, firm_things in ours.items() if name != firm}
            if how != "out":
                ours[firm] = frozenset({"step"} if how == "attested" else ())
        if may_replace(ours, shown, frozenset(), fewest, least):
            shown.append(ours)
    return shown


def gives_away(acts: list[tuple[int, str]], least: int = LEAST) -> bool:
    """Whether two states that were shown differ in fewer than three firms, or counts tell that none
    or all have the thing.
    """
    for a, b in combinations(shown_states(acts, least=least), 2):
        changed = {firm for firm in a.keys() | b.keys() if a.get(firm) != b.get(firm)}
        if changed and len(changed) < LEAST:
            return True
    return False


def test_any_two_counts_differ_by_three_firms_or_not_at_all(stated: State) -> None:
    tried = 400
    with pytest.raises(NoSuchExample):
        find(ACTS, gives_away, settings=settings(max_examples=tried, database=None))
    assert (
        len(shown_states([(firm, "attested") for firm in range(FIRMS)])) > 2
    )  # counts are shown, though
    off = find(ACTS, lambda acts: gives_away(acts, least=1), settings=settings(database=None))
    assert len(off) == 1
    for firms in (8, 9, FIRMS):  # that all have it reads as if one did not
        all_but = [
            rounded_down(
                {f"f{firm}": {"step"} if firm >= bare else set() for firm in range(firms)}, ["step"]
            )
            for bare in (0, 1)
        ]
        assert all_but[0] == all_but[1]
    stated(
        Row(
            "group-counts",
            "whether one member of a group of sites has an attested label, in any order of "
            "joining, leaving and being attested: any two "
            "counts subtracted",
            f"8 unknown firms; 3 unknown ones that changed; counts in steps of {STEP}",
            "no two counts differ by fewer than three firms",
            f"0 of {tried} orders searched for one that does",
            f"told by {len(off)} change",
        )
    )
