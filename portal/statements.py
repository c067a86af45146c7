"""SQL statements written once, for the way that every report goes: fetching rows, and inserting
many rows of a model in one statement.

Django writes a statement anew each time it is carried out; for a row or two that takes several
times as long as PostgreSQL needs for the whole of it. What is read here is SQL as it stands in the
caller; what is added are rows of models, so that a new column needs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import AutoField, Field, Model

Row = TypeVar("Row", bound=Model)

INSERT = "INSERT INTO {} ({}) VALUES "


def fetched(text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def rows_of(
    model: type[Row], names: Collection[str], rest: str, values: Sequence[Any]
) -> list[Row]:
    """Rows with these fields of theirs alone, texts, whole numbers and bytes: Django reads others
    once they are asked for.

    Args:
        rest: what stands after WHERE.
    """
    text, in_order = _selection(model, frozenset(names))
    return [model.from_db(connection.alias, in_order, row) for row in fetched(text + rest, values)]


@cache
def _selection(model: type[Model], names: frozenset[str]) -> tuple[str, list[str]]:
    """In the order that the model declares, which `from_db` goes by."""
    quoted = connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if field.attname in names]
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    text = f"SELECT {columns} FROM {quoted(model._meta.db_table)} WHERE "  # noqa: S608 - names of our own models
    return text, [field.attname for field in fields]


def carry_out(text: str, values: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def placeholders(values: Sequence[object]) -> str:
    """A placeholder for each, between commas."""
    return ", ".join(["%s"] * len(values))


def insert(rows: Sequence[Model]) -> None:
    """As `bulk_create` of rows of one model, in one statement, which gives them the numbers that
    the database counts.
    """
    fields, numbered, text, placeholders = _insertion(type(rows[0]))
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field in fields
    ]
    text += ", ".join([placeholders] * len(rows))
    if numbered is None:
        carry_out(text, values)
    else:
        for row, (number,) in zip(
            rows,
            fetched(f"{text} RETURNING {connection.ops.quote_name(numbered)}", values),
            strict=True,
        ):
            row.pk = number
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _insertion(model: type[Model]) -> tuple[list[Field[Any, Any]], str | None, str, str]:
    """Its columns that the caller fills, the one that the database counts, the statement up to its
    rows, and one row's placeholders.
    """
    quoted = connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    key = model._meta.pk
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    text = INSERT.format(quoted(model._meta.db_table), columns)
    return (
        fields,
        key.column if isinstance(key, AutoField) else None,
        text,
        f"({placeholders(fields)})",
    )
