"""Practices tied to a step of a pack, to electricity or heat and, where it is known, to a cause of
waste: what they save and cost.

A list's figure is what its author found typical, a firm's what it saw at its own plant. Neither is
ever read as what a plant will save: conditions differ, practices overlap, and what is already done
saves nothing more. Beside those that come with Steplabel stand those of the signed library, where
one was fetched (`benchmarks.shelf`).
"""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from benchmarks import shelf
from benchmarks.declared import Declared, Words, worded
from benchmarks.guidance.causes import WasteCause
from benchmarks.guidance.outcomes import PracticeOutcomes
from benchmarks.measurements import Metric
from benchmarks.phrases import Name


class Listing(Declared):
    """Where practices come from: a published list, or a firm that told its own; where it was read,
    and how sure that is.
    """

    id: str
    words: Words
    read_in: Words
    # read in the list itself, in a text that reports it, or told by the firm
    confidence: Literal["read", "secondary", "told"]


def told_by_a_firm(firm: Name | None) -> Words:
    """The source of a practice that was collected; None where the firm chose not to be named."""
    if firm is None:
        return worded("A firm that chose not to be named, with its consent")
    return worded("%(firm)s, with its consent", firm=firm)


class Practice(Declared):
    """One measure: `saving` in `unit` (kWh or MJ) per tonne of `per`, up to `saving_to` where the
    source gives a range; `investment` in US dollars per tonne of yearly capacity. With a `cause` it
    helps against that cause alone."""

    id: str
    list: str
    sector: str
    step: str | None = None
    words: Words
    metric: Metric
    saving: Decimal = Field(gt=0)
    saving_to: Decimal | None = None
    unit: Literal["kWh", "MJ"]
    per: str
    investment: Decimal | None = Field(default=None, ge=0)
    cause: WasteCause | None = None
    equipment: Words | None = None
    done: Words | None = None  # what is done
    conditions: Words | None = None  # when it fits, and when not
    version: int = 1
    reviewer: str = ""
    published_on: date | None = None

    @model_validator(mode="after")
    def _a_range_rises(self) -> Self:
        if self.saving_to is not None and self.saving_to <= self.saving:
            raise ValueError(
                f"{self.id}: the saving goes up to {self.saving_to}, which is not more than "
                f"{self.saving}"
            )
        return self


class Library(Declared):
    """Every list and practice that is held, and what sites reported of practices by their ids, of
    whichever list these are.
    """

    lists: tuple[Listing, ...]
    practices: tuple[Practice, ...]
    reported: dict[str, PracticeOutcomes] = Field(default={})

    @model_validator(mode="after")
    def _named_once_and_from_a_list(self) -> Self:
        ids = [practice.id for practice in self.practices]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"{twice[0]} stands twice")
        if unknown := sorted(
            {practice.list for practice in self.practices} - {listing.id for listing in self.lists}
        ):
            raise ValueError(f"no list is called {unknown[0]}")
        return self

    @classmethod
    def held(cls) -> Library:
        """The practices that come with Steplabel, and those of the signed library where one is
        kept.
        """
        text = shelf.approved().practices()
        return (
            _library_of_steplabel().with_further(_read(text)) if text else _library_of_steplabel()
        )

    def with_further(self, further: Library) -> Library:
        """Those of the other beside these; in place of one with the same id."""
        further_ids, lists = (
            {practice.id for practice in further.practices},
            {listing.id for listing in further.lists},
        )
        return Library(
            lists=(*(listing for listing in self.lists if listing.id not in lists), *further.lists),
            practices=(
                *(practice for practice in self.practices if practice.id not in further_ids),
                *further.practices,
            ),
            reported=self.reported | further.reported,
        )

    def of_step(self, sector: str, step: str) -> tuple[Practice, ...]:
        """The practices of a step, in the list's order."""
        return tuple(
            practice
            for practice in self.practices
            if practice.sector == sector and practice.step == step
        )

    def listing(self, practice: Practice) -> Listing:
        return next(listing for listing in self.lists if listing.id == practice.list)


@lru_cache(maxsize=4)
def _read(text: str) -> Library:
    return Library.model_validate_json(text)


@cache
def _library_of_steplabel() -> Library:
    read = tomllib.loads(
        files("benchmarks.guidance").joinpath("practices.toml").read_text(encoding="utf-8")
    )
    return Library(
        lists=TypeAdapter(tuple[Listing, ...]).validate_python(read["list"]),
        practices=TypeAdapter(tuple[Practice, ...]).validate_python(read["practice"]),
    )
