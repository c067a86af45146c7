"""Every number of a pack and of its conversion factors with its source and what it decides, and a
digest of how all were read.

A number names its own source, or the pack's `[numbers]` names one for its role. A number without
either is listed with none: that is a gap in the pack, never passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from pydantic import BaseModel

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import FactorTable
from benchmarks.declared import Declared, FigureSource, content_digest
from benchmarks.packs.corrections import RULES
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, Step
from benchmarks.standard_limits import StandardLimit, ValueRange


class NumberRole(StrEnum):
    """What a number is for; `MOVES` says what it can move."""

    LIMIT = "limit"
    CORRECTION = "correction"
    APPLIES = "applies"
    FACTOR = "factor"
    HEATING = "heating-value"
    EFFICIENCY = "efficiency"
    CARBON = "carbon"
    SLOPE = "slope"
    MEASURED = "measured"
    NEED = "need"
    YIELD = "yield"
    FEED = "feed"
    TAKE = "take"
    USUAL = "usual"
    QUANTILE = "quantile"
    VALIDITY = "validity"
    BOUNDS = "bounds"
    GRID = "grid"
    TYPICAL = "typical"
    SPREAD = "spread"
    RATIO = "ratio"
    POLICY = "policy"
    COMPOSITION = "composition"
    DISCLOSURE = "disclosure"


MOVES: Mapping[NumberRole, Phrase] = {
    NumberRole.LIMIT: Phrase("the grade; no effect on labels"),
    NumberRole.CORRECTION: Phrase("the grade; no effect on labels"),
    NumberRole.APPLIES: Phrase("which limit is tested; no effect on labels"),
    NumberRole.FACTOR: Phrase("every label with this carrier, by its share of the energy"),
    NumberRole.HEATING: Phrase(
        "which batches count: those with a heating value outside the bounds are left out"
    ),
    NumberRole.EFFICIENCY: Phrase(
        "whether a label counts if the site has a conversion of its own; if it is worse than "
        "typical, the label says so"
    ),
    NumberRole.CARBON: Phrase("CO2 stated beside the label; no effect on labels"),
    NumberRole.SLOPE: Phrase("each batch by slope x (variable - reference), and so the label"),
    NumberRole.MEASURED: Phrase(
        "which batches count: those with a default heating value of these carriers are left out"
    ),
    NumberRole.NEED: Phrase(
        "which batches count: those that report less are left out; if it is less than usual, the "
        "label says so"
    ),
    NumberRole.YIELD: Phrase(
        "which batches count: those that give back more heat are left out; if it is more than "
        "usual, the label says so"
    ),
    NumberRole.FEED: Phrase(
        "whether a label is valid with the charge in its log; if the charge is not usual, the "
        "label says so"
    ),
    NumberRole.TAKE: Phrase(
        "no effect on labels; what is above the usual amount is stated beside the label"
    ),
    NumberRole.USUAL: Phrase(
        "which batches count: a heating value beyond it must be declared with its reason; if it "
        "is far from typical, the label says so"
    ),
    NumberRole.QUANTILE: Phrase("which batch is the label"),
    NumberRole.VALIDITY: Phrase("which batches count"),
    NumberRole.BOUNDS: Phrase("which batches count: those beyond it are left out as impossible"),
    NumberRole.GRID: Phrase(
        "the released value, by at most half the grid width; values beyond the ends of the grid "
        "are clamped; no effect on local labels"
    ),
    NumberRole.TYPICAL: Phrase(
        "whether a release is precise enough to enter a composition; no effect on labels"
    ),
    NumberRole.SPREAD: Phrase(
        "whether a release is precise enough to enter a composition; no effect on labels"
    ),
    NumberRole.RATIO: Phrase("published totals of a route; no effect on labels of steps"),
    NumberRole.POLICY: Phrase(
        "how much noise a released value has and what may be released; no effect on local labels"
    ),
    NumberRole.COMPOSITION: Phrase("the industry label; no effect on labels of sites"),
    NumberRole.DISCLOSURE: Phrase(
        "whether a publication is released; no effect on labels of sites"
    ),
}


@dataclass(frozen=True, slots=True)
class Number:
    """One number: where it stands, its value and unit as written, and its source with the
    clause.
    """

    path: str
    role: NumberRole
    value: str
    unit: str
    source: FigureSource | None
    clause: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether somebody can find it again: how it was read is said, and by whom and when."""
        source = self.source
        return (
            source is not None
            and source.status is not None
            and source.read_on is not None
            and bool(source.read_by)
        )


