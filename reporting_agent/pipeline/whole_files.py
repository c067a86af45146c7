"""What a text file decides as a whole, and any row of it therefore for every other one.

Two things of a CSV file are read off all of it: its encoding, where none is declared and it is not UTF-8, and where a row ends, where a
quoted cell goes on over several lines. One stray byte or quote changes how other rows are read, so neither has a bound on the way out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.phrases import Phrase
from benchmarks.privacy.stability import Transformation
from reporting_agent.config import Profile
from reporting_agent.sources.delimited import joins_lines
from reporting_agent.sources.encodings import recognise
from reporting_agent.sources.sheets import format_of

_SURE = frozenset({"utf-8", "utf-8-sig", "utf-16"})
"""Encodings that a mark says, or in which every byte is right by itself."""


def decided(files: Iterable[tuple[str, Path, Profile]]) -> Iterator[Transformation]:
    """Of the files of each input: those whose rows depend on one another, with what there is to do about it."""
    for name, path, profile in files:
        if format_of(path) != "csv":
            continue
        if profile.encoding is None and recognise(path) not in _SURE:
            yield Transformation(
                "encoding told by the whole file",
                None,
                Phrase(
                    "%(file)s is not UTF-8 throughout and its encoding is not declared, so one byte decides how every row is read: give"
                    ' encoding under [mapping.%(input)s] (such as "gbk"), or save the file as UTF-8.',
                    file=path.name,
                    input=name,
                ),
            )
        if joins_lines(path, profile):
            yield Transformation(
                "rows joined by a quote",
                None,
                Phrase(
                    "A quoted cell of %(file)s goes on over several lines, so one quote decides how many rows there are: close the quote,"
                    " or take the line breaks out of the cells.",
                    file=path.name,
                ),
            )
