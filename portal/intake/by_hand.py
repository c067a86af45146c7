"""Files that a person brings, several at once: each has its own answer, and a bad one stands in no other's way.

They are taken in the order in which the portal could take them, whatever order they were chosen in: commitments first, then sealed
reports by revision. Each is a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.errors import SteplabelError, VerificationError
from benchmarks.wire import commitments as wire_commitments
from benchmarks.wire import envelope as envelopes
from benchmarks.wire.signing import ReceiptKey
from portal.accounts.models import User
from portal.intake import commitments, receiving
from portal.intake.commitments import Randomness
from portal.intake.models import Commitment, Submission
from portal.keys import PublishedDirectory

MOST_FILES = 10
"""At once. A site has a file or two a period; who carries for many sites comes again."""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: a report with its receipt, a commitment with its challenge, or the refusal."""

    stored: Submission | Commitment | None
    created: bool  # by this file; otherwise the portal had it before
    refusal: SteplabelError | None = None


def take(
    user: User, files: Sequence[bytes], directory: PublishedDirectory, key: ReceiptKey, now: datetime, randomness: Randomness
) -> tuple[FileOutcome, ...]:
    """An answer for each file, in the order of the files. What is refused is in the answer, and never raised."""
    answers: dict[int, FileOutcome] = {}
    for index in sorted(range(len(files)), key=lambda index: _turn(files[index])):
        try:
            answers[index] = _file_outcome(user, files[index], directory, key, now, randomness)
        except SteplabelError as refusal:
            answers[index] = FileOutcome(None, created=False, refusal=refusal)
    return tuple(answers[index] for index in range(len(files)))


def _file_outcome(
    user: User, raw: bytes, directory: PublishedDirectory, key: ReceiptKey, now: datetime, randomness: Randomness
) -> FileOutcome:
    if wire_commitments.is_commitment(raw):
        committed = commitments.take_for(user, raw, key, now, randomness)
        return FileOutcome(committed.commitment, committed.created)
    received = receiving.receive_for(user, raw, directory, key, now)
    return FileOutcome(received.submission, received.created)


def _turn(raw: bytes) -> tuple[bool, int]:
    """Whether it is a sealed report, and its revision; what cannot be read is refused anyway, whenever it comes."""
    try:
        if wire_commitments.is_commitment(raw):
            return False, wire_commitments.parse(raw).commitment.revision
        return True, envelopes.parse(raw).header.revision
    except VerificationError:
        return True, 0