def numbers(pack: Pack) -> Iterator[Number]:
    """Every number of the pack and of the corrections that it names, in the order of the file."""
    for role, part in ((NumberRole.POLICY, pack.policy), (NumberRole.DISCLOSURE, pack.disclosure)):
        yield from _plain(role.value, role, part, pack)
    for rule in pack.composition:
        yield Number(
            f"composition.{rule.rule}.firms_from",
            NumberRole.COMPOSITION,
            str(rule.firms_from),
            "firms",
            _of_role(pack, NumberRole.COMPOSITION),
        )
    for route in pack.routes:
        for route_step in route.steps:
            unit = f"{pack.step(route_step.step).output_unit}/{pack.made_in(route)}"
            yield Number(
                f"routes.{route.id}.{route_step.step}",
                NumberRole.RATIO,
                _written(route_step.ratio),
                unit,
                route_step.source,
            )
    for usual in pack.heating_values:
        for name in ("least", "most", "typical"):
            if (value := getattr(usual, name)) is not None:
                of = "".join(f".{step}" for step in usual.steps[:1])
                at, unit = (
                    f"heating_values.{usual.carrier}{of}.{name}",
                    f"MJ/{CARRIERS[usual.carrier].unit}",
                )
                yield Number(
                    at, NumberRole.USUAL, _written(value), unit, usual.source, usual.source.clause
                )
    yield from _of_materials(pack)
    for step in pack.steps:
        yield from _of_step(step, pack)


def _of_materials(pack: Pack) -> Iterator[Number]:
    for material in pack.materials:
        for at in material.at:
            for name, value in (
                zip(("least", "most"), at.whole, strict=True) if at.whole != (1.0, 1.0) else ()
            ):
                unit = f"t/{pack.step(at.step).output_unit}"
                yield Number(
                    f"materials.{material.id}.{at.step}.{name}",
                    NumberRole.BOUNDS,
                    _written(value),
                    unit,
                    at.source,
                )


def digest_of_sources(pack: Pack) -> str:
    """SHA-256 of every number of a pack and its factors with how it was read, in no digest of the
    pack: it decides no label.
    """
    every = (*numbers(pack), *factors(FactorTable.of(pack.conversion)))
    return content_digest(
        [
            (number.path, number.value, number.source and number.source.model_dump())
            for number in every
        ]
    ).hex()


