"""What must hold between the parts of a pack, refusal of its faults, carriers that clash with known
ones, sources read in the future.

Each check yields its faults, and a pack that has some is refused with all of them.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

from pydantic import BaseModel

from benchmarks.carriers import CARRIERS, name_key
from benchmarks.conversion import FactorTable
from benchmarks.declared import FigureSource, Words
from benchmarks.errors import InputError
from benchmarks.materials import CarrierNeed, Yield
from benchmarks.measurements import Metric
from benchmarks.packs.corrections import asked_by
from benchmarks.packs.faults import FaultyPack, PackFault
from benchmarks.packs.limit_checks import faults_of_limits
from benchmarks.phrases import Phrase, alternatives
from benchmarks.quantities import ratio
from benchmarks.released import rank
from benchmarks.routes import Boundary, MetricRule, Pack, ReferenceCondition, Step

FEWEST_GRID, LONGEST_GRID = (
    50,
    2000,
    # grid points: of fewer, one is more than a fiftieth of all that plants can be; a draw walks
    # over all
)
FEWEST_FIRMS = 3  # no pack may let the gate show a cell of fewer
FEWEST_CHANGED = (
    3  # nor a version that differs in fewer: of two changed firms one may be the reader's
)
LARGEST_WEIGHT = Fraction(1, 3)  # nor weigh more in a mean
FIRMS_FOR_FIVE = {
    "trimmed-best-five": 6,
    "trimmed-best-decile": 41,
}  # from how many firms on a rule's mean is of at least five
ENERGY_UNITS = {
    Metric.TOTAL: ("kgce", "MJ"),
    Metric.ELECTRICITY: ("kWh",),
    Metric.THERMAL: ("MJ", "kgce"),
}
NAMED_BY = (
    "id",
    "metric",
    "variable",
    "step",
    "rule",
)  # by what an entry of a list is named in a place
# of the label among the fewest batches that may have one, from below: the least two may be wrong
LEAST_RANK = 3
LONGEST_POOL = 3  # years; no pack may have a label cover more


def refuse_faults(pack: Pack, path: Path, *, clashing: Sequence[str] = ()) -> None:
    """Raise InputError `pack-inconsistent` where there is a fault; `clashing` are own carriers that
    stand for something else.
    """
    all_faults = [*clashes(clashing), *faults(pack)]
    refuse(all_faults, path)


def refuse(faults: Sequence[PackFault], path: Path) -> None:
    """Raise InputError `pack-inconsistent` with these faults, where there is one."""
    if faults:
        raise FaultyPack(
            "pack-inconsistent",
            "The pack contradicts itself.",
            "Correct each entry. `docs/packs.md` explains how the parts of a pack must agree.",
            path,
            faults,
        )


def clashes(clashing: Sequence[str]) -> Iterator[PackFault]:
    """Own carriers of a pack that stand for something else already."""
    for id_ in clashing:
        yield PackFault(
            f"own_carriers[{id_}]",
            id_,
            Phrase("another id: this one is already used for another kind or unit"),
        )


def faults(pack: Pack) -> Iterator[PackFault]:
    """Every fault of the pack, in the order a reader meets them."""
    yield from _policy(pack)
    yield from _routes(pack)
    yield from _unique("steps", [step.id for step in pack.steps])
    for step in pack.steps:
        yield from _step(step, pack)
    yield from _usual_heat(pack)
    yield from _materials(pack)
    yield from _charged(pack)
    yield from _held_against_logs(pack)
    yield from _editions(pack)
    yield from _words(pack, "", pack.words.by_language)


def _materials(pack: Pack) -> Iterator[PackFault]:
    """Materials of steps that there are, whose share something states, within bounds that can be,
    each named once.
    """
    yield from _unique("materials", [entry.id for entry in pack.materials])
    names = [
        (name_key(text), entry.id)
        for entry in pack.materials
        for text in {entry.id, *entry.words.by_language.values(), *entry.also}
    ]
    for key, owner in sorted(dict.fromkeys(names)):
        if any(other != owner for name, other in names if name == key):
            yield PackFault(f"materials[{owner}]", key, Phrase("a name of only one material"))
    steps = {step.id: step for step in pack.steps}
    for material in pack.materials:
        for at in material.at:
            if at.step not in steps:
                yield PackFault(
                    f"materials[{material.id}].at",
                    at.step,
                    Phrase("a step of the pack: %(names)s", names=", ".join(steps)),
                )
            elif not 0 < at.whole[0] <= at.whole[1]:
                yield PackFault(
                    f"materials[{material.id}].at[{at.step}].whole",
                    str(at.whole),
                    Phrase("least and most, positive and rising"),
                )


def _charged(pack: Pack) -> Iterator[PackFault]:
    """What steps are fed with, and what of it may burn, is of materials, carriers and steps that
    there are.
    """
    steps, materials = (
        {step.id for step in pack.steps},
        {material.id for material in pack.materials},
    )
    for step in pack.steps:
        for index, feed in enumerate(step.feeds):
            place, bounds = (
                f"steps[{step.id}].feeds[{index}]",
                (feed.least or 0.0, *feed.usual, feed.most or feed.usual[1]),
            )
            for id_ in (name for name in feed.of if name not in materials | CARRIERS.keys()):
                yield PackFault(f"{place}.of", id_, Phrase("a material of the pack, or a carrier"))
            if (
                not feed.of
                or bounds != tuple(sorted(bounds))
                or feed.usual[1] <= 0
                or (feed.burns or 1.0) <= 0
            ):
                yield PackFault(
                    f"{place}.usual",
                    str(bounds),
                    Phrase("materials, and least, usual and most in rising order"),
                )
        yield from _unique(f"steps[{step.id}].takes", [entry.metric for entry in step.takes])
        for take in (entry for entry in step.takes if not 0 <= entry.typical < entry.most):
            yield PackFault(
                f"steps[{step.id}].takes[{take.metric}].most",
                str(take.most),
                Phrase("more than `typical`, which is not negative"),
            )
        for index, held_heat in enumerate(step.holds_heat):
            place = f"steps[{step.id}].holds_heat[{index}]"
            for id_ in (name for name in held_heat.of if name not in materials):
                yield PackFault(f"{place}.of", id_, Phrase("a material of the pack"))
            for id_ in (name for name in held_heat.also_at if name not in steps):
                yield PackFault(
                    f"{place}.also_at",
                    id_,
                    Phrase("a step of the pack: %(names)s", names=", ".join(sorted(steps))),
                )
            if not held_heat.of or held_heat.burns <= 0:
                yield PackFault(
                    f"{place}.burns", str(held_heat.burns), Phrase("materials, and a heat above 0")
                )


def _held_against_logs(pack: Pack) -> Iterator[PackFault]:
    """Shares and outputs that a log shows as well are of materials and steps that there are."""
    steps, materials = (
        {step.id for step in pack.steps},
        {material.id for material in pack.materials},
    )
    for step in pack.steps:
        for index, share in enumerate(step.shares):
            for id_ in (name for name in (*share.of, *share.among) if name not in materials):
                yield PackFault(
                    f"steps[{step.id}].shares[{index}].of", id_, Phrase("a material of the pack")
                )
            if not share.of or (share.among and not {*share.of} < {*share.among}):
                yield PackFault(
                    f"steps[{step.id}].shares[{index}].among",
                    str(share.among),
                    Phrase("all of `of`, and more"),
                )
        if step.output_of is not None and step.output_of not in steps - {step.id}:
            yield PackFault(
                f"steps[{step.id}].output_of", step.output_of, Phrase("another step of the pack")
            )


def _policy(pack: Pack) -> Iterator[PackFault]:
    policy = pack.policy
    for name, epsilon in (
        ("epsilon_best", policy.epsilon_best),
        ("epsilon_typical", policy.epsilon_typical),
    ):
        if epsilon <= 0 or epsilon.denominator & (epsilon.denominator - 1):
            yield PackFault(
                f"policy.{name}",
                str(epsilon),
                Phrase("a positive dyadic number, exact in binary floats: 0.75, 0.5, 0.25"),
            )
    if policy.epsilon_best + policy.epsilon_typical > policy.cap_per_year:
        yield PackFault(
            "policy.cap_per_year",
            str(policy.cap_per_year),
            Phrase("at least what one release spends"),
        )
    classes = policy.count_classes
    if list(classes) != sorted(set(classes)) or not classes or classes[0] != policy.fewest_batches:
        yield PackFault(
            "policy.count_classes",
            str(classes),
            Phrase(
                "rising lower edges, the first of them fewest_batches (%(fewest_batches)s)",
                fewest_batches=policy.fewest_batches,
            ),
        )
    if policy.corrections_per_year < 0:
        yield PackFault(
            "policy.corrections_per_year", str(policy.corrections_per_year), Phrase("0 or more")
        )
    if not 0 < policy.largest_expected_error < 1:
        yield PackFault(
            "policy.largest_expected_error",
            str(policy.largest_expected_error),
            Phrase("a share between 0 and 1"),
        )
    if not 0 <= policy.largest_stated_share <= Fraction(1, 20):
        yield PackFault(
            "policy.largest_stated_share",
            str(policy.largest_stated_share),
            Phrase("a share between 0 and 0.05"),
        )
    if not 1 <= policy.most_years <= LONGEST_POOL:
        yield PackFault(
            "policy.most_years",
            str(policy.most_years),
            Phrase(
                "1 to %(longest_pool)s: over a longer time a plant changes too much",
                longest_pool=LONGEST_POOL,
            ),
        )
    yield from _disclosure(pack)
    if pack.effective_to is not None and pack.effective_to <= pack.effective_from:
        yield PackFault(
            "effective_to",
            str(pack.effective_to),
            Phrase("a day after effective_from (%(first)s)", first=str(pack.effective_from)),
        )


def _disclosure(pack: Pack) -> Iterator[PackFault]:
    """The gate's thresholds, and composition rules that it could let through."""
    gate = pack.disclosure
    starts = [rule.firms_from for rule in pack.composition]
    if not starts or starts != sorted(set(starts)):
        yield PackFault(
            "composition", str(starts), Phrase("at least one rule, in rising order of firms_from")
        )
    elif starts[0] < gate.fewest_firms:
        yield PackFault(
            "composition",
            str(starts[0]),
            Phrase(
                "no rule for fewer firms than disclosure.fewest_firms (%(fewest_firms)s)",
                fewest_firms=gate.fewest_firms,
            ),
        )
    for rule in pack.composition:
        if rule.firms_from < FIRMS_FOR_FIVE[rule.rule]:
            yield PackFault(
                "composition",
                Phrase(
                    "%(rule)s from %(firms_from)s firms on",
                    rule=rule.rule,
                    firms_from=rule.firms_from,
                ),
                Phrase("a mean of at least five firms"),
            )
    shares = ("largest_weight", "p_percent", "largest_share_of_change")
    for name, share in ((name, getattr(gate, name)) for name in shares):
        if not 0 < share < 1:
            yield PackFault(f"disclosure.{name}", str(share), Phrase("a share between 0 and 1"))
    if gate.largest_weight > LARGEST_WEIGHT:
        yield PackFault(
            "disclosure.largest_weight",
            str(gate.largest_weight),
            Phrase("at most %(largest_weight)s of a mean", largest_weight=str(LARGEST_WEIGHT)),
        )
    if gate.fewest_firms < FEWEST_FIRMS:
        yield PackFault(
            "disclosure.fewest_firms",
            str(gate.fewest_firms),
            Phrase(
                "at least %(fewest_firms)s: with only two firms, each can work out the other",
                fewest_firms=FEWEST_FIRMS,
            ),
        )
    if gate.least_changed_participants < FEWEST_CHANGED:
        yield PackFault(
            "disclosure.least_changed_participants",
            str(gate.least_changed_participants),
            Phrase(
                (
                    "at least %(fewest_changed)s: if only two changed, one may be the reader's "
                    "own firm, and the difference reveals the "
                    "other"
                ),
                fewest_changed=FEWEST_CHANGED,
            ),
        )
    if gate.lag_days < 0:
        yield PackFault(
            "disclosure.lag_days",
            str(gate.lag_days),
            Phrase("days after the end of the period, 0 or more"),
        )


