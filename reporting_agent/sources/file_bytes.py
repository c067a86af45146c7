"""A file's bytes: unpacked, what they are by their first ones whatever the name says, and in which
encoding their text is. The whole file is read for it: the one note in Chinese may stand in the last
row. Windows-1252 must be declared, since nearly every text in it also decodes as GBK.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import BinaryIO, cast

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, as_phrase, in_context

_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_EXAMPLES = Phrase("UTF-8, UTF-16 or GBK text")
_PAIR = re.compile(rb"[\x81-\xfe]([\x40-\xfe])")


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked where it ends in .gz or .zst."""
    try:
        if path.suffix.lower() == ".gz":
            return cast("BinaryIO", gzip.open(path, "rb"))
        if path.suffix.lower() == ".zst":
            from pyarrow import input_stream

            return io.BufferedReader(input_stream(str(path), compression="zstd"), _CHUNK)
        return path.open("rb")
    except OSError as gone:
        raise InputError(
            "file-unreadable",
            "The file cannot be opened.",
            "Check the path under [inputs] in site.toml; it is relative to site.toml.",
            place=Place(str(path)),
            found=gone.strerror or str(gone),
            wanted=Phrase("a readable file"),
        ) from gone


def head(path: Path, size: int = 4096) -> bytes:
    """The first bytes, unpacked."""
    with open_bytes(path) as stream:
        return _read(stream, path, size)


def holds(path: Path, sign: bytes) -> bool:
    """Whether this one byte stands anywhere in the file."""
    with open_bytes(path) as stream:
        while chunk := _read(stream, path, _CHUNK):
            if sign in chunk:
                return True
    return False


