"""Which revision of a report the data at hand belong to, and what is refused: another challenge or
seed, a ledger that was rolled back, a log split differently.

A revision whose challenge is known is bound: its draws are determined, and whoever exchanged its
data would pick between two draws. Changed data make the next one, debited with the batches of those
abandoned, which another copy of the state directory may have drawn. Every signed challenge lists
the site's commitments answered before it: a directory that does not know one of them draws nothing
until the newest copy is back, or a new enrolment closes the periods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC

from benchmarks.errors import PolicyRefusal, VerificationError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.privacy import randomness
from benchmarks.privacy.pooling import is_calendar_year
from benchmarks.wire import challenges
from benchmarks.wire.challenges import Challenge, LedgerStand
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.receipts import Receipt
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.sending.kept_reports import (
    ClosedPeriod,
    Parcel,
    ParcelState,
    commitment_digests,
)
from reporting_agent.sending.planning import ReportPlan
from reporting_agent.sending.pooled_labels import covered, span


def commitment_of(parcel: Parcel) -> ReportCommitment:
    """What the site committed to; for parcels from *committed* on."""
    if parcel.data_root is None:
        raise LookupError(f"{parcel.period} revision {parcel.revision} is not committed to yet")
    return ReportCommitment(parcel.site, parcel.period, parcel.revision, parcel.data_root)


def stored_challenge(parcel: Parcel, keys: Mapping[str, VerifyingKey]) -> Challenge:
    """The challenge that the parcel keeps, verified again; for parcels that are bound."""
    if parcel.challenge is None:
        raise LookupError(f"{parcel.period} revision {parcel.revision} has no challenge yet")
    return challenges.verify(parcel.challenge, keys, commitment_of(parcel))


def refuse_another(challenge: Challenge, parcel: Parcel, keys: Mapping[str, VerifyingKey]) -> None:
    """Refuse a challenge for the parcel's commitment that is not the one it keeps.

    Raises:
        VerificationError: `challenge-changed`.
    """
    first = stored_challenge(parcel, keys)
    if challenge.nonce != first.nonce:
        raise VerificationError(
            "challenge-changed",
            Phrase(
                "The portal signed a second challenge for the commitment of %(period)s, revision "
                "%(revision)s. The first is entry "
                "%(log_index)s of its log; this one names entry %(given)s.",
                period=parcel.period,
                revision=parcel.revision,
                log_index=first.log_index,
                given=challenge.log_index,
            ),
            "It was not used to draw: the first challenge counts. A portal that follows its rules "
            "never does this. Keep both "
            "challenges, and tell the coordinator by a way other than this portal.",
        )


def refuse_another_seed(challenge: Challenge, seed: bytes) -> None:
    """Refuse to draw by a seed that the site did not enrol with: no auditor could bind the key that
    follows from it to this site.

    Raises:
        VerificationError: `challenge-of-another-seed`.
    """
    if challenge.seed_commitment != randomness.commitment(seed):
        raise VerificationError(
            "challenge-of-another-seed",
            "The site enrolled at the portal with a seed other than the one in this state "
            "directory, so nothing was drawn.",
            "Give --state of the directory that was enrolled, or restore its site.seed from a "
            "backup. If the seed is lost, enrol anew with a new token.",
        )


def under_its_revision(
    planned: ReportPlan,
    revisions: Sequence[Parcel],
    root_of: Callable[[ReportPlan], bytes],
    *,
    correct: bool,
) -> tuple[ReportPlan, Parcel | None]:
    """The plan under the revision that these data belong to, and that revision's row, if there is
    one.

    Args:
        planned: as the first revision.
        revisions: the rows of its site and period, oldest first.
        root_of: what this agent would commit to for a plan.
        correct: the next revision is meant, if the data are not those of one that is bound.

    Raises:
        PolicyRefusal: `data-changed`, `software-changed`, both without `correct` only.
    """
    bound = [parcel for parcel in revisions if parcel.is_bound]
    open_one = next((parcel for parcel in revisions if not parcel.is_bound), None)
    if not bound:
        return planned, open_one
    last = bound[-1]
    for parcel in reversed(bound):
        if parcel.same_data(planned.data_digest, planned.method_digest):
            again = planned.under(parcel.revision, correction=parcel.correction)
            if parcel.is_sealed or (parcel is last and root_of(again) == parcel.data_root):
                return again, parcel
        if parcel.is_sealed:
            break  # the report that counts: no earlier one comes back
    resumed = open_one is not None and open_one.same_data(
        planned.data_digest, planned.method_digest
    )
    if not correct and not resumed:
        same = last.same_data(planned.data_digest, planned.method_digest)
        raise _software_changed(last) if same else _data_changed(last)
    return planned.under(last.revision + 1, correction=True), open_one


def _data_changed(last: Parcel) -> PolicyRefusal:
    stands = (
        Phrase("already sealed")
        if last.is_sealed
        else Phrase("committed to, and whose challenge is known")
    )
    return PolicyRefusal(
        "data-changed",
        Phrase(
            "The data of %(last_period)s differ from those of revision %(revision)s, which is "
            "%(stands)s.",
            last_period=last.period,
            revision=last.revision,
            stands=stands,
        ),
        "If the change is right, run submit again with --correct: that makes the next revision "
        "and spends from the reserve for "
        "corrections. If it is not, restore the files; the report that was begun then remains "
        "valid.",
    )


def _software_changed(last: Parcel) -> PolicyRefusal:
    return PolicyRefusal(
        "software-changed",
        Phrase(
            "The data of %(last_period)s, revision %(revision)s, were committed with another "
            "version of the agent, another policy, "
            "other settings or other meter readings. The labels could now be different, and the "
            "result of the random draw can "
            "already be known.",
            last_period=last.period,
            revision=last.revision,
        ),
        "Finish this report with the version, settings and files with which it was begun, and "
        "change them afterwards. Or run submit "
        "again with --correct: that makes the next revision and spends from the reserve for "
        "corrections.",
    )


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


def refuse_another_cut(planned: ReportPlan, parcels: Iterable[Parcel]) -> None:
    """A log whose time was reported in other runs: their accounts are others, and the same rows
    would be paid for anew.

    Raises:
        PolicyRefusal: `runs-cut-otherwise`, where a report that is bound may overlap the period.
    """
    cut = planned.behind.provenance.cut
    for parcel in parcels:
        if (
            parcel.is_bound
            and cut
            and parcel.cut
            and parcel.cut != cut
            and may_overlap(planned, parcel.period)
        ):
            raise PolicyRefusal(
                "runs-cut-otherwise",
                Phrase(
                    "The log of %(period)s was reported with other runs (%(before)s; now "
                    "%(now)s). The privacy budget of a run is "
                    "recorded under its own name, so the budget of the same rows would be spent "
                    "twice.",
                    period=parcel.period,
                    before=parcel.cut,
                    now=cut,
                ),
                "Restore [runs] and timezone in site.toml to their values for that time. Another "
                "way of cutting runs can begin only "
                "with the first period that does not overlap that time. Nothing was drawn.",
            )


def as_if_drawn(
    planned: ReportPlan, parcel: Parcel, parcels: Iterable[Parcel]
) -> Iterator[tuple[ReportPlan, Parcel]]:
    """Earlier revisions of the parcel's period that have a challenge and were never debited, each
    with the plan to debit it by.

    Args:
        planned: the parcel's own plan.
    """
    for earlier in parcels:
        if (
            earlier.period == parcel.period
            and earlier.revision < parcel.revision
            and earlier.state is ParcelState.CHALLENGED
        ):
            yield planned.under(earlier.revision, correction=earlier.correction), earlier
