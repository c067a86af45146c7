"""A list of the obliged as a file: CSV or a workbook, with headings and cohorts in words of either
language, read and written.

Files are written with the headings of the page's language; whatever the language of its reader, a
file with either is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import override

from benchmarks.errors import InputError
from benchmarks.foreign_files import UPLOAD, parsed_by
from portal.catalogue.models import PeerGroupMember
from portal.catalogue.obliged_rows import LineFault, ObligedFileFault
from portal.sentences import in_words
from portal.web.lists import uploaded_tables
from portal.web.lists.uploaded_tables import Lines
from portal.web.words.headings import HEADINGS, REPORTING_FIRM
from portal.web.words.terms import COHORTS, shown_name

COLUMNS = ("credit_code", REPORTING_FIRM, "site", "site_name", "jurisdiction", "cohort")

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


def head_and_lines(raw: bytes) -> tuple[list[str], Lines, LineFault | None]:
    """The codes of the columns, by their names in any language, and the lines below; or why the
    file cannot be read.
    """
    try:
        lines, why = parsed_by(uploaded_tables.lines_of, UPLOAD, raw)
    except InputError as refusal:
        lines, why = [], (ObligedFileFault.BEYOND_LIMITS, 0, in_words(refusal.whole))
    fault = None if why is None else LineFault(why[1], ObligedFileFault(why[0]), why[2])
    head = [
        _names(HEADINGS).get(cell.casefold(), cell.casefold())
        for cell in (lines[0][1] if lines else ())
    ]
    return head, lines[1:], fault


def _names(words: Mapping[str, str | Promise]) -> dict[str, str]:
    """Codes by what they are called in every language, and by themselves."""
    named = {code.casefold(): code for code in words}
    for language, _name in settings.LANGUAGES:
        with override(language):
            named |= {str(word).casefold(): code for code, word in words.items()}
    return named