def _usual_heat(pack: Pack) -> Iterator[PackFault]:
    """What is usual of a carrier lies within what it can hold."""
    yield from _unique(
        "heating_values",
        [
            f"{entry.carrier} {step}"
            for entry in pack.heating_values
            for step in entry.steps or ("",)
        ],
    )
    steps = {step.id for step in pack.steps}
    factors = FactorTable.of(pack.conversion).with_own(pack.own_carriers)
    for heat in pack.heating_values:
        carrier, place = CARRIERS.get(heat.carrier), f"heating_values[{heat.carrier}]"
        if carrier is None or not carrier.thermal or carrier.id == "heat":
            yield PackFault(place, heat.carrier, Phrase("a carrier that has a heating value"))
            continue
        for id_ in sorted({*heat.steps} - steps):
            yield PackFault(
                f"{place}.steps",
                id_,
                Phrase("a step of this pack: %(names)s", names=", ".join(sorted(steps))),
            )
        values = [value for value in (heat.least, heat.typical, heat.most) if value is not None]
        if (heat.least is None) is not (heat.most is None) or values != sorted(values):
            wanted_order = Phrase(
                "least, typical, most in this order; no bounds where there is no usual range"
            )
            yield PackFault(
                f"{place}.least", f"{heat.least}, {heat.typical}, {heat.most}", wanted_order
            )
        for value in values:
            if (wanted := factors.impossible(carrier.id, value, carrier.unit)) is not None:
                yield PackFault(place, f"{value:g} MJ/{carrier.unit}", wanted)


