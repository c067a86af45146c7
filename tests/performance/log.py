"""The transparency log as it grows: appending, heads and proofs at a thousand, thirty thousand and
a million entries.

Each is measured at every size on one SQLite database, beside the least that any log must do: one
row inserted, one row read by its key. What counts is how the ratio grows from line to line: with
the logarithm, where the size grows by three orders. Appends are undone after each round, so that
the size is the stated one.

The entries below the measured ones are written straight into the tables; their hashes are those
that appending makes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from benchmarks.wire.logged import EntryKind, hashed
from benchmarks.wire.merkle import Node, Tree, completed_by
from benchmarks.wire.signing import ReceiptKey
from tests.performance.measurement import Measurement, compare

SIZES = (1_000, 30_000, 1_000_000)
ROUND = 50
AT_ONCE = 50_000
NOW = datetime(2017, 1, 16, 4, 0, tzinfo=UTC)


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory(prefix="steplabel-log-") as folder, _embedded(Path(folder)):
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        tree, lines = Tree(), []
        for size in SIZES:
            _grow(tree, size)
            lines += _at(size)
    return lines


def _at(size: int) -> list[Measurement]:
    from portal.translog import selectors
    from portal.translog.models import LogEntry

    key = ReceiptKey.generate()
    asked = range(0, size, size // ROUND)

    def read_each() -> None:
        for index in asked:
            LogEntry.objects.get(index=index)

    def each(ask: Callable[[int], object]) -> Callable[[], None]:
        def asking() -> None:
            for index in asked:
                ask(index)

        return asking

    one_row = f"{len(asked)} rows read by key"
    return [
        compare(
            f"log-append-{size}",
            f"{ROUND} entries to {size:,}",
            _undone(_append),
            f"{ROUND} rows inserted",
            _undone(_insert),
        ),
        compare(
            f"log-head-{size}",
            f"{len(asked)} heads below {size:,}",
            each(lambda n: selectors.head(key, n + 1)),
            one_row,
            read_each,
        ),
        compare(
            f"log-inclusion-{size}",
            f"{len(asked)} of {size:,}",
            each(lambda n: selectors.inclusion(n, size)),
            one_row,
            read_each,
        ),
        compare(
            f"log-consistency-{size}",
            f"{len(asked)} to {size:,}",
            each(lambda n: selectors.consistency(n, size)),
            one_row,
            read_each,
        ),
    ]


def _append() -> None:
    from portal.translog import log

    head = log.lock()
    for number in range(ROUND):
        log.append(head, EntryKind.ENVELOPE, sha256(b"new" + number.to_bytes(8)).hexdigest(), NOW)


def _insert() -> None:
    from portal.translog.models import LogEntry

    for number in range(ROUND):
        digest = sha256(b"bare" + number.to_bytes(8)).hexdigest()
        LogEntry.objects.create(
            index=10**9 + number, kind=EntryKind.ENVELOPE, digest=digest, appended_at=NOW
        )


def _undone(work: Callable[[], None]) -> Callable[[], None]:
    from django.db import transaction

    def run() -> None:
        with transaction.atomic():
            work()
            transaction.set_rollback(True)

    return run


def _grow(tree: Tree, size: int) -> None:
    """Entries and hashes up to that size, in a few large statements."""
    from portal.translog.models import LogHead

    while len(tree) < size:
        _extend(tree, min(size, len(tree) + AT_ONCE))
    LogHead.objects.update_or_create(pk=1, defaults={"size": size})


def _extend(tree: Tree, size: int) -> None:
    from django.db import connection, transaction

    from portal.translog.models import LogNode

    moment = NOW.replace(tzinfo=None).isoformat(" ")
    entries, nodes = [], []
    for index in range(len(tree), size):
        digest = sha256(index.to_bytes(8))
        tree.append(hashed(EntryKind.ENVELOPE, digest.digest(), NOW.date()))
        entries.append((index, EntryKind.ENVELOPE.value, digest.hexdigest(), moment))
        nodes += [
            (LogNode.number_of(node), tree.node(node))
            for node in (Node(0, index), *completed_by(index))
        ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO translog_logentry ("index", kind, digest, appended_at) VALUES (%s, %s, '
            "%s, %s)",
            entries,
        )
        cursor.executemany("INSERT INTO translog_lognode (number, hash) VALUES (%s, %s)", nodes)


@contextmanager
def _embedded(folder: Path) -> Iterator[None]:
    """The embedded portal's settings, with its database in this folder; afterwards the environment
    is as it was.
    """
    before = dict(os.environ)
    for name in ("DATABASE_URL", "VAULT_DATABASE_URL"):
        os.environ.pop(name, None)
    os.environ.update(DJANGO_SETTINGS_MODULE="portal.settings.embedded", STEPLABEL_VAR=str(folder))
    try:
        yield
    finally:
        from django.db import connections

        connections.close_all()
        os.environ.clear()
        os.environ.update(before)
