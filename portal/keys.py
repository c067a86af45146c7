"""The portal's keys and its signed key directory, read from files, read again when a file changes,
and dropped from memory.

Which process is given which is settled in the settings.

While keys are rotated there are several of a kind: `processing.pem` and beside it
`processing-<id>.pem`. A process takes every file whose name begins as its own setting's does. The
worker opens with whichever key an envelope names; the web signs with the receipt key that the
signed directory says is in use.

| key        | held by            | does                                          |
|------------|--------------------|-----------------------------------------------|
| directory  | nobody online      | signs the list of the two below               |
| processing | the worker         | opens reports                                 |
| receipt    | web and operator   | signs receipts and published benchmarks       |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import directory as directories
from benchmarks.wire.directory import Directory
from benchmarks.wire.sealing import ProcessingKey
from benchmarks.wire.signing import ReceiptKey
from portal import key_token
from portal.problems import RefusedError

PASSWORD_SUFFIX = ".password"  # noqa: S105 - the ending of a file's name
"""The processing key's password lies beside it in `<file>.password`: of the secret store, or
wrapped by a token (`key_token`).
"""


@dataclass(frozen=True, slots=True)
class PublishedDirectory:
    """The signed key directory as it is handed out, and what it says."""

    signed: bytes
    content: Directory
    fingerprint: str  # of the offline key that signed it; it goes into enrolment tokens

    def takes(self, key_id: str, on: date) -> bool:
        """Whether a report sealed to this key is let in on that day: listed, and its window not
        longer over than the grace.
        """
        return any(key.key_id == key_id and key.is_taken(on) for key in self.content.processing)

    def sealed_to(self, on: date) -> frozenset[str]:
        """The ids of the keys that reports may be sealed to on that day, also by agents that have
        not fetched this directory yet.
        """
        return frozenset(key.key_id for key in self.content.processing if key.is_valid(on))


Stamp = tuple[tuple[Path, int, int, int], ...]


def published_directory() -> PublishedDirectory:
    """The directory in `DIRECTORY_FILE`, its signature checked: a damaged file is noticed here and
    not at the plants.

    Raises:
        RefusedError: `directory-unreadable` (503).
    """
    file: Path | None = settings.DIRECTORY_FILE
    if file is None:
        raise _not_given("DIRECTORY_FILE")
    try:
        return _directory(_stamp(file))
    except (OSError, VerificationError) as error:
        why = (error.strerror or str(error)) if isinstance(error, OSError) else error.code
        raise RefusedError(
            503,
            "directory-unreadable",
            Phrase("The portal cannot read its key directory: %(why)s.", why=why),
            "Send the same again later. The operator follows docs/runbook.md, "
            "directory-unreadable.",
        ) from error


def receipt_key() -> ReceiptKey:
    """Web and operator only: of the keys at hand, the listed one that began last."""
    keys_at_hand = _receipt_keys(_stamp(*_files(settings.RECEIPT_KEY_FILE, "RECEIPT_KEY_FILE")))
    today = timezone.now().date()
    listed = sorted(
        published_directory().content.receipts,
        key=lambda key: (key.valid_from <= today, key.valid_from),
    )
    newest = next(
        (keys_at_hand[key.key_id] for key in reversed(listed) if key.key_id in keys_at_hand), None
    )
    if newest is None:
        raise ImproperlyConfigured(
            Phrase(
                "RECEIPT_KEY_FILE: the key directory lists none of the receipt keys at hand; see "
                "docs/portal.md."
            )
        )
    return newest


def newest_receipt_key_is_held() -> bool:
    """Web and operator only: whether the key is at hand that began last of those listed. An older
    one signs on until it ends.

    Raises: as `receipt_key`.
    """
    keys_at_hand = _receipt_keys(_stamp(*_files(settings.RECEIPT_KEY_FILE, "RECEIPT_KEY_FILE")))
    today = timezone.now().date()
    begun = [key for key in published_directory().content.receipts if key.valid_from <= today]
    newest = max((key.valid_from for key in begun), default=None)
    return any(key.key_id in keys_at_hand for key in begun if key.valid_from == newest)


def processing_keys() -> tuple[ProcessingKey, ...]:
    """The worker only: in any other process the setting is None, and a variable that names a file
    stops it from starting.
    """
    return _processing_keys(_stamp(*processing_key_files()))


def processing_key_files() -> tuple[Path, ...]:
    """The worker only: their files, whether they can be read or not."""
    return _files(settings.PROCESSING_KEY_FILE, "PROCESSING_KEY_FILE")


def processing_key(key_id: str | None = None) -> ProcessingKey:
    """The worker only: one of `processing_keys`, else the first of them."""
    return next(key for key in processing_keys() if key_id in (None, key.key_id))


def processing_files() -> dict[str, Path]:
    """The worker only: the file of each processing key at hand, by key id."""
    return dict(zip((key.key_id for key in processing_keys()), processing_key_files(), strict=True))


def forget() -> None:
    """Drop the keys from memory as far as Python lets one: after one was destroyed, and between
    tests.
    """
    _directory.cache_clear()
    _receipt_keys.cache_clear()
    _processing_keys.cache_clear()


@lru_cache(maxsize=1)
def _directory(stamp: Stamp) -> PublishedDirectory:
    signed = stamp[0][0].read_bytes()
    fingerprint = directories.signer_of(signed)
    return PublishedDirectory(signed, directories.verify(signed, fingerprint), fingerprint)


@lru_cache(maxsize=1)
def _receipt_keys(stamp: Stamp) -> dict[str, ReceiptKey]:
    keys = (ReceiptKey.from_pem(_secret(file)) for file, *_ in stamp)
    return {key.key_id: key for key in keys}


@lru_cache(maxsize=1)
def _processing_keys(stamp: Stamp) -> tuple[ProcessingKey, ...]:
    return tuple(_opened(file) for file, *_ in stamp)


def _opened(file: Path) -> ProcessingKey:
    password = _secret(
        _existing(file.with_name(file.name + PASSWORD_SUFFIX), "password of the processing key")
    ).strip()
    pem, uri = _secret(file), settings.PROCESSING_KEY_TOKEN
    if uri is None and key_token.is_wrapped(password):
        raise ImproperlyConfigured(
            Phrase(
                "The password of %(file)s is wrapped by a token: name it in PROCESSING_KEY_TOKEN; "
                "see docs/portal.md.",
                file=file,
            )
        )
    if uri is not None:
        password = key_token.Token.at(uri).unwrapped(password, pem)
    return ProcessingKey.from_pem(pem, password)


def _secret(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ImproperlyConfigured(
            Phrase(
                "%(file)s cannot be read by this process (%(why)s). Give it the owner, the group "
                "and the mode of the other keys there.",
                file=file,
                why=error.strerror or str(error),
            )
        ) from error


def _files(file: Path | None, what: str) -> tuple[Path, ...]:
    """The setting's file and those that rotation put beside it, oldest name first."""
    if file is None:
        raise _not_given(what)
    return tuple(of_one_kind(file)) or (_existing(file, what),)


def of_one_kind(file: Path) -> Iterator[Path]:
    """The keys that are there: the file itself, then those that rotation put beside it, by name."""
    if file.exists():
        yield file
    yield from sorted(file.parent.glob(f"{file.stem}-*{file.suffix}"))


def _existing(file: Path | None, what: str) -> Path:
    if file is None:
        raise _not_given(what)
    if not file.exists():
        raise ImproperlyConfigured(
            Phrase(
                "%(what)s: there is no file %(file)s. `manage.py make_keys` writes it; see "
                "docs/portal.md.",
                what=what,
                file=file,
            )
        )
    return file


def _not_given(what: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        Phrase(
            "This process was given no %(what)s; see docs/portal.md for which process holds which "
            "key.",
            what=what,
        )
    )


def _stamp(*files: Path) -> Stamp:
    """What changes when a file does; a replaced file has another inode."""
    stats = ((file, file.stat()) for file in files)
    return tuple((file, stat.st_ino, stat.st_mtime_ns, stat.st_size) for file, stat in stats)
