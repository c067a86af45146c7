"""What one version of a pack says otherwise than another, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.routes import Pack

NAMED_BY = ("id", "step", "metric", "variable", "name")
"""Fields by which the entries of a list are told apart, so that one more entry does not make all after it differ."""

ITS_OWN = frozenset({"version", "effective_from", "effective_to"})
"""What every version has of its own, and stands beside it anyway."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that differs; None where a version has no such field."""

    where: tuple[str, ...]  # `("steps", "clinker-burning", "label_rule", "quantile")`
    before: str | None
    after: str | None


def changes(before: Pack, after: Pack) -> tuple[FieldChange, ...]:
    """Every value that is not the same in both, in the order of the newer one, then what it no longer has."""
    old, new = dict(_flat(before.model_dump(), ())), dict(_flat(after.model_dump(), ()))
    places = [*new, *(place for place in old if place not in new)]
    return tuple(
        FieldChange(place, old.get(place), new.get(place))
        for place in places
        if old.get(place) != new.get(place) and place[0] not in ITS_OWN
    )


def _flat(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, (*place, str(name)))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value, 1):
            yield from _flat(inner, (*place, _name(inner) or str(number)))
    else:
        yield place, str(value)


def _name(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ""
    return next((str(entry[field]) for field in NAMED_BY if isinstance(entry.get(field), str)), "")
