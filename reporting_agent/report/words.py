"""The report's words in one language, read from words.toml."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("words.toml")


@lru_cache(maxsize=2)
def words(lang: str) -> dict[str, dict[str, str]]:
    """Every section of words.toml with the texts of that language."""
    raw: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {section: {key: str(texts[lang]) for key, texts in entries.items()} for section, entries in raw.items()}


def rule(quantile: Fraction, lang: str) -> str:
    """The pack's rule for the label, in words."""
    return words(lang)["label"]["rule"].format(percent=f"{float(quantile * 100):g}", quantile=str(quantile))


def reason(code: str, lang: str) -> str:
    """A finding's or exclusion's name; its code where no words are given."""
    return words(lang)["reasons"].get(code, code)
