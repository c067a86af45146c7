"""A gated label as a step ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from django.utils.translation import gettext as _

from benchmarks.disclosure.rounding import total_width
from benchmarks.explanation import LimitShown
from benchmarks.explanation.wording import decimals_of as grid_decimals
from portal.publication.shapes import CellView, LabelView, SummaryView
from portal.web.charts import ladder
from portal.web.charts.ladder import Picture, RungPicture
from portal.web.presenters.standard_limits import StandardLevels, limit_levels
from portal.web.words.figures import (
    between,
    decimals_of,
    fitting_decimals,
    number,
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
    hidden: str
    picture: RungPicture | None = None
    reached: str = ""  # text beside the mark of the best whole route


@dataclass(frozen=True, slots=True)
class Ladder:
    rows: tuple[LadderRow, ...]
    total: LadderRow
    picture: Picture
    scale_unit: str
    with_reached: bool
    all_limits: tuple[StandardLevels, ...]
    second_metrics: tuple[LadderRow, ...] = ()  # electricity and heat, in their own units
    ratios: str = ""  # what a step's value is multiplied by, in words

    @property
    def figures(self) -> tuple[LadderRow, ...]:
        return (*self.rows, self.total, *self.second_metrics)


HEADLINE_UNIT = "kgce/t"


class RowText(TypedDict):
    """The numbers of one row of the ladder, as text."""

    best: str
    best_interval: str
    typical: str


@dataclass(frozen=True, slots=True)
class TotalsDisplay:
    """How the page shows totals: the names of the pack behind the label, and decimals."""

    names: Names
    route: str

    def step_decimals(self, cell: CellView) -> int | None:
        """Decimals by the release grid, which the published values lie on, and by their intervals;
        None (by size) without the pack's rule.
        """
        pack_step = self.names.step(cell.step)
        rule = (
            next((rule for rule in pack_step.metrics if rule.metric == cell.metric), None)
            if pack_step
            else None
        )
        if rule is None:
            return None
        return fitting_decimals(
            grid_decimals(rule.grid_width), cell.interval, cell.typical_interval
        )

    def total_decimals(self, label: LabelView | SummaryView) -> int | None:
        if self.names.pack is None:
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
    rungs = [
        ladder.StepRung(step.ratio, step.best_estimate, step.typical_estimate) for step in steps
    ]
    total_rung = ladder.StepRung(
        1.0,
        label.composite.estimate,
        label.typical.estimate,
        label.best_reached.estimate,
    )
    picture = ladder.draw([*rungs, total_rung])
    rows = tuple(
        _row(step, index, shown, rung, drawn)
        for index, (step, rung, drawn) in enumerate(
            zip(steps, rungs, picture.rungs[:-1], strict=True), 1
        )
    )
    return Ladder(
        rows=rows,
        total=_total_row(label, shown, total_rung, picture.rungs[-1]),
        picture=picture,
        scale_unit=per_output(label.composite.unit, shown.names.product(shown.route)),
        with_reached=total_rung.reached is not None,
        all_limits=tuple(limit_levels(limit, shown.names.pack) for limit in limits),
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
) -> LadderRow:
    pack_step = shown.names.step(cell.step)
    product = in_page_language(pack_step.product_words) if pack_step else cell.product
    variant = shown.names.variant_name(cell.step, cell.variant)
    return LadderRow(
        name=f"{index}. {shown.names.step_name(cell.step)}",
        unit=per_output(cell.unit, with_variant(product, variant)),
        hidden="" if cell.shown else in_language(cell.reason_en, cell.reason_zh),
        picture=drawn,
        **_values(rung, shown.step_decimals(cell)),
    )


def _total_row(
    label: LabelView,
    shown: TotalsDisplay,
    rung: ladder.StepRung,
    drawn: ladder.RungPicture | None,
) -> LadderRow:
    decimals = shown.total_decimals(label)
    reached = (
        _("%(value)s best route really reached") % {"value": number(rung.reached.value, decimals)}
        if rung.reached
        else ""
    )
    return LadderRow(
        name=_("Whole route"),
        unit=per_output(label.composite.unit, shown.names.product(shown.route)),
        hidden=""
        if label.composite.shown
        else shown.names.total_reason(label.composite.reason_en, label.composite.reason_zh),
        picture=drawn,
        reached=reached,
        **_values(rung, decimals),
    )


def _values(rung: ladder.StepRung, decimals: int | None) -> RowText:
    """The row's numbers as text: all with the same decimals."""
    present = [estimate.value for estimate in (rung.best, rung.typical) if estimate is not None]
    decimals = decimals_of(*present) if decimals is None else decimals
    return {
        "best": number(rung.best.value, decimals) if rung.best else "",
        "best_interval": between(rung.best.lo, rung.best.hi, decimals) if rung.best else "",
        "typical": number(rung.typical.value, decimals) if rung.typical else "",
    }


def _second(cell: CellView, shown: TotalsDisplay) -> LadderRow:
    variant = shown.names.variant_name(cell.step, cell.variant)
    step = with_variant(shown.names.step_name(cell.step), variant)
    return LadderRow(
        name=_("%(step)s, %(metric)s") % {"step": step, "metric": metric_name(cell.metric)},
        unit=unit_in_words(cell.unit),
        hidden="" if cell.shown else in_language(cell.reason_en, cell.reason_zh),
        **_values(
            ladder.StepRung(1.0, cell.best_estimate, cell.typical_estimate),
            shown.step_decimals(cell),
        ),
    )
