"""The portal's keys, read from files once a process. Which process is given which file is settled in the settings.

| key        | held by            | does                                          |
|------------|--------------------|-----------------------------------------------|
| directory  | nobody online      | signs the list of the two below               |
| processing | the worker         | opens reports                                 |
| receipt    | web and operator   | signs receipts and published benchmarks       |
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from benchmarks.wire import directory as directories
from benchmarks.wire.canonical import decode
from benchmarks.wire.directory import Directory
from benchmarks.wire.fields import Fields
from benchmarks.wire.sealing import ProcessingKey, ProcessingPublicKey
from benchmarks.wire.signing import PUBLIC_BYTES, ReceiptKey, VerifyingKey

PASSWORD_SUFFIX = ".password"  # noqa: S105 - the ending of a file's name
"""The processing key's password lies beside it in `<file>.password`: in production a file of the secret store."""


@dataclass(frozen=True, slots=True)
class PublishedDirectory:
    """The signed key directory as it is handed out, and what it says."""

    signed: bytes
    content: Directory
    fingerprint: str  # of the offline key that signed it; it goes into enrolment tokens

    def lists_processing_key(self, key_id: str) -> bool:
        """Whether a report sealed to this key can be opened at all, however old the key is."""
        return any(ProcessingPublicKey(key.public_bytes).key_id == key_id for key in self.content.processing)


@cache
def published_directory() -> PublishedDirectory:
    """The directory in `DIRECTORY_FILE`, its signature checked: a damaged file is noticed here and not at the plants."""
    signed = _read(settings.DIRECTORY_FILE, "DIRECTORY_FILE")
    fingerprint = VerifyingKey(Fields(decode(signed)).octets("signer", PUBLIC_BYTES)).key_id
    return PublishedDirectory(signed, directories.verify(signed, fingerprint), fingerprint)


@cache
def receipt_key() -> ReceiptKey:
    """Web and operator only."""
    return ReceiptKey.from_pem(_read(settings.RECEIPT_KEY_FILE, "RECEIPT_KEY_FILE"))


@cache
def processing_key() -> ProcessingKey:
    """The worker only: in any other process the setting is None, and a variable that names a file stops it from starting."""
    file = settings.PROCESSING_KEY_FILE
    pem = _read(file, "PROCESSING_KEY_FILE")
    password_file = None if file is None else file.with_name(file.name + PASSWORD_SUFFIX)
    return ProcessingKey.from_pem(pem, _read(password_file, "password of the processing key").strip())


def forget() -> None:
    """Read the files again at the next use: after a change of keys, and between tests."""
    published_directory.cache_clear()
    receipt_key.cache_clear()
    processing_key.cache_clear()


def _read(file: Path | None, what: str) -> bytes:
    if file is None:
        raise ImproperlyConfigured(f"This process was given no {what}; see docs/portal.md for which process holds which key.")
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise ImproperlyConfigured(f"{what}: there is no file {file}. `manage.py make_keys` writes it; see docs/portal.md.") from None
