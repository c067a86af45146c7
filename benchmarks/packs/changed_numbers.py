"""Every number that differs between two versions of a pack, of its corrections and of its
conversion factors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.packs import factors
from benchmarks.packs.provenance import Number, numbers
from benchmarks.packs.provenance import factors as numbers_of_factors
from benchmarks.routes import Pack


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A number that differs; None where one side has no such number."""

    path: str
    unit: str
    before: str | None
    after: str | None

    def to_json(self) -> dict[str, Any]:
        return {"place": self.path, "unit": self.unit, "before": self.before, "after": self.after}


def changed_numbers(old: Pack, new: Pack) -> tuple[NumberChange, ...]:
    """Every number that is not the same, of pack, corrections and conversion factors, in the new
    one's order, then those that are gone.
    """
    before, after = _by_path(old), _by_path(new)
    paths = [*after, *(path for path in before if path not in after)]
    return tuple(
        NumberChange(
            path,
            (after.get(path) or before[path]).unit,
            before[path].value if path in before else None,
            after[path].value if path in after else None,
        )
        for path in paths
        if path not in before or path not in after or before[path].value != after[path].value
    )


def _by_path(pack: Pack) -> dict[str, Number]:
    every = [*numbers(pack), *(number for number in numbers_of_factors(factors(pack)))]
    return {f"{number.role.value}: {number.path}": number for number in every}
