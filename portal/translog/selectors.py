"""Reading the log: heads and proofs at any size it ever had, each by one query of at most 2
log2(size) rows; entries; its own check.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from benchmarks.phrases import Phrase
from benchmarks.wire import heads
from benchmarks.wire.logged import EntryKind, hashed, leaf, object_of
from benchmarks.wire.merkle import Node, Tree, consistency_runs, inclusion_runs
from benchmarks.wire.signing import ReceiptKey
from portal.problems import RefusedError
from portal.statements import fetched
from portal.translog import kept_heads, log, roots
from portal.translog.log import day_of
from portal.translog.models import LogEntry, LogNode

MOST_ENTRIES = 1_000
"""Of one answer; whoever wants all asks again from where it ended."""

OF_ONE_MOMENT = """
SELECT coalesce((SELECT size FROM translog_loghead WHERE id = 1), 0), (SELECT count(*) FROM translog_logentry),
    (SELECT count(*) FROM translog_lognode)
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class HeadView:
    size: int
    root: bytes
    at: int  # seconds since 1970 of the last entry, 0 where there is none
    key_id: str
    signed: bytes


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry as everybody may see it."""

    index: int
    kind: str
    logged: bytes  # the object in the leaf: a hash of the thing's digest
    on: date
    leaf: bytes
    leaf_hash: bytes


def size() -> int:
    """How many entries there are now, whole or set back; for the portal's own checks."""
    return log.size()


def present_root() -> bytes:
    """The root of the log as it stands, whole or set back."""
    return roots.root_of(size())


def head_differs(size: int, root: bytes) -> bool:
    """Whether the first entries of the log as it stands are others than those of a head; for the
    portal's own checks.
    """
    return roots.root_of(size) != root


def whole_size() -> int:
    """How many entries there are now, for who is told. RefusedError: `log-set-back` (503), where
    more were shown before.
    """
    most = kept_heads.shown_so_far().size
    now = size()
    kept_heads.require_whole(now, most)
    return now


def head(key: ReceiptKey, at_size: int | None = None) -> HeadView:
    """The signed head of the log now, or when it had that many entries.

    Raises:
        RefusedError: `log-size-unknown` (404); `log-set-back`, `heads-not-kept` (503).
    """
    wanted = _known_size(at_size)
    root = roots.as_shown(wanted)
    view = _signed_head(wanted, root, key)
    kept_heads.keep(wanted, view.signed)
    return view


def head_of(size: int, key: ReceiptKey) -> HeadView:
    """The head at a size that the log has or had, whatever was shown before: for the ceremony that
    restarts it.
    """
    return _signed_head(size, roots.root_of(size), key)


def _signed_head(size: int, root: bytes, key: ReceiptKey) -> HeadView:
    at = (
        LogEntry.objects.values_list("appended_at", flat=True).get(index=size - 1).timestamp()
        if size
        else 0
    )
    return HeadView(size, root, int(at), key.key_id, heads.issue(size, root, int(at), key))


def require_kept() -> None:
    """The log is what was shown before: as long, and begins with it.

    Raises:
        RefusedError: `log-set-back` (503).
    """
    roots.as_shown(whole_size())


def is_whole() -> bool:
    """Whether the log is what was shown before, as `require_kept` asks."""
    try:
        require_kept()
    except RefusedError as refusal:
        if refusal.code != "log-set-back":
            raise
        return False
    return True


def root_at(size: int) -> bytes:
    """The root of the log when it had that many entries.

    Raises:
        RefusedError: `log-size-unknown` (404).
    """
    return roots.root_of(_known_size(size))


def inclusion(index: int, at_size: int) -> tuple[EntryView, list[bytes]]:
    """An entry and what proves it in the log of that size.

    Raises:
        RefusedError: `log-size-unknown`, `log-index-unknown` (404).
    """
    return inclusions([index], at_size)[index]


