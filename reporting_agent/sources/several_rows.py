"""Several rows a batch, such as the passes of a heat: put together where the profile says what the batch's value of a column is.

Rows of one key become one: it starts with the earliest and ends with the latest, columns named under `rows` are summed, or taken from the
first or the last row of the file; every other one is that of the first. A batch of which one row cannot be read is not used at all. A row
that tells its batch id and not its step is in doubt: no batch of that id is used, and such a file has no bound on the way out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reporting_agent.config import Profile
from reporting_agent.sources.fields import BadCell, Field
from reporting_agent.sources.rejected import Rejected

if TYPE_CHECKING:
    from reporting_agent.sources.table import Table

_KEYS = ("step", "batch_id", "carrier", "direction", "unit")
_EXTREMES = {"start": min, "end": max}


def gather(table: Table, profile: Profile, fields: Sequence[Field]) -> None:
    """Make one row of those of each batch, in place."""
    keys = [table.columns[name] for name in _KEYS if name in table.columns]
    known = {one.column.name: one for one in fields}
    broken: set[tuple[Any, Any]] = set()
    doubted: set[Any] = set()
    for one in table.rejected:
        name, step = _told(known.get("batch_id"), one), _told(known.get("step"), one)
        if name is None:
            continue
        if step is None:
            doubted.add(name)
            table.in_doubt.append(one.place)
        broken.add((step, name))
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, key in enumerate(zip(*keys, strict=True)):
        groups.setdefault(key, []).append(index)
    names, steps = table.columns["batch_id"], table.columns["step"]
    kept = [rows for rows in groups.values() if (steps[rows[0]], names[rows[0]]) not in broken and names[rows[0]] not in doubted]
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


def _told(field: Field | None, one: Rejected) -> Any:
    """What a row that cannot be read says in this column, as far as its own cell goes."""
    if field is None or field.position is None:
        return None if field is None else field.constant
    try:
        return field.value(one.original[field.position]) if field.position < len(one.original) else None
    except BadCell:
        return None
