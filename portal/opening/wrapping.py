"""Have a token wrap the password of a processing key (`portal.key_token`), or another key of a
token than before.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from benchmarks.errors import InputError
from benchmarks.wire.sealing import ProcessingKey
from portal.key_token import Token, is_wrapped
from portal.keys import PASSWORD_SUFFIX
from portal.opening.destruction import bring_to_disk, not_writable, overwrite_and_delete


def wrap(file: Path, token: Token, before: Token | None) -> bool:
    """Put the wrapped password in the place of the one of this key file, which is overwritten;
    False where the token wraps it already.

    Args:
        before: what wraps the password now; without it only one that lies in the clear is wrapped.

    Raises:
        InputError: what the tokens refuse, `key-not-writable`.
        VerificationError: `key-unreadable`: the password is not the file's.
    """
    beside = file.with_name(file.name + PASSWORD_SUFFIX)
    pem, password = file.read_bytes(), beside.read_bytes().strip()
    if is_wrapped(password) and before is not None and not _opens(token, password, pem):
        password = before.unwrapped(password, pem, by_hand=True)
    wrapped = password if is_wrapped(password) else token.wrapped(password, pem)
    ProcessingKey.from_pem(
        pem, token.unwrapped(wrapped, pem, by_hand=True)
    )  # nothing is overwritten that cannot be had back
    fresh, old = (beside.with_name(beside.name + ending) for ending in (".new", ".old"))
    if old.exists() and not old.samefile(
        beside
    ):  # a run was cut short before its end: the password as it lay here before
        overwrite_and_delete(old)
    if wrapped == password:
        return False
    try:
        fresh.write_bytes(wrapped)
        shutil.copymode(beside, fresh)
        os.chown(fresh, beside.stat().st_uid, beside.stat().st_gid)
        bring_to_disk(fresh)
        old.unlink(
            missing_ok=True
        )  # of a run that was cut short sooner: another name of what is in use
        os.link(beside, old)
        fresh.replace(beside)
        bring_to_disk(
            beside.parent
            # before the old one is overwritten: of a machine that goes down here neither might be
            # left
        )
    except OSError as error:
        raise not_writable(beside, error) from error
    overwrite_and_delete(old)
    return True


def _opens(token: Token, password: bytes, pem: bytes) -> bool:
    """Whether this token wraps the password already: of several files, a run that was cut short has
    reached the first.
    """
    try:
        token.unwrapped(password, pem, by_hand=True)
    except InputError as refusal:
        if refusal.code != "token-key-wrong":
            raise
        return False
    return True
