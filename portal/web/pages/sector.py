"""The sector page, which is the public's first: what its plants could save, where, over the years,
and how sure that is; and the same years as open data.

Of versions in force alone: nothing stands here that the gate withholds. Every amount is for one of
the route's product, in the unit of its totals, so that steps can be compared and add up.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from benchmarks.comparison.estimates import Estimate, changed
from benchmarks.comparison.gaps import RouteGap, gap
from benchmarks.explanation import Explanation
from benchmarks.explanation.wording import amount
from portal.own_address import absolute
from portal.practices.selectors import library
from portal.publication import codebook, open_data, over_years, sectors, selectors
from portal.publication.definition_changes import breaks_with_totals
from portal.publication.in_force import InForceView, in_force_of
from portal.publication.rows import VersionColumns, benchmark_view
from portal.publication.sectors import GroupInForce
from portal.publication.shapes import BenchmarkView, CellView, LabelView
from portal.read_replica import from_replica
from portal.sentences import in_words
from portal.web.addresses import benchmark_url
from portal.web.answers import attachment
from portal.web.charts.findings import (
    Bar,
    BarScale,
    BoxPicture,
    YearsPicture,
    YearValues,
    draw_box,
    draw_years,
)
from portal.web.page_cache import RenderedPage, cached, rendered
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.presenters.sector_worth import worth_of
from portal.web.views.public import publisher_name
from portal.web.words.figures import (
    between,
    decimals_of,
    energy_of,
    number,
    per_cent,
    signed,
)
from portal.web.words.terms import (
    Names,
    in_language,
    in_page_language,
    per_output,
    period_name,
    shown_name,
    unit_in_words,
    within,
)

MOST_FINDINGS = 6
"""Other sectors that stand with what they could save; the rest by name."""


@dataclass(frozen=True, slots=True)
class StepFinding:
    """What a typical plant uses at a step, and what it would save at the step's best."""

    cell: CellView
    name: str
    typical: Estimate | None
    saving: RouteGap | None  # None where the gate withholds one of the two
    hidden: str
    text: str  # of the typical value
    saving_text: str  # empty where the saving is within the noise
    share: str  # of all that could be saved
    uses: Bar | None
    saves: Bar | None
    measures: int


