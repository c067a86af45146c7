"""An opening as a file: signed, sealed to one key, and refused where anything of it was changed."""

from __future__ import annotations

import pytest

from benchmarks.audit import openings
from benchmarks.audit.committed_tree import DataTree
from benchmarks.audit.openings import OpenedLeaf, Opening
from benchmarks.errors import VerificationError
from benchmarks.wire import sealing
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.signing import DeviceKey
from tests.unit.audit.conftest import KEY

DEVICE, SECRET = DeviceKey.generate(), sealing.generate()
DRAW = "d" * 64


@pytest.fixture
def opening(tree: DataTree) -> Opening:
    leaves = tuple(OpenedLeaf.of(tree, index) for index in (0, 3, 100, 127))
    return Opening(
        DRAW,
        leaves,
        KEY,
        b"challenge",
        b"report",
        b"{}",
        b"extract",
        DEVICE.public,
        {"batches": 2},
    )


def test_an_opening_reads_as_it_was_written(opening: Opening, tree: DataTree) -> None:
    read = openings.read(openings.sign(opening, DEVICE))
    assert read == opening
    assert read.contents == tree.contents
    for leaf in read.leaves:
        leaf.require_in(tree.root, len(tree))


def test_a_leaf_that_was_changed_is_not_in_the_tree(opening: Opening, tree: DataTree) -> None:
    table, leaf, *_ = opening.leaves
    for other in (
        OpenedLeaf(leaf.index, table.record, leaf.salt, leaf.proof),
        OpenedLeaf(4, leaf.record, leaf.salt, leaf.proof),
    ):
        with pytest.raises(VerificationError) as refused:
            other.require_in(tree.root, len(tree))
        assert refused.value.code == "not-included"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", bytes(32)),
        ("report", b"other"),
        ("extract", b""),
        ("unread", {}),
        ("draw", "e" * 64),
        ("leaves", []),
    ],
)
def test_what_the_device_did_not_sign_is_refused(opening: Opening, name: str, value: Value) -> None:
    whole = decode(openings.sign(opening, DEVICE))
    assert isinstance(whole, dict)
    inner = whole["opening"]
    assert isinstance(inner, dict)
    inner[name] = value
    with pytest.raises(VerificationError) as refused:
        openings.read(encode(whole))
    assert refused.value.code == "opening-signature-invalid"


def test_an_opening_is_signed_by_the_device_that_it_names(opening: Opening) -> None:
    with pytest.raises(ValueError, match="another device"):
        openings.sign(opening, DeviceKey.generate())


def test_an_opening_without_a_table_of_contents_says_so(opening: Opening) -> None:
    without = Opening(DRAW, opening.leaves[1:], KEY, b"", b"", b"", b"", DEVICE.public)
    with pytest.raises(VerificationError, match="leaf 0"):
        _ = without.contents


def test_a_sealed_opening_opens_to_its_auditor_alone(opening: Opening) -> None:
    signed = openings.sign(opening, DEVICE)
    sealed = openings.seal(signed, DRAW, SECRET.public)
    assert openings.is_sealed(sealed)
    assert not openings.is_sealed(signed)
    assert signed not in sealed
    assert KEY not in sealed
    assert openings.unseal(sealed, SECRET) == signed
    with pytest.raises(VerificationError) as refused:
        openings.unseal(sealed, sealing.generate())
    assert refused.value.code == "opening-sealed-to-another"


@pytest.mark.parametrize("name", ["draw", "sealed_opening"])
def test_a_sealed_opening_that_was_altered_does_not_open(opening: Opening, name: str) -> None:
    whole = decode(openings.seal(openings.sign(opening, DEVICE), DRAW, SECRET.public))
    assert isinstance(whole, dict)
    whole[name] = "e" * 64 if name == "draw" else bytes(2_000)
    with pytest.raises(VerificationError) as refused:
        openings.unseal(encode(whole), SECRET)
    assert refused.value.code == "seal-broken"


def test_nothing_of_the_key_is_printed(opening: Opening) -> None:
    assert repr(KEY) not in repr(opening)