def _routes(pack: Pack) -> Iterator[PackFault]:
    step_ids = {step.id for step in pack.steps}
    if not pack.routes:
        yield PackFault(
            "routes", Phrase("none"), Phrase("at least one route; the first is the main route")
        )
    yield from _unique("routes", [route.id for route in pack.routes])
    for route in pack.routes:
        place = f"routes[{route.id}].steps"
        yield from _unique(place, [part.step for part in route.steps])
        for part in route.steps:
            if part.step not in step_ids:
                yield PackFault(
                    f"{place}[{part.step}]",
                    part.step,
                    Phrase("a step of this pack: %(names)s", names=", ".join(sorted(step_ids))),
                )
            if part.ratio <= 0:
                yield PackFault(
                    f"{place}[{part.step}].ratio",
                    str(part.ratio),
                    Phrase("tonnes per tonne of the route's product, more than 0"),
                )


def _editions(pack: Pack) -> Iterator[PackFault]:
    """An edition says of which steps the pack holds its limits, and of which not: a page tells a
    reader what is missing by it.
    """
    step_ids = {step.id for step in pack.steps}
    for index, edition in enumerate(pack.editions):
        place = f"editions[{index}]"
        of_it = {
            id_
            for step in pack.steps
            for limit in step.limits
            if limit.standard == edition.standard
            for id_ in limit.steps_covered
        }
        for id_ in edition.steps:
            if id_ not in step_ids:
                yield PackFault(
                    f"{place}.steps",
                    id_,
                    Phrase("a step of this pack: %(names)s", names=", ".join(sorted(step_ids))),
                )
            elif edition.held is not (id_ in of_it):
                at = f"{edition.standard} at {id_}"
                wanted = (
                    Phrase("a limit of %(at)s, or held = false", at=at)
                    if edition.held
                    else Phrase("held = true: the pack has a limit of %(at)s", at=at)
                )
                yield PackFault(f"{place}.held", str(edition.held).lower(), wanted)


