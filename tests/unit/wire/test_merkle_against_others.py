"""The tree against what others published and wrote: the vectors of Google's
certificate-transparency repository for RFC 6962 (cpp/merkletree/merkle_tree_test.cc; RFC 9162
hashes alike), and `pymerkle`, an implementation by other people, in tests only."""

from __future__ import annotations

from itertools import pairwise

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.wire.merkle import (
    Node,
    Tree,
    completed_by,
    consistency_runs,
    inclusion_runs,
    leaf_hash,
    nodes_of,
    require_consistency,
    require_inclusion,
)
from tests.unit.wire.test_merkle import LEAVES

ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
SECOND = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
THIRD_AND_FOURTH = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
FIFTH = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
FIFTH_AND_SIXTH = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
SEVENTH_AND_EIGHTH = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
LAST_FOUR = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
PATHS = {
    (0, 1): (),
    (0, 8): (SECOND, THIRD_AND_FOURTH, LAST_FOUR),
    (5, 8): (FIFTH, SEVENTH_AND_EIGHTH, ROOTS[3]),
    (2, 3): (ROOTS[1],),
    (1, 5): (ROOTS[0], THIRD_AND_FOURTH, FIFTH),
}
PROOFS = {
    (1, 1): (),
    (1, 8): (SECOND, THIRD_AND_FOURTH, LAST_FOUR),
    (6, 8): (FIFTH_AND_SIXTH, SEVENTH_AND_EIGHTH, ROOTS[3]),
    (2, 5): (THIRD_AND_FOURTH, FIFTH),
}

entries = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


def planted(raw: list[bytes]) -> Tree:
    return Tree(leaf_hash(leaf) for leaf in raw)


@pytest.fixture
def published() -> Tree:
    return planted([bytes.fromhex(leaf) for leaf in LEAVES])


def test_the_roots_are_those_that_were_published(published: Tree) -> None:
    assert [published.root(size).hex() for size in range(1, 9)] == list(ROOTS)


def test_the_proofs_are_those_that_were_published(published: Tree) -> None:
    assert {
        at: tuple(digest.hex() for digest in published.inclusion_proof(*at)) for at in PATHS
    } == PATHS
    assert {
        at: tuple(digest.hex() for digest in published.consistency_proof(*at)) for at in PROOFS
    } == PROOFS
    for (index, size), path in PATHS.items():
        leaf = leaf_hash(bytes.fromhex(LEAVES[index]))
        require_inclusion(
            leaf,
            index,
            size,
            [bytes.fromhex(digest) for digest in path],
            bytes.fromhex(ROOTS[size - 1]),
        )
    for (first, second), proof in PROOFS.items():
        roots = [bytes.fromhex(ROOTS[size - 1]) for size in (first, second)]
        require_consistency(
            first, roots[0], second, roots[1], [bytes.fromhex(digest) for digest in proof]
        )


def theirs(raw: list[bytes]) -> pymerkle.InmemoryTree:
    return pymerkle.InmemoryTree.init_from_entries(raw, algorithm="sha256")


@given(raw=entries)
def test_pymerkle_has_the_same_root_at_every_size(raw: list[bytes]) -> None:
    ours, other = planted(raw), theirs(raw)
    for size in range(1, len(raw) + 1):
        assert ours.root(size) == other.get_root(size)


@given(raw=entries, data=st.data())
def test_pymerkle_proves_with_the_same_hashes_and_each_accepts_the_other(
    raw: list[bytes], data: st.DataObject
) -> None:
    """Its path begins with the leaf (or the first subtree) itself and counts from 1; the hashes
    beside it are RFC 9162's.
    """
    ours, other = planted(raw), theirs(raw)
    size = data.draw(st.integers(1, len(raw)))
    index = data.draw(st.integers(0, size - 1))
    leaf, root = leaf_hash(raw[index]), ours.root(size)
    proof = other.prove_inclusion(index + 1, size)
    pymerkle.verify_inclusion(leaf, ours.root(size), proof)
    path = [bytes.fromhex(digest) for digest in proof.serialize()["path"]]
    mine = ours.inclusion_proof(index, size)
    assert sorted(path) == sorted([leaf, *mine])
    require_inclusion(leaf, index, size, mine, other.get_root(size))

    first = data.draw(st.integers(1, size))
    consistent = other.prove_consistency(first, size)
    pymerkle.verify_consistency(ours.root(first), root, consistent)
    require_consistency(
        first,
        other.get_root(first),
        size,
        other.get_root(size),
        ours.consistency_proof(first, size),
    )


@given(raw=entries, data=st.data())
def test_what_pymerkle_refuses_is_refused(raw: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(raw) - 1))
    changed = [*raw[:index], raw[index] + b"!", *raw[index + 1 :]]
    ours, other = planted(changed), theirs(raw)
    proof = other.prove_inclusion(index + 1, len(raw))
    with pytest.raises(pymerkle.InvalidProof):
        pymerkle.verify_inclusion(leaf_hash(raw[index]), ours.root(), proof)
    consistent = other.prove_consistency(index + 1, len(raw))
    with pytest.raises(pymerkle.InvalidProof):
        pymerkle.verify_consistency(ours.root(index + 1), other.get_root(), consistent)


@given(size=st.integers(1, 2**40), data=st.data())
def test_runs_of_any_size_are_made_of_few_complete_subtrees(size: int, data: st.DataObject) -> None:
    """What a log in a database reads for a proof: no leaf twice, and the runs of a path together
    with its leaf are the whole tree.
    """
    index = data.draw(st.integers(0, size - 1))
    runs = inclusion_runs(index, size)
    covered = sorted([*runs, (index, index + 1)])
    assert covered[0][0] == 0
    assert covered[-1][1] == size
    assert all(left[1] == right[0] for left, right in pairwise(covered))
    first = data.draw(st.integers(1, size))
    for run in (*runs, *consistency_runs(first, size)):
        nodes = nodes_of(run)
        assert sum(1 << node.level for node in nodes) == run[1] - run[0]
        assert all(node.level > after.level for node, after in pairwise(nodes))
    assert sum(len(nodes_of(run)) for run in runs) <= 2 * size.bit_length()


@given(leaves=st.integers(1, 500))
def test_every_node_is_completed_once(leaves: int) -> None:
    nodes = [node for index in range(leaves) for node in (Node(0, index), *completed_by(index))]
    assert len(set(nodes)) == len(nodes) == 2 * leaves - leaves.bit_count()
