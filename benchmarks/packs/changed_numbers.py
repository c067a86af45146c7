"""Every number that differs between two versions of a pack, of its corrections and of its conversion factors."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.packs import factors
from benchmarks.packs.provenance import Number, numbers
from benchmarks.packs.provenance import factors as numbers_of_factors
from benchmarks.routes import Pack


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A number that differs; None where one side has no such number."""

    place: str
    unit: str
    before: str | None
    after: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def changed_numbers(old: Pack, new: Pack) -> tuple[NumberChange, ...]:
    """Every number that is not the same, of pack, corrections and conversion factors, in the new one's order, then those that are gone."""
    before, after = _by_place(old), _by_place(new)
    places = [*after, *(place for place in before if place not in after)]
    return tuple(
        NumberChange(
            place,
            (after.get(place) or before[place]).unit,
            before[place].value if place in before else None,
            after[place].value if place in after else None,
        )
        for place in places
        if place not in before or place not in after or before[place].value != after[place].value
    )


def _by_place(pack: Pack) -> dict[str, Number]:
    every = [*numbers(pack), *(number for number in numbers_of_factors(factors(pack)))]
    return {f"{number.role.value}: {number.place}": number for number in every}
