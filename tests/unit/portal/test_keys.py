"""The key ceremonies: files that only their owner reads, never overwritten, and one key for one
purpose; changed in two steps.
"""

from __future__ import annotations

import os
import stat
from datetime import date, timedelta
from pathlib import Path

import pytest

from benchmarks.errors import InputError, VerificationError
from benchmarks.wire import directory
from benchmarks.wire.sealing import ProcessingKey
from benchmarks.wire.signing import DirectoryKey
from portal import key_ceremony
from portal.key_ceremony import make_keys

FROM, TO = date(2026, 1, 1), date(2028, 1, 1)


def test_the_directory_lists_the_keys_that_were_made(tmp_path: Path) -> None:
    keys = make_keys(tmp_path, FROM, TO)
    listed = directory.verify((tmp_path / "directory.cbor").read_bytes(), keys.fingerprint)
    assert listed.processing_key(FROM).key_id == keys.processing_key_id
    assert list(listed.receipt_keys()) == [keys.receipt_key_id]


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
    keys = make_keys(tmp_path, FROM, TO)
    pem = (tmp_path / "processing.pem").read_bytes()
    password = (tmp_path / "processing.pem.password").read_bytes()
    assert ProcessingKey.from_pem(pem, password).key_id == keys.processing_key_id
    with pytest.raises(VerificationError):
        ProcessingKey.from_pem(pem, b"guess")


TURN, UNTIL, LATER = date(2027, 6, 1), date(2027, 9, 1), date(2029, 6, 1)


def rotated(
    folder: Path, *, processing: bool = True, receipt: bool = True
) -> key_ceremony.RotationRequest:
    signed = (folder / "directory.cbor").read_bytes()
    in_use = (
        folder / "processing.pem" if processing else None,
        folder / "receipt.pem" if receipt else None,
    )
    return key_ceremony.rotate(
        folder,
        signed,
        processing=in_use[0],
        receipt=in_use[1],
        valid_from=TURN,
        valid_to=LATER,
        old_until=UNTIL,
    )


def test_a_rotation_changes_nothing_before_the_signed_directory_is_taken(tmp_path: Path) -> None:
    keys = make_keys(tmp_path, FROM, TO)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    asked = rotated(tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    answer = key_ceremony.sign(
        asked.request.read_bytes(), before["directory.cbor"], tmp_path / "offline.pem"
    )
    in_force = key_ceremony.take(tmp_path / "directory.cbor", answer)
    listed = directory.verify((tmp_path / "directory.cbor").read_bytes(), keys.fingerprint)
    assert in_force == listed
    assert (listed.processing_key(FROM).key_id, listed.processing_key(TURN).key_id) == (
        keys.processing_key_id,
        asked.processing_key_id,
    )
    assert set(listed.receipt_keys()) == {keys.receipt_key_id, asked.receipt_key_id}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_the_offline_key_is_not_needed_where_the_request_is_made(tmp_path: Path) -> None:
    make_keys(tmp_path, FROM, TO)
    (tmp_path / "offline.pem").unlink()
    (tmp_path / "processing.pem").unlink()  # nor the worker's, where only the web's is rotated
    asked = rotated(tmp_path, processing=False)
    assert asked.processing_key_id is None
    assert asked.receipt_key_id


def test_a_rotation_whose_keys_cannot_be_written_asks_for_none_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container as root without CAP_CHOWN, where the keys are somebody else's: request and
    keys are files of two kinds.
    """
    make_keys(tmp_path, FROM, TO)
    signed = (tmp_path / "directory.cbor").read_bytes()
    before = sorted(path.name for path in tmp_path.iterdir())
    for at_most in range(3):  # password, key, receipt key
        refusals = [False] * at_most + [True]

        def give(_file: object, _user: int, _group: int, refusals: list[bool] = refusals) -> None:
            if refusals.pop(0):
                raise PermissionError("not permitted")

        with monkeypatch.context() as patch:
            patch.setattr(os, "chown", give)
            with pytest.raises(PermissionError):
                rotated(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == before
    asked = rotated(tmp_path)
    in_force = key_ceremony.take(
        tmp_path / "directory.cbor",
        key_ceremony.sign(asked.request.read_bytes(), signed, tmp_path / "offline.pem"),
    )
    assert in_force.processing_key(TURN).key_id == asked.processing_key_id
    (pem,) = tmp_path.glob("processing-*.pem")
    assert (
        ProcessingKey.from_pem(
            pem.read_bytes(), pem.with_name(f"{pem.name}.password").read_bytes()
        ).key_id
        == asked.processing_key_id
    )


def test_a_request_is_there_only_once_its_keys_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a machine that goes down between them leaves none for a key that lies nowhere."""
    make_keys(tmp_path, FROM, TO)
    placed: list[str] = []
    link = os.link

    def put(source: Path, file: Path) -> None:
        placed.append(file.suffix)
        link(source, file)

    monkeypatch.setattr(os, "link", put)
    rotated(tmp_path)
    assert placed == [".password", ".pem", ".pem", ".cbor"]


def test_two_rotations_at_once_are_refused(tmp_path: Path) -> None:
    make_keys(tmp_path, FROM, TO)
    rotated(tmp_path)
    with pytest.raises(InputError) as refused:
        rotated(tmp_path)
    assert refused.value.code == "keys-exist"


def test_a_directory_of_another_offline_key_or_an_older_one_is_not_taken(tmp_path: Path) -> None:
    make_keys(tmp_path, FROM, TO)
    file = tmp_path / "directory.cbor"
    first = file.read_bytes()
    asked = rotated(tmp_path)
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(DirectoryKey.generate().to_pem())
    with pytest.raises(VerificationError) as refused:
        key_ceremony.sign(asked.request.read_bytes(), first, stranger)
    assert refused.value.code == "directory-signer-unknown"
    key_ceremony.take(
        file, key_ceremony.sign(asked.request.read_bytes(), first, tmp_path / "offline.pem")
    )
    strange = directory.issue(
        directory.verify(first, directory.signer_of(first)), DirectoryKey.generate()
    )
    for answer, code in ((first, "directory-outdated"), (strange, "directory-signer-unknown")):
        with pytest.raises(VerificationError) as refused:
            key_ceremony.take(file, answer)
        assert refused.value.code == code


def test_a_rotation_that_would_leave_days_without_a_key_is_not_even_asked_for(
    tmp_path: Path,
) -> None:
    make_keys(tmp_path, FROM, TO)
    signed = (tmp_path / "directory.cbor").read_bytes()
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(VerificationError) as refused:
        key_ceremony.rotate(
            tmp_path,
            signed,
            processing=tmp_path / "processing.pem",
            receipt=None,
            valid_from=TURN,
            valid_to=LATER,
            old_until=TURN - timedelta(days=1),
        )
    assert refused.value.code == "directory-no-successor"
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_of_keys_that_begin_on_one_day_agents_seal_to_the_newest(tmp_path: Path) -> None:
    make_keys(tmp_path, TURN, LATER)
    for _ in range(2):  # as where a key is broken on the day of its rotation
        signed = (tmp_path / "directory.cbor").read_bytes()
        asked = rotated(tmp_path, receipt=False)
        listed = key_ceremony.take(
            tmp_path / "directory.cbor",
            key_ceremony.sign(asked.request.read_bytes(), signed, tmp_path / "offline.pem"),
        )
        asked.request.unlink()
        assert listed.processing_key(TURN).key_id == asked.processing_key_id
