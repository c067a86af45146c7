"""Taking a sealed envelope: everything that can be told from outside is checked, then it is stored, logged and receipted at once.

The order matters. What is malformed or from a stranger is refused before the database is written to; the rest happens in
one transaction that holds the log's head, so two envelopes for one revision cannot both get in, and a refusal leaves
no trace.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import transaction

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import envelope as envelopes
from benchmarks.wire import receipts
from benchmarks.wire.envelope import Envelope
from benchmarks.wire.logged import Kind
from benchmarks.wire.schema import Header
from benchmarks.wire.signing import ReceiptKey, VerifyingKey
from portal.accounts.models import Device, User
from portal.accounts.selectors import managed_sites
from portal.auditlog.models import Action
from portal.auditlog.services import record
from portal.catalogue.selectors import period_taking_reports
from portal.intake.models import Commitment, Submission
from portal.keys import PublishedDirectory
from portal.problems import RefusedError
from portal.translog import log

OPENING = "portal.opening.tasks.sweep"
"""The task that opens what was received; who has received something asks for it by name, for it lies in an app above."""

FIRST_REVISIONS = (0, 1)  # a site may count its revisions from either

SET_BACK = Phrase(
    "Put the newest copy of the state directory back and submit from there. If it is lost, enrol with a new token: docs/reporting.md "
    "says what can be reported then."
)


class Sender(Protocol):
    """What an envelope's header and a commitment have in common: whose it says it is."""

    @property
    def site(self) -> str: ...

    @property
    def device_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Received:
    """The submission, and whether this call stored it or an earlier one had."""

    submission: Submission
    created: bool


def receive(raw: bytes, directory: PublishedDirectory, key: ReceiptKey, now: datetime) -> Received:
    """Store a sealed envelope. The same bytes again give the same submission with the same receipt.

    Raises:
        VerificationError: malformed (`benchmarks.wire.envelope.parse`).
        RefusedError: `device-unknown`, `device-revoked`, `outer-signature-invalid` (401); `processing-key-unknown` (400);
            `period-not-open`, `revision-out-of-order`, `commitment-missing`, `ledger-sequence-wrong` (422); `revision-conflict`,
            `ledger-sequence-used` (409).
    """
    envelope = envelopes.parse(raw)
    device = device_of(envelope.header)
    if not _signed(envelope, device):
        raise RefusedError(
            401,
            "outer-signature-invalid",
            Phrase("The envelope was not signed by the device %(device)s, or was altered since.", device=envelope.header.device_id),
            "Submit again from the site's spool, with the device that is enrolled for this site.",
        )
    if known := Submission.objects.filter(digest=envelope.digest).first():
        return Received(known, created=False)
    _require_openable(envelope.header, device, directory, now)
    return _store(raw, envelope, device, key, now)


def receive_for(user: User, raw: bytes, directory: PublishedDirectory, key: ReceiptKey, now: datetime) -> Received:
    """As `receive`, for a person who carries a file: of their own plants only. Whose a file is stands on its outside.

    Raises:
        RefusedError: `not-your-site` (403), and what `receive` raises.
    """
    named = envelopes.parse(raw).header.site
    if not managed_sites(user).filter(slug=named).exists():
        raise RefusedError(
            403,
            "not-your-site",
            Phrase("This file was sealed for the site %(site)s, which is none of yours.", site=named),
            "Choose the file of your own plant, or let somebody of that plant hand this one in.",
        )
    return receive(raw, directory, key, now)


def device_of(header: Sender) -> Device:
    """The site's device that a message says it is from. RefusedError: `device-unknown`, `device-revoked` (401)."""
    device = None
    if identity := _uuid(header.device_id):
        device = Device.objects.select_related("site").filter(pk=identity, site__slug=header.site).first()
    if device is None:
        raise RefusedError(
            401,
            "device-unknown",
            Phrase("No device %(device)s is enrolled for the site %(site)s.", device=header.device_id, site=header.site),
            "Enrol this agent with a new token.",
        )
    if device.revoked_at is not None and Device.objects.filter(replaces=device).exists():
        raise RefusedError(
            401,
            "device-replaced",
            Phrase("The device %(device)s has a new key since; its old one signs nothing new.", device=header.device_id),
            "Submit from the state directory in which the key was rotated, not from an older copy of it.",
        )
    if device.revoked_at is not None:
        raise RefusedError(
            401,
            "device-revoked",
            Phrase("The device %(device)s was revoked.", device=header.device_id),
            "Ask for a new token and enrol with new device keys.",
        )
    return device


def _uuid(text: str) -> UUID | None:
    try:
        identity = UUID(text)
    except ValueError:
        return None
    return identity if str(identity) == text else None  # one spelling only: UUID also reads braces and urn:


