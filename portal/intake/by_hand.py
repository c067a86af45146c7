"""Files that a person brings, several at once: each has its own answer, and a bad one stands in no
other's way.

They are taken in the order in which the portal could take them, whatever order they were chosen in:
commitments first, then sealed reports by revision. Each is a transaction of its own. A challenge
that is brought with its commitment gives both back to a portal that lost them with its log: without
it the portal would draw another, by which the sealed report cannot be opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from benchmarks.errors import SteplabelError, VerificationError
from benchmarks.wire import challenges
from benchmarks.wire import commitments as wire_commitments
from benchmarks.wire import envelope as envelopes
from benchmarks.wire.signing import ReceiptKey
from portal.accounts.models import User
from portal.intake import commitments, receiving
from portal.intake.commitments import Randomness, StoredCommitment
from portal.intake.models import Commitment, Submission
from portal.keys import PublishedDirectory

MOST_FILES = 10
"""At once. A site has a file or two a period; who carries for many sites comes again."""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: a report with its receipt, a commitment with its challenge, or the
    refusal.
    """

    stored: Submission | Commitment | None
    created: bool  # by this file; otherwise the portal had it before
    refusal: SteplabelError | None = None


def take(
    user: User,
    files: Sequence[bytes],
    directory: PublishedDirectory,
    key: ReceiptKey,
    now: datetime,
    randomness: Randomness,
) -> tuple[FileOutcome, ...]:
    """An answer for each file, in the order of the files. What is refused is in the answer, and
    never raised.
    """
    answers: dict[int, FileOutcome] = {}
    challenges_of: dict[str, list[bytes]] = {}
    for raw in files:
        if (digest := _challenged(raw)) is not None:
            challenges_of.setdefault(digest, []).append(raw)
    of_commitment: dict[str, FileOutcome] = {}
    for index in sorted(range(len(files)), key=lambda index: _turn(files[index])):
        try:
            raw = files[index]
            if challenges.is_challenge(raw):
                answers[index] = _with_its_commitment(raw, of_commitment)
            elif wire_commitments.is_commitment(raw):
                digest = wire_commitments.parse(raw).commitment.digest
                given_back = _given_back(user, raw, challenges_of.get(digest, ()), directory, now)
                committed = given_back or commitments.take_for(user, raw, key, now, randomness)
                answers[index] = of_commitment[digest] = FileOutcome(
                    committed.commitment, committed.created
                )
            else:
                received = receiving.receive_for(user, raw, directory, key, now)
                answers[index] = FileOutcome(received.submission, received.created)
        except SteplabelError as refusal:
            answers[index] = FileOutcome(None, created=False, refusal=refusal)
    return tuple(answers[index] for index in range(len(files)))


def _given_back(
    user: User, raw: bytes, brought: Sequence[bytes], directory: PublishedDirectory, now: datetime
) -> StoredCommitment | None:
    """The commitment with a challenge that the portal lost with it; None where none of those
    brought was lost: a bad one stands in no sound commitment's way."""
    for challenge in brought:
        with suppress(SteplabelError):
            return commitments.take_back_for(
                user, challenges.handed_back(raw, challenge), directory.content.receipt_keys(), now
            )
    return None


def _with_its_commitment(raw: bytes, of_commitment: Mapping[str, FileOutcome]) -> FileOutcome:
    outcome = of_commitment.get(challenges.parse(raw).commitment.digest)
    if outcome is None:
        raise VerificationError(
            "challenge-without-commitment",
            "This file is the portal's own challenge, and the commitment that it answers was not "
            "accepted with it.",
            "Take the challenge to the plant and run submit with --challenge. If the portal lost "
            "the commitment when its log was "
            "restarted, submit the .commitment file, the challenge and the sealed report together.",
        )
    if isinstance(outcome.stored, Commitment) and bytes(outcome.stored.challenge) != raw:
        raise VerificationError(
            "challenge-replaced",
            "The commitment is on record with another challenge than this one.",
            "Do not submit a report that was sealed with this challenge: it would be refused. If "
            "the portal gave another challenge after "
            "its log was restarted, run submit with --correct at the plant: that makes the next "
            "revision.",
        )
    return replace(outcome, created=False)


def _challenged(raw: bytes) -> str | None:
    """The commitment that a challenge answers, by its digest; None of any other file."""
    try:
        return challenges.parse(raw).commitment.digest if challenges.is_challenge(raw) else None
    except VerificationError:
        return None


def _turn(raw: bytes) -> tuple[int, int]:
    """Commitments first, then challenges, then sealed reports by revision; what cannot be read is
    refused anyway, whenever it comes.
    """
    try:
        if wire_commitments.is_commitment(raw):
            return 0, wire_commitments.parse(raw).commitment.revision
        return (1, 0) if challenges.is_challenge(raw) else (2, envelopes.parse(raw).header.revision)
    except VerificationError:
        return 2, 0