def factors(table: FactorTable) -> Iterator[Number]:
    """Every number of a table of conversion factors."""
    for (carrier, basis), rows in table.factors.items():
        for row in rows:
            path = f"{carrier}.{basis}.{row.effective_from.isoformat()}"
            yield Number(
                path,
                NumberRole.FACTOR,
                str(row.kgce_per_unit),
                f"kgce/{row.unit}",
                row.source,
                row.source.clause,
            )
    for bounds in table.heating.values():
        unit = f"MJ/{CARRIERS[bounds.carrier].unit}"
        for name, end in (("least", bounds.least), ("most", bounds.most)):
            path = f"{bounds.carrier}.heating-value.{name}"
            yield Number(
                path, NumberRole.HEATING, _written(end), unit, bounds.source, bounds.source.clause
            )
    for efficiency in table.efficiencies.values():
        for name in ("least", "typical", "most"):
            path = f"efficiency.{efficiency.takes}.{efficiency.gives}.{name}"
            yield Number(
                path,
                NumberRole.EFFICIENCY,
                _written(getattr(efficiency, name)),
                "1",
                efficiency.source,
                efficiency.source.clause,
            )
    for rows_of_carrier in (*table.carbon.values(), *table.by_country.values()):
        for carbon in rows_of_carrier:
            path = f"{carbon.carrier}.{(carbon.country or 'co2').lower()}.{carbon.effective_from.isoformat()}"  # noqa: E501
            if carbon.kg_co2_per_unit is not None:
                yield Number(
                    path,
                    NumberRole.CARBON,
                    str(carbon.kg_co2_per_unit),
                    f"kg CO2/{carbon.unit}",
                    carbon.source,
                    carbon.source.clause,
                )
                continue
            for name, value, unit in (
                ("lhv", carbon.lhv_mj_per_unit, f"MJ/{carbon.unit}"),
                ("carbon", carbon.carbon_t_per_gj, "t C/GJ"),
                ("oxidised", carbon.oxidised, "1"),
            ):
                yield Number(
                    f"{path}.{name}",
                    NumberRole.CARBON,
                    str(value),
                    unit,
                    carbon.source,
                    carbon.source.clause,
                )


def _of_step(step: Step, pack: Pack) -> Iterator[Number]:
    path, rule = f"steps.{step.id}", step.label_rule
    quantile = rule.source or _of_role(pack, NumberRole.QUANTILE)
    yield Number(f"{path}.quantile", NumberRole.QUANTILE, _written(rule.quantile), "1", quantile)
    for name, unit in (
        ("fewest_batches", "batches"),
        ("least_completeness", "1"),
        ("longest_gap_s", "s"),
        ("shortest_s", "s"),
        ("longest_s", "s"),
    ):
        yield Number(
            f"{path}.{name}",
            NumberRole.VALIDITY,
            _written(getattr(rule, name)),
            unit,
            rule.source or _of_role(pack, NumberRole.VALIDITY),
        )
    if (source := step.boundary.measured_source) is not None:
        yield Number(
            f"{path}.measured",
            NumberRole.MEASURED,
            ", ".join(step.boundary.measured),
            "",
            source,
            source.clause,
        )
    yield from _of_needs(step, path)
    yield from _of_yields(step, path)
    yield from _of_feeds(step, path)
    yield from _of_takes(step, path)
    for metric in step.metrics:
        at = f"{path}.{metric.metric}"
        yield Number(
            f"{at}.floor",
            NumberRole.BOUNDS,
            _written(metric.floor),
            metric.unit,
            _of_role(pack, NumberRole.BOUNDS),
        )
        yield Number(
            f"{at}.ceiling",
            NumberRole.BOUNDS,
            _written(metric.ceiling),
            metric.unit,
            _of_role(pack, NumberRole.BOUNDS),
        )
        typical = metric.typical_source or _of_role(pack, NumberRole.TYPICAL)
        yield Number(
            f"{at}.typical", NumberRole.TYPICAL, _written(metric.typical), metric.unit, typical
        )
        spread = metric.spread_source or _of_role(pack, NumberRole.SPREAD)
        yield Number(
            f"{at}.spread", NumberRole.SPREAD, _written(metric.spread), metric.unit, spread
        )
        for name in ("grid_lower", "grid_upper", "grid_width"):
            yield Number(
                f"{at}.{name}",
                NumberRole.GRID,
                _written(getattr(metric, name)),
                metric.unit,
                metric.grid_source,
            )
    for condition in step.reference_conditions:
        for name, slope in condition.slope.items():
            at = f"{path}.{condition.variable}.{name}"
            yield Number(
                f"{at}.slope",
                NumberRole.SLOPE,
                _written(slope),
                f"per {condition.unit}",
                condition.source,
                condition.source.clause,
            )
            yield Number(
                f"{at}.reference",
                NumberRole.SLOPE,
                _written(condition.reference),
                condition.unit,
                condition.source,
                condition.source.clause,
            )
    for condition in {entry.variable: entry for entry in step.reference_conditions}.values():
        for name, value in (
            ("least", condition.least),
            ("most", condition.most),
            ("cap", condition.cap),
        ):
            if value is not None:
                bounds = _of_role(pack, NumberRole.BOUNDS)
                yield Number(
                    f"{path}.{condition.variable}.{name}",
                    NumberRole.BOUNDS,
                    _written(value),
                    condition.unit,
                    bounds,
                )
    for limit in step.limits:
        yield from _of_limit(limit, f"{path}.{limit.id}")


