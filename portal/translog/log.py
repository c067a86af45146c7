"""Appending to the transparency log: one locked row, one entry, and the hashes of the subtrees that it completes.

Whoever appends holds the log's head until the transaction ends, so that entries have one order and an index is never given
twice. Appending reads and writes at most log2(size) hashes, two on average.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from benchmarks.wire.logged import Kind, hashed
from benchmarks.wire.merkle import Node, completed_by, node_hash
from portal.translog.models import LogEntry, LogHead, LogNode


def lock() -> LogHead:
    """The head, held until the transaction ends: whoever has it is alone in appending, and may look before writing.

    Where rows that entries refer to are locked as well (a device, a site), the head is taken first.
    """
    head, _ = LogHead.objects.select_for_update().get_or_create(pk=1, defaults={"size": 0})
    return head


def append(head: LogHead, kind: Kind, digest: str, now: datetime) -> int:
    """Add an entry; its index. `head` must come from `lock` in the same transaction.

    Args:
        digest: of what is logged, 64 hex digits; a thing is logged once.
    """
    index = head.size
    LogEntry.objects.create(index=index, kind=kind, digest=digest, appended_at=now)
    LogNode.objects.bulk_create(grown(index, hashed(kind, bytes.fromhex(digest), day_of(now))))
    head.size = index + 1
    head.save(update_fields=["size"])
    return index


def add(kind: Kind, digest: str, now: datetime) -> int:
    """`append` for who has nothing to look at first. To be called inside the transaction of what it logs."""
    return append(lock(), kind, digest, now)


def add_once(kind: Kind, digest: str, now: datetime) -> None:
    """`add` for a deed that may be repeated after it was cut short."""
    head = lock()
    if not LogEntry.objects.filter(digest=digest).exists():
        append(head, kind, digest, now)


def day_of(moment: datetime) -> date:
    """The date in a leaf, in receipts and in challenges: of UTC, whatever the pages show."""
    return moment.astimezone(UTC).date()


def grown(index: int, leaf: bytes) -> list[LogNode]:
    """The leaf's node and those above it that it completes; their left branches are read at once."""
    completed = completed_by(index)
    left = [LogNode.number_of(_left_branch(node)) for node in completed]
    known = {row.number: bytes(row.hash) for row in LogNode.objects.filter(number__in=left)} if left else {}
    rows, below = [LogNode(number=LogNode.number_of(Node(0, index)), hash=leaf)], leaf
    for node, sibling in zip(completed, left, strict=True):
        below = node_hash(known[sibling], below)
        rows.append(LogNode(number=LogNode.number_of(node), hash=below))
    return rows


def _left_branch(node: Node) -> Node:
    return Node(node.level - 1, 2 * node.place)
