"""Practices that published lists name, tied to a step of a pack and to electricity or heat: what they typically save and cost.

A list's figure is what its author found typical. It is never read as what a plant will save: conditions differ, practices overlap, and
what is already done saves nothing more.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from benchmarks.measurements import Metric
from benchmarks.routes import Declared, Words


class Listing(Declared):
    """A published list: who published it, where it was read, and how sure that is."""

    id: str
    words: Words
    read_in: Words
    confidence: Literal["read"]  # a figure at second hand is not held


class Practice(Declared):
    """One measure: `saving` in `unit` (kWh or MJ) per tonne of `per`; `investment` in US dollars per tonne of yearly capacity."""

    id: str
    list: str
    sector: str
    step: str | None = None
    words: Words
    metric: Metric
    saving: Decimal = Field(gt=0)
    unit: Literal["kWh", "MJ"]
    per: str
    investment: Decimal | None = Field(default=None, ge=0)


class Library(Declared):
    """Every list and practice that is held."""

    lists: tuple[Listing, ...]
    practices: tuple[Practice, ...]

    @model_validator(mode="after")
    def _named_once_and_from_a_list(self) -> Self:
        ids = [practice.id for practice in self.practices]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"{twice[0]} stands twice")
        if unknown := sorted({practice.list for practice in self.practices} - {listing.id for listing in self.lists}):
            raise ValueError(f"no list is called {unknown[0]}")
        return self

    @classmethod
    def held(cls) -> Library:
        """The practices that come with Steplabel."""
        return _held()

    def of_step(self, sector: str, step: str) -> tuple[Practice, ...]:
        """The practices of a step, in the list's order."""
        return tuple(practice for practice in self.practices if practice.sector == sector and practice.step == step)

    def listing(self, practice: Practice) -> Listing:
        return next(listing for listing in self.lists if listing.id == practice.list)


@cache
def _held() -> Library:
    read = tomllib.loads(files("benchmarks.guidance").joinpath("practices.toml").read_text(encoding="utf-8"))
    return Library(
        lists=TypeAdapter(tuple[Listing, ...]).validate_python(read["list"]),
        practices=TypeAdapter(tuple[Practice, ...]).validate_python(read["practice"]),
    )
