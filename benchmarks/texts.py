"""Texts kept in a file by section and key: English there, every other language in the catalogue.

[label]
best = "Label"
month = { en = "month", context = "a column" }   # where the same English is two things
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any

from benchmarks.phrases import Phrase, in_context


def read(file: Traversable) -> dict[str, dict[str, Phrase]]:
    """Every text of the file by section and key; what else stands beside a text is the reader's
    own.
    """
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        section: {key: text_of(value) for key, value in entries.items()}
        for section, entries in raw.items()
    }


def text_of(value: str | Mapping[str, Any]) -> Phrase:
    """One text, told from others of the same English by its context."""
    return (
        in_context("", value)
        if isinstance(value, str)
        else in_context(value.get("context", ""), value["en"])
    )
