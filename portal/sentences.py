"""What services and the core say in English, in the language of whoever reads it: on a page, in an
answer of the API, on a terminal.
"""

from __future__ import annotations

from django.utils.translation import get_language, gettext, ngettext, pgettext

from benchmarks import catalogue
from benchmarks.phrases import Phrase


def in_words(sentence: str) -> str:
    """A sentence of a refusal as its reader reads it. A literal is looked up as it stands; what
    varies stays as it is.
    """
    return catalogue.in_language(sentence, get_language() or "en", _of_pages)


def _of_pages(phrase: Phrase, language: str) -> str:
    """By the catalogue of the pages; a text of the core that is not theirs, by the core's."""
    if phrase.forms is not None:
        translated = ngettext(*phrase.forms)
    else:
        translated = (
            pgettext(phrase.context, phrase.text) if phrase.context else gettext(phrase.text)
        )
    return translated if translated != phrase.text else catalogue.translated(phrase, language)
