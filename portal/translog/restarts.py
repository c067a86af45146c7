"""The restart of the log after a restore: asked for here, signed at the offline key, taken here,
and served to everybody.

Until it is taken no process adds to the log or shows it (`kept_heads`). Afterwards agents and
witnesses whose head lies in the lost range take the statement once and go on
(`benchmarks.wire.restarts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from benchmarks.wire import heads, restarts
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.restarts import LogRestartStatement
from benchmarks.wire.signing import ReceiptKey, VerifyingKey
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.keys import PublishedDirectory
from portal.translog import kept_heads, log, selectors
from portal.translog.models import LogRestart


def ask(
    reason: str,
    key: ReceiptKey,
    keys: Mapping[str, VerifyingKey],
    now: datetime,
    kept_head: bytes | None = None,
) -> bytes:
    """What goes to the offline key: the log that was shown, and the head of the log that is there
    now from which it goes on.

    Args:
        keys: the portal's receipt keys, by which a head is this portal's.
        kept_head: a signed head that an agent or a witness kept, where the file of heads is lost.

    Raises:
        InputError: `no-head-kept`, `log-damaged`.
        VerificationError: `restart-loses-nothing`; `tree-head-signature-invalid`, of a head that
            none of the keys signed.
    """
    shown = kept_heads.shown_so_far()
    before = kept_head or shown.signed
    if before is None:
        raise InputError(
            "no-head-kept",
            "No head of the lost log is available.",
            (
                "Give a head that an agent or a witness saved: `steplabel-agent status --heads "
                "DIR` writes head.cbor. Then use --head "
                "head.cbor."
            ),
        )
    if (fault := selectors.first_fault()) is not None:
        raise InputError(
            "log-damaged",
            Phrase("From entry %(entry)s on, the existing log is not valid.", entry=fault),
            "Restore a valid backup (`manage.py check_log` tests it), then ask again.",
        )
    after = selectors.head_of(_goes_on_from(before), key)
    again = (
        earlier.lost_to
        for earlier in kept_heads.restarts_so_far()
        if after.size <= earlier.lost_from
    )
    lost_to = max(
        shown.size, heads.read(before, keys).head.size, *again
    )  # some were away since an earlier restart and know what that one lost
    return restarts.request(
        LogRestartStatement(before, lost_to, after.signed, int(now.timestamp()), reason)
    )


def _goes_on_from(before: bytes) -> int:
    """How many entries remain: all; where the log begins otherwise than what was shown, those up to
    the last head that it begins with.
    """
    size = selectors.size()
    saved = list(kept_heads.heads_so_far()) or [
        before
    ]  # where the file is lost, an agent's head alone tells
    shown = [head for head in map(heads.parse, saved) if head.size <= size]
    for place, head in enumerate(shown):
        if not selectors.head_differs(head.size, head.root):
            return head.size if place else size
    return 0 if shown else size


def take(signed: bytes, directory: PublishedDirectory, now: datetime) -> LogRestartStatement:
    """Let the log go on, with the coordinator's signature. Taking the same statement again changes
    nothing. What was taken halfway, by the file of heads alone, is taken whole, as long as the log
    has all that was shown since.

    Raises:
        VerificationError: `restarts.verify`.
        InputError: `restart-of-another-log`, `restart-of-an-earlier-loss`.
    """
    restart = restarts.verify(signed, directory.fingerprint, directory.content.receipt_keys())
    digest = restarts.digest(signed)
    if LogRestart.objects.filter(digest=digest).exists():
        return restart
    after = heads.parse(restart.after)
    if selectors.size() < after.size or selectors.head_differs(after.size, after.root):
        raise InputError(
            "restart-of-another-log",
            Phrase(
                "The statement allows a log of %(size)s entries to continue, but this is another "
                "log.",
                size=after.size,
            ),
            "Ask again with `manage.py restart_log ask`. Nothing may be added to the log between "
            "`ask` and `take`.",
        )
    half_taken = kept_heads.restarts_so_far()[-1:] == [restart] and selectors.is_whole()
    if not half_taken and _shown_since(restart):
        raise InputError(
            "restart-of-an-earlier-loss",
            Phrase(
                "The portal has shown %(size)s entries, some of them after this statement was "
                "asked for: it excuses none of these.",
                size=kept_heads.shown_so_far().size,
            ),
            "Ask again with `manage.py restart_log ask`. Nothing may be added to the log between "
            "`ask` and `take`.",
        )
    if not half_taken:
        kept_heads.keep_restart(signed)
    with transaction.atomic():
        LogRestart.objects.create(digest=digest, signed=signed, taken_at=now)
        lost = f"entries {restart.lost_from} to {restart.lost_to - 1} are lost"
        record(now, "operator", Action.LOG_RESTARTED, f"log of {after.size} entries", lost)
        log.add(EntryKind.LOG_RESTART, digest, now)
    return restart


def _shown_since(restart: LogRestartStatement) -> bool:
    """Whether anybody was told of entries that the statement does not cover, or later than it was
    asked for.
    """
    shown = kept_heads.shown_so_far()
    return shown.size > restart.lost_to or (
        shown.signed is not None and heads.parse(shown.signed).at > restart.at
    )


def served() -> list[bytes]:
    """Every statement that was taken, oldest first."""
    return [bytes(row.signed) for row in LogRestart.objects.order_by("pk")]


def lost(index: int, on: date) -> bool:
    """Whether what was logged there on that day (UTC) is in a range that was lost; False for what
    was logged after it.
    """
    announced = map(restarts.parse, served())
    return any(
        restart.lost_from <= index < restart.lost_to and on <= log.day_of(restart.moment)
        for restart in announced
    )


def last() -> datetime | None:
    """When the log was last restarted; None where it never was."""
    row = LogRestart.objects.order_by("-pk").first()
    return None if row is None else row.taken_at
