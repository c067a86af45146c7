"""Making the portal's keys and rotating them, naming witnesses, and signing and taking up a new key
directory.

At first all at once, where the offline key is allowed to exist. Later in steps, so that the offline
key stays where it is: `rotate` draws the new keys where they will be used and writes a request,
`sign` answers it with the signed directory at the offline key, and `take` puts that directory in
the place of the old one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from stat import S_IMODE

from benchmarks.errors import InputError, Place, VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import directory as directories
from benchmarks.wire import directory_renewal, sealing
from benchmarks.wire.directory import Directory, ListedKey, ListedWitness
from benchmarks.wire.notes import NoteKey, SignatureType
from benchmarks.wire.signing import DirectoryKey, ReceiptKey
from portal.key_token import Token, is_wrapped
from portal.keys import PASSWORD_SUFFIX, of_one_kind

OFFLINE, PROCESSING, RECEIPT, DIRECTORY = (
    "offline.pem",
    "processing.pem",
    "receipt.pem",
    "directory.cbor",
)
REQUEST, SIGNED = "directory-request.cbor", "directory-signed.cbor"
OVERLAP = timedelta(days=90)
"""How long an old processing key is still sealed to by sites that have not fetched the new
directory.
"""


@dataclass(frozen=True, slots=True)
class MadeKeys:
    folder: Path
    fingerprint: str  # of the offline key; it goes into enrolment tokens
    processing_key_id: str
    receipt_key_id: str


def make_keys(folder: Path, valid_from: date, valid_to: date) -> MadeKeys:
    """Draw a directory, a processing and a receipt key and sign the first directory; files of mode
    0600.

    Raises:
        InputError: `keys-exist`: nothing is ever overwritten, for reports sealed to a lost key are
            lost.
    """
    if present := [
        name for name in (OFFLINE, PROCESSING, RECEIPT, DIRECTORY) if (folder / name).exists()
    ]:
        raise InputError(
            "keys-exist",
            "There are keys in this folder already.",
            "Name an empty folder.",
            place=Place(str(folder)),
            found=", ".join(present),
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    offline, receipt, processing = (
        DirectoryKey.generate(),
        ReceiptKey.generate(),
        sealing.generate(),
    )
    password = secrets.token_hex(32).encode("ascii")
    listed = Directory(
        number=1,
        processing=(ListedKey(processing.public_bytes, valid_from, valid_to),),
        receipts=(ListedKey(receipt.public_bytes, valid_from, valid_to),),
    )
    _write(folder / OFFLINE, offline.to_pem())
    _write(folder / RECEIPT, receipt.to_pem())
    _write(folder / (PROCESSING + PASSWORD_SUFFIX), password)
    _write(folder / PROCESSING, processing.to_pem(password))
    _write(folder / DIRECTORY, directories.issue(listed, offline))
    return MadeKeys(folder, offline.key_id, processing.key_id, receipt.key_id)


@dataclass(frozen=True, slots=True)
class RotationRequest:
    """What was drawn, by key id, and the file that goes to the offline key."""

    request: Path
    processing_key_id: str | None
    receipt_key_id: str | None


def rotate(
    folder: Path,
    signed: bytes,
    *,
    processing: Path | None,
    receipt: Path | None,
    valid_from: date,
    valid_to: date,
    old_until: date,
    token: Token | None = None,
) -> RotationRequest:
    """Draw new keys beside the old ones and ask for a directory that lists both. Nothing is used
    before `take`.

    Args:
        folder: where the request goes.
        signed: the directory in force.
        processing: the key file in use, to whose folder, owner and mode the new one comes; None:
            this key is not rotated.
        receipt: likewise.
        old_until: the old keys' last day; they stay listed.
        token: what wraps the new processing key's password, which then never lies on a disk in the
            clear.

    Raises:
        InputError: `keys-exist` where a request waits already: two rotations at once would take the
            same number; `token-not-named` where a token wraps the keys that are there: a worker
            refuses one that it does not.
    """
    _refuse_second_request(folder)
    if (
        processing
        and token is None
        and any(is_wrapped(file.read_bytes()) for file in _passwords(processing))
    ):
        raise InputError(
            "token-not-named",
            "A token wraps the passwords of the processing keys here.",
            "Name it with --token: the worker refuses a key that is not wrapped.",
        )
    present = directories.verify(signed, directories.signer_of(signed))
    new_processing = sealing.generate() if processing else None
    new_receipt = ReceiptKey.generate() if receipt else None
    proposed = directory_renewal.following(
        present,
        processing=new_processing.public_bytes if new_processing else None,
        receipt=new_receipt.public_bytes if new_receipt else None,
        valid_from=valid_from,
        valid_to=valid_to,
        old_until=old_until,
    )
    directory_renewal.require_succession(present, proposed)
    drawn: list[Path] = []
    try:  # the request last: none may ask for a key that lies nowhere
        if processing and new_processing:
            password, file = (
                secrets.token_hex(32).encode("ascii"),
                beside(processing, new_processing.key_id),
            )
            pem = new_processing.to_pem(password)
            _write(
                _password_of(file),
                token.wrapped(password, pem) if token else password,
                like=_in_use(processing),
            )
            drawn.append(_password_of(file))
            _write(file, pem, like=_in_use(processing))
            drawn.append(file)
        if receipt and new_receipt:
            _write(beside(receipt, new_receipt.key_id), new_receipt.to_pem(), like=_in_use(receipt))
            drawn.append(beside(receipt, new_receipt.key_id))
        _write(folder / REQUEST, directory_renewal.request(signed, proposed))
    except BaseException:  # whoever may not write one of them leaves no key that nobody asks for
        for file in reversed(drawn):
            file.unlink()
        raise
    return RotationRequest(
        folder / REQUEST,
        new_processing.key_id if new_processing else None,
        new_receipt.key_id if new_receipt else None,
    )


def _in_use(file: Path) -> Path | None:
    """Of the keys there the one named longest; the first may have been destroyed."""
    return next(of_one_kind(file), None)


def _passwords(file: Path) -> list[Path]:
    return [password for key in of_one_kind(file) if (password := _password_of(key)).exists()]


def _password_of(file: Path) -> Path:
    return file.with_name(file.name + PASSWORD_SUFFIX)


def name_witnesses(
    folder: Path,
    signed: bytes,
    *,
    add: Sequence[str],
    drop: Collection[str],
    required: int,
    days: int,
) -> Path:
    """Ask for a directory that names other witnesses; no key of the portal changes.

    Args:
        add: keys as witnesses hand them on, `name+id+key` (`benchmarks.wire.notes`).
        required: how many cosignatures an agent asks for.
        days: how old they may be.

    Raises:
        InputError: `keys-exist` where a request waits already.
        VerificationError: a key that is not a witness's, or what `directory_renewal.with_witnesses`
            refuses.
    """
    present = directories.verify(signed, directories.signer_of(signed))
    proposed = directory_renewal.with_witnesses(
        present, add=[_witness(text) for text in add], drop=drop, required=required, days=days
    )
    _refuse_second_request(folder)
    _write(folder / REQUEST, directory_renewal.request(signed, proposed))
    return folder / REQUEST


def _witness(text: str) -> ListedWitness:
    key = NoteKey.parse(text)
    if key.kind is not SignatureType.COSIGNATURE:
        raise VerificationError(
            "witness-key-of-another-kind",
            Phrase("The key of %(name)s is not for cosignatures.", name=key.name),
            "Take the key as `steplabel-agent witness` prints it.",
        )
    return ListedWitness(key.name, key.key.public_bytes)


def _refuse_second_request(folder: Path) -> None:
    file = folder / REQUEST
    if file.exists():
        raise InputError(
            "keys-exist",
            "A request for a new directory waits here already.",
            "Finish it with `sign` and `take`. To give it up, delete this file, and the files of "
            "the keys that were drawn for it.",
            place=Place(str(file)),
        )


def sign(request: bytes, signed: bytes, offline: Path) -> bytes:
    """The answer to a request, made where the offline key is. VerificationError where it does not
    follow `signed`.
    """
    return directory_renewal.answer(request, signed, DirectoryKey.from_pem(offline.read_bytes()))


def judged(file: Path, answer: bytes) -> directories.Directory:
    """What `take` would put in the place of the directory in force, if it may; nothing is changed.

    Raises:
        VerificationError: another signer, an older number, a fork, or no successor.
    """
    present, fingerprint = _in_force(file)
    new = directories.renewed(answer, fingerprint, present)
    if new != present:
        directory_renewal.require_succession(present, new)
    return new


def take(file: Path, answer: bytes) -> directories.Directory:
    """Put a newly signed directory in the place of the one in force, whole or not at all.
    VerificationError as `judged`.
    """
    new = judged(file, answer)
    if new != _in_force(file)[0]:
        fresh = file.with_name(file.name + ".new")
        fresh.unlink(missing_ok=True)  # of a step that was cut short
        _write(fresh, answer, like=file)
        fresh.replace(file)
    return new


def _in_force(file: Path) -> tuple[Directory, str]:
    signed = file.read_bytes()
    fingerprint = directories.signer_of(signed)
    return directories.verify(signed, fingerprint), fingerprint


def beside(file: Path, key_id: str) -> Path:
    """The file of a further key: `processing.pem` becomes `processing-<id>.pem`."""
    return file.with_name(f"{file.stem}-{key_id[:16]}{file.suffix}")


def _write(file: Path, content: bytes, like: Path | None = None) -> None:
    """There whole or not at all, for a worker may look at any moment; and never over what is there
    (FileExistsError).

    Args:
        like: a file whose owner, group and mode this one gets; None: the process's own, and mode
            0600.
    """
    aside = file.with_name(file.name + ".unfinished")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        if like is not None:
            model = like.stat()
            os.chown(
                aside, model.st_uid, model.st_gid
            )  # refused to whoever may not give it to that owner
            aside.chmod(S_IMODE(model.st_mode))
        os.link(aside, file)  # unlike a rename, a link replaces nothing
    finally:
        aside.unlink()
