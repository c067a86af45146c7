"""What the portal says about itself: pages of text and the glossary, written in both languages side by side in `about.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.routes import Words
from portal.web.words import said

SOURCE = Path(__file__).with_name("about.toml")


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AboutPage:
    """One page in the language of the reader."""

    title: str
    lead: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A word in both languages, and what it means in the reader's."""

    en: str
    zh: str
    meaning: str


def about_page(page_id: str) -> AboutPage:
    page = next(page for page in _source()["page"] if page["id"] == page_id)
    sections = tuple(Section(_said(part["title"]), tuple(_said(text) for text in part["text"])) for part in page["section"])
    return AboutPage(_said(page["title"]), _said(page["lead"]), sections)


def glossary() -> tuple[Term, ...]:
    return tuple(Term(word["en"], word["zh"], _said(word["meaning"])) for word in _source()["word"])


@cache
def _source() -> Mapping[str, Any]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def _said(text: Mapping[str, str]) -> str:
    return said(Words(**text))
