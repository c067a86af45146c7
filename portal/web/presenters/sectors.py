"""A benchmark over its years, from the versions in force alone: nothing stands here that the gate did not let out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from benchmarks.phrases import Name
from portal.publication.in_force import InForceView
from portal.publication.sectors import MOST_YEARS
from portal.web.addresses import benchmark_url
from portal.web.carbon import country_of, last_day
from portal.web.charts.curve import HeightScale
from portal.web.charts.ladder import DrawnInterval
from portal.web.gaps import gap, with_interval
from portal.web.presenters.ladders import TotalsDisplay, step_estimates, total_estimate
from portal.web.presenters.sector_worth import SectorWorth, worth_of
from portal.web.presenters.site_gaps import carbon_of_gap, heat_cells, in_bounds
from portal.web.words.figures import MJ_PER_KGCE, NONE, Estimate, between, decimals, energy_units, number
from portal.web.words.terms import Names, in_language, one_of_output, period_name, shown_name


@dataclass(frozen=True, slots=True)
class YearRung:
    """One year. Heights are in per cent of the drawing; empty where the gate holds the value back."""

    x: str
    label: str
    best: str
    best_text: str
    best_band: DrawnInterval | None
    typical: str
    typical_text: str
    typical_band: DrawnInterval | None
    broken: str  # where the line of a break stands; empty where there is none


@dataclass(frozen=True, slots=True)
class SectorYearRow:
    period: str
    version: str
    url: str
    best: str
    best_interval: str
    typical: str
    typical_interval: str
    firms: str
    note: str


@dataclass(frozen=True, slots=True)
class ReachRow:
    """What one of the route's output would take less at this step, if a typical plant came down to the best."""

    step: str
    kgce: str
    interval: str
    co2: str
    hidden: str


@dataclass(frozen=True, slots=True)
class SectorPage:
    title: str
    scope: str
    product: str
    unit: str
    product_unit: str  # of the product, as it follows `per`: `tonne`, `m²`
    url: str  # of the newest version
    period: str
    gap: str  # typical above best in the newest year; empty where either is held back
    firms: str
    rungs: tuple[YearRung, ...]
    years: tuple[SectorYearRow, ...]  # newest first
    reach: tuple[ReachRow, ...]
    worth: SectorWorth | None  # of the newest version
    over_years_url: str  # the page of the sector itself


LEFT, RIGHT = 12.0, 86.0  # per cent of the width: room for the figures right of the last rung


def sector_page(views: Sequence[InForceView], scope: Name) -> SectorPage:
    """Of the versions in force of one peer group, oldest first; at least one. `scope` is its jurisdiction."""
    shown_years = list(views)[-MOST_YEARS:]
    newest = shown_years[-1]
    names = Names.of(newest.pack, newest.pack_version)
    shown = TotalsDisplay(names, newest.route, energy_units(1.0)["kgce"])
    best, typical = _totals(newest)
    places = shown.total_places(newest.label)
    return SectorPage(
        title=names.title(newest.route),
        scope=shown_name(scope),
        product=names.product(newest.route),
        unit=shown.spelled(newest.label.composite.unit),
        product_unit=one_of_output(names.made_in(newest.route)),
        url=benchmark_url(newest, newest.version),
        period=period_name(newest.period),
        gap=_gap_of(typical, best, places) if best and typical else "",
        firms=str(newest.label.composite.firms),
        rungs=_rungs(shown_years, shown),
        years=tuple(_year(view, shown, before) for before, view in reversed(list(zip([None, *shown_years], shown_years, strict=False)))),
        reach=_reach(newest, names),
        worth=worth_of(newest),
        over_years_url=reverse("web:sector", args=[newest.pack, newest.place, newest.route]),
    )


def _gap_of(typical: Estimate, best: Estimate, places: int | None) -> str:
    """Typical and best hold the same firms, so the interval is a little too wide (`portal.web.gaps`)."""
    between_them = gap("", typical, best, 1.0)
    return with_interval(between_them.value, between_them.lo, between_them.hi, places)


