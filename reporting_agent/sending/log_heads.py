"""What this site saw of the portal's log: the newest head kept and held against the next
(`head_succession`), witnesses, own entries.

A portal that rewrote its log, cut it or shows this site another one than others must sign two heads
that do not fit together. The agent keeps the first, so the second is refused, and both stay in the
state directory as evidence. Where the key directory names witnesses, the head must also continue
one that enough of them have cosigned: who is shown a log of their own lacks these. Its own
commitments and reports the agent looks for itself: leaf and index follow from the signed challenge
and receipt, and nothing else is believed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from benchmarks.errors import InputError, VerificationError
from benchmarks.phrases import Phrase, Value
from benchmarks.wire import challenges, checkpoints, heads, logged, receipts
from benchmarks.wire.checkpoints import Checkpoint
from benchmarks.wire.heads import SeenHead, TreeHead
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import require_inclusion
from benchmarks.wire.restarts import LogRestartStatement
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.sending import log_restarts
from reporting_agent.sending.enrolment import AgentIdentity
from reporting_agent.sending.kept_reports import Parcel
from reporting_agent.sending.log_restarts import OwnEntry
from reporting_agent.state import transaction

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

    A log that the coordinator restarted goes on from the head in the statement (`log_restarts`).

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
        return log_restarts.accept(
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
        if _is_found(connection, identity, entry) or log_restarts.is_lost(
            connection, identity, entry
        ):
            continue
        head = shown.head
        proof = _proof(log.log_inclusion, entry.index, head.size) if entry.index < head.size else ()
        try:
            require_inclusion(entry.leaf_hash, entry.index, head.size, proof, head.root)
        except VerificationError as broken:
            if not restarted(partial(log_restarts.lost_in, own=entry)):
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
