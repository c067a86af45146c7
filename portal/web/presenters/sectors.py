"""A benchmark over its years, from the versions in force alone: nothing stands here that the gate
did not let out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from benchmarks.comparison.co2 import Co2Factors
from benchmarks.comparison.estimates import Estimate
from benchmarks.comparison.gaps import gap
from benchmarks.phrases import Name
from portal.publication.definition_changes import breaks_with_totals
from portal.publication.in_force import InForceView
from portal.publication.sectors import MOST_YEARS
from portal.web.addresses import benchmark_url
from portal.web.charts.curve import HeightScale
from portal.web.charts.ladder import DrawnInterval
from portal.web.presenters.benchmarks import units_on
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.presenters.sector_worth import SectorWorth, worth_of
from portal.web.presenters.site_gaps import heat_cells, heat_gap
from portal.web.words.figures import (
    NONE,
    between,
    decimals_of,
    energy_units,
    in_bounds,
    kgce_of_one,
    number,
    with_interval,
)
from portal.web.words.terms import Names, in_language, one_of_output, period_name, shown_name


@dataclass(frozen=True, slots=True)
class YearRung:
    """One year. Heights are in per cent of the drawing; empty where the gate holds the value
    back.
    """

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
    unit: str  # where it is not that of the page


@dataclass(frozen=True, slots=True)
class ReachRow:
    """What one of the route's output would take less at this step, if a typical plant came down to
    the best.
    """

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
    """Of the versions in force of one peer group, oldest first; at least one. `scope` is its
    jurisdiction.
    """
    shown_years = list(views)[-MOST_YEARS:]
    newest = shown_years[-1]
    names = Names.of(newest.pack, newest.pack_version)
    shown = TotalsDisplay(names, newest.route, energy_units(1.0)["kgce"])
    best, typical = _totals(newest)
    decimals = shown.total_decimals(newest.label)
    return SectorPage(
        title=names.title(newest.route),
        scope=shown_name(scope),
        product=names.product(newest.route),
        unit=shown.spelled(newest.label.composite.unit),
        product_unit=one_of_output(names.made_in(newest.route)),
        url=benchmark_url(newest, newest.version),
        period=period_name(newest.period),
        gap=_gap_of(typical, best, decimals) if best and typical else "",
        firms=str(newest.label.composite.firms),
        rungs=_rungs([view for view in shown_years if _same_unit(view, newest)], shown),
        years=tuple(
            _year(view, shown, before, newest)
            for before, view in reversed(list(zip([None, *shown_years], shown_years, strict=False)))
        ),
        reach=_reach(newest, names),
        worth=worth_of(newest),
        over_years_url=reverse("web:sector", args=[newest.pack, newest.jurisdiction, newest.route]),
    )


def _gap_of(typical: Estimate, best: Estimate, decimals: int | None) -> str:
    """Typical and best hold the same firms, so the interval is a little too wide
    (`benchmarks.comparison.gaps`).
    """
    apart, ends = typical.less(best)
    return with_interval(apart, *ends, decimals)


def _totals(view: InForceView) -> tuple[Estimate | None, Estimate | None]:
    return view.label.composite.estimate, view.label.typical.estimate


def _same_unit(view: InForceView, newest: InForceView) -> bool:
    return view.label.composite.unit == newest.label.composite.unit


def _rungs(views: Sequence[InForceView], shown: TotalsDisplay) -> tuple[YearRung, ...]:
    """Of years in one unit; empty where none has a value."""
    totals = [_totals(view) for view in views]
    ends = [
        end
        for pair in totals
        for estimate in pair
        if estimate
        for end in (estimate.lo, estimate.value, estimate.hi)
        if end is not None
    ]
    if not ends:
        return ()
    scale = HeightScale.over(ends)
    step = (RIGHT - LEFT) / max(len(views) - 1, 1)
    rungs = []
    for index, (view, (best, typical)) in enumerate(zip(views, totals, strict=True)):
        at = (LEFT + RIGHT) / 2 if len(views) == 1 else LEFT + step * index
        decimals = shown.total_decimals(view.label)
        rungs.append(
            YearRung(
                x=f"{at:.2f}%",
                label=view.period,
                best=scale.at(best.value) if best else "",
                best_text=number(best.value, decimals) if best else "",
                best_band=scale.span(best) if best else None,
                typical=scale.at(typical.value) if typical else "",
                typical_text=number(typical.value, decimals) if typical else "",
                typical_band=scale.span(typical) if typical else None,
                broken=f"{at - step / 2:.2f}%" if index and _broken(views[index - 1], view) else "",
            )
        )
    return tuple(rungs)


def _broken(before: InForceView | None, view: InForceView) -> bool:
    return before is not None and bool(breaks_with_totals(before, view).codes_of_totals)


def _year(
    view: InForceView, shown: TotalsDisplay, before: InForceView | None, newest: InForceView
) -> SectorYearRow:
    alike = _same_unit(view, newest)
    decimals = shown.total_decimals(view.label) if alike else None
    (best, typical) = _totals(view)
    return SectorYearRow(
        period=period_name(view.period),
        version=_("version %(version)s") % {"version": view.version},
        url=benchmark_url(view, view.version),
        best=number(best.value, decimals) if best else NONE,
        best_interval=between(best.lo, best.hi, decimals) if best else "",
        typical=number(typical.value, decimals) if typical else NONE,
        typical_interval=between(typical.lo, typical.hi, decimals) if typical else "",
        firms=str(view.label.composite.firms) if best else NONE,
        note=_("defined differently from the year before") if _broken(before, view) else "",
        unit="" if alike else shown.spelled(view.label.composite.unit),
    )


def _reach(view: InForceView, names: Names) -> tuple[ReachRow, ...]:
    """Steps in the order of the route. A gap within its noise is told as such, and nothing is
    worked out of it.
    """
    rows = []
    factors = Co2Factors.of(view.period, view.jurisdiction)
    in_kgce = kgce_of_one(view.label.composite.unit, units_on(factors.day))
    heat = {}
    for cell in heat_cells(view.label):
        best, typical = cell.best_estimate, cell.typical_estimate
        if best is not None and typical is not None:
            heat[cell.step] = heat_gap(cell, typical, best)
    for cell in view.label.headline:
        best, typical = cell.best_estimate, cell.typical_estimate
        name = names.step_name(cell.step)
        if best is None or typical is None:
            rows.append(
                ReachRow(
                    name,
                    NONE,
                    "",
                    NONE,
                    in_language(cell.reason_en, cell.reason_zh) or _("withheld"),
                )
            )
            continue
        step_gap = gap(cell.step, typical, best, cell.ratio * in_kgce)
        if step_gap.within_noise:
            rows.append(
                ReachRow(name, NONE, between(step_gap.lo, step_gap.hi), NONE, _("within the noise"))
            )
            continue
        co2 = in_bounds(
            factors.of_gap(step_gap.ends, names.boundary(cell.step), heat.get(cell.step))
        )
        rows.append(
            ReachRow(
                name,
                number(step_gap.value),
                between(step_gap.lo, step_gap.hi, decimals_of(step_gap.value)),
                co2,
                "",
            )
        )
    return tuple(rows)
