"""How the firms of each cell are spread: curves of what the gate let through, and how many sites
are sure to lie in each quarter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from benchmarks.comparison.estimates import Estimate
from benchmarks.composition.rules import percents
from benchmarks.label_keys import LabelKey
from portal.publication.shapes import BenchmarkView, CellView, LabelView
from portal.web.charts import curve
from portal.web.charts.curve import CurvePicture
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.words.figures import between, number, per_cent
from portal.web.words.terms import (
    enumerated,
    in_language,
    in_page_language,
    metric_name,
    one_after_another,
    per_output,
    sentence_space,
    with_variant,
)
from portal.web.words.verdicts import QUARTERS


@dataclass(frozen=True, slots=True)
class CurveRow:
    share: str
    value: str
    interval: str


@dataclass(frozen=True, slots=True)
class CellCurve:
    name: str
    unit: str
    lead: str  # the middle of the curve in words
    described: str  # the whole drawing in words
    best: str  # text at the line of the published best
    picture: CurvePicture
    rows: tuple[CurveRow, ...]


@dataclass(frozen=True, slots=True)
class Quarter:
    """How many sites are sure to lie in it, and which firms chose to be named there."""

    name: str
    sites: str
    named: str


@dataclass(frozen=True, slots=True)
class BandRow:
    """How many sites of a step are sure to lie in each quarter, and how many cannot be told."""

    name: str
    quarters: tuple[Quarter, ...]
    untold: str


@dataclass(frozen=True, slots=True)
class Spread:
    """`without` says why some or all cells have no curve; empty where all have one."""

    curves: tuple[CellCurve, ...]
    without: str
    bands: tuple[BandRow, ...] = ()


FEWEST = next(firms for firms in range(1, 1000) if percents(firms))
"""From so many firms on there is a curve (20): five firms lie between two points."""


def spread_of(label: LabelView, shown: TotalsDisplay) -> Spread:
    """The route's own cells first, then electricity and heat."""
    ordered = sorted(label.cells, key=lambda cell: not cell.headline)
    drawn = tuple(_curve(cell, shown) for cell in ordered if cell.curve)
    return Spread(
        drawn, _without([cell for cell in ordered if not cell.curve], shown, any_drawn=bool(drawn))
    )


def _curve(cell: CellView, shown: TotalsDisplay) -> CellCurve:
    decimals = shown.step_decimals(cell)
    points = [
        curve.Point(point.percent, Estimate(point.value, *point.interval)) for point in cell.curve
    ]
    best = cell.best
    pack_step = shown.names.step(cell.step)
    product = in_page_language(pack_step.product_words) if pack_step else cell.product
    unit = per_output(cell.unit, product)
    middle = next(point for point in points if point.percent == 50)
    facts = {"middle": number(middle.value.value, decimals), "unit": unit}
    ends = {
        "first": per_cent(points[0].percent / 100),
        "low": number(points[0].value.value, decimals),
        "last": per_cent(points[-1].percent / 100),
        "high": number(points[-1].value.value, decimals),
    }
    return CellCurve(
        name=cell_name(cell, shown),
        unit=unit,
        lead=_("About half of the firms stay at or below %(middle)s %(unit)s.") % facts,
        described=_(
            "Percentile curve from %(low)s at %(first)s of the firms to %(high)s at %(last)s; the "
            "figures are in the table below."
        )
        % ends,
        best=""
        if best is None
        else _("published best %(value)s") % {"value": number(best, decimals)},
        picture=curve.draw(points, best),
        rows=tuple(
            CurveRow(
                per_cent(point.percent / 100),
                number(point.value.value, decimals),
                between(point.value.lo, point.value.hi, decimals),
            )
            for point in points
        ),
    )


def bands_of(view: BenchmarkView, shown: TotalsDisplay) -> tuple[BandRow, ...]:
    """As they were signed."""
    signed = {
        (entry["step"], entry["product"], entry["variant"], entry["metric"]): entry["bands"]
        for entry in view.document["steps"]
    }
    rows = []
    for cell in sorted(view.label.cells, key=lambda cell: not cell.headline):
        bands = signed.get(LabelKey.of(cell))
        if bands and cell.shown:
            quarters = tuple(
                Quarter(str(name), str(sites), _named(bands, index))
                for index, (name, sites) in enumerate(
                    zip(QUARTERS, bands["quarters"], strict=True), 1
                )
            )
            rows.append(BandRow(cell_name(cell, shown), quarters, str(bands["untold"])))
    return tuple(rows)


def _named(signed: Mapping[str, Any], quarter: int) -> str:
    """The firms that chose to be named in that quarter."""
    return enumerated(
        in_language(firm["firm"], firm["firm_zh"])
        for firm in signed["named"]
        if firm["quarter"] == quarter
    )


def cell_name(cell: CellView, shown: TotalsDisplay) -> str:
    """A step by its name; electricity and heat of it with the metric, and the variant where there
    are several.
    """
    name = shown.names.step_name(cell.step)
    if cell.headline:  # one a step: its variant stands beside the ladder
        return name
    variant = shown.names.variant_name(cell.step, cell.variant)
    return _("%(step)s, %(metric)s") % {
        "step": with_variant(name, variant),
        "metric": metric_name(cell.metric),
    }


def _without(cells: Sequence[CellView], shown: TotalsDisplay, *, any_drawn: bool) -> str:
    """Why these have no curve, each cause once."""
    withheld = [cell for cell in cells if not cell.shown]
    few = [cell for cell in cells if cell.shown and cell.firms < FEWEST]
    apart = [cell for cell in cells if cell.shown and cell.curve_withheld]
    sentences = []
    if few and any_drawn:
        sentences.append(
            _("Too few firms for a curve: %(names)s.") % {"names": _listed(few, shown)}
        )
    if few:
        sentences.append(
            _(
                "A curve is drawn for %(fewest)s or more firms, so that there are five firms "
                "between any two of its points. With "
                "fewer firms it would list the values of single firms."
            )
            % {"fewest": FEWEST}
        )
        if not any_drawn:
            sentences.append(
                _("At most %(firms)s firms entered here.")
                % {"firms": max(cell.firms for cell in few)}
            )
    if withheld:
        sentences.append(
            _("Withheld with its value: %(names)s.") % {"names": _listed(withheld, shown)}
        )
    if apart:
        sentences.append(
            _(
                "Left out because together with another publication it would reveal in which part "
                "of the curve a firm lies: %(names)s."
            )
            % {"names": _listed(apart, shown)}
        )
    return sentence_space().join(sentences)


def _listed(cells: Sequence[CellView], shown: TotalsDisplay) -> str:
    return one_after_another(cell_name(cell, shown) for cell in cells)