class SectorFinding:
    """What one version says of its sector: the total in per cent and in its unit, and step by step,
    largest saving first.
    """

    def __init__(
        self, label: LabelView, names: Names, route: str, measures: Mapping[str, int]
    ) -> None:
        self.label, self.names, self.route = label, names, route
        self.shown = TotalsDisplay(names, route)
        self.best, self.typical = label.composite.estimate, label.typical.estimate
        self.reached = label.best_reached.estimate
        self.decimals = self.shown.total_decimals(label)
        self.product = names.product(route)
        self.unit = unit_in_words(label.composite.unit)
        self.per_output = per_output(label.composite.unit, self.product)
        self.amount = in_words(amount(label.composite.unit, self.product))
        self.energy = unit_in_words(energy_of(label.composite.unit))
        self.steps = self._steps(measures)
        self.bars = BarScale.over([each.value for _name, each in self.totals])

    @property
    def whole(self) -> RouteGap | None:
        """Typical less best; both hold the same firms, so the interval is a little too wide."""
        return gap("", self.typical, self.best, 1.0) if self.typical and self.best else None

    @property
    def is_clear(self) -> bool:
        return self.whole is not None and not self.whole.within_noise

    @property
    def title(self) -> str:
        facts = {"product": self.product}
        if self.whole is None:
            return capfirst(_("%(product)s plants: the total saving is withheld") % facts)
        if self.whole.within_noise:
            return capfirst(_("%(product)s plants: no saving can be told from the noise") % facts)
        facts["share"] = self.share or f"{number(self.whole.value, self.decimals)} {self.unit}"
        return capfirst(_("%(product)s plants could use %(share)s less energy") % facts)

    @property
    def share(self) -> str:
        """Of a typical plant's energy; empty where that is not above 0."""
        if self.whole is None or self.typical is None or self.typical.value <= 0:
            return ""
        return per_cent(self.whole.value / self.typical.value)

    @property
    def energy_in_full(self) -> str:
        """Of the unit's energy at its first use."""
        if energy_of(self.label.composite.unit) != "kgce":
            return self.energy
        return _("kilograms of coal equivalent (kgce)")

    @property
    def per_output_in_full(self) -> str:
        return self.per_output.replace("kgce", self.energy_in_full)

    @property
    def typical_text(self) -> str:
        return number(self.typical.value, self.decimals) if self.typical else ""

    @property
    def best_text(self) -> str:
        return number(self.best.value, self.decimals) if self.best else ""

    @property
    def gap_text(self) -> str:
        return number(self.whole.value, self.decimals) if self.whole else ""

    @property
    def sure(self) -> str:
        """The ends of the saving, in the unit of the totals."""
        return between(*self.whole.ends, self.decimals) if self.whole else ""

    @property
    def totals(self) -> list[tuple[str, Estimate]]:
        named = (
            (_("Typical plant"), self.typical),
            (_("Best plant route"), self.reached),
            (_("Best of every step, added up"), self.best),
        )
        return [(name, value) for name, value in named if value is not None]

    @property
    def drawn(self) -> list[tuple[str, str, Bar, Bar | None]]:
        """Name, figure and bar of each total; of the typical plant also what is above the best."""
        return [
            (
                name,
                number(value.value, self.decimals),
                self.bars.bar(value.value),
                self.bars.bar(value.value, self.best.value)
                if value is self.typical and self.best and self.is_clear
                else None,
            )
            for name, value in self.totals
        ]

    @property
    def zero(self) -> str:
        return self.uses.zero

    @property
    def widest(self) -> StepFinding | None:
        """The step with the largest saving, where there are several."""
        first = next(iter(self.steps), None)
        return first if first and first.share and len(self.steps) > 1 else None

    @property
    def widest_name(self) -> str:
        return within(self.widest.name) if self.widest else ""

    @property
    def withheld(self) -> int:
        return sum(step.saving is None for step in self.steps)

    def _steps(self, measures: Mapping[str, int]) -> tuple[StepFinding, ...]:
        cells = self.label.headline
        typical = {
            cell.step: each.scaled(cell.ratio) for cell in cells if (each := cell.typical_estimate)
        }
        savings = {
            cell.step: gap(cell.step, cell.typical_estimate, cell.best_estimate, cell.ratio)
            for cell in cells
            if cell.best_estimate and cell.typical_estimate
        }
        every = sum(saving.value for saving in savings.values())
        clear = {step: saving.value for step, saving in savings.items() if not saving.within_noise}
        self.uses = BarScale.over([each.value for each in typical.values()])
        saves, decimals = BarScale.over([*clear.values()]), decimals_of(*clear.values())
        rows = [
            StepFinding(
                cell=cell,
                name=self.names.step_name(cell.step),
                typical=typical.get(cell.step),
                saving=savings.get(cell.step),
                hidden=""
                if cell.step in savings
                else in_language(cell.reason_en, cell.reason_zh) or _("withheld"),
                text=number(typical[cell.step].value) if cell.step in typical else "",
                saving_text=number(clear[cell.step], decimals) if cell.step in clear else "",
                share=""
                if cell.step not in clear or every <= 0 or not self.whole
                else _("under 1 %%") % {}
                if clear[cell.step] < 0.005 * every
                else per_cent(clear[cell.step] / every),
                uses=self.uses.bar(typical[cell.step].value) if cell.step in typical else None,
                saves=saves.bar(clear[cell.step]) if cell.step in clear else None,
                measures=measures.get(cell.step, 0),
            )
            for cell in cells
        ]
        return tuple(sorted(rows, key=lambda row: -clear.get(row.cell.step, 0.0)))


