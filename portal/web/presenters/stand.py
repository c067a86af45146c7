"""Where we stand: a site's protected values beside the published benchmark, largest gap first (what
lies within noise gets a dash), its ranks and scores, and its trend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from benchmarks.comparison.co2 import together
from benchmarks.comparison.estimates import Estimate
from benchmarks.comparison.gaps import RouteGap, clear_sum, sum_of_ends
from benchmarks.ranking import FEWEST_FOR_A_SCORE
from portal.publication.in_force import InForceView
from portal.publication.shapes import LabelView
from portal.standings.reports import ReportView
from portal.standings.selectors import StandView, StepStandingView
from portal.web.addresses import benchmark_url
from portal.web.charts.ladder import DrawnInterval
from portal.web.presenters.benchmarks import interval_words, unit_links
from portal.web.presenters.ladders import TotalsDisplay, ladder_of
from portal.web.presenters.site_gaps import (
    SiteComparison,
    by_its_steps,
    co2_note,
    compared,
    total_of,
)
from portal.web.presenters.trend import TrendStep
from portal.web.viewmodels.shared import Crumb, HeadlineFigure
from portal.web.viewmodels.stand import GapRow, RankStrip, ScoreRow, StandPage, TrendPage
from portal.web.words.figures import (
    NONE,
    EnergyUnit,
    between,
    decimals_of,
    energy_of,
    in_bounds,
    number,
    ordinal,
    signed,
    with_interval,
)
from portal.web.words.terms import Names, one_of_output, over_years, period_name, shown_name, within
from portal.web.words.verdicts import ranks_between, ranks_of, verdict

WIDE = 2.0
"""So many times as far as its steps an interval of the whole route reaches where the page says
why.
"""

MOST_TICKS = 200
"""Ranks with a tick each: with more of them ticks would touch, and two thousand weigh 140 kB."""


def stand_page(
    stand: StandView,
    view: InForceView,
    unit: EnergyUnit,
    units: Mapping[str, EnergyUnit],
    which: str,
    *,
    several: bool,
) -> StandPage:
    """`which` names site and period in the address; `several` says whether there are other periods
    of the site to look back on.
    """
    names = Names.of(view.pack, view.pack_version)
    shown = TotalsDisplay(names, view.route, unit)
    site = compared(stand, view.label, names, units)
    mj = site.in_kgce * units["MJ"].per_kgce
    standings, gaps, clear = site.standings, site.gaps, site.clear
    total = total_of(stand, site.own, view.label)
    at_best = sum(gap.value <= 0 for gap in gaps)
    factor = shown.factor(view.label.composite.unit)
    order = [gap.step for gap in gaps] + [
        cell.step for cell in view.label.headline if cell.step not in {gap.step for gap in gaps}
    ]
    ranked = standings.get(order[0]) if order else None
    by_step = [standings[step] for step in order if step in standings]
    few = _("With fewer than %(n)d sites there is a rank, but no score.") % {
        "n": FEWEST_FOR_A_SCORE
    }
    return StandPage(
        site=shown_name(stand.report.site_name),
        sector=names.title(view.route),
        period=period_name(stand.report.period),
        version=view.version,
        benchmark_url=benchmark_url(view, view.version),
        first_step=within(names.step_name(clear[0].step)) if clear else "",
        first_gap=_in_unit(factor, clear[0].value, clear[0].lo, clear[0].hi) if clear else "",
        clear_sum=_in_unit(factor, clear_sum(gaps), *sum_of_ends(clear)) if clear else "",
        amount=names.amount(view.route),
        product_unit=one_of_output(names.made_in(view.route)),
        next_url=f"{reverse('web:next')}?which={which}",
        clear_gaps=len(clear),
        all_gaps=len(gaps),
        within_noise=len(gaps) - len(clear) - at_best,
        at_best=at_best,
        computed=stand.computed_at,
        awaited=site.awaited,
        figures=_figures(total, ranked, view.label, shown, awaited=bool(site.awaited)),
        interval_note=_why_wide(total, by_its_steps(site.own, view.label)),
        strip=rank_strip(ranked, within(names.step_name(ranked.step))) if ranked else None,
        scores=(scores := score_rows(by_step, names, stand.route)),
        route_lead=_route_lead(stand.route),
        no_score="" if any(row.band for row in scores) else few,
        ladder=ladder_of(
            view.label, shown, you=site.own, your_total=total, usual=site.usual, order=order
        ),
        own_best=_own_best(site, view.label, shown),
        units=unit_links(units, unit, view.label, f"which={which}&"),
        unit_note=unit.note,
        conversions=units["MJ"].note,
        carbon_note=co2_note(site.factors),
        gap_energy=energy_of(view.label.composite.unit),
        gaps=_rows(site, names, mj),
        gap_sum=_sum_row(clear, mj, together(site.co2.values())) if clear else None,
        export_url=f"{reverse('web:stand-csv')}?which={which}",
        trend_url=f"{reverse('web:stand-trend')}?which={which}" if several else "",
    )


def _in_unit(factor: float, value: float, low: float, high: float) -> str:
    return with_interval(factor * value, factor * low, factor * high)


def trend_page(report: ReportView, which: str, steps: tuple[TrendStep, ...]) -> TrendPage:
    return TrendPage(
        site=shown_name(report.site_name),
        steps=steps,
        crumbs=(Crumb(_("Where we stand"), f"{reverse('web:stand')}?which={which}"),),
    )


def rank_strip(standing: StepStandingView, step: str) -> RankStrip | None:
    """All ranks as ticks, those that fit marked: a rank is never shown without its interval, so
    there is no point.

    Where ticks would touch, a line stands for all ranks, and only the ends of those that fit have
    theirs.
    """
    if standing.rank_interval is None or not standing.of:
        return None
    low, high = standing.rank_interval
    room = 97.0 / max(standing.of - 1, 1)

    def at(index: int) -> float:
        return 1.5 + room * (index - 1) if standing.of and standing.of > 1 else 50.0

    crowded = standing.of > MOST_TICKS
    marked = sorted({low, high}) if crowded else range(1, standing.of + 1)
    left, right = max(at(low) - room / 2, 0.0), min(at(high) + room / 2, 100.0)
    return RankStrip(
        words=_("Your rank at %(step)s: %(places)s of %(of)d.")
        % {"step": step, "places": ranks_between(low, high), "of": standing.of},
        of=standing.of,
        several=low < high,
        band=DrawnInterval(f"{left:.2f}%", f"{right - left:.2f}%"),
        crowded=crowded,
        ticks=tuple((f"{at(rank):.2f}%", low <= rank <= high) for rank in marked),
        first=_("%(place)s, least energy") % {"place": ordinal(1)},
        last=ordinal(standing.of),
    )


def score_rows(
    standings: Sequence[StepStandingView], names: Names, route: StepStandingView | None = None
) -> tuple[ScoreRow, ...]:
    """The whole route first, then one row a step that is ranked, in the order given; none where
    nothing is ranked yet.
    """
    called = [
        (over_years(names.step_name(standing.step), standing.years), standing)
        for standing in standings
    ]
    if route is not None:
        called.insert(0, (_("Whole route"), route))
    return tuple(
        _score_row(name, standing, standing.rank_interval, standing.of)
        for name, standing in called
        if standing.rank_interval and standing.of
    )


def _score_row(
    called: str, standing: StepStandingView, ranks: tuple[int, int], of: int
) -> ScoreRow:
    score, band = "", None
    if standing.score is not None:
        low, high = standing.score
        score = (
            pgettext("score", "%(low)d to %(high)d") % {"low": low, "high": high}
            if low < high
            else f"{low}"
        )
        band = DrawnInterval(f"{low - 1}%", f"{high - low + 1}%")
    return ScoreRow(called, score, band, ranks_of(ranks, of), verdict(ranks, of))


def _own_best(site: SiteComparison, label: LabelView, shown: TotalsDisplay) -> str:
    """What running every day like the best of its own runs would spare the site, at the steps that
    it reported; empty where it is nothing.
    """
    spared = {
        cell.step: cell.ratio * (site.usual[cell.step].value - site.own[cell.step].value)
        for cell in label.headline
        if cell.step in site.usual
    }
    total = shown.factor(label.composite.unit) * sum(spared.values())
    if total <= 0:
        return ""
    return _(
        "If every run were like your own best ones, you would use %(spared)s %(unit)s less, "
        "without investment. The largest part is at %(step)s."
    ) % {
        "spared": number(total),
        "unit": shown.per_output(label.composite.unit, shown.names.product(shown.route)),
        "step": within(shown.names.step_name(max(spared, key=lambda step: spared[step]))),
    }


def _route_lead(route: StepStandingView | None) -> str:
    """Of a route with standings: its verdict, or that its ranks say nothing."""
    if route is None or route.of is None:
        return ""
    if route.rank_interval is None:
        return _("Your whole route has no rank: more than half of all ranks are possible.")
    return _("Your whole route: %(verdict)s (%(places)s).") % {
        "verdict": verdict(route.rank_interval, route.of),
        "places": ranks_of(route.rank_interval, route.of),
    }


def _why_wide(total: Estimate | None, of_steps: Estimate | None) -> str:
    """Said of a whole route whose interval reaches several times as far to one side as its steps
    do.
    """
    if total is None or of_steps is None or total.reach is None or of_steps.reach is None:
        return ""
    if not any(
        route > WIDE * steps for steps, route in zip(of_steps.reach, total.reach, strict=True)
    ):
        return ""
    return _(
        "The interval of your whole route is wider than those of its steps make it: noise can in "
        "rare cases put a step’s value far"
        " off, and the whole route counts this as if it could move the total by any amount, "
        "however small the step is."
    )


def _figures(
    total: Estimate | None,
    ranked: StepStandingView | None,
    label: LabelView,
    shown: TotalsDisplay,
    *,
    awaited: bool,
) -> tuple[HeadlineFigure, ...]:
    factor, decimals = shown.factor(label.composite.unit), shown.total_decimals(label)
    lacking = (
        _("its interval is computed with the next draft")
        if awaited
        else _("not every step was reported")
    )
    value = HeadlineFigure(_("Your best runs, whole route"), NONE, "", lacking, "you")
    if total is not None and not awaited:
        own = total.scaled(factor)
        value = HeadlineFigure(
            value.title,
            number(own.value, decimals),
            shown.spelled(label.composite.unit),
            interval_words(own, decimals),
            "you",
        )
    rank = HeadlineFigure(
        _("Your rank"),
        NONE,
        "",
        _("ranks are computed when the regulator composes a label from enough firms"),
        "you",
    )
    if ranked is not None and ranked.rank_interval is not None and ranked.of:
        rank = HeadlineFigure(
            _("Your rank at %(step)s") % {"step": within(shown.names.step_name(ranked.step))},
            ranks_between(*ranked.rank_interval),
            _("of %(of)d") % {"of": ranked.of},
            verdict(ranked.rank_interval, ranked.of),
            "you",
        )
    reached = shown.total(label.best_reached)
    title = _("Best whole route really reached")
    best = (
        HeadlineFigure(
            title,
            number(reached.value, decimals),
            shown.spelled(label.best_reached.unit),
            interval_words(reached, decimals),
            "best",
        )
        if reached
        else HeadlineFigure(
            title,
            NONE,
            "",
            shown.names.total_reason(label.best_reached.reason_en, label.best_reached.reason_zh),
            "best",
        )
    )
    return value, rank, best


def _rows(site: SiteComparison, names: Names, mj: float) -> tuple[GapRow, ...]:
    """One row a gap; what lies within the noise shows its interval and dashes, for there is nothing
    to convert.

    `mj`: how many there are in one of the unit of energy that the gaps are in.
    """
    gaps, standings = site.gaps, site.standings
    lowest = min((0.0, *(step_gap.lo for step_gap in gaps)))
    span = max((0.0, *(step_gap.hi for step_gap in gaps))) - lowest or 1.0

    def at(value: float) -> float:
        return 100 * (value - lowest) / span

    rows = []
    for gap in gaps:
        left, right = sorted((at(0.0), at(gap.value)))
        decimals = decimals_of(gap.value)
        rows.append(
            GapRow(
                step=over_years(names.step_name(gap.step), standings[gap.step].years),
                reading=_reading(gap),
                energy=signed(gap.value, decimals),
                interval=between(gap.lo, gap.hi, decimals),
                ranks=_ranks(standings[gap.step]),
                co2=in_bounds(site.co2.get(gap.step)),
                mj=NONE if gap.within_noise else number(gap.value * mj),
                bar=DrawnInterval(f"{left:.2f}%", f"{right - left:.2f}%"),
                whisker=DrawnInterval(f"{at(gap.lo):.2f}%", f"{at(gap.hi) - at(gap.lo):.2f}%"),
                whisker_end=f"{at(gap.hi):.2f}%",
            )
        )
    return tuple(rows)


def _reading(gap: RouteGap) -> str:
    """What a gap that leaves the sum says instead."""
    if gap.value <= 0:
        return _("at the industry best or below it")
    return _("within noise") if gap.within_noise else ""


def _ranks(standing: StepStandingView) -> str:
    if standing.rank_interval is None or not standing.of:
        return NONE
    return ranks_of(standing.rank_interval, standing.of)


def _sum_row(clear: Sequence[RouteGap], mj: float, co2: tuple[float, float] | None) -> GapRow:
    total = clear_sum(clear)
    nothing = DrawnInterval("0%", "0%")
    return GapRow(
        step=_("Gaps larger than the noise"),
        reading="",
        energy=number(total),
        interval=between(*sum_of_ends(clear), decimals_of(total)),
        ranks="",
        co2=in_bounds(co2),
        mj=number(total * mj),
        bar=nothing,
        whisker=nothing,
        whisker_end="0%",
    )
