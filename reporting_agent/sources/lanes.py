"""Which files of readings may be read at the same time: those that have no meter in common.

A meter's readings must come in the order of its files. Parquet tells in its statistics which meter a row group holds; where
every file holds one meter only, files of different meters are lanes of their own. All other files make one lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from reporting_agent.config import Profile
from reporting_agent.sources.blocks import only_value
from reporting_agent.sources.sheets import format_of

Item = TypeVar("Item")


def lanes_of(paths: Sequence[Path], profile: Profile) -> list[list[Path]]:
    """Files that must be read one after the other."""
    column = None if "meter_id" in profile.constants else profile.columns.get("meter_id", "meter_id")
    found: dict[str, list[Path]] = {}
    empty: list[Path] = []
    apart = column is not None
    for path in paths:
        if not path.is_file() or format_of(path) != "parquet":
            apart = False
            continue
        rows, meters = _parquet(path, column)
        if not rows:
            empty.append(path)
        elif len(meters) == 1 and None not in meters:
            found.setdefault(str(meters.pop()), []).append(path)
        else:
            apart = False
    if not apart or len(found) < 2:
        return [list(paths)]
    first, *others = found.values()
    return [[*empty, *first], *others]


def _parquet(path: Path, column: str | None) -> tuple[int, set[str | None]]:
    """Rows of a file and the meters of its row groups, None where the statistics do not tell; a file that is none has no rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return 0, {None}  # what is wrong with it is told when it is read
    return metadata.num_rows, {only_value(metadata, group, column) for group in range(metadata.num_row_groups)}


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, each made by another thread while the one before is worked on."""
    iterator = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, iterator, None)
            yield item
