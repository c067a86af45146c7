"""What services and the core say in English, in the language of whoever reads it: on a page, in an answer of the API, on a terminal."""

from __future__ import annotations

from django.utils.translation import get_language, gettext, pgettext

from benchmarks import catalogue


def in_words(sentence: str) -> str:
    """A sentence of a refusal as its reader reads it. A literal is looked up as it stands; what varies stays as it is."""
    return catalogue.in_language(sentence, get_language() or "en", _of_pages)


def _of_pages(text: str, context: str, language: str) -> str:
    """By the catalogue of the pages; a text of the core that is not theirs, by the core's."""
    translated = pgettext(context, text) if context else gettext(text)
    return translated if translated != text else catalogue.translated(text, context, language)
