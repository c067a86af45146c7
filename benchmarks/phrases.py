"""Sentences that can be said again in another language, names in several, lists put into one
sentence, and phrases kept as JSON.

A refusal is worded where it arises, in English, and logs, records and the API keep that text. A
page says it to its reader in the reader's language: it needs the sentence before its values were
filled in, which is a `Phrase`. Who translates looks `text` up, and fills the same values in by
name. A refusal makes a phrase of a literal by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Protocol, overload, runtime_checkable

GROUPED_FROM = 10_000  # a figure of four digits is read without


@runtime_checkable
class Named(Protocol):
    """What a pack or a table names in several languages."""

    @property
    def en(self) -> str: ...
    @property
    def by_language(self) -> Mapping[str, str]: ...


Value = str | int | Named | Path | Exception
"""What can vary: an id, a number as it is to be written, a file, what a library said; a name; or a
phrase, which is translated too.
"""


class Name(str):
    """A proper name: never translated, but many firms have one of their own in another language."""

    __slots__ = ("_others",)
    _others: Mapping[str, str]

    def __new__(cls, name: str, **others: str) -> Name:
        instance = super().__new__(cls, name)
        instance._others = others
        return instance

    @property
    def by_language(self) -> Mapping[str, str]:
        return {"en": str(self), **self._others}


class InNumber(NamedTuple):
    """A text by grammatical number: of one thing, and of any other number of them."""

    singular: str
    plural: str
    number: int


class Phrase(str):
    """An English text, and the same with its placeholders named: `Phrase("The log has no %(size)s
    entries yet.", size=12)`.
    """

    text: str
    values: Mapping[str, str | int]
    context: str = ""  # tells it from the same English that means something else
    forms: InNumber | None = None  # where a number of things decides on the form of the words

    def __new__(cls, text: str, /, **values: Value) -> Phrase:
        filled = {name: _filled(value) for name, value in values.items()}
        phrase = super().__new__(cls, text % filled if filled else text)
        phrase.text = text
        phrase.values = filled
        return phrase


def in_context(context: str, text: str) -> Phrase:
    """A text whose English means two things, one of which is meant: `in_context("a run",
    "heat")`.
    """
    phrase = Phrase(text)
    phrase.context = context
    return phrase


def in_number(number: int, singular: str, plural: str, /, **values: Value) -> Phrase:
    """A text about so many things, which a language says in the form that it has for the number.

    `in_number(days, "%(days)s day has no reading.", "%(days)s days have no reading.", days=days)`:
    what of it is shown is among the values.
    """
    phrase = Phrase(singular if number == 1 else plural, **values)
    phrase.forms = InNumber(singular, plural, number)
    return phrase


def _filled(value: Value) -> str | int:
    if isinstance(
        value, str | int
    ):  # asked first: whether something is `Named` takes fifty times as long
        return value
    if isinstance(value, Named):
        return Name(
            value.en, **{code: text for code, text in value.by_language.items() if code != "en"}
        )
    words = str(value)
    if (
        isinstance(value, Exception)
        and value.args
        and isinstance(phrase := value.args[0], Phrase)
        and phrase == words
    ):
        return phrase  # an error that says a phrase and nothing else
    return words


def of_language(texts: Mapping[str, str], language: str) -> str | None:
    """What there is of this language, or of the one that it is a kind of: `zh-hans` is `zh`."""
    code = language.lower()
    return texts.get(code) or texts.get(code.partition("-")[0])


def as_phrase(text: str) -> Phrase:
    """A literal sentence as a phrase without values; a phrase as it is."""
    return text if isinstance(text, Phrase) else Phrase(text)


def joined(sentence: Value, remedy: Value) -> Phrase:
    """What happened and what to do about it, as one."""
    return Phrase("%(sentence)s %(remedy)s", sentence=sentence, remedy=remedy)


def sentences(parts: Iterable[Value]) -> Value:
    """One sentence after another, of which there is at least one, as of everything that is put
    together below.
    """
    return _in_a_row(parts, joined)


@overload
def enumerated(names: Iterable[str]) -> str: ...
@overload
def enumerated(names: Iterable[Value]) -> Value: ...
def enumerated(names: Iterable[Value]) -> Value:
    """Names beside each other: `a, b`."""
    return _in_a_row(
        names, lambda first, rest: Phrase("%(first)s, %(rest)s", first=first, rest=rest)
    )


@overload
def alternatives(names: Iterable[str]) -> str: ...
@overload
def alternatives(names: Iterable[Value]) -> Value: ...
def alternatives(names: Iterable[Value]) -> Value:
    """Names one of which is meant: `a or b`."""
    return _in_a_row(
        names, lambda first, rest: Phrase("%(first)s or %(rest)s", first=first, rest=rest)
    )


def clauses(parts: Iterable[Value]) -> Value:
    """Parts of one clause: `a, b`; other than names where a language parts those otherwise."""
    return _in_a_row(
        parts, lambda clause, rest: Phrase("%(clause)s, %(rest)s", clause=clause, rest=rest)
    )


@overload
def listed(items: Iterable[str]) -> str: ...
@overload
def listed(items: Iterable[Value]) -> Value: ...
def listed(items: Iterable[Value]) -> Value:
    """Items that may hold commas themselves: `a; b`."""
    return _in_a_row(
        items, lambda first, rest: Phrase("%(first)s; %(rest)s", first=first, rest=rest)
    )


def lines(parts: Iterable[Value]) -> Value:
    """Each on a line of its own."""
    return _in_a_row(
        parts, lambda first, rest: Phrase("%(first)s\n%(rest)s", first=first, rest=rest)
    )


def _in_a_row(items: Iterable[Value], pair: Callable[[Value, Value], Value]) -> Value:
    """Neighbours are paired, then pairs, and so on: whoever translates a list of thousands goes a
    dozen phrases deep, not thousands.
    """
    row = list(items)
    while len(row) > 1:
        row = [
            pair(*two) if len(two) == 2 else two[0]
            for two in (row[index : index + 2] for index in range(0, len(row), 2))
        ]
    return row[0]


def significant(value: float, digits: int) -> str:
    """A figure of a sentence in so many significant digits: 0.5, 1230, 13,500, and never 1.35e+04,
    as no person writes it.
    """
    rounded = Decimal(f"{value:.{digits}g}")
    return f"{rounded:,f}" if abs(float(rounded)) >= GROUPED_FROM else f"{rounded:f}"


def stored(phrase: Phrase) -> list[Any]:
    """A phrase as JSON, to be kept with a record that pages show: its text and values, and the
    forms of one that has them.
    """
    values = {
        name: stored(value) if isinstance(value, Phrase) else value
        for name, value in phrase.values.items()
    }
    return [phrase.text, values, *([list(phrase.forms)] if phrase.forms else [])]


def restored(encoded: list[Any]) -> Phrase:
    """The phrase of such JSON."""
    text, values, *forms = encoded
    phrase = Phrase(
        text,
        **{
            name: restored(value) if isinstance(value, list) else value
            for name, value in values.items()
        },
    )
    phrase.forms = InNumber(*forms[0]) if forms else None
    return phrase
