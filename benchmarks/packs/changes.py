"""What one version of a pack says otherwise than another, field by field, and the order of what
stands in lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmarks.conversion import FactorTable
from benchmarks.packs import provenance
from benchmarks.routes import Pack

NAMED_BY = ("id", "step", "metric", "variable", "name", "rule", "standard")
"""Fields by which the entries of a list are told apart, so that one more entry does not make all
after it differ.
"""

ITS_OWN = frozenset({"version", "effective_from", "effective_to"})
"""What every version has of its own, and stands beside it anyway."""

SOURCES = frozenset(
    {
        "source",
        "grid_source",
        "typical_source",
        "spread_source",
        "measured_source",
        "usual_source",
        "numbers",
    }
)
"""Where a source stands. Many figures share one: what changes in it is told once."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that differs; None where a version has no such field, or nothing in it."""

    where: tuple[str, ...]  # `("steps", "clinker-burning", "label_rule", "quantile")`
    before: str | None
    after: str | None
    also: int = 0  # further fields with the same source, which differs in the same way

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_of_a_source(self) -> bool:
        return not SOURCES.isdisjoint(self.where)


def changes(before: Pack, after: Pack) -> tuple[FieldChange, ...]:
    """Every value that is not the same in both, in the order of the newer one, then what it no
    longer has.
    """
    old, new = dict(_values_of(before)), dict(_values_of(after))
    paths = [*new, *(path for path in old if path not in new)]
    differences = (
        FieldChange(path, old.get(path), new.get(path))
        for path in paths
        if old.get(path) != new.get(path)
    )
    return tuple(
        _sources_once(
            [
                change
                for change in differences
                if not (len(change.where) == 1 and change.where[0] in ITS_OWN)
            ]
        )
    )


def _values_of(pack: Pack) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every value of the pack, and how each of its conversion factors was read: that is in no
    digest.
    """
    yield from _flat(pack.model_dump(), ())
    for number in provenance.factors(FactorTable.of(pack.conversion)):
        yield from _flat(
            None if number.source is None else number.source.status,
            ("conversion", number.path, "source", "status"),
        )


def _sources_once(changes: Sequence[FieldChange]) -> Iterator[FieldChange]:
    """Of what differs in a source the first path, and how many more there are."""
    same = Counter(
        (entry.where[-1], entry.before, entry.after) for entry in changes if entry.is_of_a_source
    )
    for change in changes:
        if not change.is_of_a_source:
            yield change
        elif many := same.pop((change.where[-1], change.before, change.after), 0):
            yield replace(change, also=many - 1)


def _flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every value that says something, with its path. A list of plain values is one; of a list of
    entries the order is one.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, (*path, str(name)))
    elif isinstance(value, list | tuple):
        names = _names(value)
        if value:
            yield path, ", ".join(names)
        for name, inner in zip(names, value, strict=True):
            if isinstance(inner, dict):
                yield from _flat(inner, (*path, name))
    elif value is not None and value != "":
        yield path, str(value)


def _names(entries: Sequence[Any]) -> list[str]:
    """What each entry is called, no two alike; a plain value is called what it is."""
    names: list[str] = []
    for number, entry in enumerate(entries, 1):
        name = _name(entry, number)
        if isinstance(entry, dict) and name in names:
            name = f"{name} {number}"
        names.append(name)
    return names


def _name(entry: Any, number: int) -> str:
    if not isinstance(entry, dict):
        return "none" if entry is None else str(entry)
    return next(
        (str(entry[field]) for field in NAMED_BY if isinstance(entry.get(field), str)), str(number)
    )