def _of_needs(step: Step, path: str) -> Iterator[Number]:
    for need in step.boundary.needs:
        of = {"least": need.least, "usual": need.usual}
        of |= {f"made_inside.{name}": amount for name, amount in need.made_inside.items()}
        for name, value in of.items():
            unit = (
                CARRIERS[name.partition(".")[2]].unit
                if name.startswith("made_inside")
                else need.unit
            )
            if value:
                at = f"{path}.needs.{need.carrier}.{name}"
                yield Number(
                    at,
                    NumberRole.NEED,
                    _written(value),
                    f"{unit}/{step.output_unit}",
                    need.source,
                    need.source.clause,
                )
        for name, stands_for in need.instead.items():
            at, unit = (
                f"{path}.needs.{need.carrier}.instead.{name}",
                f"{need.unit}/{CARRIERS[name].unit}",
            )
            yield Number(
                at, NumberRole.NEED, _written(stands_for), unit, need.source, need.source.clause
            )


def _of_yields(step: Step, path: str) -> Iterator[Number]:
    for yield_ in step.boundary.yields:
        unit = f"of the heat of {', '.join(yield_.of)}" if yield_.of else f"MJ/{step.output_unit}"
        for name, value in (("usual", yield_.usual), ("most", yield_.most)):
            if value is not None:
                at = f"{path}.yields.{'+'.join(yield_.gives)}.{name}"
                yield Number(
                    at, NumberRole.YIELD, _written(value), unit, yield_.source, yield_.source.clause
                )
        for name, value in (("burns", yield_.burns), ("burns_usually", yield_.burns_usually)):
            if value is not None:
                at = f"{path}.yields.{'+'.join(yield_.gives)}.{name}"
                yield Number(
                    at,
                    NumberRole.YIELD,
                    _written(value),
                    "of the heat given back",
                    yield_.source,
                    yield_.source.clause,
                )


def _of_feeds(step: Step, path: str) -> Iterator[Number]:
    for feed in step.feeds:
        of = {
            "least": feed.least,
            "usual_least": feed.usual[0],
            "usual_most": feed.usual[1],
            "most": feed.most,
            "burns": feed.burns,
        }
        for name, value in of.items():
            if value:
                unit = "MJ/kg" if name == "burns" else f"t/{step.output_unit}"
                yield Number(
                    f"{path}.feeds.{'+'.join(feed.of)}.{name}",
                    NumberRole.FEED,
                    _written(value),
                    unit,
                    feed.source,
                    feed.source.clause,
                )
    for held_heat in step.holds_heat:
        at = f"{path}.holds_heat.{'+'.join(held_heat.of)}.burns"
        yield Number(
            at,
            NumberRole.FEED,
            _written(held_heat.burns),
            "MJ/kg",
            held_heat.source,
            held_heat.source.clause,
        )


def _of_takes(step: Step, path: str) -> Iterator[Number]:
    """What such plants usually take, and what their variables usually are."""
    for take in step.takes:
        for name, value in (("typical", take.typical), ("most", take.most)):
            at, unit = f"{path}.takes.{take.metric}.{name}", f"{take.unit}/{step.output_unit}"
            yield Number(
                at, NumberRole.TAKE, _written(value), unit, take.source, take.source.clause
            )
    for condition in step.reference_conditions:
        least, most = condition.usual or (None, None)
        source = condition.usual_source
        for name, of in (("usual_least", least), ("usual_most", most), ("test", condition.test)):
            if of is not None and source is not None:
                yield Number(
                    f"{path}.{condition.variable}.{name}",
                    NumberRole.TAKE,
                    _written(of),
                    condition.unit,
                    source,
                    source.clause,
                )


