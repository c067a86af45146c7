"""The log's root at any size that it has had, and a look whether it begins with the last head that
was shown.

Each is one query of at most 2 log2(size) rows: the hashes of complete subtrees are stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from benchmarks.phrases import Phrase
from benchmarks.wire import heads
from benchmarks.wire.merkle import EMPTY_ROOT, Run, hash_of, nodes_of
from portal.problems import RefusedError
from portal.statements import fetched, placeholders
from portal.translog import kept_heads
from portal.translog.kept_heads import REMEDY
from portal.translog.models import LogNode

AT_ONCE = 10_000

STORED = "SELECT number, hash FROM translog_lognode WHERE number IN ({})"


def as_shown(size: int) -> bytes:
    """The root at a size of the log, which must begin with the last head that was kept: one set
    back that grew again does not.

    Raises:
        RefusedError: `log-set-back` (503); `log-damaged` (500).
    """
    signed = kept_heads.shown_so_far().signed
    if signed is None:
        return root_of(size)
    kept_head = heads.parse(signed)
    of_known, root = roots_of(kept_head.size, size)
    if of_known != kept_head.root:
        raise RefusedError(
            503,
            "log-set-back",
            Phrase(
                "The portal's log does not begin with the %(size)s entries that it has shown: the "
                "log was set back.",
                size=kept_head.size,
            ),
            REMEDY,
        )
    return root


def root_of(size: int) -> bytes:
    """Of the log as it stands, whole or set back."""
    return roots_of(size)[0]


def roots_of(*sizes: int) -> list[bytes]:
    """As `root_of`, of several sizes by one query."""
    hashes = iter(hashes_of((0, size) for size in sizes if size))
    return [next(hashes) if size else EMPTY_ROOT for size in sizes]


def hashes_of(runs: Iterable[Run]) -> list[bytes]:
    """The hash of each run, from one query.

    Raises:
        RefusedError: `log-damaged` (500), where a stored hash is gone.
    """
    runs = list(runs)
    wanted = {LogNode.number_of(node) for run in runs for node in nodes_of(run)}
    rows = (
        row
        for at_once in batched(wanted)
        for row in fetched(STORED.format(placeholders(at_once)), at_once)
    )
    hash_by_number = {number: bytes(content) for number, content in rows}
    if len(hash_by_number) < len(wanted):
        raise RefusedError(
            500,
            "log-damaged",
            "Hashes of the portal's log are missing.",
            "Tell the portal's operator, who has backups and `manage.py check_log`.",
        )
    return [hash_of(lambda node: hash_by_number[LogNode.number_of(node)], run) for run in runs]


def batched(numbers: Iterable[int]) -> Iterator[list[int]]:
    """So many at once as every database takes in one statement."""
    waiting = iter(numbers)
    while batch := list(islice(waiting, AT_ONCE)):
        yield batch
