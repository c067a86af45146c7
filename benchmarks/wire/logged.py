"""What the portal's log holds: the leaf of an entry, and the digests of the things that are logged.

A leaf is canonical CBOR of kind, *object* and the portal's date. The object is no plain digest of
the thing but a hash of that digest: the log is public, and whoever knows a report's digest may ask
the portal for its state. From the log nobody can learn it; whoever holds the thing itself computes
object and leaf, and finds them.

The digests of things that have one already (a commitment, an envelope, a signed key directory) are
those of the page `docs/wire-format.md`; the functions below make the others. All are 32 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from benchmarks.label_keys import LabelKey
from benchmarks.released import ReleasedLabel
from benchmarks.wire import schema
from benchmarks.wire.canonical import Value, encode
from benchmarks.wire.documents import ApprovedPack, LibraryEdition
from benchmarks.wire.merkle import leaf_hash
from benchmarks.wire.records import VERSION

_OBJECT = b"steplabel/1 log object\x00"


class EntryKind(StrEnum):
    """What an entry of the log is about."""

    COMMITMENT = "commitment"  # of a site to its data, before it drew
    ENVELOPE = "envelope"  # a sealed report that was taken
    VALUES = "values"  # the protected values that were found in it
    DEVICE_KEY = "device-key"  # enrolled, rotated or revoked
    KEY_DIRECTORY = "key-directory"  # the portal's own keys, as signed offline
    KEY_DESTROYED = "key-destroyed"
    LOG_RESTART = "log-restart"  # what the log had lost, as signed offline
    AUDIT_PROMISE = "audit-promise"  # of an auditor to a number, before a sample is drawn from it
    # random bytes of the portal, right behind such a promise: what the draw follows from as well
    AUDIT_BEACON = "audit-beacon"
    ATTESTATION = "attestation"
    ATTESTATION_WITHDRAWN = "attestation-withdrawn"
    PUBLICATION = "publication"
    PUBLICATION_WITHDRAWN = "publication-withdrawn"
    BEST_GROUP = "best-group"  # how the firms behind a version's best are composed
    PACK = "pack"  # a version of a method pack that was approved
    PRACTICES = "practices"  # an edition of the library of practices


def object_of(digest: bytes) -> bytes:
    """What stands in the log for the thing with this digest."""
    return hashlib.sha256(_OBJECT + digest).digest()


def leaf(kind: EntryKind, digest: bytes, on: date) -> bytes:
    """The bytes of an entry, from the digest of the thing and the day (UTC) on which the portal
    took it.
    """
    return leaf_of_object(kind, object_of(digest), on)


def leaf_of_object(kind: EntryKind, logged: bytes, on: date) -> bytes:
    """As `leaf`, for a reader of the log, who knows the object alone."""
    return encode({"v": VERSION, "kind": str(kind), "object": logged, "on": on.isoformat()})


def hashed(kind: EntryKind, digest: bytes, on: date) -> bytes:
    """The leaf hash of an entry."""
    return leaf_hash(leaf(kind, digest, on))


class ReportRevision(NamedTuple):
    """Which report: what its header, its commitment and its receipt say alike."""

    site: str
    period: str
    revision: int


def values(
    envelope_digest: bytes, of: ReportRevision, labels: Iterable[ReleasedLabel], salt: bytes
) -> bytes:
    """The protected values that the portal found in one report, in the order of their names, and
    which report that is.

    The envelope's digest stands in receipts, so it keeps nobody from guessing values of a coarse
    grid: the report's own salt does. Site and period stand in it so that no version can be composed
    of a report twice, or of another year's.

    Args:
        of: as the header of the envelope says.
        salt: from the sealed report.
    """
    spelled: list[Value] = [
        schema.checked_label(label, f"labels[{index}]")
        for index, label in enumerate(sorted(labels, key=LabelKey.of))
    ]
    return _digest(
        "values",
        {"envelope": envelope_digest, **of._asdict(), "labels": spelled, "salt": salt},
    )


def device_key(act: str, device_id: str, public_key: bytes) -> bytes:
    """A device's key: `enrolled`, `rotated` (it came in another's place) or `revoked`."""
    return _digest("device key", {"act": act, "device_id": device_id, "public": public_key})


def key_destroyed(key_id: str) -> bytes:
    """A processing key that exists no more."""
    return _digest("key destroyed", {"key_id": key_id})


def publication(document_digest: bytes, leaves: Iterable[int], values: Iterable[int]) -> bytes:
    """A version that was published: what was signed, and the leaves of the envelopes, and of the
    values in them, that it was made of.
    """
    return _digest(
        "publication",
        {"document": document_digest, "leaves": [*sorted(leaves)], "values": [*sorted(values)]},
    )


def publication_withdrawn(document_digest: bytes, reason: str) -> bytes:
    """A version that was taken back, with the reason that was shown."""
    return _digest("publication withdrawn", {"document": document_digest, "reason": reason})


def best_group(document_digest: bytes) -> bytes:
    """How the firms behind a published version's best are composed: what was signed, which names
    the version.
    """
    return _digest("best group", {"document": document_digest})


def pack(approved: ApprovedPack) -> bytes:
    """A version of a method pack that was approved: all that its signed document says."""
    return _digest("pack", {**asdict(approved)})


def practices(edition: LibraryEdition) -> bytes:
    """An edition of the library of practices: all that its signed document says."""
    return _digest("practices", {**asdict(edition)})


def _digest(label: str, content: Value) -> bytes:
    return hashlib.sha256(
        f"steplabel/1 {label}".encode("ascii") + b"\x00" + encode(content)
    ).digest()
