"""Randomness that can be checked later: the same key gives the same bytes, any other key gives
others.
"""

from __future__ import annotations

import copy
import hashlib
import pickle
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from scipy import stats

from benchmarks.privacy.randomness import KeyedStream, ReportKey, commitment

SEED = bytes(range(32))


def stream(
    seed: bytes = SEED, challenge: bytes = b"c", data_root: bytes = b"r", name: str = "n"
) -> KeyedStream:
    return KeyedStream(seed, challenge=challenge, data_root=data_root, name=name)


def test_same_key_same_stream() -> None:
    first, other = stream(), stream()
    assert [first.random() for _ in range(2000)] == [other.random() for _ in range(2000)]


@pytest.mark.parametrize(
    "other",
    [
        stream(seed=bytes(32)),
        stream(challenge=b"d"),
        stream(data_root=b"s"),
        stream(name="m"),
        stream(challenge=b"cr", data_root=b""),
    ],
)
def test_every_part_of_the_key_changes_the_stream(other: KeyedStream) -> None:
    assert stream().randbytes(64) != other.randbytes(64)


def test_bytes_are_those_of_hkdf_and_chacha20() -> None:
    """Written out once more from the definition, so that an auditor's own program can follow it."""
    parts = (b"steplabel/release-stream/1", b"c", b"r", b"n")
    info = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    key = HKDF(SHA256(), length=44, salt=None, info=info).derive(SEED)
    expected = (
        Cipher(algorithms.ChaCha20(key[:32], bytes(4) + key[32:]), mode=None)
        .encryptor()
        .update(bytes(5000))
    )
    source = stream()
    assert b"".join(source.randbytes(n) for n in (7, 1, 4089, 0, 903)) == expected


def test_numbers_are_uniform() -> None:
    source = stream()
    numbers = [source.random() for _ in range(20_000)]
    assert min(numbers) >= 0
    assert max(numbers) < 1
    assert stats.kstest(numbers, "uniform").pvalue > 0.001


def test_every_inherited_method_rests_on_the_stream() -> None:
    first, other = stream(), stream()
    assert [
        first.randrange(10**30),
        first.choice("abc"),
        first.getrandbits(13),
        first.uniform(1, 2),
        first.gauss(0, 1),
    ] == [
        other.randrange(10**30),
        other.choice("abc"),
        other.getrandbits(13),
        other.uniform(1, 2),
        other.gauss(0, 1),
    ]
    assert max(first.getrandbits(3) for _ in range(100)) == 7
    assert first.getrandbits(0) == 0
    with pytest.raises(ValueError, match="non-negative"):
        first.getrandbits(-1)


def test_the_stream_does_not_print_copy_or_pickle() -> None:
    source = stream()
    assert SEED.hex() not in repr(source)
    assert "secret" in repr(source)
    with pytest.raises(TypeError):
        pickle.dumps(source)
    for duplicate in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            duplicate(source)


def test_the_stream_cannot_be_set_back() -> None:
    source, other = stream(), stream()
    source.seed(1)
    assert source.randbytes(8) == other.randbytes(8)
    with pytest.raises(NotImplementedError):
        source.getstate()


def test_the_key_of_a_report_is_that_of_hkdf_and_of_no_other_report() -> None:
    """Written out once more from the definition."""

    def parts(*values: bytes) -> bytes:
        return b"".join(len(part).to_bytes(4, "big") + part for part in values)

    key, name = ReportKey.of(SEED, "works-2", "2025", 3), (b"works-2", b"2025", b"3")
    info = parts(b"steplabel/report-key/1", *name)
    assert key.secret == HKDF(SHA256(), length=32, salt=None, info=info).derive(SEED)
    label = b"steplabel/report-key-commitment/1"
    committed = parts(label, commitment(SEED), *name, key.secret)
    assert key.commitment == hashlib.sha256(committed).digest()
    others = [
        ReportKey.of(SEED, "works-2", "2025", 4),
        ReportKey.of(SEED, "works-2", "2026", 3),
        ReportKey.of(SEED, "works-3", "2025", 3),
        ReportKey.of(SEED, "works-22", "025", 3),
        ReportKey.of(bytes(32), "works-2", "2025", 3),
    ]
    assert len({other.secret for other in [key, *others]}) == 6
    assert len({other.values_salt(b"r") for other in [key, *others]}) == 6
    assert repr(key.secret) not in repr(key)


@pytest.mark.parametrize(
    "change",
    [
        {"site": "b"},
        {"period": "2026"},
        {"revision": 2},
        {"seed_commitment": SEED},
        {"secret": SEED},
    ],
)
def test_a_committed_key_is_of_one_report_of_one_enrolment(change: dict[str, Any]) -> None:
    key = ReportKey.of(SEED, "a", "2025", 1)
    assert replace(key, **change).commitment != key.commitment


def test_commitment_binds_and_hides() -> None:
    assert commitment(SEED) == commitment(SEED)
    assert commitment(SEED) != commitment(bytes(32))
    assert len(commitment(SEED)) == 32
    for bad in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueError, match="32 bytes"):
            commitment(bad)
