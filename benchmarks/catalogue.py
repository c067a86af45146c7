"""Translates what the core and the agent say into the reader's language; which languages there are,
and the terminal's own.

A `Phrase` is English with its values by name; the gettext catalogue under `locale/` holds the same
text in other languages. A language is a folder there: nothing else names it. A text without a
translation is said in English. A unit of output that has a word of its own in a language is said in
it wherever it is a value, alone or as in `11.5 kgce/weight case`: no phrase has to name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from importlib.resources.abc import Traversable

from benchmarks.phrases import Name, Phrase, as_phrase, of_language

DOMAIN = "steplabel"
FOLDERS = resources.files("benchmarks") / "locale"
_OF_EXTRAS: list[Traversable] = []
CODES = {"zh_Hans": "zh"}
"""Folders that are called otherwise than records and settings call their language."""

_UNITS = {str(unit): unit for unit in (Phrase("weight case"), Phrase("1000 items"))}
"""Units of output that are words; others are written alike in every language."""

_UNIT = re.compile(
    rf"(?<![\w.-])({'|'.join(_UNITS)})(?![\w-]|\.\w)"
)  # alone or as one side of a unit, and in no name of a file


@cache
def languages() -> tuple[str, ...]:
    """The codes of the languages that there is a catalogue of, English first."""
    return ("en", *sorted(_folders()))


def own_language(environment: Mapping[str, str]) -> str:
    """That of the terminal: of LANGUAGE, the GNU list, then of POSIX: LC_ALL before LC_MESSAGES
    before LANG. English if there is no catalogue of any."""
    wished = [
        *environment.get("LANGUAGE", "").split(":"),
        next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), ""),
    ]
    codes = {code: code for code in languages()}
    matches = (of_language(codes, wish.partition(".")[0].replace("_", "-")) for wish in wished)
    return next(filter(None, matches), "en")


def tag(language: str) -> str:
    """The language as HTML wants it: `zh-Hans`, `pt-BR`."""
    return (of_language(_folders(), language) or "en").replace("_", "-")


def translated(phrase: Phrase, language: str) -> str:
    """The text of a phrase as this catalogue has it, before its values are filled in."""
    catalogue = _catalogue(language)
    if phrase.forms is not None:
        return catalogue.ngettext(*phrase.forms)
    return (
        catalogue.pgettext(phrase.context, phrase.text)
        if phrase.context
        else catalogue.gettext(phrase.text)
    )


def in_language(
    text: str, language: str, look_up: Callable[[Phrase, str], str] = translated
) -> str:
    """The text as a reader of this language reads it; what varies in a phrase is filled in, phrases
    among it translated too.

    A name is in the language if it has one of its own there; else the catalogue may know it.

    Args:
        look_up: what the text of a phrase is in a language; whoever has a catalogue of their own
            asks it before this one.
    """
    if isinstance(text, Name) and (own := of_language(text.by_language, language)):
        return own
    phrase = as_phrase(text)
    if not phrase.text:
        return ""
    words = look_up(phrase, language)
    return (
        words % {name: _value(value, language, look_up) for name, value in phrase.values.items()}
        if phrase.values
        else words
    )


def unit_in_language(unit: str, language: str) -> str:
    """A unit, or a text with units, as this language writes it: `4 kgce/weight case`."""
    return _UNIT.sub(lambda match: in_language(_UNITS[match[0]], language), unit)


def _value(value: str | int, language: str, look_up: Callable[[Phrase, str], str]) -> str | int:
    if isinstance(value, Phrase):
        return in_language(value, language, look_up)
    if isinstance(value, Name):
        return in_language(value, language)
    return unit_in_language(value, language) if isinstance(value, str) else value


def add(package: str) -> None:
    """Ask the catalogue of an extra, its `locale/`, for what this one does not have. The package
    calls it when it is imported: nobody else says its texts.
    """
    _OF_EXTRAS.append(resources.files(package) / "locale")
    _catalogue.cache_clear()


@cache
def _catalogue(language: str) -> NullTranslations:
    """That of the language, behind it those of the extras."""
    catalogue = NullTranslations()
    if (folder := of_language(_folders(), language)) is None:
        return catalogue
    for home in (*reversed(_OF_EXTRAS), FOLDERS):
        if (compiled := _compiled(folder, home)).is_file():
            with compiled.open("rb") as file:
                before, catalogue = catalogue, GNUTranslations(file)
            catalogue.add_fallback(before)
    return catalogue


@cache
def _folders() -> dict[str, str]:
    """By code, the folder of every language."""
    names = (
        folder.name
        for folder in FOLDERS.iterdir()
        if folder.is_dir() and _compiled(folder.name, FOLDERS).is_file()
    )
    return {CODES.get(name, name.replace("_", "-").lower()): name for name in names}


def _compiled(folder: str, home: Traversable) -> Traversable:
    return home / folder / "LC_MESSAGES" / f"{DOMAIN}.mo"


def reread() -> None:
    """Forget what was read of the folder, which has changed."""
    for cached in (languages, _catalogue, _folders):
        cached.cache_clear()