def _step(step: Step, pack: Pack) -> Iterator[PackFault]:
    place = f"steps[{step.id}]"
    yield from _boundary(step, f"{place}.boundary")
    yield from _variants(step, f"{place}.variants")
    rule = step.label_rule
    if not 0 < rule.least_completeness <= 1:
        yield PackFault(
            f"{place}.label_rule.least_completeness",
            str(rule.least_completeness),
            Phrase("a share between 0 and 1"),
        )
    if not 0 <= rule.shortest_s < rule.longest_s:
        yield PackFault(
            f"{place}.label_rule.longest_s",
            str(rule.longest_s),
            Phrase("seconds, more than shortest_s (%(shortest_s)s)", shortest_s=rule.shortest_s),
        )
    if not 0 < rule.quantile <= Fraction(1, 2):
        yield PackFault(
            f"{place}.label_rule.quantile", str(rule.quantile), Phrase("more than 0, at most 0.5")
        )
    elif rank(rule.quantile, rule.fewest_batches) < LEAST_RANK:
        stated = Phrase(
            "%(fewest_batches)s at quantile %(quantile)s",
            fewest_batches=rule.fewest_batches,
            quantile=f"{float(rule.quantile):g}",
        )
        wanted = Phrase(
            "at least %(fewest)s, or a higher quantile: otherwise two wrong batches decide the "
            "label",
            fewest=next(n for n in itertools.count(1) if rank(rule.quantile, n) >= LEAST_RANK),
        )
        yield PackFault(f"{place}.label_rule.fewest_batches", stated, wanted)
    if rule.most_records_a_day is not None and rule.most_records_a_day < 1:
        yield PackFault(
            f"{place}.label_rule.most_records_a_day",
            str(rule.most_records_a_day),
            Phrase("at least 1"),
        )
    if pack.policy.unit == "day" and rule.most_records_a_day is None:
        yield PackFault(
            f"{place}.label_rule.most_records_a_day",
            Phrase("none"),
            Phrase("the most records of one day, since the policy protects days"),
        )
    if not step.metrics:
        yield PackFault(
            f"{place}.metrics",
            Phrase("none"),
            Phrase("at least one metric; the first is the headline"),
        )
    yield from _unique(f"{place}.metrics", [metric.metric.value for metric in step.metrics])
    for metric in step.metrics:
        yield from _metric(metric, f"{place}.metrics[{metric.metric}]")
        if metric.unit not in (
            units := [f"{energy}/{step.output_unit}" for energy in ENERGY_UNITS[metric.metric]]
        ):
            yield PackFault(
                f"{place}.metrics[{metric.metric}].unit",
                metric.unit,
                Phrase("%(names)s: energy per output_unit of the step", names=alternatives(units)),
            )
        yield from _by_electricity(
            metric, step.boundary, f"{place}.metrics[{metric.metric}].by_electricity"
        )
    yield from _conditions(step, f"{place}.reference_conditions")
    yield from _unique(f"{place}.limits", [limit.id for limit in step.limits])
    for name in step.of_equipment:
        if not any(name in asked_by(limit) for limit in step.limits):
            yield PackFault(
                f"{place}.of_equipment",
                name,
                Phrase("a variable that a limit of this step requires"),
            )
    yield from faults_of_limits(step, pack, place)


