"""The workbook again, with each run's label and gap beside the firm's own figures, which stay as
they were.
"""

from __future__ import annotations

import io
from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.conversion import Basis, FactorTable
from benchmarks.labels import StepLabel
from benchmarks.measurements import Severity
from benchmarks.phrases import enumerated
from reporting_agent.report.words import reason
from reporting_agent.software import VERSION
from reporting_agent.workbook.labelling import LabelledWorkbook, RunResult
from reporting_agent.workbook.method import FEWEST_RUNS
from reporting_agent.workbook.reading import opened
from reporting_agent.workbook.words import (
    BESIDE_RUNS,
    NOTES,
    RESULTS,
    SHEETS,
    carrier_name,
    cell_fault,
    tell,
)

_WIDTH = 18
_LAST_COLUMN = 16_384  # XFD, of the format
_FORMAT = "#,##0.00"


def labelled_copy(labelled: LabelledWorkbook) -> bytes:
    """The bytes of the copy: the firm's sheets, new columns at the right of the runs, and the
    sheets `Labels` and `Not read`.

    Raises:
        InputError: `workbook-unreadable`: a part that reading does not need and a copy does is
            damaged, the styles or the theme say.
    """
    book = opened(labelled.sheet.path, labelled.sheet.sheet)
    _beside_the_runs(book[labelled.sheet.sheet], labelled)
    _labels(
        book.create_sheet(_free(book, tell(SHEETS["labels"], labelled.sheet.lang)), 0), labelled
    )
    if labelled.sheet.unread:
        _unread(
            book.create_sheet(_free(book, tell(SHEETS["unread"], labelled.sheet.lang))), labelled
        )
    book.active = 0
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _free(book: Any, name: str) -> str:
    """The name, or the name with a number where the firm has such a sheet: none of its own is
    overwritten.
    """
    number = 1
    free = name
    while free in book.sheetnames:
        number += 1
        free = f"{name} {number}"
    return free


def metrics(labelled: LabelledWorkbook) -> list[str]:
    """The metrics that any label has, comprehensive energy first."""
    return sorted(
        {str(label.metric) for label in labelled.labels}, key=lambda metric: metric != "total"
    )


def _beside_the_runs(sheet: Any, labelled: LabelledWorkbook) -> None:
    from openpyxl.styles import Font, PatternFill

    lang, header = labelled.sheet.lang, labelled.sheet.headings.row
    units = _units(labelled)
    marked = PatternFill("solid", fgColor="E4EEF0")
    with_money = not labelled.unpriced
    first = _first_free_column(sheet, len(units) * (7 if with_money else 6))
    for metric in metrics(labelled):
        unit, energy = units[metric]
        names = [name for name in BESIDE_RUNS if with_money or name != "money"]
        for offset, name in enumerate(names):
            cell = sheet.cell(header, first + offset)
            cell.value = tell(
                RESULTS[name],
                lang,
                unit=unit,
                energy=energy,
                currency=labelled.sheet.about.currency or "–",
            )
            cell.font, cell.fill = Font(bold=True), marked
            sheet.column_dimensions[cell.column_letter].width = _WIDTH
        for (of_metric, row), run in labelled.of_run.items():
            if of_metric == metric:
                for offset, name in enumerate(names):
                    cell = sheet.cell(row, first + offset)
                    cell.value, cell.fill = _cell(name, run, lang), marked
                    cell.number_format = _FORMAT
        first += len(names)


def _first_free_column(sheet: Any, width: int) -> int:
    """The column behind the last that holds something: cells that are only formatted may reach to
    the end of the sheet. What stands so far out that so many columns have no room behind it is
    passed over."""
    filled = {
        column for (_, column), cell in sheet._cells.items() if cell.value is not None
    }  # rows would be made up to the last column
    filled |= {
        column
        for merged in sheet.merged_cells.ranges
        for column in range(merged.min_col, merged.max_col + 1)
    }
    return 1 + max((column for column in filled if column <= _LAST_COLUMN - width), default=0)


def _cell(name: str, run: RunResult, lang: str) -> float | str | None:
    if name == "left_out":
        return None if run.excluded is None else reason(run.excluded, lang)
    if name in {"value", "label"}:
        return run.value if name == "value" else run.label
    if run.excluded is not None or run.label is None:
        return None
    if name == "money":
        return run.money if run.gap is not None else 0.0
    if run.gap is None:
        return 0.0  # at the label or below it
    return {
        "gap": run.gap.energy,
        "uncertain": run.gap.within_uncertainty,
        "unexplained": run.gap.unexplained,
    }[name]


def _units(labelled: LabelledWorkbook) -> dict[str, tuple[str, str]]:
    """Of each metric the unit of its values and of its energies; products in different units are
    told per unit of output.
    """
    by_metric: dict[str, tuple[str, str]] = {}
    for metric in metrics(labelled):
        own = [label for label in labelled.labels if str(label.metric) == metric]
        units = list(dict.fromkeys(label.unit for label in own))
        by_metric[metric] = (" | ".join(units), own[0].energy_unit)
    return by_metric


