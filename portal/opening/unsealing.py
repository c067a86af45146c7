"""Opening sealed reports, exactly once whatever happens to the worker: claimed, checked, kept in
the vault, settled; values numbered.

    received ──claim──▶ opening ──▶ vault upsert ──▶ accepted | refused └──sweep's end──▶ its values
                                                have their entry in the log

A sweep claims one row (a short transaction), opens it without holding any lock, writes the report
to the vault under its digest (so writing twice is writing once), and then, in one transaction on
the default database, copies the released values and sets the state: only if the claim is still its
own. Killed before the claim, nothing happened; killed after it, the claim ages and another sweep
takes the row; a sweep that was merely slow finds its claim gone and does nothing. What it wrote to
the vault of a report that was deleted with its firm meanwhile, it deletes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from benchmarks import packs
from benchmarks.errors import InputError, VerificationError
from benchmarks.phrases import Phrase, stored
from benchmarks.wire import envelope as envelopes
from benchmarks.wire import logged
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.pack_conformity import require_conformity
from benchmarks.wire.schema import Consent, Report, encode_report
from benchmarks.wire.sealing import ProcessingKey
from benchmarks.wire.signing import VerifyingKey
from portal import tracing
from portal.accounts.audience import named, people_of_site
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue.models import ReportingPeriod
from portal.intake.admission import SET_BACK
from portal.intake.models import WAITING, Commitment, ReportConsent, Submission, SubmissionState
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import tell
from portal.opening.models import OpenedReport
from portal.problems import SERVER_AWAY
from portal.standings.computing import record_protected_values
from portal.translog import log

journal = logging.getLogger(__name__)
NUMBERED_AFTER = 32
"""Reports; a sweep gives the log entries of so many their numbers at once, and at its end those of
the rest.
"""

MOST_ATTEMPTS = 32_767
"""Of the column; a report whose pack no worker has is tried about once a minute, for as long as it
takes.
"""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class SweepCounts:
    accepted: int
    refused: int
    left: bool = False  # whether it ended for its time, with work still waiting


def sweep(key: ProcessingKey, clock: Clock, until: float | None = None) -> SweepCounts:
    """Open everything that waits. Safe to run twice, at once, and after a death at any point.

    Args:
        until: by `time.monotonic`; after it nothing more is claimed.
    """
    counts = {
        SubmissionState.ACCEPTED: 0,
        SubmissionState.SUPERSEDED: 0,
        SubmissionState.REFUSED: 0,
    }
    left = False
    while not (left := until is not None and monotonic() >= until) and (
        claimed := claim(key.key_id, clock())
    ):
        try:
            with tracing.opened(bytes.fromhex(claimed.digest), claimed.received_at):
                outcome = open_one(claimed, key, clock)
        except SERVER_AWAY:
            give_back(claimed)
            raise
        except (
            InputError
        ) as fault:  # ours: it waits until its claim is old, and holds up nothing else
            journal.error("The report %s cannot be opened here: %s", claimed.digest, fault)
            continue
        if outcome is not None:
            counts[outcome] += 1
        if sum(counts.values()) % NUMBERED_AFTER == 0:
            log.number_waiting(clock())
    log.number_waiting(clock())
    return SweepCounts(
        accepted=counts[SubmissionState.ACCEPTED] + counts[SubmissionState.SUPERSEDED],
        refused=counts[SubmissionState.REFUSED],
        left=left,
    )


def claim(key_id: str, now: datetime) -> Submission | None:
    """Take one row sealed to this key that waits, or whose sweep has died: the least tried first,
    so that no row holds up the others.
    """
    dead_since = now - timedelta(seconds=settings.OPENING_LEASE_SECONDS)
    waiting = Q(state=SubmissionState.RECEIVED) | Q(
        state=SubmissionState.OPENING, claimed_at__lte=dead_since
    )
    with transaction.atomic():
        # the index `submission_waits` holds these states alone, in this order
        rows = Submission.objects.filter(waiting, state__in=WAITING, key_id=key_id).order_by(
            "attempts", "log_index"
        )
        row = rows.select_for_update(skip_locked=True, of=("self",)).first()
        if row is None:
            return None
        row.state, row.claim, row.claimed_at, row.attempts = (
            SubmissionState.OPENING,
            uuid4(),
            now,
            min(row.attempts + 1, MOST_ATTEMPTS),
        )
        row.save(update_fields=["state", "claim", "claimed_at", "attempts"])
    return row


def give_back(claimed: Submission) -> None:
    """A server went away while it was opened: it waits again at once, where that can be written,
    and not until its claim is old.
    """
    with suppress(*SERVER_AWAY):
        ours = Submission.objects.filter(
            pk=claimed.pk, state=SubmissionState.OPENING, claim=claimed.claim
        )
        ours.update(state=SubmissionState.RECEIVED, claim=None, claimed_at=None)


def open_one(submission: Submission, key: ProcessingKey, clock: Clock) -> SubmissionState | None:
    """Open a claimed row and settle its fate; None where somebody else has done so meanwhile."""
    if submission.claim is None:
        raise ValueError("only a claimed submission is opened")
    try:
        with tracing.step("unseal"):
            report = opened(submission, key)
    except VerificationError as refusal:
        with tracing.step("settle"):
            return settle(submission, submission.claim, None, refusal, clock())
    with tracing.step("vault"):
        keep(submission, report, clock())
    with tracing.step("settle"):
        return settle(submission, submission.claim, report, None, clock())


def opened(submission: Submission, key: ProcessingKey) -> Report:
    """The report inside, after every check that only the worker can make.

    Raises:
        VerificationError: what `envelope.open` and `require_conformity` refuse,
            `pack-of-other-sector`.
        InputError: the pack of the peer group cannot be read; a fault of ours, so the row waits.
    """
    envelope = envelopes.parse(bytes(submission.envelope))
    device = VerifyingKey.from_hex(submission.device.public_key)
    report = envelopes.open(envelope, key, device)
    period = _period_of(submission, report)
    if period is None:
        raise VerificationError(
            "pack-of-other-sector",
            Phrase(
                "The report is made with the pack %(pack)s; the site has to report with "
                "%(wanted)s.",
                pack=report.released.pack,
                wanted=submission.site.pack,
            ),
            "Set `pack` in site.toml to the site's sector and submit a new revision.",
        )
    pack = packs.load(period.peer_group.pack, period.peer_group.pack_version)
    require_conformity(report, pack, packs.digest(pack))
    _require_commitment(submission, report)
    return report


def _period_of(submission: Submission, report: Report) -> ReportingPeriod | None:
    """The period that a report is for. Where versions of a pack follow each other in one period,
    the one that took reports when it came.
    """
    rows = ReportingPeriod.objects.filter(
        name=submission.period,
        peer_group__members__site=submission.site,
        peer_group__pack=report.released.pack,
    )
    periods = list(rows.select_related("peer_group").order_by("pk"))
    took = [
        period
        for period in periods
        if period.closed_at is None or period.closed_at > submission.received_at
    ]
    return next(iter(took or periods), None)


def _require_commitment(submission: Submission, report: Report) -> None:
    """The report is of the data that its site committed to, and was drawn by the challenge that was
    given for them.

    Raises:
        VerificationError: `commitment-missing`, `data-root-mismatch`, `challenge-mismatch`,
            `ledger-sequence-wrong`.
    """
    committed = Commitment.objects.filter(
        site=submission.site, period=submission.period, revision=submission.revision
    ).first()
    subject = Phrase(
        "%(site)s, %(period)s, revision %(n)s",
        site=submission.site.slug,
        period=submission.period,
        n=submission.revision,
    )
    if committed is None:
        raise VerificationError(
            "commitment-missing",
            Phrase(
                "No commitment to the data of %(subject)s was submitted before this report, so it "
                "was drawn without a challenge of "
                "this portal.",
                subject=subject,
            ),
            "Use the agent of this release, which commits first, and submit a new revision.",
        )
    if committed.data_root != report.data_root.hex():
        raise VerificationError(
            "data-root-mismatch",
            Phrase(
                "The report names data other than those in the commitment for %(subject)s.",
                subject=subject,
            ),
            "Submit a new revision from the data as they are: it commits to them first.",
        )
    if committed.nonce != report.challenge.hex():
        raise VerificationError(
            "challenge-mismatch",
            Phrase(
                "The report was drawn with another challenge than the one given for %(subject)s.",
                subject=subject,
            ),
            "Submit a new revision with the agent of this release, which draws only with the "
            "portal's challenge.",
        )
    if committed.sequence != submission.ledger_sequence:
        raise VerificationError(
            "ledger-sequence-wrong",
            Phrase(
                "The report states that it is number %(found)s of the site's ledger, but the "
                "challenge for %(subject)s gave it "
                "number %(wanted)s.",
                found=submission.ledger_sequence,
                subject=subject,
                wanted=committed.sequence,
            ),
            SET_BACK,
        )


def keep(submission: Submission, report: Report, now: datetime) -> None:
    """Write the report to the vault, first: a state never says accepted without it."""
    opened_report = OpenedReport(
        envelope_digest=submission.digest,
        site=submission.site.slug,
        period=submission.period,
        revision=submission.revision,
        device=submission.device_id,
        report=encode_report(report),
        opened_at=now,
    )
    written = [field.name for field in OpenedReport._meta.concrete_fields if not field.primary_key]
    OpenedReport.objects.bulk_create(
        [opened_report],
        update_conflicts=True,
        unique_fields=["envelope_digest"],
        update_fields=written,
    )


def settle(
    submission: Submission,
    claim_id: UUID,
    report: Report | None,
    refusal: VerificationError | None,
    now: datetime,
) -> SubmissionState | None:
    """Set the final state, copy the released values and put them in line for the log, in one
    transaction, if the claim still holds.

    It holds the revisions of one site and period, and no lock that others wait for.
    """
    with transaction.atomic():
        revisions = _revisions(submission)
        row = revisions[submission.pk]
        if (
            row.state == SubmissionState.DELETED
        ):  # its firm has left since, and the vault was emptied before the report was written there
            OpenedReport.objects.filter(envelope_digest=row.digest).delete()
        if row.state != SubmissionState.OPENING or row.claim != claim_id:
            return None
        if refusal is not None:
            reason = refusal.whole
            row.state, row.reason_code, row.reason, row.reason_phrase = (
                SubmissionState.REFUSED,
                refusal.code,
                reason[:1000],
                stored(reason),
            )
            record(
                now, "worker", Action.SUBMISSION_REFUSED, f"submission {row.digest}", refusal.code
            )
        elif report is not None:
            record_protected_values(row, report.released.labels)
            _copy_consent(row, report.consent)
            row.state, row.covers = (
                _state_among_revisions(row, revisions.values()),
                " ".join(sorted({label.step for label in report.released.labels})),
            )
            row.values_salt, row.pack_version = report.salt, report.released.pack_version
            digest = logged.values(
                bytes.fromhex(row.digest), row.name, report.released.labels, report.salt
            )
            log.put_in_line(EntryKind.VALUES, digest.hex())
            record(now, "worker", Action.SUBMISSION_ACCEPTED, f"submission {row.digest}", str(row))
        row.decided_at, row.claim = now, None
        decided = [
            "state",
            "reason_code",
            "reason",
            "reason_phrase",
            "decided_at",
            "claim",
            "covers",
            "values_salt",
            "pack_version",
        ]
        row.save(update_fields=decided)
        _tell(row, now)
    return SubmissionState(row.state)


def _tell(row: Submission, now: datetime) -> None:
    """The people of the site; a revision that was overtaken before it was opened is no news to
    them.
    """
    kind = {
        SubmissionState.ACCEPTED: NoticeKind.SUBMISSION_ACCEPTED,
        SubmissionState.REFUSED: NoticeKind.SUBMISSION_REFUSED,
    }.get(SubmissionState(row.state))
    if kind is not None:
        facts = {**named(row.site), "period": row.period}
        tell(kind, people_of_site(row.site), "web:submission", {"digest": row.digest}, facts, now)


def _copy_consent(row: Submission, consent: Consent | None) -> None:
    """What the firm agreed to, for its own page: the report itself is closed to the pages."""
    if consent is not None:
        ReportConsent.objects.create(
            submission=row,
            scheme=consent.scheme,
            terms=consent.terms.hex(),
            purpose=consent.purpose,
            use=consent.use,
            naming=consent.naming,
            retention_years=consent.retention_years,
        )


def _revisions(submission: Submission) -> dict[int, Submission]:
    """The site's revisions of that period, locked in one order: of two settled at once the second
    sees what became of the first.
    """
    rows = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("site")
        .defer("envelope", "receipt")
    )
    return {
        row.pk: row
        for row in rows.filter(site=submission.site, period=submission.period).order_by("pk")
    }


def _state_among_revisions(row: Submission, revisions: Iterable[Submission]) -> SubmissionState:
    """The latest accepted revision counts; the ones before it are superseded, in whatever order
    they are opened.
    """
    accepted = [other for other in revisions if other.state == SubmissionState.ACCEPTED]
    if any(other.revision > row.revision for other in accepted):
        return SubmissionState.SUPERSEDED
    if accepted:
        Submission.objects.filter(pk__in=[other.pk for other in accepted]).update(
            state=SubmissionState.SUPERSEDED
        )
    return SubmissionState.ACCEPTED