def _by_electricity(metric: MetricRule, boundary: Boundary, place: str) -> Iterator[PackFault]:
    for id_ in metric.by_electricity:
        if id_ not in boundary.media or metric.metric is not Metric.ELECTRICITY:
            yield PackFault(
                place, id_, Phrase("a working medium of the boundary, in a metric of electricity")
            )


def _boundary(step: Step, place: str) -> Iterator[PackFault]:
    boundary = step.boundary
    for name in ("carriers", "counted", "credited", "media", "feedstock"):
        ids: tuple[str, ...] = getattr(boundary, name)
        yield from _unique(f"{place}.{name}", ids)
        for id_ in ids:
            if id_ not in CARRIERS:
                yield PackFault(
                    f"{place}.{name}",
                    id_,
                    Phrase("a carrier: %(names)s", names=", ".join(CARRIERS)),
                )
            elif name not in ("credited", "feedstock") and (CARRIERS[id_].form == "medium") is not (
                name == "media"
            ):
                yield PackFault(
                    f"{place}.{name}",
                    id_,
                    Phrase("energy carriers under carriers and counted, working media under media"),
                )
    yield from _credited_media(step, f"{place}.credited")
    for id_ in sorted({*boundary.counted} & {*boundary.carriers}):
        yield PackFault(
            f"{place}.counted", id_, Phrase("a carrier that is not among `carriers` already")
        )
    for id_ in boundary.measured:
        if id_ not in (*boundary.carriers, *boundary.counted, *boundary.credited):
            yield PackFault(
                f"{place}.measured", id_, Phrase("a carrier of `carriers`, `counted` or `credited`")
            )
    for id_ in boundary.essential:
        if id_ not in (*boundary.carriers, *boundary.media):
            yield PackFault(
                f"{place}.essential",
                id_,
                Phrase("a carrier of `carriers`, or a working medium of `media`"),
            )
    if not boundary.carriers:
        yield PackFault(
            f"{place}.carriers", Phrase("none"), Phrase("the carriers that must be reported")
        )
    yield from _asked_beside(boundary, place)


