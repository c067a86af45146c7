"""Plain named values out of rows: what a selector answers with has most fields of its row, under
the same names.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    View = TypeVar("View", bound=DataclassInstance)


def view_of(view: type[View], row: object, **own: Any) -> View:
    """A view with the fields of the row that have the same names; `own` are those that are made
    otherwise.

    Raises: AttributeError where the row lacks a field that is not among `own`.
    """
    return view(
        **own,
        **{field.name: getattr(row, field.name) for field in fields(view) if field.name not in own},
    )
