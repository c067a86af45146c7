"""What several publications give away together, where no two of them do.

The nation shows a value of a hundred firms, one province the same value of sixty of them, another
of thirty-nine: each pair differs in many firms, and the three leave one over. So of the sets of
firms that were ever shown for one cell, none may be put together out of others but for fewer than
`least` firms, all of them counted, and again those alone that matter to a mean. The published
values are no sums, so such a difference does not give a value outright; the rule is that of
complementary suppression all the same (Hundepool et al., Statistical Disclosure Control, 2012,
4.3), because with a quartile or a mean of the best it narrows the firm down in ways that nobody has
bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import combinations
from typing import Any

from benchmarks.disclosure.frequency_and_dominance import Refusal
from benchmarks.disclosure.influence import Exhibit, that_matter
from benchmarks.disclosure.reasons import GateReason, sentence
from benchmarks.policies import DisclosurePolicy

Shown = tuple[str, frozenset[Hashable]]


def left_over(draft: Exhibit, shown: Iterable[Exhibit], policy: DisclosurePolicy) -> Refusal | None:
    """Why this cell may not be shown beside all that was: some firms, too few, would be left over.

    A firm that drew anew between two publications is another member in each. Several publications
    are put together firm by firm as well, whatever each drew, because a correction moves a value by
    little; of two, `influence` knows how far.
    """
    public, least = list(shown), policy.least_changed_participants
    for whole in [draft, *public]:
        combined = _left_over_by(
            draft,
            whole,
            public,
            lambda exhibit: frozenset(exhibit.who.members),
            None,
            least,
            fewest_parts=1,
        )
        matter = [
            None,
            *(
                frozenset(member.firm for member in that_matter(figure, whole))
                for figure in whole.figures
            ),
        ]
        for counted in matter:
            if combined is None:
                combined = _left_over_by(
                    draft,
                    whole,
                    public,
                    lambda exhibit: exhibit.who.firms,
                    counted,
                    least,
                    fewest_parts=2,
                )
        if combined is not None:
            names = ", ".join(sorted({*combined, whole.name} - {""}))
            return GateReason.COMBINED, sentence(GateReason.COMBINED, version=names, least=least)
    return None


def _left_over_by(
    draft: Exhibit,
    exhibit: Exhibit,
    public: Sequence[Exhibit],
    who: Callable[[Exhibit], frozenset[Any]],
    counted: frozenset[Any] | None,
    least: int,
    *,
    fewest_parts: int,
) -> list[str] | None:
    """The publications that together leave too few over of one of them.

    Args:
        who: whom a publication is made up of.
        counted: of those left over, who counts; all where None.
    """
    ours, whole = who(draft), who(exhibit)
    if whole != ours and not ours < whole:
        return None  # the draft has no part in it: whatever it gives away is public already
    parts = [(part.name, who(part)) for part in public if who(part) < whole]
    needed = [("", ours)] if whole != ours else []
    if not parts and not needed:
        return None
    return _remainder(whole if counted is None else counted, parts, needed, least, fewest_parts)


def _remainder(
    counted: frozenset[Hashable],
    parts: Sequence[Shown],
    needed: Sequence[Shown],
    least: int,
    fewest_parts: int,
) -> list[str] | None:
    """The names of parts that together hold all but 1 to `least` - 1 of those counted, every one in
    `needed` among them.

    Firms that stand in the same parts cannot be told apart: whoever leaves one of them out of a
    union leaves all out. So it is enough to look at what is left by kinds of firm, which are few,
    and not firm by firm.
    """
    must = frozenset[Hashable]().union(*(members for _, members in needed))
    kinds = Counter(
        frozenset(index for index, (_, part) in enumerate(parts) if firm in part)
        for firm in counted - must
    )
    few = [kind for kind, firms in kinds.items() if firms < least]
    for size in range(1, least):
        for rest in combinations(few, size):
            if sum(kinds[kind] for kind in rest) >= least:
                continue
            unused = frozenset[int]().union(*rest)
            used = [name for index, (name, _) in enumerate(parts) if index not in unused]
            if len(used) + len(needed) >= fewest_parts and all(
                kind - unused for kind in kinds if kind not in rest
            ):
                return used
    return None
