"""Batches that report too little of a carrier the process cannot run without, and how the label
would rise at the usual amount.

A pack says of such carriers how much of each a unit of output takes at least (`CarrierNeed`). Every
batch is judged by its own record alone. Of a medium made inside the step, what makes it must have
been taken instead. Less than is usual leaves no batch out: it is told beside the label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from math import fsum

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import Basis, FactorTable
from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.labels.columns import EnergyKind, Flags, Floats, StepColumns, counts, factor_of
from benchmarks.labels.result import StepLabel
from benchmarks.materials import CarrierNeed
from benchmarks.measurements import DataFinding, Direction, Metric, Severity
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import Step

WORTH_TELLING = 0.005
"""Of the label, what the usual amount would add to it: as energy outside the boundary and
auxiliaries (a convention of ours).
"""


def too_little(
    columns: StepColumns, metric: Metric, unreported: AbstractSet[str], factors: FactorTable
) -> dict[str, Flags]:
    """By essential carrier, batches that report less of it than the process takes, where this
    metric counts it or what makes it.

    Args:
        unreported: carriers that the site declares not used, or made inside the step.
    """
    short: dict[str, Flags] = {}
    for need in columns.step.boundary.needs:
        if need.carrier not in columns.step.boundary.essential:
            continue
        if need.carrier not in unreported:
            if counts(need.carrier, metric):
                short[need.carrier] = (
                    _with_instead(columns, need, factors) < need.least * columns.output
                )
        elif need.made_inside and any(counts(carrier, metric) for carrier in need.made_inside):
            shares = [
                amounts_taken(columns, carrier, CARRIERS[carrier].unit, factors) / amount
                for carrier, amount in need.made_inside.items()
            ]
            short[need.carrier] = np.sum(shares, axis=0) < columns.output
    return short


def findings(
    step: Step, unreported: AbstractSet[str], short: Mapping[str, Flags], left_out: Flags
) -> Iterator[DataFinding]:
    """What the runs `left_out` for it report too little of, each carrier with what the pack asks
    for.
    """
    for need in step.boundary.needs:
        many = int((short[need.carrier] & left_out).sum()) if need.carrier in short else 0
        if many:
            per = step.output_unit
            asked = (
                f"{need.least:g} {need.unit}/{per}"
                if need.carrier not in unreported
                else " + ".join(
                    f"{amount:g} {CARRIERS[carrier].unit}/{per} {carrier}"
                    for carrier, amount in need.made_inside.items()
                )
            )
            message = Phrase(
                "Step %(step)s: its process needs more %(carrier)s than is reported (at least "
                "%(asked)s; if it is made inside, the"
                " energies that make it must add up to one as shares of these amounts). A "
                "report leaves these runs out. Report all of it, or the"
                " energy that makes it. Report what is given back separately; do not deduct it.",
                step=step.id,
                carrier=CARRIERS[need.carrier].words,
                asked=asked,
            )
            yield DataFinding("need-unmet", Severity.EXCLUSION, message, many)


def _with_instead(columns: StepColumns, need: CarrierNeed, factors: FactorTable) -> Floats:
    """What each batch took in of a carrier, and of those that do the same work, as amounts of
    it.
    """
    others = [
        stands_for * amounts_taken(columns, carrier, CARRIERS[carrier].unit, factors)
        for carrier, stands_for in need.instead.items()
    ]
    amounts: Floats = amounts_taken(columns, need.carrier, need.unit, factors) + sum(
        others, np.zeros(len(columns.batches))
    )
    return amounts


def amounts_taken(columns: StepColumns, carrier: str, unit: str, factors: FactorTable) -> Floats:
    """What each batch took in of a carrier; of an amount given by its heat (steam in GJ) the most
    that it can be.
    """
    own = np.array(
        [kind.carrier == carrier and kind.direction is Direction.IMPORT for kind in columns.kinds],
        dtype=bool,
    )
    scale = np.array(
        [
            _scale(kind, unit, factors) if is_own else 0.0
            for kind, is_own in zip(columns.kinds, own, strict=True)
        ]
    )
    entries = (
        np.flatnonzero(own[columns.entry_kind] & (columns.entry_quantity != 0))
        if own.any()
        else np.zeros(0, dtype=np.int64)
    )
    amounts = (
        columns.entry_quantity[entries] * scale[columns.entry_kind[entries]]
        if len(entries)
        else None
    )
    return np.bincount(columns.entry_row[entries], amounts, len(columns.batches)).astype(float)


def _scale(kind: EnergyKind, unit: str, factors: FactorTable) -> float:
    """How many `unit` one of the unit read is; of heat as many as hold the least that the carrier
    can hold, and without end where nothing says what that is: such an amount is not judged."""
    try:
        return ratio(kind.unit, unit)
    except InputError:
        heat, can_hold = mj_in(kind.unit), factors.can_hold(kind.carrier)
        if heat is None or can_hold is None or can_hold.least <= 0:
            return np.inf
        return heat / can_hold.least * ratio(CARRIERS[kind.carrier].unit, unit)


def sentences(
    label: StepLabel,
    step: Step,
    factors: FactorTable,
    basis: Basis,
    on: date,
    unreported: AbstractSet[str],
) -> Iterator[Words]:
    """By how much the label would be higher at the usual amount of what its runs report little of;
    factors of the day `on`.
    """
    measured = label.made_from
    if measured is None or label.best.value is None or not label.output:
        return
    for need in step.boundary.needs:
        if need.usual is None or not counts(need.carrier, label.metric):
            continue
        inside = need.carrier in unreported and need.carrier in step.boundary.essential
        reported = (
            0.0
            if inside
            else fsum(_with_instead(measured.columns, need, factors)[measured.rows]) / label.output
        )
        kind = EnergyKind(need.carrier, need.unit, Direction.IMPORT, None, on)
        higher = (need.usual - reported) * factor_of(kind, label.energy_unit, factors, basis)
        if higher > WORTH_TELLING * abs(label.best.value):
            yield Words.of(
                _made_inside(need, higher, label, step)
                if inside
                else _sentence(need, reported, higher, label, step)
            )


def _sentence(
    need: CarrierNeed, reported: float, higher: float, label: StepLabel, step: Step
) -> Phrase:
    carrier: Value = CARRIERS[need.carrier].words
    if need.instead:
        others = enumerated(CARRIERS[name].words for name in need.instead)
        carrier = Phrase(
            "%(carrier)s, including %(others)s converted to it,", carrier=carrier, others=others
        )
    return Phrase(
        "%(found)s %(unit)s of %(carrier)s are reported. At least %(usual)s is usual; with that "
        "the label would be %(higher)s %(of)s "
        "higher. Check whether a meter of it is missing from the files.",
        found=significant(reported, 3),
        unit=f"{need.unit}/{step.output_unit}",
        carrier=carrier,
        usual=f"{need.usual:g}",
        higher=significant(higher, 2),
        of=label.unit,
    )


def _made_inside(need: CarrierNeed, higher: float, label: StepLabel, step: Step) -> Phrase:
    return Phrase(
        "This is valid only if the energy that makes %(carrier)s counts in the step, as the site "
        "states: the usual minimum of "
        "%(usual)s amounts to %(higher)s %(of)s. Keep the records of how it is made for an "
        "auditor.",
        carrier=CARRIERS[need.carrier].words,
        usual=f"{need.usual:g} {need.unit}/{step.output_unit}",
        higher=significant(higher, 2),
        of=label.unit,
    )
