"""A site's protected values beside the published best of each step: the gaps, the heat they may lie
in, and the CO2 of closing them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from benchmarks.comparison.co2 import Co2Factors
from benchmarks.comparison.energies import Bounds
from benchmarks.comparison.estimates import Estimate
from benchmarks.comparison.gaps import RouteGap, gap, largest_first, whole_route
from benchmarks.label_keys import LabelKey
from benchmarks.measurements import Metric
from portal.publication.shapes import CellView, LabelView
from portal.standings.reports import ReportedValue
from portal.standings.selectors import StandView, StepStandingView
from portal.web.words.figures import MJ_PER_KGCE, EnergyUnit, energy_of, kgce_of_one
from portal.web.words.terms import Names, sentence_space


@dataclass(frozen=True, slots=True)
class SiteComparison:
    """One site beside one label. All by step, and of gaps for one of the route's output."""

    standings: Mapping[str, StepStandingView]  # of the cells that make up the totals
    own: Mapping[str, Estimate]  # the best of its own runs
    usual: Mapping[str, Estimate]  # its median run, without an interval
    awaited: int  # values whose interval is computed with the next draft
    gaps: Sequence[
        RouteGap
    ]  # largest first, of every step whose best is shown and whose interval was computed
    clear: Sequence[RouteGap]  # those that are larger than the noise
    in_kgce: float  # one of the unit of energy that the gaps are in, which is that of the totals
    heat: Mapping[str, Bounds]  # kgce, in which a gap may lie, where both sides tell heat apart
    co2: Mapping[str, Bounds | None]  # kg, that closing the gap would spare, of the clear ones
    factors: Co2Factors


def compared(
    stand: StandView, label: LabelView, names: Names, units: Mapping[str, EnergyUnit]
) -> SiteComparison:
    """`units`: those of the page, so that one factor of electricity serves all of it."""
    units_of = {LabelKey.of(cell): cell.unit for cell in label.headline}
    standings = {
        standing.step: standing
        for standing in stand.steps
        if units_of.get(LabelKey.of(standing)) == standing.unit
    }
    own = {step: estimate_of(standing) for step, standing in standings.items()}
    gaps = largest_first(_gaps(label, own))
    clear = [step_gap for step_gap in gaps if not step_gap.within_noise]
    heat = heat_of(stand, label)
    factors = Co2Factors.of(stand.report.period, stand.report.jurisdiction)
    in_kgce = kgce_of_one(label.composite.unit, units)
    co2 = {
        step_gap.step: factors.of_gap(
            step_gap.times(in_kgce).ends, names.boundary(step_gap.step), heat.get(step_gap.step)
        )
        for step_gap in clear
    }
    awaited = sum(not estimate.has_interval for estimate in own.values())
    usual = {
        step: Estimate(standing.typical)
        for step, standing in standings.items()
        if standing.typical is not None
    }
    return SiteComparison(standings, own, usual, awaited, gaps, clear, in_kgce, heat, co2, factors)


def estimate_of(view: StepStandingView | ReportedValue) -> Estimate:
    """The protected value with the interval of the true one. The interval is drawn so that it holds
    the value, too.
    """
    if view.interval is None:
        return Estimate(view.value)
    return Estimate(
        view.value, min(view.interval[0], view.value), max(view.interval[1], view.value)
    )


def _gaps(label: LabelView, own: Mapping[str, Estimate]) -> list[RouteGap]:
    """Without an interval nothing is told from noise."""
    pairs = [(cell, own.get(cell.step), cell.best_estimate) for cell in label.headline]
    return [
        gap(cell.step, you, best, cell.ratio)
        for cell, you, best in pairs
        if you is not None and you.has_interval and best is not None
    ]


def heat_of(stand: StandView, label: LabelView) -> dict[str, Bounds]:
    """Step -> between which ends the heat of its gap lies, kgce for one of the route's output,
    where both sides tell heat apart.
    """
    own = {
        (standing.step, standing.product, standing.variant): estimate_of(standing)
        for standing in stand.steps
        if standing.metric == Metric.THERMAL
    }
    heat = {}
    for cell in heat_cells(label):
        you, best = own.get((cell.step, cell.product, cell.variant)), cell.best_estimate
        if best is not None and you is not None and you.has_interval:
            heat[cell.step] = heat_gap(cell, you, best)
    return heat


def heat_cells(label: LabelView) -> Iterator[CellView]:
    """The heat of the cells that make up the totals: another variant's is no part of their gap."""
    summed = {(cell.step, cell.product, cell.variant) for cell in label.headline}
    for cell in label.cells:
        if (
            cell.metric == Metric.THERMAL
            and energy_of(cell.unit) == "MJ"
            and (cell.step, cell.product, cell.variant) in summed
        ):
            yield cell


def heat_gap(cell: CellView, you: Estimate, best: Estimate) -> Bounds:
    """Between which ends the heat of a gap lies, kgce for one of the route's output."""
    return gap(cell.step, you, best, cell.ratio / MJ_PER_KGCE).ends


def total_of(stand: StandView, own: Mapping[str, Estimate], label: LabelView) -> Estimate | None:
    """The site's own sum of ratio x step where it reported every step, with the interval by which
    the route is ranked, as its file and the API have it; where the route is not ranked, that of its
    independent steps."""
    if (
        stand.route is not None
        and stand.route.interval is not None
        and stand.route.unit == label.composite.unit
    ):
        return estimate_of(stand.route)
    return by_its_steps(own, label)


def by_its_steps(own: Mapping[str, Estimate], label: LabelView) -> Estimate | None:
    if any(cell.step not in own for cell in label.headline):
        return None
    return whole_route((cell.ratio, own[cell.step]) for cell in label.headline)


def co2_note(factors: Co2Factors) -> str:
    """Where the figures of CO2 come from."""
    note = _(
        "CO₂ is calculated with the default factors of the energies that a step uses (heat: GB/T "
        "32150; fuels: GB/T 32151), as a range. If"
        " heat is reported separately, it follows the heat and the electricity of the gap; if "
        "not, the range assumes that the gap could be"
        " all of one energy. A dash means that an energy has no factor, or that energy leaves the "
        "step."
    )
    per_kwh = factors.per_kwh
    if per_kwh is None:
        return note
    electricity = _("Electricity: %(kg)s kg per kWh, China’s average of %(year)s.")
    return (
        note
        + sentence_space()
        + electricity % {"kg": f"{per_kwh:g}", "year": factors.year_of_electricity}
    )
