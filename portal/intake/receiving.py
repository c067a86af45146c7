"""Taking a sealed envelope: whose device it is from and all else that can be told from outside is
checked, before it is stored.

The order matters. What is malformed or from a stranger is refused before the database is written
to; the rest happens in one transaction (`storing`), and a refusal leaves no trace.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import connection

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import envelope as envelopes
from benchmarks.wire.signing import ReceiptKey, VerifyingKey
from portal import tracing
from portal.accounts.models import Device, Site, User
from portal.accounts.selectors import managed_sites
from portal.intake.storing import ReportArrival, StoredReport, store
from portal.keys import PublishedDirectory
from portal.problems import RefusedError
from portal.statements import fetched
from portal.translog import kept_heads, log, restarts

OPENING = "portal.opening.tasks.sweep"
"""The task that opens what was received; who has received something asks for it by name, for it
lies in an app above.
"""


def receive(
    raw: bytes, directory: PublishedDirectory, key: ReceiptKey, now: datetime
) -> StoredReport:
    """Store a sealed envelope. The same bytes again give the same submission with the same receipt.

    Raises:
        VerificationError: malformed (`benchmarks.wire.envelope.parse`).
        RefusedError: `device-unknown`, `device-revoked`, `device-replaced`, `device-lost`,
            `outer-signature-invalid` (401); `processing-key-unknown` (400); `period-not-open`,
            `revision-out-of-order`, `commitment-missing`,
            `ledger-sequence-wrong` (422); `revision-conflict`, `ledger-sequence-used` (409).
    """
    with tracing.received(sha256(raw).digest()):
        return _received(raw, directory, key, now)


def _received(
    raw: bytes, directory: PublishedDirectory, key: ReceiptKey, now: datetime
) -> StoredReport:
    envelope = envelopes.parse(raw)
    device = device_named(envelope.header.device_id, envelope.header.site)
    try:
        envelopes.verify_outer(envelope, VerifyingKey.from_hex(device.public_key))
    except VerificationError as refusal:
        raise RefusedError(401, refusal.code, refusal.sentence, refusal.remedy) from refusal
    with tracing.step("store"):
        received = store(ReportArrival(raw, envelope, device, directory, key, now))
    kept_heads.keep(received.submission.log_index + 1)  # the receipt says it
    return received


def receive_for(
    user: User, raw: bytes, directory: PublishedDirectory, key: ReceiptKey, now: datetime
) -> StoredReport:
    """As `receive`, for a person who carries a file: of their own plants only. Whose a file is
    stands on its outside.

    Raises:
        RefusedError: `not-your-site` (403), and what `receive` raises.
    """
    named = envelopes.parse(raw).header.site
    if not managed_sites(user).filter(slug=named).exists():
        raise RefusedError(
            403,
            "not-your-site",
            Phrase(
                "This file was sealed for the site %(site)s, which is not one of yours.", site=named
            ),
            "Choose the file of your own plant, or ask somebody from that plant to submit this "
            "one.",
        )
    return receive(raw, directory, key, now)


def device_named(device_id: str, site: str | None = None) -> Device:
    """The device of that id, where a site is named of that site alone.

    Raises:
        RefusedError: `device-unknown`, `device-revoked`, `device-replaced`, `device-lost` (401).
    """
    device = None
    if identity := _uuid(device_id):
        device = _device_in_use(identity)
        if device is not None and site in (None, device.site.slug):
            return device
        rows = Device.objects.select_related("site").filter(pk=identity)
        device = (rows if site is None else rows.filter(site__slug=site)).first()
    if device is None:
        raise _device_unknown(device_id)
    if device.revoked_at is not None and Device.objects.filter(replaces=device).exists():
        raise RefusedError(
            401,
            "device-replaced",
            Phrase(
                "The device %(device)s now has a new key. Its old key can sign nothing new.",
                device=device_id,
            ),
            "Submit from the state directory in which the key was rotated, not from an older copy "
            "of it.",
        )
    if device.revoked_at is not None:
        raise RefusedError(
            401,
            "device-revoked",
            Phrase("The device %(device)s was revoked.", device=device_id),
            "Ask for a new token and enrol with new device keys.",
        )
    return device


IN_USE = """
SELECT d.public_key, s.id, s.slug, s.pack
FROM accounts_device d JOIN accounts_site s ON s.id = d.site_id
WHERE d.id = %s AND d.revoked_at IS NULL
"""


def _device_in_use(identity: UUID) -> Device | None:
    """The device that was not revoked, with what every report needs of it and its site: Django
    reads the rest when it is asked for.
    """
    number = Device._meta.pk.get_db_prep_value(identity, connection)
    for public_key, site_id, slug, pack in fetched(IN_USE, (number,)):
        device = Device.from_db(
            connection.alias,
            ("id", "site_id", "public_key", "revoked_at"),
            (identity, site_id, public_key, None),
        )
        device.site = Site.from_db(connection.alias, ("id", "slug", "pack"), (site_id, slug, pack))
        return device
    return None


def _device_unknown(named: str) -> RefusedError:
    """401; with what happened, where the portal was set back by a restore since."""
    if (on := restarts.last()) is None:
        return RefusedError(
            401,
            "device-unknown",
            Phrase("No device %(device)s is enrolled here.", device=named),
            "Enrol this agent with a new token.",
        )
    return RefusedError(
        401,
        "device-lost",
        Phrase(
            "No device %(device)s is enrolled here. The portal was restored from a backup on "
            "%(day)s and knows no device that was "
            "enrolled after that backup was made.",
            device=named,
            day=log.day_of(on).isoformat(),
        ),
        "Keep the state directory: seed, ledger and sealed reports remain valid. Ask for a new "
        "token, run `enrol --replace --token "
        "TOKEN` on it, then submit: this submits again what the portal lost.",
    )


def _uuid(text: str) -> UUID | None:
    try:
        identity = UUID(text)
    except ValueError:
        return None
    return (
        identity if str(identity) == text else None
    )  # one spelling only: UUID also reads braces and urn:
