"""A list of the obliged as a file: CSV or a workbook, with headings and cohorts in words of either
language, read and written.

Files are written with the headings of the page's language; whatever the language of its reader, a
file with either is read.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import override
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from portal.catalogue.models import PeerGroupMember
from portal.catalogue.obliged_rows import LineFault, ObligedFileFault
from portal.web.words.headings import HEADINGS, REPORTING_FIRM
from portal.web.words.terms import COHORTS, shown_name

COLUMNS = ("credit_code", REPORTING_FIRM, "site", "site_name", "jurisdiction", "cohort")
ZIP = b"PK\x03\x04"
MOST_UNPACKED_BYTES = 40 * 1024 * 1024
MOST_ROWS = 100_000

UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError),  # damaged, or cut short
    *(
        RuntimeError,
        NotImplementedError,
    ),  # locked by a password, or of a version of ZIP that there is not
    *(
        InvalidFileException,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        SyntaxError,
    ),  # unpacked, it is no workbook
)
"""What reading a workbook ends in where the file is none."""

Rows = tuple[tuple[int, Mapping[str, str]], ...]


def table(members: Iterable[PeerGroupMember]) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """Head and rows of the file of these members; with none, the template."""
    rows: Iterator[Sequence[object]] = (
        (
            site.credit_code or site.organisation.credit_code,
            shown_name(site.organisation.name),
            site.slug,
            shown_name(site.name),
            shown_name(site.jurisdiction.name),
            str(COHORTS[member.cohort]) if member.cohort else "",
        )
        for member in members
        for site in (member.site,)
    )
    return COLUMNS, rows


def rows_of(raw: bytes) -> tuple[Rows, tuple[LineFault, ...]]:
    """The rows below the head by the names of `COLUMNS`, each with its line; other columns are left
    out. A CSV is in UTF-8 or GB 18030, which holds GBK as spreadsheets in China write it.
    """
    head, lines, fault = head_and_lines(raw)
    if fault is not None:
        return (), (fault,)
    if not {"site", "credit_code"} & set(head):
        return (), (LineFault(1, ObligedFileFault.NO_SITE_COLUMN, ", ".join(head)[:100]),)
    cohorts = _names(COHORTS)
    rows = []
    for line, cells in lines:
        row = {name: cell for name, cell in zip(head, cells, strict=False) if name in COLUMNS}
        cohort = row.get("cohort", "").casefold()
        rows.append((line, row | {"cohort": cohorts.get(cohort, cohort)}))
    return tuple(rows), ()


Lines = list[tuple[int, list[str]]]


def head_and_lines(raw: bytes) -> tuple[list[str], Lines, LineFault | None]:
    """The codes of the columns, by their names in any language, and the lines below; or why the
    file cannot be read.
    """
    lines, fault = _workbook(raw) if raw.startswith(ZIP) else _text(raw)
    head = [
        _names(HEADINGS).get(cell.casefold(), cell.casefold())
        for cell in (lines[0][1] if lines else ())
    ]
    return head, lines[1:], fault


def _text(raw: bytes) -> tuple[Lines, LineFault | None]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            return [], LineFault(0, ObligedFileFault.NOT_TEXT)
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        return [
            (reader.line_num, cells)
            for row in reader
            if any(cells := [cell.strip().removeprefix("'") for cell in row])
        ], None
    except csv.Error as error:
        return [], LineFault(reader.line_num, ObligedFileFault.NOT_TEXT, str(error))


def _workbook(raw: bytes) -> tuple[Lines, LineFault | None]:
    """The first sheet. What a small file would unpack to is asked first; no more than that is ever
    unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_UNPACKED_BYTES:
                return [], LineFault(0, ObligedFileFault.NO_WORKBOOK)
        sheet = load_workbook(io.BytesIO(raw), read_only=True, data_only=True).worksheets[0]
        lines: Lines = []
        for line, row in enumerate(
            sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 1), start=1
        ):
            if line > MOST_ROWS:  # a list cut short would release the rest from their duty
                return [], LineFault(0, ObligedFileFault.TOO_LONG, f"{MOST_ROWS:,}")
            cells = ["" if value is None else str(value).strip() for value in row]
            if any(cells):
                lines.append((line, cells))
    except UNREADABLE:
        return [], LineFault(0, ObligedFileFault.NO_WORKBOOK)
    return lines, None


def _names(words: Mapping[str, str | Promise]) -> dict[str, str]:
    """Codes by what they are called in every language, and by themselves."""
    named = {code.casefold(): code for code in words}
    for language, _name in settings.LANGUAGES:
        with override(language):
            named |= {str(word).casefold(): code for code, word in words.items()}
    return named
