"""The sentences on drivers, baselines and costs, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

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
    return Words(en=texts["en"].format(**_in("en", facts)), zh=texts["zh"].format(**_in("zh", facts)))


def joined(parts: list[Words], en: str = ", ", zh: str = "、") -> Words:
    """A list of names."""
    return Words(en=en.join(part.en for part in parts), zh=zh.join(part.zh for part in parts))


def after(*sentences: Words | None) -> Words:
    """Sentences one behind the other; each brings its own space."""
    kept = [one for one in sentences if one is not None]
    return Words(en="".join(one.en for one in kept), zh="".join(one.zh for one in kept))


def _in(lang: str, facts: Mapping[str, str | Words]) -> dict[str, str]:
    said_in: Callable[[Words], str] = (lambda words: words.zh) if lang == "zh" else (lambda words: words.en)
    return {name: said_in(fact) if isinstance(fact, Words) else fact for name, fact in facts.items()}
