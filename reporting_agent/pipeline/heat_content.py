"""Heat content of what batches used: the laboratory's values by date, media made inside, and what is told of both.

A heating value given with an amount, or with its meter, goes before the laboratory's series ([[lhv]]), and that before the table of
defaults. Where the default had to serve it is told, because published defaults differ by as much as a label's spread. A value that the
plant itself calls a default is none: the pack's counts, and where the pack asks for a measured one the batch is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Finding, Severity
from benchmarks.quantities import ratio
from reporting_agent.config import Site
from reporting_agent.config.heating_values import HeatingValues

PLACES_KEPT = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """Batches whose energy carries its heat content, without media that were made inside their step."""

    batches: list[Batch]
    findings: list[Finding]


def settle(batches: Sequence[Batch], site: Site) -> Settled:
    """Give every amount of fuel or steam its heating value of the day, and take out media made inside the step."""
    values = site.heating_values
    inside = {step: frozenset(setting.made_inside) for step, setting in site.steps.items() if setting.made_inside}
    taken: Counter[tuple[str, str]] = Counter()
    settled = list(batches)
    if values or inside:
        settled = [replace(batch, energy=tuple(_settled(batch, values, inside, taken))) if batch.energy else batch for batch in batches]
    return Settled(settled, [*_made_inside(taken), *_by_default(settled, site), *_two_sided(settled)])


def _settled(
    batch: Batch, values: HeatingValues, inside: Mapping[str, frozenset[str]], taken: Counter[tuple[str, str]]
) -> Iterator[CarrierEnergy]:
    for energy in batch.energy:
        if energy.carrier in inside.get(batch.step, ()):
            taken[batch.step, energy.carrier] += 1
        elif energy.lhv_mj_per_unit is None and (lhv := _value(values, energy, batch.start.date())) is not None:
            yield replace(energy, lhv_mj_per_unit=lhv)
        else:
            yield energy


def _value(values: HeatingValues, energy: CarrierEnergy, on: date) -> float | None:
    found = values.of(energy.carrier, on)
    if found is None or found.source == "default" or _is_heat(energy.carrier, energy.unit):
        return None
    return found.mj_per(energy.unit)


@lru_cache(maxsize=256)
def _is_heat(carrier: str, unit: str) -> bool:
    """Whether the amount is given in a unit of energy, so that no heating value is asked for."""
    known = CARRIERS.get(carrier)
    if known is None or unit == known.unit:
        return known is not None and known.unit == "MJ"
    try:
        ratio(unit, "MJ")
    except InputError:
        return False
    return True


def _made_inside(taken: Counter[tuple[str, str]]) -> Iterator[Finding]:
    for (step, carrier), count in sorted(taken.items()):
        words = CARRIERS[carrier].words
        yield Finding(
            "medium-made-inside",
            Severity.NOTICE,
            f"Step {step}: {words.en} is made inside the step; its electricity counts, the medium itself does not.",
            count,
            zh=f"工序 {step}：{words.zh}在工序内自制；计其耗电，不再计该工质。",
        )


def _by_default(batches: Sequence[Batch], site: Site) -> Iterator[Finding]:
    """Fuels that count by the table, whatever value the plant itself calls a default."""
    declared = {meter.carrier for meter in site.meters if meter.lhv is not None and meter.lhv_source == "default"}
    declared |= {value.carrier for value in site.lhv if value.source == "default"}
    found: Counter[str] = Counter()
    for batch in batches:
        if batch.excluded is None:
            for energy in batch.energy:
                known = CARRIERS.get(energy.carrier)
                if known is None or not known.thermal or energy.carrier == "heat":
                    continue
                if energy.carrier in declared or (energy.lhv_mj_per_unit is None and not _is_heat(energy.carrier, energy.unit)):
                    found[energy.carrier] += 1
    for carrier, count in sorted(found.items()):
        words = CARRIERS[carrier].words
        yield Finding(
            "heating-value-default",
            Severity.NOTICE,
            f"{words.en.capitalize()} counts by a default heating value, not a measured one; published defaults differ by several percent.",
            count,
            zh=f"{words.zh}按缺省热值计，并非实测；公布的缺省值彼此相差可达百分之几。",
        )


def _two_sided(batches: Sequence[Batch]) -> Iterator[Finding]:
    """A carrier that one step gives and another takes must have one heating value on both sides."""
    given: dict[tuple[str, date], set[float | None]] = {}
    for batch in batches:
        for energy in batch.energy:
            if energy.direction is not Direction.IMPORT and batch.excluded is None:
                given.setdefault((energy.carrier, batch.start.date()), set()).add(_per_own_unit(energy))
    if not given:
        return
    differ: Counter[str] = Counter()
    for batch in batches:
        if batch.excluded is None:
            for energy in batch.energy:
                key = (energy.carrier, batch.start.date())
                if energy.direction is Direction.IMPORT and key in given and given[key] != {_per_own_unit(energy)}:
                    differ[energy.carrier] += 1
    for carrier, count in sorted(differ.items()):
        words = CARRIERS[carrier].words
        yield Finding(
            "heating-value-two-sided",
            Severity.WARNING,
            f"{words.en.capitalize()} that one step gives back and another takes has two heating values on one day; what is credited is"
            " not what is charged. Declare one under [[lhv]].",
            count,
            zh=f"{words.zh}由一工序回收、另一工序使用，同日却有两个热值；扣除量与计入量不等。请在 [[lhv]] 中统一申报。",
        )


def _per_own_unit(energy: CarrierEnergy) -> float | None:
    known = CARRIERS.get(energy.carrier)
    if energy.lhv_mj_per_unit is None or known is None:
        return None
    try:
        return round(energy.lhv_mj_per_unit * ratio(known.unit, energy.unit), 9)
    except InputError:
        return None
