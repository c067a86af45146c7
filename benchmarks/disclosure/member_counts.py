"""Counts over members of a group that agreed to be counted and to nothing else: what may be shown,
beside all that was shown before.

A count is of controlling firms. It is shown in steps of `STEP` firms ("at least 6"), so that
neither none nor all of them is ever told, and a difference of two counts does not tell how many of
those that changed have the thing. It stands until enough firms have changed: who asks again after
one joined reads the count of before. A firm that has shown itself by name meanwhile is known and
hides nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet

STEP = 3
"""Firms: a count is told as the multiple of these that it reaches."""

Contributions = Mapping[str, AbstractSet[str]]
"""By firm, under whatever name stays its own: the things that it is counted for."""


def may_replace(
    ours: Contributions,
    before: Iterable[Contributions],
    known_firms: AbstractSet[str],
    fewest: int,
    least: int,
) -> bool:
    """Whether counts of these firms may be shown beside every earlier one that was.

    Args:
        known_firms: those whose contribution the reader knows by another way: its own, and those
            shown by name.
        fewest: unknown firms behind a count at least (`disclosure.fewest_firms`).
        least: unknown firms that must have changed since any earlier count
            (`disclosure.least_changed_participants`).
    """
    if len(ours.keys() - known_firms) < fewest:
        return False
    changes = (
        {firm for firm in ours.keys() | other.keys() if ours.get(firm) != other.get(firm)}
        for other in before
    )
    return all(len(changed - known_firms) >= least for changed in changes)


def rounded_down(ours: Contributions, things: Collection[str]) -> dict[str, int]:
    """By thing, at least how many firms have it: a multiple of `STEP`, and never all firms, where
    their number is such a multiple.
    """
    having = {thing: sum(thing in firm_things for firm_things in ours.values()) for thing in things}
    return {
        thing: min(firms, max(len(ours) - 1, 0)) // STEP * STEP for thing, firms in having.items()
    }
