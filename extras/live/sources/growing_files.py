"""Files that grow: lines that another program adds, through rotation, truncation and replacement.

Of each file the spool keeps its inode, how many bytes of it were read, and a digest of their first
and last: what is there again is gone on with, under whatever name, and what is other content is
read from its beginning; keys drop what was there already. A file that was moved away within its
folder is read to its end first. A last line without an end waits.
"""

from __future__ import annotations

import csv
import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Any

from benchmarks.phrases import Phrase
from extras.live.sources import tabular
from extras.live.sources.payloads import UnreadablePayload
from extras.live.sources.polled import PolledSource, UnexpectedAnswer
from extras.live.sources.source import Word, reason, troubles
from extras.live.sources.table_settings import BatchColumns, GrowingFiles
from extras.live.spool.acknowledging import Intake
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row
from extras.live.spool.writer import now_us
from reporting_agent.sources.file_bytes import BESIDE_OTHERS

BLOCK_BYTES = 1 << 18
_DIGESTED = 256  # bytes at the beginning and before the position
_START = {"inode": 0, "bytes": 0, "digest": ""}

FilePosition = Mapping[str, Any]
"""`inode`, `bytes` that were read, `digest` of some of them."""


class FileSource(PolledSource):
    """The files of one pattern."""

    def __init__(self, settings: GrowingFiles, folder: Path, intake: Intake) -> None:
        super().__init__(settings.path, settings.every_s, intake)
        self.settings = settings
        path = folder / settings.path
        self._folder, self._pattern = path.parent, path.name
        # as site.toml has it: the same however the command was given its path
        named = f"{Path(settings.path).parent}/"
        self._prefixes = (
            (f"file:{named}",)
            if settings.batches is None
            else (f"file-batches:{named}", f"file:{named}")
        )
        self._prefix = self._prefixes[0]
        self._positions: dict[str, FilePosition] = {}  # by name
        self._states: dict[
            str, tuple[tuple[int, int, int], float]
        ] = {}  # inode, size and time of change; since when
        self._wrong: dict[
            str, str
        ] = {}  # files that cannot be read, and why; others are read meanwhile
        self._named: set[str] = set()  # those that were once among them

    def go_on_from(self, positions: Mapping[str, Any]) -> None:
        """Of batches, from where an agent went on that kept one position for them and for readings
        of the same file.
        """
        for prefix in reversed(self._prefixes):
            self._positions |= {
                key.removeprefix(prefix): place
                for key, place in positions.items()
                if key.startswith(prefix)
            }

    def poll(self) -> None:
        paths = (path for path in self._folder.glob(self._pattern) if path.is_file())
        names = sorted(path.name for path in paths if not path.name.startswith(BESIDE_OTHERS))
        wrong: dict[str, str] = {}
        for name in names:
            try:
                self._require_one_reader(name)
                self._follow(name)
            except (OSError, UnexpectedAnswer) as why:
                wrong[_shown(name)] = reason(why)
            if self.stopping:
                return
        self._wrong = wrong
        if not names:
            raise UnexpectedAnswer(
                Phrase("no file is called so in %(folder)s", folder=self._folder)
            )
        self._forget(names)

    def trouble(self) -> str:
        return super().trouble() or troubles(self._wrong)

    def words(self) -> Iterator[Word]:
        yield from super().words()
        for name, why in dict(self._wrong).items():
            self._named.add(name)
            sentence = Phrase(
                "%(file)s of %(source)s cannot be read (%(why)s). Its other files are read "
                "meanwhile; correct or move this file.",
                file=name,
                source=self.name,
                why=why,
            )
            yield Word(name, why, sentence)
        for name in self._named - self._wrong.keys():
            yield Word(
                name,
                "",
                Phrase("%(file)s of %(source)s is read, or gone.", file=name, source=self.name),
            )

    def _require_one_reader(self, name: str) -> None:
        """Patterns may be apart until a file comes that two of them match: how far it was read is
        kept once, so neither entry reads it.

        Raises:
            UnexpectedAnswer: another entry reads the same of it.
        """
        if pattern := next(
            (pattern for pattern in self.settings.beside if fnmatchcase(name, pattern)), None
        ):
            path = Path(self.settings.path).with_name(pattern)
            raise UnexpectedAnswer(
                Phrase(
                    "the pattern %(pattern)s of another entry matches it too: narrow one of the "
                    "two",
                    pattern=path,
                )
            )

    def _follow(self, name: str) -> None:
        with (self._folder / name).open("rb") as file:
            status = os.fstat(file.fileno())
            state = (status.st_ino, status.st_size, status.st_mtime_ns)
            last_state, since_s = self._states.get(name, (None, 0.0))
            still_s = time.monotonic() - since_s if last_state == state else 0.0
            complete_after_s = self.settings.complete_after_s
            complete = complete_after_s is not None and still_s >= complete_after_s
            if last_state == state and not complete:
                return
            if (
                self._read(name, file, self._position(name, file, status.st_ino), complete=complete)
                and last_state != state
            ):
                self._states[name] = (state, time.monotonic())

    def _position(self, name: str, file: IO[bytes], inode: int) -> FilePosition:
        """Where to go on in a file: behind what was read of it, under this name or another."""
        last_place = self._positions.get(name)
        if last_place is not None and last_place["inode"] != inode:
            self._finish(last_place)
        for position in (
            last_place,
            *(candidate for candidate in self._positions.values() if candidate["inode"] == inode),
        ):
            if position is not None and _holds(file, position):
                return {**position, "inode": inode}
        return {**_START, "inode": inode}

    def _finish(self, place: FilePosition) -> None:
        """Read the rest of a file that has another name in its folder by now."""
        for path in sorted(self._folder.iterdir()):
            if path.is_file() and path.stat().st_ino == place["inode"]:
                with path.open("rb") as file:
                    if _holds(file, place):
                        self._read(path.name, file, place, complete=False)
                return

    def _read(self, name: str, file: IO[bytes], position: FilePosition, *, complete: bool) -> bool:
        """Hand on every whole line behind a position; False where the source was stopped before."""
        file.seek(0)
        header = self.settings.header or self._header(file.readline())
        if not header:
            return True
        mapping = self.settings.readings or self.settings.batches or BatchColumns()
        if lacking := mapping.needed - set(header):
            raise UnexpectedAnswer(
                Phrase(
                    "no column %(column)s in the header %(header)s",
                    column=min(lacking),
                    header=", ".join(header),
                )
            )
        tabular.require_once(mapping, header)
        at = int(position["bytes"])
        while True:
            file.seek(at)
            block = file.read(BLOCK_BYTES)
            whole = (
                block if complete and len(block) < BLOCK_BYTES else block[: block.rfind(b"\n") + 1]
            )
            if len(block) == BLOCK_BYTES and not whole:
                whole = block  # no line is so long: it is kept as unreadable
            if not whole:
                return True
            readings, rows = self._lines(_shown(name), header, whole)
            at += len(whole)
            position = {"inode": position["inode"], "bytes": at, "digest": _digest(file, at)}
            if not self.put(readings, rows, self._prefix + name, position):
                return False
            self._positions[name] = position

    def _header(self, line: bytes) -> tuple[str, ...]:
        """Its names, and none where it is not there whole.

        Raises:
            Misread: it is of another encoding.
        """
        if not line.endswith(b"\n"):
            return ()
        try:
            return tuple(self._cells(line.decode(self.settings.encoding).lstrip("\ufeff")))
        except (UnicodeDecodeError, csv.Error) as wrong:
            encoding, start = self.settings.encoding, repr(line[:16])
            raise UnexpectedAnswer(
                Phrase(
                    "the header is not in the encoding %(encoding)s: %(start)s",
                    encoding=encoding,
                    start=start,
                )
            ) from wrong

    def _lines(
        self, name: str, header: Sequence[str], whole: bytes
    ) -> tuple[list[Reading], list[Row]]:
        received_us = now_us()
        readings: list[Reading] = []
        rows: list[Row] = []
        for line in whole.split(b"\n"):
            if not line.strip():
                continue
            try:
                cells = self._cells(line.decode(self.settings.encoding).lstrip("\ufeff"))
                if tuple(cells) == tuple(header):
                    continue  # a program that began again writes its header again
                named_cells = _by_header(header, cells)
                if self.settings.readings is not None:
                    readings += tabular.readings(self.settings.readings, named_cells, received_us)
                elif self.settings.batches is not None:
                    rows.append(tabular.batch(self.settings.batches, named_cells))
            except (UnreadablePayload, UnicodeDecodeError, csv.Error) as wrong:
                rows.append(
                    tabular.unreadable(name, line.decode("utf-8", "backslashreplace"), wrong)
                )
        return readings, rows

    def _cells(self, line: str) -> list[str]:
        line = line.rstrip("\r\n")
        if '"' not in line:
            return line.split(self.settings.delimiter)
        return next(csv.reader([line], delimiter=self.settings.delimiter, strict=True))

    def _forget(self, names: Sequence[str]) -> None:
        """Positions in files that are gone: were one to come again, it would be read from its
        beginning.
        """
        present = {path.name for path in self._folder.iterdir()}.union(names)
        for name in self._positions.keys() - present:
            if self.put((), (), self._prefix + name, None):
                del self._positions[name]


def _by_header(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise UnreadablePayload(
            Phrase(
                "cells in the line: %(cells)s, headers: %(headers)s",
                cells=len(cells),
                headers=len(header),
            )
        )
    return dict(zip(header, cells, strict=True))


def _shown(name: str) -> str:
    """A file's name as people read it: bytes of it that are no UTF-8 as such (`\\xb5`)."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _holds(file: IO[bytes], position: FilePosition) -> bool:
    """Whether what was read up to a position still stands there."""
    read = int(position["bytes"])
    return os.fstat(file.fileno()).st_size >= read and _digest(file, read) == position["digest"]


def _digest(file: IO[bytes], until: int) -> str:
    if not until:
        return ""
    file.seek(0)
    first = file.read(min(_DIGESTED, until))
    file.seek(max(0, until - _DIGESTED))
    return hashlib.blake2b(first + file.read(min(_DIGESTED, until)), digest_size=8).hexdigest()
