"""TOML that people write, checked by a model: a fault with its place, what was found, what is
wanted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from benchmarks.declared import said_by_validator
from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import fault_of, read_toml
from benchmarks.phrases import Phrase

_ORDINALS = (
    Phrase("the first %(table)s"),
    Phrase("the second %(table)s"),
    Phrase("the third %(table)s"),
    Phrase("the fourth %(table)s"),
    Phrase("the fifth %(table)s"),
)
_WANTED = {
    "int": Phrase("a whole number"),
    "float": Phrase("a number"),
    "finite": Phrase("a finite number"),
    "string": Phrase("a text in quotation marks"),
    "path": Phrase("a text in quotation marks"),
    "decimal": Phrase("a number"),
    "bool": Phrase("true or false"),
    "tuple": Phrase("a list in square brackets; a table of it has its name in two brackets, [[…]]"),
    "list": Phrase("a list in square brackets; a table of it has its name in two brackets, [[…]]"),
    "dict": Phrase("a table of keys and values"),
    "model": Phrase("a table of keys and values"),
    "date": Phrase("a date, such as 2026-01-01"),
    "datetime": Phrase(
        "a date and time with its offset from UTC, such as 2026-01-01T00:00:00+08:00"
    ),
    "timezone": Phrase(
        "a date and time with its offset from UTC, such as 2026-01-01T00:00:00+08:00"
    ),
    "missing": Phrase("this key"),
}
"""By the beginning of pydantic's type of error."""
_BOUNDS = {
    "greater_than": ("gt", Phrase("a value above %(bound)s")),
    "greater_than_equal": ("ge", Phrase("a value of at least %(bound)s")),
    "less_than": ("lt", Phrase("a value below %(bound)s")),
    "less_than_equal": ("le", Phrase("a value of at most %(bound)s")),
    "enum": ("expected", Phrase("one of %(bound)s")),
    "literal_error": ("expected", Phrase("one of %(bound)s")),
    "string_pattern_mismatch": ("pattern", Phrase("a text of the form %(bound)s")),
    "string_too_short": ("min_length", Phrase("a text whose length is at least %(bound)s")),
    "string_too_long": ("max_length", Phrase("a text whose length is at most %(bound)s")),
    "too_short": ("min_length", Phrase("a list whose length is at least %(bound)s")),
}


class UnknownValueError(ValueError):
    """What a validator raises of a value that is none of those there are: nothing contradicts
    another.
    """


class SettingFault:
    """The first of a validation's faults. `within` is the path of the table that was checked, of
    which `raw` holds what was written.
    """

    def __init__(self, wrong: ValidationError, raw: Mapping[str, Any], *within: str) -> None:
        self._first: Any = wrong.errors(include_url=False)[0]
        self.more = wrong.error_count() - 1
        self.unknown = self._first["type"] == "extra_forbidden"
        raised = self._first.get("ctx", {}).get("error")
        self.of_value = self._first["type"] == "literal_error" or isinstance(
            raised, UnknownValueError
        )
        self._within: tuple[str, ...] = within
        self._raw: Any = raw
        self._path = (*within, *self._first["loc"])

    def place(self, file: str) -> Place:
        """For programs and for people."""
        return Place(
            file, column=".".join(str(part) for part in self._path) or None, named=self.key
        )

    @property
    def key(self) -> str:
        """`port in the second [[source.mqtt]]`; of keys that do not fit together, their table."""
        names, own, counted, part_of_file = (
            list(self._within),
            list[str](),
            list[Phrase](),
            self._raw,
        )
        for part in self._first["loc"]:
            if isinstance(part, int):
                part_of_file = (
                    part_of_file[part]
                    if isinstance(part_of_file, Sequence) and part < len(part_of_file)
                    else None
                )
                if not isinstance(part_of_file, Mapping):
                    break  # a value in a list: its key says where
                counted.append(_counted(f"[[{'.'.join(names)}]]", part, part_of_file))
                own = []
            elif isinstance(part_of_file, Mapping):
                names.append(part)
                own.append(part)
                part_of_file = part_of_file.get(part)
            else:
                break  # pydantic's own names of alternatives
        if counted:
            table: str = reduce(
                lambda outer, inner: Phrase("%(inner)s of %(outer)s", inner=inner, outer=outer),
                counted,
            )
            return Phrase("%(key)s in %(table)s", key=".".join(own), table=table) if own else table
        if isinstance(part_of_file, Mapping) and not self.unknown:
            return f"[{'.'.join(names)}]" if names else ""
        return (
            Phrase("%(key)s in %(table)s", key=names[-1], table=f"[{'.'.join(names[:-1])}]")
            if names[:-1]
            else names[-1]
        )

    @property
    def found(self) -> str:
        """What stands there."""
        if self.unknown:
            return Phrase("a key that Steplabel does not know")
        if self._first["type"] == "missing":
            return Phrase("nothing")
        if isinstance(self._first["input"], dict) and self._first["type"] == "value_error":
            return Phrase("keys that do not fit together")
        return repr(self._first["input"])[:120]

    def wanted(self, page: str = "") -> str:
        """What may stand there; `page` of the documents describes the keys, where the remedy does
        not name it.
        """
        if (sentence := said_by_validator(self._first)) is not None:
            return sentence
        kind, context = self._first["type"], self._first.get("ctx", {})
        if self.unknown:
            return (
                Phrase("one of the keys in %(page)s", page=page)
                if page
                else Phrase("a key that Steplabel knows")
            )
        if kind in _BOUNDS:
            name, phrase = _BOUNDS[kind]
            return Phrase(phrase.text, bound=str(context[name]).replace(" or ", ", "))
        return _WANTED.get(kind.partition("_")[0]) or self._first["msg"].removeprefix(
            "Value error, "
        )


def _counted(table: str, index: int, table_entry: Mapping[str, Any]) -> Phrase:
    """By the table's own id, else as a person counts."""
    if isinstance(name := table_entry.get("id"), str):
        return Phrase("the table %(table)s of %(name)s", table=table, name=name)
    if index < len(_ORDINALS):
        return Phrase(_ORDINALS[index].text, table=table)
    return Phrase("the table %(table)s number %(number)s", table=table, number=index + 1)


File = TypeVar("File", bound=BaseModel)
Refusal = Callable[[Place, str, str], InputError]
"""The refusal of a place, with what was found there and what is wanted."""


def read(kind: type[File], path: Path, refused: Refusal) -> File:
    """The file as its model.

    Raises:
        InputError: that of `refused`, where the file cannot be read or its first wrong key.
    """
    try:
        raw = read_toml(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise refused(Place(str(path)), fault_of(wrong), Phrase("a TOML file in UTF-8")) from wrong
    return checked(kind, raw, str(path), refused)


def checked(kind: type[File], raw: dict[str, Any], name: str, refused: Refusal) -> File:
    """What was read of the file of that name, as its model; raises as `read` does."""
    try:
        return kind.model_validate(raw)
    except ValidationError as wrong:
        fault = SettingFault(wrong, raw)
        raise refused(
            Place(name, column=fault.place(name).column), fault.found, fault.wanted()
        ) from wrong
