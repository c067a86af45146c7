"""What the sector would save by coming down to its typical value, or to its best, step by step: the
potentials that the gate let out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from benchmarks.composition.result import Known
from portal.publication.shapes import CellView, LabelView
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.words.figures import between, decimals_of, number
from portal.web.words.terms import in_language, unit_in_words

REFERENCES = ("typical", "best")


@dataclass(frozen=True, slots=True)
class ShownPotential:
    """One potential for one of the route's output; `hidden` says why there is none."""

    value: str
    interval: str
    hidden: str


@dataclass(frozen=True, slots=True)
class SavingRow:
    step: str
    at_typical: ShownPotential
    at_best: ShownPotential


@dataclass(frozen=True, slots=True)
class Savings:
    """`total` only where every step has a potential."""

    unit: str
    rows: tuple[SavingRow, ...]
    total: SavingRow | None


def savings_of(label: LabelView, shown: TotalsDisplay) -> Savings | None:
    """None where no step has a potential, nor one that is withheld."""
    steps = label.headline
    if not any(step.potential or step.potential_withheld for step in steps):
        return None
    savings = {
        to: {
            step.step: saving
            for step in steps
            if (saving := potential_of(step, to, shown)) is not None
        }
        for to in REFERENCES
    }
    rows = [
        SavingRow(
            shown.names.step_name(step.step),
            *(_saving(savings[to].get(step.step), step) for to in REFERENCES),
        )
        for step in steps
    ]
    added = {
        to: added_up([*savings[to].values()]) if len(savings[to]) == len(steps) else None
        for to in REFERENCES
    }
    total = (
        SavingRow(_("Whole route"), *(_saving(added[to], None) for to in REFERENCES))
        if any(added.values())
        else None
    )
    return Savings(unit_in_words(label.composite.unit), tuple(rows), total)


def potential_of(cell: CellView, to: str, shown: TotalsDisplay) -> Known | None:
    """The potential at the step for one of the route's output."""
    potential = next((entry for entry in cell.potential if entry.to == to), None)
    if potential is None:
        return None
    low, high = potential.interval
    return cell.ratio * potential.value, (cell.ratio * low, cell.ratio * high)


def added_up(parts: Sequence[Known]) -> Known:
    """The sum, its ends the sums of the ends: wider than necessary, as that of a firm's gaps
    (`gaps.sum_of_ends`), of CO2 and of money.
    """
    lows, highs = zip(*(ends for _value, ends in parts), strict=True)
    return sum(value for value, _ends in parts), (sum(lows), sum(highs))


def _saving(potential: Known | None, cell: CellView | None) -> ShownPotential:
    if potential is None:
        return ShownPotential("", "", why_held(cell))
    value, (low, high) = potential
    decimals = decimals_of(value)
    return ShownPotential(number(value, decimals), between(low, high, decimals), "")


def why_held(cell: CellView | None) -> str:
    withheld = _(
        "withheld: too few firms would contribute to it, here or in comparison with another year"
    )
    return withheld if cell is None or cell.shown else in_language(cell.reason_en, cell.reason_zh)
