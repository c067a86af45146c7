"""The class of one firm from what sites reported of a practice, by subtracting any two states that
were ever published.

The attacker chooses the order in which sites of all firms hand in and withdraw, and reads the
library after each step.
"""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from benchmarks.guidance import closed_batches
from benchmarks.guidance.closed_batches import closing_batch
from tests.attacks.conftest import State
from tests.attacks.table import Row

Report = tuple[int, int]  # firm, site of it
ACTS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2)), max_size=60)
"""Each hands in, or withdraws what it handed in and what waits."""


def published_states(acts: list[Report]) -> list[frozenset[Report]]:
    """What was counted after each act, as `portal.practices.outcomes` counts."""
    waiting: list[Report] = []
    counted: frozenset[Report] = frozenset()
    states = [counted]
    for report in acts:
        if report in waiting:
            waiting.remove(report)
        elif report not in counted:
            waiting.append(report)
            batch = [waiting[index] for index in closing_batch([firm for firm, _site in waiting])]
            counted |= set(batch)
            waiting = [entry for entry in waiting if entry not in batch]
        states.append(counted)
    return states


def gives_away(acts: list[Report]) -> bool:
    """Whether two published states differ by reports of fewer than five firms, or by two of one
    firm that come together.
    """
    states = list(dict.fromkeys(published_states(acts)))
    differences = [before ^ after for before, after in combinations(states, 2)]
    few = any(len({firm for firm, _site in each}) < 5 for each in differences)
    steps = [after - before for before, after in pairwise(states)]
    return few or any(len({firm for firm, _site in step}) < len(step) for step in steps)


def test_any_two_published_states_differ_by_five_firms_or_not_at_all(
    stated: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 400
    with pytest.raises(NoSuchExample):
        find(ACTS, gives_away, settings=settings(max_examples=tried, database=None))
    assert published_states([(firm, 0) for firm in range(5)])[-1]  # they are published, though
    monkeypatch.setattr(closed_batches, "FEWEST_FIRMS", 1)
    off = find(ACTS, gives_away, settings=settings(database=None))
    assert len(off) == 1
    stated(
        Row(
            "reported",
            "what sites reported that a practice saved, in any order of reports and withdrawals, "
            "any two published states subtracted: "
            "one firm's class",
            "batches of five firms, one report of each, which stay",
            "no two states differ by fewer than five firms",
            f"0 of {tried} orders searched for one that does",
            f"told by {len(off)} report",
        )
    )
