"""The sentences on drivers, baselines and costs, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from benchmarks.catalogue import languages
from benchmarks.phrases import enumerated
from benchmarks.routes import Words

_FILES = ("drivers.toml", "tariff.toml")


@lru_cache(maxsize=1)
def _sentences() -> dict[str, dict[str, dict[str, str]]]:
    return {
        section: texts
        for name in _FILES
        for section, texts in tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8")).items()
    }


def said(section: str, key: str, /, **facts: str | Words) -> Words:
    """One sentence of the two files with its facts; a fact given as Words stands in its own language."""
    texts = _sentences()[section][key]
    return Words(**{language: text.format(**_in(language, facts)) for language, text in texts.items()})


def joined(parts: list[Words]) -> Words:
    """A list of names."""
    return Words.of(enumerated(parts) if parts else "")


def after(*sentences: Words | None) -> Words:
    """Sentences one behind the other; each brings its own space."""
    kept = [one for one in sentences if one is not None]
    return Words(**{language: "".join(one.said_in(language) for one in kept) for language in languages()})


def _in(language: str, facts: Mapping[str, str | Words]) -> dict[str, str]:
    return {name: fact.said_in(language) if isinstance(fact, Words) else fact for name, fact in facts.items()}