@dataclass(frozen=True, slots=True)
class YearRow:
    """`unit`: where it is not that of the newest year. `note`: a break with the year before."""

    period: str
    version: int
    url: str
    typical: str
    best: str
    firms: int
    note: str
    unit: str


@dataclass(frozen=True, slots=True)
class SectorYears:
    """The years in force, newest first, and what changed since the first that can be compared."""

    rows: tuple[YearRow, ...]
    picture: YearsPicture | None
    title: str
    change: str


def years_of(views: Sequence[InForceView], shown: TotalsDisplay) -> SectorYears:
    """Of the versions in force of one peer group, oldest first; at least one."""
    newest = views[-1]
    unit = newest.label.composite.unit
    broken = [
        index > 0 and bool(breaks_with_totals(views[index - 1], view).codes_of_totals)
        for index, view in enumerate(views)
    ]
    rows, values = [], []
    for view, breaks in zip(views, broken, strict=True):
        alike = view.label.composite.unit == unit
        decimals = shown.total_decimals(view.label) if alike else None
        typical, best = view.label.typical.estimate, view.label.composite.estimate
        rows.append(
            YearRow(
                period=period_name(view.period),
                version=view.version,
                url=benchmark_url(view, view.version),
                typical=_figure(typical, decimals),
                best=_figure(best, decimals),
                firms=view.label.firms,
                note=_("defined differently from the year before") if breaks else "",
                unit="" if alike else unit_in_words(view.label.composite.unit),
            )
        )
        if alike:
            values.append(YearValues(view.period, typical, best, breaks, decimals))
    since = max((index for index, breaks in enumerate(broken) if breaks), default=0)
    comparable = [view for view in views[since:] if view.label.composite.unit == unit]
    return SectorYears(tuple(reversed(rows)), draw_years(values), *_change(comparable))


def _figure(estimate: Estimate | None, decimals: int | None) -> str:
    if estimate is None:
        return _("withheld")
    ends = between(estimate.lo, estimate.hi, decimals)
    value = number(estimate.value, decimals)
    return _("%(value)s (%(interval)s)") % {"value": value, "interval": ends} if ends else value


def _change(views: Sequence[InForceView]) -> tuple[str, str]:
    """A title and a sentence; the title claims a change only where it is more than the noise."""
    then, now = views[0].label.typical.estimate, views[-1].label.typical.estimate
    if len(views) < 2 or then is None or now is None or then.value <= 0:
        return _("Year by year"), ""
    facts = {"share": _moved(then, now), "year": period_name(views[0].period)}
    best, best_now = views[0].label.composite.estimate, views[-1].label.composite.estimate
    sentence = _("Typical %(share)s since %(year)s") % facts
    if best and best_now and best.value > 0:
        facts["best"] = _moved(best, best_now)
        sentence = _("Typical %(share)s, best %(best)s since %(year)s") % facts
    if not changed(then, now):
        return _("No clear change since %(year)s") % facts, sentence
    if now.value < then.value:
        return _("Plants are getting better"), sentence
    return _("Plants use more than in %(year)s") % facts, sentence


def _moved(then: Estimate, now: Estimate) -> str:
    return _("%(n)s %%") % {"n": signed(100 * (now.value / then.value - 1), 1)}


@dataclass(frozen=True, slots=True)
class SectorSpread:
    """How far the firms are apart at one step, each with its own best batches."""

    title: str
    unit: str
    picture: BoxPicture
    best: str  # empty where it is withheld
    quarter: str
    middle: str
    three_quarters: str


