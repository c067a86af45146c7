"""An auditor's signed statement or withdrawal: whose, and of which report; and the auditor's own
keys under one password.

An auditor's own keys, in one file under one password: an Ed25519 key that signs draws and
statements, and a key that openings are sealed to. The portal and the plants are given the public
halves only.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

from benchmarks.audit.evidence import CheckOutcome, check_held, failed, not_checkable
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase, joined
from benchmarks.wire import attestations, sealing
from benchmarks.wire.attestations import (
    AttestationStatement,
    AttestationWithdrawal,
    Opinion,
    ReportSubject,
)
from benchmarks.wire.sealing import ProcessingKey
from benchmarks.wire.signing import AuditorSigningKey, key_id

_OPINIONS = {
    Opinion.UNQUALIFIED: Phrase("without reservation"),
    Opinion.QUALIFIED: Phrase("with reservations"),
    Opinion.ADVERSE: Phrase("adverse opinion"),
}


def statement_signed(raw: bytes, auditor: str | None, envelopes: Set[str]) -> CheckOutcome:
    """Whether the auditor's key signed it, and whether it is of the report that a receipt at hand
    is for.

    Args:
        auditor: key id that the certification body states; a statement names a key itself, and
            anybody can name their own.
        envelopes: digests of the reports whose receipts were verified.
    """
    code = "statement-signed"
    try:
        statement = attestations.read(raw)
    except VerificationError:
        return failed(
            code,
            Phrase(
                "The statement was not signed with the key that it names, or was changed after it "
                "was signed."
            ),
            Phrase(
                "Download it again from the page of its code. If the fault remains, ask the "
                "certification body for the statement."
            ),
        )
    signer = key_id(statement.public_key)
    if auditor is None:
        return not_checkable(
            code,
            Phrase(
                (
                    "The statement is signed with the key %(key)s, which the statement itself "
                    "names. It was not stated whose key that is."
                ),
                key=signer,
            ),
            Phrase(
                "With --auditor, give the key id that the certification body states. Get it from "
                "the body, not from the statement."
            ),
        )
    if signer != auditor.lower():
        return failed(
            code,
            Phrase(
                "The statement is signed with the key %(key)s, which is not the auditor's.",
                key=signer,
            ),
            Phrase(
                "Ask the certification body whether it signed this statement, and with which key."
            ),
        )
    if (
        envelopes
        and isinstance(statement, AttestationStatement)
        and _of_another(statement, envelopes)
    ):
        return failed(
            code,
            Phrase("The statement refers to a different report or revision from the receipt."),
            Phrase(
                "Give the receipt of the report that the statement names, or ask for a statement "
                "on this report."
            ),
        )
    return check_held(code, _sentence(statement))


def _of_another(statement: AttestationStatement, envelopes: Set[str]) -> bool:
    return (
        isinstance(statement.subject, ReportSubject)
        and statement.subject.envelope_digest not in envelopes
    )


def _sentence(statement: AttestationStatement | AttestationWithdrawal) -> Phrase:
    if isinstance(statement, AttestationWithdrawal):
        return Phrase(
            "The auditor withdrew the statement %(digest)s on %(day)s.",
            digest=f"{statement.attestation[:16]}…",
            day=statement.withdrawn_on.isoformat(),
        )
    subject = statement.subject
    where = (
        f"{subject.site}/{subject.period}/{subject.revision}"
        if isinstance(subject, ReportSubject)
        else f"{subject.pack}/{subject.route}/{subject.period}/v{subject.version}"
    )
    signed = Phrase(
        "The auditor signed this statement on %(subject)s (%(opinion)s) on %(day)s, valid until "
        "%(until)s; SHA-256 %(digest)s.",
        subject=where,
        opinion=_OPINIONS[statement.opinion],
        day=statement.issued_on.isoformat(),
        until=statement.valid_until.isoformat(),
        digest=f"{statement.digest[:16]}…",
    )
    if statement.sample is not None:
        verdict = statement.sample.verdict.sentence
        told = Phrase("Of the opening it says: %(verdict)s", verdict=verdict)
        signed = joined(signed, told)
    if statement.reason is not None:
        why = Phrase(
            "Why the opinion differs from these checks: %(reason)s", reason=statement.reason
        )
        signed = joined(signed, why)
    return signed


_PEM_BLOCK = re.compile(rb"-----BEGIN [^-]+-----.*?-----END [^-]+-----\n?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AuditorKeys:
    """Both halves of both keys."""

    signing: AuditorSigningKey
    sealing: ProcessingKey

    @classmethod
    def generate(cls) -> AuditorKeys:
        """New keys from the operating system's randomness. Called at entrances only."""
        return cls(AuditorSigningKey.generate(), sealing.generate())

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes) -> AuditorKeys:
        """Read them back.

        Raises:
            VerificationError: `key-unreadable`: damaged, other keys, or not this password.
        """
        blocks = _PEM_BLOCK.findall(pem)
        if len(blocks) < 2:
            raise VerificationError(
                "key-unreadable",
                "The auditor's keys cannot be read.",
                "Check that the file is the one that `steplabel-agent audit` wrote, and that it "
                "is complete.",
            )
        return cls(
            AuditorSigningKey.from_pem(blocks[0], password),
            ProcessingKey.from_pem(b"".join(blocks[1:]), password),
        )

    def to_pem(self, password: bytes) -> bytes:
        return self.signing.to_pem(password) + self.sealing.to_pem(password)

    @property
    def public(self) -> dict[str, str]:
        """What may be shown to everybody, in hex digits."""
        return {
            "public_key": self.signing.public.hex,
            "fingerprint": self.signing.key_id,
            "sealing_key": self.sealing.public_bytes.hex(),
            "sealing_key_id": self.sealing.key_id,
        }
