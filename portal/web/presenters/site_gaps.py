"""A site's protected values as estimates, the heat that a gap may lie in, and where figures of CO2
come from."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from benchmarks.comparison.co2 import Co2Factors
from benchmarks.comparison.energies import Bounds
from benchmarks.comparison.estimates import Estimate
from benchmarks.comparison.gaps import gap
from benchmarks.measurements import Metric
from portal.publication.shapes import CellView, LabelView
from portal.standings.reports import ReportedValue
from portal.standings.selectors import StandView, StepStandingView
from portal.web.words.figures import MJ_PER_KGCE, energy_of
from portal.web.words.terms import sentence_space


def estimate_of(view: StepStandingView | ReportedValue) -> Estimate:
    """The protected value with the interval of the true one. The interval is drawn so that it holds
    the value, too.
    """
    if view.interval is None:
        return Estimate(view.value)
    return Estimate(
        view.value, min(view.interval[0], view.value), max(view.interval[1], view.value)
    )


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
