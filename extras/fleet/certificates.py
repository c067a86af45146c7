"""Our certificates for a cluster, looked at before it is asked: of one that expired TLS says only
that the other side hung up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase


def require_usable(authority: Path, own: Path, key: Path, now: datetime) -> None:
    """Files that can be read, our certificate and one of the authority's valid at `now`
    (zone-aware). Raises InputError `dask-tls-file`, `dask-tls-expired`."""
    trusted, (ours, *_) = _read(authority), _read(own)
    _content(key)
    _require_valid(
        authority, max(trusted, key=lambda certificate: certificate.not_valid_after_utc), now
    )
    _require_valid(own, ours, now)


def _read(file: Path) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_content(file))
    except ValueError as wrong:
        raise InputError(
            "dask-tls-file",
            "This file holds no certificate in PEM.",
            "Give a file with a part that begins with -----BEGIN CERTIFICATE-----.",
            place=Place(str(file)),
            found=str(wrong),
        ) from wrong


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as unreadable:
        raise InputError(
            "dask-tls-file",
            "This file for TLS cannot be read.",
            "Correct the path, or permit this user to read the file.",
            place=Place(str(file)),
            found=str(unreadable.strerror or unreadable),
        ) from unreadable


def _require_valid(file: Path, certificate: x509.Certificate, now: datetime) -> None:
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if since <= now <= until:
        return
    if now > until:
        sentence = Phrase("This certificate expired on %(when)s.", when=_moment(until))
    else:
        sentence = Phrase("This certificate is valid only from %(when)s.", when=_moment(since))
    raise InputError(
        "dask-tls-expired",
        sentence,
        "Ask whoever runs the cluster for a new one, or correct the clock of this machine.",
        place=Place(str(file)),
        found=certificate.subject.rfc4514_string(),
        wanted=Phrase("a certificate that is valid on %(when)s", when=_moment(now)),
    )


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
