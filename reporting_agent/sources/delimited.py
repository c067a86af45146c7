"""CSV as numbered rows, strictly: a quote that stands open is told with the row where it opens, not read as one long cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import InputError, Place
from reporting_agent.config import Profile
from reporting_agent.sources import signatures
from reporting_agent.sources.cells import Cell
from reporting_agent.sources.encodings import broken_archives, damaged, head, holds, open_bytes, recognise

DELIMITERS = (",", ";", "\t", "|")


class BrokenRow(tuple[Cell, ...]):
    """Cells of a row whose quoting is wrong: the row is set aside, the file goes on."""

    __slots__ = ()


def rows_of(path: Path, profile: Profile) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Rows as a spreadsheet would number them: a cell with line breaks is one row, a blank line counts."""
    encoding = encoding_of(path, profile)
    try:
        delimiter = profile.delimiter or delimiter_of(path, encoding, profile.last_header_row)
        with io.TextIOWrapper(open_bytes(path), encoding=encoding, newline="") as text:
            yield from _records(csv.reader(text, delimiter=delimiter, strict=True), path)
    except UnicodeDecodeError as broken:
        raise InputError(
            "not-a-text-file",
            "The file is not the text it should be.",
            "Check the encoding in the mapping profile, or export the file again.",
            place=Place(str(path)),
            found=str(broken),
            wanted=f"{encoding} text",
        ) from broken
    except broken_archives() as broken:
        raise damaged(path, broken) from broken


def _records(reader: Any, path: Path) -> Iterator[tuple[int, Sequence[Cell]]]:
    number = 0
    while True:
        number += 1
        first_line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as broken:
            if "unexpected end" in str(broken):
                raise InputError(
                    "quote-open",
                    "A quote opens in this row and is never closed: everything after it would be one cell.",
                    "Close the quote, or double a quote that belongs to the text.",
                    place=Place(str(path), row=number),
                    found=f"no closing quote in the {reader.line_num - first_line + 1:,} lines to the end of the file",
                    wanted='a closing " before the next delimiter',
                ) from broken
            if "field larger" in str(broken):
                raise InputError(
                    "cell-too-long",
                    "A cell of this row is longer than any cell of a table.",
                    "Check the delimiter in the mapping profile, and whether the file is the table it should be.",
                    place=Place(str(path), row=number),
                    found=f"more than {csv.field_size_limit():,} characters in one cell",
                    wanted="cells of a table",
                ) from broken
            lines = reader.line_num - first_line + 1
            yield number, BrokenRow((f"{lines} line{'s' if lines > 1 else ''} with a quote inside a quoted cell",))
            continue
        yield number, record


def joins_lines(path: Path, profile: Profile) -> bool:
    """Whether some row of the file goes on over several lines, within quotes."""
    encoding = encoding_of(path, profile)
    quote = '"'.encode(encoding, errors="replace")
    if not holds(path, b'"' if b'"' in quote else quote):  # 7F in EBCDIC
        return False
    delimiter = profile.delimiter or delimiter_of(path, encoding, profile.last_header_row)
    with io.TextIOWrapper(open_bytes(path), encoding=encoding, newline="") as text:
        reader, seen = csv.reader(text, delimiter=delimiter, strict=True), 0
        while True:
            try:
                next(reader)
            except StopIteration:
                return False
            except csv.Error:
                pass  # a broken row: how many lines it took is what matters
            if reader.line_num - seen > 1:
                return True
            seen = reader.line_num


def encoding_of(path: Path, profile: Profile) -> str:
    """The declared encoding, or the one recognised; what is no text at all is refused first."""
    signatures.check_text(path, head(path))
    if profile.encoding is None:
        return recognise(path)
    try:
        "".encode(profile.encoding)
    except LookupError as unknown:
        raise InputError(
            "encoding-unknown",
            "The profile names an encoding that does not exist.",
            "Correct it.",
            place=Place(str(path)),
            found=repr(profile.encoding),
            wanted="utf-8, gbk, utf-16, cp1252 or another encoding's name",
        ) from unknown
    return profile.encoding


def delimiter_of(path: Path, encoding: str, header_row: int) -> str:
    """The delimiter that occurs most in the header line; a comma where none does."""
    with io.TextIOWrapper(open_bytes(path), encoding=encoding, newline=None) as text:
        for _ in range(header_row - 1):
            text.readline()
        header = text.readline()
    return max(DELIMITERS, key=header.count)
