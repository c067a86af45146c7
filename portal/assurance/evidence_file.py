"""Samples, and the evidence file of each (`benchmarks.audit.sample_file`): what an auditor needs to
draw, and to verify an opening.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from benchmarks.audit import sample_file
from benchmarks.wire import challenges, logged, restarts
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.signing import ReceiptKey
from portal import keys, wall
from portal.accounts.models import User
from portal.accounts.selectors import own_sites
from portal.assurance.engagements import assigned_to
from portal.assurance.models import Sample
from portal.intake.models import Commitment, Submission
from portal.intake.selectors import commitment_of
from portal.standings.models import ProtectedValue
from portal.translog import selectors as log
from portal.translog.models import LogEntry
from portal.translog.restarts import served


def drawn_samples(user: User) -> QuerySet[Sample]:
    """The samples that were drawn, for the bodies that drew them and for the plants that open
    them.
    """
    mine = Q(assignment__in=assigned_to(user)) | Q(submission__site__in=own_sites(user))
    return (
        Sample.objects.select_related("assignment__site", "submission__site")
        .exclude(draw=None)
        .filter(mine)
    )


def drawn_sample(user: User, sample: int) -> Sample | None:
    """One of them; None where it is none of the person's."""
    return drawn_samples(user).filter(pk=sample).first()


def sample_to_draw(user: User, sample: int) -> Sample | None:
    """One whose promise waits and can be drawn with, for the body that made it; None else."""
    waiting = (
        Sample.objects.select_related("assignment__site", "submission__site")
        .filter(pk=sample, assignment__in=assigned_to(user))
        .first()
    )
    ready = waiting is not None and waiting.waits and log.size() >= waiting.head_size
    return waiting if ready else None


def evidence_of(sample: Sample, key: ReceiptKey) -> dict[str, Any]:
    """The file of a sample that can be drawn, or was. A part that the portal does not have (values
    of a report that was deleted) is left out, and then the agent names the check that could not be
    made.

    Raises:
        RefusedError: `log-damaged` (500).
    """
    report, size = sample.submission, sample.head_size
    committed = commitment_of(report)
    indices = [
        committed.log_index,
        report.log_index,
        *_values_entry(report),
        *_entry(EntryKind.AUDIT_PROMISE, sample.promise_digest),
    ]
    proven = log.inclusions(sorted(index for index in indices if index < size), size)
    files = {
        "directory": keys.published_directory().signed,
        "commitment": bytes(committed.signed),
        "challenge": bytes(committed.challenge),
        "receipt": bytes(report.receipt),
        "head": log.head(key, size).signed,
        "promise": bytes(sample.promise),
    }
    if sample.draw is not None:
        files["draw"] = bytes(sample.draw)
    return sample_file.written(
        sample.assignment.site.slug,
        report.period,
        report.revision,
        files,
        [
            {
                "index": view.index,
                "kind": view.kind,
                "object": view.logged.hex(),
                "on": view.on.isoformat(),
                "leaf_hash": view.leaf_hash.hex(),
                "size": size,
                "proof": [digest.hex() for digest in proof],
            }
            for view, proof in proven.values()
        ],
        _restarts(committed),
    )


def _restarts(committed: Commitment) -> list[bytes]:
    """Of a commitment that was handed in again after a restart of the log: the statements that its
    challenge's entry was lost.
    """
    challenge = challenges.parse(bytes(committed.challenge))
    if challenge.log_index == committed.log_index:
        return []
    return [
        raw for raw in served() if restarts.parse(raw).lost(challenge.log_index, challenge.given_on)
    ]


@wall.opened()  # the entry holds a hash of the values, which its reader need not see
def _values_entry(report: Submission) -> list[int]:
    """Where the log has the values that the worker found in the report."""
    labels = [
        value.released()
        for value in ProtectedValue.objects.filter(submission=report).order_by("pk")
    ]
    return _entry(
        EntryKind.VALUES,
        logged.values(bytes.fromhex(report.digest), report.name, labels, report.salt).hex(),
    )


def _entry(kind: EntryKind, digest: str) -> list[int]:
    return list(LogEntry.objects.filter(kind=kind, digest=digest).values_list("index", flat=True))
