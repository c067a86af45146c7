"""A device's commitment to the data of a report, made before anything is drawn.

It binds the site to one `data_root` for a period and revision while its noise is still unknown: the
challenge that the portal answers (`benchmarks.wire.challenges`) is part of the key of every draw.
The root is salted on the site and opaque: neither the records nor their number can be told from it.

The digest is of what is committed to and not of who signed it: a site that had to enrol a new
device commits to the same data under the same digest, and gets the same challenge.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, ClassVar

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.records import VERSION, Fields, Identifier, Record, octets
from benchmarks.wire.schema import DIGEST_BYTES, PeriodName, Revision
from benchmarks.wire.signing import SIGNATURE_BYTES, DeviceKey, Purpose, VerifyingKey


@dataclass(frozen=True, slots=True)
class ReportCommitment(Record):
    """What is committed to: 32 bytes that stand for the batch records, pack, policy and software of
    one report.
    """

    WHERE: ClassVar[str] = "commitment"

    site: Identifier
    period: PeriodName
    revision: Revision
    data_root: Annotated[bytes, octets(DIGEST_BYTES)]

    @property
    def digest(self) -> str:
        """Its name in the log: SHA-256 over label and canonical content, lower-case hex."""
        return hashlib.sha256(Purpose.COMMITMENT.message(self.to_wire())).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedCommitment:
    """A parsed commitment: well-formed, and nothing more is known of it."""

    commitment: ReportCommitment
    device_id: str
    signature: bytes


def commit(commitment: ReportCommitment, device_id: str, key: DeviceKey) -> bytes:
    """The signed commitment in canonical CBOR. The same arguments always give the same bytes."""
    ReportCommitment.from_wire(commitment.to_wire())
    content = _content(commitment, device_id)
    return encode({**content, "signature": key.sign(Purpose.COMMITMENT, content)})


def parse(raw: bytes) -> SignedCommitment:
    """Read a commitment's structure.

    Raises:
        VerificationError: malformed bytes or fields.
    """
    fields = Fields(decode(raw))
    fields.version()
    commitment = ReportCommitment.from_wire(fields.map_of("commitment"))
    signed = SignedCommitment(
        commitment, fields.identifier("device_id"), fields.octets("signature", SIGNATURE_BYTES)
    )
    fields.done()
    return signed


def is_commitment(raw: bytes) -> bool:
    """Whether a file carried by hand is meant as a commitment, well-formed or not; for who takes
    both kinds at one door.
    """
    try:
        value = decode(raw)
    except VerificationError:
        return False
    return isinstance(value, dict) and "commitment" in value


def verify(signed: SignedCommitment, device: VerifyingKey) -> None:
    """Refuse a commitment that the device did not sign (`commitment-signature-invalid`)."""
    if not device.accepts(
        Purpose.COMMITMENT, _content(signed.commitment, signed.device_id), signed.signature
    ):
        raise VerificationError(
            "commitment-signature-invalid",
            Phrase(
                "The commitment was not signed by the device %(device)s, or was changed after it "
                "was signed.",
                device=signed.device_id,
            ),
            "Run submit again with the device that is enrolled for this site.",
        )


def _content(commitment: ReportCommitment, device_id: str) -> dict[str, Value]:
    return {"v": VERSION, "commitment": commitment.to_wire(), "device_id": device_id}
