"""Who stands behind each published value: the firms of every cell, with what each of them reported.
Needed by the gate, never published.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from benchmarks.composition.reported_labels import ReportedLabel
from benchmarks.stored import StoredAsJson

WHOLE_ROUTE = "whole-route"


@dataclass(frozen=True, slots=True)
class Member:
    """One firm's part in a cell, as the differencing check compares it between versions. Never
    published.

    A report sent anew is another part, though its draw repeated the value: else what the gate says
    would tell that it did.
    """

    firm: str
    site: str
    fingerprint: tuple[int, ...]  # count class, best, typical of each label
    report: str = ""  # digest of the envelope

    @classmethod
    def of(cls, run: Sequence[ReportedLabel]) -> Self:
        """By its one label in a cell, or by those of a whole route."""
        drawn = [
            number
            for of in run
            for number in (
                of.label.count_class,
                of.label.best.grid_point,
                of.label.typical.grid_point,
            )
        ]
        return cls(run[0].firm, run[0].site, tuple(drawn), run[0].report)

    @property
    def bests(self) -> tuple[int, ...]:
        """The released best of each of its labels, as a point of its grid."""
        return self.fingerprint[1::3]

    @property
    def typicals(self) -> tuple[int, ...]:
        """The released typical value of each of its labels, likewise."""
        return self.fingerprint[2::3]


DEPARTED = "left-"
"""What the random name begins with under which a firm that has left the scheme stands in rosters
from before.
"""


def staying(firms: Iterable[str]) -> set[str]:
    """Without the firms that have left. One of these may have come back under a name of its own,
    and nobody can tell: it hides nobody.
    """
    return {firm for firm in firms if not firm.startswith(DEPARTED)}


@dataclass(frozen=True, slots=True)
class CellRoster:
    """The firms behind one published value. `cell` is its `CellKey` as text, or `WHOLE_ROUTE` for
    the reached total.
    """

    cell: str
    members: tuple[Member, ...]

    @property
    def firms(self) -> frozenset[str]:
        return frozenset(member.firm for member in self.members)


@dataclass(frozen=True, slots=True)
class Roster(StoredAsJson):
    """Who stands behind every value of one draft: stored beside each version, needed by the gate,
    never published.
    """

    cells: tuple[CellRoster, ...]

    def of(self, cell: str) -> CellRoster:
        return next((roster for roster in self.cells if roster.cell == cell), CellRoster(cell, ()))
