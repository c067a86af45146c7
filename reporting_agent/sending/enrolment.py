"""Enrolment: device keys registered with a one-time token or vouched for by the old ones, the
site's seed made once, the portal's key directory kept and renewed, a waiting report resealed where
device or key was replaced and the portal does not hold it.

Keys and the row of the token's SHA-256 are on the disk before the portal is asked: the same command
sends the same keys again. The seed is never made anew: its commitment is at the portal, and another
would let a plant choose its luck.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from sqlite3 import Connection

from benchmarks.errors import InputError, Unreachable, VerificationError
from benchmarks.phrases import Phrase
from benchmarks.privacy import randomness
from benchmarks.wire import challenges, device_requests, envelope
from benchmarks.wire import directory as key_directory
from benchmarks.wire.directory import Directory, EnrolmentSecret
from benchmarks.wire.receipts import Receipt
from benchmarks.wire.schema import decode_report
from benchmarks.wire.signing import DeviceKey, VerifyingKey
from reporting_agent.sending.kept_reports import ClosedPeriods, Outbox, Parcel, commitment_digests
from reporting_agent.sending.transport import Portal, checked_address
from reporting_agent.state import StateDirectory, transaction

SEED_FILE = "site.seed"
SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A site's standing with a portal. Until the portal has answered, `site`, `device_id` and
    `directory` are None.
    """

    sequence: int
    portal: str
    fingerprint: str
    key_file: str
    state: str
    site: str | None
    device_id: str | None
    directory: bytes | None
    registered_at: str | None

    @property
    def is_registered(self) -> bool:
        return self.state == "registered"


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    """What a registered agent signs and seals with."""

    portal: str
    site: str
    device_id: str
    fingerprint: str
    device_key: DeviceKey
    seed: bytes = field(repr=False)
    directory: Directory


def enrol(
    state: StateDirectory,
    connection: sqlite3.Connection,
    portal: Portal,
    token: EnrolmentSecret,
    *,
    software: str,
    now: datetime,
    replace: bool = False,
) -> Enrolment:
    """Make keys, register them, verify and keep the portal's key directory; again with the same
    token, the same result.

    Raises:
        InputError: `already-enrolled` (another token, without `replace`), `site-changed`, or the
            portal's refusal.
        VerificationError: the directory was not signed by the key that the token names.
        Unreachable: the portal did not answer; the keys are kept for the next try.
    """
    row = _prepare(state, connection, portal.base_url, token, replace=replace)
    if row.is_registered:
        return row
    device_key = DeviceKey.from_pem(state.read_secret(row.key_file))
    registration = portal.register(
        secret=token.secret,
        device_public_key=device_key.public.hex,
        seed_commitment=randomness.commitment(state.read_secret(SEED_FILE)).hex(),
        software=software,
    )
    before = current(connection)
    _require_directory(connection, registration.directory, token.fingerprint)
    if before is not None and before.site != registration.site:
        raise InputError(
            "site-changed",
            Phrase(
                "The token is for the site %(site)s; this state directory belongs to %(enrolled)s.",
                site=registration.site,
                enrolled=str(before.site),
            ),
            "Give every site a state directory of its own with --state, and ask for a new token: "
            "this one is used up.",
        )
    with transaction(connection):
        connection.execute(
            """UPDATE enrolment SET state = 'registered', site = ?, device_id = ?, directory = ?, registered_at = ?
               WHERE token_digest = ?""",  # noqa: E501
            (
                registration.site,
                registration.device_id,
                registration.directory,
                now.isoformat(),
                _digest(token),
            ),
        )
    return _of_token(connection, token) or row


def _require_directory(connection: sqlite3.Connection, raw: bytes, fingerprint: str) -> None:
    """Held against the newest that was ever taken from this signer: a new device key is no way to
    an older directory, or another.
    """
    rows = connection.execute(
        "SELECT directory FROM enrolment WHERE fingerprint = ? AND directory IS NOT NULL",
        (fingerprint,),
    )
    directories = [key_directory.verify(row["directory"], fingerprint) for row in rows]
    if directories:
        key_directory.renewed(
            raw, fingerprint, max(directories, key=lambda directory: directory.number)
        )
    else:
        key_directory.verify(raw, fingerprint)