def inclusions(indices: Collection[int], at_size: int) -> dict[int, tuple[EntryView, list[bytes]]]:
    """As `inclusion`, for many entries with as many queries as for one."""
    known_size = _known_size(at_size)
    if beyond := [index for index in indices if index >= at_size or index >= known_size]:
        raise RefusedError(
            404,
            "log-index-unknown",
            Phrase(
                "The log of %(size)s entries has no entry %(entry)s.", size=at_size, entry=beyond[0]
            ),
            "Ask with a larger size.",
        )
    runs = {index: inclusion_runs(index, at_size) for index in indices}
    hashes = iter(roots.hashes_of(run for index in indices for run in runs[index]))
    rows = {
        row.index: row
        for at_once in roots.batched(indices)
        for row in LogEntry.objects.filter(index__in=at_once)
    }
    return {index: (_view(rows[index]), [next(hashes) for _ in runs[index]]) for index in indices}


def consistency(first: int, second: int) -> list[bytes]:
    """What proves that the log of `second` entries begins with that of `first`.

    Raises:
        RefusedError: `log-size-unknown`, `log-sizes-reversed` (404).
    """
    _known_size(second)
    if first > second:
        raise RefusedError(
            404,
            "log-sizes-reversed",
            Phrase(
                "A log of %(second)s entries cannot begin with %(first)s.",
                second=second,
                first=first,
            ),
            "Ask from the smaller size to the larger one.",
        )
    return roots.hashes_of(consistency_runs(first, second))


def entries(begin: int, end: int) -> tuple[EntryView, ...]:
    """The entries [begin, end) as far as they are there, at most MOST_ENTRIES."""
    whole_size()
    rows = LogEntry.objects.filter(
        index__gte=begin, index__lt=min(end, begin + MOST_ENTRIES)
    ).order_by("index")
    return tuple(_view(row) for row in rows)


def entry(index: int) -> EntryView | None:
    row = LogEntry.objects.filter(index=index).first()
    return None if row is None else _view(row)


def entry_of(digest: str) -> EntryView | None:
    """The entry of the thing with this digest: of a commitment, an envelope, a signed document; for
    who has it.

    Raises:
        RefusedError: `log-set-back` (503): of what is lost nobody is told that it was never logged.
    """
    whole_size()
    row = LogEntry.objects.filter(digest=digest).first()
    return None if row is None else _view(row)


def first_fault() -> int | None:
    """The first index where entries and stored hashes do not agree, or None where all of them do.

    Of a log that grows meanwhile it is the part that is there at the beginning.
    """
    ((size, entries, nodes),) = fetched(OF_ONE_MOMENT, ())
    tree = Tree()
    for expected, row in enumerate(
        LogEntry.objects.filter(index__lt=size).order_by("index").iterator()
    ):
        if row.index != expected:
            return expected
        try:
            tree.append(
                hashed(EntryKind(row.kind), bytes.fromhex(row.digest), day_of(row.appended_at))
            )
        except ValueError:  # a kind that no release knows, or no digest: this portal never wrote it
            return expected
    if not size == entries == len(tree):
        return len(tree)
    complete = 0
    for number, stored in (
        LogNode.objects.order_by("number").values_list("number", "hash").iterator()
    ):
        node = node_of(number)
        if (
            node.position + 1
        ) << node.level > size:  # it was completed meanwhile, or `nodes` counts it
            continue
        if tree.node(node) != bytes(stored):
            return node.position << node.level
        complete += 1
    return None if nodes == complete == _nodes_in(size) else 0


def node_of(number: int) -> Node:
    """The inverse of `LogNode.number_of`."""
    level = (number ^ (number + 1)).bit_length() - 1
    return Node(level, ((number + 1) >> level) >> 1)


def _nodes_in(leaves: int) -> int:
    """How many complete subtrees a log of so many entries has: 2n less the ones in n's binary
    digits.
    """
    return 2 * leaves - leaves.bit_count()


def _known_size(asked: int | None) -> int:
    now = whole_size()
    if asked is None:
        return now
    if asked > now:
        raise RefusedError(
            404,
            "log-size-unknown",
            Phrase("The log never had %(asked)s entries; it has %(now)s.", asked=asked, now=now),
            "Ask for the head first: it states the size.",
        )
    return asked


def _view(row: LogEntry) -> EntryView:
    kind, digest, on = EntryKind(row.kind), bytes.fromhex(row.digest), day_of(row.appended_at)
    return EntryView(
        row.index, row.kind, object_of(digest), on, leaf(kind, digest, on), hashed(kind, digest, on)
    )
