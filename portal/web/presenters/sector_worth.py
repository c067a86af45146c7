"""What a sector's firms would save, as a reader's own output and prices turn it into a year's
energy, CO2 and money.

Made of the potentials that the gate let out. What part of a saving is heat no firm tells: it lies
between all of it and what is left once all the electricity is saved that a typical plant takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from benchmarks.comparison.co2 import Co2Factors, together
from benchmarks.comparison.gaps import RouteGap
from benchmarks.composition.result import Known
from benchmarks.measurements import Metric
from portal.publication.in_force import InForceView
from portal.publication.shapes import LabelView
from portal.web.presenters.benchmarks import units_on
from portal.web.presenters.ladders import TotalsDisplay, ratios_of
from portal.web.presenters.potentials import REFERENCES, added_up, potential_of, why_held
from portal.web.presenters.site_gaps import co2_note
from portal.web.presenters.worth import CarrierRow, WorthTable, carriers_of, exactly, worth_row
from portal.web.words.figures import (
    MJ_PER_KGCE,
    between,
    decimals_of,
    energy_of,
    in_bounds,
    kgce_of_one,
    number,
)
from portal.web.words.terms import Names, enumerated, headed, one_of_output, output_of_a_year


@dataclass(frozen=True, slots=True)
class SectorWorth:
    """Savings as tables that a reader's own output and prices multiply; `withheld` says what the
    gate held back, and why.
    """

    output: str  # what is typed to multiply by
    tables: tuple[WorthTable, ...]
    carriers: tuple[CarrierRow, ...]
    withheld: tuple[str, ...]
    notes: tuple[str, ...]


def worth_of(view: InForceView) -> SectorWorth | None:
    """None where no step has a potential, nor one that is withheld."""
    names, steps = Names.of(view.pack, view.pack_version), view.label.headline
    factors = Co2Factors.of(view.period, view.jurisdiction)
    units = units_on(factors.day)
    shown = TotalsDisplay(names, view.route)
    if not any(step.potential or step.potential_withheld for step in steps):
        return None
    in_kgce = kgce_of_one(view.label.composite.unit, units)
    savings = {
        to: {
            step.step: _times(in_kgce, saving)
            for step in steps
            if (saving := potential_of(step, to, shown)) is not None
        }
        for to in REFERENCES
    }
    most = _most_electricity(view.label)
    electricity = {to: own_electricity(view.label, to, shown) for to in REFERENCES}
    amount = {"amount": names.amount(view.route)}
    captions = {
        "typical": (
            _("What the firms would save on average if all came down to typical, per %(amount)s")
            % amount,
            _("What the firms would save per year if all came down to typical"),
        ),
        "best": (
            _("What the firms would save on average if all came down to the best, per %(amount)s")
            % amount,
            _("What the firms would save per year if all came down to the best"),
        ),
    }
    # one scale for both tables
    highest = max((each[1][1] for of in savings.values() for each in of.values()), default=0) or 1.0
    tables = []
    for to, of_steps in savings.items():
        if not of_steps:
            continue
        co2 = {
            id_: factors.of_saving(ends, names.boundary(id_), most.get(id_))
            for id_, (_value, ends) in of_steps.items()
        }
        value, (low, high) = added_up([*of_steps.values()])
        tables.append(
            WorthTable(
                one_of_output(names.made_in(view.route)),
                *captions[to],
                ordered=False,
                sum_name=_("Whole route")
                if len(of_steps) == len(steps)
                else _("Steps that are shown"),
                rows=tuple(
                    worth_row(
                        RouteGap(id_, worth[0], *worth[1]),
                        names.step_name(id_),
                        names.step(id_),
                        None,
                        co2[id_],
                        units,
                        highest,
                        most.get(id_),
                        electricity[to].get(id_),
                    )
                    for id_, worth in of_steps.items()
                ),
                total=number(value),
                total_interval=between(low, high, decimals_of(value)),
                total_co2=in_bounds(sum_) if (sum_ := together(co2.values())) else _("incomplete"),
                exact_total=exactly((low, value, high)),
            )
        )
    withheld = []
    for to, whole in (
        ("typical", _("If all came down to typical")),
        ("best", _("If all came down to the best")),
    ):
        reasons: dict[str, list[str]] = {}
        for step in steps:
            if step.step not in savings[to]:
                reasons.setdefault(why_held(step), []).append(names.step_name(step.step))
        withheld += [headed((whole, enumerated(of), reason)) for reason, of in reasons.items()]
    own = _(
        "Electricity “by its own metric” is what the step’s published metric of electricity says: "
        "for each firm its distance above the"
        " step’s typical electricity, or above the best. It is not a part of the energy beside "
        "it, and no sum counts it."
    )
    own_notes = (own,) if any(row.own_metric for table in tables for row in table.rows) else ()
    notes = (
        *own_notes,
        ratios_of(view.label, names, view.route),
        units["MJ"].note,
        units["kWh"].note,
        co2_note(factors),
    )
    output = output_of_a_year(
        names.made_in(view.route),
        names.product(view.route),
        _("Tonnes of %(product)s that these firms make in a year"),
    )
    return SectorWorth(
        output,
        tuple(tables),
        carriers_of((names.step(step.step) for step in steps), factors),
        tuple(withheld),
        notes,
    )


def _times(factor: float, saving: Known) -> Known:
    value, (low, high) = saving
    return factor * value, (factor * low, factor * high)


def _most_electricity(label: LabelView) -> dict[str, float]:
    """Step -> the electricity that a typical plant takes at most, kgce for one of the route's
    output, where heat is told apart from a total in kgce: no more of it can be saved."""
    if energy_of(label.composite.unit) != "kgce":
        return {}
    apart_in_mj = (
        cell
        for cell in label.cells
        if cell.metric == Metric.THERMAL and energy_of(cell.unit) == "MJ"
    )
    heat = {(cell.step, cell.product, cell.variant): cell for cell in apart_in_mj}
    by_step = {}
    for cell in label.headline:
        apart = heat.get((cell.step, cell.product, cell.variant))
        if (
            apart is not None
            and apart.typical_interval is not None
            and cell.typical_interval is not None
        ):
            by_step[cell.step] = cell.ratio * max(
                cell.typical_interval[1] - apart.typical_interval[0] / MJ_PER_KGCE, 0.0
            )
    return by_step


def own_electricity(
    label: LabelView, to: str, shown: TotalsDisplay
) -> dict[str, tuple[float, float]]:
    """Step -> what the firms would save of its metric of electricity, kWh for one of the route's
    output, where the gate let that out.
    """
    cells = {
        (cell.step, cell.product, cell.variant): cell
        for cell in label.cells
        if cell.metric == Metric.ELECTRICITY
    }
    by_step = {}
    for step in label.headline:
        cell = cells.get((step.step, step.product, step.variant))
        saving = potential_of(cell, to, shown) if cell is not None else None
        if saving is not None:
            by_step[step.step] = saving[1]
    return by_step
