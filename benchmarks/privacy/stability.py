"""How many released records one input record can change: declared by every transformation between
raw rows and the draw.

The draw hides one record among those it is given. What it is given is made from rows and readings,
and a step on that way that holds records against one another (a unit told by the rest, a clock
found by many batches) can let one of them decide whether hundreds count. So each step is a
`Transformation` with a bound: the most records of its output that one input record, replaced, added
or removed, can change. Bounds multiply along a `Path` (a c-stable map followed by a d-stable one is
c*d-stable; McSherry, "Privacy Integrated Queries", 2009, section 2.3). `benchmarks.release` refuses
a path in which one step has no bound, and debits epsilon times the bound of the rest.

An input record is all that one account of the ledger (step, batch id) holds of the plant's files:
its row, the rows of energy that name it, and the readings inside its window. A row whose id or step
is changed is one record less and another one more, each on its own account. One record is in one
cell (product, variant) of every metric: moved to another cell it costs both releases, see
`charges`; where the account names the cell (`Path.cell_in_account`), such a move too is one record
less and another one more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Transformation:
    """One step on the way: the most records of its output that one input record can change, None
    where there is no such number.

    `reason` proves the bound, or says what there is to declare where it is missing.
    """

    name: str
    bound: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Path:
    """The transformations from raw rows to the records of a label, in their order.

    `cell_in_account` where the ledger's account names product and variant, as that of a run cut
    from a log does: its record is in this cell and in no other.
    """

    steps: tuple[Transformation, ...] = ()
    cell_in_account: bool = False

    @property
    def bound(self) -> int | None:
        """The most released records that one input record can change; None where a step has no
        bound.
        """
        bounds = [step.bound for step in self.steps]
        return None if None in bounds else prod(bound for bound in bounds if bound is not None)

    @property
    def unbounded(self) -> tuple[Transformation, ...]:
        """The steps that have none."""
        return tuple(step for step in self.steps if step.bound is None)

    @property
    def reasons(self) -> str:
        """What there is to do about them."""
        return " ".join(dict.fromkeys(step.reason for step in self.unbounded))

    def then(self, *more: Transformation) -> Path:
        return Path((*self.steps, *more), self.cell_in_account)


RECORDS = Path(
    (Transformation("records", 1, "Records are labelled one by one as they were handed over."),)
)
"""Where a label is made of records that somebody hands over ready: nothing stands before them."""

LOCAL = Path(
    (
        Transformation(
            "judged beside others",
            None,
            "Records were held against one another (units, clocks, overlaps, shared meters, "
            "variants): for the plant's own eyes.",
        ),
    )
)
"""The plant's own label, for which everything may be used that was learned across records."""
