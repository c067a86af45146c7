"""What others publish of energy and CO2, and whether it may stand beside a label: only where route,
boundary, unit, year and scope agree.

A figure of somebody else's is used as it is or not at all: nothing here corrects one for another
boundary or year, and no gap to one is ever worked out. Of what does not agree the reasons are told.
A figure at second hand, or of a draft, is not held: `Reference.figure` has none, whatever a file
says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self

from pydantic import TypeAdapter, model_validator

from benchmarks.declared import Declared, Words, worded
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio

Confidence = Literal["read", "secondary", "draft", "second-hand"]
Basis = Literal["operation", "best-practice", "rule"]
By = Literal["source", "route", "boundary", "unit", "year", "scope"]

SHOWN: frozenset[Confidence] = frozenset(("read", "secondary"))
"""How sure a figure has to be before anybody sees it."""

CONFIDENCES: dict[Confidence, Words] = {
    "read": worded("read in the source"),
    "secondary": worded("read in a text that reports it"),
    "draft": worded("a draft: no figure is shown"),
    "second-hand": worded(
        "from a secondary source, not compared with the original: no figure is shown"
    ),
}

BASES: dict[Basis, Words] = {
    "operation": worded("what plants used over a year"),
    "best-practice": worded("what one plant can reach"),
    "rule": worded("what a rule allocates or sets as a target"),
}


KINDS = {
    "total": worded("comprehensive energy"),
    "electricity": worded("electricity alone"),
    "thermal": worded("heat alone"),
    "co2": worded("CO2, not energy"),
}


class Origin(Declared):
    """Where a figure was published; `dated` is the day or year that the source bears, or on which
    it was read.
    """

    id: str
    words: Words
    dated: str
    confidence: Confidence
    licence: Words


class Reference(Declared):
    """One published figure, per tonne of what `boundary` says. Of `routes` and `boundaries` those
    of our packs that hold what it holds.
    """

    id: str
    sector: str
    step: str | None = None  # None: of a whole route, or of several steps
    words: Words
    metric: Literal["total", "electricity", "thermal", "co2"]
    value: Decimal | None = None
    unit: str
    basis: Basis
    first_year: int
    last_year: int
    region: Words
    route: Words
    boundary: Words
    routes: tuple[str, ...] = ()
    boundaries: tuple[str, ...] = ()
    further: Words | None = None  # what it counts beside what a label counts
    scope_from: int | None = None
    scope_until: int | None = None
    source: Origin

    @model_validator(mode="after")
    def _holds_a_figure_where_it_is_sure(self) -> Self:
        if (self.value is not None) != (self.source.confidence in SHOWN):
            fault = (
                "has to have a value"
                if self.value is None
                else "may hold no value before the original was compared"
            )
            raise ValueError(
                f"{self.id}: a figure whose source is {self.source.confidence} {fault}"
            )
        return self

    @property
    def figure(self) -> Decimal | None:
        """Its value in `unit`; none of one that is not sure enough."""
        return self.value if self.source.confidence in SHOWN else None

    @property
    def years(self) -> str:
        return (
            f"{self.first_year}"
            if self.first_year == self.last_year
            else f"{self.first_year}–{self.last_year}"
        )


@dataclass(frozen=True, slots=True)
class LabelCell:
    """What a published label tells of one step and metric, or of the whole route (`step` is empty,
    and so is `boundary`).
    """

    step: str
    boundary: str
    metric: str
    unit: str


@dataclass(frozen=True, slots=True)
class Refusal:
    by: By
    reason: Phrase


@dataclass(frozen=True, slots=True)
class PlacedReference:
    """One reference beside one cell of a label: `value` in the cell's unit where it may stand
    there, else why not.
    """

    reference: Reference
    cell: LabelCell
    refused: tuple[Refusal, ...]
    value: Decimal | None

    def to_json(self) -> dict[str, Any]:
        """As API and `compare` give it; every text in both languages."""
        reference, source = self.reference, self.reference.source
        return {
            "id": reference.id,
            "name": reference.words.by_language,
            "step": reference.step or "",
            "metric": reference.metric,
            "value": None if reference.figure is None else float(reference.figure),
            "unit": reference.unit,
            "region": reference.region.by_language,
            "first_year": reference.first_year,
            "last_year": reference.last_year,
            "published_in": {
                "name": source.words.by_language,
                "dated": source.dated,
                "confidence": source.confidence,
                "licence": source.licence.by_language,
            },
            "agrees": not self.refused,
            "value_beside": None if self.value is None else float(self.value),
            "unit_beside": self.cell.unit,
            "refused": [
                {"by": each.by, "reason": Words.of(each.reason).by_language}
                for each in self.refused
            ],
        }


def references() -> tuple[Reference, ...]:
    """Every reference that is held."""
    return _references_of_steplabel()


def beside(
    sector: str,
    route: str | None,
    cells: Sequence[LabelCell],
    first: date,
    last: date,
    all_references: Sequence[Reference] | None = None,
) -> tuple[PlacedReference, ...]:
    """Each reference of the sector beside the label that it comes nearest to, in the order of the
    file.

    Args:
        route: id of the pack's route; None of a site's own labels, each of which is of one step and
            of no route.
        cells: of the label, those of the route's steps and of the whole route; a reference of a
        step that is not among them is left out. first, last: the label's period.
    """
    pairs = []
    for reference in references() if all_references is None else all_references:
        near = (
            [cell for cell in cells if cell.step == (reference.step or "")]
            if reference.sector == sector
            else []
        )
        if near:
            cell = next((cell for cell in near if cell.metric == reference.metric), near[0])
            pairs.append(decided(reference, route, cell, first, last))
    return tuple(pairs)


def decided(
    reference: Reference, route: str | None, cell: LabelCell, first: date, last: date
) -> PlacedReference:
    """Whether a reference may stand beside a cell of a label of this route and period, with each
    reason why not.
    """
    refused = tuple(_refusals(reference, route, cell, first, last))
    in_unit = (
        None
        if refused or reference.figure is None
        else reference.figure * Decimal(str(_ratio(reference.unit, cell.unit)))
    )
    return PlacedReference(reference, cell, refused, in_unit)


def _refusals(
    reference: Reference, route: str | None, cell: LabelCell, first: date, last: date
) -> Iterator[Refusal]:
    if reference.figure is None:
        yield Refusal(
            "source",
            Phrase("source: %(confidence)s", confidence=CONFIDENCES[reference.source.confidence]),
        )
    if route is None:
        yield Refusal(
            "route",
            Phrase(
                "route: theirs is %(theirs)s; your label is of the step alone",
                theirs=reference.route,
            ),
        )
    elif route not in reference.routes:
        yield Refusal("route", Phrase("route: theirs is %(theirs)s", theirs=reference.route))
    if cell.boundary not in reference.boundaries:
        yield Refusal(
            "boundary", Phrase("boundary: theirs is %(theirs)s", theirs=reference.boundary)
        )
    if reference.metric != cell.metric or _ratio(reference.unit, cell.unit) is None:
        yield Refusal(
            "unit",
            Phrase(
                "unit: theirs is %(theirs)s, the label’s %(ours)s",
                theirs=_unit_and_kind(reference.unit, reference.metric),
                ours=_unit_and_kind(cell.unit, cell.metric),
            ),
        )
    if not (reference.first_year <= first.year and last.year <= reference.last_year):
        yield Refusal("year", Phrase("year: theirs is %(theirs)s", theirs=reference.years))
    if reference.basis != "operation":
        yield Refusal("scope", Phrase("scope: theirs is %(theirs)s", theirs=BASES[reference.basis]))
    if reference.further is not None:
        yield Refusal(
            "scope", Phrase("scope: theirs also counts %(further)s", further=reference.further)
        )
    if reference.scope_until is not None and last.year > reference.scope_until:
        yield Refusal(
            "scope",
            Phrase(
                "scope: its publisher changed it in %(year)s", year=str(reference.scope_until + 1)
            ),
        )
    if reference.scope_from is not None and first.year < reference.scope_from:
        yield Refusal(
            "scope",
            Phrase("scope: its publisher changed it in %(year)s", year=str(reference.scope_from)),
        )


def _unit_and_kind(unit: str, metric: str) -> Words:
    return worded("%(unit)s (%(kind)s)", unit=unit_words(unit), kind=KINDS[metric])


def unit_words(unit: str) -> Words | str:
    """A unit as it is read; one of a scheme that is a word is translated."""
    return worded("kl crude oil eq/t") if unit == "kl crude oil eq/t" else unit


def _ratio(theirs: str, ours: str) -> float | None:
    """How many of the label's units one of theirs is, both a tonne; None where they measure
    different things.
    """
    (energy, of), (label, per) = (unit.partition("/")[::2] for unit in (theirs, ours))
    if of != per:
        return None
    if energy == label:
        return 1.0
    try:
        return ratio(energy, label)
    except InputError:
        return None


@cache
def _references_of_steplabel() -> tuple[Reference, ...]:
    return read(
        files("benchmarks.guidance").joinpath("references.toml").read_text(encoding="utf-8")
    )


def read(text: str) -> tuple[Reference, ...]:
    """A file of references.

    Raises:
        ValueError: a source is not named, an id stands twice, or a figure is held that is not sure
            enough.
    """
    tables = tomllib.loads(text)
    sources = {
        source.id: source
        for source in TypeAdapter(tuple[Origin, ...]).validate_python(tables["source"])
    }
    if unknown := sorted({row["source"] for row in tables["reference"]} - set(sources)):
        raise ValueError(f"no source is called {unknown[0]}")
    ids = [row["id"] for row in tables["reference"]]
    if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        raise ValueError(f"{twice[0]} stands twice")
    rows = [row | {"source": sources[row["source"]]} for row in tables["reference"]]
    return TypeAdapter(tuple[Reference, ...]).validate_python(rows)
