"""Sample and opening, as far as the portal takes part: it keeps the promise, says from which head
is drawn, keeps the draw, notes counts.

The auditor promises a nonce and a plan before the head is there that positions follow from as well.
That head is the log's first that holds promise, commitment and one entry more: random bytes of the
portal, which it adds in the transaction that takes the promise. So nobody outside chooses that
entry, and no draw waits for a stranger's report. A promise that nobody can draw with any more is
given up with a reason; it stays, and counts as one that was promised. The opening goes from plant
to auditor past the portal; what comes back here is how many checks held, and which failed of how
many records. Not how many records were drawn: that would tell how many there are.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from benchmarks.audit import signed_draws
from benchmarks.audit.sampling_plan import SURE_OF_NOTHING, promised_of_used
from benchmarks.phrases import Phrase
from benchmarks.wire.attestations import BINDING, EvidenceLimit, SampleOutcome, SampleVerdict
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.signing import VerifyingKey
from portal.accounts.models import User
from portal.assurance import reminding
from portal.assurance.attestation_standing import audited_report
from portal.assurance.auditors import lock_standing, require_free
from portal.assurance.models import Assignment, AuditorKey, Sample
from portal.assurance.summaries import Summary
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.intake.models import Commitment, Submission
from portal.intake.selectors import commitment_of
from portal.problems import RefusedError
from portal.translog import log
from portal.translog import selectors as logged
from portal.whole_text import whole_sentence


def promise(assignment: Assignment, raw: bytes, by: User, now: datetime) -> Sample:
    """Keep the auditor's signed promise and put it into the log. The same again is the same one.

    Raises:
        VerificationError: what `signed_draws.read_promise` refuses.
        RefusedError: what `require_free` and `lock_standing` refuse; `not-your-key` (403);
            `auditor-key-revoked`, `draw-of-another`, `promise-waits`, `no-accepted-report` (409).
    """
    require_free(assignment, by)
    promised = signed_draws.read_promise(raw)
    _require_own_key(promised.auditor, assignment, by)
    _require_subject((promised.site, promised.period), assignment)
    report = audited_report(assignment)
    if report is None:
        raise RefusedError(
            409,
            "no-accepted-report",
            "There is no accepted report to draw from.",
            "Wait until the site's report is accepted.",
        )
    committed = commitment_of(report)
    with transaction.atomic():
        lock_standing(assignment)
        head = log.lock()
        if earlier_sample := Sample.objects.filter(promise_digest=promised.digest).first():
            if (
                earlier_sample.assignment_id != assignment.pk
                or earlier_sample.given_up_at is not None
            ):
                raise RefusedError(
                    409,
                    "promise-ended",
                    "This promise has ended: it was given up, or the engagement for which it was "
                    "made was taken back.",
                    "Make a new number and promise that.",
                )
            return earlier_sample
        if Sample.objects.filter(assignment=assignment, draw=None, given_up_at=None).exists():
            raise RefusedError(
                409,
                "promise-waits",
                "A promise of this engagement still waits for its draw.",
                "Draw with that promise first, or give it up with a reason. With two promises, "
                "somebody could choose between them.",
            )
        beacon = (EntryKind.AUDIT_BEACON, secrets.token_hex(32))
        index = log.append_all(head, [(EntryKind.AUDIT_PROMISE, promised.digest), beacon], now)[0]
        sample = Sample.objects.create(
            assignment=assignment,
            submission=report,
            promise=raw,
            promise_digest=promised.digest,
            promised_by=by,
            promised_at=now,
            head_size=max(index, committed.log_index) + 2,
        )
        record(
            now,
            by.email,
            Action.SAMPLE_PROMISED,
            f"site {assignment.site.slug}",
            f"{assignment.period}, log index {index}",
        )
    return sample


def give_up(sample: Sample, reason: str, by: User, now: datetime) -> Sample:
    """Nobody draws with this promise any more: its key or number is lost, or its auditor may not
    act. The engagement may promise anew.

    Given up twice is given up once.

    Raises:
        RefusedError: what `require_free` and `lock_standing` refuse; `reason-missing`,
            `text-too-long`, `sample-drawn` (409).
    """
    require_free(sample.assignment, by)
    sentence = whole_sentence(reason)
    if not sentence:
        raise RefusedError(
            409,
            "reason-missing",
            "A promise is never given up without a reason.",
            "Say in a sentence why.",
        )
    with transaction.atomic():
        lock_standing(sample.assignment)
        row = Sample.objects.select_for_update().get(pk=sample.pk)
        if row.draw is not None:
            raise _drawn()
        if row.given_up_at is None:
            row.given_up_at, row.given_up_by, row.given_up_reason = now, by, sentence
            row.save(update_fields=["given_up_at", "given_up_by", "given_up_reason"])
            detail = (
                f"{sample.assignment.period}, promise {row.promise_digest[:16]}: "
                f"{row.given_up_reason}"
            )
            record(
                now, by.email, Action.SAMPLE_GIVEN_UP, f"site {sample.assignment.site.slug}", detail
            )
    return row


def draw(sample: Sample, raw: bytes, by: User, now: datetime) -> Sample:
    """Keep the signed draw. The same again changes nothing.

    Raises:
        VerificationError: what `signed_draws.read` and `signed_draws.require_promised` refuse.
        RefusedError: what `require_free` and `lock_standing` refuse; `not-your-key` (403);
            `auditor-key-revoked`, `draw-of-another`, `head-not-there`, `head-of-another`,
            `sample-drawn`, `promise-given-up` (409).
    """
    require_free(sample.assignment, by)
    drawn = signed_draws.read(raw)
    _require_own_key(drawn.auditor, sample.assignment, by)
    signed_draws.require_promised(drawn, signed_draws.read_promise(bytes(sample.promise)))
    if not _of(sample, drawn):
        raise _another()
    if logged.size() < sample.head_size:
        raise RefusedError(
            409,
            "head-not-there",
            Phrase("The log does not have %(size)s entries yet.", size=sample.head_size),
            "Wait for its next entry, and draw with that head.",
        )
    if (drawn.head.size, drawn.head.root) != (sample.head_size, logged.root_at(sample.head_size)):
        raise RefusedError(
            409,
            "head-of-another",
            "The draw does not use the log head that belongs to this promise.",
            Phrase(
                "Draw with the head of %(size)s entries, as shown on the page of the sample.",
                size=sample.head_size,
            ),
        )
    with transaction.atomic():
        lock_standing(sample.assignment)
        row = Sample.objects.select_for_update().get(pk=sample.pk)
        if row.draw is not None:
            if bytes(row.draw) == raw:
                return row
            raise _drawn()
        if row.given_up_at is not None:
            raise RefusedError(
                409,
                "promise-given-up",
                "The promise of this draw was given up.",
                "Make a new promise and draw with that one.",
            )
        row.draw, row.drawn_at = raw, now
        row.save(update_fields=["draw", "drawn_at"])
        reminding.drawn(row, now)
        record(
            now,
            by.email,
            Action.SAMPLE_DRAWN,
            f"site {sample.assignment.site.slug}",
            f"{sample.assignment.period}, {drawn.digest[:16]}",
        )
    return row


def note(sample: Sample, summary: Summary, by: User, now: datetime) -> Sample:
    """What came of it. Noted once: another opinion of the same opening is a finding.

    Raises:
        RefusedError: what `require_free` and `lock_standing` refuse; `sample-not-drawn`,
            `summary-of-another`, `sample-noted` (409).
    """
    require_free(sample.assignment, by)
    with transaction.atomic():
        lock_standing(sample.assignment)
        row = Sample.objects.select_for_update().get(pk=sample.pk)
        if row.draw is None:
            raise RefusedError(
                409,
                "sample-not-drawn",
                "Nothing has been drawn yet.",
                "Submit the signed draw first.",
            )
        if _subject_of(sample, bytes(row.draw)) != (
            summary.site,
            summary.period,
            summary.revision,
            summary.draw,
        ):
            raise RefusedError(
                409,
                "summary-of-another",
                "The summary is of another draw, or of another revision of the report.",
                "Verify the opening of this draw, and submit the summary that the command writes.",
            )
        verdict = summary.verdict
        noted = {
            "held": verdict.held,
            "codes": dict(summary.failed),
            "not_checkable": list(verdict.not_checkable),
            "limits": [limit.value for limit in verdict.limits],
            "bound": verdict.bound,
        }
        if row.verified_at is not None:
            if all(getattr(row, name) == value for name, value in noted.items()):
                return row
            raise RefusedError(
                409,
                "sample-noted",
                "The result of this sample is already on record.",
                "Add a finding, or draw again.",
            )
        for name, value in noted.items():
            setattr(row, name, value)
        row.verified_at = now
        row.save(update_fields=[*noted, "verified_at"])
        counts = (
            f"{verdict.held} held, {len(verdict.failed)} failing, {len(verdict.not_checkable)} not "
            "made"
        )
        detail = f"{sample.assignment.period}: {counts}, {BINDING[verdict.bound]}"
        record(now, by.email, Action.SAMPLE_VERIFIED, f"site {sample.assignment.site.slug}", detail)
    return row


def newest_sample(assignment: int) -> Sample | None:
    """The last one that was promised for this assignment, with what its page shows; None before the
    first.
    """
    rows = Sample.objects.filter(assignment=assignment)
    return rows.select_related(
        "assignment__site__organisation", "assignment__body", "submission", "given_up_by"
    ).first()


def outcome_of(
    assignment: Assignment, report: Submission, steps: Collection[str]
) -> SampleOutcome | None:
    """What the body of this assignment noted of its newest verified opening of exactly this report,
    as a statement of these steps says it; None where there is none."""
    newest = (
        Sample.objects.filter(submission=report, assignment__body=assignment.body_id)
        .exclude(verified_at=None)
        .first()
    )
    return None if newest is None else outcome_noted(newest, steps)


def outcome_noted(sample: Sample, steps: Collection[str] = ()) -> SampleOutcome | None:
    """What the body noted of it; None before that.

    Of steps that a draw leaves out it is sure of nothing, and so of `steps` where it leaves one of
    them out.
    """
    if sample.draw is None or sample.held is None or sample.bound is None:
        return None
    drawn = signed_draws.read(bytes(sample.draw))
    verdict = SampleVerdict(
        sample.bound,
        sample.held,
        tuple(sorted(sample.codes)),
        tuple(sample.not_checkable),
        tuple(map(EvidenceLimit, sample.limits)),
    )
    before = Sample.objects.filter(submission=sample.submission_id, pk__lt=sample.pk).count()
    leaves_out = bool(drawn.steps) and not set(steps) <= set(drawn.steps)
    sure = SURE_OF_NOTHING if leaves_out else promised_of_used(drawn.plan)
    return SampleOutcome(drawn.digest, verdict, *sure, before)


def _subject_of(sample: Sample, draw: bytes) -> tuple[str, str, int, str]:
    report = sample.submission
    return (
        sample.assignment.site.slug,
        report.period,
        report.revision,
        signed_draws.read(draw).digest,
    )


def _of(sample: Sample, draw: signed_draws.Draw) -> bool:
    committed = (
        Commitment.objects.filter(digest=draw.commitment.digest)
        .values_list("site", "period", "revision")
        .first()
    )
    report = sample.submission
    return committed == (report.site_id, report.period, report.revision)


def _require_own_key(key: VerifyingKey, assignment: Assignment, by: User) -> None:
    registered_key = AuditorKey.objects.filter(
        public_key=key.hex, body=assignment.body_id, owner=by
    ).first()
    if registered_key is None:
        raise RefusedError(
            403,
            "not-your-key",
            "This was signed with a key that is not yours.",
            "Register your key, or ask its owner to submit it.",
        )
    if registered_key.revoked_at is not None:
        raise RefusedError(
            409,
            "auditor-key-revoked",
            "The key that signed this was revoked.",
            "Register a new key and sign again.",
        )


def _require_subject(subject: tuple[str, str], assignment: Assignment) -> None:
    if subject != (assignment.site.slug, assignment.period):
        raise _another()


def _another() -> RefusedError:
    return RefusedError(
        409,
        "draw-of-another",
        "The file is for another site, period or report.",
        "Choose the file of this engagement.",
    )


def _drawn() -> RefusedError:
    return RefusedError(
        409,
        "sample-drawn",
        "This sample is drawn already.",
        "Make a new promise for another sample.",
    )
