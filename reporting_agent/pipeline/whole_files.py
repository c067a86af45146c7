"""What a file decides as a whole, so that its rows depend on one another and have no bound on
release: undeclared encoding, bytes and quoted line breaks of a CSV, header rows of a workbook,
several rows a batch.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.errors import Place
from benchmarks.phrases import Phrase
from benchmarks.privacy.stability import Transformation
from reporting_agent.config import Profile
from reporting_agent.sources.file_bytes import recognise
from reporting_agent.sources.sheets import format_of, joins_lines
from reporting_agent.sources.workbooks import extents_of, is_sparse

_SURE = frozenset({"utf-8", "utf-8-sig", "utf-16"})
"""Encodings that a mark says, or in which every byte is right by itself."""
_BY_CHARACTER = (
    "utf-8",
    "utf-16",
    "utf-32",
    "ascii",
    "iso8859",
    "cp",
    "gb",
    "big5",
    "shift_jis",
    "euc_",
    "koi8",
    "mac",
    "latin",
)
"""How the names of encodings begin in which every character is told by its own bytes; others may
have states, or swallow line ends.
"""


def decided(files: Iterable[tuple[str, Path, Profile]]) -> Iterator[Transformation]:
    """Of the files of each input: those whose rows depend on one another, with what there is to do
    about it.
    """
    for name, path, profile in files:
        kind = format_of(path)
        if kind == "xlsx" and profile.header_rows > 1 and is_sparse(path, extents_of(path)):
            yield Transformation(
                "a header told by merged cells",
                None,
                Phrase(
                    "A cell of %(file)s is so far from the table that the column names are read "
                    "differently. Delete whatever is far below"
                    " or to the right of the table.",
                    file=path.name,
                ),
            )
        if kind != "csv":
            continue
        if profile.encoding is not None and not _name(profile.encoding).startswith(_BY_CHARACTER):
            yield Transformation(
                "an encoding with states",
                None,
                Phrase(
                    "In %(encoding)s one byte decides how every row after it is read: save "
                    "%(file)s as UTF-8, and remove encoding "
                    "under [mapping.%(input)s].",
                    encoding=profile.encoding,
                    file=path.name,
                    input=name,
                ),
            )
        by_row = name != "readings"
        if profile.encoding is None and recognise(path, by_row=by_row) not in _SURE:
            yield Transformation(
                "encoding told by the whole file",
                None,
                Phrase(
                    "%(file)s is not UTF-8 throughout, so one byte decides how every row is read: "
                    "save it as UTF-8.",
                    file=path.name,
                )
                if name == "corrections"
                else Phrase(
                    "%(file)s is not UTF-8 throughout and its encoding is not declared, so one "
                    "byte decides how every row is read: give"
                    ' encoding under [mapping.%(input)s] (such as "gbk"), or save the file as '
                    "UTF-8.",
                    file=path.name,
                    input=name,
                ),
            )
        if joins_lines(path, profile):
            yield Transformation(
                "rows joined by a quote",
                None,
                Phrase(
                    "A quoted cell of %(file)s continues over several lines, so one quote decides "
                    "how many rows there are: close the "
                    "quote, or remove the line breaks from the cells.",
                    file=path.name,
                ),
            )


def doubted(places: Iterable[Place]) -> Iterator[Transformation]:
    """Of rows that may be of several batches: that one of them takes all these out."""
    for place in places:
        yield Transformation(
            "rows whose step is not told",
            None,
            Phrase(
                "Row %(row)s of %(file)s has no readable step, so every batch of its id is in "
                "doubt: correct the row.",
                row=str(place.row),
                file=Path(place.file).name,
            ),
        )
        return


def _name(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return encoding  # refused where the file is read
