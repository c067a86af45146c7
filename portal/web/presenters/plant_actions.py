"""What a plant can do about its gaps: the measures that fit, and what the gaps are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from benchmarks.comparison.co2 import together
from benchmarks.comparison.energies import may_take
from benchmarks.comparison.gaps import RouteGap, sum_of_ends
from benchmarks.guidance.practices import Library, Practice
from portal.web.presenters.our_plant import Comparison, StepGap
from portal.web.presenters.practices import saving_of, source_of
from portal.web.presenters.worth import WorthRow, WorthTable, exactly, worth_row
from portal.web.words.figures import EnergyUnit, between, decimals_of, in_bounds, number
from portal.web.words.terms import in_page_language, one_of, one_of_output


class Measure(NamedTuple):
    """A practice that fits a gap: its saving in the unit of the page, and as its source says."""

    name: str
    url: str
    saves: float  # for one of the route's product, in the unit of the page
    costs: str  # US$ for one of yearly output of the route; empty where the source gives none
    saving: str
    investment: str
    metric: str
    low: str  # exact, of the source: kWh or MJ for one of the step's output
    exact_investment: str  # US$ for one of yearly capacity
    carriers: str


class StepMeasures(NamedTuple):
    """All that fit one step, the cheapest saving first; per `unit` of the step's output."""

    step: str
    unit: str
    practices: tuple[Measure, ...]
    sources: tuple[str, ...]


def measures_of(
    page: Comparison, row: StepGap, held: Library, units: Mapping[str, EnergyUnit]
) -> StepMeasures:
    """Published practices that save no more than the gap between the best runs, the least money for
    what they save first: what saves more is another plant.
    """
    cell = next(each for each in page.view.label.headline if each.step == row.step)
    step = page.names.step(row.step)
    made_in = page.names.step_made_in(row.step)
    amount = one_of(made_in, in_page_language(step.product_words) if step else cell.product)
    most = row.between.hi * page.in_kgce / cell.ratio if row.between else 0.0
    fitting = [
        practice
        for practice in held.of_step(page.view.pack, row.step)
        if practice.saving <= most * units[practice.unit].per_kgce
    ]

    def measure(practice: Practice) -> Measure:
        saved = float(practice.saving) / units[practice.unit].per_kgce * cell.ratio / page.in_kgce
        spent = practice.investment
        name = in_page_language(practice.words)
        return Measure(
            name=name
            if practice.cause is None
            else _("%(practice)s (against: %(cause)s)")
            % {"practice": name, "cause": in_page_language(practice.cause.words)},
            url=reverse("web:practice", args=[practice.id]),
            saves=saved,
            costs="" if spent is None else number(float(spent) * cell.ratio),
            saving=_("%(saving)s per %(amount)s")
            % {"saving": saving_of(practice), "amount": amount},
            investment=_("the source gives none")
            if spent is None
            else _("US$ %(amount)s") % {"amount": f"{spent}"},
            metric=practice.metric.value,
            low=f"{practice.saving}",
            exact_investment="" if spent is None else f"{spent}",
            carriers=" ".join(may_take(step.boundary)) if step else "",
        )

    def price(practice: Practice) -> tuple[bool, float]:
        """Money for what is saved; what has no price comes last, the largest saving first."""
        saving = float(practice.saving) / units[practice.unit].per_kgce
        spent = practice.investment
        return (True, -saving) if spent is None else (False, float(spent) / saving)

    return StepMeasures(
        step=row.name,
        unit=one_of_output(made_in),
        practices=tuple(map(measure, sorted(fitting, key=price))),
        sources=tuple(
            dict.fromkeys(
                _("Source: %(list)s (%(read_in)s).")
                % {
                    "list": source_of(listing),
                    "read_in": in_page_language(listing.read_in),
                }
                for listing in map(held.listing, fitting)
            )
        ),
    )


def worth_of(page: Comparison, units: Mapping[str, EnergyUnit]) -> WorthTable:
    """The gaps between the best runs, by step and by the energies that they may lie in."""
    gaps = [
        (row, row.between.times(page.in_kgce)) for row in page.certain if row.between is not None
    ]
    co2 = {
        each.step: page.factors.of_gap(
            each.ends, page.names.boundary(each.step), page.heat.get(each.step)
        )
        for _row, each in gaps
    }
    total = sum(each.value for _row, each in gaps)
    low, high = sum_of_ends(each for _row, each in gaps)
    decimals = page.decimals if page.in_kgce == 1.0 else None
    highest = max((each.hi for _row, each in gaps), default=1.0)

    def shown(row: StepGap, each: RouteGap) -> WorthRow:
        """What is multiplied is exact; what is read has the digits of the other figures."""
        told = worth_row(
            *(each, row.name, page.names.step(row.step), page.heat.get(row.step)),
            *(co2[row.step], units, highest),
            decimals=decimals,
        )
        return told if decimals is None else replace(told, kgce=number(row.equipment, decimals))

    summed = total if decimals is None else sum(row.equipment for row, _each in gaps)
    return WorthTable(
        unit=one_of_output(page.names.made_in(page.view.route)),
        caption=_("From your best runs to the industry’s, per %(amount)s")
        % {"amount": page.amount},
        caption_year=_("From your best runs to the industry’s, per year"),
        ordered=True,
        sum_name=_("Gaps that are certain"),
        rows=tuple(shown(row, each) for row, each in gaps),
        total=number(summed, decimals),
        total_interval=between(low, high, decimals_of(total) if decimals is None else decimals),
        total_co2=in_bounds(every) if (every := together(co2.values())) else _("incomplete"),
        exact_total=exactly((low, total, high)),
    )
