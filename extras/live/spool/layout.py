"""Where a spool's files lie: segments, tables and days of Parquet; which of them are there, in
order, and their segment's number.
"""

from __future__ import annotations

from pathlib import Path

FOLDERS = ("segments", "days", "tables")


def segment_path(folder: Path, number: int) -> Path:
    return folder / "segments" / f"{number:08}.log"


def table_path(folder: Path, number: int) -> Path:
    return folder / "tables" / f"{number:08}.json"


def segments(folder: Path) -> list[Path]:
    """Those that are written, or are not yet Parquet, in order."""
    return sorted((folder / "segments").glob("*.log"))


def days(folder: Path) -> list[Path]:
    """The Parquet files, in order of arrival."""
    return sorted((folder / "days").glob("*.parquet"), key=number_of)


def replaced(folder: Path) -> list[int]:
    """The segments of which there is Parquet or a table, in order."""
    return sorted(
        {number_of(path) for path in (*days(folder), *(folder / "tables").glob("*.json"))}
    )


def parts(folder: Path) -> tuple[list[Path], list[Path]]:
    """The Parquet files, and the segments that are not Parquet yet: all that arrived, each reading
    in one of them.
    """
    written = segments(
        folder
    )  # listed first: one that is deleted in between has its Parquet by then
    parquet = days(folder)
    numbers = {number_of(path) for path in parquet}
    return parquet, [path for path in written if number_of(path) not in numbers]


def half_written(folder: Path) -> list[Path]:
    """What `write_whole` left of files that were not put into place, beside the files of others
    that may lie in the folder itself.
    """
    return [
        *folder.glob(".*.json.????????"),
        *(folder / "days").glob(".*"),
        *(folder / "tables").glob(".*"),
    ]


def day_of(folder: Path, number: int) -> Path | None:
    """The Parquet of a segment, where it was written."""
    return next((folder / "days").glob(f"*.{number:08}.parquet"), None)


def number_of(path: Path) -> int:
    """The segment that a file holds: `00000007.log`, `2025-01-02.00000007.parquet`."""
    return int(path.name.split(".")[-2])
