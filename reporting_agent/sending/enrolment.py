"""Enrolment: device keys registered with a one-time token, the site's seed made once, the portal's
key directory kept and renewed.

Durable before anything is sent: keys are whole files, and the row that says for which token they
were made is committed, before the portal is asked. Killed afterwards, the same command with the
same token sends the same keys again, and the portal gives the same answer. The token itself is not
kept, only its SHA-256.

The site's seed is made once and never again, whatever is enrolled later: the portal holds its
commitment, and noise drawn from another seed would let a plant choose its luck.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.errors import InputError, VerificationError
from benchmarks.phrases import Phrase
from benchmarks.privacy import randomness
from benchmarks.wire import directory as key_directory
from benchmarks.wire.directory import Directory, EnrolmentSecret
from benchmarks.wire.signing import DeviceKey, VerifyingKey
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
