"""The Merkle tree of RFC 9162, section 2.1, over SHA-256: its hashes, its root, and what proves a
leaf or an earlier tree in it.

A tree is known by the hashes of its *complete subtrees*: `Node(level, position)` stands over the
2^level leaves that begin at position · 2^level, and once full it never changes. Every root and
every proof, for any size that the tree ever had, is made of runs of leaves whose hash follows from
at most log2(size) such nodes. So a tree may be kept anywhere that finds a node by its coordinates:
in memory (`Tree`), or in the rows of a database, which reads `nodes_of` a proof's runs at once.

Leaves come in as hashes (`leaf_hash`): what a leaf holds, and whether it is salted, is decided by
whoever plants the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase

HASH_BYTES = 32
_PAIR = 2 * HASH_BYTES
EMPTY_ROOT = sha256(
    b""
).digest()  # section 2.1.1: the hash of an empty list is the hash of an empty string

Run = tuple[int, int]  # leaves [begin, end)


class Node(NamedTuple):
    """A complete subtree: over the leaves [position · 2^level, (position + 1) · 2^level)."""

    level: int
    position: int


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 ‖ leaf): no leaf can pass for a node."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree in memory that leaves are added to; 64 bytes a leaf."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """Plant it over leaf hashes, 32 bytes each."""
        below = b"".join(leaves)
        self._levels = [bytearray(below)]
        while len(below) >= _PAIR:
            pairs = range(0, len(below) - len(below) % _PAIR, _PAIR)
            below = b"".join(sha256(b"\x01" + below[at : at + _PAIR]).digest() for at in pairs)
            self._levels.append(bytearray(below))

    def __len__(self) -> int:
        return len(self._levels[0]) // HASH_BYTES

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash, and every node that it completes."""
        index = len(self)
        self._levels[0] += leaf
        for level, position in completed_by(index):
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += node_hash(
                self.node(Node(level - 1, 2 * position)),
                self.node(Node(level - 1, 2 * position + 1)),
            )

    def node(self, node: Node) -> bytes:
        """The hash of a complete subtree."""
        return bytes(
            self._levels[node.level][node.position * HASH_BYTES : (node.position + 1) * HASH_BYTES]
        )

    def root(self, size: int | None = None) -> bytes:
        """The root now, or when the tree had `size` leaves."""
        return root(self.node, len(self) if size is None else size)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """What proves the leaf at `index` in the tree of `size` leaves (now: of all): at most
        log2(size) hashes, the nearest first.
        """
        return [
            hash_of(self.node, run)
            for run in inclusion_runs(index, len(self) if size is None else size)
        ]

    def consistency_proof(self, first: int, second: int | None = None) -> list[bytes]:
        """What proves that the tree of `second` leaves (now: of all) begins with the tree of
        `first`.
        """
        return [
            hash_of(self.node, run)
            for run in consistency_runs(first, len(self) if second is None else second)
        ]


def completed_by(index: int) -> list[Node]:
    """The nodes above the leaves that the leaf at `index` completes, the lowest first: a leaf at an
    even index completes none.
    """
    nodes, level = [], 1
    while (index + 1) % (1 << level) == 0:
        nodes.append(Node(level, index >> level))
        level += 1
    return nodes


def root(node: Callable[[Node], bytes], size: int) -> bytes:
    """The root of the tree over the first `size` leaves."""
    return hash_of(node, (0, size)) if size else EMPTY_ROOT


def hash_of(node: Callable[[Node], bytes], run: Run) -> bytes:
    """The tree hash of a run of leaves that is a subtree of some tree (every run of this module
    is).
    """
    *left, whole = [node(subtree) for subtree in nodes_of(run)]
    for sibling in reversed(left):
        whole = node_hash(sibling, whole)
    return whole


def nodes_of(run: Run) -> list[Node]:
    """The complete subtrees that a subtree's run of leaves is made of, from left to right, each
    smaller than the one before.
    """
    begin, end = run
    subtrees = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        subtrees.append(Node(level, begin >> level))
        begin += 1 << level
    return subtrees


def inclusion_runs(index: int, size: int) -> list[Run]:
    """The runs of leaves whose hashes prove the leaf at `index` in the tree of `size` leaves
    (section 2.1.3.1), the nearest first.
    """
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} leaves has no leaf {index}.")
    runs, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _left(end - begin)
        if index < middle:
            runs.append((middle, end))
            end = middle
        else:
            runs.append((begin, middle))
            begin = middle
    return runs[::-1]


