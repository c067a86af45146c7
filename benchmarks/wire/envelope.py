"""The envelope that leaves a plant: signed inside, sealed and signed outside; its digest, and how
it is read, verified and opened.

    {v, header, sealed, signature}                          anyone sees this
        sealed = HPKE(pad({report, signature}))             only the portal's worker opens this
            report = the canonical bytes of schema.Report

The outer signature lets the web tier refuse a stranger before it stores anything. The inner one
proves to the worker that the same device wrote the content for this key, site, period and revision:
a sealed report taken out of its envelope and signed anew by another enrolled device opens for
nobody. Functions are ordered so that they cannot be called in an unsafe order: `open` checks the
outer signature itself before the key touches the ciphertext.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import MAX_ENVELOPE_BYTES
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.records import VERSION, Fields, malformed
from benchmarks.wire.schema import Header, Report, decode_report, encode_report
from benchmarks.wire.sealing import SEALED_SIZES, ProcessingKey, ProcessingPublicKey, seal, unseal
from benchmarks.wire.signing import SIGNATURE_BYTES, DeviceKey, Purpose, VerifyingKey


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed envelope: well-formed, and nothing more is known of it. `digest` is SHA-256 of its
    bytes, hex.
    """

    header: Header
    sealed: bytes
    signature: bytes
    digest: str


def build(
    report: Report, header: Header, device_key: DeviceKey, recipient: ProcessingPublicKey
) -> bytes:
    """Sign, seal and sign again. Keep the bytes: sealing anew gives another envelope, which the
    portal takes for a conflict.

    Raises:
        VerificationError: `header-mismatch`, `key-mismatch`, `report-too-long`, or a field that
            does not fit the schema.
    """
    Header.from_wire(header.to_wire())
    _require_same_subject(header, report)
    written = encode_report(report)
    signature = device_key.sign(Purpose.REPORT, _inner_content(header, written))
    sealed = seal(recipient, header, encode({"report": written, "signature": signature}))
    outer = device_key.sign(Purpose.ENVELOPE, _outer_content(header, sealed))
    return encode({"v": VERSION, "header": header.to_wire(), "sealed": sealed, "signature": outer})


def parse(raw: bytes) -> Envelope:
    """Read an envelope's structure, its size first.

    Raises:
        VerificationError: `envelope-too-large`, then `cbor-malformed`, `cbor-not-canonical`,
            `field-missing`, `field-unknown`, `field-malformed`, `period-not-canonical`.
    """
    if len(raw) > MAX_ENVELOPE_BYTES:
        raise VerificationError(
            "envelope-too-large",
            Phrase(
                "The envelope has %(size)s bytes; at most %(most)s are accepted.",
                size=f"{len(raw):,}",
                most=f"{MAX_ENVELOPE_BYTES:,}",
            ),
            "Send one envelope as the agent wrote it.",
        )
    fields = Fields(decode(raw))
    fields.version()
    header = Header.from_wire(fields.map_of("header"))
    sealed = fields.octets("sealed")
    if len(sealed) not in SEALED_SIZES:
        raise malformed(
            "sealed",
            Phrase("of one of the fixed sizes %(sizes)s", sizes=", ".join(map(str, SEALED_SIZES))),
        )
    signature = fields.octets("signature", SIGNATURE_BYTES)
    fields.done()
    return Envelope(header, sealed, signature, digest(raw))


def digest(raw: bytes) -> str:
    """The envelope's name everywhere: SHA-256 of its bytes, lower-case hex."""
    return hashlib.sha256(raw).hexdigest()


def verify_outer(envelope: Envelope, device: VerifyingKey) -> None:
    """Refuse an envelope that the device did not sign (`outer-signature-invalid`)."""
    if not device.accepts(
        Purpose.ENVELOPE, _outer_content(envelope.header, envelope.sealed), envelope.signature
    ):
        raise VerificationError(
            "outer-signature-invalid",
            Phrase(
                "The envelope was not signed by the device %(device)s, or was changed after it "
                "was signed.",
                device=envelope.header.device_id,
            ),
            "Submit again from the site's spool, with the device that is enrolled for this site.",
        )


def open(envelope: Envelope, key: ProcessingKey, device: VerifyingKey) -> Report:  # noqa: A001  # read as `envelope.open(...)`
    """Verify outside, unseal, verify inside, read: in this order, each before the next.

    Raises:
        VerificationError: `outer-signature-invalid`, `key-mismatch`, `seal-broken`,
            `padding-malformed`, `inner-signature-invalid`, `header-mismatch`, or what
            `decode_report` refuses.
    """
    verify_outer(envelope, device)
    fields = Fields(decode(unseal(key, envelope.header, envelope.sealed)), "sealed")
    written = fields.octets("report")
    signature = fields.octets("signature", SIGNATURE_BYTES)
    fields.done()
    if not device.accepts(Purpose.REPORT, _inner_content(envelope.header, written), signature):
        raise VerificationError(
            "inner-signature-invalid",
            "The report inside the envelope was signed by another key, or for another site, "
            "period, revision or recipient.",
            "Submit again with the device that is enrolled for this site. A report from another "
            "envelope is never accepted.",
        )
    report = decode_report(written)
    _require_same_subject(envelope.header, report)
    return report


def _inner_content(header: Header, written: bytes) -> Value:
    """Header (recipient key id, site, period, revision, device, ledger sequence) and content."""
    return {"header": header.to_wire(), "report": written}


def _outer_content(header: Header, sealed: bytes) -> Value:
    return {"v": VERSION, "header": header.to_wire(), "sealed": sealed}


def _require_same_subject(header: Header, report: Report) -> None:
    outside = (header.site, header.period, header.revision)
    inside = (report.released.site, report.released.period, report.released.revision)
    if outside != inside:
        raise VerificationError(
            "header-mismatch",
            Phrase(
                "The header names %(site)s %(period)s revision %(revision)s, but the report "
                "inside names %(inner_site)s "
                "%(inner_period)s revision %(inner_revision)s.",
                site=header.site,
                period=header.period,
                revision=header.revision,
                inner_site=report.released.site,
                inner_period=report.released.period,
                inner_revision=report.released.revision,
            ),
            "Build the envelope again. The header and the report must name the same site, period "
            "and revision.",
        )