def current(connection: sqlite3.Connection) -> Enrolment | None:
    """The enrolment in force: the newest that the portal has confirmed."""
    row = connection.execute(
        "SELECT * FROM enrolment WHERE state = 'registered' ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return None if row is None else _enrolment(row)


def receipt_keys(connection: sqlite3.Connection) -> dict[str, VerifyingKey]:
    """Of every portal that this directory was ever enrolled at, by key id: a receipt stays good
    when the site has moved on.
    """
    keys: dict[str, VerifyingKey] = {}
    for row in connection.execute(
        "SELECT directory, fingerprint FROM enrolment WHERE directory IS NOT NULL ORDER BY sequence"
    ):
        keys |= key_directory.verify(row["directory"], row["fingerprint"]).receipt_keys()
    return keys


def pending(connection: sqlite3.Connection) -> Enrolment | None:
    """Keys that were made and that the portal has not confirmed, if they are newer than the
    enrolment in force.
    """
    row = connection.execute("SELECT * FROM enrolment ORDER BY sequence DESC LIMIT 1").fetchone()
    return _enrolment(row) if row is not None and row["state"] == "keys-made" else None


def identity(state: StateDirectory, connection: sqlite3.Connection, site: str) -> AgentIdentity:
    """What is needed to submit for `site`.

    Raises:
        InputError: `not-enrolled`, or `site-mismatch` when the directory was enrolled for another
            site.
    """
    enrolment = current(connection)
    if (
        enrolment is None
        or enrolment.site is None
        or enrolment.device_id is None
        or enrolment.directory is None
    ):
        raise InputError(
            "not-enrolled",
            "This state directory is not enrolled at a portal.",
            "Run `steplabel-agent enrol --portal URL --token T` first, with the same --state.",
            found=str(state.path),
        )
    if enrolment.site != site:
        raise InputError(
            "site-mismatch",
            Phrase(
                "site.toml says %(site)s, but the state directory was enrolled for %(enrolled)s.",
                site=site,
                enrolled=enrolment.site,
            ),
            "Give the right --site and --state together, or correct [site] id.",
            found=site,
            wanted=enrolment.site,
        )
    return AgentIdentity(
        portal=enrolment.portal,
        site=enrolment.site,
        device_id=enrolment.device_id,
        fingerprint=enrolment.fingerprint,
        device_key=DeviceKey.from_pem(state.read_secret(enrolment.key_file)),
        seed=_seed(state),
        directory=key_directory.verify(enrolment.directory, enrolment.fingerprint),
    )


def renew_directory(
    connection: sqlite3.Connection, agent_identity: AgentIdentity, raw: bytes
) -> AgentIdentity:
    """Take a newer key directory of the same signer; an older one is refused, an equal one changes
    nothing.
    """
    renewed = key_directory.renewed(raw, agent_identity.fingerprint, agent_identity.directory)
    if renewed.number > agent_identity.directory.number:
        with transaction(connection):
            connection.execute(
                "UPDATE enrolment SET directory = ? WHERE device_id = ? AND state = 'registered'",
                (raw, agent_identity.device_id),
            )
    return dataclasses.replace(agent_identity, directory=renewed)


def _prepare(
    state: StateDirectory,
    connection: sqlite3.Connection,
    portal: str,
    token: EnrolmentSecret,
    *,
    replace: bool,
) -> Enrolment:
    """The row of this token, made with its keys if it is new."""
    enrolled = _of_token(connection, token)
    if enrolled is not None:
        if enrolled.portal != portal and not enrolled.is_registered:
            with transaction(connection):  # the first try went to a mistyped address
                connection.execute(
                    "UPDATE enrolment SET portal = ? WHERE token_digest = ?",
                    (portal, _digest(token)),
                )
            enrolled = _of_token(connection, token) or enrolled
        return enrolled
    in_force = current(connection)
    if in_force is not None and not replace:
        raise InputError(
            "already-enrolled",
            Phrase(
                "This state directory is enrolled at %(portal)s as %(site)s.",
                portal=in_force.portal,
                site=str(in_force.site),
            ),
            "For another site give another --state. To register a new device key for the same "
            "site, add --replace.",
        )
    if not state.has_secret(SEED_FILE):
        if in_force is not None:
            _seed(state)  # gone: refuses, since a second seed would break the commitment
        state.write_secret(SEED_FILE, secrets.token_bytes(SEED_BYTES))
    device_key = DeviceKey.generate()
    key_file = f"device-{device_key.key_id[:16]}.pem"
    state.write_secret(key_file, device_key.to_pem())
    with transaction(connection):
        connection.execute(
            """INSERT INTO enrolment (token_digest, sequence, portal, fingerprint, key_file, state)
               VALUES (?, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM enrolment), ?, ?, ?, 'keys-made')""",  # noqa: E501
            (_digest(token), checked_address(portal), token.fingerprint, key_file),
        )
    enrolment = _of_token(connection, token)
    assert enrolment is not None  # noqa: S101  # inserted just above, in the same exclusive section
    return enrolment


def _of_token(connection: sqlite3.Connection, token: EnrolmentSecret) -> Enrolment | None:
    row = connection.execute(
        "SELECT * FROM enrolment WHERE token_digest = ?", (_digest(token),)
    ).fetchone()
    return None if row is None else _enrolment(row)


def _digest(token: EnrolmentSecret) -> str:
    return hashlib.sha256(token.text().encode()).hexdigest()


def _seed(state: StateDirectory) -> bytes:
    seed = state.read_secret(SEED_FILE)
    if len(seed) != SEED_BYTES:
        raise VerificationError(
            "seed-damaged",
            Phrase(
                "The site's seed has %(seed)s bytes instead of %(wanted)s.",
                seed=len(seed),
                wanted=SEED_BYTES,
            ),
            "Restore it from a backup of this state directory. A new seed would not match the "
            "commitment at the portal.",
        )
    return seed


def _enrolment(row: sqlite3.Row) -> Enrolment:
    return Enrolment(**{name: row[name] for name in Enrolment.__dataclass_fields__})


def in_force(state: StateDirectory, connection: sqlite3.Connection) -> Enrolment:
    """The enrolment whose key is to be replaced. InputError `not-enrolled`."""
    present = current(connection)
    if present is None:
        raise InputError(
            "not-enrolled",
            "This state directory is not enrolled at a portal.",
            "Run `steplabel-agent enrol --portal URL --token T` first, with the same --state.",
            found=str(state.path),
        )
    return present


def rotate(
    state: StateDirectory, connection: sqlite3.Connection, portal: Portal, *, now: datetime
) -> Enrolment:
    """Make a new device key, have the portal register it, and delete the old one's file.

    Raises:
        InputError: `not-enrolled`, `spool-not-empty`, or the portal's refusal.
        VerificationError: the portal's key directory does not hold, or it answered for another
            site.
        Unreachable: the portal did not answer; the new key is kept for the next try.
    """
    present = in_force(state, connection)
    assert present.device_id is not None  # noqa: S101  # a registered row has one: the schema's rows are written whole
    assert present.directory is not None  # noqa: S101
    if waiting := [parcel for parcel in Outbox(connection).spooled() if parcel.refusal is None]:
        raise InputError(
            "spool-not-empty",
            Phrase(
                "Sealed reports that wait for a receipt: %(waiting)s. They are signed with the "
                "key that you want to replace.",
                waiting=len(waiting),
            ),
            "Run `steplabel-agent submit` until it is received, then rotate the key.",
        )
    old = DeviceKey.from_pem(state.read_secret(present.key_file))
    name, key_file = _prepared(state, connection, present)
    new = DeviceKey.from_pem(state.read_secret(key_file))
    answer = portal.rotate(device_requests.rotate(present.device_id, old, new))
    last_directory = key_directory.verify(present.directory, present.fingerprint)
    key_directory.renewed(answer.directory, present.fingerprint, last_directory)
    if answer.site != present.site:
        raise InputError(
            "site-changed",
            Phrase(
                "The portal answered for the site %(site)s; this state directory belongs to "
                "%(enrolled)s.",
                site=answer.site,
                enrolled=str(present.site),
            ),
            "Ask the portal's operator; the old key stays in force here.",
        )
    with transaction(connection):
        connection.execute(
            """UPDATE enrolment SET state = 'registered', site = ?, device_id = ?, directory = ?, registered_at = ?
               WHERE token_digest = ?""",  # noqa: E501
            (answer.site, answer.device_id, answer.directory, now.isoformat(), name),
        )
    state.delete_secret(present.key_file)
    return in_force(state, connection)


def reported_elsewhere(
    state: StateDirectory,
    connection: sqlite3.Connection,
    portal: Portal,
    enrolment_: Enrolment,
    *,
    now: datetime,
) -> tuple[str, ...]:
    """Periods of which the portal has answered what is not of this state directory, as after the
    loss of another one; they are closed.

    What was spent on their records is not in this ledger, so `submit` refuses them
    (`ledger-set-back`), and goes on with all others. A portal that does not answer is no reason to
    fail: enrolling again with the same token asks again.
    """
    agent_identity = identity(state, connection, str(enrolment_.site))

    def signature(method: str, path: str) -> str:
        return device_requests.sign_request(
            method, path, agent_identity.device_id, now, agent_identity.device_key
        )

    try:
        raw_challenges = portal.challenges(signature)
    except Unreachable:
        return ()
    keys = agent_identity.directory.receipt_keys()
    ours = commitment_digests(Outbox(connection).all())
    commitments = [challenges.read(raw, keys).commitment for raw in raw_challenges]
    foreign = [
        commitment for commitment in commitments if bytes.fromhex(commitment.digest) not in ours
    ]
    with transaction(connection):
        ClosedPeriods(connection).add(foreign, now)
    return tuple(sorted({commitment.period for commitment in foreign}))


def _prepared(
    state: StateDirectory, connection: sqlite3.Connection, present: Enrolment
) -> tuple[str, str]:
    """The row of this rotation and its key's file, made if it is the first try."""
    name = hashlib.sha256(f"rotation of {present.device_id}".encode()).hexdigest()
    row = connection.execute(
        "SELECT key_file FROM enrolment WHERE token_digest = ?", (name,)
    ).fetchone()
    if row is not None:
        return name, str(row["key_file"])
    new = DeviceKey.generate()
    key_file = f"device-{new.key_id[:16]}.pem"
    state.write_secret(key_file, new.to_pem())
    with transaction(connection):
        connection.execute(
            """INSERT INTO enrolment (token_digest, sequence, portal, fingerprint, key_file, state)
               VALUES (?, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM enrolment), ?, ?, ?, 'keys-made')""",  # noqa: E501
            (name, present.portal, present.fingerprint, key_file),
        )
    return name, key_file


def sealed_for_today(
    connection: Connection,
    parcel: Parcel,
    identity: AgentIdentity,
    portal_receipts: Collection[Receipt] | None,
    now: datetime,
) -> bytes:
    """The envelope to send: the one at hand, or a new one about the same plaintext, which is then
    kept in its place.

    Args:
        portal_receipts: the receipts of everything that the portal holds of this site, heard in
            this run; None if it was not asked.
    """
    if parcel.envelope is None or parcel.plaintext is None:
        raise LookupError(f"{parcel.period} revision {parcel.revision} is not sealed yet")
    header = envelope.parse(parcel.envelope).header
    today = now.date()
    key_is_taken = any(
        key.key_id == header.key_id and key.is_taken(today) for key in identity.directory.processing
    )
    in_force = key_is_taken and header.device_id == identity.device_id
    if (
        in_force
        or portal_receipts is None
        or any(receipt.envelope_digest == parcel.digest for receipt in portal_receipts)
    ):
        return parcel.envelope
    recipient = identity.directory.processing_key(today)
    outside = replace(header, key_id=recipient.key_id, device_id=identity.device_id)
    fresh = envelope.build(decode_report(parcel.plaintext), outside, identity.device_key, recipient)
    with transaction(connection):
        Outbox(connection).resealed(parcel, envelope=fresh, digest=envelope.digest(fresh), now=now)
    return fresh
