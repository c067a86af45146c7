"""Gas that a step gives back while it says that it burns none: gross of its own use on one side, net on the other.

A furnace's stoves and an oven's walls take gas, its own or another, and the pack's boundary asks for it. Where a run credits a gas that its
boundary also asks for, and burns next to no gas at all, its own use stands in no place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError, PolicyRefusal
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Finding, Severity
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from benchmarks.routes import Pack
from reporting_agent.pipeline.units import mj_in

LEAST = 0.1
"""Of the heat of the gas that a run gives back, what it burns of any gas: stoves take about a third of a furnace's, walls two fifths of an
oven's (an assumption of ours)."""


def left_out(batches: Sequence[Batch], pack: Pack) -> tuple[list[Batch], list[Finding]]:
    """The batches, those without their own use left out, and a finding for each gas and step."""
    found = dict(_unburnt(batches, pack))
    marked = [
        replace(batch, excluded=ExclusionReason.ENERGY_INCOMPLETE.value) if place in found else batch for place, batch in enumerate(batches)
    ]
    told = sorted({(batches[place].step, carrier) for place, carrier in found.items()})
    return marked, [_told(step, carrier, [batches[place] for place, of in found.items() if of == carrier]) for step, carrier in told]


def require_none(batches: Sequence[Batch], pack: Pack) -> None:
    """PolicyRefusal `own-gas-missing`: nothing leaves the site while a step credits a gas and burns none."""
    if found := left_out(batches, pack)[1]:
        raise PolicyRefusal("own-gas-missing", found[0].sentence, Phrase("Report what the step burns of the gas, by batch or by meter."))


def _unburnt(batches: Sequence[Batch], pack: Pack) -> Iterator[tuple[int, str]]:
    asked = {step.id: {one for one in step.boundary.asked if CARRIERS[one].form == "gas"} for step in pack.steps}
    for place, batch in enumerate(batches):
        gases = [one for one in batch.energy if one.carrier in CARRIERS and CARRIERS[one.carrier].form == "gas"]
        given = [one for one in gases if one.direction is not Direction.IMPORT and one.carrier in asked.get(batch.step, ())]
        if batch.excluded is None and given:
            burnt = sum(_most_heat(one) for one in gases if one.direction is Direction.IMPORT)
            if burnt < LEAST * sum(_heat(one) for one in given):
                yield place, given[0].carrier


def _heat(energy: CarrierEnergy, otherwise: float = 0.0) -> float:
    """MJ of an amount of gas; by `otherwise` MJ per its own unit where no heating value is known."""
    if (of_energy := mj_in(energy.unit)) is not None:
        return energy.quantity * of_energy
    if energy.lhv_mj_per_unit is not None:
        return energy.quantity * energy.lhv_mj_per_unit
    try:
        return energy.quantity * ratio(energy.unit, CARRIERS[energy.carrier].unit) * otherwise
    except InputError:  # a gas by its mass
        return 0.0


def _most_heat(energy: CarrierEnergy) -> float:
    bounds = CARRIERS[energy.carrier].lhv
    return _heat(energy, 0.0 if bounds is None else bounds.most)


def _told(step: str, carrier: str, batches: Sequence[Batch]) -> Finding:
    return Finding(
        "own-gas-missing",
        Severity.EXCLUSION,
        Phrase(
            "Step %(step)s gives back %(carrier)s and burns next to no gas (less than %(share)s of its heat), which its process cannot."
            " These runs are left out. Report the gas that it burns, its own or another, and credit all that it gives.",
            step=step,
            carrier=CARRIERS[carrier].words,
            share=f"{LEAST:.0%}",
        ),
        len(batches),
        tuple(batch.place for batch in batches[:20] if batch.place is not None),
    )
