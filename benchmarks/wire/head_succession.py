"""How two signed tree heads of one portal are held against each other: a log that shrank, forked or
was written anew is refused.

A head of a given size says what the log's first `size` entries are, for ever. So two heads of one
portal either fit together, which a consistency proof shows, or are signed evidence that somebody
was shown another log: of one size by themselves, of two sizes by the portal having no proof that
leads from one to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.heads import SeenHead
from benchmarks.wire.merkle import require_consistency

Consistency = Callable[[int, int], Sequence[bytes]]
"""Asks for the proof that the log of the second size begins with that of the first."""


def require_succession(seen_head: SeenHead, shown: SeenHead, consistency: Consistency) -> None:
    """Refuse a head that does not continue the one that was seen before.

    Args:
        consistency: asked only where the sizes differ and neither log is empty.

    Raises:
        VerificationError: `log-shrunk`, `log-forked`, `log-rewritten`.
    """
    before, now = seen_head.head, shown.head
    if now.size < before.size:
        raise VerificationError(
            "log-shrunk",
            Phrase(
                "The portal's log had %(size)s entries when it was last seen, but now says it has "
                "%(now)s.",
                size=before.size,
                now=now.size,
            ),
            _EVIDENCE,
        )
    if now.size == before.size:
        if now.root != before.root:
            raise VerificationError(
                "log-forked",
                Phrase(
                    "The portal has signed two different logs of %(size)s entries: it shows "
                    "different people different logs.",
                    size=now.size,
                ),
                _EVIDENCE,
            )
        return
    proof = (
        consistency(before.size, now.size) if before.size else ()
    )  # an answer that cannot be read says nothing of the log
    try:
        require_consistency(before.size, before.root, now.size, now.root, proof)
    except VerificationError as broken:
        raise VerificationError(
            "log-rewritten",
            Phrase(
                "The portal's log of %(size)s entries does not begin with the %(before)s entries "
                "that it had "
                "when it was last seen: one of them was changed, moved or left out.",
                size=now.size,
                before=before.size,
            ),
            _EVIDENCE,
        ) from broken


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two heads of one portal that cannot both be true of one log that is only added to."""

    first: SeenHead
    second: SeenHead
    refusal: VerificationError


def contradictions(
    heads: Iterable[SeenHead], consistency: Consistency | None
) -> list[Contradiction]:
    """What does not fit together among heads that different people saw, each held against the next
    larger one.

    Args:
        consistency: gets proofs, from the portal or from a file; None where there are none at hand:
            then only heads of the same size are compared.
    """
    conflicts = []
    ordered = sorted(heads, key=lambda seen_head: (seen_head.head.size, seen_head.head.root))
    for first, second in pairwise(ordered):
        if consistency is None and first.head.size != second.head.size:
            continue
        try:
            require_succession(first, second, consistency or _none)
        except VerificationError as refusal:
            conflicts.append(Contradiction(first, second, refusal))
    return conflicts


def _none(_first: int, _second: int) -> Sequence[bytes]:
    return ()


_EVIDENCE = Phrase(
    "Send nothing more. Keep both signed heads: together they prove it. The agent's `status "
    "--heads DIR` saves them as files. Give "
    "them to the coordinator and to other viewers of the log through another channel than this "
    "portal."
)