def by_mark(start: bytes) -> str | None:
    """The encoding that the mark at the beginning of a file says; None where none stands there."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)


def recognise(path: Path, *, by_row: bool = False) -> str:
    """The encoding's name for `open`; InputError where the file is none of them.

    Args:
        by_row: the file is read row by row, and a row that is no text of this encoding is set
            aside: a few stray bytes, or a heading in UTF-8, make no other file of it.
    """
    start = head(path)
    if (marked := by_mark(start)) is not None:
        return marked
    if b"\x00" in start:
        return _utf16_without_mark(start, path)
    if decodes(path, "utf-8") or (by_row and _is_nearly_utf8(path)):
        return "utf-8"
    if decodes(path, "gb18030"):
        _refuse_if_western(path)
        return "gb18030"
    raise InputError(
        "encoding-unknown",
        "The file is in an encoding that cannot be recognised.",
        'Name it with encoding = "…" in the mapping profile (often "cp1252" in the West), or save '
        "the file as UTF-8.",
        place=Place(str(path)),
        found=Phrase("bytes that are neither UTF-8 nor GBK"),
        wanted=_EXAMPLES,
    )


def _is_nearly_utf8(path: Path) -> bool:
    """Whether the first line, a heading and no record, says UTF-8 by letters of its own; or the
    file would be refused, and one line in a hundred at most is not UTF-8.
    """
    first, *_ = head(path).splitlines() or [b""]
    if not first.isascii():
        return _is_utf8(first)
    if decodes(path, "gb18030") and not _is_western(path):
        return False
    with open_bytes(path) as stream:
        lines = Counter(_is_utf8(line) for line in stream)
    return 100 * lines[False] <= lines.total()


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_western(path: Path) -> bool:
    try:
        _refuse_if_western(path)
    except InputError:
        return True
    return False


def looks_western(raw: bytes) -> bool:
    """Whether bytes that decode as GBK are more likely Windows-1252: most pairs end in a plain
    letter, few in GB 2312.

    In Chinese texts both bytes of nearly every character lie above 0xA1 (GB 2312); an accented
    letter of a Western text stands before a plain letter or a sign.
    """
    trails = [pair[0] for pair in _PAIR.findall(raw)]
    return bool(trails) and sum(trail < 0xA1 for trail in trails) > len(trails) / 2


def _refuse_if_western(path: Path) -> None:
    with open_bytes(path) as stream:
        while chunk := _read(stream, path, _CHUNK):
            if chunk.isascii():
                continue
            if looks_western(chunk):
                where = next(_PAIR.finditer(chunk))
                sample = chunk[max(0, where.start() - 8) : where.end() + 8]
                raise InputError(
                    "encoding-ambiguous",
                    "The file can be read as Windows-1252 and as GBK, and gives different words "
                    "in each.",
                    'Declare encoding = "cp1252" (or "gbk") in the mapping profile, or save the '
                    "file as UTF-8.",
                    place=Place(str(path)),
                    found=Phrase(
                        "%(first)s or %(rest)s",
                        **{
                            name: repr(sample.decode(encoding, "replace"))
                            for name, encoding in (("first", "cp1252"), ("rest", "gb18030"))
                        },
                    ),
                    wanted=_EXAMPLES,
                )
            return


def _utf16_without_mark(start: bytes, path: Path) -> str:
    even, odd = start[::2].count(0), start[1::2].count(0)
    few, many = sorted((even, odd))
    if (
        many < len(start) // 8 or many < 4 * few
    ):  # in UTF-16 most of a table is digits, with zeros on one side only
        raise InputError(
            "not-a-text-file",
            "The file is not text.",
            "Name the right file under [inputs]; a workbook ends in .xlsx, Parquet in .parquet.",
            place=Place(str(path)),
            found=Phrase("binary content"),
            wanted=_EXAMPLES,
        )
    return "utf-16-be" if even > odd else "utf-16-le"


def decodes(path: Path, name: str) -> bool:
    """Whether the whole file is text in this encoding."""
    decoder = codecs.getincrementaldecoder(name)()
    with open_bytes(path) as stream:
        try:
            while chunk := _read(stream, path, _CHUNK):
                if not (chunk.isascii() and decoder.getstate()[0] == b""):
                    decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def damaged(path: Path, broken: Exception) -> InputError:
    """What to say of a packed file that breaks off while it is read, or that is none."""
    with path.open("rb") as file:
        start = file.read(4)
    if not start.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        return InputError(
            "file-damaged",
            "The file's name says that it is compressed, but it is not.",
            Phrase("Remove %(suffix)s from its name.", suffix=path.suffix),
            place=Place(str(path)),
            found=Phrase("no archive"),
            wanted=Phrase("a .gz or .zst file"),
        )
    return InputError(
        "file-damaged",
        "The compressed file is damaged or cut short.",
        "Copy it again from its source.",
        place=Place(str(path)),
        found=str(broken),
        wanted=Phrase("a whole .gz or .zst file"),
    )


BROKEN_ARCHIVE = (EOFError, OSError, zlib.error)
"""What reading a damaged .gz or .zst raises."""


def _read(stream: BinaryIO, path: Path, size: int) -> bytes:
    try:
        return stream.read(size)
    except BROKEN_ARCHIVE as broken:
        raise damaged(path, broken) from broken


BESIDE_OTHERS = ("~$", "._")
"""How names begin of what Excel keeps beside a workbook that is open, and macOS beside any file on
a shared folder: no data of a plant.
"""
_OLE2 = bytes.fromhex(
    "d0cf11e0a1b11ae1"
)  # compound files: old Office, and encrypted new Office (MS-CFB 2.2)
_SIGNATURES = (
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "an empty zip archive"),
    (_OLE2, "ole2"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"{\\rtf", "an RTF document"),
)
_LARGEST_WORKBOOK = 2 << 30  # bytes unpacked; what is larger is no workbook of a plant but a bomb
_PASSWORD = "EncryptedPackage".encode(
    "utf-16-le"
)  # the stream's name in the compound file (MS-OFFCRYPTO 2.3.4)


def kind_of(head: bytes) -> str:
    """The kind by the first bytes: a word of this module, or `text` where nothing else is
    recognised.
    """
    for mark, kind in _SIGNATURES:
        if head.startswith(mark):
            return kind
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head")):
        return Phrase("an HTML page")
    if start.startswith(b"<?xml") and (b"spreadsheet" in head or b"Workbook" in head):
        return Phrase("an XML spreadsheet of Excel 2003")
    if start.startswith(b"<?xml"):
        return Phrase("an XML document")
    return "text"


def check_workbook(path: Path) -> None:
    """Refuse what is called a workbook and is none that can be read."""
    kind = kind_of(_head(path))
    remedy = Phrase("Open it in a spreadsheet program and save it again as .xlsx.")
    if kind == "zip":
        _check_zip(path)
        return
    if kind == "ole2":
        if _PASSWORD in path.read_bytes():
            content = Phrase("a workbook with a password")
            remedy = Phrase("Save it without the password; the agent asks for none.")
        elif path.suffix.lower() == ".xls":
            _check_compound(path)
            return
        else:
            content = Phrase("an old workbook (.xls) under the name of a new one")
            remedy = Phrase("Save it as .xlsx, or rename it to .xls.")
    elif kind == "text":
        content = in_context("a file", "nothing") if path.stat().st_size == 0 else Phrase("text")
        remedy = Phrase("Rename it to .csv if it is a table of text, or save it as .xlsx.")
    else:
        names = {
            "parquet": Phrase("a Parquet file"),
            "gzip": Phrase("a gzip archive"),
            "zstd": Phrase("a Zstandard archive"),
        }
        content = names.get(str(kind), as_phrase(kind))
    raise InputError(
        "workbook-unreadable",
        "The workbook cannot be opened.",
        remedy,
        place=Place(str(path)),
        found=content,
        wanted=Phrase("a workbook"),
    )


def check_text(path: Path, head: bytes) -> None:
    """Refuse what is called a text file and is none; `head` is unpacked where the file is."""
    kind = kind_of(head)
    if kind in {"text", "an XML document"}:  # other binary content is found by its zero bytes
        return
    packed = {"gzip": ".gz", "zstd": ".zst"}
    names = {
        "zip": Phrase("a zip archive (a workbook is one, too)"),
        "ole2": Phrase("an old Office document"),
        "parquet": Phrase("a Parquet file"),
        **{name: Phrase("a %(kind)s archive", kind=name) for name in packed},
    }
    remedies = {
        "zip": Phrase("Rename a workbook to .xlsx; take the table out of an archive."),
        "parquet": Phrase("Rename it to .parquet."),
        **{
            name: Phrase("Rename it to end in %(suffix)s.", suffix=suffix)
            for name, suffix in packed.items()
        },
    }
    raise InputError(
        "not-a-text-file",
        "The file's name says that it is text, but it is not.",
        remedies.get(kind, Phrase("Export the table as CSV, and name that file.")),
        place=Place(str(path)),
        found=names.get(kind, kind),
        wanted=Phrase("UTF-8, UTF-16 or GBK text"),
    )


def _check_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            names = archive.namelist()
    except (
        zipfile.BadZipFile,
        NotImplementedError,
    ) as broken:  # the latter: of a version that no program writes
        raise InputError(
            "workbook-unreadable",
            "The workbook is damaged or cut short.",
            "Copy it again from its source.",
            place=Place(str(path)),
            found=str(broken),
            wanted=Phrase("a whole workbook"),
        ) from broken
    if size > _LARGEST_WORKBOOK:
        raise InputError(
            "workbook-too-large",
            "The workbook unpacks to more than a workbook can contain.",
            "Export the table as CSV or Parquet.",
            place=Place(str(path)),
            found=Phrase("%(size)s bytes unpacked", size=f"{size:,}"),
            wanted=Phrase("at most %(size)s", size=f"{_LARGEST_WORKBOOK:,}"),
        )
    if not any(name in {"[Content_Types].xml", "content.xml"} for name in names):
        raise InputError(
            "workbook-unreadable",
            "The file is a zip archive, not a workbook.",
            "Extract the table from the archive, and name that file.",
            place=Place(str(path)),
            found=", ".join(names[:3]) or Phrase("an empty archive"),
            wanted=Phrase("a workbook"),
        )


def _check_compound(path: Path) -> None:
    """A compound file is a whole number of sectors (MS-CFB 2.1); one that was cut short is not."""
    size, sector = path.stat().st_size, 1 << int.from_bytes(_head(path)[30:32], "little")
    if size < 3 * sector or size % sector:
        raise InputError(
            "workbook-unreadable",
            "The workbook is damaged or cut short.",
            "Copy it again from its source.",
            place=Place(str(path)),
            found=Phrase("%(size)s bytes", size=f"{size:,}"),
            wanted=Phrase("a whole number of sectors of %(size)s bytes", size=f"{sector:,}"),
        )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)
