"""What a firm can do next: its gaps in order of worth, published practices at each step, and what
changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from django.urls import reverse
from django.utils.translation import gettext as _

from benchmarks.comparison.co2 import together
from benchmarks.comparison.energies import may_take
from benchmarks.comparison.gaps import RouteGap, clear_sum, sum_of_ends
from benchmarks.guidance.practices import Library, Practice
from benchmarks.phrases import alternatives
from benchmarks.routes import Step
from portal.publication.in_force import InForceView
from portal.publication.shapes import CellView
from portal.sentences import in_words
from portal.standings.selectors import StandView
from portal.web.addresses import benchmark_url
from portal.web.presenters.cbam import Border, border_of
from portal.web.presenters.ladders import ratios_of
from portal.web.presenters.practices import saving_of
from portal.web.presenters.site_gaps import co2_note, compared
from portal.web.presenters.worth import CarrierRow, WorthTable, carriers_of, exactly, worth_row
from portal.web.words.figures import EnergyUnit, between, decimals_of, in_bounds, number, per_cent
from portal.web.words.terms import (
    Names,
    in_page_language,
    one_of,
    one_of_output,
    output_of_a_year,
    over_years,
    period_name,
    shown_name,
    unit_in_words,
    within,
)


@dataclass(frozen=True, slots=True)
class PracticeRow:
    name: str
    url: str
    saving: str
    investment: str
    metric: str
    low: str  # exact: of the saving, kWh or MJ for one of the step's output
    exact_investment: str  # US$ for one of yearly capacity; empty where the source gives none
    carriers: str  # ids that the step takes


@dataclass(frozen=True, slots=True)
class ToDo:
    """One step to act on, the dearest first."""

    step: str
    gap: str  # for one of the step's own output
    unit: str  # of that output, as it follows `per`
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
    first_step: str
    first_share: str
    clear: int
    compared: int
    awaited: int
    output: str  # what is typed to multiply by
    worth: WorthTable
    carriers: tuple[CarrierRow, ...]
    within_noise: tuple[str, ...]
    steps: tuple[ToDo, ...]
    practice_units: str  # that savings and investments of these steps are for: `tonne`, or several
    notes: tuple[str, ...]
    trend_url: str  # empty where one period is all there is
    border: Border | None  # none where no good of the route is under it


def next_page(
    stand: StandView,
    view: InForceView,
    units: Mapping[str, EnergyUnit],
    which: str,
    library: Library,
    today: date,
    country_name: str,
    *,
    several: bool,
) -> NextPage:
    """`which` names site and period in the address, `several` says whether the site has more; the
    law of the border is as known `today`.
    """
    names = Names.of(view.pack, view.pack_version)
    site = compared(stand, view.label, names, units)
    gaps, clear = ([gap.times(site.in_kgce) for gap in each] for each in (site.gaps, site.clear))
    factors = site.factors
    total, (low, high) = clear_sum(gaps), sum_of_ends(clear)
    highest = max((gap.hi for gap in clear), default=1.0)
    called = {
        gap.step: over_years(names.step_name(gap.step), site.standings[gap.step].years)
        for gap in gaps
    }
    steps = tuple(
        _to_do(gap, called[gap.step], names, view.label.headline, view.pack, library, units)
        for gap in clear
    )
    return NextPage(
        site=shown_name(stand.report.site_name),
        sector=names.title(view.route),
        period=period_name(stand.report.period),
        run_period=stand.report.period,
        version=view.version,
        benchmark_url=benchmark_url(view, view.version),
        stand_url=f"{reverse('web:stand')}?which={which}",
        pack=_("%(pack)s version %(version)s")
        % {"pack": names.sector, "version": view.pack_version},
        first_step=within(names.step_name(clear[0].step)) if clear else "",
        first_share=per_cent(clear[0].value / total) if clear else "",
        clear=len(clear),
        compared=len(gaps),
        awaited=site.awaited,
        output=output_of_a_year(
            names.made_in(view.route),
            names.product(view.route),
            _("Tonnes of %(product)s made in a year"),
        ),
        worth=WorthTable(
            unit=one_of_output(names.made_in(view.route)),
            caption=_("Value of each gap to the industry best, per %(amount)s")
            % {"amount": names.amount(view.route)},
            caption_year=_("Value per year of each gap to the industry best"),
            ordered=True,
            sum_name=_("Gaps larger than the noise"),
            rows=tuple(
                worth_row(
                    gap,
                    called[gap.step],
                    names.step(gap.step),
                    site.heat.get(gap.step),
                    site.co2[gap.step],
                    units,
                    highest,
                )
                for gap in clear
            ),
            total=number(total),
            total_interval=between(low, high, decimals_of(total)),
            total_co2=in_bounds(co2) if (co2 := together(site.co2.values())) else _("incomplete"),
            exact_total=exactly((low, total, high)),
        ),
        carriers=carriers_of((names.step(gap.step) for gap in clear), factors),
        within_noise=tuple(
            _("%(step)s: %(value)s %(unit)s (%(interval)s)")
            % {
                "step": called[gap.step],
                "value": number(gap.value),
                "unit": unit_in_words(f"kgce/{names.made_in(view.route)}"),
                "interval": between(gap.lo, gap.hi, decimals_of(gap.value)),
            }
            for gap in gaps
            if gap.within_noise
        ),
        steps=steps,
        practice_units=in_words(
            cast("str", alternatives(dict.fromkeys(step.unit for step in steps)))
        )
        if steps
        else "",
        notes=(
            ratios_of(view.label, names, view.route),
            units["MJ"].note,
            units["kWh"].note,
            co2_note(factors),
        ),
        trend_url=f"{reverse('web:stand-trend')}?which={which}" if several else "",
        border=border_of(view.pack, view.route, factors.country, today, country_name),
    )


def _to_do(
    gap: RouteGap,
    called: str,
    names: Names,
    cells: Sequence[CellView],
    pack: str,
    library: Library,
    units: Mapping[str, EnergyUnit],
) -> ToDo:
    cell = next(each for each in cells if each.step == gap.step)
    value, low, high = (end / cell.ratio for end in (gap.value, gap.lo, gap.hi))
    decimals = decimals_of(value)
    step = names.step(gap.step)
    made_in = names.step_made_in(gap.step)
    amount = one_of(made_in, in_page_language(step.product_words) if step else cell.product)
    # what saves more than the gap is another plant
    practices = [
        practice
        for practice in library.of_step(pack, gap.step)
        if practice.saving <= high * units[practice.unit].per_kgce
    ]
    return ToDo(
        step=called,
        gap=_("%(value)s kgce per %(amount)s (%(interval)s)")
        % {
            "value": number(value, decimals),
            "amount": amount,
            "interval": between(low, high, decimals),
        },
        unit=one_of_output(made_in),
        practices=tuple(_practice(practice, amount, step) for practice in practices),
        sources=tuple(
            dict.fromkeys(
                _("Source: %(list)s (%(read_in)s).")
                % {
                    "list": in_page_language(listing.words),
                    "read_in": in_page_language(listing.read_in),
                }
                for listing in map(library.listing, practices)
            )
        ),
    )


def _practice(practice: Practice, amount: str, step: Step | None) -> PracticeRow:
    name = in_page_language(practice.words)
    if practice.cause is not None:
        name = _("%(practice)s (against: %(cause)s)") % {
            "practice": name,
            "cause": in_page_language(practice.cause.words),
        }
    investment = (
        _("the source gives none")
        if practice.investment is None
        else _("US$ %(amount)s") % {"amount": f"{practice.investment}"}
    )
    saving = _("%(saving)s per %(amount)s") % {"saving": saving_of(practice), "amount": amount}
    return PracticeRow(
        name=name,
        url=reverse("web:practice", args=[practice.id]),
        saving=saving,
        investment=investment,
        metric=practice.metric.value,
        low=f"{practice.saving}",
        exact_investment="" if practice.investment is None else f"{practice.investment}",
        carriers=" ".join(may_take(step.boundary)) if step else "",
    )
