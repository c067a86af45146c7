"""Which revision of a report the data at hand belong to, or none, by its commitment and its one
challenge; another challenge refused.

A revision whose challenge is known is bound: its draws are determined, and whoever exchanged the
data under it would pick between two draws. Bound data come back to their own revision, as long as
no later one is sealed; changed data make the next one, once that is asked for, and the reserve for
corrections pays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from benchmarks.errors import PolicyRefusal, VerificationError
from benchmarks.phrases import Phrase
from benchmarks.privacy import randomness
from benchmarks.wire import challenges
from benchmarks.wire.challenges import Challenge
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.sending.kept_reports import Parcel
from reporting_agent.sending.planning import ReportPlan


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
