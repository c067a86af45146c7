"""A ledger that is behind: what the portal says it answered, held against what this state directory
knows and has debited.

Every draw waits for a challenge, and the signed challenge lists every commitment of the site that
was answered before it. So a directory that was restored from a backup, copied, or outlived by a new
one learns of reports that are not in its ledger on whatever path the challenge came, and draws
nothing. What was spent on those reports nobody here can tell: the way on is the newest copy, or a
new enrolment, which closes the periods of all that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.privacy.pooling import is_calendar_year
from benchmarks.wire.challenges import LedgerStand
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.receipts import Receipt
from reporting_agent.sending.closed_periods import ClosedPeriod, commitment_digests
from reporting_agent.sending.kept_reports import Parcel, ParcelState
from reporting_agent.sending.planning import ReportPlan
from reporting_agent.sending.pooled_labels import covered, span


def refuse_unknown(
    answered: Iterable[ReportCommitment], parcels: Sequence[Parcel], closed: Iterable[ClosedPeriod]
) -> None:
    """Refuse where the portal has given a challenge that this directory knows nothing of.

    Args:
        answered: commitments of this site with a signed challenge.

    Raises:
        PolicyRefusal: `ledger-set-back`, `ledger-forked`.
    """
    for commitment in answered:
        _require_known(
            bytes.fromhex(commitment.digest),
            commitment.period,
            commitment.revision,
            parcels,
            closed,
        )


def require_current(
    planned: ReportPlan,
    ledger: LedgerStand,
    parcels: Sequence[Parcel],
    closed: Sequence[ClosedPeriod],
) -> None:
    """Refuse to go on to a draw where the portal's ledger of this site holds what this one lacks.

    A report that is known and was never debited here may have been drawn by another copy: where it
    may cover the same batches it is finished first. A revision of the same period that was given up
    is debited by the caller instead.

    Raises:
        PolicyRefusal: `ledger-set-back`, `ledger-forked`, `ledger-unfinished`.
    """
    by_digest = commitment_digests(parcels)
    for answered in ledger.before:
        _require_known(answered.digest, answered.period, answered.revision, parcels, closed)
        parcel = by_digest.get(answered.digest)
        undebited = parcel is not None and parcel.state in (
            ParcelState.PLANNED,
            ParcelState.COMMITTED,
            ParcelState.CHALLENGED,
        )
        if (
            undebited
            and answered.period != planned.subject.period
            and may_overlap(planned, answered.period)
        ):
            raise PolicyRefusal(
                "ledger-unfinished",
                Phrase(
                    "The report of %(period)s, revision %(revision)s, has its challenge but was "
                    "never finished here. It may spend on "
                    "the same batches, and another copy of this directory may already have drawn "
                    "it.",
                    period=answered.period,
                    revision=answered.revision,
                ),
                "Finish that report first: run submit for its period (with --challenge, if the "
                "challenge came by hand), then this one "
                "again. Nothing was drawn.",
            )


def refuse_old_ledger(
    planned: ReportPlan,
    portal_receipts: Iterable[Receipt],
    own_parcels: Iterable[Parcel],
    closed: Iterable[ClosedPeriod] = (),
) -> None:
    """A report that the portal holds and this outbox does not know was spent elsewhere, and so was
    what another directory left behind.

    A report is looked upon as covering every year that its labels may cover: which they do stands
    sealed inside.

    Raises:
        PolicyRefusal: `ledger-set-back`, where such a report overlaps the period.
    """
    ours = {parcel.digest for parcel in own_parcels}
    unknown = [
        (receipt.header.period, receipt.header.revision)
        for receipt in portal_receipts
        if receipt.envelope_digest not in ours
    ]
    for period, revision in (*unknown, *((entry.period, entry.revision) for entry in closed)):
        if may_overlap(planned, period):
            raise _set_back(period, revision)


def _require_known(
    digest: bytes,
    period: str,
    revision: int,
    parcels: Iterable[Parcel],
    closed: Iterable[ClosedPeriod],
) -> None:
    parcels = tuple(parcels)
    if digest in commitment_digests(parcels) or any(entry.digest == digest for entry in closed):
        return
    if any(
        (parcel.period, parcel.revision) == (period, revision) and parcel.data_root is not None
        for parcel in parcels
    ):
        raise PolicyRefusal(
            "ledger-forked",
            Phrase(
                "For %(period)s, revision %(revision)s, the portal answered a different "
                "commitment from the one in this state "
                "directory. Either a copy of this directory was used on its own, or the data were "
                "changed after they were submitted.",
                period=period,
                revision=revision,
            ),
            "Restore the newest copy of the state directory, or the original data. If you have "
            "neither, enrol with a new token and "
            "--replace: that closes the period. Nothing was drawn.",
        )
    raise _set_back(period, revision)


def _set_back(period: str, revision: int) -> PolicyRefusal:
    return PolicyRefusal(
        "ledger-set-back",
        Phrase(
            "The portal answered a report of %(period)s, revision %(revision)s, that is not in "
            "this state directory. Either this "
            "directory is an older copy, or another agent reports for this site. What was spent "
            "on that report is not in this ledger.",
            period=period,
            revision=revision,
        ),
        "Restore the newest copy of the state directory. If it is lost, enrol with a new token "
        "and --replace: that closes the "
        "periods of the reports that are not known here. All other periods continue. Nothing was "
        "drawn.",
    )


def may_overlap(planned: ReportPlan, period: str) -> bool:
    """Whether a report of the period may cover batches of the planned one, with the years that its
    labels may cover.
    """
    asked = covered(Period.parse(planned.subject.period, UTC), planned.windows)
    other = Period.parse(period, UTC)
    reach = span(other, planned.pack.policy.most_years) if is_calendar_year(other) else other
    return asked.start < other.end and reach.start < asked.end
