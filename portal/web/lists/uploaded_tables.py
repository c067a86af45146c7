"""The lines of a table that was uploaded, CSV or a workbook: read in a process of its own
(`foreign_files.parsed_by`), and so without the framework.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib

NOT_TEXT, NO_WORKBOOK, TOO_LONG = "not-text", "no-workbook", "too-long"
"""Values of `catalogue.obliged_rows.ObligedFileFault`."""

ZIP = b"PK\x03\x04"
MOST_UNPACKED_BYTES = 40 * 1024 * 1024
MOST_ROWS = 100_000

UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError),  # damaged, or cut short
    *(
        RuntimeError,
        NotImplementedError,
    ),  # locked by a password, or of a version of ZIP that there is not
    *(KeyError, IndexError, ValueError, TypeError, SyntaxError),  # unpacked, it is no workbook
)
"""What reading a workbook ends in where the file is none."""

Lines = list[tuple[int, list[str]]]
Fault = tuple[str, int, str]
"""What is wrong, on which line (0: the whole file), and what was found there."""


def lines_of(raw: bytes) -> tuple[Lines, Fault | None]:
    """Lines that are not blank, with their numbers; or why the file cannot be read."""
    return _workbook(raw) if raw.startswith(ZIP) else _text(raw)


def _text(raw: bytes) -> tuple[Lines, Fault | None]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            return [], (NOT_TEXT, 0, "")
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        return [
            (reader.line_num, cells)
            for row in reader
            if any(cells := [cell.strip().removeprefix("'") for cell in row])
        ], None
    except csv.Error as error:
        return [], (NOT_TEXT, reader.line_num, str(error))


def _workbook(raw: bytes) -> tuple[Lines, Fault | None]:
    """The first sheet. What a small file would unpack to is asked first; no more than that is ever
    unpacked.
    """
    from openpyxl import load_workbook  # most files are text, and need none of it
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_UNPACKED_BYTES:
                return [], (NO_WORKBOOK, 0, "")
        sheet = load_workbook(io.BytesIO(raw), read_only=True, data_only=True).worksheets[0]
        lines: Lines = []
        for line, row in enumerate(
            sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 1), start=1
        ):
            if line > MOST_ROWS:  # a list cut short would release the rest from their duty
                return [], (TOO_LONG, 0, f"{MOST_ROWS:,}")
            cells = ["" if value is None else str(value).strip() for value in row]
            if any(cells):
                lines.append((line, cells))
    except (InvalidFileException, *UNREADABLE):
        return [], (NO_WORKBOOK, 0, "")
    return lines, None
