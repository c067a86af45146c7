"""What a sector's firms would save, as a reader's own output and prices turn it into a year's energy, CO2 and money.

Made of the potentials that the gate let out. What part of a saving is heat no firm tells: it lies between all of it and what
is left once all the electricity is saved that a typical plant takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from benchmarks.composition.trend import Known
from benchmarks.measurements import Metric
from benchmarks.routes import Step
from portal.publication.in_force import InForceView
from portal.publication.shapes import LabelView
from portal.web.carbon import Bounds, co2, country_of, last_day, together, widest
from portal.web.gaps import RouteGap
from portal.web.presenters.benchmarks import units_on
from portal.web.presenters.ladders import HEADLINE_UNIT, TotalsDisplay, ratios_of
from portal.web.presenters.potentials import REFERENCES, added_up, potential_of, why_held
from portal.web.presenters.site_gaps import carbon_note, in_bounds
from portal.web.presenters.worth import CarrierRow, WorthTable, carriers_of, exactly, worth_row
from portal.web.words.figures import MJ_PER_KGCE, between, decimals, number
from portal.web.words.terms import TONNES, Names, enumerated, headed, one_of_output


@dataclass(frozen=True, slots=True)
class SectorWorth:
    """Savings as tables that a reader's own output and prices multiply; `withheld` says what the gate held back, and why."""

    tables: tuple[WorthTable, ...]
    carriers: tuple[CarrierRow, ...]
    withheld: tuple[str, ...]
    notes: tuple[str, ...]


def worth_of(view: InForceView) -> SectorWorth | None:
    """None for a version that told of no potential: those from before there were any."""
    names, steps = Names.of(view.pack, view.pack_version), view.label.headline
    day, country = last_day(view.period), country_of(view.place)
    units = units_on(day)
    shown = TotalsDisplay(names, view.route, units["kgce"])
    savings = {to: {step.step: saving for step in steps if (saving := potential_of(step, to, shown)) is not None} for to in REFERENCES}
    if view.label.composite.unit != HEADLINE_UNIT or not any(step.potential or step.potential_withheld for step in steps):
        return None
    most = _most_electricity(view.label)
    electricity = {to: own_electricity(view.label, to, shown) for to in REFERENCES}
    product = names.product(view.route)
    captions = {
        "typical": (
            _("What the firms would save on average if all came down to typical, per tonne of %(product)s") % {"product": product},
            _("What the firms would save per year if all came down to typical"),
        ),
        "best": (
            _("What the firms would save on average if all came down to the best, per tonne of %(product)s") % {"product": product},
            _("What the firms would save per year if all came down to the best"),
        ),
    }
    tables = []
    for to, of_steps in savings.items():
        if not of_steps:
            continue
        highest = max(high for _value, (_low, high) in of_steps.values()) or 1.0
        carbon = {id_: _carbon(worth, names.step(id_), most.get(id_), day, country) for id_, worth in of_steps.items()}
        value, (low, high) = added_up([*of_steps.values()])
        tables.append(
            WorthTable(
                one_of_output(TONNES),
                *captions[to],
                ordered=False,
                sum_name=_("Whole route") if len(of_steps) == len(steps) else _("Steps that are shown"),
                rows=tuple(
                    worth_row(
                        RouteGap(id_, worth[0], *worth[1]),
                        names.step_name(id_),
                        names.step(id_),
                        None,
                        carbon[id_],
                        units,
                        highest,
                        most.get(id_),
                        electricity[to].get(id_),
                    )
                    for id_, worth in of_steps.items()
                ),
                total=number(value),
                total_interval=between(low, high, decimals(value)),
                total_co2=in_bounds(sum_) if (sum_ := together(carbon.values())) else _("incomplete"),
                exact_total=exactly((low, value, high)),
            )
        )
    withheld = []
    for to, whole in (("typical", _("If all came down to typical")), ("best", _("If all came down to the best"))):
        reasons: dict[str, list[str]] = {}
        for step in steps:
            if step.step not in savings[to]:
                reasons.setdefault(why_held(step), []).append(names.step_name(step.step))
        withheld += [headed((whole, enumerated(of), reason)) for reason, of in reasons.items()]
    own = _(
        "Electricity “by its own metric” is what the step’s published metric of electricity says: for each firm its distance above the"
        " step’s typical electricity, or above the best. It is not a part of the energy beside it, and no sum counts it."
    )
    own_notes = (own,) if any(row.own_metric for table in tables for row in table.rows) else ()
    notes = (*own_notes, ratios_of(view.label, names, view.route), units["MJ"].note, units["kWh"].note, carbon_note(day, country))
    return SectorWorth(tuple(tables), carriers_of((names.step(step.step) for step in steps), day, country), tuple(withheld), notes)


def _most_electricity(label: LabelView) -> dict[str, float]:
    """Step -> the electricity that a typical plant takes at most, kgce per tonne of the route's product, where heat is told apart:
    no more of it can be saved."""
    heat = {(cell.step, cell.product, cell.variant): cell for cell in label.steps if cell.metric == Metric.THERMAL and cell.unit == "MJ/t"}
    by_step = {}
    for step in label.headline:
        apart = heat.get((step.step, step.product, step.variant))
        if apart is not None and apart.typical_interval is not None and step.typical_interval is not None:
            by_step[step.step] = step.ratio * max(step.typical_interval[1] - apart.typical_interval[0] / MJ_PER_KGCE, 0.0)
    return by_step


def own_electricity(label: LabelView, to: str, shown: TotalsDisplay) -> dict[str, tuple[float, float]]:
    """Step -> what the firms would save of its metric of electricity, kWh per tonne of the route's product, where the gate let that out."""
    cells = {
        (cell.step, cell.product, cell.variant): cell for cell in label.steps if cell.metric == Metric.ELECTRICITY and cell.unit == "kWh/t"
    }
    by_step = {}
    for step in label.headline:
        cell = cells.get((step.step, step.product, step.variant))
        saving = potential_of(cell, to, shown) if cell is not None else None
        if saving is not None:
            by_step[step.step] = saving[1]
    return by_step


def _carbon(saved: Known, step: Step | None, most_electricity: float | None, day: date, country: str) -> Bounds | None:
    """kg of CO2 per tonne of the route's product, from the least end to the most."""
    if step is None:
        return None
    heat = [None if most_electricity is None else (max(end - most_electricity, 0.0), end) for end in saved[1]]
    return widest(*(co2(end, step.boundary, day, country, part) for end, part in zip(saved[1], heat, strict=True)))
