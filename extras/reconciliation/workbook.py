"""The documents in a workbook: an empty one to fill in, and what was filled in, read as a person
writes it.

Sheets and columns may stand in any order and in either language, with other columns between; blank
rows are skipped, and so is what stands above the headings. A cell that says something else than its
column is refused by sheet and cell, and so is a sheet of documents under another name; nothing is
guessed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from benchmarks.catalogue import languages
from benchmarks.declared import Words, said_by_validator
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, enumerated
from extras.reconciliation.headings import (
    ABOUT,
    COLUMNS,
    EXAMPLES,
    NOTES,
    OPTIONAL,
    SHEETS,
)
from extras.reconciliation.papers import Bill, Calibration, Papers, Sale, StockSurvey
from extras.reconciliation.percent_cells import percent_cells
from reporting_agent.config import Profile
from reporting_agent.console import columns_of
from reporting_agent.sources import cells
from reporting_agent.sources.cells import Cell, UnreadableCell
from reporting_agent.sources.workbooks import Book

_KINDS: dict[str, type[BaseModel]] = {
    "bill": Bill,
    "stock": StockSurvey,
    "sale": Sale,
    "calibration": Calibration,
}
_DAYS, _TEXTS = {"from", "to", "on"}, {"carrier", "step", "meter", "unit", "document"}
_YES, _NO = {"yes", "true", "1", "x", "是"}, {"no", "false", "0", "否"}
_PERCENT = {"uncertainty_pct", "error_pct", "limit_pct"}
_TOGETHER = ("from", "to", "opening", "closing")  # what can contradict another cell of the row
_ROWS_LOOKED_AT = 20  # for the headings
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_BETWEEN_METERS = re.compile(r"[,，、;；\n]")
_REMEDY = (
    "Correct the cell; `steplabel-agent reconcile --template FILE.xlsx` writes an empty workbook "
    "with an example."
)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet under its headings: which column holds what, by the key of the file of documents;
    columns count from 0 at A.
    """

    path: Path
    name: str
    kind: str
    columns: Mapping[str, int]
    titles: Mapping[str, str]

    def place(self, row: int, key: str | None = None) -> Place:
        """Where a person looks: the sheet, the row, and the cell by its letter."""
        column = (
            None
            if key is None or key not in self.columns
            else f"{self.titles[key]} ({_letter(self.columns[key])}{row})"
        )
        return Place(_sheet_of(self.path, self.name), row, column)

    def refused(self, row: int, key: str | None, found: str, wanted: str) -> InputError:
        return InputError(
            "papers-cell-wrong",
            "A document in the workbook cannot be used as it is.",
            _REMEDY,
            place=self.place(row, key),
            found=found,
            wanted=wanted,
        )


def read(path: Path) -> Papers:
    """Every document of the workbook, in the order of its rows.

    Raises:
        InputError: `papers-unreadable`, `workbook-unreadable`, `workbook-too-large`,
            `papers-sheets-missing`; with sheet and row or cell `papers-heading-missing`,
            `papers-sheet-misnamed`, `papers-cell-wrong`.
    """
    if not path.is_file():
        raise InputError(
            "papers-unreadable",
            "The file of documents cannot be read.",
            "Check the path. `steplabel-agent reconcile --template FILE.xlsx` writes an empty "
            "workbook.",
            place=Place(str(path)),
            found=Phrase("no such file"),
        )
    book = Book(path)
    documents: dict[str, tuple[BaseModel, ...]] = {}
    for name in book.names:
        kind = next((kind for kind, words in SHEETS.items() if _same(name, kind, words)), None)
        if kind is not None:
            documents[kind] = (*documents.get(kind, ()), *_documents(path, name, kind, book))
        else:
            _refuse_documents_in(path, name, book)
    if not documents:
        raise InputError(
            "papers-sheets-missing",
            "The workbook contains no sheet of documents.",
            "Name the sheets as in the template, which `steplabel-agent reconcile --template "
            "FILE.xlsx` writes.",
            place=Place(str(path)),
            found=", ".join(book.names) or Phrase("no sheet"),
            wanted="; ".join(
                ", ".join(words.said_in(lang) for words in SHEETS.values()) for lang in languages()
            ),
        )
    return Papers.model_validate(documents)


