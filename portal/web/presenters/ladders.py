"""A gated label as a step ladder in the unit of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from django.utils.translation import gettext as _

from benchmarks.comparison.estimates import Estimate
from benchmarks.disclosure.rounding import total_width
from benchmarks.explanation import LimitShown
from benchmarks.explanation.wording import decimals_of as grid_decimals
from portal.publication.shapes import CellView, LabelView, SummaryView, TotalView
from portal.web.charts import ladder
from portal.web.charts.ladder import Picture, RungPicture
from portal.web.presenters.standard_limits import LimitCell, StandardLevels, beside_rows
from portal.web.words.figures import (
    EnergyUnit,
    between,
    decimals_of,
    fitting_decimals,
    number,
    signed,
)
from portal.web.words.terms import (
    TONNES,
    Names,
    enumerated,
    in_language,
    in_page_language,
    metric_name,
    one_of,
    per_output,
    unit_in_words,
    with_variant,
)


@dataclass(frozen=True, slots=True)
class LadderRow:
    """One row: own-unit values beside the drawing. `hidden` gives the reason when the gate holds
    the value back.
    """

    name: str
    unit: str
    best: str
    best_interval: str
    typical: str
    above: str  # the drawing in words, for those who do not see it
    hidden: str
    picture: RungPicture | None
    limits: LimitCell | None
    limits_from_above: bool = False  # a cell further up spans this row
    reached: str = ""  # text beside the mark of the best whole route


@dataclass(frozen=True, slots=True)
class Ladder:
    rows: tuple[LadderRow, ...]
    total: LadderRow
    picture: Picture
    scale_unit: str
    with_reached: bool
    all_limits: tuple[StandardLevels, ...]
    second_metrics: tuple[SecondMetric, ...] = ()
    ratios: str = ""  # what a step's value is multiplied by, in words


@dataclass(frozen=True, slots=True)
class SecondMetric:
    """A metric beside the headline (electricity, thermal), in its own unit: not part of the ladder,
    not converted.
    """

    step: str
    metric: str
    best: str
    best_interval: str
    typical: str
    unit: str
    firms: str
    hidden: str


HEADLINE_UNIT = "kgce/t"


class RowText(TypedDict):
    """The numbers of one row of the ladder, as text."""

    best: str
    best_interval: str
    typical: str
    above: str


@dataclass(frozen=True, slots=True)
class TotalsDisplay:
    """How the page shows totals: the chosen unit and the names of the pack behind the label."""

    names: Names
    route: str
    unit: EnergyUnit

    def factor(self, own_unit: str) -> float:
        return self.unit.per_kgce if own_unit.startswith("kgce/") else 1.0

    def best(self, cell: CellView) -> Estimate | None:
        """In the unit of the page, as `typical` and `total`; None where the gate holds the value
        back.
        """
        return self._in_its_unit(cell.best_estimate, cell.unit)

    def typical(self, cell: CellView) -> Estimate | None:
        return self._in_its_unit(cell.typical_estimate, cell.unit)

    def total(self, total: TotalView) -> Estimate | None:
        return self._in_its_unit(total.estimate, total.unit)

    def _in_its_unit(self, published: Estimate | None, own_unit: str) -> Estimate | None:
        return None if published is None else published.scaled(self.factor(own_unit))

    def spelled(self, own_unit: str) -> str:
        return unit_in_words(self._chosen(own_unit))

    def per_output(self, own_unit: str, product: str) -> str:
        """`kgce per tonne of clinker`, in the chosen unit of energy."""
        return per_output(self._chosen(own_unit), product)

    def _chosen(self, own_unit: str) -> str:
        return own_unit.replace("kgce/", f"{self.unit.id}/")

    def step_decimals(self, cell: CellView) -> int | None:
        """Decimals by the release grid, which the published values lie on, and by their intervals;
        None (by size) in any other unit.
        """
        pack_step = self.names.step(cell.step)
        rule = (
            next((rule for rule in pack_step.metrics if rule.metric == cell.metric), None)
            if pack_step
            else None
        )
        if rule is None or self.factor(cell.unit) != 1.0:
            return None
        return fitting_decimals(
            grid_decimals(rule.grid_width), cell.interval, cell.typical_interval
        )

    def total_decimals(self, label: LabelView | SummaryView) -> int | None:
        if self.names.pack is None or self.factor(label.composite.unit) != 1.0:
            return None
        grids = []
        for cell in label.headline:
            pack_step = self.names.step(cell.step)
            rule = (
                next((rule for rule in pack_step.metrics if rule.metric == cell.metric), None)
                if pack_step
                else None
            )
            if rule is None:
                return None
            grids.append((cell.ratio, rule.grid))
        return (
            fitting_decimals(grid_decimals(total_width(grids)), label.composite.interval)
            if grids
            else None
        )


def in_tonnes(label: LabelView) -> bool:
    """Whether the route and each of its steps count their output in tonnes."""
    return all(
        _made_in(unit) == TONNES
        for unit in (label.composite.unit, *(cell.unit for cell in label.headline))
    )


def _made_in(unit: str) -> str:
    return unit.partition("/")[2]


def ladder_of(label: LabelView, shown: TotalsDisplay, limits: Sequence[LimitShown] = ()) -> Ladder:
    """The ladder of a label, with what it says of second metrics."""
    steps = label.headline
    rungs = [ladder.StepRung(step.ratio, shown.best(step), shown.typical(step)) for step in steps]
    total_rung = ladder.StepRung(
        1.0,
        shown.total(label.composite),
        shown.total(label.typical),
        shown.total(label.best_reached),
    )
    picture = ladder.draw([*rungs, total_rung])
    cells, route_limits, listed = beside_rows(
        limits, [step.step for step in steps], shown.names.pack
    )
    rows = tuple(
        _row(
            *(step, index, shown, rung, drawn, cells.get(step.step)),
            covered=step.step not in cells and bool(listed),
        )
        for index, (step, rung, drawn) in enumerate(
            zip(steps, rungs, picture.rungs[:-1], strict=True), 1
        )
    )
    return Ladder(
        rows=rows,
        total=_total_row(label, shown, total_rung, picture.rungs[-1], route_limits),
        picture=picture,
        scale_unit=shown.per_output(label.composite.unit, shown.names.product(shown.route)),
        with_reached=total_rung.reached is not None,
        all_limits=listed,
        second_metrics=tuple(_second(cell, shown) for cell in label.cells if not cell.headline),
        ratios=ratios_of(label, shown.names, shown.route),
    )


def ratios_of(label: LabelView, names: Names, route: str) -> str:
    """What turns a step's value into one for the route's product, so that a reader can work out a
    rung or a sum.
    """
    if not in_tonnes(label):
        amounts = enumerated(
            f"{names.step_name(cell.step)} {cell.ratio:g} {unit_in_words(_made_in(cell.unit))}"
            for cell in label.headline
        )
        product = one_of(_made_in(label.composite.unit), names.product(route))
        return _("Reference ratios, what each step makes per %(amount)s: %(ratios)s.") % {
            "amount": product,
            "ratios": amounts,
        }
    ratios = enumerated(f"{names.step_name(cell.step)} {cell.ratio:g}" for cell in label.headline)
    return _("Reference ratios, in tonnes of a step’s product per tonne of %(product)s: "
             "%(ratios)s.") % {
        "product": names.product(route), "ratios": ratios,
    }  # fmt: skip


def _row(
    cell: CellView,
    index: int,
    shown: TotalsDisplay,
    rung: ladder.StepRung,
    drawn: ladder.RungPicture | None,
    limits: LimitCell | None,
    *,
    covered: bool,
) -> LadderRow:
    pack_step = shown.names.step(cell.step)
    product = in_page_language(pack_step.product_words) if pack_step else cell.product
    variant = shown.names.variant_name(cell.step, cell.variant)
    return LadderRow(
        name=f"{index}. {shown.names.step_name(cell.step)}",
        unit=shown.per_output(cell.unit, with_variant(product, variant)),
        hidden="" if cell.shown else in_language(cell.reason_en, cell.reason_zh),
        picture=drawn,
        limits=limits,
        limits_from_above=covered,
        **_values(rung, shown.step_decimals(cell)),
    )


def _total_row(
    label: LabelView,
    shown: TotalsDisplay,
    rung: ladder.StepRung,
    drawn: ladder.RungPicture | None,
    limits: tuple[StandardLevels, ...],
) -> LadderRow:
    decimals = shown.total_decimals(label)
    reached = (
        _("%(value)s best route really reached") % {"value": number(rung.reached.value, decimals)}
        if rung.reached
        else ""
    )
    return LadderRow(
        name=_("Whole route"),
        unit=shown.per_output(label.composite.unit, shown.names.product(shown.route)),
        hidden=""
        if label.composite.shown
        else shown.names.total_reason(label.composite.reason_en, label.composite.reason_zh),
        picture=drawn,
        limits=LimitCell(1, limits) if limits else None,
        reached=reached,
        **_values(rung, decimals),
    )


def _values(rung: ladder.StepRung, decimals: int | None) -> RowText:
    """The row's numbers as text: all with the same decimals."""
    present = [estimate.value for estimate in (rung.best, rung.typical) if estimate is not None]
    decimals = decimals_of(*present) if decimals is None else decimals
    above = rung.above(rung.typical.value) if rung.typical and rung.best else None
    return {
        "best": number(rung.best.value, decimals) if rung.best else "",
        "best_interval": between(rung.best.lo, rung.best.hi, decimals) if rung.best else "",
        "typical": number(rung.typical.value, decimals) if rung.typical else "",
        "above": _("%(gap)s above the best") % {"gap": signed(above, decimals_of(above))}
        if above is not None
        else "",
    }


def _second(cell: CellView, shown: TotalsDisplay) -> SecondMetric:
    decimals = shown.step_decimals(cell)
    best, typical = shown.best(cell), shown.typical(cell)
    variant = shown.names.variant_name(cell.step, cell.variant)
    return SecondMetric(
        step=with_variant(shown.names.step_name(cell.step), variant),
        metric=metric_name(cell.metric),
        best=number(best.value, decimals) if best else "",
        best_interval=between(best.lo, best.hi, decimals) if best else "",
        typical=number(typical.value, decimals) if typical else "",
        unit=shown.spelled(cell.unit),
        firms=str(cell.firms),
        hidden="" if cell.shown else in_language(cell.reason_en, cell.reason_zh),
    )
