"""A vault that lost rows, filled again from the envelopes that the main database keeps.

Nothing that was decided changes: states, protected values and the log stand. Only what the vault lacks is written, after every check that
the worker made when the report first came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from benchmarks.errors import InputError, VerificationError
from benchmarks.wire.sealing import ProcessingKey
from portal.intake.models import IN_THE_VAULT, Submission, SubmissionState
from portal.opening.models import OpenedReport
from portal.opening.unsealing import keep, opened

AT_ONCE = 500


def lacked_of(digests: Sequence[str]) -> int:
    """How many of these reports are accepted and not in the vault now, whatever was so when their digests were read."""
    count = 0
    for first in range(0, len(digests), AT_ONCE):
        batch = digests[first : first + AT_ONCE]
        missing = set(batch).difference(OpenedReport.objects.filter(envelope_digest__in=batch).values_list("envelope_digest", flat=True))
        with transaction.atomic():  # a firm that leaves has emptied the vault and holds its reports' rows until it has said so of them
            rows = Submission.objects.select_for_update().filter(digest__in=missing, state__in=IN_THE_VAULT)
            count += len(rows.values_list("pk"))
    return count


@dataclass(frozen=True, slots=True)
class RefillCounts:
    """How many reports were written again, and how many could not be, by the code of what kept them out."""

    written: int
    left: Mapping[str, int]


def refill(processing_keys: Sequence[ProcessingKey], now: datetime) -> RefillCounts:
    """Open each accepted report again that the vault lacks. Safe to run twice, and beside a worker."""
    keys = {key.key_id: key for key in processing_keys}
    present = set(OpenedReport.objects.values_list("envelope_digest", flat=True).iterator(AT_ONCE))
    accepted = Submission.objects.filter(state__in=IN_THE_VAULT).values_list("pk", "digest").order_by("pk")
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
    return RefillCounts(written, left)


def _stays(submission: Submission) -> bool:
    """Whether the report may lie in the vault; if its firm left while it was opened, it is deleted there again."""
    with transaction.atomic():  # waits for a firm that is leaving, which has emptied the vault and not yet said so
        state = Submission.objects.select_for_update().values_list("state", flat=True).get(pk=submission.pk)
        if state == SubmissionState.DELETED:
            OpenedReport.objects.filter(envelope_digest=submission.digest).delete()
    return bool(state != SubmissionState.DELETED)
