"""A new device key that the old one vouches for; and periods closed that the portal holds from
another state directory.

Durable like enrolment: the new key is a whole file, and the row that says which device it follows
is committed, before the portal is asked. Killed afterwards, the same command sends the same two
keys again and gets the same answer. The seed stays: a new key is no way to new noise. What was
sealed under the old key goes out first, for the portal takes nothing new from it; what the portal
refused is sealed again under the new one when it is sent again.
"""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime

from benchmarks.errors import InputError, Unreachable
from benchmarks.phrases import Phrase
from benchmarks.wire import challenges, device_requests
from benchmarks.wire import directory as key_directory
from benchmarks.wire.signing import DeviceKey
from reporting_agent.sending import enrolment
from reporting_agent.sending.closed_periods import ClosedPeriods, commitment_digests
from reporting_agent.sending.enrolment import Enrolment
from reporting_agent.sending.kept_reports import Outbox
from reporting_agent.sending.transport import Portal
from reporting_agent.state import StateDirectory, transaction


def in_force(state: StateDirectory, connection: sqlite3.Connection) -> Enrolment:
    """The enrolment whose key is to be replaced. InputError `not-enrolled`."""
    present = enrolment.current(connection)
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
    agent_identity = enrolment.identity(state, connection, str(enrolment_.site))

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
