"""What a witness does with a new checkpoint: the decision of C2SP tlog-witness, without a server.

A witness has one memory for each log, the largest checkpoint that it cosigned. `add_checkpoint`
takes a request in the protocol's own form and answers with its status codes; whoever calls it
writes the new memory down before the cosignature leaves (`reporting_agent.audit.witness` does, and
fetches for itself what a log would send to a service).

Source: https://c2sp.org/tlog-witness.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import checkpoints
from benchmarks.wire.checkpoints import Checkpoint
from benchmarks.wire.merkle import HASH_BYTES, require_consistency
from benchmarks.wire.signing import VerifyingKey

MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """The answer's status; with 200 the checkpoint that may be cosigned once it is remembered, else
    why not.

    `body` is what 409 answers: the size that the witness cosigned last.
    """

    status: HTTPStatus
    checkpoint: Checkpoint | None = None
    why: VerificationError | None = None
    body: str = ""


def request(old_size: int, proof: Sequence[bytes], checkpoint: bytes) -> bytes:
    """The body of `add-checkpoint`."""
    lines = [f"old {old_size}", *(base64.b64encode(digest).decode() for digest in proof), ""]
    return "".join(f"{line}\n" for line in lines).encode() + checkpoint


def parse_request(raw: bytes) -> tuple[int, tuple[bytes, ...], bytes]:
    """Old size, proof and checkpoint of such a body; VerificationError
    `witness-request-malformed`.
    """
    above, blank, checkpoint = raw.partition(b"\n\n")
    try:
        first, *hashes = above.decode("ascii").split("\n")
        proof = tuple(base64.b64decode(encoded, validate=True) for encoded in hashes)
    except (UnicodeDecodeError, binascii.Error, ValueError) as error:
        raise _malformed() from error
    size = first.removeprefix("old ")
    spelled = (
        first.startswith("old ") and size.isdigit() and len(size) < 20 and str(int(size)) == size
    )
    if (
        not blank
        or not spelled
        or len(proof) > MOST_HASHES
        or any(len(digest) != HASH_BYTES for digest in proof)
    ):
        raise _malformed()
    return int(size), proof, checkpoint


def add_checkpoint(
    raw: bytes, fingerprint: str, keys: Mapping[str, VerifyingKey], last_cosigned: Checkpoint | None
) -> WitnessAnswer:
    """Whether the checkpoint in this request may be cosigned, by what was seen of this log before.

    Args:
        keys: of the log, by key id, as its directory lists them.
        last_cosigned: the checkpoint that was cosigned last; None for a log that is new.
    """
    try:
        old, proof, note = parse_request(raw)
        parsed = checkpoints.parse(note)
    except VerificationError as malformed:
        return WitnessAnswer(HTTPStatus.BAD_REQUEST, why=malformed)
    try:
        shown = checkpoints.read(note, fingerprint, keys)
    except VerificationError as stranger:
        unknown = parsed.origin != checkpoints.origin(fingerprint)
        return WitnessAnswer(
            HTTPStatus.NOT_FOUND if unknown else HTTPStatus.FORBIDDEN, why=stranger
        )
    if old > shown.size:
        return WitnessAnswer(HTTPStatus.BAD_REQUEST, why=_shrunk(old, shown.size))
    last_size = 0 if last_cosigned is None else last_cosigned.size
    if old != last_size:
        why = (
            _shrunk(last_size, shown.size)
            if shown.size < last_size
            else _another_size(old, last_size)
        )
        return WitnessAnswer(HTTPStatus.CONFLICT, why=why, body=f"{last_size}\n")
    if last_cosigned is not None and old == shown.size:
        if last_cosigned.root != shown.root:
            return WitnessAnswer(HTTPStatus.CONFLICT, why=forked(shown.size), body=f"{last_size}\n")
        return WitnessAnswer(HTTPStatus.OK, shown)
    if last_cosigned is None or old == 0:
        return (
            WitnessAnswer(HTTPStatus.OK, shown)
            if not proof
            else WitnessAnswer(HTTPStatus.UNPROCESSABLE_ENTITY, why=_rewritten(old, shown.size))
        )
    try:
        require_consistency(last_cosigned.size, last_cosigned.root, shown.size, shown.root, proof)
    except VerificationError:
        return WitnessAnswer(
            HTTPStatus.UNPROCESSABLE_ENTITY, why=_rewritten(last_cosigned.size, shown.size)
        )
    return WitnessAnswer(HTTPStatus.OK, shown)


KEEP_BOTH = Phrase(
    "Cosign nothing of this log. Keep both checkpoints: the portal signed them, and together they "
    "prove it. Give them to the "
    "coordinator, the regulator and the other witnesses through another channel than this portal."
)


def _shrunk(before: int, now: int) -> VerificationError:
    return VerificationError(
        "log-shrunk",
        Phrase(
            "The log had %(before)s entries when it was cosigned last, but now says it has "
            "%(now)s.",
            before=before,
            now=now,
        ),
        KEEP_BOTH,
    )


def forked(size: int) -> VerificationError:
    """Two roots of one size."""
    return VerificationError(
        "log-forked",
        Phrase("The portal has signed two different logs of %(size)s entries.", size=size),
        KEEP_BOTH,
    )


def _rewritten(before: int, now: int) -> VerificationError:
    return VerificationError(
        "log-rewritten",
        Phrase(
            (
                "There is no proof that the log of %(now)s entries shown now begins with the log "
                "of %(before)s entries that was cosigned "
                "last."
            ),
            before=before,
            now=now,
        ),
        KEEP_BOTH,
    )


def _another_size(asked: int, last_size: int) -> VerificationError:
    return VerificationError(
        "witness-size-differs",
        Phrase(
            "The request begins at %(asked)s entries, but %(known)s were cosigned last.",
            asked=asked,
            known=last_size,
        ),
        "Ask again with a proof from that size.",
    )


def _malformed() -> VerificationError:
    return VerificationError(
        "witness-request-malformed",
        "The request to a witness does not follow C2SP tlog-witness.",
        "See https://c2sp.org/tlog-witness.",
    )