def _signed(envelope: Envelope, device: Device) -> bool:
    public = VerifyingKey.from_hex(device.public_key)
    try:
        envelopes.verify_outer(envelope, public)
    except VerificationError:
        return False
    return True


def _require_openable(header: Header, device: Device, directory: PublishedDirectory, now: datetime) -> None:
    if not directory.takes(header.key_id, now.date()):
        raise RefusedError(
            400,
            "processing-key-unknown",
            "The envelope is sealed to a key that this portal does not list, or lists no more: nobody here could open it.",
            "Fetch the key directory again, then submit a new envelope.",
        )
    if period_taking_reports(device.site, header.period) is None:
        raise RefusedError(
            422,
            "period-not-open",
            Phrase("The portal takes no reports of %(period)s from the site %(site)s.", period=header.period, site=header.site),
            "Check --period; if it is right, ask the regulator to open the period for your peer group.",
        )


def _store(raw: bytes, envelope: Envelope, device: Device, key: ReceiptKey, now: datetime) -> Received:
    header = envelope.header
    with transaction.atomic():
        head = log.lock()
        if known := Submission.objects.filter(digest=envelope.digest).first():
            return Received(known, created=False)
        _require_turn(device, header)
        _require_commitment(device, header)
        _require_sequence(device, header)
        index = log.append(head, Kind.ENVELOPE, envelope.digest, now)
        submission = Submission.objects.create(
            digest=envelope.digest,
            site=device.site,
            period=header.period,
            revision=header.revision,
            device=device,
            key_id=header.key_id,
            ledger_sequence=header.ledger_sequence,
            envelope=raw,
            size_bytes=len(raw),
            receipt=receipts.issue(envelope.digest, header, index, log.day_of(now), key),
            log_index=index,
            received_at=now,
        )
        record(now, f"device {device.pk}", Action.SUBMISSION_RECEIVED, f"submission {envelope.digest}", str(submission))
    return Received(submission, created=True)


def _require_turn(device: Device, header: Header) -> None:
    """A revision not yet taken, and the next one; or a later one that was committed to: what lies between was given up by the site."""
    taken = set(Submission.objects.filter(site=device.site, period=header.period).values_list("revision", flat=True))
    if header.revision in taken:
        raise RefusedError(
            409,
            "revision-conflict",
            Phrase(
                "Another envelope for %(site)s, %(period)s, revision %(revision)s was taken already.",
                site=header.site,
                period=header.period,
                revision=header.revision,
            ),
            "Send that envelope again for its receipt, or the corrected report as the next revision.",
        )
    allowed = (max(taken) + 1,) if taken else FIRST_REVISIONS
    if header.revision in allowed:
        return
    committed = Commitment.objects.filter(site=device.site, period=header.period, revision=header.revision).exists()
    if header.revision < max(allowed) or not committed:
        raise RefusedError(
            422,
            "revision-out-of-order",
            Phrase(
                "Revision %(revision)s of %(site)s, %(period)s came before revision %(wanted)s.",
                revision=header.revision,
                site=header.site,
                period=header.period,
                wanted=max(allowed),
            ),
            "Send what is still in the spool first: revisions are taken one after the other.",
        )


def _require_commitment(device: Device, header: Header) -> None:
    """Something was committed to for this revision: the worker would open the report only to refuse it, and the revision be gone."""
    if not Commitment.objects.filter(site=device.site, period=header.period, revision=header.revision).exists():
        raise RefusedError(
            422,
            "commitment-missing",
            Phrase(
                "Nothing was committed to for %(site)s, %(period)s, revision %(revision)s before this report.",
                site=header.site,
                period=header.period,
                revision=header.revision,
            ),
            "Use the agent of this release, which commits to the data first and draws by the portal's challenge.",
        )


def _require_sequence(device: Device, header: Header) -> None:
    """The report's number in the site's ledger is that of its challenge, and no other report has it."""
    used = Submission.objects.filter(site=device.site, ledger_sequence=header.ledger_sequence).first()
    if used is not None:
        raise RefusedError(
            409,
            "ledger-sequence-used",
            Phrase(
                "The report is number %(sequence)s of the ledger of %(site)s, and so is that of %(period)s, revision %(revision)s, which "
                "was taken already: the two were drawn by ledgers that do not know of each other.",
                sequence=header.ledger_sequence,
                site=header.site,
                period=used.period,
                revision=used.revision,
            ),
            SET_BACK,
        )
    committed = Commitment.objects.filter(site=device.site, period=header.period, revision=header.revision).first()
    wanted = None if committed is None else committed.sequence
    if wanted is not None and wanted != header.ledger_sequence:
        raise RefusedError(
            422,
            "ledger-sequence-wrong",
            Phrase(
                "The report says that it is number %(found)s of the ledger of %(site)s; its challenge gave it number %(wanted)s.",
                found=header.ledger_sequence,
                site=header.site,
                wanted=wanted,
            ),
            SET_BACK,
        )
