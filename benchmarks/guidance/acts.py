"""Law as dated data: which act holds for a day of import, as it was known on another day.

An act may reach back: Regulation (EU) 2026/1740 replaced the default values of 2025/2621 for
imports of before it was published. Two days therefore choose: the *day of import*, which the act
must govern, and the day *known on*, by which it must have been published. A page keeps the day on
which it was made and shows the same figures for ever; asked again today it can say what has
changed.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from benchmarks.declared import Declared, Words


class ActKind(StrEnum):
    """What an act settles."""

    BENCHMARKS = "benchmarks"
    DEFAULTS = "defaults"
    MARK_UP = "mark-up"
    PHASE_OUT = "phase-out"
    CROSS_SECTORAL = "cross-sectoral-factor"
    PRICE = "price"


class Act(Declared):
    """One act as it was published. It governs imports of [applies, until); its figures stand in
    `file`, `by_year` or `euro_per_t`.
    """

    id: str
    kind: ActKind
    title: Words
    published: date
    applies: date
    until: date | None = None
    confidence: Literal["read", "assumption"]
    file: str | None = None
    by_year: dict[int, Decimal] = Field(default_factory=dict)
    euro_per_t: Decimal | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if sum((self.file is not None, bool(self.by_year), self.euro_per_t is not None)) != 1:
            raise ValueError(
                f"{self.id}: an act has its figures in one of file, by_year and euro_per_t"
            )
        return self

    def governs(self, imported: date, known_on: date) -> bool:
        """Whether it holds for imports of that day, for somebody who knows what was published by
        `known_on`.
        """
        return (
            self.published <= known_on
            and self.applies <= imported
            and (self.until is None or imported < self.until)
        )

    def in_year(self, year: int) -> Decimal | None:
        """The figure of a year: its own or, after the last, the last; None before the first."""
        years = [each for each in self.by_year if each <= year]
        return self.by_year[max(years)] if years else None

    def rows(self) -> tuple[dict[str, str], ...]:
        """The lines of its table, by column."""
        return () if self.file is None else _table(self.file)


@cache
def _table(file: str) -> tuple[dict[str, str], ...]:
    return tuple(
        csv.DictReader(
            files("benchmarks.guidance").joinpath(file).read_text(encoding="utf-8").splitlines()
        )
    )


@dataclass(frozen=True, slots=True)
class ActCollection:
    """Every act that is held, for a day of import, as known on a day."""

    acts: tuple[Act, ...]

    @classmethod
    def held(cls) -> ActCollection:
        """The acts that come with Steplabel."""
        return _acts_of_steplabel()

    def act(self, kind: ActKind, imported: date, known_on: date) -> Act | None:
        """The act that settles `kind`: of those that govern, the newest published."""
        governing = [
            act for act in self.acts if act.kind is kind and act.governs(imported, known_on)
        ]
        return max(governing, key=lambda act: act.published, default=None)


@cache
def _acts_of_steplabel() -> ActCollection:
    read = tomllib.loads(
        files("benchmarks.guidance").joinpath("acts.toml").read_text(encoding="utf-8")
    )
    return ActCollection(TypeAdapter(tuple[Act, ...]).validate_python(read["act"]))
