"""The key ceremony: files that only their owner reads, never overwritten, and one key for one purpose."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path

import pytest

from benchmarks.errors import InputError, VerificationError
from benchmarks.wire import directory
from benchmarks.wire.sealing import ProcessingKey
from portal.key_ceremony import make_keys

FROM, TO = date(2026, 1, 1), date(2028, 1, 1)


def test_the_directory_lists_the_keys_that_were_made(tmp_path: Path) -> None:
    made = make_keys(tmp_path, FROM, TO)
    listed = directory.verify((tmp_path / "directory.cbor").read_bytes(), made.fingerprint)
    assert listed.processing_key(FROM).key_id == made.processing_key_id
    assert list(listed.receipt_keys()) == [made.receipt_key_id]


def test_every_file_is_its_owners_alone(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys", FROM, TO)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    make_keys(tmp_path, FROM, TO)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError) as refused:
        make_keys(tmp_path, FROM, TO)
    assert refused.value.code == "keys-exist"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_processing_key_opens_with_its_password_only(tmp_path: Path) -> None:
    made = make_keys(tmp_path, FROM, TO)
    pem = (tmp_path / "processing.pem").read_bytes()
    password = (tmp_path / "processing.pem.password").read_bytes()
    assert ProcessingKey.from_pem(pem, password).key_id == made.processing_key_id
    with pytest.raises(VerificationError):
        ProcessingKey.from_pem(pem, b"guess")
