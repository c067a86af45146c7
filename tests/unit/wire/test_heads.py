"""Signed heads of the log: what an agent refuses, what two viewers find, and that each check is
what finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

import pytest

from benchmarks.errors import VerificationError
from benchmarks.wire import heads, logged
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.heads import SeenHead
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import Tree, require_inclusion
from benchmarks.wire.signing import Purpose, ReceiptKey

KEY = ReceiptKey.generate()
KEYS = {KEY.key_id: KEY.public}
DAY = date(2017, 1, 16)


def entry(number: int) -> bytes:
    return logged.hashed(EntryKind.ENVELOPE, number.to_bytes(32), DAY)


def head_of(tree: Tree, key: ReceiptKey = KEY) -> SeenHead:
    return heads.read(
        heads.issue(len(tree), tree.root(), 1_484_524_800 + len(tree), key),
        {key.key_id: key.public},
    )


def proof_of_what_there_is(tree: Tree, first: int, second: int) -> list[bytes]:
    return tree.consistency_proof(first, min(second, len(tree)))


HONEST = [entry(number) for number in range(7)]
TAMPERED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "removed": lambda leaves: [*leaves[:2], *leaves[3:], entry(70), entry(71)],
    "reordered": lambda leaves: [leaves[1], leaves[0], *leaves[2:], entry(70)],
    "rewritten": lambda leaves: [*leaves[:4], entry(99), *leaves[5:], entry(70)],
    "slipped in": lambda leaves: [*leaves[:4], entry(99), *leaves[4:]],
}


def test_a_head_comes_back_as_it_was_signed_and_the_same_size_has_the_same_bytes() -> None:
    tree = Tree(HONEST)
    seen_head = head_of(tree)
    assert (seen_head.head.size, seen_head.head.root, seen_head.head.key_id) == (
        7,
        tree.root(),
        KEY.key_id,
    )
    assert seen_head.signed == head_of(tree).signed
    assert seen_head.head.moment.year == 2017


@pytest.mark.parametrize(
    "change", [{"size": 8}, {"root": bytes(32)}, {"at": 1}], ids=lambda change: next(iter(change))
)
def test_an_altered_head_is_refused(change: dict[str, Value]) -> None:
    content = decode(head_of(Tree(HONEST)).signed)
    assert isinstance(content, dict)
    content["tree_head"] = content["tree_head"] | change  # type: ignore[operator]
    with pytest.raises(VerificationError) as refused:
        heads.read(encode(content), KEYS)
    assert refused.value.code == "tree-head-signature-invalid"


def test_a_head_of_a_moment_beyond_the_calendar_is_refused_by_whoever_would_keep_it() -> None:
    """Kept, it would stop `status`, which writes the evidence against this portal out."""
    content: dict[str, Value] = {
        "size": 0,
        "root": Tree().root(),
        "at": 253_402_300_800,
        "key_id": KEY.key_id,
    }
    raw = encode({"v": 1, "tree_head": content, "signature": KEY.sign(Purpose.TREE_HEAD, content)})
    with pytest.raises(VerificationError) as refused:
        heads.read(raw, KEYS)
    assert refused.value.code == "field-malformed"


def test_a_head_of_another_portal_is_refused() -> None:
    with pytest.raises(VerificationError) as refused:
        heads.read(head_of(Tree(HONEST), ReceiptKey.generate()).signed, KEYS)
    assert refused.value.code == "tree-head-signature-invalid"


def test_a_receipt_does_not_pass_for_a_head() -> None:
    from benchmarks.wire.signing import Purpose

    content: Value = {"size": 1, "root": bytes(32), "at": 0, "key_id": KEY.key_id}
    forged = encode({"v": 1, "tree_head": content, "signature": KEY.sign(Purpose.RECEIPT, content)})
    with pytest.raises(VerificationError) as refused:
        heads.read(forged, KEYS)
    assert refused.value.code == "tree-head-signature-invalid"


def test_a_log_that_only_grew_is_taken_from_every_size() -> None:
    tree = Tree(HONEST)
    for size in range(len(HONEST) + 1):
        heads.require_succession(
            head_of(Tree(HONEST[:size])), head_of(tree), tree.consistency_proof
        )


@pytest.mark.parametrize("name", TAMPERED)
def test_a_log_that_was_tampered_with_is_refused_whatever_proof_it_gives(name: str) -> None:
    later = Tree(TAMPERED[name](HONEST))
    with pytest.raises(VerificationError) as refused:
        heads.require_succession(head_of(Tree(HONEST)), head_of(later), later.consistency_proof)
    assert refused.value.code == "log-rewritten"


@pytest.mark.parametrize("name", TAMPERED)
def test_without_the_consistency_check_no_tampering_would_show(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "require_consistency", lambda *_: None)
    later = Tree(TAMPERED[name](HONEST))
    heads.require_succession(head_of(Tree(HONEST)), head_of(later), later.consistency_proof)


def test_a_portal_that_gives_no_proof_is_refused_as_one_that_has_none() -> None:
    with pytest.raises(VerificationError) as refused:
        heads.require_succession(
            head_of(Tree(HONEST[:5])), head_of(Tree(HONEST)), lambda _first, _second: ()
        )
    assert refused.value.code == "log-rewritten"


def test_a_log_that_shrank_is_refused() -> None:
    with pytest.raises(VerificationError) as refused:
        heads.require_succession(
            head_of(Tree(HONEST)), head_of(Tree(HONEST[:6])), Tree(HONEST).consistency_proof
        )
    assert refused.value.code == "log-shrunk"


def test_a_fork_between_two_viewers_of_one_size_shows_from_their_heads_alone() -> None:
    first, second = head_of(Tree(HONEST)), head_of(Tree([*HONEST[:6], entry(99)]))
    (contradiction,) = heads.contradictions([second, first], None)
    assert contradiction.refusal.code == "log-forked"
    assert {contradiction.first, contradiction.second} == {first, second}
    assert heads.contradictions([first, first], None) == []


def test_a_fork_of_two_sizes_shows_when_the_portal_is_asked_for_a_proof_and_not_before() -> None:
    shown_to_one, shown_to_other = (
        Tree(HONEST),
        Tree([*HONEST[:3], entry(99), *HONEST[4:], entry(100)]),
    )
    seen_heads = [head_of(shown_to_one), head_of(shown_to_other)]
    assert heads.contradictions(seen_heads, None) == []
    for tree in (shown_to_one, shown_to_other):  # whichever face the portal shows to who asks
        contradictions = heads.contradictions(seen_heads, partial(proof_of_what_there_is, tree))
        assert [contradiction.refusal.code for contradiction in contradictions] == ["log-rewritten"]


def test_many_viewers_of_an_honest_log_find_nothing() -> None:
    tree = Tree(HONEST)
    assert (
        heads.contradictions(
            [head_of(Tree(HONEST[:size])) for size in (7, 2, 2, 5, 0, 4)], tree.consistency_proof
        )
        == []
    )


def test_the_leaf_does_not_tell_the_digest_and_whoever_has_it_finds_the_leaf() -> None:
    digest = bytes(range(32))
    leaf = logged.leaf(EntryKind.ENVELOPE, digest, DAY)
    assert digest not in leaf
    assert decode(leaf) == {
        "v": 1,
        "kind": "envelope",
        "object": logged.object_of(digest),
        "on": "2017-01-16",
    }
    tree = Tree([*HONEST, logged.hashed(EntryKind.ENVELOPE, digest, DAY)])
    require_inclusion(
        logged.hashed(EntryKind.ENVELOPE, digest, DAY), 7, 8, tree.inclusion_proof(7), tree.root()
    )
    for other in (
        logged.hashed(EntryKind.COMMITMENT, digest, DAY),
        logged.hashed(EntryKind.ENVELOPE, digest, date(2017, 1, 17)),
    ):
        with pytest.raises(VerificationError):
            require_inclusion(other, 7, 8, tree.inclusion_proof(7), tree.root())


def test_things_of_different_kinds_have_different_digests() -> None:
    document = bytes(32)
    digests = [
        logged.device_key("enrolled", "device-7", document),
        logged.device_key("revoked", "device-7", document),
        logged.key_destroyed("00"),
        logged.publication(document, [], []),
        logged.publication(document, [1], []),
        logged.publication(document, [], [1]),
        logged.publication_withdrawn(document, "x"),
        logged.values(document, logged.ReportRevision("a", "2025", 1), [], bytes(32)),
        logged.values(document, logged.ReportRevision("b", "2025", 1), [], bytes(32)),
        logged.values(document, logged.ReportRevision("a", "2024", 1), [], bytes(32)),
        logged.values(document, logged.ReportRevision("a", "2025", 2), [], bytes(32)),
    ]
    assert len(set(digests)) == len(digests)
    assert logged.publication(document, [3, 1], [4, 2]) == logged.publication(
        document, [1, 3], [2, 4]
    )
