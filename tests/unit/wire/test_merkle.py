"""The tree against the definitions of RFC 9162, section 2.1, as the recursions that they are, and
roots published for RFC 6962.
"""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import VerificationError
from benchmarks.wire.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Tree,
    leaf_hash,
    require_consistency,
    require_inclusion,
    root_of_inclusion,
)

# leaves and roots of the test tree of Google's certificate-transparency repository, which RFC 6962
# logs are held to
LEAVES = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
ROOT_OF_ONE = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
ROOT_OF_EIGHT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4)) for number in range(count)]


def k(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def mth(leaves: list[bytes]) -> bytes:
    """Section 2.1.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    return sha256(b"\x01" + mth(leaves[: k(len(leaves))]) + mth(leaves[k(len(leaves)) :])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """Section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    left = k(len(leaves))
    if index < left:
        return [*path(index, leaves[:left]), mth(leaves[left:])]
    return [*path(index - left, leaves[left:]), mth(leaves[:left])]


def subproof(first: int, leaves: list[bytes], root_known: bool) -> list[bytes]:
    """Section 2.1.4.1."""
    if first == len(leaves):
        return [] if root_known else [mth(leaves)]
    left = k(len(leaves))
    if first <= left:
        return [*subproof(first, leaves[:left], root_known), mth(leaves[left:])]
    return [*subproof(first - left, leaves[left:], False), mth(leaves[:left])]


def test_published_roots() -> None:
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
    assert sha256().hexdigest() == EMPTY_ROOT.hex() == Tree().root().hex()
    assert Tree(leaves).root(1).hex() == ROOT_OF_ONE
    assert Tree(leaves).root().hex() == ROOT_OF_EIGHT


@pytest.mark.parametrize("size", [*range(34), 63, 64, 65, 100])
def test_every_root_and_proof_is_the_definitions(size: int) -> None:
    leaves = hashes(size)
    planted, grown = Tree(leaves), Tree()
    for leaf in leaves:
        grown.append(leaf)
    for tree in (planted, grown):
        assert len(tree) == size
        assert tree.root() == mth(leaves)
        for index in range(size):
            proof = tree.inclusion_proof(index)
            assert proof == path(index, leaves)
            require_inclusion(leaves[index], index, size, proof, tree.root())
        for first in range(size + 1):
            assert tree.root(first) == mth(leaves[:first])
            proof = tree.consistency_proof(first)
            assert proof == (subproof(first, leaves, True) if first else [])
            require_consistency(first, tree.root(first), size, tree.root(), proof)


def test_a_tree_answers_for_every_size_it_had() -> None:
    leaves = hashes(40)
    tree = Tree(leaves)
    for size in range(1, 41):
        for index in range(size):
            assert tree.inclusion_proof(index, size) == path(index, leaves[:size])
        for first in range(1, size + 1):
            assert tree.consistency_proof(first, size) == subproof(first, leaves[:size], True)


def altered(proof: list[bytes], at: int) -> list[bytes]:
    return [*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]]


@given(size=st.integers(2, 70), data=st.data())
def test_no_other_leaf_place_size_or_proof_passes(size: int, data: st.DataObject) -> None:
    leaves = hashes(size)
    tree = Tree(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion_proof(index)
    at = data.draw(st.integers(0, len(proof) - 1))
    wrong = [
        (leaves[index - 1], index, size, proof),
        (leaves[index], (index + 1) % size, size, proof),
        (leaves[index], index, size, altered(proof, at)),
        (leaves[index], index, size, proof[:-1]),
        (leaves[index], index, size, [*proof, proof[0]]),
        (leaves[index], index, size, [proof[0][:-1], *proof[1:]]),
        (leaves[index], size, size, proof),
        (leaves[index], -1, size, proof),
    ]
    for leaf, place, of, shown in wrong:
        with pytest.raises(VerificationError, match=r"not-included|proof-malformed"):
            require_inclusion(leaf, place, of, shown, tree.root())


@given(second=st.integers(2, 70), data=st.data())
def test_a_log_that_was_rewritten_has_no_proof(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second - 1))
    tree = Tree(hashes(second))
    changed = hashes(second)
    changed[data.draw(st.integers(0, first - 1))] = leaf_hash(b"another")
    rewritten = Tree(changed)
    for proof in (tree.consistency_proof(first), rewritten.consistency_proof(first)):
        with pytest.raises(VerificationError, match="not-consistent"):
            require_consistency(first, tree.root(first), second, rewritten.root(), proof)
    proof = tree.consistency_proof(first)
    for shown in (
        altered(proof, data.draw(st.integers(0, len(proof) - 1))),
        proof[:-1],
        [*proof, proof[0]],
        [b"short"],
    ):
        with pytest.raises(VerificationError, match=r"not-consistent|proof-malformed"):
            require_consistency(first, tree.root(first), second, tree.root(), shown)
    with pytest.raises(VerificationError, match="proof-malformed"):
        require_consistency(second, tree.root(), first, tree.root(first), proof)


def test_an_empty_tree_is_the_beginning_of_all_and_the_same_tree_needs_no_proof() -> None:
    tree = Tree(hashes(5))
    require_consistency(0, EMPTY_ROOT, 5, tree.root(), [])
    require_consistency(5, tree.root(), 5, tree.root(), [])
    for first, root in ((0, tree.root(1)), (5, tree.root(4))):
        with pytest.raises(VerificationError, match="not-consistent"):
            require_consistency(first, root, 5, tree.root(), [])
    with pytest.raises(VerificationError, match="proof-malformed"):
        require_consistency(5, tree.root(), 5, tree.root(), [EMPTY_ROOT])


def test_a_leaf_cannot_pass_for_a_node() -> None:
    """Section 2.1.1 begins the two with different bytes; without that, two hashes side by side
    would be a leaf of a shorter tree.
    """
    left, right = hashes(2)
    forged = leaf_hash(left + right)
    assert root_of_inclusion(forged, 0, 1, []) != Tree([left, right]).root()


def test_places_that_a_tree_has_not_are_refused() -> None:
    tree = Tree(hashes(3))
    for index, size in ((3, 3), (-1, 3), (0, 0)):
        with pytest.raises(ValueError, match="has no leaf"):
            tree.inclusion_proof(index, size)
    with pytest.raises(ValueError, match="cannot begin with"):
        tree.consistency_proof(4, 3)


def test_a_proof_grows_with_the_logarithm() -> None:
    tree = Tree(leaf_hash(number.to_bytes(4)) for number in range(1 << 17))
    assert len(b"".join(tree.inclusion_proof(77_777))) == 17 * HASH_BYTES
