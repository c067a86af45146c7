"""Attestations: drawn up by the portal, signed elsewhere with the auditor's own key, taken back,
logged; withdrawn the same way.

Whoever draws one up signs it with their own registered key and hands the signed file in. What comes
back must be what was given out, byte for byte but for the signature; what could change in between
(a finding, a key, the report itself) is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from django.db import transaction

from benchmarks.phrases import Phrase
from benchmarks.wire import attestations
from benchmarks.wire.attestations import (
    Assurance,
    AttestationStatement,
    Opinion,
    Performance,
    ReportSubject,
    SampleOutcome,
)
from benchmarks.wire.logged import EntryKind
from portal.accounts.models import Organisation, User
from portal.assurance import reminding
from portal.assurance.attestation_standing import audited_report, key_revoked, signed_no_more
from portal.assurance.auditors import lock_standing, require_auditor, require_free
from portal.assurance.findings import open_majors
from portal.assurance.models import Assignment, Attestation, AuditorKey
from portal.assurance.sampling import outcome_of
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.days import scheme_day
from portal.names import in_chinese
from portal.problems import RefusedError
from portal.standings.models import Verdict
from portal.translog import log
from portal.whole_text import whole_sentence

LONGEST = 4 * 366
"""Days that an attestation is valid at most: the audit is due again every four years."""


@dataclass(frozen=True, slots=True)
class AttestationTerms:
    """What the auditor decides; the portal adds whom it is about and who says it."""

    opinion: Opinion
    assurance: Assurance
    steps: tuple[str, ...]
    boundary: str
    materiality: Fraction
    checked: str
    not_checked: str
    valid_until: date
    surveillance_on: date | None
    reason: str = ""
    performance: Performance | None = None


def draw_up(
    assignment: Assignment, terms: AttestationTerms, by: User, now: datetime
) -> Attestation:
    """The statement to be signed; one that the same person drew up before and did not sign is
    discarded.

    Raises:
        RefusedError: what `require_free` and `lock_standing` refuse; `no-accepted-report`,
            `major-open`, `assurance-without-sample`, `opinion-contradicts-checks`,
            `no-auditor-key`, `validity-too-long`, `attestation-signed-before` (409).
        VerificationError: `field-malformed`, where the terms make no statement.
    """
    require_free(assignment, by)
    report = audited_report(assignment)
    if report is None:
        raise RefusedError(
            409,
            "no-accepted-report",
            "There is no accepted report to attest.",
            "Wait until the site's report is accepted.",
        )
    _require_no_open_major(assignment, terms.opinion)
    sample = outcome_of(assignment, report, terms.steps)
    _require_sample(terms, sample)
    _require_reason(terms, sample)
    subject = ReportSubject(
        assignment.site.slug, assignment.period, report.revision, report.digest, terms.steps
    )
    with transaction.atomic():
        lock_standing(assignment)
        statement, key = _statement(subject, terms, assignment.body, by, now, sample)
        same = Attestation.objects.filter(
            digest=statement.digest
        ).first()  # of today, and by this person: the statement says so
        if same is not None and same.signed is not None:
            raise RefusedError(
                409,
                "attestation-signed-before",
                "You have signed this very statement today already.",
                "Look at its page. If it was withdrawn, say what is different now, or draw it up "
                "again tomorrow.",
            )
        mine = Attestation.objects.filter(
            assignment=assignment, drawn_up_by=by, state=Attestation.State.DRAWN_UP
        )
        mine.exclude(digest=statement.digest).update(state=Attestation.State.DISCARDED)
        if same is None:
            return _keep(
                statement,
                key,
                by,
                now,
                assignment=assignment,
                submission=report,
                site=assignment.site,
            )
        same.assignment, same.state = (
            assignment,
            Attestation.State.DRAWN_UP,
        )  # it may have been discarded, or drawn up before a taking back
        same.save(update_fields=["assignment", "state"])
        return same


def take(raw: bytes, by: User, now: datetime) -> Attestation:
    """A signed file that comes back, of an attestation or of a withdrawal. The same again changes
    nothing.

    Raises:
        VerificationError: what `attestations.read` refuses.
        RefusedError: `not-auditor`, `not-your-key` (403), `attestation-unknown` (404);
            `auditor-key-revoked`, `attestation-stale`, `report-superseded`, `another-opening`,
            `major-open`, `attestation-discarded`, and what `require_free` and `lock_standing`
            refuse (409).
    """
    statement = attestations.read(raw)
    with transaction.atomic():
        if isinstance(statement, attestations.AttestationStatement):
            row = _locked(digest=statement.digest)
            return row if row.signed is not None else _issue(row, raw, by, now)
        row = _locked(digest=statement.attestation)
        if (
            row.withdrawal is None
            or attestations.parse(bytes(row.withdrawal)).statement != statement
        ):
            raise _unknown()
        return row if row.withdrawal_signed is not None else _withdraw(row, raw, statement, by, now)


def draw_up_withdrawal(row: Attestation, reason: str, by: User, now: datetime) -> Attestation:
    """The withdrawal to be signed, by whoever draws it up: any auditor of the body. It favours no
    firm, so that an interest does not hinder it; and nobody declares one any more where the
    assignment was taken back.

    Raises:
        RefusedError: `not-auditor` (403), `not-issued`, `no-auditor-key`, `text-too-long` (409).
    """
    require_auditor(by, row.body)
    with transaction.atomic():
        attestation = Attestation.objects.select_for_update().get(pk=row.pk)
        if attestation.state != Attestation.State.ISSUED:
            raise RefusedError(
                409,
                "not-issued",
                "Only an attestation that was issued can be withdrawn.",
                "Look at its page.",
            )
        key = _own_key(attestation.body, by)
        withdrawal = attestations.AttestationWithdrawal(
            attestation.digest,
            whole_sentence(reason),
            scheme_day(now),
            bytes.fromhex(key.public_key),
        )
        attestation.withdrawal = attestations.unsigned(withdrawal)
        attestation.save(update_fields=["withdrawal"])
    return attestation


def _statement(
    subject: ReportSubject | attestations.PublicationSubject,
    terms: AttestationTerms,
    body: Organisation,
    by: User,
    now: datetime,
    sample: SampleOutcome | None = None,
) -> tuple[attestations.AttestationStatement, AuditorKey]:
    key = _own_key(body, by)
    today = scheme_day(now)
    if (terms.valid_until - today).days > LONGEST:
        raise RefusedError(
            409,
            "validity-too-long",
            "An attestation is valid for four years at most.",
            "Set an earlier last day.",
        )
    statement = attestations.AttestationStatement(
        subject=subject,
        body=str(body.name),
        auditor=str(by),
        opinion=terms.opinion,
        assurance=terms.assurance,
        boundary=" ".join(terms.boundary.split()),
        materiality=terms.materiality,
        checked=" ".join(terms.checked.split()),
        not_checked=" ".join(terms.not_checked.split()),
        issued_on=today,
        valid_until=terms.valid_until,
        surveillance_on=terms.surveillance_on,
        performance=terms.performance,
        public_key=bytes.fromhex(key.public_key),
        sample=sample,
        reason=" ".join(terms.reason.split()) or None,
    )
    return statement, key


def _keep(
    statement: attestations.AttestationStatement,
    key: AuditorKey,
    by: User,
    now: datetime,
    **about: object,
) -> Attestation:
    performance, subject = statement.performance, statement.subject
    row: Attestation = Attestation.objects.create(
        body=key.body,
        key=key,
        digest=statement.digest,
        opinion=statement.opinion.value,
        assurance=statement.assurance.value,
        steps=list(subject.steps) if isinstance(subject, ReportSubject) else [],
        level=f"{performance.scheme}/{performance.level}" if performance else "",
        valid_until=statement.valid_until,
        surveillance_on=statement.surveillance_on,
        content=attestations.unsigned(statement),
        drawn_up_by=by,
        drawn_up_at=now,
        **about,
    )
    record(
        now,
        by.email,
        Action.ATTESTATION_DRAWN_UP,
        subject_of(row),
        f"{statement.opinion}, {statement.assurance} assurance",
    )
    return row


def subject_of(row: Attestation) -> str:
    """How the audit record names it."""
    return (
        f"attestation {row.digest[:16]} of "
        f"{'site ' + row.site.slug if row.site else f'publication {row.publication_id}'}"
    )


def _issue(row: Attestation, raw: bytes, by: User, now: datetime) -> Attestation:
    if row.assignment is not None:
        require_free(row.assignment, by)
    else:
        require_auditor(by, row.body)
    _require_owner(row.key, by)
    if refusal := signed_no_more(row, scheme_day(now)):
        raise refusal
    if row.assignment is not None and row.submission is not None:
        lock_standing(row.assignment)
        _require_no_open_major(row.assignment, Opinion(row.opinion))
        statement = attestations.parse(bytes(row.content)).statement
        if isinstance(statement, AttestationStatement) and statement.sample != outcome_of(
            row.assignment, row.submission, row.steps
        ):
            raise RefusedError(
                409,
                "another-opening",
                "The result of another opening was recorded since this was drawn up.",
                "Look at that result, then draw it up again.",
            )
    row.signed, row.state, row.issued_at = raw, Attestation.State.ISSUED, now
    row.log_index = log.add(EntryKind.ATTESTATION, row.digest, now)
    row.save(update_fields=["signed", "state", "issued_at", "log_index"])
    if row.submission is not None:
        Verdict.objects.create(
            submission=row.submission,
            attestation=row.digest,
            adverse=row.opinion == Opinion.ADVERSE,
            steps=row.steps,
            certification_body=row.body,
            body=row.body.name,
            body_zh=in_chinese(row.body.name),
            valid_until=row.valid_until,
        )
    record(
        now,
        by.email,
        Action.ATTESTATION_ISSUED,
        subject_of(row),
        f"{row.opinion}, valid until {row.valid_until}",
    )
    reminding.concluded(row, now)
    return row


def _withdraw(
    row: Attestation,
    raw: bytes,
    withdrawal: attestations.AttestationWithdrawal,
    by: User,
    now: datetime,
) -> Attestation:
    key = AuditorKey.objects.filter(
        public_key=withdrawal.public_key.hex(), body=row.body_id
    ).first()
    if key is None:
        raise _unknown()
    require_auditor(by, row.body)
    _require_owner(key, by)
    if refusal := key_revoked(key):
        raise refusal
    row.withdrawal_signed, row.state, row.withdrawn_at = raw, Attestation.State.WITHDRAWN, now
    row.withdrawal_reason = whole_sentence(withdrawal.reason)
    row.withdrawal_log_index = log.add(EntryKind.ATTESTATION_WITHDRAWN, withdrawal.digest, now)
    row.save(
        update_fields=[
            "withdrawal_signed",
            "state",
            "withdrawn_at",
            "withdrawal_reason",
            "withdrawal_log_index",
        ]
    )
    Verdict.objects.filter(attestation=row.digest).update(ended_at=now)
    record(now, by.email, Action.ATTESTATION_WITHDRAWN, subject_of(row), row.withdrawal_reason)
    reminding.withdrawn(row, now)
    return row


def _require_owner(key: AuditorKey, by: User) -> None:
    if key.owner_id != by.pk:
        raise RefusedError(
            403,
            "not-your-key",
            "This was signed with another auditor's key.",
            "That auditor must submit it.",
        )


def _require_no_open_major(assignment: Assignment, opinion: Opinion) -> None:
    if opinion is not Opinion.ADVERSE and (number := open_majors(assignment)):
        raise RefusedError(
            409,
            "major-open",
            Phrase(
                "Major findings still open: %(number)s. No positive opinion can be given.",
                number=number,
            ),
            "Close them once the plant has corrected them, or give an adverse opinion.",
        )


def _require_sample(terms: AttestationTerms, sample: SampleOutcome | None) -> None:
    """Reasonable assurance is given of nothing of which nobody opened a record (ISO 14064-3:2019,
    5.1.7: evidence follows the level).

    What was opened to another body is that one's evidence, and a draw of other steps is none of
    these.
    """
    opened = sample is not None and sample.confidence > 0
    if (
        terms.assurance is Assurance.REASONABLE
        and terms.opinion is not Opinion.ADVERSE
        and not opened
    ):
        raise RefusedError(
            409,
            "assurance-without-sample",
            "A positive opinion with reasonable assurance needs counted records of each of these "
            "steps in the newest opening of this "
            "report that your body has on record.",
            "Draw a sample of these steps and record the result of its opening, or give limited "
            "assurance.",
        )


def _require_reason(terms: AttestationTerms, sample: SampleOutcome | None) -> None:
    """Nothing that contradicts the verdict of the opening is signed without saying why."""
    if (
        sample is not None
        and not terms.reason.strip()
        and attestations.contradicts(terms.opinion, terms.assurance, sample.verdict)
    ):
        raise RefusedError(
            409,
            "opinion-contradicts-checks",
            Phrase(
                "The opinion does not follow from the checks of the opening. %(verdict)s",
                verdict=sample.verdict.sentence,
            ),
            "Give the reason, which is published with the statement, or change opinion or "
            "assurance.",
        )


def _own_key(body: Organisation, by: User) -> AuditorKey:
    key = AuditorKey.objects.filter(body=body, owner=by, revoked_at=None).order_by("-pk").first()
    if key is None:
        raise RefusedError(
            409,
            "no-auditor-key",
            "You have no signing key registered.",
            "Register your public key first.",
        )
    return key


def _locked(digest: str) -> Attestation:
    about = Attestation.objects.filter(digest=digest).values_list("assignment", flat=True).first()
    if (
        about is not None
        # first the assignment, then what is of it, as everywhere: nobody waits for somebody who
        # waits for them
    ):
        Assignment.objects.select_for_update().get(pk=about)
    row = (
        Attestation.objects.select_for_update(of=("self",))
        .select_related("key", "assignment__body", "submission", "site", "body")
        .filter(digest=digest)
        .first()
    )
    if row is None:
        raise _unknown()
    return row


def _unknown() -> RefusedError:
    return RefusedError(
        404,
        "attestation-unknown",
        "The portal did not draw up this statement.",
        "Sign the file that the portal gave, then submit the file that the signing command wrote.",
    )
