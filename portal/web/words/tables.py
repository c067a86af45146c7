"""Tables of words by code, which stand in `words.toml`, here and in extras: each word in the
language of the page.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import (
    gettext_lazy as said,
)  # what is not marked here is gathered by `texts`
from django.utils.translation import pgettext_lazy as said_in_context

from portal import extras

SOURCE = Path(__file__).with_name("words.toml")


def words(table: str) -> dict[str, Promise]:
    """A table of one word a code."""
    entries = _source()[table]
    context = entries.get("_context")
    return {
        code: said_in_context(context, text) if context else said(text)
        for code, text in entries.items()
        if code != "_context"
    }


def rows(table: str) -> dict[str, dict[str, Promise]]:
    """A table of several words a code, each by its name."""
    return {
        code: {name: said(text) for name, text in entry.items()}
        for code, entry in _source()[table].items()
    }


@cache
def _source() -> Mapping[str, Any]:
    tables: dict[str, Any] = _read(SOURCE)
    for file in extras.files(SOURCE.name):
        for table, entries in _read(file).items():
            tables.setdefault(table, {}).update(entries)
    return tables


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def texts(file: Path = SOURCE) -> Iterator[tuple[str, str | None]]:
    """Every text of the file with its context, for the catalogue. A table of an extra has that of
    the book's.
    """
    of_the_book = _read(SOURCE)
    for name, table in _read(file).items():
        for code, entry in table.items():
            if isinstance(entry, dict):
                yield from ((text, None) for text in entry.values())
            elif code != "_context":
                yield entry, of_the_book.get(name, table).get("_context")
