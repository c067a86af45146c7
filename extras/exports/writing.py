"""The files of an export, and `export.json` beside them: what was written, by what, from what, and
what it does not say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.csv_cells import csv_of
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from reporting_agent.report import frames, writing
from reporting_agent.report.tables import ReportTable
from reporting_agent.software import SOFTWARE

SCHEMA = "steplabel/export/1"
FORMATS = ("csv", "xlsx", "parquet")


@dataclass(frozen=True, slots=True)
class ExportDescription:
    """What stands in `export.json` besides the files. `stands_on` says which standard the form
    follows and how far that was checked.
    """

    kind: str
    site: str
    period: str
    made_at: datetime
    stands_on: Mapping[str, str]
    remarks: Sequence[Phrase | str]
    more: Mapping[str, Any]


def tables(out: Path, all_tables: Iterable[ReportTable], formats: Sequence[str]) -> dict[str, int]:
    """Write each table in each format; the workbook holds all of them. Returns rows by file name.

    Raises:
        InputError: `export-too-long` where a table does not fit a sheet of a workbook.
    """
    written: dict[str, int] = {}
    report_tables = list(all_tables)
    if (
        "xlsx" in formats
        and (
            long := next(
                (
                    candidate
                    for candidate in report_tables
                    if len(candidate) >= frames.ROWS_OF_A_SHEET
                ),
                None,
            )
        )
        is not None
    ):
        raise InputError(
            "export-too-long",
            Phrase(
                "The table %(name)s has more rows than a sheet of a workbook can hold.",
                name=long.name,
            ),
            "Ask for a shorter period, or for csv and parquet only.",
            found=f"{len(long):,}",
            wanted=f"{frames.ROWS_OF_A_SHEET - 1:,}",
        )
    folder = writing.folder(out)
    for table in report_tables:
        if "csv" in formats:
            writing.write_bytes(folder / f"{table.name}.csv", as_csv(table))
            written[f"{table.name}.csv"] = len(table)
        if "parquet" in formats:
            writing.write_table(folder / f"{table.name}.parquet", table)
            written[f"{table.name}.parquet"] = len(table)
    if "xlsx" in formats:
        writing.write_bytes(folder / "tables.xlsx", frames.workbook(report_tables))
        written["tables.xlsx"] = sum(map(len, report_tables))
    return written


def as_csv(table: ReportTable) -> bytes:
    """UTF-8 with BOM, so that Excel shows Chinese; what is unknown is an empty cell."""
    names = [column.name for column in table.columns]
    return csv_of(names, table.rows()).encode("utf-8-sig")


def manifest(
    out: Path, description: ExportDescription, rows: Mapping[str, int | None]
) -> dict[str, Any]:
    """Write `export.json` and return it."""
    folder = writing.folder(out)
    payload = {
        "schema": SCHEMA,
        "kind": description.kind,
        "site": description.site,
        "period": description.period,
        "made_at": description.made_at.isoformat(timespec="seconds"),
        "software": SOFTWARE,
        "confidential": True,
        "sent": False,
        "stands_on": dict(description.stands_on),
        "remarks": [in_language(remark, "en") for remark in description.remarks],
        **description.more,
        "files": [
            {
                "name": name,
                "rows": count,
                "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            }
            for name, count in rows.items()
        ],
    }
    writing.write_json(folder / "export.json", payload)
    return payload
