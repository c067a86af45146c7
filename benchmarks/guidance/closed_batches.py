"""Which sites' reports of what a practice saved close a batch of five firms, one report of each,
and are told only then.

Of each firm a batch takes the report that waits longest, and it closes when it holds five firms: so
any two published states differ by one report each of at least five firms, or not at all, in
whatever order reports come and are withdrawn. What a batch tells of a firm at most: its class to
who knows those of the four others, and to everybody where all five are alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

FEWEST_FIRMS = 5


def closing_batch(firms: Sequence[Hashable]) -> tuple[int, ...]:
    """Which of the waiting reports are counted now, by their indices: of each firm the first; none
    before there are enough firms.

    Args:
        firms: of the waiting reports of one practice, in the order in which they came.
    """
    first = {firm: index for index, firm in reversed(list(enumerate(firms)))}
    return tuple(sorted(first.values())) if len(first) >= FEWEST_FIRMS else ()
