"""A log that the coordinator restarted: the statement is held against what was seen here, taken
once, kept, and told to a person.

A head in the lost range cannot be continued by anything the portal shows. The agent gives it up for
one statement only, signed by the key that its enrolment token pinned; a statement that was taken is
never taken again. What of this site's own lay in the lost range waits to be handed in again: the
same commitment with the same challenge, the same sealed report.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import challenges, heads, restarts
from benchmarks.wire.heads import Consistency, SeenHead
from benchmarks.wire.restarts import LogRestartStatement
from reporting_agent.sending.enrolment import AgentIdentity
from reporting_agent.sending.kept_reports import Outbox, Parcel
from reporting_agent.state import transaction


@dataclass(frozen=True, slots=True)
class AcceptedRestart:
    """A restart that was taken here, and the head that was given up for it."""

    restart: LogRestartStatement
    given_up: bytes
    accepted_at: str


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """Where the portal said, and signed, that something of this site stands."""

    what: Phrase
    index: int
    on: date
    leaf_hash: bytes
    signed: bytes


def accept(
    connection: sqlite3.Connection,
    identity: AgentIdentity,
    served: Callable[[], Sequence[bytes]],
    explains: Callable[[LogRestartStatement], bool],
    shown: SeenHead,
    own: Sequence[OwnEntry],
    consistency: Consistency,
    now: datetime,
) -> bool:
    """Take the restart that explains what does not fit in the log that is shown; whether there is
    one.

    Args:
        served: asks the portal for its statements; nothing in them is believed before it is
            verified.
        explains: whether a statement does, that the coordinator signed and that the log which is
            shown continues.
        own: this site's entries; those in the lost range are looked for no more, and their reports
            wait to be sent again.
    """
    for raw in served():
        digest = restarts.digest(raw)
        if connection.execute("SELECT 1 FROM log_restart WHERE digest = ?", (digest,)).fetchone():
            continue
        try:
            restart = restarts.verify(raw, identity.fingerprint, identity.directory.receipt_keys())
            after = SeenHead(heads.parse(restart.after), restart.after)
            heads.require_succession(after, shown, consistency)
        except VerificationError:
            continue  # not the coordinator's, or of another log than the one that is shown
        if explains(restart):
            _take(connection, identity, raw, restart, own, now)
            return True
    return False


def lost_in(restart: LogRestartStatement, own: OwnEntry) -> bool:
    """Whether an entry lies in the lost range, and was made no later than the statement."""
    return restart.lost(own.index, own.on)


def is_lost(connection: sqlite3.Connection, identity: AgentIdentity, own: OwnEntry) -> bool:
    """Whether the portal lost this entry, as the coordinator said."""
    asked = "SELECT 1 FROM log_lost WHERE fingerprint = ? AND log_index = ? AND leaf = ?"
    return (
        connection.execute(asked, (identity.fingerprint, own.index, own.leaf_hash)).fetchone()
        is not None
    )


def accepted(connection: sqlite3.Connection, fingerprint: str) -> tuple[AcceptedRestart, ...]:
    """Every restart of that portal's log that was taken here, oldest first."""
    rows = connection.execute(
        "SELECT * FROM log_restart WHERE fingerprint = ? ORDER BY accepted_at", (fingerprint,)
    )
    return tuple(
        AcceptedRestart(restarts.parse(row["statement"]), row["head"], row["accepted_at"])
        for row in rows
    )


def as_shown(acceptance: AcceptedRestart) -> dict[str, str | int]:
    """What a person is told of it."""
    restart = acceptance.restart
    return {
        "on": restart.moment.date().isoformat(),
        "first": restart.lost_from,
        "last": restart.lost_to - 1,
        "reason": restart.reason,
        "accepted_at": acceptance.accepted_at,
    }


def _take(
    connection: sqlite3.Connection,
    identity: AgentIdentity,
    raw: bytes,
    restart: LogRestartStatement,
    own: Sequence[OwnEntry],
    now: datetime,
) -> None:
    """Give the kept head up for the one that the log goes on from; all of it or none."""
    lost = [entry for entry in own if lost_in(restart, entry)]
    key = identity.fingerprint
    with transaction(connection):
        row = connection.execute(
            "SELECT head FROM log_head WHERE fingerprint = ?", (key,)
        ).fetchone()
        head = restart.before if row is None else row["head"]
        connection.execute(
            "INSERT INTO log_restart VALUES (?, ?, ?, ?, ?)",
            (restarts.digest(raw), key, raw, head, now.isoformat()),
        )
        connection.execute(
            "UPDATE log_head SET head = ?, seen_at = ? WHERE fingerprint = ?",
            (restart.after, now.isoformat(), key),
        )
        explained = [
            (signed,) for signed in (head, *(entry.signed for entry in lost))
        ]  # statement and what was signed say all of it
        connection.executemany("DELETE FROM log_evidence WHERE first = ?", explained)
        connection.execute(
            "DELETE FROM log_included WHERE fingerprint = ? AND log_index >= ?",
            (key, restart.lost_from),
        )
        # what an earlier restart lost may be lost by this one too
        insert = "INSERT OR IGNORE INTO log_lost VALUES (?, ?, ?)"
        connection.executemany(insert, [(key, entry.index, entry.leaf_hash) for entry in lost])
        signed = {entry.signed for entry in lost}
        outbox = Outbox(connection)
        for parcel in outbox.all():
            if parcel.receipt in signed:
                outbox.lost_at_portal(parcel)


def is_of_a_lost_log(
    connection: sqlite3.Connection, identity: AgentIdentity, parcel: Parcel
) -> bool:
    """Whether a report's challenge names an entry in a range that the coordinator said is lost."""
    challenge = None if parcel.challenge is None else challenges.parse(parcel.challenge)
    ranges = (
        (acceptance.restart.lost_from, acceptance.restart.lost_to)
        for acceptance in accepted(connection, identity.fingerprint)
    )
    return challenge is not None and any(
        begin <= challenge.log_index < end for begin, end in ranges
    )
