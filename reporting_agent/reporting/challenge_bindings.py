"""What binds a parcel to its draws: the commitment it made and the challenge it keeps, and the refusal of a second one."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import challenges
from benchmarks.wire.challenges import Challenge
from benchmarks.wire.commitments import Commitment
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.reporting.outbox import Parcel


def commitment_of(parcel: Parcel) -> Commitment:
    """What the site committed to; for parcels from *committed* on."""
    if parcel.data_root is None:
        raise LookupError(f"{parcel.period} revision {parcel.revision} is not committed to yet")
    return Commitment(parcel.site, parcel.period, parcel.revision, parcel.data_root)


def kept(parcel: Parcel, keys: Mapping[str, VerifyingKey]) -> Challenge:
    """The challenge that the parcel keeps, verified again; for parcels that are bound."""
    if parcel.challenge is None:
        raise LookupError(f"{parcel.period} revision {parcel.revision} has no challenge yet")
    return challenges.verify(parcel.challenge, keys, commitment_of(parcel))


def refuse_another(given: Challenge, parcel: Parcel, keys: Mapping[str, VerifyingKey]) -> None:
    """Refuse a challenge for the parcel's commitment that is not the one it keeps.

    Raises:
        VerificationError: `challenge-changed`.
    """
    first = kept(parcel, keys)
    if given.nonce != first.nonce:
        raise VerificationError(
            "challenge-changed",
            Phrase(
                "The portal signed a second challenge for the commitment of %(period)s, revision "
                "%(revision)s: entry %(log_index)s of its log was the first, this one names entry "
                "%(given)s.",
                period=parcel.period,
                revision=parcel.revision,
                log_index=first.log_index,
                given=given.log_index,
            ),
            "Nothing was drawn by it: the first one counts. A portal that keeps its rules never does this: keep both, and tell the "
            "coordinator by another way than this portal.",
        )
