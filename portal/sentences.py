"""What services and the core say in English, in the language of whoever reads it: on a page, in an answer of the API, on a terminal."""

from __future__ import annotations

from django.utils.translation import get_language, gettext

from benchmarks import catalogue
from benchmarks.phrases import Name, Phrase, Value


def in_words(sentence: str) -> str:
    """A sentence of a refusal as its reader reads it. A literal is looked up as it stands; what varies stays as it is."""
    if not isinstance(sentence, Phrase):
        return _translated(sentence) if sentence else ""
    if not sentence.values:
        return _translated(sentence.text)
    return _translated(sentence.text) % {name: _in_the_language(value) for name, value in sentence.values.items()}


def _translated(text: str) -> str:
    """By the catalogue of the pages; a text of the core that is not theirs, by the core's."""
    translated = gettext(text)
    return translated if translated != text else catalogue.in_language(text, get_language() or "en")


def _in_the_language(value: Value) -> Value:
    if isinstance(value, Phrase):
        return in_words(value)
    if isinstance(value, Name):
        return catalogue.in_language(value, get_language() or "en")
    return catalogue.unit_in_language(value, get_language() or "en") if isinstance(value, str) else value