def _asked_beside(boundary: Boundary, place: str) -> Iterator[PackFault]:
    """What a boundary asks of carriers beside that they are reported."""
    yield from _unique(f"{place}.needs", [need.carrier for need in boundary.needs])
    for need in boundary.needs:
        yield from _need(need, boundary, f"{place}.needs[{need.carrier}]")
    for index, yield_ in enumerate(boundary.yields):
        yield from _yield(yield_, boundary, f"{place}.yields[{index}]")
    for name, ids in (("bought", boundary.bought), ("unconverted", boundary.unconverted)):
        for id_ in ids:
            if id_ not in (*boundary.carriers, *boundary.counted):
                yield PackFault(
                    f"{place}.{name}", id_, Phrase("a carrier of `carriers` or `counted`")
                )


def _need(need: CarrierNeed, boundary: Boundary, place: str) -> Iterator[PackFault]:
    own = CARRIERS.get(need.carrier)
    if (
        own is None
        or own.thermal
        or need.carrier not in (*boundary.carriers, *boundary.counted, *boundary.media)
    ):
        yield PackFault(
            f"{place}.carrier",
            need.carrier,
            Phrase("electricity or a working medium that the boundary includes"),
        )
    else:
        try:
            ratio(need.unit, own.unit)
        except InputError:
            yield PackFault(
                f"{place}.unit", need.unit, Phrase("a unit of it, such as %(unit)s", unit=own.unit)
            )
    if need.least and need.carrier not in boundary.essential:
        yield PackFault(
            f"{place}.least",
            f"{need.least:g}",
            Phrase("0 if the carrier is not among `essential`: a plant may not need it"),
        )
    if need.least < 0 or (need.usual is not None and need.usual <= need.least):
        yield PackFault(
            f"{place}.usual",
            f"{need.least:g}, {need.usual}",
            Phrase("0 or more, and a usual amount above the least"),
        )
    for id_, amount in need.made_inside.items():
        if id_ not in CARRIERS or id_ == need.carrier or amount <= 0:
            yield PackFault(
                f"{place}.made_inside.{id_}",
                f"{amount:g}",
                Phrase("an amount above 0 of another carrier that makes it"),
            )
    for id_, stands_for in need.instead.items():
        if (
            id_ not in (*boundary.carriers, *boundary.counted, *boundary.media)
            or id_ == need.carrier
            or stands_for <= 0
        ):
            yield PackFault(
                f"{place}.instead.{id_}",
                f"{stands_for:g}",
                Phrase("an amount above 0 for each unit of another carrier of the boundary"),
            )
    if need.made_inside and (own is None or own.form != "medium"):
        yield PackFault(
            f"{place}.made_inside",
            need.carrier,
            Phrase("a working medium: nothing else is made inside a step"),
        )


def _yield(yield_: Yield, boundary: Boundary, place: str) -> Iterator[PackFault]:
    for name, ids, allowed in (
        ("gives", yield_.gives, boundary.credited),
        ("of", yield_.of, (*boundary.carriers, *boundary.counted)),
        ("besides", yield_.besides, (*boundary.carriers, *boundary.counted)),
    ):
        for id_ in ids:
            if id_ not in allowed:
                yield PackFault(
                    f"{place}.{name}",
                    id_,
                    Phrase("a carrier of the boundary: %(names)s", names=", ".join(allowed)),
                )
    if (
        not yield_.gives
        or yield_.most <= 0
        or (yield_.usual is not None and not 0 < yield_.usual <= yield_.most)
    ):
        stated = f"{', '.join(yield_.gives)}: {yield_.usual}, {yield_.most:g}"
        yield PackFault(
            f"{place}.most",
            stated,
            Phrase(
                "carriers that are credited, and a usual amount above 0 and no more than the most"
            ),
        )


def _credited_media(step: Step, place: str) -> Iterator[PackFault]:
    """Working media stand for the energy that made them: whoever passes them on gives back none."""
    product = CARRIERS.get(step.product)
    for id_ in step.boundary.credited:
        if (
            id_ in CARRIERS
            and CARRIERS[id_].form == "medium"
            and (product is None or product.form != "medium")
        ):
            yield PackFault(
                place,
                id_,
                Phrase(
                    (
                        "no working medium: only a step whose product is a working medium may "
                        "credit one, where it is made, and not a "
                        "step that makes %(product)s"
                    ),
                    product=step.product,
                ),
            )


