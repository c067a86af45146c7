"""The head of the log as a checkpoint (C2SP tlog-checkpoint), and who has cosigned it;
`enough_witnesses` refuses where too few have.

    steplabel/log/<fingerprint of the portal's directory key>
    <size, decimal>
    <root, base64>

    — <the same name> <signature by a receipt key of the portal>
    — <name of a witness> <its cosignature, with its time>

It says what the signed head in CBOR says (`heads`), in the form that witnesses of public logs read.
The origin names the one key that cannot be exchanged behind a reader's back, so a portal has one
log. Which witnesses count, and how many of them, stands in the key directory.

Source: https://c2sp.org/tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import notes
from benchmarks.wire.canonical import LARGEST_INTEGER
from benchmarks.wire.directory import Directory
from benchmarks.wire.heads import SeenHead, TreeHead
from benchmarks.wire.merkle import HASH_BYTES
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
