"""Appending to the transparency log: one locked row, entries, hashes of subtrees; putting entries
in line, and numbering what waits.

Whoever appends holds the log's head until the transaction ends, so that entries have one order and
an index is never given twice. Appending reads at most log2(size) hashes and writes two an entry on
average, in as many statements for a thousand entries as for one.

What needs its number at once, for a receipt says it, is appended. What is only to be there, the
values of an accepted report, is put in line in the transaction of its cause, which then holds no
lock of the log; `number_waiting` gives those in line their numbers, many at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.wire.logged import EntryKind, hashed
from benchmarks.wire.merkle import Node, completed_by, node_hash
from portal.statements import carry_out, fetched, insert, placeholders
from portal.translog import kept_heads, roots
from portal.translog.models import LogEntry, LogHead, LogNode, WaitingEntry

AT_ONCE = 1_000
"""Entries numbered in one round of statements."""

HEAD = "SELECT size FROM translog_loghead WHERE id = 1"
HEAD_LOCKED = HEAD + " FOR UPDATE"
IN_LINE = "SELECT id, kind, digest FROM translog_waitingentry ORDER BY id LIMIT %s"


def lock(*, numbering: bool = True) -> LogHead:
    """The head, held until the transaction ends: whoever has it is alone in appending, and may look
    before writing.

    Where rows that entries refer to are locked as well (a device, a site), the head is taken first.

    Args:
        numbering: give those that wait in line their numbers first, so that what refers to them
            finds them in the log.

    Raises:
        RefusedError: `log-set-back` (503): nothing is added to a log that is shorter than what was
            shown, or begins otherwise.
    """
    if head_rows := fetched(HEAD_LOCKED if connection.features.has_select_for_update else HEAD, ()):
        head = LogHead(pk=1, size=head_rows[0][0])
    else:
        head, _ = LogHead.objects.select_for_update().get_or_create(pk=1, defaults={"size": 0})
    kept_heads.require_whole(head.size)
    _require_beginning(head.size)
    if numbering:
        _number_waiting(head, timezone.now())
    return head


def append(head: LogHead, kind: EntryKind, digest: str, now: datetime) -> int:
    """Add an entry; its index. `head` must come from `lock` in the same transaction.

    Args:
        digest: of what is logged, 64 hex digits; a thing is logged once.
    """
    return append_all(head, [(kind, digest)], now)[0]


def append_all(head: LogHead, things: Sequence[tuple[EntryKind, str]], now: datetime) -> range:
    """As `append`, of many in their order; their indices."""
    indices = range(head.size, head.size + len(things))
    entries = [
        LogEntry(index=index, kind=kind, digest=digest, appended_at=now)
        for index, (kind, digest) in zip(indices, things, strict=True)
    ]
    insert(entries)
    leaves = [hashed(kind, bytes.fromhex(digest), day_of(now)) for kind, digest in things]
    insert(grown(head.size, leaves))
    head.size = indices.stop
    carry_out("UPDATE translog_loghead SET size = %s WHERE id = 1", [head.size])
    return indices


def put_in_line(kind: EntryKind, digest: str) -> None:
    """To be logged as soon as somebody numbers what waits; no lock is taken. Inside the transaction
    of what it logs.

    Raises:
        RefusedError: `log-set-back` (503).
    """
    most = kept_heads.shown_so_far().size
    kept_heads.require_whole(size(), most)
    insert([WaitingEntry(kind=kind, digest=digest)])


def size() -> int:
    """How many entries there are now, whole or set back."""
    head_rows = fetched(HEAD, ())
    return int(head_rows[0][0]) if head_rows else 0


def number_waiting(now: datetime) -> None:
    """Give those in line their numbers, in the order in which they came."""
    if WaitingEntry.objects.exists():
        with transaction.atomic():
            _number_waiting(lock(numbering=False), now)


def _require_beginning(size: int) -> None:
    """That the log begins with the last head that was shown. Asked once of each: while this process
    runs nobody restores the database.
    """
    global _begins_with
    signed = kept_heads.shown_so_far().signed
    if signed != _begins_with:
        roots.as_shown(size)
        _begins_with = signed


_begins_with: bytes | None = None


def _number_waiting(head: LogHead, now: datetime) -> None:
    while batch := fetched(IN_LINE, (AT_ONCE,)):
        append_all(head, [(EntryKind(kind), digest) for _, kind, digest in batch], now)
        WaitingEntry.objects.filter(pk__in=[number for number, _, _ in batch]).delete()


def add(kind: EntryKind, digest: str, now: datetime) -> int:
    """`append` for who has nothing to look at first. To be called inside the transaction of what it
    logs.
    """
    return append(lock(), kind, digest, now)


def add_once(kind: EntryKind, digest: str, now: datetime) -> None:
    """`add` for a deed that may be repeated after it was cut short."""
    head = lock()
    if not LogEntry.objects.filter(digest=digest).exists():
        append(head, kind, digest, now)


def day_of(moment: datetime) -> date:
    """The date in a leaf, in receipts and in challenges: of UTC, whatever the pages show."""
    return moment.astimezone(UTC).date()


def grown(first: int, leaves: Sequence[bytes]) -> list[LogNode]:
    """The nodes of these leaves from index `first` on and those above that they complete; left
    branches of before are read at once.
    """
    above = [completed_by(index) for index in range(first, first + len(leaves))]
    left = [LogNode.number_of(_left_branch(node)) for completed in above for node in completed]
    # a branch that ends before the first new leaf is there; the others grow here
    stored = sorted({number for number in left if number < 2 * first})
    branches = fetched(roots.STORED.format(placeholders(stored)), stored) if stored else ()
    hash_by_number = {number: bytes(content) for number, content in branches}
    rows = []
    for index, (leaf, completed) in enumerate(zip(leaves, above, strict=True), first):
        below = leaf
        for node in (Node(0, index), *completed):
            if node.level:
                below = node_hash(hash_by_number[LogNode.number_of(_left_branch(node))], below)
            hash_by_number[LogNode.number_of(node)] = below
            rows.append(LogNode(number=LogNode.number_of(node), hash=below))
    return rows


def _left_branch(node: Node) -> Node:
    return Node(node.level - 1, 2 * node.position)
