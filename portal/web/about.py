"""What the portal says about itself: pages of text and the glossary, whose texts stand in
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
class AboutPage:
    """One page in the language of the reader."""

    title: str
    lead: str
    sections: tuple[AboutSection, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A word in both languages, and what it means in the reader's."""

    en: str
    zh: str
    meaning: str


def about_page(page_id: str) -> AboutPage:
    page = next(page for page in _source()["page"] if page["id"] == page_id)
    sections = tuple(
        AboutSection(translated(part["title"]), tuple(map(translated, part["text"])))
        for part in page["section"]
    )
    return AboutPage(translated(page["title"]), translated(page["lead"]), sections)


def glossary() -> tuple[Term, ...]:
    return tuple(
        Term(word["en"], word["zh"], translated(word["meaning"])) for word in _source()["word"]
    )


@cache
def _source() -> Mapping[str, Any]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def texts() -> Iterator[str]:
    """Every text of the file, for the catalogue."""
    for page in _source()["page"]:
        yield from (page["title"], page["lead"])
        for part in page["section"]:
            yield from (part["title"], *part["text"])
    yield from (word["meaning"] for word in _source()["word"])
