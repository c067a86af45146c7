"""Sample and opening, as far as the portal takes part: it keeps the promise, says from which head is drawn, keeps the draw, notes counts.

The auditor promises a nonce before the head is there that positions follow from as well. That head is no choice: it is the
log's first that holds promise, commitment and one entry more, which is another's, so that nobody knows it when promising. The opening
goes from plant to auditor past the portal; what comes back here is how many checks held, and which failed of how many records. Not how
many records were drawn: that would tell how many there are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from benchmarks.audit import draws
from benchmarks.phrases import Phrase
from benchmarks.wire.logged import Kind
from benchmarks.wire.signing import VerifyingKey
from portal.accounts.models import User
from portal.assurance.attesting import audited_report
from portal.assurance.interests import lock_standing, require_free
from portal.assurance.models import Assignment, AuditorKey, Sample
from portal.auditlog.models import Action
from portal.auditlog.services import record
from portal.intake.models import Commitment
from portal.problems import RefusedError
from portal.translog import log
from portal.translog import selectors as logged

MOST_SUMMARY_BYTES = 4096
MOST_CHECKS, MOST_RECORDS = 100, 1_000_000
SUMMARY_FIELDS = frozenset({"held", "failing", "codes"})
_CODE = re.compile(r"[a-z][a-z-]{0,59}")


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of an opening: checks that held, checks that failed, and of how many records each of these did."""

    held: int
    failing: int
    codes: Mapping[str, int]


def promise(assignment: Assignment, raw: bytes, by: User, now: datetime) -> Sample:
    """Keep the auditor's signed promise and put it into the log. The same again is the same one.

    Raises:
        VerificationError: what `draws.read_promise` refuses.
        RefusedError: what `require_free` and `lock_standing` refuse; `not-your-key` (403);
            `auditor-key-revoked`, `draw-of-another`, `promise-waits`, `no-accepted-report` (409).
    """
    require_free(assignment, by)
    made = draws.read_promise(raw)
    _require_own_key(made.auditor, assignment, by)
    _require_subject((made.site, made.period), assignment)
    report = audited_report(assignment)
    if report is None:
        raise RefusedError(
            409, "no-accepted-report", "There is no accepted report to draw from.", "Wait until the site's report is accepted."
        )
    committed = Commitment.objects.get(site=report.site_id, period=report.period, revision=report.revision)
    with transaction.atomic():
        lock_standing(assignment)
        head = log.lock()
        if known := Sample.objects.filter(promise_digest=made.digest).first():
            return known
        if Sample.objects.filter(assignment=assignment, draw=None).exists():
            raise RefusedError(
                409, "promise-waits", "A promise of this engagement waits for its draw.", "Draw from it first: of two, one could be chosen."
            )
        index = log.append(head, Kind.AUDIT_PROMISE, made.digest, now)
        sample = Sample.objects.create(
            assignment=assignment,
            submission=report,
            promise=raw,
            promise_digest=made.digest,
            promised_by=by,
            promised_at=now,
            head_size=max(index, committed.log_index) + 2,
        )
        record(now, by.email, Action.SAMPLE_PROMISED, f"site {assignment.site.slug}", f"{assignment.period}, log index {index}")
    return sample


def draw(sample: Sample, raw: bytes, by: User, now: datetime) -> Sample:
    """Keep the signed draw. The same again changes nothing.

    Raises:
        VerificationError: what `draws.read` and `draws.require_promised` refuse.
        RefusedError: what `require_free` and `lock_standing` refuse; `not-your-key` (403);
            `auditor-key-revoked`, `draw-of-another`, `head-not-there`, `head-of-another`, `sample-drawn` (409).
    """
    require_free(sample.assignment, by)
    made = draws.read(raw)
    _require_own_key(made.auditor, sample.assignment, by)
    draws.require_promised(made, draws.read_promise(bytes(sample.promise)))
    if not _of(sample, made):
        raise _another()
    if logged.size() < sample.head_size:
        raise RefusedError(
            409,
            "head-not-there",
            Phrase("The log has no %(size)s entries yet.", size=sample.head_size),
            "Wait for its next entry, and draw with that head.",
        )
    if (made.head.size, made.head.root) != (sample.head_size, logged.root_at(sample.head_size)):
        raise RefusedError(
            409,
            "head-of-another",
            "The draw is not from the head of the log that this promise leads to.",
            Phrase("Draw with the head of %(size)s entries, as the page of the sample gives it.", size=sample.head_size),
        )
    with transaction.atomic():
        lock_standing(sample.assignment)
        row = Sample.objects.select_for_update().get(pk=sample.pk)
        if row.draw is not None:
            if bytes(row.draw) == raw:
                return row
            raise RefusedError(409, "sample-drawn", "This sample is drawn already.", "Make a new promise for another sample.")
        row.draw, row.drawn_at = raw, now
        row.save(update_fields=["draw", "drawn_at"])
        record(now, by.email, Action.SAMPLE_DRAWN, f"site {sample.assignment.site.slug}", f"{sample.assignment.period}, {made.digest[:16]}")
    return row


