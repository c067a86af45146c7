"""A sentence that can be said again in another language: English, and what it was made of.

A refusal is worded where it arises, in English, and logs, records and the API keep that text. A page says it to its reader in the
reader's language: it needs the sentence before its values were filled in. A literal is that sentence already; one with values is a
`Phrase`. Who translates looks `text` up, and fills the same values in by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Value = str | int
"""What can vary: an id, a number as it is to be written, a name; or a phrase, which is translated in its turn."""


class Name(str):
    """A proper name: never translated, but many firms have one of their own in Chinese. Empty where there is none."""

    zh: str

    def __new__(cls, name: str, zh: str = "") -> Name:
        said = super().__new__(cls, name)
        said.zh = zh
        return said


class Phrase(str):
    """An English text, and the same with its places named: `Phrase("The log has no %(size)s entries yet.", size=12)`."""

    text: str
    values: Mapping[str, Value]

    def __new__(cls, text: str, /, **values: Value) -> Phrase:
        said = super().__new__(cls, text % values if values else text)
        said.text = text
        said.values = values
        return said


def joined(sentence: str, remedy: str) -> Phrase:
    """What happened and what to do about it, as one."""
    return Phrase("%(sentence)s %(remedy)s", sentence=_phrase(sentence), remedy=_phrase(remedy))


def stored(phrase: Phrase) -> list[Any]:
    """A phrase as JSON, to be kept with a record that pages show."""
    return [phrase.text, {name: stored(value) if isinstance(value, Phrase) else value for name, value in phrase.values.items()}]


def restored(kept: list[Any]) -> Phrase:
    """The phrase of such JSON."""
    text, values = kept
    return Phrase(text, **{name: restored(value) if isinstance(value, list) else value for name, value in values.items()})


def _phrase(said: str) -> Phrase:
    return said if isinstance(said, Phrase) else Phrase(said)
