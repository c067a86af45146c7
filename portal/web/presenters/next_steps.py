"""What a firm can do next: its gaps in order of worth, by the energies they may lie in, published practices at each step, and what changed.

The portal knows neither a firm's output nor its prices: both are typed into the page, whose script multiplies (`yearly.js`). What it knows
of energies is the boundary of the step, and heat where that is reported apart: a gap lies in electricity alone, in electricity and the heat
told apart, or anywhere between electricity and fuel. Where energy leaves the step again, only its sum in coal equivalent is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Literal

from django.urls import reverse
from django.utils.translation import gettext as _

from benchmarks.guidance.practices import Library, Practice
from benchmarks.routes import Step
from portal.publication.in_force import InForceView
from portal.publication.shapes import StepView
from portal.standings.selectors import StandView
from portal.web.addresses import benchmark_url
from portal.web.carbon import Bounds, country_of, last_day, together
from portal.web.figures import MJ_PER_KGCE, EnergyUnit, between, decimals, number, per_cent
from portal.web.gaps import Gap, clear_sum, largest_first
from portal.web.ladder import Span
from portal.web.presenters.benchmarks import NONE
from portal.web.presenters.ladders import headline
from portal.web.presenters.site_gaps import carbon_note, carbon_of, estimate_of, gaps_of, heat_of, in_bounds, standings_of
from portal.web.presenters.trend import TrendStep
from portal.web.words import Names, in_language, over_years, period_name, said, within

Energies = Literal["electricity", "apart", "either", "unknown"]


@dataclass(frozen=True, slots=True)
class WorthRow:
    """One gap per tonne of the route's product. What the script multiplies is exact, in kgce and kg of CO2; empty where not known."""

    step: str
    energies: str  # in words
    kind: Energies
    kgce: str
    interval: str
    electricity: str  # kWh
    fuel: str  # MJ
    co2: str
    exact_kgce: str  # low, value, high
    exact_fuel: str  # low, high
    exact_co2: str  # low, high
    bar: Span
    whisker: Span
    whisker_end: str


@dataclass(frozen=True, slots=True)
class PracticeRow:
    name: str
    saving: str
    investment: str


