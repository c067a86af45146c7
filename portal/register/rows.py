"""Rows by the names under which a register file speaks of them, as many as it names in one
statement.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import ForeignKey, Model

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase, alternatives
from portal.translog.roots import batched

AT_ONCE = 1_000
"""Rows written in one statement."""

Row = TypeVar("Row", bound=Model)


def of_keys(model: type[Row], key: str, keys: Iterable[Any]) -> dict[Any, Row]:
    """The rows that there are of these keys."""
    rows = model._default_manager.all()
    return {
        getattr(row, key): row
        for batch in batched(dict.fromkeys(keys))
        for row in rows.filter(**{f"{key}__in": batch})
    }


def differs(row: Model, name: str, value: Any) -> bool:
    """Whether a field of the row is another than that; of a row that it refers to, by its key: it
    need not be read.
    """
    field = row._meta.get_field(name)
    if isinstance(field, ForeignKey):
        return bool(getattr(row, field.attname) != (None if value is None else value.pk))
    return bool(getattr(row, name) != value)


def named(model: type[Row], field: str, names: Iterable[str]) -> dict[str, Row]:
    """The rows of those names; a name that nobody has is refused with the nearest ones."""
    wanted = dict.fromkeys(names)
    rows = of_keys(model, field, wanted)
    for name in wanted:
        if name not in rows:
            raise unknown(
                str(model._meta.verbose_name),
                name,
                model._default_manager.values_list(field, flat=True),
            )
    return rows


def unknown(what: str, name: str, present_names: Iterable[str]) -> InputError:
    near = difflib.get_close_matches(name, list(present_names), n=3)
    return InputError(
        "name-unknown",
        Phrase("There is no %(what)s %(name)s.", what=what, name=repr(name)),
        "Correct the name, or declare it in the file; nothing was changed.",
        found=name,
        wanted=alternatives(near) if near else Phrase("a %(what)s that is declared", what=what),
    )
