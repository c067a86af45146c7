"""Which encoding a text file is in: UTF-8 (with or without BOM), UTF-16, or GBK.

The whole file is looked at, not its beginning: the one note in Chinese may stand in the last row.
"""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path
from typing import BinaryIO, cast

from benchmarks.errors import InputError, Place

_CHUNK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_EXAMPLES = "UTF-8, UTF-16 or GBK text"


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked where it ends in .gz or .zst."""
    try:
        if path.suffix == ".gz":
            return cast("BinaryIO", gzip.open(path, "rb"))
        if path.suffix == ".zst":
            import zstandard

            return cast("BinaryIO", zstandard.open(path, "rb"))
        return path.open("rb")
    except OSError as gone:
        raise InputError(
            "file-unreadable",
            "The file cannot be opened.",
            "Check the path under [inputs] in site.toml; it is relative to site.toml.",
            place=Place(str(path)),
            found=gone.strerror or str(gone),
            wanted="a readable file",
        ) from gone


def recognise(path: Path) -> str:
    """The encoding's name for `open`; InputError where the file is none of them."""
    with open_bytes(path) as stream:
        head = _read(stream, path, 4096)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name
        if b"\x00" in head:
            return _utf16_without_mark(head, path)
    for name in ("utf-8", "gb18030"):
        if _decodes(path, name):
            return name
    raise InputError(
        "encoding-unknown",
        "The file is in an encoding that cannot be recognised.",
        'Name it with encoding = "…" in the mapping profile, or save the file as UTF-8.',
        place=Place(str(path)),
        found="bytes that are neither UTF-8 nor GBK",
        wanted=_EXAMPLES,
    )


def _utf16_without_mark(head: bytes, path: Path) -> str:
    even, odd = head[::2].count(0), head[1::2].count(0)
    few, many = sorted((even, odd))
    if many < len(head) // 8 or many < 4 * few:  # in UTF-16 most of a table is digits, with zeros on one side only
        raise InputError(
            "not-a-text-file",
            "The file is not text.",
            "Name the right file under [inputs]; a workbook ends in .xlsx, Parquet in .parquet.",
            place=Place(str(path)),
            found="binary content",
            wanted=_EXAMPLES,
        )
    return "utf-16-be" if even > odd else "utf-16-le"


def _decodes(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    with open_bytes(path) as stream:
        try:
            while chunk := _read(stream, path, _CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _read(stream: BinaryIO, path: Path, size: int) -> bytes:
    try:
        return stream.read(size)
    except (OSError, EOFError) as broken:
        raise InputError(
            "file-damaged",
            "The compressed file is damaged or cut short.",
            "Copy it again from its source.",
            place=Place(str(path)),
            found=str(broken),
            wanted="a whole .gz or .zst file",
        ) from broken
