"""Which steps' energy stands under an auditor's signed statement: the assured share of a footprint.

A statement is on a report's labels. It says nothing of CO2 factors, of output ratios or of what
lies outside the steps: the share is of the footprint whose *energy figures* an auditor looked at,
and is called so wherever it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from benchmarks.wire import attestations
from benchmarks.wire.attestations import (
    AttestationStatement,
    AttestationWithdrawal,
    Opinion,
    ReportSubject,
)
from benchmarks.wire.signing import key_id

MEANING = (
    "share of the footprint whose energy figures stand under a signed statement of an auditor; "
    "not of factors or of anything declared"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that holds for this site and period, with the key that signed it."""

    attestation: AttestationStatement
    key: str

    @property
    def steps(self) -> frozenset[str]:
        subject = self.attestation.subject
        return frozenset(subject.steps) if isinstance(subject, ReportSubject) else frozenset()

    def to_json(self) -> dict[str, Any]:
        attestation = self.attestation
        subject = attestation.subject
        assert isinstance(subject, ReportSubject)  # noqa: S101 - `holding` took no other
        return {
            "digest": attestation.digest,
            "body": attestation.body,
            "auditorKey": self.key,
            "opinion": str(attestation.opinion),
            "assurance": str(attestation.assurance),
            "steps": list(subject.steps),
            "report": {
                "period": subject.period,
                "revision": subject.revision,
                "envelopeSha256": subject.envelope_digest,
            },
            "issuedOn": attestation.issued_on.isoformat(),
            "validUntil": attestation.valid_until.isoformat(),
        }


def holding(
    files: Sequence[Path], auditors: Sequence[str], site: str, period: str, today: date
) -> tuple[Statement, ...]:
    """The statements that count: signed by one of these keys, of this site and period, in force,
    not withdrawn, and not adverse.

    Args:
        auditors: key ids that the certification bodies state; a statement names a key itself, and
            anybody can name their own. A body's auditors may take each other's statements back.

    Raises:
        InputError: `footprint-statement-unusable` with the file and why; VerificationError where a
            file is no signed statement.
    """
    read = [(path, attestations.read(_bytes(path))) for path in files]
    auditor_ids = {auditor.lower() for auditor in auditors}
    for path, signed in read:
        if (
            signer := key_id(signed.public_key)
        ) not in auditor_ids:  # a stranger takes nothing back either
            raise _unusable(path, signer, Phrase("a key given with --auditor"))
    withdrawn = {
        withdrawal.attestation
        for _, withdrawal in read
        if isinstance(withdrawal, AttestationWithdrawal)
    }
    usable = []
    for path, statement in read:
        if isinstance(statement, AttestationWithdrawal):
            continue
        subject = statement.subject
        if not isinstance(subject, ReportSubject) or (subject.site, subject.period) != (
            site,
            period,
        ):
            wanted = Phrase("one on %(site)s over %(period)s", site=site, period=period)
            raise _unusable(path, Phrase("a statement on something else"), wanted)
        if statement.digest in withdrawn:
            raise _unusable(
                path, Phrase("a statement that its auditor withdrew"), Phrase("one that holds")
            )
        if not statement.issued_on <= today <= statement.valid_until:
            valid = Phrase(
                "valid from %(first)s until %(last)s",
                first=statement.issued_on.isoformat(),
                last=statement.valid_until.isoformat(),
            )
            raise _unusable(path, valid, Phrase("one in force on %(day)s", day=today.isoformat()))
        if statement.opinion is not Opinion.ADVERSE:
            usable.append(Statement(statement, key_id(statement.public_key)))
    return tuple(usable)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as gone:
        raise _unusable(path, gone.strerror or str(gone), Phrase("a signed statement")) from gone


def _unusable(path: Path, found: str, wanted: str) -> InputError:
    return InputError(
        "footprint-statement-unusable",
        Phrase("The statement %(file)s does not assure any part of the footprint.", file=path.name),
        "Leave it out, or give a statement that is valid for this site and period, and the key "
        "that its certification body states.",
        place=Place(str(path)),
        found=found,
        wanted=wanted,
    )