def note(sample: Sample, told: Summary, by: User, now: datetime) -> Sample:
    """What came of it. Noted once: another opinion of the same opening is a finding.

    Raises:
        RefusedError: what `require_free` and `lock_standing` refuse; `sample-not-drawn`, `sample-noted` (409).
    """
    require_free(sample.assignment, by)
    with transaction.atomic():
        lock_standing(sample.assignment)
        row = Sample.objects.select_for_update().get(pk=sample.pk)
        if row.draw is None:
            raise RefusedError(409, "sample-not-drawn", "Nothing was drawn yet.", "Hand the signed draw in first.")
        if row.verified_at is not None:
            if (row.held, row.failing, row.codes) == (told.held, told.failing, dict(told.codes)):
                return row
            raise RefusedError(409, "sample-noted", "What came of this sample is on record already.", "Add a finding, or draw again.")
        row.held, row.failing, row.codes, row.verified_at = told.held, told.failing, dict(told.codes), now
        row.save(update_fields=["held", "failing", "codes", "verified_at"])
        detail = f"{sample.assignment.period}: {told.held} held, {told.failing} failing"
        record(now, by.email, Action.SAMPLE_VERIFIED, f"site {sample.assignment.site.slug}", detail)
    return row


def read_summary(raw: bytes) -> Summary:
    """The counts that the agent's `verify` writes. Whatever holds more than counts and codes is refused, and not kept.

    Raises:
        RefusedError: `summary-not-counts` (409).
    """
    refused = RefusedError(
        409,
        "summary-not-counts",
        "The file holds something else than counts and codes, or is no summary.",
        "Hand in the summary that verify wrote; never the opening or the report: they stay with you.",
    )
    if len(raw) > MOST_SUMMARY_BYTES:
        raise refused
    try:
        told: Any = json.loads(raw)
    except ValueError as error:
        raise refused from error
    if not isinstance(told, dict) or set(told) != SUMMARY_FIELDS or not isinstance(told["codes"], dict):
        raise refused
    codes = told["codes"]
    if (
        told["failing"] != len(codes)
        or not all(_CODE.fullmatch(code) for code in codes)
        or not all(map(_is_count, (told["held"], told["failing"], *codes.values())))
    ):
        raise refused
    return Summary(told["held"], told["failing"], codes)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MOST_RECORDS


def _of(sample: Sample, made: draws.Draw) -> bool:
    committed = Commitment.objects.filter(digest=made.commitment.digest).values_list("site", "period", "revision").first()
    report = sample.submission
    return committed == (report.site_id, report.period, report.revision)


def _require_own_key(key: VerifyingKey, assignment: Assignment, by: User) -> None:
    held = AuditorKey.objects.filter(public_key=key.hex, body=assignment.body_id, owner=by).first()
    if held is None:
        raise RefusedError(
            403, "not-your-key", "This was signed with a key that is not yours.", "Register your key, or let its owner hand it in."
        )
    if held.revoked_at is not None:
        raise RefusedError(409, "auditor-key-revoked", "The key that signed this was revoked.", "Register a new key and sign again.")


def _require_subject(subject: tuple[str, str], assignment: Assignment) -> None:
    if subject != (assignment.site.slug, assignment.period):
        raise _another()


def _another() -> RefusedError:
    return RefusedError(409, "draw-of-another", "The file is for another site, period or report.", "Choose the file of this engagement.")