def template(lang: str) -> bytes:
    """The empty workbook."""
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    about = book.active
    about.title = ABOUT.said_in(lang)
    for note in NOTES:
        about.append([note.said_in(lang)])
    for kind, example in EXAMPLES.items():
        about.append([])
        about.append([SHEETS[kind].said_in(lang)])
        about.cell(about.max_row, 1).font = Font(bold=True)
        about.append([COLUMNS[key].said_in(lang) for key in example])
        about.append(list(example.values()))
        sheet = book.create_sheet(SHEETS[kind].said_in(lang))
        sheet.append([COLUMNS[key].said_in(lang) for key in example])
        sheet.freeze_panes = "B2"
        for cell in sheet[1]:
            cell.font = Font(bold=True)
            sheet.column_dimensions[cell.column_letter].width = max(12, columns_of(cell.value) + 2)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _refuse_documents_in(path: Path, name: str, book: Book) -> None:
    """A copy of a sheet, as "Bills (2)", holds documents that nobody would miss. The template's
    sheet of notes holds examples, whatever it is called."""
    if _same(name, "about", ABOUT) or any(
        _is_a_note(cell) for _, line in _lines(book, name, _ROWS_LOOKED_AT) for cell in line
    ):
        return
    for row, line in _lines(book, name, _ROWS_LOOKED_AT):
        for kind, example in EXAMPLES.items():
            if not set(example) - _optional(kind) - _columns(kind, line).keys():
                raise InputError(
                    "papers-sheet-misnamed",
                    "A sheet has the columns of documents, but another name.",
                    "Move its rows to the sheet of these documents, or delete the sheet.",
                    place=Place(_sheet_of(path, name), row),
                    found=repr(name),
                    wanted=" / ".join(dict.fromkeys(SHEETS[kind].by_language.values())),
                )


def _is_a_note(cell: Cell) -> bool:
    return isinstance(cell, str) and any(_same(cell, note.en, note) for note in NOTES)


def _lines(book: Book, name: str, rows: int | None = None) -> Iterator[tuple[int, list[Cell]]]:
    """The rows of a sheet that are not blank, of its first `rows` where that is given; columns
    count from A on.
    """
    opened = book.sheet(name, rows)
    for row, written in opened.rows:
        if not all(cells.is_blank(cell) for cell in written):
            yield row, [None] * opened.first_column + list(written)


def _documents(path: Path, name: str, kind: str, book: Book) -> Iterator[BaseModel]:
    sheet: _Sheet | None = None
    in_percent = percent_cells(path, name)
    for row, line in _lines(book, name):
        if sheet is None:
            sheet = _headed(path, name, kind, line, row)
            if sheet is None and row >= _ROWS_LOOKED_AT:
                break
        else:
            yield _document(sheet, row, line, in_percent)
    if sheet is None and any(_lines(book, name)):
        raise _no_heading(path, name, kind, set(EXAMPLES[kind]), 1)


def _headed(path: Path, name: str, kind: str, line: Sequence[Cell], row: int) -> _Sheet | None:
    """The sheet where this row holds its headings; None where it holds fewer than half of them, and
    so is a title or a note.
    """
    columns = _columns(kind, line)
    if 2 * len(columns) < len(EXAMPLES[kind].keys() - _optional(kind)):
        return None
    others = [
        cell
        for index, cell in enumerate(line)
        if isinstance(cell, str) and index not in columns.values()
    ]
    missing = set(EXAMPLES[kind]) - set(columns)
    for group in OPTIONAL.get(kind, ()):
        meant = group & columns.keys() or any(
            _begins(cell, key, COLUMNS[key]) for cell in others for key in group
        )
        missing -= set() if meant else group
    if missing:
        raise _no_heading(path, name, kind, missing, row)
    return _Sheet(
        path,
        name,
        kind,
        columns,
        {key: str(line[position]).strip() for key, position in columns.items()},
    )


def _optional(kind: str) -> set[str]:
    return set().union(*OPTIONAL.get(kind, ()))


def _columns(kind: str, line: Sequence[Cell]) -> dict[str, int]:
    """Where in this row the headings of such documents stand."""
    columns: dict[str, int] = {}
    for index, cell in enumerate(line):
        key = next(
            (
                key
                for key in EXAMPLES[kind]
                if isinstance(cell, str) and _same(cell, key, COLUMNS[key])
            ),
            None,
        )
        if key is not None:
            columns.setdefault(key, index)
    return columns