def _variants(step: Step, place: str) -> Iterator[PackFault]:
    yield from _unique(place, [variant.id for variant in step.variants])
    if not step.variants:
        yield PackFault(
            place,
            Phrase("none"),
            Phrase(
                "at least one variant; if the tree has a single root, a batch without a variant "
                "belongs to it"
            ),
        )
    parents = {variant.id: variant.parent for variant in step.variants}
    for variant in step.variants:
        for id_ in (id_ for id_ in variant.gives_no if id_ not in step.boundary.credited):
            yield PackFault(
                f"{place}[{variant.id}].gives_no",
                id_,
                Phrase("a carrier of `credited`: only what is credited is deducted"),
            )
        if variant.parent is not None and variant.parent not in parents:
            yield PackFault(
                f"{place}[{variant.id}].parent",
                variant.parent,
                Phrase("a variant of this step: %(names)s", names=", ".join(parents)),
            )
    for id_ in parents:
        visited, at = {id_}, parents[id_]
        while at is not None and at not in visited:
            visited.add(at)
            at = parents.get(at)
        if at == id_:
            yield PackFault(
                f"{place}[{id_}].parent",
                " > ".join((id_, parents[id_] or "")),
                Phrase("a tree: no variant is above itself"),
            )


def _metric(rule: MetricRule, place: str) -> Iterator[PackFault]:
    if not rule.floor < rule.ceiling:
        yield PackFault(
            f"{place}.floor",
            Phrase("%(least)s to %(most)s", least=str(rule.floor), most=str(rule.ceiling)),
            Phrase("a floor below the ceiling"),
        )
    if not rule.floor <= rule.typical <= rule.ceiling:
        yield PackFault(
            f"{place}.typical",
            str(rule.typical),
            Phrase(
                "a value between floor and ceiling (%(floor)s to %(ceiling)s)",
                floor=str(rule.floor),
                ceiling=str(rule.ceiling),
            ),
        )
    if rule.typical == 0:
        yield PackFault(
            f"{place}.typical",
            "0",
            Phrase("a value other than 0: the expected error of a release is a share of it"),
        )
    if rule.spread <= 0:
        yield PackFault(
            f"{place}.spread",
            str(rule.spread),
            Phrase("a standard deviation more than 0, in the metric's unit"),
        )
    if rule.grid_width <= 0 or rule.grid_upper <= rule.grid_lower:
        yield PackFault(
            f"{place}.grid_width",
            Phrase(
                "%(grid_lower)s to %(grid_upper)s by %(grid_width)s",
                grid_lower=str(rule.grid_lower),
                grid_upper=str(rule.grid_upper),
                grid_width=str(rule.grid_width),
            ),
            Phrase("lower < upper and a width > 0"),
        )
        return
    if (widths := (rule.grid_upper - rule.grid_lower) / rule.grid_width).denominator != 1:
        yield PackFault(
            f"{place}.grid_width",
            str(rule.grid_width),
            Phrase(
                "a width that divides %(value)s evenly",
                value=str(rule.grid_upper - rule.grid_lower),
            ),
        )
    elif not FEWEST_GRID <= widths + 1 <= LONGEST_GRID:
        yield PackFault(
            f"{place}.grid_width",
            Phrase("%(points)s grid points", points=str(widths + 1)),
            Phrase(
                "%(fewest_grid)s to %(longest_grid)s grid points",
                fewest_grid=FEWEST_GRID,
                longest_grid=LONGEST_GRID,
            ),
        )
    if not rule.grid_lower < Fraction(rule.typical) < rule.grid_upper:
        yield PackFault(
            f"{place}.grid_lower",
            Phrase("%(least)s to %(most)s", least=str(rule.grid_lower), most=str(rule.grid_upper)),
            Phrase("a grid around the typical value (%(typical)s)", typical=str(rule.typical)),
        )


