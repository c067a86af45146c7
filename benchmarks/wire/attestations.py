"""The verdict of an opening, an auditor's opinion, signed with the auditor's own key, and its
withdrawal.

One verdict stands in the auditor's report, in the summary that goes to the portal and in the
statement that is signed, and one sentence follows from it for all of them.

The portal draws the statement up, the auditor reads and signs it on another machine, and the portal
takes the signed file back: the same canonical bytes with a signature beside them, so that what is
unsigned and what is signed cannot say different things. The public key stands inside; that it is
the auditor's is told by its fingerprint, which the certification body states (ISO/IEC 17029, 9.7).

Opinions and levels of assurance are those of ISO 14064-3:2019, 5.1.7 and 9: a limited assurance is
worded as what was not found, a reasonable one as what was.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase, joined, listed
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.records import (
    DAY,
    VERSION,
    Day,
    DigestHex,
    FieldKind,
    Fields,
    Identifier,
    Natural,
    Rational,
    Record,
    malformed,
    names,
    nested,
    octets,
    optional,
    rational_to_wire,
    whole,
    words,
)
from benchmarks.wire.schema import MOST_REVISIONS, PeriodName, Revision
from benchmarks.wire.signing import (
    PUBLIC_BYTES,
    SIGNATURE_BYTES,
    AuditorSigningKey,
    Purpose,
    VerifyingKey,
)

MOST_CHECKS = 100
CHECK_CODE = re.compile(r"[a-z][a-z-]{0,59}")
BINDING = {True: "bound", False: "not-bound"}
_BINDINGS = re.compile("|".join(BINDING.values()))


class EvidenceLimit(StrEnum):
    """What the evidence at hand cannot show, however its checks come out."""

    ENERGY_BY_BATCH = "energy-by-batch"
    ENERGY_FROM_ROWS = "energy-from-rows"
    OUTPUT_FROM_ROWS = "output-from-rows"
    SINGLE_RECORDS = "single-records"


class VerdictState(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_VERIFIED = "not-verified"


CANNOT_SHOW: dict[EvidenceLimit, Phrase] = {
    EvidenceLimit.ENERGY_BY_BATCH: Phrase(
        "the energy of each batch, which only the plant's own rows give"
    ),
    EvidenceLimit.ENERGY_FROM_ROWS: Phrase(
        "the energy that no meter counts, which only the plant's own rows give"
    ),
    EvidenceLimit.OUTPUT_FROM_ROWS: Phrase(
        "the output of each batch, for which there are no scale records"
    ),
    EvidenceLimit.SINGLE_RECORDS: Phrase(
        "every single record, because a sample finds shares of misstated ones"
    ),
}
SEE_ON_SITE: dict[EvidenceLimit, Phrase] = {
    EvidenceLimit.ENERGY_BY_BATCH: Phrase(
        "the rows of energy in the plant's own systems, and their sum beside bills"
    ),
    EvidenceLimit.ENERGY_FROM_ROWS: Phrase(
        "the rows of energy in the plant's own systems, and their sum beside bills"
    ),
    EvidenceLimit.OUTPUT_FROM_ROWS: Phrase("the output in the plant's weighing or sales records"),
    EvidenceLimit.SINGLE_RECORDS: Phrase("the whole label, recomputed from the plant's files"),
}


def _bound(fields: Fields, name: str) -> bool:
    return fields.matching(name, _BINDINGS, Phrase("bound or not-bound")) == BINDING[True]


def _codes(fields: Fields, name: str) -> tuple[str, ...]:
    named = (Fields({"code": code}, fields.path(name)) for code in fields.items(name, MOST_CHECKS))
    return tuple(entry.matching("code", CHECK_CODE, Phrase("codes of checks")) for entry in named)


def _limits(fields: Fields, name: str) -> tuple[EvidenceLimit, ...]:
    pattern = re.compile("|".join(EvidenceLimit))
    wanted = Phrase("limits of the evidence: %(limits)s", limits=", ".join(EvidenceLimit))
    named = (
        Fields({"limit": limit}, fields.path(name))
        for limit in fields.items(name, len(EvidenceLimit))
    )
    return tuple(EvidenceLimit(entry.matching("limit", pattern, wanted)) for entry in named)


Codes = Annotated[tuple[str, ...], FieldKind(_codes, list)]


@dataclass(frozen=True, slots=True)
class SampleVerdict(Record):
    """How the checks of an opening came out that were asked for: how many held, and the codes of
    those that failed or could not be made. `bound` says whether what was opened was shown to be the
    report that the portal accepted.
    """

    bound: Annotated[bool, FieldKind(_bound, BINDING.__getitem__, "binding")]
    held: Annotated[int, whole(0, MOST_CHECKS)]
    failed: Codes
    not_checkable: Codes
    limits: Annotated[
        tuple[EvidenceLimit, ...],
        FieldKind(_limits, lambda limits: [limit.value for limit in limits]),
    ]

    @property
    def state(self) -> VerdictState:
        if self.failed:
            return VerdictState.FAILED
        return (
            VerdictState.PASSED
            if self.bound and not self.not_checkable
            else VerdictState.NOT_VERIFIED
        )

    @property
    def sentence(self) -> Phrase:
        """What was asked and how it came out, what this evidence cannot show, and what is still to
        be seen on site: the same words wherever the verdict stands.
        """
        told = self._outcome()
        if self.state is not VerdictState.PASSED and not self.bound:
            unbound = Phrase(
                "It is not shown that the opened report is the one that the portal accepted."
            )
            told = joined(told, unbound)
        if self.limits:
            shown = dict.fromkeys(SEE_ON_SITE[limit] for limit in self.limits)
            hidden = Phrase(
                "This evidence cannot show: %(what)s.",
                what=listed(CANNOT_SHOW[limit] for limit in self.limits),
            )
            see = Phrase("Still to be seen on site: %(what)s.", what=listed(shown))
            told = joined(joined(told, hidden), see)
        return told

    def _outcome(self) -> Phrase:
        counts = {
            "held": f"{self.held:,}",
            "failed": f"{len(self.failed):,}",
            "missing": f"{len(self.not_checkable):,}",
            "all": f"{self.held + len(self.failed) + len(self.not_checkable):,}",
        }
        if self.failed and self.not_checkable:
            return Phrase(
                "FAILED: %(failed)s of %(all)s checks that were asked for; %(held)s passed, "
                "%(missing)s could not be made.",
                **counts,
            )
        if self.failed:
            return Phrase(
                "FAILED: %(failed)s of %(all)s checks that were asked for; %(held)s passed.",
                **counts,
            )
        if self.state is VerdictState.NOT_VERIFIED:
            return Phrase(
                "NOT VERIFIED: %(held)s of %(all)s checks that were asked for passed; %(missing)s "
                "could not be made.",
                **counts,
            )
        return Phrase(
            "All %(all)s checks that were asked for passed. The opened report is the one that the "
            "portal accepted.",
            **counts,
        )


MOST_STEPS = 64
LONGEST_NAME = 200
LONGEST_TEXT = 2000
MOST_BYTES = 65_536
"""No file of this kind is longer: five texts of 2,000 characters of at most four bytes each, 64
steps, and room.
"""


class Opinion(StrEnum):
    UNQUALIFIED = "unqualified"
    QUALIFIED = "qualified"
    ADVERSE = "adverse"


class Assurance(StrEnum):
    REASONABLE = "reasonable"
    LIMITED = "limited"


def contradicts(opinion: Opinion, assurance: Assurance, verdict: SampleVerdict) -> bool:
    """Whether the opinion is not one that follows from the verdict of the opening, so that its
    signer has to say why.

    Reasonable assurance rests on evidence (ISO 14064-3:2019, 5.1.7): of energy that only the
    plant's own rows give, an opening is none.
    """
    if opinion is Opinion.ADVERSE:
        return verdict.state is VerdictState.PASSED
    if verdict.state is VerdictState.FAILED:
        return True
    if opinion is Opinion.UNQUALIFIED and verdict.state is not VerdictState.PASSED:
        return True
    by_rows = EvidenceLimit.ENERGY_BY_BATCH in verdict.limits
    return assurance is Assurance.REASONABLE and by_rows


def _share(fields: Fields, name: str) -> Fraction:
    share = fields.rational(name)
    if not 0 < share < 1:
        raise malformed(fields.path(name), Phrase("a share between zero and one"))
    return share


def _one_of(words: type[StrEnum], wanted: Phrase) -> FieldKind:
    pattern = re.compile("|".join(word.value for word in words))
    return FieldKind(lambda fields, name: words(fields.matching(name, pattern, wanted)), str)


Share = Annotated[Fraction, FieldKind(_share, rational_to_wire)]
Text = Annotated[str, words(1, LONGEST_TEXT)]
Name = Annotated[str, words(1, LONGEST_NAME)]
PublicKey = Annotated[bytes, octets(PUBLIC_BYTES)]


@dataclass(frozen=True, slots=True)
class ReportSubject(Record):
    """What was audited: one site's report, by the digest of its sealed envelope, and the steps that
    were looked at.
    """

    site: Identifier
    period: PeriodName
    revision: Revision
    envelope_digest: DigestHex
    steps: Annotated[tuple[str, ...], names(MOST_STEPS)]

    def refuse(self, at: Fields) -> None:
        if not self.steps or len(set(self.steps)) != len(self.steps):
            raise malformed(at.path("steps"), Phrase("a list of steps, each once"))


@dataclass(frozen=True, slots=True)
class PublicationSubject(Record):
    """What was audited: one version of a published benchmark, by the digest of its signed
    document.
    """

    pack: Identifier
    route: Identifier
    period: PeriodName
    version: Annotated[int, whole(1, MOST_REVISIONS)]
    document_digest: DigestHex


@dataclass(frozen=True, slots=True)
class Performance(Record):
    """The exact improvement that the auditor saw in the plant's own records, and the level that a
    scheme gives for it.

    `improvement` is a share of the baseline's energy (0.15 is 15 % less), never worked out of
    released values.
    """

    scheme: Identifier
    level: Identifier
    baseline: Annotated[str, words(4, 32)]
    improvement: Share


@dataclass(frozen=True, slots=True)
class SampleOutcome(Record):
    """What came of the opening that the statement rests on: of which draw, and its verdict.
    `confidence` is how sure its plan is to meet a misstated record of those that labels count where
    `share` of them is misstated; 0 where it draws none of them. `promised_before` is how many
    promises of a draw from the same report stand in the log before its own."""

    draw: DigestHex
    verdict: Annotated[SampleVerdict, nested(SampleVerdict)]
    confidence: Rational
    share: Rational
    promised_before: Natural

    def refuse(self, at: Fields) -> None:
        if not (0 <= self.confidence < 1 and 0 < self.share <= 1):
            raise malformed(
                at.path("confidence"),
                Phrase("at least 0 and below 1, with a share above 0 and at most 1"),
            )


_NAMES: dict[type[Record], str] = {ReportSubject: "report", PublicationSubject: "publication"}


def _subject(fields: Fields, _name: str) -> Record:
    subject = PublicationSubject if fields.has("publication") else ReportSubject
    return subject.from_wire(fields.fields(_NAMES[subject]))


_SUBJECT = FieldKind(
    _subject, lambda subject: {_NAMES[type(subject)]: subject.to_wire()}, spread=True
)


@dataclass(frozen=True, slots=True)
class AttestationStatement(Record):
    """The statement. `materiality` is a share of the stated value; `checked` and `not_checked` are
    the auditor's words, `sample` what the portal had on record of the newest opening of this report
    (None: no opening was noted). `reason` says why the opinion is not the one that follows from the
    verdict of the opening; without it such a statement is none."""

    subject: Annotated[ReportSubject | PublicationSubject, _SUBJECT]
    body: Name
    auditor: Name
    opinion: Annotated[
        Opinion, _one_of(Opinion, Phrase("an opinion: unqualified, qualified or adverse"))
    ]
    assurance: Annotated[
        Assurance, _one_of(Assurance, Phrase("an assurance: reasonable or limited"))
    ]
    boundary: Text
    materiality: Share
    checked: Text
    not_checked: Text
    issued_on: Day
    valid_until: Day
    surveillance_on: Annotated[date | None, optional(DAY)]
    performance: Annotated[Performance | None, optional(nested(Performance))]
    public_key: PublicKey
    sample: Annotated[SampleOutcome | None, optional(nested(SampleOutcome))] = None
    reason: Annotated[str | None, optional(words(1, LONGEST_TEXT))] = None

    @property
    def content(self) -> dict[str, Value]:
        """What is signed."""
        return {"v": VERSION, "attestation": self.to_wire()}

    @property
    def digest(self) -> str:
        """Its name in the log and behind its code: SHA-256 over label and canonical content,
        lower-case hex.
        """
        return hashlib.sha256(Purpose.ATTESTATION.message(self.content)).hexdigest()

    def refuse(self, at: Fields) -> None:
        if self.valid_until <= self.issued_on:
            raise malformed(at.path("valid_until"), Phrase("a day after issued_on"))
        if (
            self.surveillance_on is not None
            and not self.issued_on < self.surveillance_on <= self.valid_until
        ):
            raise malformed(
                at.path("surveillance_on"), Phrase("a day between issued_on and valid_until")
            )
        if (
            self.sample is not None
            and self.reason is None
            and contradicts(self.opinion, self.assurance, self.sample.verdict)
        ):
            raise malformed(
                at.path("reason"),
                Phrase("the reason why the opinion differs from the checks of the opening"),
            )


@dataclass(frozen=True, slots=True)
class AttestationWithdrawal(Record):
    """An attestation taken back, by its digest, with the reason that everybody reads."""

    attestation: DigestHex
    reason: Text
    withdrawn_on: Day
    public_key: PublicKey

    @property
    def content(self) -> dict[str, Value]:
        return {"v": VERSION, "withdrawal": self.to_wire()}

    @property
    def digest(self) -> str:
        return hashlib.sha256(Purpose.ATTESTATION_WITHDRAWN.message(self.content)).hexdigest()


Statement = AttestationStatement | AttestationWithdrawal


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement with the signature that stands beside it; None where the file waits for one.
    Nothing is verified yet.
    """

    statement: Statement
    signature: bytes | None


