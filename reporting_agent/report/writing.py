"""Output files written whole or not at all: text, JSON, rejected.csv, tables as Parquet; the folder
made, room on the disk required.

A file is complete or not there: it is written beside and moved into place.
"""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase

if TYPE_CHECKING:
    from reporting_agent.report.tables import ReportTable
    from reporting_agent.sources import RejectedRow


FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
ROOM = 4 << 20  # bytes: the files of a site of 20,000 batches; those of 10,000 take 1.8 MB


def folder(path: Path) -> Path:
    """Make the output folder."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise cannot_write(path, refused) from refused
    return path


def write_text(path: Path, text: str) -> None:
    """Write a whole file, or leave the one that was there."""
    _write_whole(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file of any kind, or leave the one that was there."""
    _write_whole(path, content)


def write_json(path: Path, payload: dict[str, Any]) -> None:
    """JSON as people read it: indented, and a record that holds nothing but figures on one line."""
    write_text(path, "".join(_lines(payload, "\n")) + "\n")


_BETWEEN = "\x1e"  # no text holds it as it stands: JSON writes control characters as escapes
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(_BETWEEN, ": "))


def _lines(value: Any, margin: str) -> Iterator[str]:
    """The pieces of a value's text. Ten thousands of flat records go to the encoder of the library
    at once, which is in C.
    """
    nested = (
        list(value.values())
        if isinstance(value, dict)
        else value
        if isinstance(value, list | tuple)
        else ()
    )
    if _flat(nested):
        yield _encoded(value)
        return
    opens, closes = ("{", "}") if isinstance(value, dict) else ("[", "]")
    inner = margin + "  "
    if (
        set(map(type, nested)) == {dict}
        and not isinstance(value, dict)
        and all(value)
        and _flat(chain.from_iterable(map(dict.values, value)))
    ):
        records = _ENCODER.encode(value)[1:-1].replace("}" + _BETWEEN + "{", "}," + inner + "{")
        yield opens + inner + records.replace(_BETWEEN, ", ") + margin + closes
        return
    separator = opens + inner
    for key in value:
        yield separator
        if isinstance(value, dict):
            yield f"{_encoded(key)}: "
        yield from _lines(value[key] if isinstance(value, dict) else key, inner)
        separator = "," + inner
    yield margin + closes


def _encoded(value: Any) -> str:
    return _ENCODER.encode(value).replace(_BETWEEN, ", ")


def _flat(values: Iterable[Any]) -> bool:
    """Whether none of them holds others."""
    return not any(issubclass(kind, dict | list | tuple) for kind in set(map(type, values)))


def write_rejected(path: Path, rejected: Sequence[RejectedRow]) -> None:
    """rejected.csv: why each row was set aside, and the row in its own columns, to be corrected.
    UTF-8 with BOM, for Excel.
    """
    from reporting_agent.sources.rejected_rows import as_csv

    _write_whole(path, as_csv(rejected).encode("utf-8-sig"))


def write_table(path: Path, table: ReportTable) -> None:
    """One table as Parquet, every row of it; times are UTC."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from reporting_agent.sources import arrow_columns

    converted = pa.table(
        {column.name: arrow_columns.column(column.kind, column.values) for column in table.columns}
    )
    buffer = io.BytesIO()
    pq.write_table(converted, buffer)
    _write_whole(path, buffer.getvalue())


def remove(path: Path) -> None:
    """Take away a file that an earlier run left, if there is one."""
    try:
        path.unlink(missing_ok=True)
    except OSError as refused:
        raise cannot_write(path, refused) from refused


def _write_whole(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as refused:
        _remove(beside)
        raise cannot_write(path, refused) from refused


def require_room(folder: Path) -> None:
    """Refuse a folder whose disk has no room for what all but the largest sites write, before hours
    of work are done for it.
    """
    trial = folder / ".room.new"
    try:
        trial.write_bytes(bytes(ROOM))
    except OSError as refused:
        raise cannot_write(folder, refused) from refused
    finally:
        _remove(trial)


def _remove(half_written: Path) -> None:
    with suppress(
        OSError
    ):  # why it could not be written is told; a disk that is gone lets nothing be removed either
        half_written.unlink(missing_ok=True)


def cannot_write(path: Path, refused: OSError) -> InputError:
    """The refusal of a disk that is full, or of a place that cannot be written to."""
    if refused.errno in FULL:
        return InputError(
            "output-not-writable",
            "The result cannot be written: the disk is full.",
            "Free space there, or name a folder on another disk with --out.",
            place=Place(str(path)),
            found=refused.strerror or str(refused),
            wanted=Phrase("room for the result"),
        )
    return InputError(
        "output-not-writable",
        "The result cannot be written.",
        "Name another folder with --out, or make the one named writable.",
        place=Place(str(path)),
        found=refused.strerror or str(refused),
        wanted=Phrase("a folder that can be written to"),
    )
