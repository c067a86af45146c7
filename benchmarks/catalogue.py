"""What the core and the agent say, in the reader's language.

A `Phrase` is English with its values by name; the gettext catalogue under `locale/` holds the same text in other languages. A
language is a folder there: nothing else names it. A text without a translation is said in English.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources

from benchmarks.phrases import Name, Phrase

DOMAIN = "steplabel"
FOLDERS = {"zh": "zh_Hans", "zh-hans": "zh_Hans"}
"""Languages whose folder is called otherwise than they are."""


def in_language(text: str, language: str) -> str:
    """The text as a reader of this language reads it; what varies in a phrase is filled in, phrases among it translated too."""
    if not isinstance(text, Phrase):
        return _catalogue(language).gettext(text) if text else text
    translated = _catalogue(language).gettext(text.text)
    return translated % {name: _value(value, language) for name, value in text.values.items()} if text.values else translated


def _value(value: str | int, language: str) -> str | int:
    if isinstance(value, Phrase):
        return in_language(value, language)
    return value.zh if isinstance(value, Name) and value.zh and language.startswith("zh") else value


@cache
def _catalogue(language: str) -> NullTranslations:
    folder = FOLDERS.get(language.lower(), language)
    compiled = resources.files("benchmarks") / "locale" / folder / "LC_MESSAGES" / f"{DOMAIN}.mo"
    if not compiled.is_file():
        return NullTranslations()
    with compiled.open("rb") as file:
        return GNUTranslations(file)