def consistency_runs(first: int, second: int) -> list[Run]:
    """The runs whose hashes prove that the tree of `second` leaves begins with that of `first`
    (section 2.1.4.1).
    """
    if not 0 <= first <= second:
        raise ValueError(f"A tree of {second} leaves cannot begin with {first}.")
    if first in (0, second):
        return []
    runs, begin, end, is_known = [], 0, second, True
    while end != first:
        middle = begin + _left(end - begin)
        if first <= middle:
            runs.append((middle, end))
            end = middle
        else:
            runs.append((begin, middle))
            begin, is_known = middle, False
    # the earlier tree's own last subtree; where that is all of it, its root is known to whoever
    # asks
    if not is_known:
        runs.append((begin, end))
    return runs[::-1]


def root_of_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of `size` leaves that the proof leads to from a leaf hash (section 2.1.3.2).

    Raises:
        VerificationError: `proof-malformed`, where no tree of that size has such a proof for that
            index.
    """
    if not 0 <= index < size or any(len(digest) != HASH_BYTES for digest in proof):
        raise _malformed(
            Phrase("inclusion"), Phrase("leaf %(index)s of %(size)s", index=index, size=size)
        )
    here, last, reached = index, size - 1, leaf
    for sibling in proof:
        if not last:
            raise _malformed(
                Phrase("inclusion"), Phrase("leaf %(index)s of %(size)s", index=index, size=size)
            )
        if here % 2 or here == last:
            reached = node_hash(sibling, reached)
            while not here % 2:
                here, last = here >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise _malformed(
            Phrase("inclusion"), Phrase("leaf %(index)s of %(size)s", index=index, size=size)
        )
    return reached


def require_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Refuse a leaf hash that the proof does not lead from to the root.

    Raises:
        VerificationError: `proof-malformed`, `not-included`.
    """
    if root_of_inclusion(leaf, index, size, proof) != root:
        raise VerificationError(
            "not-included",
            Phrase(
                "What was shown as leaf %(index)s is not in the tree of %(size)s leaves with the "
                "root %(root)s.",
                index=index,
                size=size,
                root=root.hex(),
            ),
            "Ask for the leaf and its proof again. If they stay the same, what is shown is "
            "not what was committed to: keep both.",
        )


def require_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Refuse a later tree that does not begin with the earlier one (section 2.1.4.2).

    Raises:
        VerificationError: `proof-malformed`, `not-consistent`.
    """
    if not 0 <= first <= second or any(len(digest) != HASH_BYTES for digest in proof):
        raise _malformed(
            Phrase("consistency"),
            Phrase("%(first)s to %(second)s leaves", first=first, second=second),
        )
    if first in (0, second):
        if proof:
            raise _malformed(
                Phrase("consistency"),
                Phrase("%(first)s to %(second)s leaves", first=first, second=second),
            )
        earlier, later = (EMPTY_ROOT, second_root) if first == 0 else (second_root, second_root)
    else:
        earlier, later = _roots_of_consistency(first, first_root, second, proof)
    if (earlier, later) != (first_root, second_root):
        raise VerificationError(
            "not-consistent",
            Phrase(
                "The tree of %(second)s leaves does not begin with the tree of %(first)s leaves "
                "that was seen before.",
                second=second,
                first=first,
            ),
            "Something that had been logged was changed, moved or left out. Keep both signed "
            "heads: together they prove it.",
        )


def _roots_of_consistency(
    first: int, first_root: bytes, second: int, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The two roots that a consistency proof between two sizes above 0 leads to."""
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        raise _malformed(
            Phrase("consistency"),
            Phrase("%(first)s to %(second)s leaves", first=first, second=second),
        )
    here, last = first - 1, second - 1
    while here % 2:
        here, last = here >> 1, last >> 1
    earlier = later = path[0]
    for sibling in path[1:]:
        if not last:
            raise _malformed(
                Phrase("consistency"),
                Phrase("%(first)s to %(second)s leaves", first=first, second=second),
            )
        if here % 2 or here == last:
            earlier, later = node_hash(sibling, earlier), node_hash(sibling, later)
            while not here % 2:
                here, last = here >> 1, last >> 1
        else:
            later = node_hash(later, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise _malformed(
            Phrase("consistency"),
            Phrase("%(first)s to %(second)s leaves", first=first, second=second),
        )
    return earlier, later


def _left(size: int) -> int:
    """The largest power of two below `size`: the leaves of the left branch."""
    return 1 << (size - 1).bit_length() - 1


def _malformed(kind: Phrase, what: Phrase) -> VerificationError:
    return VerificationError(
        "proof-malformed",
        Phrase(
            (
                "This is not a valid %(kind)s proof for %(what)s: it contains too many or too few "
                "hashes, or some that are not 32 bytes "
                "long."
            ),
            kind=kind,
            what=what,
        ),
        "Ask for the proof again, for exactly these places.",
    )
