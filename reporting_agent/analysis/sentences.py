"""The sentences on drivers, baselines and costs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from benchmarks import texts
from benchmarks.catalogue import in_language, languages
from benchmarks.phrases import Phrase, enumerated
from benchmarks.routes import Words

_FILES = ("drivers.toml", "tariff.toml")


@lru_cache(maxsize=1)
def _sentences() -> dict[str, dict[str, Phrase]]:
    return {section: entries for name in _FILES for section, entries in texts.read(Path(__file__).with_name(name)).items()}


def said(section: str, key: str, /, **facts: str | Words) -> Words:
    """One sentence of the two files with its facts; a fact given as Words stands in its own language."""
    text = _sentences()[section][key]
    return Words(**{language: in_language(text, language).format(**_in(language, facts)) for language in languages()})


def joined(parts: list[Words]) -> Words:
    """A list of names."""
    return Words.of(enumerated(parts) if parts else "")


def after(*sentences: Words | None) -> Words:
    """Sentences one behind the other; each brings its own space."""
    kept = [one for one in sentences if one is not None]
    return Words(**{language: "".join(one.said_in(language) for one in kept) for language in languages()})


def _in(language: str, facts: Mapping[str, str | Words]) -> dict[str, str]:
    return {name: fact.said_in(language) if isinstance(fact, Words) else fact for name, fact in facts.items()}
