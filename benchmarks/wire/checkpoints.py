"""The head of the log as a checkpoint (C2SP tlog-checkpoint), who has cosigned it and whether
these are enough, and what a witness does with a new one (C2SP tlog-witness, without a server).

    steplabel/log/<fingerprint of the portal's directory key>
    <size, decimal>
    <root, base64>

    — <the same name> <signature by a receipt key of the portal>
    — <name of a witness> <its cosignature, with its time>

It says what the signed head in CBOR says (`heads`), in the form that witnesses of public logs read.
The origin names the one key that cannot be exchanged behind a reader's back, so a portal has one
log. Which witnesses count, and how many of them, stands in the key directory: a portal that shows a
plant another log than the others has nobody independent who cosigned that one.

A witness has one memory for each log, the largest checkpoint that it cosigned. `add_checkpoint`
answers a request in the protocol's own form with its status codes; whoever calls it writes the new
memory down before the cosignature leaves (`reporting_agent.audit.witness_visits`).

Sources: https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-witness.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase, in_number
from benchmarks.wire import notes
from benchmarks.wire.canonical import LARGEST_INTEGER
from benchmarks.wire.directory import Directory
from benchmarks.wire.heads import SeenHead, TreeHead
from benchmarks.wire.merkle import HASH_BYTES, require_consistency
from benchmarks.wire.notes import Note, NoteKey, NoteSignature, SignatureType
from benchmarks.wire.signing import ReceiptKey, VerifyingKey, WitnessKey

CLOCKS_APART = timedelta(minutes=10)
"""By how much a witness's clock may be ahead of the reader's."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Of a log with `size` entries: its root. `note` is the text with every line under it."""

    origin: str
    size: int
    root: bytes
    note: Note


@dataclass(frozen=True, slots=True)
class CosignedMoment:
    """One witness's word on a checkpoint."""

    name: str
    moment: datetime


def origin(fingerprint: str) -> str:
    """The name of a portal's log: by the fingerprint of its directory key."""
    return f"steplabel/log/{fingerprint}"


def issue(
    fingerprint: str,
    size: int,
    root: bytes,
    key: ReceiptKey,
    cosignatures: Iterable[NoteSignature] = (),
) -> bytes:
    """The checkpoint with the log's signature and these lines. The same arguments always give the
    same bytes.
    """
    text = f"{origin(fingerprint)}\n{size}\n{base64.b64encode(root).decode()}\n"
    named = NoteKey(origin(fingerprint), key.public, SignatureType.ED25519)
    own = NoteSignature(named.name, named.key_id, key.sign_note(text.encode()))
    return Note(text, (own, *cosignatures)).raw


