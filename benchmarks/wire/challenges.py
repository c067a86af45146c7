"""The portal's signed answer to a commitment: random bytes, place in the log, ledger's stand;
handed back to a portal that lost it.

The site cannot know them before its data are fixed, so it cannot choose records, or the moment, by
their luck. The portal does not know the site's seed, so it cannot choose the noise. It gives one
challenge for one commitment, always the same bytes; an agent keeps the first it was given and takes
no other. It names the commitment to the seed that the site enrolled with, so that an auditor sees
whether the key of a report is of that seed's site.

It also says where the site's privacy ledger stands by what the portal has answered: the number of
this report in it, and every commitment that was answered before with its digest. Every draw waits
for a challenge, whatever path it comes by, so an agent whose state directory was set back, copied
or restored learns here of what it does not know, before it spends anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Annotated, ClassVar

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import LARGEST_INTEGER, decode, encode
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.records import (
    VERSION,
    Day,
    DigestHex,
    Fields,
    Natural,
    Record,
    each,
    malformed,
    nested,
    octets,
    whole,
)
from benchmarks.wire.schema import DIGEST_BYTES, PeriodName, Revision
from benchmarks.wire.signed import Signed
from benchmarks.wire.signing import Purpose, ReceiptKey, VerifyingKey

NONCE_BYTES = 32
MOST_ANSWERED = 4096
"""Commitments of one site in all its time."""

Sequence = Annotated[int, whole(1, LARGEST_INTEGER)]


@dataclass(frozen=True, slots=True)
class AnsweredCommitment(Record):
    """A commitment of the site that the portal has given a challenge for: what may have been drawn,
    and where it stands in the ledger.
    """

    sequence: Sequence
    period: PeriodName
    revision: Revision
    digest: Annotated[bytes, octets(DIGEST_BYTES)]  # of the commitment (`Commitment.digest`)


@dataclass(frozen=True, slots=True)
class LedgerStand(Record):
    """The site's ledger as the portal holds it: the number of this report, and what was answered
    before it, oldest first.

    The last of `before` is the last sequence used and the digest behind it.
    """

    sequence: Sequence
    before: Annotated[tuple[AnsweredCommitment, ...], each(AnsweredCommitment, MOST_ANSWERED)] = ()

    def refuse(self, at: Fields) -> None:
        numbers = [0, *(answered.sequence for answered in self.before), self.sequence]
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise malformed(
                at.path("before"),
                Phrase("in the order of the ledger, each number higher than the one before"),
            )


@dataclass(frozen=True, slots=True)
class Challenge(Record):
    """What the portal attests: this commitment is entry `log_index` of its log since `given_on`,
    and its draws are keyed by `nonce`.

    `seed_commitment` is that of the enrolled device which committed.
    """

    WHERE: ClassVar[str] = "challenge"

    commitment: Annotated[ReportCommitment, nested(ReportCommitment)]
    nonce: Annotated[bytes, octets(NONCE_BYTES)]
    log_index: Natural
    given_on: Day
    seed_commitment: Annotated[bytes, octets(DIGEST_BYTES)]
    key_id: DigestHex
    ledger: Annotated[LedgerStand, nested(LedgerStand)]


CHALLENGE = Signed(
    Challenge,
    Purpose.CHALLENGE,
    lambda: VerificationError(
        "challenge-signature-invalid",
        "The challenge was not signed by a receipt key of this portal.",
        "If the portal's keys have changed, give its present key directory (submit --directory "
        "FILE). If not, submit the commitment again and use the portal's own answer. If that is "
        "not valid either, ask the coordinator.",
    ),
)
parse, read = CHALLENGE.parse, CHALLENGE.read


def issue(
    commitment: ReportCommitment,
    nonce: bytes,
    log_index: int,
    given_on: date,
    seed_commitment: bytes,
    ledger: LedgerStand,
    key: ReceiptKey,
) -> bytes:
    """A signed challenge."""
    return CHALLENGE.issue(
        Challenge(commitment, nonce, log_index, given_on, seed_commitment, key.key_id, ledger), key
    )


def verify(raw: bytes, keys: Mapping[str, VerifyingKey], commitment: ReportCommitment) -> Challenge:
    """A challenge for exactly this commitment.

    Raises:
        VerificationError: as `read`, and `challenge-for-another` where it answers another
            commitment.
    """
    challenge = read(raw, keys)
    if challenge.commitment != commitment:
        answered = challenge.commitment
        raise VerificationError(
            "challenge-for-another",
            Phrase(
                "The challenge is for a commitment of %(site)s, %(period)s, revision "
                "%(revision)s, and not for the one that was made "
                "for %(asked_site)s, %(asked_period)s, revision %(asked_revision)s.",
                site=answered.site,
                period=answered.period,
                revision=answered.revision,
                asked_site=commitment.site,
                asked_period=commitment.period,
                asked_revision=commitment.revision,
            ),
            "Use the challenge that the portal gave for this commitment. The portal gives it "
            "again whenever the commitment is "
            "submitted.",
        )
    return challenge


def is_challenge(raw: bytes) -> bool:
    """Whether a file carried by hand is meant as a challenge, well-formed or not; for who takes
    several kinds at one door.
    """
    try:
        value = decode(raw)
    except VerificationError:
        return False
    return isinstance(value, dict) and "challenge" in value and "commitment" not in value


def handed_back(commitment: bytes, challenge: bytes) -> bytes:
    """What an agent gives to a portal that lost both with its log: its own commitment, and the
    portal's signed answer.
    """
    return encode({"v": VERSION, "commitment": commitment, "challenge": challenge})


def read_handed_back(raw: bytes) -> tuple[bytes, bytes]:
    """Commitment and challenge, neither of them verified. VerificationError where the bytes are
    malformed.
    """
    fields = Fields(decode(raw))
    fields.version()
    both = fields.octets("commitment"), fields.octets("challenge")
    fields.done()
    return both
