"""Making the portal's keys: all at once, where the offline key is allowed to exist."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.wire import directory as directories
from benchmarks.wire import sealing
from benchmarks.wire.directory import Directory, ListedKey
from benchmarks.wire.signing import DirectoryKey, ReceiptKey
from portal.keys import PASSWORD_SUFFIX

OFFLINE, PROCESSING, RECEIPT, DIRECTORY = "offline.pem", "processing.pem", "receipt.pem", "directory.cbor"


@dataclass(frozen=True, slots=True)
class MadeKeys:
    folder: Path
    fingerprint: str  # of the offline key; it goes into enrolment tokens
    processing_key_id: str
    receipt_key_id: str


def make_keys(folder: Path, valid_from: date, valid_to: date) -> MadeKeys:
    """Draw a directory, a processing and a receipt key and sign the first directory; files of mode 0600.

    Raises:
        InputError: `keys-exist`: nothing is ever overwritten, for reports sealed to a lost key are lost.
    """
    if present := [name for name in (OFFLINE, PROCESSING, RECEIPT, DIRECTORY) if (folder / name).exists()]:
        raise InputError(
            "keys-exist",
            "There are keys in this folder already.",
            "Name an empty folder.",
            place=Place(str(folder)),
            found=", ".join(present),
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    offline, receipt, processing = DirectoryKey.generate(), ReceiptKey.generate(), sealing.generate()
    password = secrets.token_hex(32).encode("ascii")
    listed = Directory(
        number=1,
        processing=(ListedKey(processing.public_bytes, valid_from, valid_to),),
        receipts=(ListedKey(receipt.public_bytes, valid_from, valid_to),),
    )
    _write(folder / OFFLINE, offline.to_pem())
    _write(folder / RECEIPT, receipt.to_pem())
    _write(folder / (PROCESSING + PASSWORD_SUFFIX), password)
    _write(folder / PROCESSING, processing.to_pem(password))
    _write(folder / DIRECTORY, directories.issue(listed, offline))
    return MadeKeys(folder, offline.key_id, processing.key_id, receipt.key_id)


def _write(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
