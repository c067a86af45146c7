"""Gas given back while none is burnt (stoves and oven walls take some), and waste-heat power with
little own use: runs left out, sending refused, caveats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import fsum

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER, FactorTable
from benchmarks.declared import Words
from benchmarks.errors import InputError, PolicyRefusal
from benchmarks.labels import ExclusionReason, StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Direction, Severity
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import Pack

LEAST = 0.1
"""Of the heat of the gas that a run gives back, what it burns of any gas: stoves take about a third
of a furnace's, walls two fifths of an oven's (an assumption of ours). A pack may say more of a step
(`Yield.burns`)."""


def left_out(batches: Sequence[Batch], pack: Pack) -> tuple[list[Batch], list[DataFinding]]:
    """The batches, those without their own use left out, and a finding for each gas and step."""
    unburnt, least = dict(_unburnt(batches, pack)), _least(pack)
    marked = [
        replace(batch, excluded=ExclusionReason.ENERGY_INCOMPLETE.value)
        if index in unburnt
        else batch
        for index, batch in enumerate(batches)
    ]
    pairs = sorted({(batches[index].step, carrier) for index, carrier in unburnt.items()})
    return marked, [
        _own_gas_missing(
            step,
            carrier,
            [batches[index] for index, of in unburnt.items() if of == carrier],
            least.get((step, carrier), LEAST),
        )
        for step, carrier in pairs
    ]


def require_none(batches: Sequence[Batch], pack: Pack) -> None:
    """PolicyRefusal `own-gas-missing`: nothing leaves the site while a step credits a gas and burns
    none.
    """
    if findings := left_out(batches, pack)[1]:
        raise PolicyRefusal(
            "own-gas-missing",
            findings[0].sentence,
            Phrase("Report what the step burns of the gas, by batch or by meter."),
        )


def _unburnt(batches: Sequence[Batch], pack: Pack) -> Iterator[tuple[int, str]]:
    table, least = packs.factors(pack), _least(pack)
    asked = {
        step.id: {carrier for carrier in step.boundary.asked if CARRIERS[carrier].form == "gas"}
        for step in pack.steps
    }
    for index, batch in enumerate(batches):
        gases = [
            gas
            for gas in batch.energy
            if gas.carrier in CARRIERS and CARRIERS[gas.carrier].form == "gas"
        ]
        given_back = [
            gas
            for gas in gases
            if gas.direction is not Direction.IMPORT and gas.carrier in asked.get(batch.step, ())
        ]
        if batch.excluded is None and given_back:
            burnt = sum(
                _most_heat(gas, table) for gas in gases if gas.direction is Direction.IMPORT
            )
            if burnt < least.get((batch.step, given_back[0].carrier), LEAST) * sum(
                _heat(gas) for gas in given_back
            ):
                yield index, given_back[0].carrier


def _least(pack: Pack) -> dict[tuple[str, str], float]:
    """By step and carrier, what the pack says that a run burns at least."""
    return {
        (step.id, carrier): usual.burns
        for step in pack.steps
        for usual in step.boundary.yields
        if usual.burns is not None
        for carrier in usual.gives
    }


def sentences(label: StepLabel, pack: Pack) -> Iterator[Words]:
    """By how much the label would be higher, burnt its runs as much gas as is usual beside what
    they give back; of power, took they.
    """
    measured, table = label.made_from, packs.factors(pack)
    if measured is None or label.best.value is None or not label.output:
        return
    for usual in pack.step(label.step).boundary.yields:
        if usual.burns_usually is None or not all(
            counts(carrier, label.metric) for carrier in usual.gives
        ):
            continue
        forms = {CARRIERS[carrier].form for carrier in usual.gives}
        alike = [
            energy
            for row in measured.rows.tolist()
            for energy in measured.columns.batches[row].energy
            if CARRIERS[energy.carrier].form in forms
        ]
        heat_given_back = fsum(
            _heat(energy)
            for energy in alike
            if energy.direction is not Direction.IMPORT and energy.carrier in usual.gives
        )
        burnt = fsum(
            _most_heat(energy, table) for energy in alike if energy.direction is Direction.IMPORT
        )
        higher = (
            (usual.burns_usually * heat_given_back - burnt)
            / MJ_PER[label.energy_unit]
            / label.output
        )
        if higher > WORTH_TELLING * abs(label.best.value):
            shown: dict[str, Value] = {
                "found": f"{burnt / heat_given_back:.0%}",
                "carriers": enumerated(CARRIERS[carrier].words for carrier in usual.gives),
                "usual": f"{usual.burns_usually:.0%}",
                "higher": significant(higher, 2),
                "unit": label.unit,
            }
            if forms == {"electricity"}:
                sentence = Phrase(
                    "The step itself uses %(found)s of the %(carriers)s that it gives back; its "
                    "pumps and fans usually use "
                    "%(usual)s, with which the label would be higher by %(higher)s %(unit)s. "
                    "Report everything that the generator "
                    "produces, and its own use as energy input.",
                    **shown,
                )
            else:
                sentence = Phrase(
                    "The gas that the step burns has %(found)s of the heat that it gives back as "
                    "%(carriers)s; %(usual)s is usual, "
                    "with which the label would be higher by %(higher)s %(unit)s. Report all the "
                    "gas that its burners use, by their "
                    "meters.",
                    **shown,
                )
            yield Words.of(sentence)


def _heat(energy: CarrierEnergy, otherwise: float = 0.0) -> float:
    """MJ of an amount of gas; by `otherwise` MJ per its own unit where no heating value is
    known.
    """
    if (of_energy := mj_in(energy.unit)) is not None:
        return energy.quantity * of_energy
    if energy.lhv_mj_per_unit is not None:
        return energy.quantity * energy.lhv_mj_per_unit
    try:
        return energy.quantity * ratio(energy.unit, CARRIERS[energy.carrier].unit) * otherwise
    except InputError:  # a gas by its mass
        return 0.0


def _most_heat(energy: CarrierEnergy, table: FactorTable) -> float:
    bounds = table.can_hold(energy.carrier)
    return _heat(energy, 0.0 if bounds is None else bounds.most)


def _own_gas_missing(
    step: str, carrier: str, batches: Sequence[Batch], least: float
) -> DataFinding:
    return DataFinding(
        "own-gas-missing",
        Severity.EXCLUSION,
        Phrase(
            "Step %(step)s gives back %(carrier)s and burns almost no gas (less than %(share)s of "
            "its heat), which is impossible in "
            "its process. A report leaves these runs out. Report the gas that it burns, its own or "
            "another, and credit all that it gives "
            "back.",
            step=step,
            carrier=CARRIERS[carrier].words,
            share=f"{least:.0%}",
        ),
        len(batches),
        tuple(batch.place for batch in batches[:20] if batch.place is not None),
    )
