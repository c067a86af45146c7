"""The files that `check` and `label` write. A file is complete or not there: it is written beside and moved into place."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import InputError, Place

if TYPE_CHECKING:
    from reporting_agent.pipeline import LabelResult
    from reporting_agent.sources import Rejected


def folder(path: Path) -> Path:
    """Make the output folder."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise _cannot_write(path, refused) from refused
    return path


def write_text(path: Path, text: str) -> None:
    """Write a whole file, or leave the one that was there."""
    _into_place(path, text.encode("utf-8"))


def write_json(path: Path, payload: dict[str, Any]) -> None:
    """JSON as people read it."""
    write_text(path, json.dumps(payload, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def write_rejected(path: Path, rejected: Sequence[Rejected]) -> None:
    """rejected.csv: where each unreadable row stands, why, and the row as it was. UTF-8 with BOM, so that Excel reads it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["file", "row", "column", "reason", "found", "wanted", "original"])
    for one in rejected:
        original = io.StringIO(newline="")
        csv.writer(original, lineterminator="").writerow(one.original)
        writer.writerow([one.place.file, one.place.row, one.place.column, one.reason, one.found, one.wanted, original.getvalue()])
    _into_place(path, text.getvalue().encode("utf-8-sig"))


def write_batches(path: Path, result: LabelResult) -> None:
    """batches.parquet: one row a batch and metric, with its values and why it was excluded."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            "step",
            "product",
            "variant",
            "metric",
            "unit",
            "batch_id",
            "start",
            "value",
            "at_reference",
            "energy",
            "output",
            "excluded",
        )
    }
    for label in result.site_label.steps:
        for one in label.values:
            cells = (label.step, label.product, label.variant, str(label.metric), label.unit, one.batch_id, one.start)
            for name, value in zip(columns, (*cells, one.value, one.at_reference, one.energy, one.output_t, one.excluded), strict=True):
                columns[name].append(value)
    text, number = pa.string(), pa.float64()
    kinds = [text, text, text, text, text, text, pa.timestamp("us", "UTC"), number, number, number, number, text]
    table = pa.table({name: pa.array(column, kind) for (name, column), kind in zip(columns.items(), kinds, strict=True)})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    _into_place(path, buffer.getvalue())


def _into_place(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as refused:
        raise _cannot_write(path, refused) from refused


def _cannot_write(path: Path, refused: OSError) -> InputError:
    return InputError(
        "output-not-writable",
        "The result cannot be written.",
        "Name another folder with --out, or free the one named.",
        place=Place(str(path)),
        found=refused.strerror or str(refused),
        wanted="a folder that can be written to",
    )
