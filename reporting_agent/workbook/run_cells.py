"""What the cells of the sheet of runs say of each run: a merged cell its text of all its rows and its amount of none, a day its name.

A spreadsheet keeps what a merged cell says in the first of its cells; an amount that stands for several runs is no run's own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import attrgetter

from benchmarks.errors import Place
from benchmarks.phrases import Phrase
from reporting_agent.proposal.notation import decimal_of
from reporting_agent.sources.cells import Cell, RejectedRow, is_blank
from reporting_agent.sources.fields import shown
from reporting_agent.sources.sheets import Sheet
from reporting_agent.sources.workbooks import WorkbookSheet

Row = tuple[int, Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class _MergedRows:
    """A merged range by rows of the sheet and columns of the table, both included."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class RunCells:
    """Rows whose every cell is of one run, and those of which an amount is not, by their row of the sheet."""

    sheet: Sheet
    set_aside: Mapping[int, RejectedRow]


def own_cells(sheet: Sheet, workbook_sheet: WorkbookSheet, columns: Mapping[str, str]) -> RunCells:
    """The rows below the headings; `columns` has the heading of each column of the template, energies as `energy.…`."""
    at = {sheet.header.index(heading): name for name, heading in columns.items() if heading in sheet.header}
    key = next(position for position, name in at.items() if name == "batch_id")
    rows = [(number, list(cells)) for number, cells in sheet.rows]
    named = [number for number, cells in rows if key < len(cells) and not is_blank(cells[key])]
    amounts = [position for position, name in at.items() if name == "output_quantity" or name.startswith("energy.")]
    set_aside = {
        **_of_unclear_texts(sheet, rows, amounts),
        **_of_shared_amounts(sheet, rows, named, _ranges(workbook_sheet), amounts),
    }
    texts = [position for position in at if position not in amounts and position != key]
    _spread(rows, set(named), _ranges(workbook_sheet), texts)
    for _, cells in rows:
        if key < len(cells):
            cells[key] = _named_by_day(cells[key])
    return RunCells(replace(sheet, rows=iter([row for row in rows if row[0] not in set_aside])), set_aside)


def _ranges(sheet: WorkbookSheet) -> list[_MergedRows]:
    """The ranges that reach over several rows, from above to below."""
    ranges = [
        _MergedRows(top + 1, bottom + 1, left - sheet.first_column, right - sheet.first_column)
        for (top, left), (bottom, right) in sheet.merged or ()
        if bottom > top
    ]
    return sorted(ranges, key=attrgetter("top"))


def _of_shared_amounts(
    sheet: Sheet, rows: Sequence[Row], named: Sequence[int], ranges: Sequence[_MergedRows], amounts: Sequence[int]
) -> dict[int, RejectedRow]:
    """Runs over which an amount is merged; a run whose own name takes several rows too is one run."""
    cells_of = dict(rows)
    refused: dict[int, RejectedRow] = {}
    for merged in ranges:
        runs = named[bisect_left(named, merged.top) : bisect_right(named, merged.bottom)]
        position = next((position for position in amounts if merged.left <= position <= merged.right), None)
        if position is None or len(runs) < 2:
            continue
        for row in runs:
            refused[row] = RejectedRow(
                Place(sheet.file, row, sheet.header[position]),
                Phrase("the cell is merged over several runs"),
                Phrase("rows %(first)s to %(last)s in one cell", first=merged.top, last=merged.bottom),
                Phrase("each run's own figure in its own row"),
                tuple(cells_of[row]),
            )
    return refused


def _of_unclear_texts(sheet: Sheet, rows: Sequence[Row], amounts: Sequence[int]) -> dict[int, RejectedRow]:
    """Rows with a text such as 1.234, in a column of which no text shows whether the point parts decimals or groups of three digits."""
    refused: dict[int, RejectedRow] = {}
    for position in amounts:
        texts = [(row, cells) for row, cells in rows if position < len(cells) and isinstance(cells[position], str)]
        sign, _ = decimal_of([cells[position] for _, cells in texts])
        if sign is None or sign.value != "." or sign.certain:
            continue
        for row, cells in texts:
            if "." in str(cells[position]):
                refused[row] = RejectedRow(
                    Place(sheet.file, row, sheet.header[position]),
                    Phrase("its point may part decimals or groups of three digits"),
                    shown(cells[position]),
                    Phrase("a number, typed as a number and not as text"),
                    tuple(cells),
                )
    return refused


def _spread(rows: Sequence[tuple[int, list[Cell]]], named: set[int], ranges: Sequence[_MergedRows], texts: Sequence[int]) -> None:
    """Write what a merged cell says into each of its rows that is a run."""
    waiting, active = list(reversed(ranges)), list[tuple[_MergedRows, Cell]]()
    for number, cells in rows:
        while waiting and waiting[-1].top <= number:
            merged = waiting.pop()
            if merged.top == number and merged.left in texts and merged.left < len(cells):
                active.append((merged, cells[merged.left]))
        active = [(merged, cell) for merged, cell in active if number <= merged.bottom]
        for merged, cell in active if number in named else ():
            if merged.left < len(cells):
                cells[merged.left] = cell


def _named_by_day(cell: Cell) -> Cell:
    """A run named by its day, or by its moment, has the text of it as its name."""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes")
    return cell.isoformat() if isinstance(cell, date) else cell
