"""What the cells of the sheet of runs say of each run: a merged cell its text of all its rows and
its amount of none, a day its name.

A spreadsheet keeps what a merged cell says in the first of its cells; an amount that stands for
several runs is no run's own.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from operator import attrgetter

from benchmarks.errors import Place
from benchmarks.phrases import Phrase
from reporting_agent.proposal.notation import decimal_of
from reporting_agent.sources.cells import Cell, RejectedRow, is_blank, plain
from reporting_agent.sources.fields import shown
from reporting_agent.sources.sheets import Sheet
from reporting_agent.sources.totals import names_a_total
from reporting_agent.sources.workbooks import WorkbookSheet

Row = tuple[int, Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class _MergedCells:
    """A merged range by rows of the sheet and columns of the table, both included."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class RunCells:
    """Rows whose every cell is of one run, and those of which an amount is not, by their row of the
    sheet.
    """

    sheet: Sheet
    set_aside: Mapping[int, RejectedRow]


def own_cells(sheet: Sheet, workbook_sheet: WorkbookSheet, columns: Mapping[str, str]) -> RunCells:
    """The rows below the headings; `columns` has the heading of each column of the template,
    energies as `energy.…`.
    """
    at = {
        name: sheet.header.index(heading)
        for name, heading in columns.items()
        if heading in sheet.header
    }
    amounts = [
        position
        for name, position in at.items()
        if name == "output_quantity" or name.startswith("energy.")
    ]
    rows, ranges = [(number, list(cells)) for number, cells in sheet.rows], _ranges(workbook_sheet)
    key, output = at["batch_id"], at["output_quantity"]
    _spread(rows, ranges, [key], lambda cells: not is_blank(cells[output]))
    runs = [(number, cells) for number, cells in rows if _is_a_run(cells, key)]
    set_aside = _of_unclear_texts(sheet, runs, amounts) | _of_shared_amounts(
        sheet, runs, ranges, amounts
    )
    others = [position for position in at.values() if position not in amounts and position != key]
    _spread(rows, ranges, others, lambda cells: _is_a_run(cells, key))
    rows = [
        (number, cells)
        for number, cells in rows
        if number not in set_aside and not _is_prepared(cells, at)
    ]
    for _, cells in rows:
        if key < len(cells):
            cells[key] = _named_by_day(cells[key])
    return RunCells(replace(sheet, rows=iter(rows)), set_aside)


_PREPARED = frozenset({"step", "equipment", "product", "output_unit", "status"})


def _is_prepared(cells: Sequence[Cell], at: Mapping[str, int]) -> bool:
    """Whether a row waits for its run: nothing stands in it but its unit, and what else firms fill
    in down the sheet beforehand. A machine or a product by itself may be meant as a heading, and is
    none."""
    beforehand = {at[name] for name in _PREPARED & at.keys()}
    filled = {position for position, cell in enumerate(cells) if not is_blank(cell)}
    return at.get("output_unit") in filled and filled <= beforehand


def _is_a_run(cells: Sequence[Cell], key: int) -> bool:
    return key < len(cells) and not is_blank(cells[key]) and not names_a_total(cells[key])


def _ranges(sheet: WorkbookSheet) -> list[_MergedCells]:
    """The merged ranges, from above to below."""
    ranges = [
        _MergedCells(top + 1, bottom + 1, left - sheet.first_column, right - sheet.first_column)
        for (top, left), (bottom, right) in sheet.merged or ()
    ]
    return sorted(ranges, key=attrgetter("top"))


def _of_shared_amounts(
    sheet: Sheet, runs: Sequence[Row], ranges: Sequence[_MergedCells], amounts: Sequence[int]
) -> dict[int, RejectedRow]:
    """Runs of which an amount stands for another run, or another carrier, too. A run whose own name
    takes several rows is one run.
    """
    cells_of, numbers = dict(runs), [number for number, _ in runs]
    refused: dict[int, RejectedRow] = {}
    for merged in ranges:
        rows = numbers[bisect_left(numbers, merged.top) : bisect_right(numbers, merged.bottom)]
        positions = [position for position in amounts if merged.left <= position <= merged.right]
        if (
            not rows
            or not positions
            or max(len(rows), len(positions)) < 2
            or _says_nothing(cells_of.get(merged.top), merged.left)
        ):
            continue
        for row in rows:
            refused[row] = RejectedRow(
                Place(sheet.file, row, sheet.header[positions[0]]),
                Phrase("the cell is merged over several runs")
                if len(rows) > 1
                else Phrase("the cell is merged over several columns"),
                Phrase(
                    "rows %(first)s to %(last)s in one cell", first=merged.top, last=merged.bottom
                )
                if len(rows) > 1
                else shown(cells_of[row][merged.left]),
                Phrase("each run's own figure in its own cell"),
                tuple(cells_of[row]),
            )
    return refused


def _says_nothing(cells: Sequence[Cell] | None, position: int) -> bool:
    return cells is not None and (position >= len(cells) or is_blank(cells[position]))


_PLAIN_NUMBER = re.compile(r"[\d.,' +-]+")
_DOUBTFUL = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")


def _of_unclear_texts(
    sheet: Sheet, runs: Sequence[Row], amounts: Sequence[int]
) -> dict[int, RejectedRow]:
    """Runs with a text such as 1.234, in a column of which no text shows that the point parts
    decimals and not groups of three digits.
    """
    refused: dict[int, RejectedRow] = {}
    for position in amounts:
        texts = [
            (row, plain(cell), cells)
            for row, cells in runs
            if position < len(cells) and isinstance(cell := cells[position], str)
        ]
        decimal, _ = decimal_of([text for _, text, _ in texts if _PLAIN_NUMBER.fullmatch(text)])
        if decimal is None:  # the point
            continue
        for row, text, cells in texts:
            if _DOUBTFUL.fullmatch(text):
                refused[row] = RejectedRow(
                    Place(sheet.file, row, sheet.header[position]),
                    Phrase("its point may part decimals or groups of three digits"),
                    shown(text),
                    Phrase("a number, typed as a number and not as text"),
                    tuple(cells),
                )
    return refused


def _spread(
    rows: Sequence[tuple[int, list[Cell]]],
    ranges: Sequence[_MergedCells],
    columns: Sequence[int],
    of_run: Callable[[list[Cell]], bool],
) -> None:
    """Write what a merged cell of these columns says into each of its rows that is one `of_run`."""
    waiting, active = list(reversed(ranges)), list[tuple[_MergedCells, Cell]]()
    for number, cells in rows:
        while waiting and waiting[-1].top <= number:
            merged = waiting.pop()
            if merged.top == number and merged.left in columns and merged.left < len(cells):
                active.append((merged, cells[merged.left]))
        active = [(merged, cell) for merged, cell in active if number <= merged.bottom]
        for merged, cell in active:
            if merged.left < len(cells) and of_run(cells):
                cells[merged.left] = cell


def _named_by_day(cell: Cell) -> Cell:
    """A run named by its day, its moment or its time of day has the text of it as its name."""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds" if cell.second else "minutes")
    if isinstance(cell, time):
        return cell.isoformat("seconds" if cell.second else "minutes")
    return cell.isoformat() if isinstance(cell, date) else cell
