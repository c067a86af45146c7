"""Files of readings as blocks of Arrow columns with each row's number in the file, before anything
in them is understood. Plain CSV is read with its types by all processors, until a row is not whole
or a cell not of its type: from there on as texts, which know each bad row and why.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.processors import processors
from reporting_agent.row_numbers import Consecutive, Rows
from reporting_agent.sources import arrow_columns, cells, sheets
from reporting_agent.sources.file_bytes import BROKEN_ARCHIVE, damaged, open_bytes
from reporting_agent.sources.sheets import (
    delimiter_of,
    encoding_of,
    format_of,
    lines_above,
    open_sheet,
)

_PEEK = 1 << 16  # bytes that tell how stamps are written
_BLOCK = 16 << 20


@dataclass(slots=True)
class TypedFile:
    """One file; `whole` once it was read to its end."""

    path: Path
    profile: Profile
    names: Sequence[str]  # of its columns, by index
    chosen: Sequence[str]  # the stamp first
    meter: str | None
    encoding: str
    delimiter: str
    skip: int  # lines above the data
    whole: bool = False

    def read(
        self, plain: Callable[[dict[str, Any]], bool], wanted: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        """Blocks of the chosen columns under the names wanted, until the end or the first that is
        not plain.
        """
        import pyarrow as pa

        stamp = self._stamp() if self._plain_profile() else None
        if stamp is None:
            return
        kinds = {name: pa.float64() for name in self.chosen} | {self.chosen[0]: stamp}
        if self.meter is not None:
            kinds[self.meter] = pa.dictionary(pa.int32(), pa.string())
        with open_bytes(self.path) as stream:
            try:
                for batch in self.open(stream, kinds, _BLOCK, threads=processors() > 1):
                    columns = dict(zip(wanted, batch.columns, strict=True))
                    if not plain(columns):
                        return
                    yield columns
            except (pa.ArrowInvalid, UnicodeDecodeError):
                return
        self.whole = True

    def _plain_profile(self) -> bool:
        profile = self.profile
        dates = (
            profile.date_format is None
            and profile.date_order == "ymd"
            and profile.midnight == "begins"
        )
        return dates and profile.decimal == "." and not profile.thousands and not profile.missing

    def _stamp(self) -> Any:
        """The type of the stamps, from the first rows; None where they are written otherwise."""
        import pyarrow as pa

        with open_bytes(self.path) as stream:
            try:
                first = next(
                    iter(
                        self.open(
                            stream, dict.fromkeys(self.names, pa.string()), _PEEK, threads=False
                        )
                    ),
                    None,
                )
            except (pa.ArrowInvalid, UnicodeDecodeError):
                return None
        if first is None or not first.num_rows:
            return None
        for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
            try:
                first.column(0).cast(kind)
            except pa.ArrowInvalid:
                continue
            return kind
        return None

    def open(
        self,
        stream: Any,
        kinds: dict[str, Any],
        size: int,
        *,
        threads: bool,
        invalid: Callable[[Any], str] | None = None,
    ) -> Any:
        """A reader of the chosen columns in these types; `invalid` is asked of a row that has not
        as many cells as the header."""
        import pyarrow as pa
        import pyarrow.csv as arrow_csv

        return arrow_csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            read_options=arrow_csv.ReadOptions(
                use_threads=threads,
                block_size=size,
                encoding=self.encoding,
                skip_rows=self.skip,
                column_names=list(self.names),
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter,
                ignore_empty_lines=False,  # they count as rows
                invalid_row_handler=invalid,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=kinds,
                include_columns=list(self.chosen),
                null_values=[],
                strings_can_be_null=False,
            ),
        )


ROWS_A_BLOCK = (
    1 << 18
    # of Parquet: fewer, and the cost of each block shows; twice as many are 4 % quicker and take 30
    # MB more
)
ROWS_OF_A_SHEET = 1 << 16  # cells of a workbook are Python objects
_READ_AHEAD = 1 << 18  # bytes of a column that are held beside what is decoded

Block = tuple[Rows, dict[str, Any]]
Ragged = Callable[[int, int, int, Sequence[str]], None]
"""Told of each row with a wrong number of cells: its number, how many it has and the header has,
and its cells.
"""


def blocks_of(
    path: Path,
    profile: Profile,
    header: Sequence[str],
    wanted: Sequence[str],
    ragged: Ragged,
    meter: str | None = None,
    plain: Callable[[dict[str, Any]], bool] | None = None,
) -> Iterator[Block]:
    """Blocks of the wanted columns, by their header.

    Args:
        meter: the column among them that names the meter of each row.
        plain: whether typed columns can be taken as they stand; without it, text stays text.

    Raises:
        InputError: the file is damaged, or not of its format.
    """
    kind = format_of(path)
    if kind == "csv" and not (
        profile.across or profile.month or profile.in_cells or profile.qualifies
    ):
        yield from _csv(path, profile, header, wanted, ragged, meter, plain)
    elif kind == "parquet":
        yield from _parquet(path, wanted, meter)
    else:
        yield from _sheet(path, profile, wanted, ragged, meter)


def _parquet(path: Path, wanted: Sequence[str], meter: str | None) -> Iterator[Block]:
    """Row groups that hold one meter only, as their statistics say, are not asked for its name row
    by row.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = 2
    try:
        with pq.ParquetFile(
            path,
            pre_buffer=False,
            buffer_size=_READ_AHEAD,
            read_dictionary=[meter] if meter else None,
        ) as file:
            for only, group in groupby(
                range(file.num_row_groups), lambda index: only_value(file.metadata, index, meter)
            ):
                read = [name for name in wanted if only is None or name != meter]
                threads = only is None and processors() > 1
                for batch in file.iter_batches(
                    ROWS_A_BLOCK, row_groups=list(group), columns=read, use_threads=threads
                ):
                    columns = {name: batch.column(name) for name in read}
                    if only is not None and meter is not None:
                        columns[meter] = arrow_columns.repeated(only, batch.num_rows)
                    yield Consecutive(row, batch.num_rows), columns
                    row += batch.num_rows
    except (pa.ArrowException, OSError) as broken:
        raise sheets.unreadable_parquet(path, broken) from broken


