"""The end of a processing key: when nothing can come any more that only it opens, its file is
overwritten and deleted.

HPKE keeps no secrecy against its recipient's key: who has the key later opens every copy of what
was ever sealed to it. Without the key those copies stay closed for ever, ours too; what was opened
has to lie in the vault.
"""

from __future__ import annotations

import errno
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, in_number
from benchmarks.wire import logged
from benchmarks.wire.directory import GRACE, Directory
from benchmarks.wire.logged import EntryKind
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.intake.models import IN_THE_VAULT, WAITING, Submission
from portal.keys import PASSWORD_SUFFIX
from portal.opening.refilling import lacked_of
from portal.translog import log

NOT_GUARANTEED = Phrase(
    "The file was overwritten once and deleted. That does not reach what the medium keeps by "
    "itself (blocks a flash drive has replaced, "
    "snapshots, copy-on-write file systems), nor copies in backups or at the place where the key "
    "was drawn: destroy those by hand. "
    "Running workers drop the key at their next sweep; Python cannot wipe their memory, so "
    "restart them."
)


_ASIDE = ".destroyed"


@dataclass(frozen=True, slots=True)
class DestroyedKey:
    key_id: str
    reports: int  # that were sealed to it and have their fate


def require_destructible(key_id: str, directory: Directory, key_count: int, now: datetime) -> int:
    """How many reports were sealed to the key, all of them opened or refused.

    Args:
        key_count: how many processing keys this worker has.

    Raises:
        InputError: `key-not-listed` (it may wait for its directory), `key-in-use` (its window and
            the grace after it are not over), `reports-waiting`, `accepted-without-vault-row` (only
            this key opens them again), `last-key`.
    """
    listed = [key for key in directory.processing if key.key_id == key_id]
    # no directory ever forgets a key, so this one was never in use: from `take` on every plant may
    # seal to it
    if not listed:
        raise InputError(
            "key-not-listed",
            "The key directory in force does not list this key, which may be waiting for its "
            "directory.",
            "Finish the rotation with `make_keys sign` and `take`. If its request was given up, "
            "no report is sealed to the key: delete its "
            "file and its password's.",
            found=key_id,
        )
    if any(
        key.is_taken(now.date()) or key.valid_to + GRACE == now.date() for key in listed
    ):  # a day more: a request may straddle midnight
        ends = max(key.valid_to for key in listed)
        raise InputError(
            "key-in-use",
            Phrase(
                "Reports sealed to this key are taken until %(grace)s days after %(day)s.",
                grace=GRACE.days,
                day=ends.isoformat(),
            ),
            "Rotate first (`manage.py make_keys rotate`); destroy the old key when its window and "
            "the grace after it are over.",
            found=key_id,
        )
    waiting = Submission.objects.filter(key_id=key_id, state__in=WAITING).count()
    if waiting:
        raise InputError(
            "reports-waiting",
            in_number(
                waiting,
                "%(waiting)s report sealed to this key is not opened yet.",
                "%(waiting)s reports sealed to this key are not opened yet.",
                waiting=waiting,
            ),
            "Let the worker finish; a report whose key is gone is lost.",
            found=key_id,
        )
    accepted = Submission.objects.filter(key_id=key_id, state__in=IN_THE_VAULT).values_list(
        "digest", flat=True
    )
    if lacked := lacked_of(list(accepted)):
        raise InputError(
            "accepted-without-vault-row",
            in_number(
                lacked,
                "%(count)s accepted report that is sealed to this key is not in the vault.",
                "%(count)s accepted reports that are sealed to this key are not in the vault.",
                count=lacked,
            ),
            "Run `manage.py refill_vault` first: only this key opens them again.",
            found=key_id,
        )
    if key_count < 2:
        raise InputError(
            "last-key",
            "This is the only processing key at hand.",
            "Rotate first: without a key no report can be opened.",
            found=key_id,
        )
    return Submission.objects.filter(key_id=key_id).count()


def destroy(
    key_id: str, files: dict[str, Path], directory: Directory, now: datetime
) -> DestroyedKey:
    """Overwrite and delete a key's file and its password's, and put it on the audit record.

    Args:
        files: every processing key at hand and where it lies (`portal.keys.processing_files`).

    Raises:
        InputError: `key-not-here`, `key-not-writable`, or what `require_destructible` refuses.
    """
    file = files.get(key_id)
    if file is None:
        raise InputError(
            "key-not-here",
            "No processing key of this id is at hand.",
            "Run this where the worker's keys are.",
            found=key_id,
        )
    reports = require_destructible(key_id, directory, len(files), now)
    _require_writable(file)
    # the record first: a key that is gone without a word would be worse than a word without the
    # deed, which can be repeated
    with transaction.atomic():
        record(
            now,
            "operator",
            Action.KEY_DESTROYED,
            f"processing key {key_id}",
            f"{reports} reports were sealed to it",
        )
        log.add_once(EntryKind.KEY_DESTROYED, logged.key_destroyed(key_id).hex(), now)
    for path in (file, file.with_name(file.name + PASSWORD_SUFFIX)):
        _set_aside(path)
    finish(file.parent)
    return DestroyedKey(key_id, reports)


def finish(folder: Path) -> tuple[str, ...]:
    """Destroy what was set aside here, by this run or by one that was cut short; the names of these
    files.
    """
    for path in sorted(folder.glob(f"*{_ASIDE}")):
        key = path.with_name(path.name.removesuffix(_ASIDE))
        password = key.with_name(key.name + PASSWORD_SUFFIX)
        if password.exists() and not key.exists():  # it was cut short between the two
            _set_aside(password)
    aside = sorted(folder.glob(f"*{_ASIDE}"))
    for path in aside:
        overwrite_and_delete(path)
    return tuple(path.name.removesuffix(_ASIDE) for path in aside)


def _require_writable(file: Path) -> None:
    """Whoever may not do it says so before the record says that it was done: its owner, or root, in
    a folder that they may change.
    """
    if os.geteuid() not in (0, file.stat().st_uid) or not os.access(file.parent, os.W_OK):
        raise not_writable(file, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def _set_aside(file: Path) -> None:
    """First another name, under which no worker reads it: half a key would stop them all."""
    try:
        file.chmod(
            0o600
            # in containers nobody may write a key, and whoever owns it may change that: or nothing
            # is set aside
        )
        file.rename(file.with_name(file.name + _ASIDE))
    except OSError as error:
        raise not_writable(file, error) from error


def overwrite_and_delete(file: Path) -> None:
    """Random bytes over the file's own, brought to the disk, then the name gone, and that brought
    to the disk, too.
    """
    try:
        file.chmod(0o600)
        with file.open("r+b", buffering=0) as handle:
            handle.write(secrets.token_bytes(file.stat().st_size))
            os.fsync(handle.fileno())
        file.unlink()
    except OSError as error:
        raise not_writable(file, error) from error
    bring_to_disk(file.parent)


def bring_to_disk(path: Path) -> None:
    """A file's content, or which names a folder has: they outlast a machine that goes down now."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def not_writable(file: Path, error: OSError) -> InputError:
    return InputError(
        "key-not-writable",
        Phrase(
            "The file cannot be overwritten and deleted: %(reason)s.", reason=error.strerror or ""
        ),
        "Run this as the owner of the file, where it lies on a writable disk.",
        place=Place(str(file)),
    )
