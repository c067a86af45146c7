"""What the columns of lists that people download are called in the language of the page, and what
the codes in their cells mean.

In English a heading is the column's code, and a cell holds its own. What is published for everybody
(benchmark.csv, the archive) keeps its codes in every language: the codebook says what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy

from portal.web.words.events import ACTS
from portal.web.words.tables import words
from portal.web.words.terms import METRICS, SIZE_CLASSES, TAKING_PART

HEADINGS = words("headings")
REPORTING_FIRM = "reporting_firm"
"""The column of the firm that reports, in files without the one that controls it. In English, whose
readers are programs too, it is called `firm`, as the column of the firm in control is in other
files; elsewhere the two have names of their own.
"""

_YES_NO: dict[str, Promise] = {
    "yes": pgettext_lazy("cell of a file", "yes"),
    "no": pgettext_lazy("cell of a file", "no"),
}
CELLS: dict[str, Mapping[str, Promise]] = {
    "obliged": _YES_NO,
    "gap_certain": _YES_NO,
    "arrived_late": _YES_NO,
    "sees_values": _YES_NO,
    "state": {code: word for code, (word, _mood) in TAKING_PART.items()},
    "size_class": SIZE_CLASSES,
    "metric": METRICS,
    "action": ACTS,
}
"""By column: the codes that have words."""


def cell_words(columns: Sequence[str], row: Sequence[object]) -> list[object]:
    """The row with its codes in words, in every language but English, whose readers are programs
    too.
    """
    if _in_english():
        return list(row)
    coded = (
        {"state"} if "state_name" in columns else ()
    )  # its codes are not those of taking part, and their words stand beside
    return [
        value if column in coded else _word(column, value)
        for column, value in zip(columns, row, strict=True)
    ]


def _word(column: str, value: object) -> object:
    return (
        str(CELLS[column][value])
        if isinstance(value, str) and value in CELLS.get(column, ())
        else value
    )


def headings(columns: Sequence[str]) -> list[str]:
    """Each column's heading for the page's reader; its code where it has none."""
    return [str(HEADINGS.get(name, name)) for name in map(_called, columns)]


def _called(column: str) -> str:
    if column == REPORTING_FIRM:
        return "firm" if _in_english() else "organisation"
    return column


def _in_english() -> bool:
    return (get_language() or "en").startswith("en")
