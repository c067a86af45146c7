"""[[source.sql]] and [[source.files]]: tables of databases, and files that grow."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from benchmarks.phrases import Phrase
from extras.live.spool.reading import ReadingQuality
from reporting_agent.config.profile import Setting


class ReadingWords(Setting):
    """What messages and rows that hold readings have in common.

    `names` gives the meter's id in site.toml for a name that the plant uses; of every reading where
    it is `meter`.
    """

    meter: str | None = None
    names: dict[str, str] = Field(default_factory=dict)
    time: Literal["iso", "s", "ms", "us"] = (
        "iso"  # how a stamp is written; numbers count from 1970 in UTC
    )
    bad: tuple[str, ...] = (
        "bad",
    )  # qualities, as texts in any case, of which a value is kept as not known
    uncertain: tuple[str, ...] = ("uncertain",)
    consecutive: bool = (
        False  # a meter's numbers rise by one, so that one left out is a reading that is missing
    )

    @field_validator("bad", "uncertain")
    @classmethod
    def _in_any_case(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(word.strip().lower() for word in words)

    def quality_of(self, cell: object) -> ReadingQuality:
        """That of a reading, by its source's own word for it."""
        word = str(cell).strip().lower()
        return (
            ReadingQuality.BAD
            if word in self.bad
            else ReadingQuality.UNCERTAIN
            if word in self.uncertain
            else ReadingQuality.GOOD
        )


class ReadingColumns(ReadingWords):
    """Where in a row a reading stands: `columns` gives `meter`, `time`, `value`, `sequence` and
    `quality` their columns.

    The meter is a column or `meter`; or each column in `meters` holds values of the meter that
    stands beside it.
    """

    columns: dict[Literal["meter", "time", "value", "sequence", "quality"], str]
    meters: dict[str, str] = Field(default_factory=dict)
    format: str | None = None  # strptime, where a stamp is a text of another form
    offset: str | None = Field(
        default=None, pattern=r"^[+-]\d\d:\d\d$"
    )  # from UTC, of stamps that are written without one
    decimal: Literal[".", ","] = "."

    @model_validator(mode="after")
    def _names_what_it_needs(self) -> Self:
        if "time" not in self.columns:
            raise ValueError(Phrase("columns must name the column of the time"))
        if sum((self.meter is not None, bool(self.meters), "meter" in self.columns)) != 1:
            raise ValueError(
                Phrase("the meter must be told once: by columns.meter, meters or meter")
            )
        if bool(self.meters) == ("value" in self.columns):
            raise ValueError(Phrase("the value must be told once: by columns.value, or by meters"))
        if self.consecutive and "sequence" not in self.columns:
            raise ValueError(Phrase("consecutive goes with columns.sequence"))
        return self

    @property
    def needed(self) -> frozenset[str]:
        """The columns without which no row can be read."""
        return frozenset(self.columns.values()) | frozenset(self.meters)


class BatchColumns(Setting):
    """Rows about batches: `columns` gives each column of the template its own in the row; without,
    the row has the template's names.
    """

    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)

    @property
    def needed(self) -> frozenset[str]:
        return frozenset(self.columns.values()) or frozenset(
            {"batch_id", "step"} - self.constants.keys()
        )


class _Query(Setting):
    """A query with `:since`, whose rows come in ascending order of the column `mark`, a time or a
    number.
    """

    query: str = Field(pattern=r":since\b")
    mark: str
    start: datetime | int | str  # the first `:since`
    look_back: float = Field(
        default=600.0, ge=0
    )  # seconds, of a mark that is a number: numbers; what changes within it is read again
    again_s: float = Field(default=60.0, gt=0)  # how often it is


class SqlReadings(_Query, ReadingColumns):
    """[[source.sql.readings]]: rows that hold readings."""

    @property
    def needed_columns(self) -> frozenset[str]:
        return self.needed | {self.mark}


class SqlBatches(_Query, BatchColumns):
    """[[source.sql.batches]]: rows about batches, as an MES has them; a row that changes completes
    its batch.
    """

    @property
    def needed_columns(self) -> frozenset[str]:
        return self.needed | {self.mark}


