"""Batches that give back more gas, steam or coke than their yield allows, and how the label would
rise at what is usual.

A pack says of what a step gives back how much heat it can hold at most (`Yield`), of what the step
takes or a unit of output. A run that gives back more is left out; more than is usual leaves no run
out and is told beside the label. Each run is judged by its own record alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import fsum

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER, Basis, FactorTable
from benchmarks.declared import Words
from benchmarks.labels.columns import Flags, Floats, StepColumns, counts, factor_of
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.labels.result import StepLabel
from benchmarks.materials import Yield
from benchmarks.measurements import DataFinding, Direction, Metric, Severity
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.routes import Step


def too_much(columns: StepColumns, metric: Metric, factors: FactorTable) -> dict[int, Flags]:
    """By index of the yield in the pack, batches that give back more than it says, where this
    metric counts what they give.
    """
    over = {}
    for index, yield_ in enumerate(columns.step.boundary.yields):
        if any(counts(carrier, metric) for carrier in yield_.gives):
            given_back, held_against = _both(columns, yield_, factors)
            over[index] = (
                given_back > yield_.most * held_against
            )  # what has no heating value is left out elsewhere
    return over


def findings(
    columns: StepColumns, over: Mapping[int, Flags], left_out: Flags, factors: FactorTable
) -> Iterator[DataFinding]:
    """What the runs `left_out` for it give back and take, each yield with both figures."""
    for index, flags in over.items():
        yield_, rows = columns.step.boundary.yields[index], flags & left_out
        if rows.any():
            given_back, held_against = (
                fsum(of[rows]) / fsum(columns.output[rows])
                for of in _both(columns, yield_, factors)
            )
            message = Phrase(
                "Step %(step)s gives back %(given)s MJ/%(per)s as %(carriers)s, more than is "
                "possible: at most %(most)s. These runs "
                "are left out. Correct the amounts and heating values of what is given back and "
                "of what is used.",
                step=columns.step.id,
                given=_mj(given_back),
                per=columns.step.output_unit,
                carriers=_named(yield_.gives),
                most=_of(yield_, yield_.most, held_against, columns.step),
            )
            yield DataFinding("yield-impossible", Severity.EXCLUSION, message, int(rows.sum()))


def sentences(label: StepLabel, step: Step, factors: FactorTable) -> Iterator[Words]:
    """By how much the label would be higher, did its runs give back no more than is usual."""
    measured = label.made_from
    if measured is None or label.best.value is None or not label.output:
        return
    for yield_ in step.boundary.yields:
        if yield_.usual is None or not any(
            counts(carrier, label.metric) for carrier in yield_.gives
        ):
            continue
        given_back, held_against = (
            float(np.nansum(of[measured.rows])) / label.output
            for of in _both(measured.columns, yield_, factors)
        )
        higher = (given_back - yield_.usual * held_against) / MJ_PER[label.energy_unit]
        if higher > WORTH_TELLING * abs(label.best.value):
            message = Phrase(
                "%(given)s MJ/%(per)s are given back as %(carriers)s. At most %(usual)s is usual; "
                "with that the label would be "
                "%(higher)s %(unit)s higher. Check the meters and heating values of what is given "
                "back.",
                given=_mj(given_back),
                per=step.output_unit,
                carriers=_named(yield_.gives),
                usual=_of(yield_, yield_.usual, held_against, step),
                higher=significant(higher, 2),
                unit=label.unit,
            )
            yield Words.of(message)


def _mj(amount: float) -> str:
    return f"{amount:,.0f}" if abs(amount) >= 100 else significant(amount, 3)


def _named(carriers: Collection[str]) -> Value:
    return enumerated(CARRIERS[carrier].words for carrier in carriers)


def _of(yield_: Yield, share: float, held_against: float, step: Step) -> Phrase | str:
    """`1,050 MJ/t`; of a share also of what: `6,830 MJ/t (45 % of the heat of coke, coal)`."""
    amount = f"{_mj(share * (held_against if yield_.of else 1.0))} MJ/{step.output_unit}"
    if not yield_.of:
        return amount
    return Phrase(
        "%(amount)s (%(share)s of the heat of %(carriers)s)",
        amount=amount,
        share=f"{share:.0%}",
        carriers=_named(yield_.of),
    )


def _both(columns: StepColumns, yield_: Yield, factors: FactorTable) -> tuple[Floats, Floats]:
    """MJ that each batch gives back of a yield, without what passes whole, and what that is held
    against: MJ taken, or output.
    """
    given_back = _heat(columns, yield_.gives, factors, Direction.RECOVERED) - _heat(
        columns, yield_.besides, factors, Direction.IMPORT
    )
    return given_back, _heat(
        columns, yield_.of, factors, Direction.IMPORT
    ) if yield_.of else columns.output


def _heat(
    columns: StepColumns, carriers: Collection[str], factors: FactorTable, direction: Direction
) -> Floats:
    """MJ of these carriers by batch; NaN where a heating value is needed and not known."""
    into = direction is Direction.IMPORT
    own = [
        kind.carrier in carriers and (kind.direction is Direction.IMPORT) is into
        for kind in columns.kinds
    ]
    if not any(own):
        return np.zeros(len(columns.batches))
    measured = columns.step.boundary.measured
    per = [
        abs(factor_of(kind, "MJ", factors, Basis.CALORIFIC, measured)) if is_own else 0.0
        for kind, is_own in zip(columns.kinds, own, strict=True)
    ]
    entries = np.array(own)[columns.entry_kind]
    kind_of = columns.entry_kind[entries]
    amounts = columns.entry_quantity[entries] * np.array(per)[kind_of]
    return np.bincount(columns.entry_row[entries], amounts, len(columns.batches)).astype(float)
