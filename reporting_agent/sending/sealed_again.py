"""A waiting report sealed once more, since its device was replaced or revoked, or the portal's key
that it was sealed to has run out.

Nothing is drawn and nothing spent: the very plaintext that was sealed is signed and sealed again,
under the device in force and to the key of the day. Only where the portal has just said what it
holds, and this report is not among it: two envelopes of one revision never reach it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from benchmarks.wire import envelope
from benchmarks.wire.receipts import Receipt
from benchmarks.wire.schema import decode_report
from reporting_agent.sending.enrolment import AgentIdentity
from reporting_agent.sending.kept_reports import Outbox, Parcel
from reporting_agent.state import transaction


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
