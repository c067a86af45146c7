"""What another version of a pack does to a published value, as far as public figures tell.

The exact effect is known at each plant alone (`steplabel-agent pack diff --site`): a portal holds
no batches. From what is public follow

* totals of a route: exactly, from the published values of its steps and the new ratios;
* conversion factors: between nothing and all of a value's energy is of the carriers whose factors
  changed, so a value moves by between 0 and its largest relative change; by more than that is
  possible only where energy is credited, and then no bound is given;
* a wider release grid: by half of its width at most;
* whatever else a step declares (label rule, conditions, bounds, of heating values too, boundary,
  what its output is made of), what the pack says of a carrier of its own that the step holds, and
  the policy of releases: that the value moves, not by how much. Public
  typical values and spreads are among them: with the budget they set the noise's expected error,
  and so which plants enter.

Names, sources, limits, grades, the rules of the gate, and how often plants may release move no
published value and are not listed here; which grades a changed limit gives or takes, and whose
labels move, tell the packs themselves (`consequences`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from benchmarks.conversion import Basis, FactorTable
from benchmarks.measurements import Metric
from benchmarks.packs import factors
from benchmarks.packs.changes import changes
from benchmarks.packs.consequences import ANY_COUNTS, MOVES_NOTHING, counts_without_reason
from benchmarks.routes import MetricRule, Pack, Step


@dataclass(frozen=True, slots=True)
class PublishedValue:
    """A published best of a step, or where `step` is empty the total of the route; with the last
    day of its period.
    """

    step: str
    variant: str
    metric: str
    value: float
    on: date
    headline: bool = True  # enters the totals


@dataclass(frozen=True, slots=True)
class ValueMove:
    """How far a published value moves, in its own unit: by `least` to `most`; None where public
    figures give no bound.
    """

    of: PublishedValue
    least: float | None
    most: float | None
    because: tuple[str, ...]  # what changed: carriers, fields of the pack


_HOW_OFTEN = ("cap_per_year", "corrections_per_year")
"""Of the policy: how much and how often a plant may release, not what comes of it."""


def moved(
    old: Pack, new: Pack, values: Iterable[PublishedValue], route: str
) -> Iterator[ValueMove]:
    """The published values of one benchmark that another version of its pack moves."""
    values = tuple(values)
    moves = [
        move
        for value in values
        if value.step
        for move in [_of_step(old, new, value)]
        if move is not None
    ]
    yield from moves
    for total in (value for value in values if not value.step):
        if (
            total_move := _of_total(
                old,
                new,
                total,
                values,
                {move.of.step: move for move in moves if move.of.headline},
                route,
            )
        ) is not None:
            yield total_move


def _of_step(old: Pack, new: Pack, value: PublishedValue) -> ValueMove | None:
    before, after = (
        next((step for step in pack.steps if step.id == value.step), None) for pack in (old, new)
    )
    rule = after.metric(Metric(value.metric)) if after is not None else None
    if before is None or after is None or rule is None:
        return ValueMove(value, None, None, (value.step,))
    fields = (
        *_changed_fields(old, new, value, {*_carriers(before), *_carriers(after)}),
        *_changed_bounds(old, new, after),
    )
    carriers = _changed_factors(old, new, after, value)
    if not fields and not carriers and old.composition == new.composition:
        return None
    because = (
        *carriers,
        *fields,
        *(("composition",) if old.composition != new.composition else ()),
    )
    only_grid = (
        all(field == "grid_width" for field in fields) and old.composition == new.composition
    )
    if not only_grid or (carriers and before.boundary.credited) or value.value < 0:
        return ValueMove(value, None, None, because)
    half = _half_a_width(before.metric(Metric(value.metric)), rule) if fields else 0.0
    changed = [0.0, *(share - 1 for share in carriers.values())]
    return ValueMove(
        value, min(changed) * value.value - half, max(changed) * value.value + half, because
    )


def _carriers(step: Step) -> tuple[str, ...]:
    boundary = step.boundary
    return tuple(
        dict.fromkeys((*boundary.carriers, *boundary.counted, *boundary.credited, *boundary.media))
    )


def _changed_fields(
    old: Pack, new: Pack, value: PublishedValue, carriers: Container[str]
) -> tuple[str, ...]:
    """Fields of the step that decide its label or what is released of it, as the list of changes
    names them; of the policy; and those of its carriers that the pack itself brings along and says
    otherwise."""
    fields = []
    for change in changes(old, new):
        match change.where:
            case ("steps", value.step, "metrics", metric, *rest) if MOVES_NOTHING.isdisjoint(rest):
                if metric == value.metric:  # another's moves what is published of that one
                    fields.append(".".join(rest))
            case ("steps", value.step, *rest) if MOVES_NOTHING.isdisjoint(rest):
                fields.append(".".join(rest))
            case ("policy", part, *_rest) if part not in _HOW_OFTEN:
                fields.append(f"policy.{part}")
            case ("own_carriers", carrier, "kind" | "unit" | "lhv" | "kg_per_nm3", *_rest) if (
                carrier in carriers
            ):
                fields.append(carrier)
    return tuple(dict.fromkeys(fields))


def _changed_factors(old: Pack, new: Pack, step: Step, value: PublishedValue) -> dict[str, float]:
    """Carriers of the step whose factor in force is another, with new over old; a carrier that must
    be measured takes no factor.
    """
    if value.metric == "electricity":
        return {}
    boundary, basis = step.boundary, Basis(new.standard_basis)
    ratios = {}
    for carrier in _carriers(step):
        if carrier in boundary.measured or (value.metric == "thermal" and carrier == "electricity"):
            continue
        before, after = (factors(pack).in_force(carrier, basis, value.on) for pack in (old, new))
        if before is not None and after is not None and before.kgce_per_unit != after.kgce_per_unit:
            ratios[carrier] = float(after.kgce_per_unit / before.kgce_per_unit)
    return ratios


def _changed_bounds(old: Pack, new: Pack, step: Step) -> tuple[str, ...]:
    """Carriers of the step that can, or usually do, hold another heating value: batches count, or
    no longer do, in every metric.
    """
    before, after = (factors(pack) for pack in (old, new))
    usual_before, usual_after = (counts_without_reason(pack, step.id) for pack in (old, new))
    boundary = step.boundary
    carriers = dict.fromkeys((*boundary.carriers, *boundary.counted, *boundary.credited))
    return tuple(
        carrier
        for carrier in carriers
        if _range(before, carrier) != _range(after, carrier)
        or usual_before.get(carrier, ANY_COUNTS) != usual_after.get(carrier, ANY_COUNTS)
    )


def _range(table: FactorTable, carrier: str) -> tuple[float, float, str | None] | None:
    bounds = table.heating.get(carrier)
    return None if bounds is None else (bounds.least, bounds.most, bounds.poorest)


def _half_a_width(before: MetricRule | None, after: MetricRule) -> float:
    return float(max(rule.grid.width for rule in (before, after) if rule is not None)) / 2


def _of_total(
    old: Pack,
    new: Pack,
    total: PublishedValue,
    values: Iterable[PublishedValue],
    moves: Mapping[str, ValueMove],
    route: str,
) -> ValueMove | None:
    """The total by the new ratios, and with it what its steps move by."""
    before, after = (
        {
            part.step: float(part.ratio)
            for candidate in pack.routes
            if candidate.id == route
            for part in candidate.steps
        }
        for pack in (old, new)
    )
    least = most = 0.0
    because: list[str] = [
        step for step in dict.fromkeys((*after, *before)) if before.get(step) != after.get(step)
    ]
    bounded = True
    headline = {value.step: value for value in values if value.step and value.headline}
    for step in dict.fromkeys((*after, *before)):
        value = headline.get(step)
        if value is None:
            bounded = bounded and before.get(step) == after.get(step)
            continue
        by_ratio = (after.get(step, 0.0) - before.get(step, 0.0)) * value.value
        move = moves.get(step)
        if move is not None:
            because.append(step)
            bounded = bounded and move.least is not None
        weight = after.get(step, 0.0)
        least += by_ratio + weight * ((move.least if move else 0.0) or 0.0)
        most += by_ratio + weight * ((move.most if move else 0.0) or 0.0)
    if not because:
        return None
    return ValueMove(
        total, least if bounded else None, most if bounded else None, tuple(dict.fromkeys(because))
    )