@dataclass(frozen=True, slots=True)
class ToDo:
    """One step to act on, the dearest first."""

    step: str
    gap: str  # per tonne of the step's own product
    practices: tuple[PracticeRow, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NextPage:
    site: str
    sector: str
    period: str
    run_period: str  # as the agent's `--period` spells it
    version: int
    benchmark_url: str
    stand_url: str
    pack: str
    product: str
    first_step: str
    first_share: str
    clear: int
    compared: int
    awaited: int
    rows: tuple[WorthRow, ...]
    total: str
    total_co2: str
    exact_total: str
    within_noise: tuple[str, ...]
    steps: tuple[ToDo, ...]
    kgce_per_kwh: str
    notes: tuple[str, ...]
    trend: tuple[TrendStep, ...]


def next_page(stand: StandView, view: InForceView, units: Mapping[str, EnergyUnit], which: str, trend: tuple[TrendStep, ...]) -> NextPage:
    """`which` names site and period in the address."""
    names = Names.of(view.pack, view.pack_version)
    standings = standings_of(stand, view.label)
    own = {step: estimate_of(standing) for step, standing in standings.items()}
    gaps = largest_first(gaps_of(view.label, own))
    clear = [one for one in gaps if not one.within_noise]
    heat = heat_of(stand, view.label)
    day, country = last_day(stand.report.period), country_of(stand.report.place)
    ends = [carbon_of([replace(one, value=end(one)) for one in clear], heat, names, day, country) for end in (_LOW, _HIGH)]
    carbon = {one.step: _widest(*(found[one.step] for found in ends)) for one in clear}
    total, highest = clear_sum(gaps), max((one.hi for one in clear), default=1.0)
    called = {one.step: over_years(names.step_name(one.step), standings[one.step].years) for one in gaps}
    return NextPage(
        site=in_language(stand.report.site_name, stand.report.site_name_zh),
        sector=names.title(view.route),
        period=period_name(stand.report.period),
        run_period=stand.report.period,
        version=view.version,
        benchmark_url=benchmark_url(view, view.version),
        stand_url=f"{reverse('web:stand')}?which={which}",
        pack=_("%(pack)s version %(version)s") % {"pack": names.sector, "version": view.pack_version},
        product=names.product(view.route),
        first_step=within(names.step_name(clear[0].step)) if clear else "",
        first_share=per_cent(clear[0].value / total) if clear else "",
        clear=len(clear),
        compared=len(gaps),
        awaited=sum(one.lo is None for one in own.values()),
        rows=tuple(
            worth_row(one, called[one.step], names.step(one.step), heat.get(one.step), carbon[one.step], units, highest) for one in clear
        ),
        total=number(total),
        total_co2=in_bounds(known) if (known := together(carbon.values())) else _("incomplete"),
        exact_total=f"{total:.6g}",
        within_noise=tuple(
            _("%(step)s: %(value)s kgce/t (%(interval)s)")
            % {"step": called[one.step], "value": number(one.value), "interval": between(one.lo, one.hi, decimals(one.value))}
            for one in gaps
            if one.within_noise
        ),
        steps=tuple(_to_do(one, called[one.step], names, headline(view.label), view.pack) for one in clear),
        kgce_per_kwh=f"{1 / units['kWh'].per_kgce:.6g}",
        notes=(units["MJ"].note, units["kWh"].note, carbon_note(day, country)),
        trend=trend,
    )


_LOW, _HIGH = attrgetter("lo"), attrgetter("hi")


def _widest(low: Bounds | None, high: Bounds | None) -> Bounds | None:
    return None if low is None or high is None else (min(*low, *high), max(*low, *high))


def worth_row(
    one: Gap, called: str, step: Step | None, heat: Bounds | None, carbon: Bounds | None, units: Mapping[str, EnergyUnit], highest: float
) -> WorthRow:
    kind = _kind(step, heat)
    fuel = {"electricity": (0.0, 0.0), "apart": heat, "either": (0.0, one.hi), "unknown": None}[kind]
    places = decimals(one.value)
    return WorthRow(
        step=called,
        energies=_energies(kind),
        kind=kind,
        kgce=number(one.value, places),
        interval=between(one.lo, one.hi, places),
        electricity=_scaled((one.lo, one.hi), units["kWh"].per_kgce) if kind == "electricity" else NONE,
        fuel=_scaled(fuel, MJ_PER_KGCE) if kind == "apart" else NONE,
        co2=in_bounds(carbon),
        exact_kgce=" ".join(f"{end:.6g}" for end in (one.lo, one.value, one.hi)),
        exact_fuel="" if fuel is None else " ".join(f"{end:.6g}" for end in fuel),
        exact_co2="" if carbon is None else " ".join(f"{end:.6g}" for end in carbon),
        bar=Span("0%", f"{100 * one.value / highest:.2f}%"),
        whisker=Span(f"{100 * one.lo / highest:.2f}%", f"{100 * (one.hi - one.lo) / highest:.2f}%"),
        whisker_end=f"{100 * one.hi / highest:.2f}%",
    )


def _kind(step: Step | None, heat: Bounds | None) -> Energies:
    if step is None or step.boundary.credited:
        return "unknown"
    if step.boundary.carriers == ("electricity",):
        return "electricity"
    return "either" if heat is None else "apart"


def _energies(kind: Energies) -> str:
    return {
        "electricity": _("electricity"),
        "apart": _("heat and electricity, told apart"),
        "either": _("fuel or electricity: reported as one sum"),
        "unknown": _("energy leaves this step again: not told apart"),
    }[kind]


def _scaled(found: Bounds | None, factor: float) -> str:
    return NONE if found is None else in_bounds((found[0] * factor, found[1] * factor))


def _to_do(one: Gap, called: str, names: Names, cells: Sequence[StepView], pack: str) -> ToDo:
    cell = next(each for each in cells if each.step == one.step)
    value, low, high = (end / cell.ratio for end in (one.value, one.lo, one.hi))
    places = decimals(value)
    step = names.step(one.step)
    product = said(step.product_words) if step else cell.product
    library = Library.held()
    practices = library.of_step(pack, one.step)
    return ToDo(
        step=called,
        gap=_("%(value)s kgce per tonne of %(product)s (%(interval)s)")
        % {"value": number(value, places), "product": product, "interval": between(low, high, places)},
        practices=tuple(_practice(each, product) for each in practices),
        sources=tuple(
            dict.fromkeys(
                _("Source: %(list)s (%(read_in)s).") % {"list": said(listing.words), "read_in": said(listing.read_in)}
                for listing in map(library.listing, practices)
            )
        ),
    )


def _practice(one: Practice, product: str) -> PracticeRow:
    investment = _("the list gives none") if one.investment is None else _("US$ %(amount)s") % {"amount": f"{one.investment}"}
    saving = _("%(amount)s %(unit)s per tonne of %(product)s") % {"amount": f"{one.saving}", "unit": one.unit, "product": product}
    return PracticeRow(said(one.words), saving, investment)
