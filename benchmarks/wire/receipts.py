"""The portal's signed answer: this envelope was taken, on this day, at this place in the log.

A receipt echoes the envelope's header, so a site whose ledger was restored from a backup can see
what the portal already holds and refuses to spend below it. Ed25519 is deterministic: issuing again
from the same row gives the same bytes, so the same envelope always brings the same receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from benchmarks.errors import VerificationError
from benchmarks.wire import envelope
from benchmarks.wire.records import Day, DigestHex, Natural, Record, nested
from benchmarks.wire.schema import Header
from benchmarks.wire.signed import Signed
from benchmarks.wire.signing import Purpose, ReceiptKey, VerifyingKey


@dataclass(frozen=True, slots=True)
class Receipt(Record):
    """What the portal attests. `received_on` is a date: the wire carries no times of day."""

    WHERE: ClassVar[str] = "receipt"

    envelope_digest: DigestHex
    header: Annotated[Header, nested(Header)]
    log_index: Natural
    received_on: Day
    key_id: DigestHex


RECEIPT = Signed(
    Receipt,
    Purpose.RECEIPT,
    lambda: VerificationError(
        "receipt-signature-invalid",
        "The receipt was not signed by a receipt key of this portal.",
        "Fetch the portal's key directory again. If the receipt is still not valid, ask the "
        "coordinator.",
    ),
)
read = RECEIPT.read


def issue(
    envelope_digest: str, header: Header, log_index: int, received_on: date, key: ReceiptKey
) -> bytes:
    """A signed receipt."""
    return RECEIPT.issue(Receipt(envelope_digest, header, log_index, received_on, key.key_id), key)


def verify(raw: bytes, keys: Mapping[str, VerifyingKey], sent: bytes) -> Receipt:
    """A receipt for exactly the envelope `sent`.

    Raises:
        VerificationError: as `read`, and `receipt-for-another` where digest or header are not the
            envelope's.
    """
    receipt = read(raw, keys)
    parsed = envelope.parse(sent)
    if (receipt.envelope_digest, receipt.header) != (parsed.digest, parsed.header):
        raise VerificationError(
            "receipt-for-another",
            "The receipt is for a different envelope from the one that was sent.",
            "Submit again. The portal answers the same envelope with its own receipt.",
        )
    return receipt
