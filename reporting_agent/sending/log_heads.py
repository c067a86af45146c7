"""What this site saw of the portal's log: the newest head kept and held against the next
(`head_succession`), witnesses, own entries, and restarts.

A portal that rewrote its log, cut it or shows another one here must sign two heads that do not fit;
both stay as evidence. Where the key directory names witnesses, the head must continue one that
enough of them cosigned. Own commitments and reports follow from signed challenge and receipt. A
lost range is given up for one statement only, signed by the key that the enrolment token pinned;
what of this site's own lay in it is handed in again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Protocol, TypeVar

from benchmarks.errors import InputError, VerificationError
from benchmarks.phrases import Phrase, Value
from benchmarks.wire import challenges, checkpoints, heads, logged, receipts, restarts
from benchmarks.wire.checkpoints import Checkpoint
from benchmarks.wire.heads import Consistency, SeenHead, TreeHead
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import require_inclusion
from benchmarks.wire.restarts import LogRestartStatement
from benchmarks.wire.signing import VerifyingKey
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


OMITTED = "log-omits"
ACCUSES = "log-"
"""How the codes begin of what a portal signed and does not fit; an answer that could not be read
accuses nobody.
"""

Read = TypeVar("Read")


class PortalLog(Protocol):
    """A portal's log, as far as it is asked for; nothing that it answers is believed before it is
    verified.
    """

    def log_head(self) -> bytes: ...

    def log_checkpoint(self, show: str) -> bytes: ...

    def log_consistency(self, first: int, second: int) -> Sequence[bytes]: ...

    def log_inclusion(self, index: int, size: int) -> Sequence[bytes]: ...

    def log_restarts(self) -> Sequence[bytes]: ...


@dataclass(frozen=True, slots=True)
class ForkEvidence:
    """What the portal signed that cannot all be true: two heads, or a head and a challenge or
    receipt.
    """

    code: str
    first: bytes
    second: bytes
    found_at: str


@dataclass(frozen=True, slots=True)
class KeptHead:
    """The newest head that was verified, as it was signed, and when."""

    signed: bytes
    seen_at: str


def look(
    connection: sqlite3.Connection,
    identity: AgentIdentity,
    log: PortalLog,
    parcels: Iterable[Parcel],
    now: datetime,
) -> SeenHead:
    """Take the portal's present head, hold it against the one that was kept, and look for the
    site's own entries.

    A log that the coordinator restarted goes on from the head in the statement.

    Raises:
        VerificationError: `log-shrunk`, `log-forked`, `log-rewritten`, `log-omits`, with the
            evidence kept; `tree-head-signature-invalid`; `log-not-witnessed`, where the directory
            asks for witnesses.
        Unreachable: the portal did not answer; the kept head stays.
    """
    keys = identity.directory.receipt_keys()
    witnessed = witnessed_head(identity, log, now)
    shown = heads.read(log.log_head(), keys)
    own = tuple(_own_entries(parcels, keys))

    def consistency(earlier: int, other: int) -> Sequence[bytes]:
        return _proof(log.log_consistency, earlier, other)

    def restarted(explains: Callable[[LogRestartStatement], bool]) -> bool:
        return accept(
            connection, identity, log.log_restarts, explains, shown, own, consistency, now
        )

    if before := newest_head(connection, identity.fingerprint):
        first = heads.read(before.signed, keys)
        try:
            heads.require_succession(first, shown, consistency)
        except VerificationError as broken:
            if not broken.code.startswith(ACCUSES) or not restarted(
                lambda restart: restart.explains(first)
            ):
                _keep_evidence(
                    connection,
                    ForkEvidence(broken.code, first.signed, shown.signed, now.isoformat()),
                )
                raise
    if witnessed is not None:
        _require_witnessed_past(connection, witnessed, shown, log, now)
    included = []
    for entry in own:
        if _is_found(connection, identity, entry) or is_lost(connection, identity, entry):
            continue
        head = shown.head
        proof = _proof(log.log_inclusion, entry.index, head.size) if entry.index < head.size else ()
        try:
            require_inclusion(entry.leaf_hash, entry.index, head.size, proof, head.root)
        except VerificationError as broken:
            if not restarted(partial(lost_in, own=entry)):
                raise _omitted(connection, entry, shown, now) from broken
            continue
        included.append(entry)
    with transaction(connection):
        connection.execute(
            "REPLACE INTO log_head VALUES (?, ?, ?)",
            (identity.fingerprint, shown.signed, now.isoformat()),
        )
        if witnessed is not None:
            row = (identity.fingerprint, witnessed.note.raw, now.isoformat())
            connection.execute("REPLACE INTO log_witnessed VALUES (?, ?, ?)", row)
        connection.executemany(
            "INSERT INTO log_included VALUES (?, ?, ?)",
            [
                (identity.fingerprint, own_entry.index, own_entry.leaf_hash)
                for own_entry in included
            ],
        )
    return shown


def newest_head(connection: sqlite3.Connection, fingerprint: str) -> KeptHead | None:
    """The newest verified head of the portal whose directory key has this fingerprint."""
    row = connection.execute(
        "SELECT head, seen_at FROM log_head WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    return None if row is None else KeptHead(row["head"], row["seen_at"])


def kept_witnessed(connection: sqlite3.Connection, fingerprint: str) -> KeptHead | None:
    """The newest head of that portal's log that enough witnesses had cosigned, as a signed note
    with their lines.
    """
    row = connection.execute(
        "SELECT checkpoint, seen_at FROM log_witnessed WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    return None if row is None else KeptHead(row["checkpoint"], row["seen_at"])


def witnessed_head(identity: AgentIdentity, log: PortalLog, now: datetime) -> Checkpoint | None:
    """The largest head that enough witnesses have cosigned of late; None where the directory asks
    for none.
    """
    directory = identity.directory
    if not directory.witnesses_required:
        return None
    try:
        raw = log.log_checkpoint("witnessed")
    except InputError as nothing:
        raise checkpoints.not_witnessed(0, directory) from nothing
    checkpoint = checkpoints.read(raw, identity.fingerprint, directory.receipt_keys())
    checkpoints.require_witnessed(checkpoint, directory, now)
    return checkpoint


def _require_witnessed_past(
    connection: sqlite3.Connection,
    witnessed: Checkpoint,
    shown: SeenHead,
    log: PortalLog,
    now: datetime,
) -> None:
    """The head that is shown here continues the one that the witnesses saw: both are signed by the
    portal.
    """
    past = SeenHead(
        TreeHead(witnessed.size, witnessed.root, 0, shown.head.key_id), witnessed.note.raw
    )
    try:
        heads.require_succession(
            past, shown, lambda earlier, other: _proof(log.log_consistency, earlier, other)
        )
    except VerificationError as broken:
        _keep_evidence(
            connection, ForkEvidence(broken.code, past.signed, shown.signed, now.isoformat())
        )
        raise


def evidence(connection: sqlite3.Connection) -> tuple[ForkEvidence, ...]:
    """All that was found against portals, oldest first."""
    rows = connection.execute("SELECT * FROM log_evidence ORDER BY found_at")
    return tuple(
        ForkEvidence(row["code"], row["first"], row["second"], row["found_at"]) for row in rows
    )


def _own_entries(parcels: Iterable[Parcel], keys: Mapping[str, VerifyingKey]) -> Iterator[OwnEntry]:
    for parcel in parcels:
        name: dict[str, Value] = {"period": parcel.period, "revision": parcel.revision}
        if parcel.challenge is not None and (
            challenge := _of_this_portal(challenges.read, parcel.challenge, keys)
        ):
            leaf = logged.hashed(
                EntryKind.COMMITMENT, bytes.fromhex(challenge.commitment.digest), challenge.given_on
            )
            what = Phrase("the commitment to %(period)s, revision %(revision)s", **name)
            yield OwnEntry(what, challenge.log_index, challenge.given_on, leaf, parcel.challenge)
        if parcel.receipt is not None and (
            receipt := _of_this_portal(receipts.read, parcel.receipt, keys)
        ):
            leaf = logged.hashed(
                EntryKind.ENVELOPE, bytes.fromhex(receipt.envelope_digest), receipt.received_on
            )
            what = Phrase("the report of %(period)s, revision %(revision)s", **name)
            yield OwnEntry(what, receipt.log_index, receipt.received_on, leaf, parcel.receipt)


def _of_this_portal(
    read: Callable[[bytes, Mapping[str, VerifyingKey]], Read],
    raw: bytes,
    keys: Mapping[str, VerifyingKey],
) -> Read | None:
    """What is kept, if this portal signed it: a site that moved to another portal keeps the
    receipts of the one before.
    """
    try:
        return read(raw, keys)
    except VerificationError as refusal:
        if refusal.code.endswith("-signature-invalid"):
            return None
        raise


def _is_found(connection: sqlite3.Connection, identity: AgentIdentity, own: OwnEntry) -> bool:
    asked = "SELECT 1 FROM log_included WHERE fingerprint = ? AND log_index = ? AND leaf = ?"
    return (
        connection.execute(asked, (identity.fingerprint, own.index, own.leaf_hash)).fetchone()
        is not None
    )


def _omitted(
    connection: sqlite3.Connection, own: OwnEntry, shown: SeenHead, now: datetime
) -> VerificationError:
    """The refusal of a log that lacks an entry of this site, with the evidence kept."""
    _keep_evidence(connection, ForkEvidence(OMITTED, own.signed, shown.signed, now.isoformat()))
    return VerificationError(
        OMITTED,
        Phrase(
            (
                "The portal's log of %(size)s entries does not contain %(what)s at entry "
                "%(index)s, although the portal signed that it does."
            ),
            size=shown.head.size,
            what=own.what,
            index=own.index,
        ),
        "Send nothing more. Keep the state directory: it contains what the portal signed. `status "
        "--heads DIR` writes this out; give "
        "it to the coordinator by a way other than this portal.",
    )


def _proof(ask: Callable[[int, int], Sequence[bytes]], first: int, second: int) -> Sequence[bytes]:
    """What the portal answers; where it refuses to prove what it signed, that is no proof."""
    try:
        return ask(first, second)
    except InputError:
        return ()


def _keep_evidence(connection: sqlite3.Connection, evidence: ForkEvidence) -> None:
    if not evidence.code.startswith(ACCUSES):
        return
    with transaction(connection):
        connection.execute(
            "INSERT OR IGNORE INTO log_evidence VALUES (?, ?, ?, ?)",
            (evidence.code, evidence.first, evidence.second, evidence.found_at),
        )
