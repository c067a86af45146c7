"""The signed tree head: what a portal says its log is at one size; and how two of them are held
against each other.

`at` is when the last of these entries was added, in whole seconds since 1970-01-01T00:00Z: a head
holds no other moment, and asked again for the same size the portal answers with the same bytes for
as long as it signs with the same key.

A head of a given size says what the log's first `size` entries are, for ever. So two heads of one
portal either fit together, which a consistency proof shows, or are signed evidence that somebody
was shown another log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, ClassVar

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.merkle import HASH_BYTES, require_consistency
from benchmarks.wire.records import DigestHex, Natural, Record, Seconds, octets
from benchmarks.wire.signed import Signed
from benchmarks.wire.signing import Purpose, ReceiptKey, VerifyingKey


@dataclass(frozen=True, slots=True)
class TreeHead(Record):
    """Of a log with `size` entries: its root, when the last of them was added, and the key that
    signed this.
    """

    WHERE: ClassVar[str] = "tree_head"

    size: Natural
    root: Annotated[bytes, octets(HASH_BYTES)]
    at: Seconds
    key_id: DigestHex

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head with its signed bytes, which are what counts as evidence."""

    head: TreeHead
    signed: bytes


TREE_HEAD = Signed(
    TreeHead,
    Purpose.TREE_HEAD,
    lambda: VerificationError(
        "tree-head-signature-invalid",
        "The head of the log was not signed by a receipt key of this portal.",
        "Fetch the portal's key directory and the head again. If it is still not valid, ask the "
        "coordinator.",
    ),
)
parse = TREE_HEAD.parse


def issue(size: int, root: bytes, at: int, key: ReceiptKey) -> bytes:
    """A signed head."""
    return TREE_HEAD.issue(TreeHead(size, root, at, key.key_id), key)


def read(raw: bytes, keys: Mapping[str, VerifyingKey]) -> SeenHead:
    """A head signed by one of the portal's `keys`, as `Signed.read`."""
    return SeenHead(TREE_HEAD.read(raw, keys), raw)


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
            require_succession(first, second, consistency or (lambda _first, _second: ()))
        except VerificationError as refusal:
            conflicts.append(Contradiction(first, second, refusal))
    return conflicts


_EVIDENCE = Phrase(
    "Send nothing more. Keep both signed heads: together they prove it. The agent's `status "
    "--heads DIR` saves them as files. Give "
    "them to the coordinator and to other viewers of the log through another channel than this "
    "portal."
)
