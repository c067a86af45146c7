"""A plant beside a published version, step by step: its usual and its best runs, a typical plant
and the industry's best, all for one of the route's product.

Every value is rounded once, here, to the decimals of the page, so that the rows, their sums, the
file and the paper agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from benchmarks.comparison.co2 import Co2Factors
from benchmarks.comparison.energies import Bounds
from benchmarks.comparison.gaps import RouteGap, gap
from benchmarks.label_keys import LabelKey
from portal.publication.in_force import InForceView
from portal.publication.shapes import CellView
from portal.standings.selectors import StandView, StepStandingView
from portal.web.charts.ladder import DrawnInterval, Scale, Tick
from portal.web.presenters.site_gaps import estimate_of, heat_of
from portal.web.words.figures import (
    EnergyUnit,
    between,
    decimals_of,
    kgce_of_one,
    number,
    per_cent,
)
from portal.web.words.terms import (
    Names,
    in_language,
    over_years,
    per_output,
    unit_in_words,
    within,
)
from portal.web.words.verdicts import ranks_of, verdict


class Place(NamedTuple):
    """Where a plant stands at a step, or over the whole route, among all that were ranked."""

    name: str
    ranks: str
    verdict: str
    score: str  # its interval from 1 to 100; empty among few

    @classmethod
    def of(cls, name: str, standing: StepStandingView | None) -> Place | None:
        """None where it has no rank."""
        if standing is None or standing.rank_interval is None or not standing.of:
            return None
        score = ""
        if standing.score is not None:
            low, high = standing.score
            score = f"{low}"
            if low < high:
                score = pgettext("score", "%(low)d to %(high)d") % {"low": low, "high": high}
        ranks, of = standing.rank_interval, standing.of
        return cls(name, ranks_of(ranks, of), verdict(ranks, of), score)


@dataclass(frozen=True, slots=True)
class StepGap:
    """A step of one plant, all for one of the route's product in the unit of its totals, rounded as
    it is shown. None where nothing is reported or published.
    """

    step: str
    name: str
    decimals: int
    best: float | None  # the industry's
    typical: float | None  # a typical plant's usual run
    own: float | None  # the best of the plant's own runs
    usual: float | None  # its median run
    between: RouteGap | None  # from its own best to the industry's, exact, with its interval
    standing: StepStandingView | None
    hidden: str  # why the gate withholds the best

    @property
    def certain(self) -> bool:
        """Whether the plant's best runs are above the industry's by more than the noise."""
        return self.between is not None and not self.between.within_noise

    @property
    def operation(self) -> float:
        """From usual runs to its own best ones, without new equipment."""
        return self._less(self.usual, self.own)

    @property
    def equipment(self) -> float:
        """From its own best runs to the industry's."""
        return self._less(self.own, self.best)

    @property
    def whole(self) -> float:
        return self._less(self.usual, self.best)

    @property
    def of_typical(self) -> float:
        return self._less(self.typical, self.best)

    def _less(self, more: float | None, less: float | None) -> float:
        return 0.0 if more is None or less is None else round(more - less, self.decimals)

    @property
    def drawn(self) -> tuple[float, ...]:
        """What must be on the scale, above the best."""
        values = (self.typical, self.own, self.usual) if self.best is not None else ()
        return tuple(self._less(value, self.best) for value in values if value is not None)

    @property
    def place(self) -> Place | None:
        return Place.of(self.name, self.standing)

    @property
    def interval(self) -> str:
        """Of the gap between the best runs."""
        low, high = self.between.ends if self.between else (None, None)
        return between(low, high, self.decimals)