def spread_at(cell: CellView, shown: TotalsDisplay) -> SectorSpread | None:
    """None where no curve is published: below 20 firms, or withheld."""
    points = {point.percent: point.value for point in cell.curve}
    if not {25, 50, 75} <= points.keys():
        return None
    quarter, middle, three_quarters = (points[percent] for percent in (25, 50, 75))
    decimals = shown.step_decimals(cell)
    pack_step = shown.names.step(cell.step)
    product = in_page_language(pack_step.product_words) if pack_step else cell.product
    name = shown.names.step_name(cell.step)
    share = per_cent((three_quarters - quarter) / middle) if middle > 0 else ""
    facts = {"step": name, "share": share}
    return SectorSpread(
        title=_("%(step)s: plants differ by %(share)s") % facts
        if share
        else _("%(step)s: how far plants differ") % facts,
        unit=per_output(cell.unit, product),
        picture=draw_box(quarter, middle, three_quarters, cell.best),
        best="" if cell.best is None else number(cell.best, decimals),
        quarter=number(quarter, decimals),
        middle=number(middle, decimals),
        three_quarters=number(three_quarters, decimals),
    )


def _others(groups: Sequence[GroupInForce], here: VersionColumns) -> list[tuple[str, str, str]]:
    """What they could save, where it is not here, and the address: the same jurisdiction first,
    then the same benchmark elsewhere, then the rest.
    """
    ordered = sorted(
        groups,
        key=lambda one: (
            one.jurisdiction != here.jurisdiction,
            (one.pack, one.route) != (here.pack, here.route),
        ),
    )
    newest = in_force_of([one.periods[-1] for one in ordered[:MOST_FINDINGS]])
    listed = []
    for one in ordered:
        view, names = newest.get(one.periods[-1]), Names.of(one.pack, one.pack_version)
        listed.append(
            (
                SectorFinding(view.label, names, one.route, {}).title
                if view
                else names.title(one.route),
                "" if one.jurisdiction == here.jurisdiction else shown_name(one.scope),
                address_of(one.pack, one.jurisdiction, one.route),
            )
        )
    return listed


@require_safe
@from_replica
def home(request: HttpRequest) -> HttpResponse:
    """The sector with the most years; before anything is published, how a sector comes to be."""
    groups = sectors.groups_in_force()
    if not groups:
        page = rendered("web/cached/no_sector.html", _("Sectors"), {})
        return render(request, "web/cached_page.html", {"page": page})
    first = max(groups, key=lambda group: len(group.periods))
    return _answer(request, groups, first.pack, first.jurisdiction, first.route)


@require_safe
@from_replica
def sector(request: HttpRequest, pack: str, jurisdiction: str, route: str) -> HttpResponse:
    return _answer(request, sectors.groups_in_force(), pack, jurisdiction, route)


def _answer(
    request: HttpRequest,
    groups: Sequence[GroupInForce],
    pack: str,
    jurisdiction: str,
    route: str,
) -> HttpResponse:
    rows = rows_of(pack, jurisdiction, route)
    newest, publisher = rows[-1], publisher_name(jurisdiction)
    measures = Counter(
        practice.step
        for practice in library().practices
        if practice.sector == pack and practice.step
    )

    def render_page() -> RenderedPage:
        views = in_force_of([row.period_id for row in rows[-sectors.MOST_YEARS :]])
        in_order = [views[row.period_id] for row in rows if row.period_id in views]
        names = Names.of(pack, newest.pack_version)
        finding = SectorFinding(in_order[-1].label, names, route, measures)
        spread = next(
            (found for step in finding.steps if (found := spread_at(step.cell, finding.shown))),
            None,
        )
        version = benchmark_view(newest, newest.version)
        context: dict[str, object] = {
            "here": newest,
            "title": names.title(route),
            "scope": shown_name(newest.scope),
            "publisher": publisher,
            "version": version,
            "version_url": benchmark_url(version, version.version),
            "address": address_of(pack, jurisdiction, route),
            "finding": finding,
            "years": years_of(in_order, finding.shown),
            "spread": spread,
            "worth": worth_of(in_order[-1]),
            "sectors": _sectors(groups, newest),
            "others": _others(
                [one for one in groups if _key(one) != (pack, jurisdiction, route)], newest
            ),
            **_how_sure(version, names),
        }
        return rendered("web/cached/sector.html", finding.title, context)

    depends_on: tuple[Hashable, ...] = (
        *(row.content for row in rows),
        *selectors.state_of_the_list(),
        tuple(shown_name(one.scope) for one in groups),
        publisher,
        tuple(sorted(measures.items())),
    )
    page = cached("sector", (pack, jurisdiction, route, *depends_on), render_page)
    return render(request, "web/cached_page.html", {"page": page, "yearly": True})


