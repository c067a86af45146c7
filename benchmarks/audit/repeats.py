"""Cells that repeat an earlier version: held where that version's signed document is at hand and
shows the very same, else not.

The gate lets a figure stand that was public before: of an earlier version, or of another peer group
of the sector. Its draws were other ones, so it cannot be computed from this version's reports; the
file of the earlier version computes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.disclosure.reasons import GateReason
from benchmarks.wire import published

OF_A_STEP = (
    *("unit", "best", "interval", "typical", "typical_interval", "curve", "curve_withheld"),
    *("rule", "firms", "pooled", "in_part", "potential", "potential_withheld"),
)
OF_A_TOTAL = ("unit", "value", "interval", "rule", "firms")
WHOSE = ("step", "product", "variant", "boundary", "metric")
ADDRESS = ("pack", "route", "period")


@dataclass(frozen=True, slots=True)
class Repeat:
    """A cell that repeats an earlier version. `shown_by` names the version at hand that showed it;
    None where none is, and then `lacking` names those that are not at hand."""

    name: str
    shown_by: str | None
    lacking: tuple[str, ...] = ()


def repeat_of(
    name: str,
    shown: Mapping[str, Any],
    document: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
) -> Repeat:
    """Which of these documents made the figures that stand here.

    Args:
        name: of the cell or the total, as the document has it.
    """
    before = [publication for publication in earlier if _is_before(publication, document)]
    for candidate in before:
        cell = _first_shown(candidate, name, shown, document)
        if cell is not None and _figures(cell) == _figures(shown):
            return Repeat(name, str(candidate["source"]))
    own = {
        publication["version"]
        for publication in before
        if _address(publication) == _address(document)
    }
    lacking = [
        f"{document['period']} v{version}"
        for version in range(1, document["version"])
        if version not in own
    ]
    return Repeat(name, None, tuple(lacking))


def _is_before(candidate: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether it was public when this version came: of the same sector, and of the same peer group
    an earlier version.
    """
    if (
        candidate["pack"] != document["pack"]
        or candidate["published_on"] > document["published_on"]
    ):
        return False
    if _address(candidate) == _address(document):
        return bool(candidate["version"] < document["version"])
    return published.digest(candidate) != published.digest(document)


def _first_shown(
    earlier: Mapping[str, Any], name: str, shown: Mapping[str, Any], document: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The cell where that document made it itself; a total only of the same route."""
    cells: Iterable[Mapping[str, Any]]
    if "metric" in shown:
        cells = (
            step for step in earlier["steps"] if all(step[part] == shown[part] for part in WHOSE)
        )
    else:
        cells = [earlier[name]] if earlier["route"] == document["route"] else []
    return next((cell for cell in cells if cell["gate"]["code"] == GateReason.SHOWN), None)


def _figures(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {part: cell[part] for part in (OF_A_STEP if "metric" in cell else OF_A_TOTAL)}


def _address(document: Mapping[str, Any]) -> list[Any]:
    """Of its peer group and period; a jurisdiction is known by its path, whatever it is called."""
    return [document["jurisdiction"]["path"], *(document.get(part) for part in ADDRESS)]
