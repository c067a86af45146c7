"""A commitment that was handed in again after the log was restarted: its challenge names an entry
that the coordinator signed as lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from benchmarks.audit.sample_file import ProvenEntry
from benchmarks.errors import VerificationError
from benchmarks.wire import restarts
from benchmarks.wire.challenges import Challenge
from benchmarks.wire.signing import VerifyingKey


def relogged(
    entry: ProvenEntry | None,
    statements: Iterable[bytes],
    fingerprint: str | None,
    keys: Mapping[str, VerifyingKey],
    challenge: Challenge | None,
) -> ProvenEntry | None:
    """The commitment's entry since the restart; None where it stands where the challenge says, or
    no statement excuses that it does not.

    Whether it is in the log is not looked at here: `commitment-logged` asks for the proof.

    Args:
        entry: the commitment's, as it was handed in.
        statements: of restarts, not yet verified.
    """
    if (
        entry is None
        or challenge is None
        or fingerprint is None
        or entry.index == challenge.log_index
    ):
        return None
    for raw in statements:
        with suppress(VerificationError):  # not the coordinator's
            if restarts.verify(raw, fingerprint, keys).lost(
                challenge.log_index, challenge.given_on
            ):
                return entry
    return None
