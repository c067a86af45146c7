"""What gaps and savings are worth: by step, and by the energies that they may lie in. One table, of
a firm's page and of a sector's.

The portal knows neither output nor prices: both are typed into the page, whose script multiplies
(`yearly.js`). What it knows of energies is the boundary of the step: an amount lies in electricity
alone, in electricity and the heat told apart, or anywhere between electricity and fuel. Where
energy leaves the step again, only its sum in coal equivalent is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from benchmarks.carriers import CARRIERS
from benchmarks.comparison.co2 import Co2Factors
from benchmarks.comparison.energies import (
    Bounds,
    Energies,
    energies_of,
    fuel_within,
    may_take,
    must_report,
)
from benchmarks.comparison.gaps import RouteGap
from benchmarks.conversion import Basis, CarbonFactor, FactorTable
from benchmarks.measurements import Metric
from benchmarks.quantities import ratio
from benchmarks.routes import Step
from portal.web.charts.ladder import DrawnInterval
from portal.web.words.figures import (
    MJ_PER_KGCE,
    NONE,
    EnergyUnit,
    between,
    decimals_of,
    in_bounds,
    number,
    raised,
)
from portal.web.words.terms import in_page_language


@dataclass(frozen=True, slots=True)
class WorthRow:
    """One amount for one of the route's output. What the script multiplies is exact, in kgce; empty
    where not known.
    """

    step: str
    energies: str  # in words
    kind: Energies
    kgce: str
    interval: str
    electricity: str  # kWh, or in words why there is no figure
    # the electricity is what the step's own metric of electricity says, not a part of `kgce`
    own_metric: bool
    fuel: str  # MJ, or in words why there is no figure
    co2: str
    exact_kgce: str  # low, value, high
    exact_electricity: str  # low, high, kWh, of the step's own metric alone
    exact_fuel: str  # low, high
    most_electricity: (
        str  # of either: so much of it can be electricity at most; empty where nothing bounds it
    )
    carriers: str  # ids
    bar: DrawnInterval
    whisker: DrawnInterval
    whisker_end: str


@dataclass(frozen=True, slots=True)
class WorthTable:
    unit: str  # of the product, as it follows `per`
    caption: str
    caption_year: str
    ordered: bool  # by the size of the amounts; else as the steps follow one another
    sum_name: str
    rows: tuple[WorthRow, ...]
    total: str
    total_interval: str
    total_co2: str
    exact_total: str  # low, value, high

    @property
    def told_by(self) -> frozenset[Energies]:
        """Which columns of an energy have a figure: without one they are left out."""
        own: frozenset[Energies] = frozenset(
            {"electricity"} if any(row.own_metric for row in self.rows) else ()
        )
        return own | {row.kind for row in self.rows}


@dataclass(frozen=True, slots=True)
class CarrierRow:
    """An energy that steps may take, and the unit that it is priced by. Exact: kgce a unit, kg of
    CO2 a kgce (empty: no factor).
    """

    id: str
    name: str
    unit: str
    kgce: str
    co2: str
    co2_factor: str  # as its source gives it, with the standard; empty where none is held
    usual: bool  # every plant must report it: ticked beforehand


def carriers_of(steps: Iterable[Step | None], factors: Co2Factors) -> tuple[CarrierRow, ...]:
    """The energies of all steps whose amounts can be told by energy, those that every plant reports
    first.
    """
    told_apart = [
        step.boundary
        for step in steps
        if step is not None and energies_of(step.boundary, None) != "unknown"
    ]
    usual = dict.fromkeys(carrier for boundary in told_apart for carrier in must_report(boundary))
    return tuple(
        _carrier(carrier, factors.table, factors.day, usual=carrier in usual)
        for carrier in dict.fromkeys(
            (*usual, *(carrier for boundary in told_apart for carrier in may_take(boundary)))
        )
    )


def saved_of(step: Step | None, metric: Metric, on: date) -> tuple[CarrierRow, ...]:
    """The energies that a saving of electricity or heat at a step may lie in; of no step named,
    every fuel that is priced by its heat.
    """
    if metric is Metric.ELECTRICITY:
        ids, usual = ["electricity"], {"electricity"}
    else:
        carriers = (
            may_take(step.boundary)
            if step
            else tuple(carrier.id for carrier in CARRIERS.values() if carrier.thermal)
        )
        ids = [carrier for carrier in carriers if CARRIERS[carrier].thermal]
        usual = {*must_report(step.boundary)} if step else set()
    table = FactorTable.load()
    return tuple(_carrier(carrier, table, on, usual=carrier in usual) for carrier in ids)


def _carrier(id_: str, table: FactorTable, on: date, *, usual: bool) -> CarrierRow:
    """By the unit that it is bought in; by its heat where no factor is held."""
    factor, co2 = table.in_force(id_, Basis.CALORIFIC, on), table.co2_per_kgce(id_, on)
    unit, kgce = "GJ", 1000 / MJ_PER_KGCE
    if factor is not None:
        unit = {"kg": "t", "MJ": "GJ"}.get(factor.unit, factor.unit)
        kgce = float(factor.kgce_per_unit) * ratio(unit, factor.unit)
    return CarrierRow(
        id=id_,
        name=in_page_language(CARRIERS[id_].words),
        unit=raised(unit),
        kgce=f"{kgce:.6g}",
        co2="" if co2 is None else f"{co2:.6g}",
        co2_factor=""
        if co2 is None
        else _co2_factor(id_, co2, kgce, table.carbon_in_force(id_, on)),
        usual=usual,
    )


def _co2_factor(id_: str, co2_per_kgce: float, kgce: float, factor: CarbonFactor | None) -> str:
    """Of electricity per kWh, of which the note beside the table names the grid and its year; of
    the others per GJ, with the standard.
    """
    if id_ == "electricity":
        return f"{co2_per_kgce * kgce:.4g} kg CO₂/kWh"
    per_gj = f"{1000 * co2_per_kgce / MJ_PER_KGCE:.4g} kg CO₂/GJ"
    return (
        f"{per_gj}, {factor.source.document}"
        if factor is not None and factor.source.document
        else per_gj
    )


def worth_row(
    gap: RouteGap,
    called: str,
    step: Step | None,
    heat: Bounds | None,
    co2: Bounds | None,
    units: Mapping[str, EnergyUnit],
    highest: float,
    most_electricity: float | None = None,
    own_electricity: Bounds | None = None,
    decimals: int | None = None,
) -> WorthRow:
    """`own_electricity`: what the step's own metric of electricity says, kWh for one of the route's
    output, where it is published. `decimals`: those of the page; by size if None.
    """
    kind = energies_of(step.boundary if step else None, heat)
    own = own_electricity if kind != "electricity" else None
    fuel = fuel_within(kind, gap.hi, heat)
    decimals = decimals_of(gap.value) if decimals is None else decimals
    return WorthRow(
        step=called,
        energies=_energies(kind),
        kind=kind,
        kgce=number(gap.value, decimals),
        interval=between(gap.lo, gap.hi, decimals),
        electricity=_electricity(kind, gap.ends, own, units["kWh"].per_kgce),
        own_metric=own is not None,
        fuel=_scaled(fuel, MJ_PER_KGCE) if kind == "apart" and fuel else _without_fuel(kind),
        co2=in_bounds(co2),
        exact_kgce=exactly((gap.lo, gap.value, gap.hi)),
        exact_electricity="" if own is None else exactly(own),
        exact_fuel="" if fuel is None else exactly(fuel),
        most_electricity="" if most_electricity is None else f"{most_electricity:.6g}",
        carriers=" ".join(may_take(step.boundary)) if step else "",
        bar=DrawnInterval("0%", f"{100 * gap.value / highest:.2f}%"),
        whisker=DrawnInterval(
            f"{100 * gap.lo / highest:.2f}%", f"{100 * (gap.hi - gap.lo) / highest:.2f}%"
        ),
        whisker_end=f"{100 * gap.hi / highest:.2f}%",
    )


def exactly(ends: Sequence[float]) -> str:
    return " ".join(f"{end:.6g}" for end in ends)


def _energies(kind: Energies) -> str:
    return {
        "electricity": pgettext("carrier", "electricity"),
        "apart": _("heat and electricity, reported separately"),
        "either": _("fuel or electricity: reported as one sum"),
        "unknown": _("energy leaves this step again, so fuel and electricity cannot be separated"),
    }[kind]


def _electricity(kind: Energies, sum_: Bounds, own: Bounds | None, kwh_per_kgce: float) -> str:
    """Of a step that takes electricity alone its whole sum; else what its own metric says; else why
    there is no figure.
    """
    if kind == "electricity":
        return _scaled(sum_, kwh_per_kgce)
    if own is not None:
        return in_bounds(own)
    return {
        "apart": _("what is left beside the heat"),
        "either": _("not reported separately"),
        "unknown": _("cannot be separated"),
    }[kind]


def _without_fuel(kind: Energies) -> str:
    return {
        "electricity": _("no fuel"),
        "apart": NONE,
        "either": _("not reported separately"),
        "unknown": _("cannot be separated"),
    }[kind]


def _scaled(bounds: Bounds, factor: float) -> str:
    return in_bounds((bounds[0] * factor, bounds[1] * factor))
