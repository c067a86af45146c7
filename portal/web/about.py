"""What the portal says about itself: the parts of one page, and the glossary, whose texts stand in
`about.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import (
    gettext as translated,
)  # what is not marked here is gathered by `texts`

SOURCE = Path(__file__).with_name("about.toml")


@dataclass(frozen=True, slots=True)
class AboutSection:
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AboutPart:
    """One part of the page in the language of the reader."""

    id: str
    title: str
    lead: str
    sections: tuple[AboutSection, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A word in both languages, and what it means in the reader's."""

    en: str
    zh: str
    meaning: str


def about_parts() -> tuple[AboutPart, ...]:
    return tuple(
        AboutPart(
            part["id"],
            translated(part["title"]),
            translated(part["lead"]),
            tuple(
                AboutSection(translated(one["title"]), tuple(map(translated, one["text"])))
                for one in part["section"]
            ),
        )
        for part in _source()["part"]
    )


def glossary() -> tuple[Term, ...]:
    return tuple(
        Term(word["en"], word["zh"], translated(word["meaning"])) for word in _source()["word"]
    )


@cache
def _source() -> Mapping[str, Any]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def texts() -> Iterator[str]:
    """Every text of the file, for the catalogue."""
    for part in _source()["part"]:
        yield from (part["title"], part["lead"])
        for one in part["section"]:
            yield from (one["title"], *one["text"])
    yield from (word["meaning"] for word in _source()["word"])
