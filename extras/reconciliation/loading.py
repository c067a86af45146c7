"""A file of documents read, or an empty one written to fill in, in either of its forms: TOML, or a
workbook.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.errors import UsageError
from benchmarks.phrases import Phrase
from extras.reconciliation import papers
from extras.reconciliation.papers import Papers

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")


def load(path: Path) -> Papers:
    """What the documents say.

    Raises:
        InputError: as `papers.load`, or of a workbook as `workbook.read`.
    """
    if path.suffix.lower() in WORKBOOKS:
        from extras.reconciliation import workbook

        return workbook.read(path)
    return papers.load(path)


def template(path: Path, lang: str) -> bytes:
    """An empty file of documents of the form that the name says; of TOML there is one language.

    Raises:
        UsageError: `template-kind-unknown`.
    """
    form = path.suffix.lower()
    if form == ".toml":
        return papers.TEMPLATE.encode()
    if form != ".xlsx":
        raise UsageError(
            "template-kind-unknown",
            Phrase(
                "A template cannot be written to a file that ends in %(value)s: %(path)s.",
                value=repr(path.suffix) if path.suffix else Phrase("'nothing'"),
                path=path,
            ),
            "Name a file that ends in .xlsx or .toml.",
        )
    from extras.reconciliation import workbook

    return workbook.template(lang)
