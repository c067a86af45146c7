"""Several rows of one batch, such as the passes of a heat, put together: by sum, first or last of
each column, as the profile says.

Rows of one key become one: it starts with the earliest and ends with the latest, columns named
under `rows` are summed, or taken from the first or the last row of the file; every other one is
that of the first. A batch of which one row cannot be read is not used at all. A row that tells its
batch id and not its step is in doubt: no batch of that id is used, and such a file has no bound on
the way out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reporting_agent.config import Profile
from reporting_agent.sources.cells import RejectedRow
from reporting_agent.sources.fields import BadCell, Field

if TYPE_CHECKING:
    from reporting_agent.sources.whole_table import Table

_KEYS = ("step", "batch_id", "carrier", "direction", "unit")
_EXTREMES = {"start": min, "end": max}


def gather(table: Table, profile: Profile, fields: Sequence[Field]) -> None:
    """Make one row of those of each batch, in place."""
    keys = [table.columns[name] for name in _KEYS if name in table.columns]
    fields_by_name = {field.column.name: field for field in fields}
    broken: set[tuple[Any, Any]] = set()
    doubted: set[Any] = set()
    for rejection in table.rejected:
        name, step = (
            _own_value(fields_by_name.get("batch_id"), rejection),
            _own_value(fields_by_name.get("step"), rejection),
        )
        if name is None:
            continue
        if step is None:
            doubted.add(name)
            table.in_doubt.append(rejection.place)
        broken.add((step, name))
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, key in enumerate(zip(*keys, strict=True)):
        groups.setdefault(key, []).append(index)
    names, steps = table.columns["batch_id"], table.columns["step"]
    complete = [
        rows
        for rows in groups.values()
        if (steps[rows[0]], names[rows[0]]) not in broken and names[rows[0]] not in doubted
    ]
    for name, values in table.columns.items():
        values[:] = [
            _value(
                name,
                [values[row] for row in rows],
                profile,
                beside=name in {*table.carriers, *table.weighed},
            )
            for rows in complete
        ]
    table.rows[:] = [table.rows[rows[0]] for rows in complete]


def _value(name: str, values: Sequence[Any], profile: Profile, *, beside: bool) -> Any:
    if beside:
        return sum(value for value in values if value is not None)
    rule = profile.rows.get(name)
    if rule == "sum":
        return None if any(value is None for value in values) else sum(values)
    if rule == "last":
        return values[-1]
    if rule is None and name in _EXTREMES:
        present = [value for value in values if value is not None]
        return _EXTREMES[name](present) if len(present) == len(values) else None
    return values[0]


def _own_value(field: Field | None, rejection: RejectedRow) -> Any:
    """What a row that cannot be read says in this column, as far as its own cell goes."""
    if field is None or field.position is None:
        return None if field is None else field.constant
    try:
        return (
            field.value(rejection.original[field.position])
            if field.position < len(rejection.original)
            else None
        )
    except BadCell:
        return None
