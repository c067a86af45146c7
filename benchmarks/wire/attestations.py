"""An auditor's opinion, signed with the auditor's own key, and the taking back of one.

The portal draws the statement up, the auditor reads and signs it on another machine, and the portal takes the signed file
back: it is the same canonical bytes with a signature beside them, so that what is unsigned and what is signed cannot say
different things. The public key stands inside. Whoever holds the file can check it without the portal; that the key is the
auditor's is told by its fingerprint, which the certification body states (ISO/IEC 17029, 9.7: a statement names who is
responsible for it).

Opinions and levels of assurance are those of ISO 14064-3:2019, 5.1.7 and 9: a limited assurance is worded as what was not
found, a reasonable one as what was.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import LARGEST_INTEGER, Value, decode, encode
from benchmarks.wire.fields import Fields, malformed, rational_to_wire
from benchmarks.wire.schema import MOST_REVISIONS, read_period
from benchmarks.wire.signing import PUBLIC_BYTES, SIGNATURE_BYTES, AuditorKey, Purpose, VerifyingKey

VERSION = 1
MOST_STEPS = 64
MOST_CHECKS = 100
CHECK_CODE = re.compile(r"[a-z][a-z-]{0,59}")
BINDING = {True: "bound", False: "not-bound"}
_BINDINGS = re.compile("|".join(BINDING.values()))
LONGEST_NAME = 200
LONGEST_TEXT = 2000
MOST_BYTES = 65_536
"""No file of this kind is longer: four texts of 2,000 characters of at most four bytes each, 64 steps, and room."""


class Opinion(StrEnum):
    UNQUALIFIED = "unqualified"
    QUALIFIED = "qualified"
    ADVERSE = "adverse"


class Assurance(StrEnum):
    REASONABLE = "reasonable"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class ReportSubject:
    """What was audited: one site's report, by the digest of its sealed envelope, and the steps that were looked at."""

    site: str
    period: str
    revision: int
    envelope_digest: str
    steps: tuple[str, ...]

    def to_wire(self) -> dict[str, Value]:
        return {
            "site": self.site,
            "period": self.period,
            "revision": self.revision,
            "envelope_digest": self.envelope_digest,
            "steps": list(self.steps),
        }


@dataclass(frozen=True, slots=True)
class PublicationSubject:
    """What was audited: one version of a published benchmark, by the digest of its signed document."""

    pack: str
    route: str
    period: str
    version: int
    document_digest: str

    def to_wire(self) -> dict[str, Value]:
        return {
            "pack": self.pack,
            "route": self.route,
            "period": self.period,
            "version": self.version,
            "document_digest": self.document_digest,
        }


@dataclass(frozen=True, slots=True)
class Performance:
    """The exact improvement that the auditor saw in the plant's own records, and the level that a scheme gives for it.

    `improvement` is a share of the baseline's energy (0.15 is 15 % less), never worked out of released values.
    """

    scheme: str
    level: str
    baseline: str
    improvement: Fraction

    def to_wire(self) -> dict[str, Value]:
        return {
            "scheme": self.scheme,
            "level": self.level,
            "baseline": self.baseline,
            "improvement": rational_to_wire(self.improvement),
        }


@dataclass(frozen=True, slots=True)
class SampleOutcome:
    """What came of the opening that the statement rests on: of which draw, whether it was bound to the report that the portal accepted,
    how many checks held, and the codes of those that failed or could not be made. `confidence` is how sure its plan is to meet a misstated
    record of those that labels count where `share` of them is misstated; 0 where it draws none of them.
    `promised_before` is how many promises of a draw from the same report stand in the log before its own."""

    draw: str
    bound: bool
    held: int
    failed: tuple[str, ...]
    not_checkable: tuple[str, ...]
    confidence: Fraction
    share: Fraction
    promised_before: int

    def to_wire(self) -> dict[str, Value]:
        return {
            "draw": self.draw,
            "binding": BINDING[self.bound],
            "held": self.held,
            "failed": list(self.failed),
            "not_checkable": list(self.not_checkable),
            "confidence": rational_to_wire(self.confidence),
            "share": rational_to_wire(self.share),
            "promised_before": self.promised_before,
        }


