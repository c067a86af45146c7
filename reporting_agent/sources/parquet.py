"""Parquet as numbered rows of typed cells; the header is row 1, as it would be in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, in_context
from reporting_agent.sources.cells import Cell

_ROWS_A_BATCH = 8_192


def rows_of(path: Path) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The names of the columns, then the rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield 1, file.schema_arrow.names
            row = 2
            for batch in file.iter_batches(batch_size=_ROWS_A_BATCH):
                for cells in zip(*(_cells(column) for column in batch.columns), strict=True):
                    yield row, cells
                    row += 1
    except (pa.ArrowException, OSError) as broken:
        raise unreadable(path, broken) from broken


def unreadable(path: Path, broken: BaseException) -> InputError:
    """The refusal of a file that pyarrow cannot read."""
    return InputError(
        "parquet-unreadable",
        "The file cannot be read as Parquet.",
        "Write it again, without encryption.",
        place=Place(str(path)),
        found=(str(broken).splitlines() or [in_context("a file", "nothing")])[0],
        wanted=Phrase("a whole Parquet file"),
    )


def _cells(column: Any) -> list[Any]:
    """Python values; stamps in nanoseconds lose what no clock of a plant shows, for Python has
    microseconds.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    elif pa.types.is_duration(kind) and kind.unit == "ns":
        column = column.cast(pa.duration("us"), safe=False)
    return list(column.to_pylist())
