"""Heads of the log kept outside the database, on another disk, and the refusal to go on with a log
that is shorter than they say.

`HEADS_FILE` is only added to: a line for each size that anybody was told of, by a signed head or by
the index in a receipt, and one for each restart of the log. A restored database knows nothing of
what it has shown since the dump; this file does.

    SIZE HEAD         the head in base64, or - where the size alone was told restart STATEMENT what
    the coordinator signed (`benchmarks.wire.restarts`): lines above bind no more

Every process that appends or answers reads the last lines; only one that signs writes.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import heads, restarts
from benchmarks.wire.restarts import LogRestartStatement
from portal.problems import RefusedError

FIRST_LOOK_BYTES = 16_384
RESTART = "restart"


@dataclass(frozen=True, slots=True)
class ShownLog:
    """The largest size that anybody was told of, and the last signed head, of which the root is
    known.
    """

    size: int
    signed: bytes | None


def shown_so_far() -> ShownLog:
    """What the file says; of an empty or missing one, that nobody was told anything.

    Raises:
        RefusedError: `heads-not-kept` (503): the file cannot be read, so nobody knows what was
            shown.
    """
    file: Path | None = settings.HEADS_FILE
    if file is None:
        return _NOTHING
    try:
        stat = file.stat()
        return _read(file, stat.st_ino, stat.st_size)
    except FileNotFoundError:
        return _NOTHING
    except OSError as error:
        raise _not_kept(
            Phrase(
                "The heads of the portal's log that were saved cannot be read: %(why)s.",
                why=_why(error),
            )
        ) from error


def are_kept() -> bool:
    """Whether there is a file that knows what was shown."""
    file: Path | None = settings.HEADS_FILE
    return file is not None and file.exists()


def keep(size: int, signed: bytes | None = None) -> None:
    """Write down, to the disk, that somebody is about to be told of so many entries. Nothing is
    written twice.

    Raises:
        RefusedError: `heads-not-kept` (503): the disk takes nothing, so nothing is shown.
    """
    if _is_news(size, signed):
        _add(
            f"{size} {'-' if signed is None else base64.b64encode(signed).decode('ascii')}\n",
            lambda: _is_news(size, signed),
        )


def _is_news(size: int, signed: bytes | None) -> bool:
    before = shown_so_far()
    head_lacks = signed is not None and (
        before.signed is None or heads.parse(before.signed).size < size
    )
    return size > before.size or (size == before.size and head_lacks)


def can_be_kept() -> bool:
    """Whether another head could be written down now, as far as the file's rights and its disk's
    tell without writing.
    """
    file: Path | None = settings.HEADS_FILE
    if file is None:
        return True
    try:
        disk = os.statvfs(file.parent)
    except OSError:
        return False
    writable = (
        os.access(file if file.exists() else file.parent, os.R_OK | os.W_OK) and not file.is_dir()
    )
    return writable and not disk.f_flag & os.ST_RDONLY and disk.f_bavail > 0


def keep_restart(statement: bytes) -> None:
    """From here on the log may have the size that the coordinator signed."""
    _add(f"{RESTART} {base64.b64encode(statement).decode('ascii')}\n", lambda: True)


def restarts_so_far() -> list[LogRestartStatement]:
    """Every statement by which the log went on, oldest first: a restore may have taken some of them
    from the database.
    """
    file: Path | None = settings.HEADS_FILE
    if file is None or not file.exists():
        return []
    begin = f"{RESTART} ".encode("ascii")
    statements: list[LogRestartStatement] = []
    with file.open("rb") as lines:
        for line in lines:
            if line.startswith(begin):
                with suppress(ValueError, VerificationError):  # of a line that was cut short
                    statements.append(
                        restarts.parse(
                            base64.b64decode(line.removeprefix(begin).rstrip(b"\n"), validate=True)
                        )
                    )
    return statements


def heads_so_far() -> Iterator[bytes]:
    """The signed heads of the file, the last one first; for the ceremony that restarts the log,
    which reads all of it.
    """
    file: Path | None = settings.HEADS_FILE
    if file is not None and file.exists():
        lines, _ = _lines(file, 0, file.stat().st_size)
        yield from (signed for _, signed in _entries(reversed(lines)) if signed is not None)


def require_whole(size: int, most: int | None = None) -> None:
    """Refuse to work on a log of so many entries where more were shown.

    Args:
        most: `kept().size` of before the log's size was read, from who does not hold the log's
            head: others add to both meanwhile.

    Raises:
        RefusedError: `log-set-back` (503).
    """
    if size < (most := shown_so_far().size if most is None else most):
        raise RefusedError(
            503,
            "log-set-back",
            Phrase(
                "The portal's log has %(now)s entries and has shown %(most)s: a restore set it "
                "back.",
                now=size,
                most=most,
            ),
            REMEDY,
        )


def _add(line: str, still: Callable[[], bool]) -> None:
    """One line, if it is `still` wanted once the file is ours alone."""
    file: Path | None = settings.HEADS_FILE
    if file is None:
        return
    try:
        is_new = not file.exists()
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o660)
        try:
            if is_new:
                os.fchmod(
                    descriptor, 0o660
                )  # web writes heads, the operator restarts: whoever was first, whatever its umask
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # whole lines, one after the other
            if still():
                _write(descriptor, line.encode("ascii"))
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _not_kept(
            Phrase(
                "The head of the portal's log cannot be saved outside the database: %(why)s.",
                why=_why(error),
            )
        ) from error


def _not_kept(reason: Phrase) -> RefusedError:
    return RefusedError(
        503,
        "heads-not-kept",
        reason,
        "Send the same again later. The operator looks at the file of heads: docs/runbook.md, "
        "heads-not-kept.",
    )


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _write(descriptor: int, line: bytes) -> None:
    """The whole line, on one of its own where the last was cut short; what a full disk took of it
    stays there and says nothing.

    Raises:
        OSError: the disk takes nothing, or a part alone.
    """
    end = os.fstat(descriptor).st_size
    rest = line if not end or os.pread(descriptor, 1, end - 1) == b"\n" else b"\n" + line
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _read(file: Path, inode: int, length: int) -> ShownLog:
    """What the file says now; where it only grew since it was last looked into, from its new lines
    alone.
    """
    global _last_look
    last_look = _last_look
    if (
        last_look is not None
        and (last_look.file, last_look.inode) == (file, inode)
        and last_look.read <= length
    ):
        now = last_look.log
        lines, read = _lines(file, last_look.read, length)
        for size, signed in _entries(lines):
            now = ShownLog(size, now.signed if signed is None else signed)
    else:
        now, read = _from_the_end(file, length)
    _last_look = _Seen(file, inode, read, now)
    return now


def _from_the_end(file: Path, length: int) -> tuple[ShownLog, int]:
    """Back to the last signed head or restart; sizes only grow but where a restart stands between.
    And how far whole lines go.
    """
    look = FIRST_LOOK_BYTES
    while True:
        lines, read = _lines(file, max(0, length - look), length)
        entries = _entries(reversed(lines if look >= length else lines[1:]))
        last, signed = next(entries, (0, None))
        if signed is None:
            signed = next((head for _, head in entries if head is not None), None)
        if signed is not None or look >= length:
            return ShownLog(last, signed), read
        look *= 16


def _lines(file: Path, first: int, length: int) -> tuple[list[bytes], int]:
    """The whole lines between, and where the last of them ends."""
    if first == length:
        return [], length
    with file.open("rb") as opened:
        opened.seek(first)
        *lines, rest = opened.read(length - first).split(b"\n")
    return lines, length - len(rest)


def _entries(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Size and signed head of each line; one that was cut short, by a full disk or a machine that
    went down, says nothing.
    """
    for line in lines:
        try:
            entry = _entry(line)
        except (ValueError, VerificationError):
            continue
        yield entry


def _entry(line: bytes) -> tuple[int, bytes | None]:
    """ValueError or VerificationError: of a line that was cut short."""
    name, _, content = line.decode("ascii").partition(" ")
    if content == "-":
        return int(name), None
    signed = base64.b64decode(content, validate=True)
    if name == RESTART:
        signed = restarts.parse(signed).after
        return heads.parse(signed).size, signed
    heads.parse(signed)
    return int(name), signed


@dataclass(frozen=True, slots=True)
class _Seen:
    """What this process last read."""

    file: Path
    inode: int
    read: int  # bytes, of whole lines
    log: ShownLog


_last_look: _Seen | None = None
_NOTHING = ShownLog(0, None)
REMEDY = Phrase(
    "You lose nothing by waiting: send the same again later. The operator follows "
    "docs/runbook.md, log-set-back: restore a newer "
    "backup, or restart the log with the coordinator's signature."
)