class StepBar(NamedTuple):
    """Where a step's gap is drawn: from the industry's best at `zero` to the plant's usual run."""

    zero: str
    equipment: DrawnInterval | None
    operation: DrawnInterval | None
    ahead: bool  # its own best is below the industry's
    typical: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One plant beside one published version."""

    view: InForceView
    names: Names
    stand: StandView
    decimals: int
    rows: tuple[StepGap, ...]  # the largest gap that is certain first, then as the route goes
    in_kgce: float  # one of the unit of the page
    heat: Mapping[str, Bounds]
    factors: Co2Factors

    @property
    def certain(self) -> tuple[StepGap, ...]:
        return tuple(row for row in self.rows if row.certain)

    @property
    def compared(self) -> int:
        return sum(row.between is not None for row in self.rows)

    @property
    def at_best(self) -> bool:
        """Whether no step that is compared is above the best at all."""
        return all(row.between.value <= 0 for row in self.rows if row.between is not None)

    @property
    def awaited(self) -> int:
        """Steps whose interval is computed with the next draft."""
        return sum(row.standing is not None and row.standing.interval is None for row in self.rows)

    @property
    def first(self) -> StepGap | None:
        return next(iter(self.certain), None)

    @property
    def whole(self) -> float:
        """The gaps that are certain."""
        return round(sum(row.whole for row in self.certain), self.decimals)

    @property
    def operation(self) -> float:
        """What running every run like its own best ones would save, at all steps it reported."""
        return round(sum(row.operation for row in self.rows), self.decimals)

    @property
    def of_typical(self) -> float | None:
        """How far a typical plant is above the best, at the same steps."""
        if any(row.typical is None for row in self.certain):
            return None
        return round(sum(row.of_typical for row in self.certain), self.decimals)

    @property
    def share(self) -> float:
        return self.first.whole / self.whole if self.first is not None and self.whole else 0.0

    @property
    def unit(self) -> str:
        return unit_in_words(self.view.label.composite.unit)

    @property
    def per_output(self) -> str:
        """`kgce per tonne of cement`."""
        return per_output(self.view.label.composite.unit, self.names.product(self.view.route))

    @property
    def most_operation(self) -> StepGap | None:
        """Where running like its own best would save most."""
        row = max(self.rows, key=lambda row: row.operation, default=None)
        return row if row is not None and row.operation > 0 else None

    @property
    def amount(self) -> str:
        """What figures are for, as it follows `per`: `tonne of cement`."""
        return self.names.amount(self.view.route)

    @property
    def thousand(self) -> str:
        """`1,000 t of cement`: a kgce saved on each is a tonne of coal equivalent."""
        route = self.view.route
        return _("1,000 %(unit)s of %(product)s") % {
            "unit": unit_in_words(self.names.made_in(route)),
            "product": self.names.product(route),
        }

    @property
    def kgce(self) -> tuple[float, float]:
        """For one of the product: of running like its own best, and of closing every gap."""
        return self.operation * self.in_kgce, self.whole * self.in_kgce

    @property
    def scale(self) -> Scale:
        return Scale.over([mark for row in self.rows for mark in row.drawn])

    def ticks(self) -> Sequence[Tick]:
        return self.scale.ticks()

    def bars(self) -> Iterator[tuple[StepGap, StepBar]]:
        scale = self.scale
        for row in self.rows:
            told = row.best is not None and row.own is not None and row.usual is not None
            yield (
                row,
                StepBar(
                    zero=scale.at(0.0),
                    equipment=scale.span(0.0, row.equipment) if told else None,
                    operation=scale.span(row.equipment, row.whole) if told else None,
                    ahead=row.equipment < 0,
                    typical="" if row.typical is None else scale.at(row.of_typical),
                ),
            )

    @property
    def places(self) -> tuple[Place, ...]:
        """The whole route first, then the steps that are ranked."""
        whole = Place.of(_("Whole route"), self.stand.route)
        return tuple(each for each in (whole, *(row.place for row in self.rows)) if each)

    @property
    def finding(self) -> str:
        """The title of the page."""
        if self.first is not None:
            return _("%(step)s is where to look first") % {"step": self.first.name}
        if not self.compared:
            return (
                _("Your comparison is being computed")
                if self.awaited
                else _("No step can be compared yet")
            )
        return (
            _("Your plant is at the industry’s best")
            if self.at_best
            else _("No gap to the industry’s best is certain")
        )

    @property
    def lead(self) -> tuple[str, ...]:
        """The answer in sentences: on the page and on paper."""
        return tuple(filter(None, (self._awaited, *self._gaps(), self._of_route)))

    @property
    def _awaited(self) -> str:
        if not self.awaited:
            return ""
        return ngettext(
            "Your report is accepted. The interval of %(n)d of your steps is computed when the "
            "regulator composes the next draft. Until then its gap is not certain.",
            "Your report is accepted. The intervals of %(n)d of your steps are computed when the "
            "regulator composes the next draft. Until then their gaps are not certain.",
            self.awaited,
        ) % {"n": self.awaited}

    def _gaps(self) -> Iterator[str]:
        facts = {
            "gap": number(self.whole, self.decimals),
            "unit": self.per_output,
            "n": len(self.certain),
            "of": self.compared,
        }
        if self.first is not None:
            if len(self.certain) == self.compared:
                form = _(
                    "On a usual run you use %(gap)s %(unit)s more than the best of every step."
                )
            else:
                form = _(
                    "On a usual run you use %(gap)s %(unit)s more than the industry’s best, at the "
                    "%(n)d of %(of)d steps where this is certain."
                )
            yield form % facts
            if self.of_typical is not None:
                typical = number(self.of_typical, self.decimals)
                yield _("A typical plant uses %(gap)s more.") % {"gap": typical}
            if len(self.certain) > 1:
                at = {"share": per_cent(self.share), "step": within(self.first.name)}
                yield _("%(share)s of your gap is at %(step)s.") % at
        elif self.compared and self.at_best:
            yield _("At no step do your best runs use more than the industry’s best.")
        elif self.compared:
            yield _("Your best runs cannot be distinguished from the industry’s best at any step.")
        elif not self.awaited:
            yield _("Of no step are both your value and the industry’s best known.")

    @property
    def _of_route(self) -> str:
        route = self.stand.route
        if route is None or not route.of:
            return ""
        place = Place.of("", route)
        if place is None:
            return _("Whole route: no rank, because more than half of all ranks are possible.")
        return _("Whole route: %(verdict)s (%(places)s).") % {
            "verdict": place.verdict,
            "places": place.ranks,
        }


def compared(stand: StandView, view: InForceView, units: Mapping[str, EnergyUnit]) -> Comparison:
    names, label = Names.of(view.pack, view.pack_version), view.label
    units_of = {LabelKey.of(cell): cell.unit for cell in label.headline}
    standings = {
        standing.step: standing
        for standing in stand.steps
        if units_of.get(LabelKey.of(standing)) == standing.unit
    }
    gaps = {
        cell.step: gap(cell.step, own, best, cell.ratio)
        for cell in label.headline
        if cell.step in standings
        and (own := estimate_of(standings[cell.step])).has_interval
        and (best := cell.best_estimate) is not None
    }
    decimals = _decimals(label.headline, standings, gaps)
    rows = [
        _step_gap(cell, standings.get(cell.step), gaps.get(cell.step), names, decimals)
        for cell in label.headline
    ]
    rows.sort(key=lambda row: -row.whole if row.certain else float("inf"))
    return Comparison(
        view=view,
        names=names,
        stand=stand,
        decimals=decimals,
        rows=tuple(rows),
        in_kgce=kgce_of_one(label.composite.unit, units),
        heat=heat_of(stand, label),
        factors=Co2Factors.of(stand.report.period, stand.report.jurisdiction),
    )


def _decimals(
    cells: Sequence[CellView],
    standings: Mapping[str, StepStandingView],
    gaps: Mapping[str, RouteGap],
) -> int:
    """As many as the largest gap shows, and so many more that none that is certain reads 0."""
    whole = [
        cell.ratio * ((placed.typical or placed.value) - cell.best)
        for cell in cells
        if cell.best is not None and (placed := standings.get(cell.step)) is not None
    ]
    least = min((each.value for each in gaps.values() if not each.within_noise), default=0.0)
    fewest = decimals_of(*whole)
    return next((n for n in range(fewest, 3) if not least or round(least, n)), 3)


def _step_gap(
    cell: CellView,
    standing: StepStandingView | None,
    between_bests: RouteGap | None,
    names: Names,
    decimals: int,
) -> StepGap:
    def shown(value: float | None) -> float | None:
        return None if value is None else round(cell.ratio * value, decimals)

    own = None if standing is None else standing.value
    usual = own if standing is None or standing.typical is None else standing.typical
    name = names.step_name(cell.step)
    return StepGap(
        step=cell.step,
        name=name if standing is None else over_years(name, standing.years),
        decimals=decimals,
        best=shown(cell.best),
        typical=shown(cell.typical),
        own=shown(own),
        usual=shown(usual),
        between=between_bests,
        standing=standing,
        hidden="" if cell.shown else in_language(cell.reason_en, cell.reason_zh),
    )