def unsigned(statement: Statement) -> bytes:
    """The file that is given to the auditor. What could not be read back is not written."""
    raw = encode(statement.content)
    parse(raw)
    return raw


def sign(raw: bytes, key: AuditorSigningKey) -> bytes:
    """The signed file, made of the unsigned one; the same bytes every time.

    Raises:
        VerificationError: malformed bytes or fields; `attestation-of-another-key` where the
            statement names another key.
    """
    statement = parse(raw).statement
    if statement.public_key != key.public_bytes:
        raise VerificationError(
            "attestation-of-another-key",
            "The statement was prepared for a different auditor's key.",
            "Sign with the key that the statement names, or prepare the statement again for this "
            "key.",
        )
    return signed(raw, key.sign(_purpose(statement), statement.content))


def message(raw: bytes) -> bytes:
    """What is signed of an unsigned file."""
    statement = parse(raw).statement
    return _purpose(statement).message(statement.content)


def signed(raw: bytes, signature: bytes) -> bytes:
    """The signed file, of the unsigned one and a signature that was made elsewhere and is not
    looked at here.
    """
    return encode({**parse(raw).statement.content, "signature": signature})


def parse(raw: bytes) -> SignedStatement:
    """Read a file, signed or not, strictly.

    Raises:
        VerificationError: malformed bytes or fields, `attestation-too-large`.
    """
    if len(raw) > MOST_BYTES:
        raise VerificationError(
            "attestation-too-large",
            Phrase(
                "The file has %(size)s bytes; an attestation may have at most %(most)s.",
                size=f"{len(raw):,}",
                most=f"{MOST_BYTES:,}",
            ),
            "Choose the signed copy of the file that the portal prepared.",
        )
    fields = Fields(decode(raw))
    fields.version()
    statement = (
        AttestationWithdrawal.from_wire(fields.fields("withdrawal"))
        if fields.has("withdrawal")
        else AttestationStatement.from_wire(fields.fields("attestation"))
    )
    signature = fields.octets("signature", SIGNATURE_BYTES) if fields.has("signature") else None
    fields.done()
    return SignedStatement(statement, signature)


def read(raw: bytes) -> Statement:
    """A statement signed by the key that stands in it. Whose key that is, is for the caller to
    know.

    Raises:
        VerificationError: as `parse`; `attestation-unsigned`, `attestation-signature-invalid`.
    """
    signed = parse(raw)
    if signed.signature is None:
        raise VerificationError(
            "attestation-unsigned",
            "The file is not signed.",
            "Sign it with the auditor's key on the auditor's own machine. Then submit the file "
            "that this writes.",
        )
    statement = signed.statement
    if not VerifyingKey(statement.public_key).accepts(
        _purpose(statement), statement.content, signed.signature
    ):
        raise VerificationError(
            "attestation-signature-invalid",
            "The signature was not made with the key in the statement, or the statement was "
            "changed after it was signed.",
            "Prepare it again and sign it again.",
        )
    return statement


def _purpose(statement: Statement) -> Purpose:
    return (
        Purpose.ATTESTATION
        if isinstance(statement, AttestationStatement)
        else Purpose.ATTESTATION_WITHDRAWN
    )