class Sql(Setting):
    """[[source.sql]]: one database, of which is only read."""

    url: str = Field(pattern=r"^(postgresql://|postgres://|sqlite:|odbc:)")
    password_file: str | None = None
    every_s: float = Field(default=10.0, gt=0)
    readings: tuple[SqlReadings, ...] = ()
    batches: tuple[SqlBatches, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not (self.readings or self.batches):
            raise ValueError(Phrase("readings or batches must give a query"))
        if re.search(r"://[^/@]*:[^/@]+@|[:?&;]\s*(password|pwd)\s*=", self.url, re.IGNORECASE):
            raise ValueError(
                Phrase("a password does not stand here: name its file by password_file")
            )
        return self

    @property
    def name(self) -> str:
        """As people are told of it."""
        return re.sub(r"^.*://([^/@]*@)?", "", self.url.split("?", 1)[0])


class FileBatches(BatchColumns):
    """[source.files.batches]: a line a batch; a later line of a batch completes it."""


class GrowingFiles(Setting):
    """[[source.files]]: files to which another program adds lines, each with a header or with
    `header`.
    """

    path: str = Field(min_length=1)  # a pattern: * within a name; from the folder of site.toml
    every_s: float = Field(default=1.0, gt=0)
    header: tuple[str, ...] = ()  # names of the columns of files whose first line is no header
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8"
    complete_after_s: float | None = Field(
        default=None, gt=0
    )  # a last line without an end counts once the file stood still for so long
    readings: ReadingColumns | None = None
    batches: FileBatches | None = None
    _beside: tuple[str, ...] = PrivateAttr(default=())

    @property
    def beside(self) -> tuple[str, ...]:
        """Patterns of other entries that read the same of files which this one may match: a file of
        both has two readers.
        """
        return self._beside

    def with_entries_beside(self, files: Iterable[GrowingFiles]) -> Self:
        """The same entry, which knows of those that may match its files: where these change it is
        another entry.
        """
        entry = self.model_copy()
        entry._beside = tuple(
            sorted(
                Path(other.path).name
                for other in files
                if other is not self
                and (other.batches is None) is (self.batches is None)
                and Path(other.path).parent == Path(self.path).parent
                and _have_a_name_in_common(_in_wildcards(other.path), _in_wildcards(self.path))
            )
        )
        return entry

    @field_validator("path")
    @classmethod
    def _is_of_one_folder(cls, path: str) -> str:
        if re.search(r"[*?\[].*/", path):
            raise ValueError(
                Phrase(
                    "a pattern of names in one folder: * stands behind the last / alone; give "
                    "each folder a table of its own"
                )
            )
        return path

    @field_validator("encoding")
    @classmethod
    def _keeps_line_ends(cls, name: str) -> str:
        try:
            sound = "\n".encode(name) == b"\n"
        except LookupError as unknown:
            raise ValueError(Phrase("no encoding is called %(name)s", name=name)) from unknown
        if not sound:
            raise ValueError(
                Phrase(
                    "only an encoding whose line ends with the byte 0A: utf-8, gbk, latin-1, "
                    "cp1252 and their like"
                )
            )
        return name

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.readings is None) == (self.batches is None):
            raise ValueError(Phrase("either readings or batches"))
        return self


def _in_wildcards(path: str) -> str:
    """The pattern of names with `?` for each set of characters: it matches no fewer of them."""
    return re.sub(r"\[!?\]?[^\]]*\]", "?", Path(path).name)


def _have_a_name_in_common(pattern: str, other: str) -> bool:
    """Whether some name fits both patterns of `*`, `?` and letters."""
    if not pattern or not other:
        return not (pattern + other).strip("*")
    if pattern[0] == "*":
        return _have_a_name_in_common(pattern[1:], other) or _have_a_name_in_common(
            pattern, other[1:]
        )
    if other[0] == "*":
        return _have_a_name_in_common(other, pattern)
    return (pattern[0] == other[0] or "?" in (pattern[0], other[0])) and _have_a_name_in_common(
        pattern[1:], other[1:]
    )