def _totals(view: InForceView) -> tuple[Estimate | None, Estimate | None]:
    return total_estimate(view.label.composite, 1.0), total_estimate(view.label.typical, 1.0)


def _rungs(views: Sequence[InForceView], shown: TotalsDisplay) -> tuple[YearRung, ...]:
    """Empty where no year has a value."""
    totals = [_totals(view) for view in views]
    ends = [
        end for pair in totals for estimate in pair if estimate for end in (estimate.lo, estimate.value, estimate.hi) if end is not None
    ]
    if not ends:
        return ()
    scale = HeightScale.over(ends)
    step = (RIGHT - LEFT) / max(len(views) - 1, 1)
    rungs = []
    for index, (view, (best, typical)) in enumerate(zip(views, totals, strict=True)):
        at = (LEFT + RIGHT) / 2 if len(views) == 1 else LEFT + step * index
        places = shown.total_places(view.label)
        rungs.append(
            YearRung(
                x=f"{at:.2f}%",
                label=view.period,
                best=scale.at(best.value) if best else "",
                best_text=number(best.value, places) if best else "",
                best_band=scale.span(best) if best else None,
                typical=scale.at(typical.value) if typical else "",
                typical_text=number(typical.value, places) if typical else "",
                typical_band=scale.span(typical) if typical else None,
                broken=f"{at - step / 2:.2f}%" if index and _broken(views[index - 1], view) else "",
            )
        )
    return tuple(rungs)


def _broken(before: InForceView | None, view: InForceView) -> bool:
    return before is not None and (before.pack_version, before.label.composite.unit) != (view.pack_version, view.label.composite.unit)


def _year(view: InForceView, shown: TotalsDisplay, before: InForceView | None) -> SectorYearRow:
    places = shown.total_places(view.label)
    (best, typical) = _totals(view)
    return SectorYearRow(
        period=period_name(view.period),
        version=_("version %(version)s") % {"version": view.version},
        url=benchmark_url(view, view.version),
        best=number(best.value, places) if best else NONE,
        best_interval=between(best.lo, best.hi, places) if best else "",
        typical=number(typical.value, places) if typical else NONE,
        typical_interval=between(typical.lo, typical.hi, places) if typical else "",
        firms=str(view.label.composite.firms) if best else NONE,
        note=_("defined differently from the year before") if _broken(before, view) else "",
    )


def _reach(view: InForceView, names: Names) -> tuple[ReachRow, ...]:
    """Steps in the order of the route. A gap within its noise is told as such, and nothing is worked out of it."""
    rows = []
    heat = {}
    for step in heat_cells(view.label):
        best, typical = step_estimates(step, 1.0)
        if best is not None and typical is not None:
            of_heat = gap(step.step, typical, best, step.ratio / MJ_PER_KGCE)
            heat[step.step] = (of_heat.lo, of_heat.hi)
    for step in view.label.headline:
        pack_step, (best, typical) = names.step(step.step), step_estimates(step, 1.0)
        name = names.step_name(step.step)
        if best is None or typical is None:
            rows.append(ReachRow(name, NONE, "", NONE, in_language(step.reason_en, step.reason_zh) or _("withheld")))
            continue
        step_gap = gap(step.step, typical, best, step.ratio)
        if step_gap.within_noise:
            rows.append(ReachRow(name, NONE, between(step_gap.lo, step_gap.hi), NONE, _("within the noise")))
            continue
        carbon = in_bounds(carbon_of_gap(step_gap, pack_step, heat.get(step.step), last_day(view.period), country_of(view.place)))
        rows.append(ReachRow(name, number(step_gap.value), between(step_gap.lo, step_gap.hi, decimals(step_gap.value)), carbon, ""))
    return tuple(rows)
