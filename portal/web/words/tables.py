"""Tables of words by code, which stand in `words.toml`: each word in the language of the page."""

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

SOURCE = Path(__file__).with_name("words.toml")


def words(table: str) -> dict[str, Promise]:
    """A table of one word a code."""
    entries, context = _source()[table], _source()[table].get("_context")
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
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def texts() -> Iterator[tuple[str, str | None]]:
    """Every text of the file with its context, for the catalogue."""
    for table in _source().values():
        for code, entry in table.items():
            if isinstance(entry, dict):
                yield from ((text, None) for text in entry.values())
            elif code != "_context":
                yield entry, table.get("_context")
