"""Every CSV that we write, with texts in it that no spreadsheet takes for a formula (OWASP, *CSV
Injection*).

A formula begins a cell. A spreadsheet that parts the file elsewhere than it was written, at a
semicolon, a tab or a line break, begins a cell within the text; and it reads the full-width signs
of Chinese keyboards as the others. An apostrophe before the sign makes it a text. A number with a
sign stays one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_BLANKS = r"[ \u00a0\u3000]*"
_NUMBER = r"[+-]?[\d.,' \u00a0]+(?:[eE][+-]?\d+)?(?:[;\t\r\n]|\Z)"
_FORMULA = rf"(?=[=+\-@\uff1d\uff0b\uff0d\uff20])(?!{_NUMBER})"
_BEGINS = re.compile(rf"((?:\A|[;\t\r\n]){_BLANKS}){_FORMULA}|\A(?=[\t\r\n])")
_MARKED = re.compile(rf"((?:\A|[;\t\r\n]){_BLANKS})'{_FORMULA}|\A'(?=[\t\r\n])")


def as_text(cell: object) -> object:
    """A text with an apostrophe where a formula could begin; anything else as it is."""
    if not isinstance(cell, str):
        return cell
    return _BEGINS.sub(lambda begins: f"{begins[1] or ''}'", cell)


def as_written(text: str) -> str:
    """The text of a cell without these apostrophes: a workbook knows its cells by their kind."""
    return _MARKED.sub(lambda begins: begins[1] or "", text)


def csv_of(
    head: Sequence[str], rows: Iterable[Sequence[object]], lineterminator: str = "\r\n"
) -> str:
    """The file; what is `None` is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=lineterminator)
    writer.writerow([as_text(name) for name in head])
    writer.writerows([as_text(cell) for cell in row] for row in rows)
    return text.getvalue()
