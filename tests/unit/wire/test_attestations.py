"""An auditor's statement: the file to sign and the signed one say the same, and nothing else passes
for either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from benchmarks.errors import VerificationError
from benchmarks.wire import attestations, canonical
from benchmarks.wire.attestations import (
    Assurance,
    AttestationStatement,
    AttestationWithdrawal,
    Opinion,
    Performance,
    PublicationSubject,
    ReportSubject,
)
from benchmarks.wire.signing import AuditorSigningKey, DeviceKey, Purpose

KEY, OTHER = AuditorSigningKey.generate(), AuditorSigningKey.generate()
STATEMENT = AttestationStatement(
    subject=ReportSubject("works-2", "2025", 1, "ab" * 32, ("clinker-burning", "raw-meal")),
    body="Certification Body North",
    auditor="Chen Jia",
    opinion=Opinion.QUALIFIED,
    assurance=Assurance.REASONABLE,
    boundary="From the quarry's scale to the clinker silo.",
    materiality=Fraction(1, 20),
    checked="60 records against the plant's own log; the meters' calibration.",
    not_checked="The power plant beside the kiln. 自备电厂。",
    issued_on=date(2026, 5, 4),
    valid_until=date(2029, 5, 3),
    surveillance_on=date(2027, 5, 4),
    performance=Performance("sep", "gold", "2022", Fraction(113, 1000)),
    public_key=KEY.public_bytes,
)
OF_A_VERSION = replace(
    STATEMENT,
    subject=PublicationSubject("cement", "dry-process", "2025", 2, "cd" * 32),
    performance=None,
    surveillance_on=None,
)
TAKEN_BACK = AttestationWithdrawal(
    STATEMENT.digest,
    "The calibration record was of another meter.",
    date(2026, 6, 1),
    KEY.public_bytes,
)


def code_of(attempt: Callable[[], object]) -> str:
    with pytest.raises(VerificationError) as refusal:
        attempt()
    return refusal.value.code


def edited(raw: bytes, change: Callable[[Any], object]) -> bytes:
    content: Any = canonical.decode(raw)
    change(content)
    return canonical.encode(content)


@pytest.mark.parametrize("statement", [STATEMENT, OF_A_VERSION, TAKEN_BACK])
def test_what_is_given_out_and_what_comes_back_say_the_same(
    statement: AttestationStatement | AttestationWithdrawal,
) -> None:
    unsigned = attestations.unsigned(statement)
    assert attestations.parse(unsigned) == attestations.SignedStatement(statement, None)
    assert code_of(lambda: attestations.read(unsigned)) == "attestation-unsigned"
    signed = attestations.sign(unsigned, KEY)
    assert attestations.sign(unsigned, KEY) == signed
    assert attestations.read(signed) == statement
    assert attestations.parse(signed).statement.digest == statement.digest


def test_another_key_does_not_sign_it_and_a_changed_word_is_found() -> None:
    unsigned = attestations.unsigned(STATEMENT)
    assert code_of(lambda: attestations.sign(unsigned, OTHER)) == "attestation-of-another-key"
    signed = attestations.sign(unsigned, KEY)
    better = edited(signed, lambda content: content["attestation"].update(opinion="unqualified"))
    assert code_of(lambda: attestations.read(better)) == "attestation-signature-invalid"
    stolen = edited(
        signed, lambda content: content["attestation"].update(public_key=OTHER.public_bytes)
    )
    assert code_of(lambda: attestations.read(stolen)) == "attestation-signature-invalid"


def test_a_signature_over_one_statement_is_none_over_another() -> None:
    """The signature of a withdrawal, put under an attestation of the same key, counts for nothing;
    a device's key signs neither.
    """
    withdrawal = canonical.decode(attestations.sign(attestations.unsigned(TAKEN_BACK), KEY))
    assert isinstance(withdrawal, dict)
    mixed = edited(
        attestations.unsigned(STATEMENT),
        lambda content: content.update(signature=withdrawal["signature"]),
    )
    assert code_of(lambda: attestations.read(mixed)) == "attestation-signature-invalid"
    with pytest.raises(ValueError, match="does not sign"):
        DeviceKey.generate().sign(Purpose.ATTESTATION, STATEMENT.content)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"valid_until": "2026-05-04"}, "valid_until"),
        ({"surveillance_on": "2030-01-01"}, "surveillance_on"),
        ({"surveillance_on": "2026-05-04"}, "surveillance_on"),
        ({"opinion": "splendid"}, "opinion"),
        ({"assurance": "absolute"}, "assurance"),
        ({"materiality": [1, 1]}, "materiality"),
        ({"materiality": [0, 1]}, "materiality"),
        ({"checked": ""}, "checked"),
        ({"checked": "two\nlines"}, "checked"),
        ({"public_key": b"short"}, "public_key"),
    ],
)
def test_what_makes_no_sense_is_not_read(change: dict[str, Any], field: str) -> None:
    with pytest.raises(VerificationError, match=field):
        attestations.parse(
            edited(
                attestations.unsigned(STATEMENT),
                lambda content: content["attestation"].update(change),
            )
        )


@pytest.mark.parametrize("steps", [[], ["raw-meal", "raw-meal"], ["raw meal"]])
def test_steps_are_named_each_once(steps: list[str]) -> None:
    with pytest.raises(VerificationError, match="steps"):
        attestations.parse(
            edited(
                attestations.unsigned(STATEMENT),
                lambda content: content["attestation"]["report"].update(steps=steps),
            )
        )


def test_unknown_fields_and_endless_files_are_refused() -> None:
    unsigned = attestations.unsigned(STATEMENT)
    assert (
        code_of(
            lambda: attestations.parse(edited(unsigned, lambda content: content.update(note="x")))
        )
        == "field-unknown"
    )
    assert (
        code_of(lambda: attestations.parse(bytes(attestations.MOST_BYTES + 1)))
        == "attestation-too-large"
    )