def _document(
    sheet: _Sheet, row: int, line: Sequence[Cell], in_percent: Set[tuple[int, int]]
) -> BaseModel:
    values: dict[str, Any] = {}
    for key, position in sheet.columns.items():
        cell = line[position] if position < len(line) else None
        if cells.is_blank(cell):
            if key in _optional(sheet.kind):
                continue
            raise sheet.refused(
                row, key, Phrase("'nothing'"), Phrase("a value: the row holds a document")
            )
        try:
            values[key] = _value(key, cell, in_percent=(row, position) in in_percent)
        except UnreadableCell as wrong:
            raise sheet.refused(row, key, repr(cell), wrong.wanted) from wrong
    try:
        return _KINDS[sheet.kind].model_validate(values)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        wanted = said_by_validator(first) or first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            raise sheet.refused(
                row,
                None,
                repr({key: str(values[key]) for key in _TOGETHER if key in values}),
                wanted,
            ) from wrong
        named = str(first["loc"][0])
        raise sheet.refused(row, named, repr(values.get(named, first["input"])), wanted) from wrong


def _value(key: str, cell: Cell, *, in_percent: bool) -> object:
    if key in _DAYS:
        return _day(cell)
    if key == "meters":
        return tuple(
            filter(
                None,
                map(cells.text, _BETWEEN_METERS.split(cell) if isinstance(cell, str) else (cell,)),
            )
        )
    if key in _TEXTS:
        return cells.text(cell)
    if key == "estimated":
        said = cells.plain(cells.text(cell)).casefold()
        if said not in _YES | _NO:
            raise UnreadableCell(Phrase("yes or no"))
        return said in _YES
    try:
        number = cells.number(cell, Profile())
    # what the reader of plants' files wants may be declared in a mapping, which these have not
    except UnreadableCell as wrong:
        raise UnreadableCell(
            Phrase("a number such as 1234567.8, without separators and without its unit")
        ) from wrong
    if key in _PERCENT and in_percent:
        return round(100 * number, 10)
    return int(number) if key == "valid_months" and number.is_integer() else number


def _day(cell: Cell) -> date:
    if isinstance(cell, datetime) and cell.time() == time.min:
        return cell.date()
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return cell
    if isinstance(cell, str) and (parts := _DAY.fullmatch(cells.plain(cell))) is not None:
        try:
            return date(*map(int, parts.groups()))
        except ValueError as wrong:
            raise UnreadableCell(Phrase("a day of the calendar, such as 2025-01-31")) from wrong
    raise UnreadableCell(Phrase("a day, such as 2025-01-31 or a cell in the format of a date"))


def _sheet_of(path: Path, name: str) -> Phrase:
    return Phrase("%(file)s, sheet %(sheet)s", file=path, sheet=repr(name))


def _no_heading(path: Path, name: str, kind: str, missing: set[str], row: int) -> InputError:
    ordered = [key for key in EXAMPLES[kind] if key in missing]
    return InputError(
        "papers-heading-missing",
        "A sheet of documents lacks a column.",
        "Name the columns as in the template, which `steplabel-agent reconcile --template "
        "FILE.xlsx` writes.",
        place=Place(_sheet_of(path, name), row),
        found=Phrase("no column %(names)s", names=enumerated(COLUMNS[key] for key in ordered)),
        wanted=", ".join(
            " / ".join(dict.fromkeys(COLUMNS[key].by_language.values())) for key in ordered
        ),
    )


def _same(written: str, key: str, words: Words) -> bool:
    """As the template has it in any language, or the key of the file of documents; however it is
    spaced and capitalised.
    """
    return _bare(written) in {_bare(key), *map(_bare, words.by_language.values())}


def _begins(written: str, key: str, words: Words) -> bool:
    """Whether it is the heading with its unit behind it, in brackets or after a comma."""
    return _same(re.split(r"[(,;/\[（，；]", written, maxsplit=1)[0], key, words)


def _bare(text: str) -> str:
    return re.sub(r"[\s_]+", "", cells.plain(text)).casefold()


def _letter(column: int) -> str:
    """A to Z, AA and on, of a column that counts from 0."""
    head, last = divmod(column, 26)
    return (_letter(head - 1) if head else "") + chr(ord("A") + last)