def _how_sure(version: BenchmarkView, names: Names) -> dict[str, object]:
    explained = Explanation.from_json(version.explanation)
    return {
        "rule": in_page_language(explained.rule),
        "verified": in_page_language(explained.verification_of_data),
        "method_url": reverse("web:method-version", args=[version.pack, version.pack_version])
        if names.pack
        else "",
    }


def _sectors(
    groups: Sequence[GroupInForce], here: VersionColumns
) -> tuple[tuple[str, str, bool], ...]:
    """Those of this jurisdiction: title, address, and whether it is this page."""
    return tuple(
        (
            Names.of(one.pack, one.pack_version).title(one.route),
            address_of(*_key(one)),
            _key(one) == (here.pack, here.jurisdiction, here.route),
        )
        for one in groups
        if one.jurisdiction == here.jurisdiction
    )


def _key(group: GroupInForce) -> tuple[str, str, str]:
    return group.pack, group.jurisdiction, group.route


@require_safe
@from_replica
def sector_csv(_request: HttpRequest, pack: str, jurisdiction: str, route: str) -> HttpResponse:
    return _file(
        _table(rows_of(pack, jurisdiction, route)),
        "text/csv; charset=utf-8",
        (pack, jurisdiction, route),
        "csv",
    )


@require_safe
@from_replica
def sector_parquet(_request: HttpRequest, pack: str, jurisdiction: str, route: str) -> HttpResponse:
    rows = rows_of(pack, jurisdiction, route)
    about = {
        "source": absolute(address_of(pack, jurisdiction, route)),
        "licence": open_data.LICENCE_URL,
    }
    parquet = cached(
        "sector-parquet",
        _content(rows),
        lambda: open_data.parquet(_table(rows), codebook.OVER_YEARS, about),
    )
    return _file(parquet, open_data.FORMATS["parquet"], (pack, jurisdiction, route), "parquet")


@require_safe
@from_replica
def sector_json_ld(_request: HttpRequest, pack: str, jurisdiction: str, route: str) -> HttpResponse:
    rows = rows_of(pack, jurisdiction, route)
    title = Names.of(pack, rows[-1].pack_version).title(route)
    versions = [absolute(benchmark_url(row, row.version)) for row in rows]
    document = open_data.sector_json_ld(
        rows,
        title,
        absolute(address_of(pack, jurisdiction, route)),
        versions,
        publisher_name(jurisdiction),
    )
    return _file(
        json.dumps(document, ensure_ascii=False),
        "application/ld+json",
        (pack, jurisdiction, route),
        "jsonld",
    )


def rows_of(pack: str, jurisdiction: str, route: str) -> tuple[VersionColumns, ...]:
    rows = over_years.versions(pack, jurisdiction, route)
    if not rows:
        raise Http404
    return rows


def _content(rows: tuple[VersionColumns, ...]) -> tuple[tuple[int, str, str], ...]:
    return tuple(row.content for row in rows)


def _table(rows: tuple[VersionColumns, ...]) -> str:
    return cached("sector-csv", _content(rows), lambda: over_years.table(over_years.years(rows)))


def address_of(pack: str, jurisdiction: str, route: str) -> str:
    return reverse("web:sector", args=[pack, jurisdiction, route])


def _file(
    content: str | bytes, content_type: str, of: tuple[str, str, str], ending: str
) -> HttpResponse:
    name = "-".join(part.replace("/", ".") for part in of)
    return attachment(content, content_type, f"steplabel-{name}-over-the-years.{ending}")
