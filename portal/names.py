"""Proper names with what firms, sites and jurisdictions are called in other languages: one value,
whatever reads it.

The column `name` is English, or the only name there is; `name_zh` is its Chinese one. No view
carries the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from benchmarks.phrases import Name

CHINESE = "zh"
_SEPARATOR = "\x1f"  # ASCII's unit separator: a name that held one would be cut there


def name_of(name: str, chinese: str | None, others: Mapping[str, str] | None = None) -> Name:
    by_language = {CHINESE: chinese or "", **(others or {})}
    return Name(name, **{code: text for code, text in by_language.items() if text})


def in_chinese(name: Name) -> str:
    """For what is published or kept with a Chinese name beside the English one; empty where there
    is none.
    """
    return name.by_language.get(CHINESE, "")


def in_any_language(name: Name) -> str:
    """All that it is called, to be searched."""
    return " ".join(name.by_language.values())


class _AsName(DeferredAttribute):
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        text = super().__get__(instance, owner)
        return name_of(text, instance.name_zh) if isinstance(text, str) else text

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


if TYPE_CHECKING:
    Text = models.CharField[str, Name]
    LongText = models.TextField[str, Name]
else:
    Text = models.CharField
    LongText = models.TextField


class NameField(Text):
    """A column of English names that reads as a `Name`, with the others of its row."""

    descriptor_class = _AsName

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return str(value) if isinstance(value, Name) else value

    def deconstruct(self) -> Any:
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options  # to the database it is one


class _TogetherField(LongText):
    """A name and its Chinese one, put together by the database."""

    def from_db_value(self, together: str | None, *_about: Any) -> Name | None:
        if together is None:
            return None
        name, _between, chinese = together.partition(_SEPARATOR)
        return Name(name, zh=chinese) if chinese else Name(name)


class RelatedName(models.Func):
    """The name of a row that is joined, for `annotate`: `Called("site__organisation__")` gives a
    `Name`, or None where there is no row.

    The database puts both together with a separator between them: as JSON, names took a page of
    2,000 firms a fifth of its time.
    """

    template = "(%(expressions)s)"
    arg_joiner = " || "

    def __init__(self, of: str = "") -> None:
        super().__init__(
            f"{of}name", models.Value(_SEPARATOR), f"{of}name_zh", output_field=_TogetherField()
        )