def only_value(metadata: Any, group: int, header: str | None) -> str | None:
    """The text that a column holds throughout a row group, where its statistics tell: lowest and
    highest are bounds of all.
    """
    if header is None:
        return None
    row_group = metadata.row_group(group)
    for index in range(row_group.num_columns):
        column = row_group.column(index)
        if column.path_in_schema == header:
            statistics = column.statistics
            sure = (
                statistics is not None
                and statistics.has_min_max
                and statistics.null_count == 0
                and statistics.min == statistics.max
            )
            return str(statistics.min) if sure and isinstance(statistics.min, str) else None
    return None


def _sheet(
    path: Path, profile: Profile, wanted: Sequence[str], ragged: Ragged, meter: str | None
) -> Iterator[Block]:
    sheet = open_sheet(path, profile, "readings")
    width = len(sheet.header)
    indices = [sheet.header.index(name) for name in wanted]
    while block := list(islice(sheet.rows, ROWS_OF_A_SHEET)):
        for row, raw in block:
            if len(raw) < width:
                ragged(row, len(raw), width, ["" if cell is None else str(cell) for cell in raw])
        whole = [(row, raw) for row, raw in block if len(raw) >= width]
        notations = [
            Profile() if name == meter else profile for name in wanted
        ]  # an id is as it stands
        texts = [
            [as_text(raw[index], own) for _, raw in whole]
            for index, own in zip(indices, notations, strict=True)
        ]
        rows = np.array([row for row, _ in whole], dtype=np.int64)
        yield (
            rows,
            {name: arrow_columns.texts(column) for name, column in zip(wanted, texts, strict=True)},
        )


