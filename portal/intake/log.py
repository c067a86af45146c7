"""The append-only log of envelope digests: indices from 0 without a gap, each entry's hash over all before it.

hash(i) = SHA-256(hash(i - 1) ‖ i as 8 bytes, big-endian ‖ envelope digest); hash(-1) is 32 zero bytes. Whoever holds a
receipt with its index can have the chain recomputed; a Merkle tree with proofs (RFC 9162) is to take its place.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from portal.intake.models import LogEntry, LogHead

EMPTY = bytes(32).hex()


def lock() -> LogHead:
    """The head, held until the transaction ends: whoever has it is alone in appending, and may look before writing."""
    head, _ = LogHead.objects.select_for_update().get_or_create(pk=1, defaults={"size": 0, "hash": EMPTY})
    return head


def append(head: LogHead, envelope_digest: str, now: datetime) -> int:
    """Add an entry; its index. `head` must come from `lock` in the same transaction."""
    index = head.size
    chained = link(head.hash, index, envelope_digest)
    LogEntry.objects.create(index=index, envelope_digest=envelope_digest, hash=chained, appended_at=now)
    head.size, head.hash = index + 1, chained
    head.save(update_fields=["size", "hash"])
    return index


def link(previous: str, index: int, envelope_digest: str) -> str:
    """The hash of the entry at `index`."""
    return hashlib.sha256(bytes.fromhex(previous) + index.to_bytes(8) + bytes.fromhex(envelope_digest)).hexdigest()


def first_fault() -> int | None:
    """The first index where the stored chain does not hold, or None where all of it does."""
    previous = EMPTY
    for expected, entry in enumerate(LogEntry.objects.order_by("index").iterator()):
        if (entry.index, entry.hash) != (expected, link(previous, expected, entry.envelope_digest)):
            return expected
        previous = entry.hash
    head = LogHead.objects.filter(pk=1).first()
    size = LogEntry.objects.count()
    return None if head is None or (head.size, head.hash) == (size, previous) else size