def _conditions(step: Step, place: str) -> Iterator[PackFault]:
    yield from _unique(
        place,
        [
            f"{condition.variable}/{metric}"
            for condition in step.reference_conditions
            for metric in condition.slope
        ],
    )
    for condition in step.reference_conditions:
        for metric in condition.slope:
            if step.metric(metric) is None:
                yield PackFault(
                    f"{place}[{condition.variable}].slope.{metric}",
                    metric,
                    Phrase("a metric of this step"),
                )
    first = {condition.variable: condition for condition in reversed(step.reference_conditions)}
    for condition in step.reference_conditions:
        for field in ("reference", "least", "most", "required"):
            if (value := getattr(condition, field)) != getattr(first[condition.variable], field):
                yield PackFault(
                    f"{place}[{condition.variable}].{field}",
                    str(value),
                    Phrase(
                        "one %(field)s for each variable, the same for all metrics", field=field
                    ),
                )
        least, most = condition.least, condition.most
        low, high = (
            float("-inf") if least is None else least,
            float("inf") if most is None else most,
        )
        if not low <= condition.reference <= high or low == high:
            yield PackFault(
                f"{place}[{condition.variable}].least",
                Phrase("%(least)s to %(most)s", least=str(least), most=str(most)),
                Phrase(
                    "bounds around the reference, %(reference)s", reference=str(condition.reference)
                ),
            )
        if condition.usual_source is None and (condition.usual, condition.test) != (None, None):
            yield PackFault(
                f"{place}[{condition.variable}].usual_source",
                "",
                Phrase("where `usual` and `test` are from"),
            )
        if (
            condition.usual is not None
            and not low <= condition.usual[0] < condition.usual[1] <= high
        ):
            yield PackFault(
                f"{place}[{condition.variable}].usual",
                str(condition.usual),
                Phrase("two values within the bounds, in rising order"),
            )
        yield from _reach(condition, step, f"{place}[{condition.variable}].slope")


def _reach(condition: ReferenceCondition, step: Step, place: str) -> Iterator[PackFault]:
    """A slope moves no batch by more than the grid is wide: what it would be then, no plant is."""
    ends = [
        abs(end - condition.reference)
        for end in (condition.least, condition.most)
        if end is not None
    ]
    furthest = min(max(ends, default=0.0), float("inf") if condition.cap is None else condition.cap)
    for metric, slope in condition.slope.items():
        rule = step.metric(metric)
        if rule is not None and (moved := abs(slope) * furthest) > float(
            width := rule.grid_upper - rule.grid_lower
        ):
            wanted = Phrase(
                "nearer bounds, or a cap: at most %(width)s %(unit)s, the width of the grid",
                width=f"{float(width):g}",
                unit=rule.unit,
            )
            yield PackFault(
                f"{place}.{metric}",
                Phrase(
                    "%(moved)s %(unit)s over %(furthest)s %(unit_2)s",
                    moved=f"{moved:g}",
                    unit=rule.unit,
                    furthest=f"{furthest:g}",
                    unit_2=condition.unit,
                ),
                wanted,
            )


def read_in_the_future(pack: Pack, on: date) -> Iterator[PackFault]:
    """Sources that nobody can have read by that day, each once, at its first place. The clock is
    the caller's: loading a pack asks none.
    """
    late_sources: set[FigureSource] = set()
    for place, source in _sources(pack, ""):
        if source.read_on is not None and source.read_on > on and source not in late_sources:
            late_sources.add(source)
            yield PackFault(
                f"{place}.read_on",
                source.read_on.isoformat(),
                Phrase("the day it was read, %(on)s at the latest", on=str(on)),
            )


def _sources(value: object, place: str) -> Iterator[tuple[str, FigureSource]]:
    if isinstance(value, FigureSource):
        yield place, value
    for at, inner in within(value, place):
        yield from _sources(inner, at)


def _words(value: object, place: str, languages: Iterable[str]) -> Iterator[PackFault]:
    """Every text is there in each language that the pack says its own name in."""
    if isinstance(value, Words):
        for language in languages:
            if not value.by_language.get(language, "").strip():
                yield PackFault(
                    f"{place}.{language}",
                    Phrase("no text"),
                    Phrase("the words in each language of the pack's own `words`"),
                )
    for at, inner in within(value, place):
        yield from _words(inner, at, languages)


def within(value: object, place: str) -> Iterator[tuple[str, object]]:
    """The parts of a declared value, each with its place."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield f"{place}.{name}" if place else name, getattr(value, name)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield f"{place}[{name}]", inner
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield (
                f"{place}[{next((getattr(inner, name) for name in NAMED_BY if hasattr(inner, name)), index)}]",  # noqa: E501
                inner,
            )


def _unique(place: str, ids: Sequence[str]) -> Iterator[PackFault]:
    for id_, count in Counter(ids).items():
        if count > 1:
            yield PackFault(
                place, Phrase("%(id)s %(count)s times", id=id_, count=count), Phrase("each once")
            )
