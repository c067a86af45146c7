"""Meters shared by several steps or equipments: their energy divided by the declared rule, to the
last digit.

Between edges of batches by output per hour (`output`), evenly (`hours`) or rated power
(`rated-power`); by `shares` a sink's part, evenly among its batches, nobody's where it stands; by
`power` the declared power over each batch's time. Energy while nothing runs is outside. Parts are
differences of rounded running sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config.meters import Allocation
from reporting_agent.metering.curve import Curve, units
from reporting_agent.metering.segments import HOUR_US, STEPS_PER_UNIT

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sink:
    """One step or piece of equipment that shares a meter; `rated_power_kw` where the rule needs
    it.
    """

    id: str
    step: str
    equipment: str = ""  # all of the step where empty
    rated_power_kw: float = 1.0


@dataclass(frozen=True, slots=True)
class ServedBatches:
    """The batches that a shared meter serves: windows in UTC microseconds, output in the step's
    unit, index of the sink.
    """

    start_us: Integers
    end_us: Integers
    output: Floats
    sink: Integers


@dataclass(frozen=True, slots=True)
class SharedEnergy:
    """What falls to each batch, in the meter's unit, its known share of the batch's seconds, and
    what falls to none.
    """

    energy: Floats
    completeness: Floats
    nobodys: float


def share_out(
    allocation: Allocation, sinks: Sequence[Sink], served: ServedBatches, curve: Curve
) -> SharedEnergy:
    """Divide a meter's known energy, from the first beginning to the last end of its batches, among
    them.

    Energies add up: the batches' parts and `nobodys` are the meter's energy over that time,
    exactly.
    """
    count = len(served.start_us)
    if not count:
        return SharedEnergy(np.zeros(0), np.zeros(0), 0.0)
    if allocation.by == "power":
        power = np.array([allocation.power[sink.id] for sink in sinks])[served.sink]
        energy = (
            np.rint(power * ((served.end_us - served.start_us) / HOUR_US) * STEPS_PER_UNIT)
            / STEPS_PER_UNIT
        )
        metered = curve.over(np.array([served.start_us.min()]), np.array([served.end_us.max()]))[0]
        return SharedEnergy(energy, np.ones(count), float(metered[0] - energy.sum()))
    edges_us = np.unique(np.concatenate((served.start_us, served.end_us)))
    at = np.searchsorted(curve.moments_us, edges_us)
    steps, known_us = np.diff(curve.steps[at]), np.diff(curve.known_us[at])
    first, last = (
        np.searchsorted(edges_us, served.start_us),
        np.searchsorted(edges_us, served.end_us),
    )
    batch = np.repeat(np.arange(count), last - first)  # one row for each piece of each batch
    piece = _ranges(first, last)
    order = np.lexsort((batch, served.sink[batch], piece))
    batch, piece = batch[order], piece[order]
    weight, whole = _weights(allocation, sinks, served, batch, piece, len(steps))
    running = np.cumsum(weight)
    begins = np.concatenate(([True], piece[1:] != piece[:-1]))
    before = np.maximum.accumulate(np.where(begins, np.arange(len(piece)), 0))
    offset = running[before] - weight[before]
    upto = np.rint(steps[piece] * np.minimum((running - offset) / whole[piece], 1.0))
    ends = np.concatenate((begins[1:], [True]))
    if allocation.by != "shares":
        upto[ends] = steps[piece[ends]]  # the last takes what rounding left
    part = np.diff(upto, prepend=0.0)
    part[begins] = upto[begins]
    batch_steps = np.bincount(batch, weights=part, minlength=count)
    batch_known_us = np.bincount(batch, weights=known_us[piece].astype(float), minlength=count)
    length_us = (served.end_us - served.start_us).astype(float)
    return SharedEnergy(
        units(batch_steps.astype(np.int64)),
        np.minimum(batch_known_us / length_us, 1.0),
        float(units(np.array([int(steps.sum()) - int(batch_steps.sum())]))[0]),
    )


def _weights(
    allocation: Allocation,
    sinks: Sequence[Sink],
    served: ServedBatches,
    batch: Integers,
    piece: Integers,
    pieces: int,
) -> tuple[Floats, Floats]:
    """The weight of each row, and by piece the weight of the whole."""
    sink = served.sink[batch]
    if allocation.by == "shares":
        share = np.array([allocation.shares[consumer.id] for consumer in sinks])
        beside = np.bincount(piece * len(sinks) + sink, minlength=pieces * len(sinks))
        return share[sink] / beside[piece * len(sinks) + sink], np.ones(pieces)
    if allocation.by == "output":
        hours = (served.end_us - served.start_us) / 3.6e9
        weight = np.maximum(served.output[batch], 0.0) / hours[batch]
    elif allocation.by == "rated-power":
        weight = np.array([consumer.rated_power_kw for consumer in sinks])[sink]
    else:
        weight = np.ones(len(batch))
    whole = np.bincount(piece, weights=weight, minlength=pieces)
    idle = (
        whole == 0
    )  # nothing but batches without output: evenly, so that their energy is not lost
    if idle.any():
        weight = np.where(idle[piece], 1.0, weight)
        whole = np.bincount(piece, weights=weight, minlength=pieces)
    return weight, np.maximum(whole, np.finfo(float).tiny)


def _ranges(first: Integers, last: Integers) -> Integers:
    """first[0] .. last[0] - 1, first[1] .. last[1] - 1, and so on."""
    lengths = last - first
    starts = np.repeat(first - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
    return starts + np.arange(int(lengths.sum()))
