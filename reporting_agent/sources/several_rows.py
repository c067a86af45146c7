"""Several rows a batch, such as the passes of a heat: put together where the profile says what the batch's value of a column is.

Rows of one key become one: it starts with the earliest and ends with the latest, columns named under `rows` are summed, or taken from the
first or the last row of the file; every other one is that of the first. A batch of which one row cannot be read is not used at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reporting_agent.config import Profile
from reporting_agent.sources.cells import Unreadable, text
from reporting_agent.sources.rejected import Rejected

if TYPE_CHECKING:
    from reporting_agent.sources.table import Table

_KEYS = ("step", "batch_id", "carrier", "direction", "unit")
_EXTREMES = {"start": min, "end": max}


def gather(table: Table, profile: Profile) -> None:
    """Make one row of those of each batch, in place."""
    keys = [table.columns[name] for name in _KEYS if name in table.columns]
    broken = {name for one in table.rejected if (name := _batch_of(one, profile)) is not None}
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, key in enumerate(zip(*keys, strict=True)):
        groups.setdefault(key, []).append(index)
    names = table.columns["batch_id"]
    kept = [rows for rows in groups.values() if names[rows[0]] not in broken]
    for name, values in table.columns.items():
        values[:] = [_value(name, [values[row] for row in rows], profile) for rows in kept]
    table.rows[:] = [table.rows[rows[0]] for rows in kept]


def _value(name: str, values: Sequence[Any], profile: Profile) -> Any:
    rule = profile.rows.get(name)
    if rule == "sum":
        return None if any(value is None for value in values) else sum(values)
    if rule == "last":
        return values[-1]
    if rule is None and name in _EXTREMES:
        known = [value for value in values if value is not None]
        return _EXTREMES[name](known) if len(known) == len(values) else None
    return values[0]


def _batch_of(one: Rejected, profile: Profile) -> str | None:
    """The batch that a row which cannot be read belongs to, as far as its own cell says."""
    header = profile.columns.get("batch_id", "batch_id")
    if header not in one.header:
        return None
    place = one.header.index(header)
    try:
        return text(one.original[place]) if place < len(one.original) else None
    except Unreadable:
        return None
