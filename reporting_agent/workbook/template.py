"""The empty workbook that a firm fills in, in English or Chinese."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from reporting_agent.console import columns_of
from reporting_agent.workbook.reading import DEFAULT_UNCERTAINTY_PCT, DEFAULT_ZONE, carrier_setting
from reporting_agent.workbook.words import (
    COLUMNS,
    NOTES,
    SETTINGS,
    SHEETS,
    STATUS,
    Lang,
    carrier_name,
    tell,
)

_CARRIERS = (("electricity", "kWh"), ("natural-gas", "Nm3"), ("steam", "GJ"), ("diesel", "kg"))
_ROWS_READY = 500  # rows with a list to choose from


def template(lang: Lang, file: str) -> bytes:
    """The workbook's bytes; `file` is the name that its own instruction uses."""
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    about = book.active
    about.title = tell(SHEETS["about"], lang)
    examples = ", ".join(f"{carrier_name(carrier, lang)} {unit}" for carrier, unit in _CARRIERS)
    rows: list[list[Any]] = [
        [tell(NOTES["fill"], lang)],
        [tell(NOTES["units"], lang, examples=examples)],
        [tell(NOTES["then"], lang, file=Path(file).name)],
        [],
        [tell(SETTINGS["name"], lang), None],
        [tell(SETTINGS["timezone"], lang), DEFAULT_ZONE],
        [tell(SETTINGS["uncertainty_pct"], lang), DEFAULT_UNCERTAINTY_PCT],
        [tell(SETTINGS["currency"], lang), "CNY"],
        *([carrier_setting("price", carrier, lang, unit), None] for carrier, unit in _CARRIERS),
        *(
            [carrier_setting("lhv", carrier, lang), None]
            for carrier, unit in _CARRIERS
            if unit in {"Nm3", "kg"}
        ),
    ]
    for row in rows:
        about.append(row)
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 48, 24

    runs = book.create_sheet(tell(SHEETS["runs"], lang))
    headings = [tell(words, lang) for words in COLUMNS.values()] + [
        f"{carrier_name(carrier, lang)} {unit}" for carrier, unit in _CARRIERS
    ]
    runs.append(headings)
    for index, heading in enumerate(headings, start=1):
        cell = runs.cell(1, index)
        cell.font = Font(bold=True)
        runs.column_dimensions[cell.column_letter].width = max(12, columns_of(heading) + 2)
    runs.freeze_panes = "B2"
    names = list(COLUMNS)
    choice = DataValidation(
        type="list",
        formula1='"' + ",".join(tell(words, lang) for words in STATUS.values()) + '"',
        allow_blank=True,
    )
    runs.add_data_validation(choice)
    letter = runs.cell(1, names.index("status") + 1).column_letter
    choice.add(f"{letter}2:{letter}{_ROWS_READY}")
    for name in ("start", "end"):
        for number in range(2, _ROWS_READY + 1):
            runs.cell(number, names.index(name) + 1).number_format = "yyyy-mm-dd hh:mm"
    book.active = book.index(runs)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
