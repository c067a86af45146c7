"""Publishing a draft by a second person, the gate asked again, signed and made known; and
withdrawing a published version.

Two people for every publication; nothing is overwritten; what was published stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from benchmarks import packs
from benchmarks.disclosure import GateResult
from benchmarks.wire import published
from benchmarks.wire.signing import ReceiptKey
from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import User
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.days import scheme_day
from portal.publication import announcing, asking
from portal.publication.counted_before import beside_what_was_shown
from portal.publication.document import BenchmarkScope, document_of, erratum_part
from portal.publication.entries import log_published, log_withdrawn
from portal.publication.explaining import explained
from portal.publication.gating import asked_again
from portal.publication.history import is_outdated
from portal.publication.models import Publication, VersionStatus
from portal.publication.refusals import refusal
from portal.publication.shapes import summary_json
from portal.publication.who_may_publish import obstacle
from portal.standings.bands import bands
from portal.whole_text import whole_text

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ApprovedVersion:
    """What a second person lets out: as the gate left it, explained, and signed."""

    gate: JSON
    explanation: JSON
    document: JSON


LET_OUT = (
    "gate",
    "explanation",
    "document",
    "summary",
    "digest",
    "status",
    "approved_by",
    "published_at",
    "approval_note",
)


def publish(
    publication: Publication, by: User, key: ReceiptKey, now: datetime, note: str = ""
) -> Publication:
    """A second person lets a draft out. The gate is asked again: what was published since may have
    changed its answer.

    Raises:
        RefusedError: 403 or 409 with the code of `who_may_publish.obstacle`, or `draft-outdated`.
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        let_out(row, approved(row, by, key, now), by.pk, now, whole_text(note))
        record(now, by.email, Action.PUBLICATION_PUBLISHED, row.audit_subject, row.approval_note)
        made_known(row, now)
    return row


def let_out(row: Publication, what: ApprovedVersion, by: int, now: datetime, note: str) -> None:
    """From here on the version is public: what was decided and signed, and what lists and addresses
    tell of it.
    """
    row.gate, row.explanation, row.document = what.gate, what.explanation, what.document
    row.summary, row.digest = (
        summary_json(GateResult.from_json(what.gate)),
        published.digest(what.document).hex(),
    )
    row.status, row.approved_by_id, row.published_at, row.approval_note = (
        VersionStatus.PUBLISHED,
        by,
        now,
        note,
    )
    row.save(update_fields=LET_OUT)


def made_known(row: Publication, now: datetime) -> None:
    """A version that was let out: into the log, to those who wait for it, and to the best firms,
    who are asked for their practice.
    """
    log_published(row, now)
    announcing.published(row, now)
    asking.ask(row, now)


def approved(row: Publication, by: User, key: ReceiptKey, out_at: datetime) -> ApprovedVersion:
    """A draft as this person lets it out at that moment. Holds the locks of `asked_again`.

    Raises:
        RefusedError: as `publish`.
    """
    period = row.period
    present, again = asked_again(row, out_at)
    if row.status == VersionStatus.DRAFT and is_outdated(row, present):
        raise refusal("draft-outdated")
    if code := obstacle(row, by, again):
        raise refusal(code)
    pack = packs.load(period.peer_group.pack, period.peer_group.pack_version)
    drafted = (row.drafted_by, row.drafted_at)
    explanation = explained(
        again,
        pack,
        period,
        present,
        row.version,
        row.what_changed,
        drafted,
        (by, out_at),
        row,
    ).to_json()
    scope = BenchmarkScope.of(period.peer_group.scope)
    shown_bands = {}
    if row.corrects is None:  # an erratum reads no report of the other sites: it counts none
        shown_bands = beside_what_was_shown(
            bands(period, present, pack, pack.disclosure.fewest_firms),
            row,
            pack.disclosure.least_changed_participants,
        )
    document = document_of(
        again,
        explanation,
        row.version,
        scheme_day(out_at),
        scope,
        shown_bands,
        erratum_part(row, again),
    )
    return ApprovedVersion(again.to_json(), explanation, published.sign(document, key))


def withdraw(publication: Publication, by: User, reason: str, now: datetime) -> Publication:
    """Take a published version back. It stays readable at its address, marked, with the reason.

    Raises:
        RefusedError: `not-regulator` (403), `not-published`, `reason-missing`, `text-too-long`
            (409).
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        require_regulator_of_scope(by, row.period.peer_group.scope)
        if row.status != VersionStatus.PUBLISHED:
            raise refusal("not-published")
        if not reason.strip():
            raise refusal("reason-missing")
        row.status, row.withdrawn_by, row.withdrawn_at, row.withdrawal_reason = (
            VersionStatus.WITHDRAWN,
            by,
            now,
            whole_text(reason),
        )
        row.save(update_fields=["status", "withdrawn_by", "withdrawn_at", "withdrawal_reason"])
        record(
            now, by.email, Action.PUBLICATION_WITHDRAWN, row.audit_subject, row.withdrawal_reason
        )
        log_withdrawn(row, now)
        announcing.withdrawn(row, now)
    return row