def _labels(sheet: Any, labelled: LabelledWorkbook) -> None:
    from openpyxl.styles import Font

    lang, about = labelled.sheet.lang, labelled.sheet.about
    names = [
        "step",
        "product",
        "unit",
        "used",
        "read",
        "best",
        "typical",
        "mean",
        "energy",
        "gap",
        "uncertain",
        "unexplained",
    ]
    names += [*([] if labelled.unpriced else ["money"]), "no_label"]
    currency = about.currency or "–"
    headings = [
        tell(RESULTS[name], lang, energy=RESULTS["as_beside"], currency=currency) for name in names
    ]
    sheet.append(headings)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = _WIDTH
    for label in labelled.labels:
        sheet.append([_of_label(name, label, labelled) for name in names])
    sheet.append([])
    for note in _notes(labelled):
        sheet.append([note])
    sheet.freeze_panes = "A2"


def _of_label(name: str, label: StepLabel, labelled: LabelledWorkbook) -> float | str | int | None:
    step, product, _ = label.step.split("\x1f")
    gap = label.gap
    cells: dict[str, float | str | int | None] = {
        "step": step or None,
        "product": product or None,
        "unit": label.unit,
        "used": label.used,
        "read": label.read,
        "best": label.best.value,
        "typical": label.typical,
        "mean": label.mean,
        "energy": label.energy_unit,
        "gap": None if gap is None else gap.energy,
        "uncertain": None if gap is None else gap.within_uncertainty,
        "unexplained": None if gap is None else gap.unexplained,
        "money": None if gap is None else _money(label, labelled),
        "no_label": None
        if label.best.reason is None
        else reason(label.best.reason, labelled.sheet.lang),
    }
    return cells[name]


def _money(label: StepLabel, labelled: LabelledWorkbook) -> float | None:
    """Of all runs with a gap; None where that of one is not known."""
    rows = (
        batch.place.row
        for batch in labelled.result.data.batches
        if batch.step == label.step and batch.place is not None
    )
    runs = (labelled.of_run.get((str(label.metric), row or 0)) for row in rows)
    parts = [run.money for run in runs if run is not None and run.gap is not None]
    known_parts = [part for part in parts if part is not None]
    return sum(known_parts) if len(known_parts) == len(parts) else None


def _notes(labelled: LabelledWorkbook) -> list[str]:
    lang, about = labelled.sheet.lang, labelled.sheet.about
    notes = [
        tell(NOTES["rule"], lang, fewest=FEWEST_RUNS),
        tell(NOTES["bounds"], lang),
        tell(NOTES["gap"], lang, uncertainty=f"{about.uncertainty_pct:g}"),
    ]
    if labelled.without_lhv:
        names = enumerated(carrier_name(carrier, lang) for carrier in labelled.without_lhv)
        notes.append(tell(NOTES["lhv_needed"], lang, about=SHEETS["about"], carriers=names))
    if labelled.unpriced:
        columns = enumerated(
            column.heading
            for column in labelled.sheet.headings.energy
            if column.carrier in labelled.unpriced
        )
        notes.append(tell(NOTES["no_money"], lang, carriers=columns))
    else:
        notes.append(tell(NOTES["money"], lang, about=SHEETS["about"]))
    if "total" in metrics(labelled):
        day = labelled.result.site_label.period.start.date()
        edition = FactorTable.load().factor("electricity", Basis.CALORIFIC, day).edition
        notes.append(tell(NOTES["factors"], lang, edition=edition))
    notes.append(tell(NOTES["software"], lang, version=VERSION))
    notes += labelled.sheet.passed_over
    findings = [
        finding
        for finding in labelled.result.findings
        if finding.severity is not Severity.REJECTION
    ]  # a sheet holds those
    return [
        *notes,
        *(
            in_language(sentence, lang)
            for sentence in (*labelled.later, *(finding.sentence for finding in findings))
        ),
    ]


def _unread(sheet: Any, labelled: LabelledWorkbook) -> None:
    from openpyxl.styles import Font

    lang = labelled.sheet.lang
    sheet.append(
        [
            tell(RESULTS[name], lang)
            for name in ("sheet", "row", "column", "reason", "found", "wanted")
        ]
    )
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = 2 * _WIDTH
    for name, rejection in labelled.sheet.unread:
        sheet.append(
            [
                name,
                rejection.place.row,
                rejection.place.column,
                cell_fault(rejection.reason, lang),
                _as_text(in_language(rejection.found, lang)),
                cell_fault(rejection.wanted, lang),
            ]
        )


def _as_text(text: str) -> str:
    """Text that a spreadsheet program does not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
