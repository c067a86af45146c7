"""A file as a header and rows of cells, whatever its format. Rows count as a spreadsheet shows them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import InputError, Place
from reporting_agent.config import Profile
from reporting_agent.sources.cells import Cell
from reporting_agent.sources.encodings import open_bytes, recognise

_DELIMITERS = (",", ";", "\t", "|")
_ROWS_A_BATCH = 65_536


@dataclass(frozen=True, slots=True)
class Sheet:
    """Header cells and the numbered rows below them."""

    file: str
    header: tuple[str, ...]
    rows: Iterator[tuple[int, Sequence[Cell]]]


def format_of(path: Path) -> str:
    """`csv`, `xlsx` or `parquet`, by the file's name."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in {".gz", ".zst"}
    last = suffixes[-2] if packed and len(suffixes) > 1 else suffixes[-1] if suffixes else ""
    if last in {".xlsx", ".xlsm", ".xls", ".ods"} and not packed:
        return "xlsx"
    if last in {".parquet", ".pq"} and not packed:
        return "parquet"
    if last in {".csv", ".tsv", ".txt"}:
        return "csv"
    raise InputError(
        "format-unknown",
        "The file's format cannot be told from its name.",
        "Rename or convert the file.",
        place=Place(str(path)),
        found=path.name,
        wanted=".csv, .csv.gz, .csv.zst, .xlsx or .parquet",
    )


def open_sheet(path: Path, profile: Profile) -> Sheet:
    """Open a file of any format; InputError where it cannot be read or has no header."""
    if not path.is_file():
        raise InputError(
            "file-missing",
            "The file is not there.",
            "Check the path under [inputs] in site.toml; it is relative to site.toml.",
            place=Place(str(path)),
            found="no such file",
            wanted="a CSV, XLSX or Parquet file",
        )
    kind = format_of(path)
    numbered = {"csv": _csv_rows, "xlsx": _workbook_rows, "parquet": _parquet_rows}[kind](path, profile)
    first = 1 if kind == "parquet" else profile.header_row
    for row, cells in numbered:
        if row < first:
            continue
        header = tuple("" if cell is None else str(cell).strip() for cell in cells)
        if row > first or not any(header):
            break
        return Sheet(str(path), header, numbered)
    raise InputError(
        "header-missing",
        "The file has no header row.",
        "Give the row with header_row in the mapping profile, or put the header into the first row.",
        place=Place(str(path), row=first),
        found="nothing" if path.stat().st_size == 0 else "a blank row",
        wanted="the names of the columns",
    )


def _csv_rows(path: Path, profile: Profile) -> Iterator[tuple[int, Sequence[Cell]]]:
    encoding = profile.encoding or recognise(path)
    try:
        with io.TextIOWrapper(open_bytes(path), encoding=encoding, newline="") as text:
            delimiter = profile.delimiter or delimiter_of(path, encoding, profile.header_row)
            yield from enumerate(csv.reader(text, delimiter=delimiter), start=1)
    except LookupError as unknown:
        raise InputError(
            "encoding-unknown",
            "The profile names an encoding that does not exist.",
            "Correct it.",
            place=Place(str(path)),
            found=repr(encoding),
            wanted="utf-8, gbk, utf-16 or another encoding's name",
        ) from unknown
    except (UnicodeDecodeError, csv.Error) as broken:
        raise InputError(
            "not-a-text-file",
            "The file is not the text it should be.",
            "Check the encoding in the mapping profile, or export the file again.",
            place=Place(str(path)),
            found=str(broken),
            wanted=f"{encoding} text",
        ) from broken


def delimiter_of(path: Path, encoding: str, header_row: int) -> str:
    """The delimiter that occurs most in the header line; a comma where none does."""
    with io.TextIOWrapper(open_bytes(path), encoding=encoding, newline=None) as text:
        for _ in range(header_row - 1):
            text.readline()
        header = text.readline()
    return max(_DELIMITERS, key=header.count)


def _workbook_rows(path: Path, profile: Profile) -> Iterator[tuple[int, Sequence[Cell]]]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
    except (python_calamine.CalamineError, OSError) as broken:
        raise InputError(
            "workbook-unreadable",
            "The workbook cannot be opened.",
            "Open it in a spreadsheet program and save it again as .xlsx.",
            place=Place(str(path)),
            found=str(broken),
            wanted="a workbook",
        ) from broken
    name = profile.sheet or book.sheet_names[0]
    if name not in book.sheet_names:
        raise InputError(
            "sheet-missing",
            "The workbook has no such sheet.",
            'Correct sheet = "…" in the mapping profile.',
            place=Place(str(path)),
            found=", ".join(book.sheet_names),
            wanted=name,
        )
    sheet = book.get_sheet_by_name(name)
    first = 1 + (sheet.start[0] if sheet.start else 0)
    yield from enumerate(sheet.to_python(skip_empty_area=True), start=first)


def _parquet_rows(path: Path, profile: Profile) -> Iterator[tuple[int, Sequence[Cell]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, pre_buffer=False)
    except (pa.ArrowInvalid, OSError) as broken:
        raise InputError(
            "parquet-unreadable",
            "The file is not Parquet.",
            "Write it again.",
            place=Place(str(path)),
            found=str(broken).splitlines()[0],
            wanted="a Parquet file",
        ) from broken
    with file:
        yield 1, file.schema_arrow.names
        row = 2
        for batch in file.iter_batches(batch_size=_ROWS_A_BATCH):
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield row, cells
                row += 1
