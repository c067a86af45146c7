"""What a file is by its first bytes, held against what its name says.

Programs save one thing under another's name: HTML as .xls, CSV as .xlsx, a workbook with a password
as a workbook. A reader that trusts the name fails in its own words; this says what the file is and
what to do about it.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, as_phrase, in_context

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