def parse(raw: bytes) -> Checkpoint:
    """A checkpoint by its structure alone; VerificationError `note-malformed`,
    `checkpoint-malformed`.
    """
    note = notes.parse(raw)
    lines = note.text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise _malformed(Phrase("it has fewer than three lines, or an empty one"))
    name, size, root = lines[:3]
    if (
        not (size.isascii() and size.isdigit())
        or str(int(size[:20])) != size
        or int(size) > LARGEST_INTEGER
    ):
        raise _malformed(Phrase("its size is not a whole number"))
    try:
        decoded = base64.b64decode(root, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed(Phrase("its root is not in base64")) from error
    if len(decoded) != HASH_BYTES:
        raise _malformed(Phrase("its root is not in base64"))
    return Checkpoint(name, int(size), decoded, note)


def read(raw: bytes, fingerprint: str, keys: Mapping[str, VerifyingKey]) -> Checkpoint:
    """A checkpoint of this portal's log, signed by one of its receipt keys.

    Raises:
        VerificationError: `checkpoint-of-another-log`, `checkpoint-signature-invalid`, or
            malformed.
    """
    checkpoint = parse(raw)
    if checkpoint.origin != origin(fingerprint):
        raise VerificationError(
            "checkpoint-of-another-log",
            Phrase(
                "The checkpoint belongs to the log %(found)s, not to %(wanted)s.",
                found=checkpoint.origin,
                wanted=origin(fingerprint),
            ),
            "Get it from the portal that it is compared with.",
        )
    if not checkpoint.note.signed_by(
        NoteKey(checkpoint.origin, key, SignatureType.ED25519) for key in keys.values()
    ):
        raise VerificationError(
            "checkpoint-signature-invalid",
            "The checkpoint was not signed by a receipt key of this portal.",
            "Fetch the portal's key directory and the checkpoint again. If it is still not valid, "
            "ask the coordinator.",
        )
    return checkpoint


def head_of(checkpoint: Checkpoint) -> SeenHead:
    """A checkpoint that was read as one head of the log among others; it does not say when its last
    entry was added.
    """
    return SeenHead(TreeHead(checkpoint.size, checkpoint.root, 0, ""), checkpoint.note.raw)


def cosign(checkpoint: Checkpoint, name: str, key: WitnessKey, now: datetime) -> NoteSignature:
    """A witness's line under a checkpoint; to be made only once what was seen of it is on the
    disk.
    """
    time = int(now.timestamp())
    named = NoteKey(name, key.public, SignatureType.COSIGNATURE)
    return NoteSignature(
        name,
        named.key_id,
        time.to_bytes(notes.TIME_BYTES, "big")
        + key.sign_note(notes.cosigned_message(time, checkpoint.note.text)),
    )


def cosigned_by(checkpoint: Checkpoint, directory: Directory) -> tuple[CosignedMoment, ...]:
    """The witnesses of the directory whose cosignature is there, each once; VerificationError where
    one of theirs does not hold.
    """
    signatures = checkpoint.note.signed_by(directory.witness_keys())
    return tuple(
        CosignedMoment(key.name, datetime.fromtimestamp(line.time or 0, UTC))
        for key, line in signatures
    )


def _malformed(why: str) -> VerificationError:
    return VerificationError(
        "checkpoint-malformed",
        Phrase("This is not a checkpoint of a log: %(why)s.", why=why),
        "Use it unchanged, as it was given. Its format is C2SP tlog-checkpoint.",
    )


def require_witnessed(
    checkpoint: Checkpoint, directory: Directory, now: datetime
) -> tuple[CosignedMoment, ...]:
    """Refuse a checkpoint that fewer witnesses than the directory asks for have cosigned of late.

    Raises:
        VerificationError: `log-not-witnessed`, `note-signature-invalid`.
    """
    oldest = now - timedelta(days=directory.witnessed_within_days)
    cosignatures = cosigned_by(checkpoint, directory)
    counted = tuple(
        cosignature
        for cosignature in cosignatures
        if oldest <= cosignature.moment <= now + CLOCKS_APART
    )
    if len(counted) < directory.witnesses_required:
        raise not_witnessed(len(counted), directory)
    return counted


def not_witnessed(count: int, directory: Directory) -> VerificationError:
    """Too few have cosigned, or nothing was shown that anybody has."""
    return VerificationError(
        "log-not-witnessed",
        in_number(
            count,
            "Only %(count)s of the %(required)s required witnesses has cosigned a head of the "
            "portal's log "
            "within %(days)s days. The portal may be showing others a different log.",
            "Only %(count)s of the %(required)s required witnesses have cosigned a head of the "
            "portal's log within %(days)s days. "
            "The portal may be showing others a different log.",
            count=count,
            required=directory.witnesses_required,
            days=directory.witnessed_within_days,
        ),
        "Nothing was sent or spent. Run the command again later: witnesses work on a timer. If "
        "the fault remains, ask the witnesses "
        "that the key directory names what they saw. Use another channel than this portal.",
    )


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
        raise _request_malformed() from error
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
        raise _request_malformed()
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
        parsed = parse(note)
    except VerificationError as malformed:
        return WitnessAnswer(HTTPStatus.BAD_REQUEST, why=malformed)
    try:
        shown = read(note, fingerprint, keys)
    except VerificationError as stranger:
        unknown = parsed.origin != origin(fingerprint)
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


def _request_malformed() -> VerificationError:
    return VerificationError(
        "witness-request-malformed",
        "The request to a witness does not follow C2SP tlog-witness.",
        "See https://c2sp.org/tlog-witness.",
    )