@dataclass(frozen=True, slots=True)
class Attestation:
    """The statement. `materiality` is a share of the stated value; `checked` and `not_checked` are the auditor's words, `sample` what the
    portal had on record of the newest opening of this report (None: no opening was noted)."""

    subject: ReportSubject | PublicationSubject
    body: str
    auditor: str
    opinion: Opinion
    assurance: Assurance
    boundary: str
    materiality: Fraction
    checked: str
    not_checked: str
    issued_on: date
    valid_until: date
    surveillance_on: date | None
    performance: Performance | None
    public_key: bytes
    sample: SampleOutcome | None = None

    @property
    def content(self) -> dict[str, Value]:
        """What is signed."""
        return {"v": VERSION, "attestation": self.to_wire()}

    @property
    def digest(self) -> str:
        """Its name in the log and behind its code: SHA-256 over label and canonical content, lower-case hex."""
        return hashlib.sha256(Purpose.ATTESTATION.message(self.content)).hexdigest()

    def to_wire(self) -> dict[str, Value]:
        kind = "report" if isinstance(self.subject, ReportSubject) else "publication"
        told: dict[str, Value] = {
            kind: self.subject.to_wire(),
            "body": self.body,
            "auditor": self.auditor,
            "opinion": self.opinion.value,
            "assurance": self.assurance.value,
            "boundary": self.boundary,
            "materiality": rational_to_wire(self.materiality),
            "checked": self.checked,
            "not_checked": self.not_checked,
            "issued_on": self.issued_on.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "public_key": self.public_key,
        }
        if self.surveillance_on is not None:
            told["surveillance_on"] = self.surveillance_on.isoformat()
        if self.performance is not None:
            told["performance"] = self.performance.to_wire()
        if self.sample is not None:
            told["sample"] = self.sample.to_wire()
        return told


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An attestation taken back, by its digest, with the reason that everybody reads."""

    attestation: str
    reason: str
    withdrawn_on: date
    public_key: bytes

    @property
    def content(self) -> dict[str, Value]:
        return {
            "v": VERSION,
            "withdrawal": {
                "attestation": self.attestation,
                "reason": self.reason,
                "withdrawn_on": self.withdrawn_on.isoformat(),
                "public_key": self.public_key,
            },
        }

    @property
    def digest(self) -> str:
        return hashlib.sha256(Purpose.ATTESTATION_WITHDRAWN.message(self.content)).hexdigest()


Statement = Attestation | Withdrawal


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement with the signature that stands beside it; None where the file waits for one. Nothing is verified yet."""

    statement: Statement
    signature: bytes | None


def unsigned(statement: Statement) -> bytes:
    """The file that is given to the auditor. What could not be read back is not written."""
    raw = encode(statement.content)
    parse(raw)
    return raw


def sign(raw: bytes, key: AuditorKey) -> bytes:
    """The signed file, made of the unsigned one; the same bytes every time.

    Raises:
        VerificationError: malformed bytes or fields; `attestation-of-another-key` where the statement names another key.
    """
    statement = parse(raw).statement
    if statement.public_key != key.public_bytes:
        raise VerificationError(
            "attestation-of-another-key",
            "The statement was drawn up for another auditor's key than this one.",
            "Sign with the key that the statement names, or draw it up again for this one.",
        )
    content = statement.content
    return encode({**content, "signature": key.sign(_purpose(statement), content)})


def parse(raw: bytes) -> Signed:
    """Read a file, signed or not, strictly.

    Raises:
        VerificationError: malformed bytes or fields, `attestation-too-large`.
    """
    if len(raw) > MOST_BYTES:
        raise VerificationError(
            "attestation-too-large",
            Phrase("The file has %(size)s bytes, an attestation at most %(most)s.", size=f"{len(raw):,}", most=f"{MOST_BYTES:,}"),
            "Choose the file that the portal drew up, signed.",
        )
    fields = Fields(decode(raw))
    fields.integer("v", VERSION, VERSION)
    statement = _withdrawal(fields.fields("withdrawal")) if fields.has("withdrawal") else _attestation(fields.fields("attestation"))
    signature = fields.octets("signature", SIGNATURE_BYTES) if fields.has("signature") else None
    fields.done()
    return Signed(statement, signature)


def read(raw: bytes) -> Statement:
    """A statement signed by the key that stands in it. Whose key that is, is for the caller to know.

    Raises:
        VerificationError: as `parse`; `attestation-unsigned`, `attestation-signature-invalid`.
    """
    signed = parse(raw)
    if signed.signature is None:
        raise VerificationError(
            "attestation-unsigned",
            "The file is not signed.",
            "Sign it with the auditor's key on the auditor's own machine, then hand in the file that this wrote.",
        )
    statement = signed.statement
    if not VerifyingKey(statement.public_key).accepts(_purpose(statement), statement.content, signed.signature):
        raise VerificationError(
            "attestation-signature-invalid",
            "The signature is not that of the key in the statement, or the statement was altered since.",
            "Draw it up and sign it again.",
        )
    return statement


def _purpose(statement: Statement) -> Purpose:
    return Purpose.ATTESTATION if isinstance(statement, Attestation) else Purpose.ATTESTATION_WITHDRAWN