def as_text(cell: cells.Cell, profile: Profile) -> str | None:
    """A typed cell as a text that the profile reads as the same value; None stays."""
    if cell is None:
        return None
    if isinstance(cell, date):
        return cells.written(cell, profile)
    return (
        cells.shortest(cell).replace(".", profile.decimal) if isinstance(cell, float) else str(cell)
    )


def _csv(
    path: Path,
    profile: Profile,
    header: Sequence[str],
    wanted: Sequence[str],
    ragged: Ragged,
    meter: str | None,
    plain: Callable[[dict[str, Any]], bool] | None,
) -> Iterator[Block]:
    import pyarrow as pa

    encoding = encoding_of(path, profile)
    names = [
        str(index) for index in range(len(header))
    ]  # headers may be blank or stand twice; indices may not
    chosen = [names[list(header).index(name)] for name in wanted]
    delimiter = profile.delimiter or delimiter_of(path, encoding, profile.last_header_row)
    skip = lines_above(path, profile, encoding, delimiter)
    typed = TypedFile(
        path,
        profile,
        names,
        chosen,
        None if meter is None else chosen[list(wanted).index(meter)],
        encoding,
        delimiter,
        skip,
    )
    good = 0
    try:
        for columns in typed.read(plain, wanted) if plain is not None else ():
            count = len(columns[wanted[0]])
            yield Consecutive(profile.first_data_row + good, count), columns
            good += count
    except BROKEN_ARCHIVE as broken:
        raise damaged(path, broken) from broken
    if typed.whole:
        return
    handed_on = good
    skipped: list[int] = []
    open_quote: list[int] = []

    def invalid(row: Any) -> str:
        skipped.append(row.number)
        if row.text.count('"') % 2 and "\n" in row.text:
            open_quote.append(row.number)
        ragged(
            row.number,
            row.actual_columns,
            row.expected_columns,
            next(csv.reader([row.text], delimiter=delimiter), []),
        )
        return "skip"

    with open_bytes(path) as stream:
        try:
            kinds = dict.fromkeys(names, pa.string())
            reader = typed.open(stream, kinds, 2 * _BLOCK, threads=False, invalid=invalid)
            good = 0
            for read in reader:
                batch = read.slice(min(max(handed_on - good, 0), read.num_rows))
                good += read.num_rows - batch.num_rows
                if batch.num_rows:
                    rows = _numbered(profile.first_data_row, good, batch.num_rows, skipped)
                    yield rows, dict(zip(wanted, batch.columns, strict=True))
                good += batch.num_rows
        except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as broken:
            raise InputError(
                "not-a-text-file",
                "The file of readings cannot be read as CSV.",
                "Check delimiter and encoding in the mapping profile, or export the file again.",
                place=Place(str(path)),
                found=str(broken).splitlines()[0],
                wanted=Phrase(
                    "%(encoding)s CSV with the columns %(names)s",
                    encoding=encoding,
                    names=", ".join(wanted),
                ),
            ) from broken
        except BROKEN_ARCHIVE as broken:
            raise damaged(path, broken) from broken
    if open_quote:
        raise InputError(
            "quote-open",
            "A quote in this row is opened and never closed, so everything after it would be one "
            "cell.",
            "Close the quote, or double a quote that belongs to the text.",
            place=Place(str(path), row=open_quote[0]),
            found=Phrase("no closing quote to the end of the file"),
            wanted=Phrase('a closing " before the next delimiter'),
        )


def _numbered(first: int, good: int, count: int, skipped: Sequence[int]) -> Rows:
    """The file's numbers of `count` rows, the first of which is good row `good`; the rows `skipped`
    are none of them.
    """
    plain = Consecutive(first + good, count)
    if not skipped:
        return plain
    before = np.array(skipped, dtype=np.int64) - np.arange(len(skipped), dtype=np.int64)
    numbers = np.asarray(plain)
    return numbers + np.searchsorted(before, numbers, side="right")