def _of_limit(limit: StandardLimit, path: str) -> Iterator[Number]:
    for number, grade in enumerate(limit.grades, 1):
        if grade is not None:
            yield Number(
                f"{path}.{limit.levels}{number}",
                NumberRole.LIMIT,
                _written(grade),
                limit.unit,
                limit.source,
                limit.clause,
            )
    for variable, wanted in limit.applies.items():
        for name, end in _ends(wanted):
            if end is not None:
                yield Number(
                    f"{path}.{variable}.{name}",
                    NumberRole.APPLIES,
                    _written(end),
                    "",
                    limit.source,
                    limit.clause,
                )
    rule = None if limit.correction is None else RULES[limit.correction]
    for index, term in enumerate(rule.terms if rule else (), 1):
        for name, value in _numbers_in(term, term.variable):
            at, clause = f"{path}.correction.{index}.{name}", rule.clause if rule else ""
            ours = name.rpartition(".")[2] in _NO_STANDARD_SAYS
            yield Number(
                at,
                NumberRole.CORRECTION,
                value,
                "",
                OURS if ours else limit.source,
                "" if ours else clause,
            )


def _ends(wanted: object) -> Iterator[tuple[str, float | None]]:
    """The ends of a range, as the pack names them: two of one name would hide each other's
    change.
    """
    if isinstance(wanted, ValueRange):
        yield from (("above", wanted.above), ("up_to", wanted.up_to))
    elif isinstance(wanted, tuple):
        yield from zip(("from", "to"), wanted, strict=True)


def _plain(path: str, role: NumberRole, part: Declared, pack: Pack) -> Iterator[Number]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, int | float | Fraction) and not isinstance(value, bool):
            yield Number(f"{path}.{name}", role, _written(value), "", _of_role(pack, role))
        elif isinstance(value, tuple):
            yield Number(
                f"{path}.{name}", role, ", ".join(map(_written, value)), "", _of_role(pack, role)
            )


_NO_STANDARD_SAYS = frozenset({"default", "any"})
OURS = FigureSource(
    text="Engineering assumption: what a limit is corrected by where a variable is left out, or "
    "where the batches are of several kinds"
    " (`any`); standards name no default and no such kind. None loosens the limit but "
    "converter_type, ordinary where nothing is said",
    kind="engineering-assumption",
    verified=False,
    jurisdiction="CN",
    read_on=date(2026, 11, 22),
    read_by="maintainers of the packs",
    status="assumption",
)


def _numbers_in(value: object, name: str) -> Iterator[tuple[str, str]]:
    """The numbers of a correction term, those of tables and classes too; grades and texts are
    none.
    """
    if isinstance(value, Fraction | float) or (
        isinstance(value, int) and not isinstance(value, bool)
    ):
        yield name, _written(value)
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            if field == "default" and isinstance(getattr(value, field), str):
                yield f"{name}.default", getattr(value, field)
            elif field != "grades":
                yield from _numbers_in(getattr(value, field), f"{name}.{field}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers_in(inner, f"{name}.{key}")
    elif isinstance(value, tuple):
        for index, inner in enumerate(value, 1):
            yield from _numbers_in(inner, f"{name}.{index}")


def _of_role(pack: Pack, role: NumberRole) -> FigureSource | None:
    return pack.numbers.get(role.value)


def _written(value: object) -> str:
    """Every digit of it: versions that differ in the seventh differ."""
    if isinstance(value, Fraction):
        exact = float(value)
        return (
            f"{exact:.15g}"
            if Fraction(str(exact)) == value
            else f"{value.numerator}/{value.denominator}"
        )
    return f"{value:.15g}" if isinstance(value, float) else str(value)
