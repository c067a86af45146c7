"""Publications in the transparency log: each names the envelopes it was composed of, and its withdrawal names it again.

Called last in the transaction that publishes or withdraws: the log's head is held for a moment only.
"""

from __future__ import annotations

from datetime import datetime

from benchmarks.wire import logged, published
from benchmarks.wire.logged import Kind
from portal.intake.models import Submission
from portal.publication.models import LoggedAct, Publication
from portal.translog import log


def log_published(row: Publication, now: datetime) -> LoggedAct:
    """Log that this version went out, with the leaves of its participants' envelopes."""
    leaves = sorted(Submission.objects.filter(digest__in=row.participants).values_list("log_index", flat=True))
    document = published.digest(row.document or {})
    index = log.add(Kind.PUBLICATION, logged.publication(document, leaves).hex(), now)
    return LoggedAct.objects.create(publication=row, act=LoggedAct.Act.PUBLISHED, document=document.hex(), leaves=leaves, log_index=index)


def log_withdrawn(row: Publication, now: datetime) -> LoggedAct:
    """Log that this version was taken back, with its reason."""
    document = published.digest(row.document or {})
    index = log.add(Kind.PUBLICATION_WITHDRAWN, logged.publication_withdrawn(document, row.withdrawal_reason).hex(), now)
    return LoggedAct.objects.create(
        publication=row, act=LoggedAct.Act.WITHDRAWN, document=document.hex(), leaves=[], reason=row.withdrawal_reason, log_index=index
    )