def _attestation(fields: Fields) -> Attestation:
    told = Attestation(
        subject=_publication(fields.fields("publication")) if fields.has("publication") else _report(fields.fields("report")),
        body=fields.words("body", 1, LONGEST_NAME),
        auditor=fields.words("auditor", 1, LONGEST_NAME),
        opinion=Opinion(fields.matching("opinion", _one_of(Opinion), Phrase("an opinion: unqualified, qualified or adverse"))),
        assurance=Assurance(fields.matching("assurance", _one_of(Assurance), Phrase("an assurance: reasonable or limited"))),
        boundary=fields.words("boundary", 1, LONGEST_TEXT),
        materiality=_share(fields, "materiality"),
        checked=fields.words("checked", 1, LONGEST_TEXT),
        not_checked=fields.words("not_checked", 1, LONGEST_TEXT),
        issued_on=fields.day("issued_on"),
        valid_until=fields.day("valid_until"),
        surveillance_on=fields.day("surveillance_on") if fields.has("surveillance_on") else None,
        performance=_performance(fields.fields("performance")) if fields.has("performance") else None,
        public_key=fields.octets("public_key", PUBLIC_BYTES),
        sample=_sample(fields.fields("sample")) if fields.has("sample") else None,
    )
    fields.done()
    if told.valid_until <= told.issued_on:
        raise malformed(fields.path("valid_until"), Phrase("a day after issued_on"))
    if told.surveillance_on is not None and not told.issued_on < told.surveillance_on <= told.valid_until:
        raise malformed(fields.path("surveillance_on"), Phrase("a day between issued_on and valid_until"))
    return told


def _report(fields: Fields) -> ReportSubject:
    subject = ReportSubject(
        site=fields.identifier("site"),
        period=read_period(fields),
        revision=fields.integer("revision", 0, MOST_REVISIONS),
        envelope_digest=fields.digest_hex("envelope_digest"),
        steps=tuple(_step(fields, step) for step in fields.items("steps", MOST_STEPS)),
    )
    fields.done()
    if not subject.steps or len(set(subject.steps)) != len(subject.steps):
        raise malformed(fields.path("steps"), Phrase("a list of steps, each once"))
    return subject


def _step(fields: Fields, step: Value) -> str:
    one = Fields({"step": step}, fields.path("steps"))
    return one.identifier("step")


def _publication(fields: Fields) -> PublicationSubject:
    subject = PublicationSubject(
        pack=fields.identifier("pack"),
        route=fields.identifier("route"),
        period=read_period(fields),
        version=fields.integer("version", 1, MOST_REVISIONS),
        document_digest=fields.digest_hex("document_digest"),
    )
    fields.done()
    return subject


def _performance(fields: Fields) -> Performance:
    told = Performance(
        scheme=fields.identifier("scheme"),
        level=fields.identifier("level"),
        baseline=fields.words("baseline", 4, 32),
        improvement=_share(fields, "improvement"),
    )
    fields.done()
    return told


def _sample(fields: Fields) -> SampleOutcome:
    confidence, share = fields.rational("confidence"), fields.rational("share")
    if not (0 <= confidence < 1 and 0 < share <= 1):
        raise malformed(fields.path("confidence"), Phrase("at least 0 and below 1, with a share above 0 and at most 1"))
    told = SampleOutcome(
        draw=fields.digest_hex("draw"),
        bound=fields.matching("binding", _BINDINGS, Phrase("bound or not-bound")) == BINDING[True],
        held=fields.integer("held", 0, MOST_CHECKS),
        failed=_codes(fields, "failed"),
        not_checkable=_codes(fields, "not_checkable"),
        confidence=confidence,
        share=share,
        promised_before=fields.integer("promised_before", 0, LARGEST_INTEGER),
    )
    fields.done()
    return told


def _codes(fields: Fields, name: str) -> tuple[str, ...]:
    named = (Fields({"code": code}, fields.path(name)) for code in fields.items(name, MOST_CHECKS))
    return tuple(one.matching("code", CHECK_CODE, Phrase("codes of checks")) for one in named)


def _withdrawal(fields: Fields) -> Withdrawal:
    told = Withdrawal(
        attestation=fields.digest_hex("attestation"),
        reason=fields.words("reason", 1, LONGEST_TEXT),
        withdrawn_on=fields.day("withdrawn_on"),
        public_key=fields.octets("public_key", PUBLIC_BYTES),
    )
    fields.done()
    return told


def _share(fields: Fields, name: str) -> Fraction:
    share = fields.rational(name)
    if not 0 < share < 1:
        raise malformed(fields.path(name), Phrase("a share between nought and one"))
    return share


def _one_of(words: type[StrEnum]) -> re.Pattern[str]:
    return re.compile("|".join(word.value for word in words))
