"""Writes publications and withdrawals into the transparency log; reads what it has of a version and
of the reports that entered it.

Each names the envelopes it was composed of, and its withdrawal names it again.

Called last in the transaction that publishes or withdraws: the log's head is held for a moment
only.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from benchmarks.released import ReleasedLabel
from benchmarks.wire import logged, published
from benchmarks.wire.logged import EntryKind
from portal import wall
from portal.intake.models import Submission
from portal.publication.models import LoggedAct, Publication
from portal.publication.rows import VersionColumns
from portal.standings.models import ProtectedValue
from portal.translog import log
from portal.translog.models import LogEntry


def log_published(row: Publication, now: datetime) -> LoggedAct:
    """Log that this version went out, with the leaves of its participants' envelopes and of the
    values found in them.
    """
    head = log.lock()  # gives the values of reports that were just accepted their entries
    reports = found_in(row)
    leaves, values = (
        sorted(entrant.report.log_index for entrant in reports),
        sorted(entrant.entry for entrant in reports if entrant.entry is not None),
    )
    document = published.digest(row.document or {})
    index = log.append(
        head, EntryKind.PUBLICATION, logged.publication(document, leaves, values).hex(), now
    )
    return LoggedAct.objects.create(
        publication=row,
        act=LoggedAct.Act.PUBLISHED,
        document=document.hex(),
        leaves=leaves,
        values=values,
        log_index=index,
    )


@dataclass(frozen=True, slots=True)
class LoggedReport:
    """A report of a version with its protected labels, and the log's entry of these; None where the
    log holds them not, or others.
    """

    report: Submission
    labels: list[ReleasedLabel]
    entry: int | None


@wall.opened()
def found_in(row: Publication) -> list[LoggedReport]:
    """The reports that a version was composed of, in the order in which they came."""
    rows = (
        Submission.objects.filter(digest__in=row.participants)
        .select_related("site__organisation")
        .defer("envelope", "receipt")
    )
    labels: defaultdict[int, list[ReleasedLabel]] = defaultdict(list)
    for value in ProtectedValue.objects.filter(submission__in=rows.values("pk")).order_by("pk"):
        labels[value.submission_id].append(value.released())
    digests = {
        submission.pk: logged.values(
            bytes.fromhex(submission.digest),
            submission.name,
            labels[submission.pk],
            submission.salt,
        ).hex()
        for submission in rows
    }
    indices = dict(
        LogEntry.objects.filter(kind=EntryKind.VALUES, digest__in=digests.values()).values_list(
            "digest", "index"
        )
    )
    return [
        LoggedReport(submission, labels[submission.pk], indices.get(digests[submission.pk]))
        for submission in sorted(rows, key=lambda submission: submission.log_index)
    ]


def log_withdrawn(row: Publication, now: datetime) -> LoggedAct:
    """Log that this version was taken back, with its reason."""
    document = published.digest(row.document or {})
    index = log.add(
        EntryKind.PUBLICATION_WITHDRAWN,
        logged.publication_withdrawn(document, row.withdrawal_reason).hex(),
        now,
    )
    return LoggedAct.objects.create(
        publication=row,
        act=LoggedAct.Act.WITHDRAWN,
        document=document.hex(),
        leaves=[],
        reason=row.withdrawal_reason,
        log_index=index,
    )


@dataclass(frozen=True, slots=True)
class LoggedActView:
    """One entry of the log about a version. `leaves` are the entries of the reports that it was
    composed of, `values` those of the values that were found in them."""

    act: str  # LoggedAct.Act
    document: str  # hex digest of what was signed
    leaves: tuple[int, ...]
    values: tuple[int, ...]
    reason: str
    log_index: int


def logged_acts(row: VersionColumns) -> tuple[LoggedActView, ...]:
    """Publication first."""
    acts = LoggedAct.objects.filter(publication=row.id).order_by("log_index")
    return tuple(
        LoggedActView(
            act.act, act.document, tuple(act.leaves), tuple(act.values), act.reason, act.log_index
        )
        for act in acts
    )


def entry_of_version(digest: str) -> int | None:
    """The log's entry of the publication of the version with this digest, hex."""
    acts = LoggedAct.objects.filter(document=digest, act=LoggedAct.Act.PUBLISHED)
    return acts.values_list("log_index", flat=True).first()
