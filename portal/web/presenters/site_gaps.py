"""The gaps of one site to the published best of each step, the heat that they may lie in, and the CO2 that closing them would spare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from django.utils.translation import gettext as _

from benchmarks.label_keys import LabelKey
from benchmarks.measurements import Metric
from benchmarks.routes import Step
from portal.publication.shapes import LabelView, StepView
from portal.standings.reports import ReportedValue
from portal.standings.selectors import StandView, StepStandingView
from portal.web.carbon import Bounds, co2, of_electricity, year_of_electricity
from portal.web.gaps import RouteGap, gap
from portal.web.presenters.ladders import step_estimates
from portal.web.words.figures import MJ_PER_KGCE, NONE, Estimate, between, decimals, number
from portal.web.words.terms import Names, sentence_space


def standings_of(stand: StandView, label: LabelView) -> dict[str, StepStandingView]:
    """The site's standing in each cell that makes up the totals."""
    wanted = {LabelKey.of(step) for step in label.headline}
    return {standing.step: standing for standing in stand.steps if LabelKey.of(standing) in wanted}


def estimate_of(view: StepStandingView | ReportedValue) -> Estimate:
    """The protected value with the interval of the true one. The interval is drawn so that it holds the value, too."""
    if view.interval is None:
        return Estimate(view.value)
    return Estimate(view.value, min(view.interval[0], view.value), max(view.interval[1], view.value))


def gaps_of(label: LabelView, own: Mapping[str, Estimate]) -> list[RouteGap]:
    """Of every step whose best is shown and whose interval was computed."""
    gaps = []
    for step in label.headline:
        best, _typical = step_estimates(step, 1.0)
        if best is not None and step.step in own and own[step.step].lo is not None:  # without an interval nothing is told from noise
            gaps.append(gap(step.step, own[step.step], best, step.ratio))
    return gaps


def heat_of(stand: StandView, label: LabelView) -> dict[str, Bounds]:
    """Step -> between which ends the heat of its gap lies, kgce per tonne of the route's product, where both sides tell heat apart."""
    own = {
        (standing.step, standing.product, standing.variant): estimate_of(standing)
        for standing in stand.steps
        if standing.metric == Metric.THERMAL
    }
    heat = {}
    for step in heat_cells(label):
        you, (best, _typical) = own.get((step.step, step.product, step.variant)), step_estimates(step, 1.0)
        if best is not None and you is not None and you.lo is not None:
            of_heat = gap(step.step, you, best, step.ratio / MJ_PER_KGCE)
            heat[step.step] = (of_heat.lo, of_heat.hi)
    return heat


def heat_cells(label: LabelView) -> Iterator[StepView]:
    """The heat of the cells that make up the totals: another variant's is no part of their gap."""
    summed = {(step.step, step.product, step.variant) for step in label.headline}
    for step in label.steps:
        if step.metric == Metric.THERMAL and step.unit == "MJ/t" and (step.step, step.product, step.variant) in summed:
            yield step


def carbon_of(clear: Iterable[RouteGap], heat: Mapping[str, Bounds], names: Names, on: date, country: str) -> dict[str, Bounds | None]:
    """Step -> what closing its gap would spare, kg CO2 per tonne of the route's product."""
    return {step_gap.step: carbon_of_gap(step_gap, names.step(step_gap.step), heat.get(step_gap.step), on, country) for step_gap in clear}


def carbon_of_gap(step_gap: RouteGap, step: Step | None, heat: Bounds | None, on: date, country: str) -> Bounds | None:
    """From the least that the low end of the gap may be to the most that its high end may be: it is no surer than the gap."""
    amounts = [None if step is None else co2(end, step.boundary, on, country, heat) for end in (step_gap.lo, step_gap.hi)]
    ends = [end for bounds in amounts if bounds is not None for end in bounds]
    return (min(ends), max(ends)) if ends else None


def carbon_note(on: date, country: str) -> str:
    """Where the figures of CO2 come from."""
    kwh = of_electricity(on, country)
    note = _(
        "CO₂ is calculated with the default factors of the energies that a step uses (heat: GB/T 32150; fuels: GB/T 32151), as a range. If"
        " heat is reported separately, it follows the heat and the electricity of the gap; if not, the range assumes that the gap could be"
        " all of one energy. A dash means that an energy has no factor, or that energy leaves the step."
    )
    if kwh is None:
        return note
    electricity = _("Electricity: %(kg)s kg per kWh, China’s average of %(year)s.")
    return note + sentence_space() + electricity % {"kg": f"{kwh:g}", "year": year_of_electricity(on, country)}


def in_bounds(bounds: Bounds | None) -> str:
    """One figure where both ends read the same."""
    if bounds is None:
        return NONE
    low, high = (number(end, decimals(bounds[1])) for end in bounds)
    return low if low == high else between(*bounds)
