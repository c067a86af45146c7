"""A vault that lost rows, filled again from the envelopes that the main database keeps.

Nothing that was decided changes: states, protected values and the log stand. Only what the vault
lacks is written, after every check that the worker made when the report first came; and what was
deleted with a firm that left is deleted again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from benchmarks.errors import InputError, VerificationError
from benchmarks.wire.sealing import ProcessingKey
from portal.intake.models import IN_THE_VAULT, Submission, SubmissionState
from portal.opening.models import OpenedReport
from portal.opening.unsealing import keep, opened

AT_ONCE = 500


def lacked_of(digests: Sequence[str]) -> int:
    """How many of these reports are accepted and not in the vault now, whatever was so when their
    digests were read.
    """
    count = 0
    for first in range(0, len(digests), AT_ONCE):
        batch = digests[first : first + AT_ONCE]
        missing = set(batch).difference(
            OpenedReport.objects.filter(envelope_digest__in=batch).values_list(
                "envelope_digest", flat=True
            )
        )
        # a firm that leaves has emptied the vault and holds its reports' rows until it has said so
        # of them
        with transaction.atomic():
            rows = Submission.objects.select_for_update().filter(
                digest__in=missing, state__in=IN_THE_VAULT
            )
            count += len(rows.values_list("pk"))
    return count


@dataclass(frozen=True, slots=True)
class RefillCounts:
    """How many reports were written again, how many could not be, by the code of what kept them
    out, and how many deleted.
    """

    written: int
    left: Mapping[str, int]
    deleted: int  # again: their firm has left


def deleted_but_present(digests: Sequence[str], now: datetime) -> list[str]:
    """Which of these reports were deleted with their firm and lie in the vault all the same.

    So after a vault came back older than the main database, or a worker died between its vault and
    its word while the firm left. What is younger than a claim may be in a worker's hands, which
    deletes it itself.
    """
    before = now - timedelta(seconds=settings.OPENING_LEASE_SECONDS)
    remaining: list[str] = []
    for first in range(0, len(digests), AT_ONCE):
        rows = Submission.objects.filter(
            digest__in=digests[first : first + AT_ONCE], state=SubmissionState.DELETED
        )
        deleted = list(rows.values_list("digest", flat=True))
        in_vault = OpenedReport.objects.filter(envelope_digest__in=deleted, opened_at__lte=before)
        remaining += in_vault.values_list("envelope_digest", flat=True)
    return remaining


def refill(processing_keys: Sequence[ProcessingKey], now: datetime) -> RefillCounts:
    """Open each accepted report again that the vault lacks, and delete what lies there of firms
    that have left.

    Safe to run twice, and beside a worker.
    """
    keys = {key.key_id: key for key in processing_keys}
    present = set(OpenedReport.objects.values_list("envelope_digest", flat=True).iterator(AT_ONCE))
    again = deleted_but_present(sorted(present), now)
    for first in range(0, len(again), AT_ONCE):
        OpenedReport.objects.filter(envelope_digest__in=again[first : first + AT_ONCE]).delete()
    accepted = (
        Submission.objects.filter(state__in=IN_THE_VAULT).values_list("pk", "digest").order_by("pk")
    )
    written, left = 0, Counter[str]()
    for pk in [pk for pk, digest in accepted.iterator(AT_ONCE) if digest not in present]:
        submission = Submission.objects.select_related("site", "device").get(pk=pk)
        key = keys.get(submission.key_id)
        if key is None:
            left["processing-key-missing"] += 1
            continue
        try:
            report = opened(submission, key)
        except (VerificationError, InputError) as refusal:
            left[refusal.code] += 1
            continue
        if report.salt != submission.salt:
            left["values-of-another-report"] += 1
            continue
        keep(submission, report, now)
        written += _stays(submission)
    return RefillCounts(written, left, len(again))


def _stays(submission: Submission) -> bool:
    """Whether the report may lie in the vault; if its firm left while it was opened, it is deleted
    there again.
    """
    with (
        transaction.atomic()
    ):  # waits for a firm that is leaving, which has emptied the vault and not yet said so
        state = (
            Submission.objects.select_for_update()
            .values_list("state", flat=True)
            .get(pk=submission.pk)
        )
        if state == SubmissionState.DELETED:
            OpenedReport.objects.filter(envelope_digest=submission.digest).delete()
    return bool(state != SubmissionState.DELETED)
