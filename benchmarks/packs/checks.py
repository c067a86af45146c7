"""What must hold between the parts of a pack. Each check yields its faults, and a pack that has some is refused with all of them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

from pydantic import BaseModel

from benchmarks.carriers import CARRIERS
from benchmarks.measurements import Metric
from benchmarks.packs.corrections import asked_by
from benchmarks.packs.faults import Fault, FaultyPack
from benchmarks.packs.limit_checks import faults_of_limits
from benchmarks.released import rank
from benchmarks.routes import MetricRule, Pack, ReferenceCondition, Source, Step, Words

FEWEST_GRID, LONGEST_GRID = 50, 2000  # cells: of fewer, one is more than a fiftieth of all that plants can be; a draw walks over all
FEWEST_FIRMS = 3  # no pack may let the gate show a cell of fewer
FEWEST_CHANGED = 3  # nor a version that differs in fewer: of two changed firms one may be the reader's
LARGEST_WEIGHT = Fraction(1, 3)  # nor weigh more in a mean
FIRMS_FOR_FIVE = {"mean-of-best-five": 5, "mean-of-top-decile": 41}  # from how many firms on a rule's mean is of at least five
ENERGY_UNITS = {Metric.TOTAL: ("kgce", "MJ"), Metric.ELECTRICITY: ("kWh",), Metric.THERMAL: ("MJ", "kgce")}
NAMED_BY = ("id", "metric", "variable", "step", "rule")  # by what an entry of a list is named in a place
LEAST_RANK = 3  # of the label among the fewest batches that may have one, from below: the least two may be wrong
LONGEST_POOL = 3  # years; no pack may have a label cover more


def refuse_faults(pack: Pack, path: Path, *, clashing: Sequence[str] = ()) -> None:
    """Raise InputError `pack-inconsistent` where there is a fault; `clashing` are own carriers that stand for something else."""
    found = [*clashes(clashing), *faults(pack)]
    refuse(found, path)


def refuse(found: Sequence[Fault], path: Path) -> None:
    """Raise InputError `pack-inconsistent` with these faults, where there is one."""
    if found:
        raise FaultyPack(
            "pack-inconsistent",
            "The pack contradicts itself.",
            "Correct each entry; `docs/packs.md` says what must hold between the parts of a pack.",
            path,
            found,
        )


def clashes(clashing: Sequence[str]) -> Iterator[Fault]:
    """Own carriers of a pack that stand for something else already."""
    for id_ in clashing:
        yield Fault(f"own_carriers[{id_}]", id_, "another id: this one stands for another kind or unit")


def faults(pack: Pack) -> Iterator[Fault]:
    """Every fault of the pack, in the order a reader meets them."""
    yield from _policy(pack)
    yield from _routes(pack)
    yield from _unique("steps", [step.id for step in pack.steps])
    for step in pack.steps:
        yield from _step(step, pack)
    yield from _editions(pack)
    yield from _words(pack, "", pack.words.by_language)


def _policy(pack: Pack) -> Iterator[Fault]:
    policy = pack.policy
    for name, epsilon in (("epsilon_best", policy.epsilon_best), ("epsilon_typical", policy.epsilon_typical)):
        if epsilon <= 0 or not _dyadic(epsilon):
            yield Fault(f"policy.{name}", str(epsilon), "a positive dyadic number, exact in binary floats: 0.75, 0.5, 0.25")
    if policy.epsilon_best + policy.epsilon_typical > policy.cap_per_year:
        yield Fault("policy.cap_per_year", str(policy.cap_per_year), "at least what one release spends")
    classes = policy.count_classes
    if list(classes) != sorted(set(classes)) or not classes or classes[0] != policy.fewest_batches:
        yield Fault("policy.count_classes", str(classes), f"rising lower edges, the first of them fewest_batches ({policy.fewest_batches})")
    if policy.corrections_per_year < 0:
        yield Fault("policy.corrections_per_year", str(policy.corrections_per_year), "0 or more")
    if not 0 < policy.largest_expected_error < 1:
        yield Fault("policy.largest_expected_error", str(policy.largest_expected_error), "a share between 0 and 1")
    if not 1 <= policy.most_years <= LONGEST_POOL:
        yield Fault("policy.most_years", str(policy.most_years), f"1 to {LONGEST_POOL}: a plant is not what it was longer ago")
    yield from _disclosure(pack)
    if pack.effective_to is not None and pack.effective_to <= pack.effective_from:
        yield Fault("effective_to", str(pack.effective_to), f"a day after effective_from ({pack.effective_from})")


def _disclosure(pack: Pack) -> Iterator[Fault]:
    """The gate's thresholds, and composition rules that it could let through."""
    gate = pack.disclosure
    starts = [rule.firms_from for rule in pack.composition]
    if not starts or starts != sorted(set(starts)):
        yield Fault("composition", str(starts), "at least one rule, firms_from rising")
    elif starts[0] < gate.fewest_firms:
        yield Fault("composition", str(starts[0]), f"no rule for fewer firms than disclosure.fewest_firms ({gate.fewest_firms})")
    for rule in pack.composition:
        if rule.firms_from < FIRMS_FOR_FIVE.get(rule.rule, rule.firms_from + 1):
            yield Fault("composition", f"{rule.rule} from {rule.firms_from} firms on", "a mean of at least five firms, and no single rank")
    shares = ("largest_weight", "p_percent", "largest_share_of_change")
    for name, share in ((name, getattr(gate, name)) for name in shares):
        if not 0 < share < 1:
            yield Fault(f"disclosure.{name}", str(share), "a share between 0 and 1")
    if gate.largest_weight > LARGEST_WEIGHT:
        yield Fault("disclosure.largest_weight", str(gate.largest_weight), f"at most {LARGEST_WEIGHT} of a mean")
    if gate.fewest_firms < FEWEST_FIRMS:
        yield Fault("disclosure.fewest_firms", str(gate.fewest_firms), f"at least {FEWEST_FIRMS}: of two firms each knows the other")
    if gate.least_changed_participants < FEWEST_CHANGED:
        yield Fault(
            "disclosure.least_changed_participants",
            str(gate.least_changed_participants),
            f"at least {FEWEST_CHANGED}: of two that changed one may be the reader's, and the difference is the other",
        )
    if gate.lag_days < 0:
        yield Fault("disclosure.lag_days", str(gate.lag_days), "days after the end of the period, 0 or more")


def _routes(pack: Pack) -> Iterator[Fault]:
    known = {step.id for step in pack.steps}
    if not pack.routes:
        yield Fault("routes", "none", "at least one route; the first is the main route")
    yield from _unique("routes", [route.id for route in pack.routes])
    for route in pack.routes:
        place = f"routes[{route.id}].steps"
        yield from _unique(place, [part.step for part in route.steps])
        for part in route.steps:
            if part.step not in known:
                yield Fault(f"{place}[{part.step}]", part.step, f"a step of this pack: {', '.join(sorted(known))}")
            if part.ratio <= 0:
                yield Fault(f"{place}[{part.step}].ratio", str(part.ratio), "tonnes per tonne of the route's product, more than 0")


def _editions(pack: Pack) -> Iterator[Fault]:
    """An edition says of which steps the pack holds its limits, and of which not: a page tells a reader what is missing by it."""
    known = {step.id for step in pack.steps}
    for index, edition in enumerate(pack.editions):
        place = f"editions[{index}]"
        of_it = {id_ for step in pack.steps for limit in step.limits if limit.standard == edition.standard for id_ in limit.steps_covered}
        for id_ in edition.steps:
            if id_ not in known:
                yield Fault(f"{place}.steps", id_, f"a step of this pack: {', '.join(sorted(known))}")
            elif edition.held is not (id_ in of_it):
                at = f"{edition.standard} at {id_}"
                wanted = f"a limit of {at}, or held = false" if edition.held else f"held = true: the pack has a limit of {at}"
                yield Fault(f"{place}.held", str(edition.held).lower(), wanted)


def _step(step: Step, pack: Pack) -> Iterator[Fault]:
    place = f"steps[{step.id}]"
    yield from _boundary(step, f"{place}.boundary")
    yield from _variants(step, f"{place}.variants")
    rule = step.label_rule
    if not 0 < rule.least_completeness <= 1:
        yield Fault(f"{place}.label_rule.least_completeness", str(rule.least_completeness), "a share between 0 and 1")
    if not 0 <= rule.shortest_s < rule.longest_s:
        yield Fault(f"{place}.label_rule.longest_s", str(rule.longest_s), f"seconds, more than shortest_s ({rule.shortest_s})")
    if not 0 < rule.quantile <= Fraction(1, 2):
        yield Fault(f"{place}.label_rule.quantile", str(rule.quantile), "more than 0, at most 0.5")
    elif rank(rule.quantile, rule.fewest_batches) < LEAST_RANK:
        found = f"{rule.fewest_batches} at quantile {float(rule.quantile):g}"
        wanted = f"at least {_fewest(rule.quantile)}, or a higher quantile: else two wrong batches make a label"
        yield Fault(f"{place}.label_rule.fewest_batches", found, wanted)
    if rule.most_records_a_day is not None and rule.most_records_a_day < 1:
        yield Fault(f"{place}.label_rule.most_records_a_day", str(rule.most_records_a_day), "at least 1")
    if pack.policy.unit == "day" and rule.most_records_a_day is None:
        yield Fault(f"{place}.label_rule.most_records_a_day", "none", "the most records of one day, since the policy protects days")
    if not step.metrics:
        yield Fault(f"{place}.metrics", "none", "at least one metric; the first is the headline")
    yield from _unique(f"{place}.metrics", [metric.metric.value for metric in step.metrics])
    for metric in step.metrics:
        yield from _metric(metric, f"{place}.metrics[{metric.metric}]")
        if metric.unit not in (units := [f"{energy}/{step.output_unit}" for energy in ENERGY_UNITS[metric.metric]]):
            yield Fault(f"{place}.metrics[{metric.metric}].unit", metric.unit, f"{' or '.join(units)}: energy per output_unit of the step")
    yield from _conditions(step, f"{place}.reference_conditions")
    yield from _unique(f"{place}.limits", [limit.id for limit in step.limits])
    for name in step.of_equipment:
        if not any(name in asked_by(limit) for limit in step.limits):
            yield Fault(f"{place}.of_equipment", name, "what a limit of this step asks for")
    yield from faults_of_limits(step, pack, place)


def _boundary(step: Step, place: str) -> Iterator[Fault]:
    boundary = step.boundary
    for name in ("carriers", "counted", "credited", "media"):
        ids: tuple[str, ...] = getattr(boundary, name)
        yield from _unique(f"{place}.{name}", ids)
        for id_ in ids:
            if id_ not in CARRIERS:
                yield Fault(f"{place}.{name}", id_, f"a carrier: {', '.join(CARRIERS)}")
            elif name != "credited" and (CARRIERS[id_].form == "medium") is not (name == "media"):
                yield Fault(f"{place}.{name}", id_, "energy carriers under carriers and counted, working media under media")
    yield from _credited_media(step, f"{place}.credited")
    for id_ in sorted({*boundary.counted} & {*boundary.carriers}):
        yield Fault(f"{place}.counted", id_, "a carrier that is not among `carriers` already")
    for id_ in boundary.measured:
        if id_ not in (*boundary.carriers, *boundary.counted, *boundary.credited):
            yield Fault(f"{place}.measured", id_, "a carrier of `carriers`, `counted` or `credited`")
    for id_ in boundary.essential:
        if id_ not in (*boundary.carriers, *boundary.media):
            yield Fault(f"{place}.essential", id_, "a carrier of `carriers`, or a working medium of `media`")
    if not boundary.carriers:
        yield Fault(f"{place}.carriers", "none", "the carriers that must be reported")


def _credited_media(step: Step, place: str) -> Iterator[Fault]:
    """Working media stand for the energy that made them: whoever passes them on gives back none."""
    made = CARRIERS.get(step.product)
    for id_ in step.boundary.credited:
        if id_ in CARRIERS and CARRIERS[id_].form == "medium" and (made is None or made.form != "medium"):
            yield Fault(place, id_, f"no working medium: a step whose product is one credits them where they are made, not {step.product}")


def _variants(step: Step, place: str) -> Iterator[Fault]:
    yield from _unique(place, [variant.id for variant in step.variants])
    if not step.variants:
        yield Fault(place, "none", "at least one variant; a batch without one belongs to the root of the tree where there is a single root")
    parents = {variant.id: variant.parent for variant in step.variants}
    for variant in step.variants:
        for id_ in (id_ for id_ in variant.gives_no if id_ not in step.boundary.credited):
            yield Fault(f"{place}[{variant.id}].gives_no", id_, "a carrier of `credited`: what is not credited takes nothing off")
        if variant.parent is not None and variant.parent not in parents:
            yield Fault(f"{place}[{variant.id}].parent", variant.parent, f"a variant of this step: {', '.join(parents)}")
    for id_ in parents:
        seen, at = {id_}, parents[id_]
        while at is not None and at not in seen:
            seen.add(at)
            at = parents.get(at)
        if at == id_:
            yield Fault(f"{place}[{id_}].parent", " > ".join((id_, parents[id_] or "")), "a tree: no variant is above itself")


def _metric(rule: MetricRule, place: str) -> Iterator[Fault]:
    if not rule.floor < rule.ceiling:
        yield Fault(f"{place}.floor", f"{rule.floor} to {rule.ceiling}", "a floor below the ceiling")
    if not rule.floor <= rule.typical <= rule.ceiling:
        yield Fault(f"{place}.typical", str(rule.typical), f"a value between floor and ceiling ({rule.floor} to {rule.ceiling})")
    if rule.typical == 0:
        yield Fault(f"{place}.typical", "0", "a value other than 0: the expected error of a release is a share of it")
    if rule.spread <= 0:
        yield Fault(f"{place}.spread", str(rule.spread), "a standard deviation more than 0, in the metric's unit")
    if rule.grid_width <= 0 or rule.grid_upper <= rule.grid_lower:
        yield Fault(f"{place}.grid_width", f"{rule.grid_lower} to {rule.grid_upper} by {rule.grid_width}", "lower < upper and a width > 0")
        return
    if (cells := (rule.grid_upper - rule.grid_lower) / rule.grid_width).denominator != 1:
        yield Fault(f"{place}.grid_width", str(rule.grid_width), f"a width that divides {rule.grid_upper - rule.grid_lower} evenly")
    elif not FEWEST_GRID <= cells + 1 <= LONGEST_GRID:
        yield Fault(f"{place}.grid_width", f"{cells + 1} cells", f"{FEWEST_GRID} to {LONGEST_GRID} cells")
    if not rule.grid_lower < Fraction(rule.typical) < rule.grid_upper:
        yield Fault(f"{place}.grid_lower", f"{rule.grid_lower} to {rule.grid_upper}", f"a grid around the typical value ({rule.typical})")


def _conditions(step: Step, place: str) -> Iterator[Fault]:
    yield from _unique(place, [f"{condition.variable}/{metric}" for condition in step.reference_conditions for metric in condition.slope])
    for condition in step.reference_conditions:
        for metric in condition.slope:
            if step.metric(metric) is None:
                yield Fault(f"{place}[{condition.variable}].slope.{metric}", metric, "a metric of this step")
    first = {condition.variable: condition for condition in reversed(step.reference_conditions)}
    for condition in step.reference_conditions:
        for field in ("reference", "least", "most", "required"):
            if (value := getattr(condition, field)) != getattr(first[condition.variable], field):
                yield Fault(f"{place}[{condition.variable}].{field}", str(value), f"one {field} a variable, whatever the metric")
        least, most = condition.least, condition.most
        low, high = float("-inf") if least is None else least, float("inf") if most is None else most
        if not low <= condition.reference <= high or low == high:
            yield Fault(f"{place}[{condition.variable}].least", f"{least} to {most}", f"bounds around the reference, {condition.reference}")
        yield from _reach(condition, step, f"{place}[{condition.variable}].slope")


def _reach(condition: ReferenceCondition, step: Step, place: str) -> Iterator[Fault]:
    """A slope moves no batch by more than the grid is wide: what it would be then, no plant is."""
    ends = [abs(end - condition.reference) for end in (condition.least, condition.most) if end is not None]
    furthest = min(max(ends, default=0.0), float("inf") if condition.cap is None else condition.cap)
    for metric, slope in condition.slope.items():
        rule = step.metric(metric)
        if rule is not None and (moved := abs(slope) * furthest) > float(width := rule.grid_upper - rule.grid_lower):
            wanted = f"nearer bounds, or a cap: at most {float(width):g} {rule.unit}, the width of the grid"
            yield Fault(f"{place}.{metric}", f"{moved:g} {rule.unit} over {furthest:g} {condition.unit}", wanted)


def read_in_the_future(pack: Pack, on: date) -> Iterator[Fault]:
    """Sources that nobody can have read by that day, each once, at its first place. The clock is the caller's: loading a pack asks none."""
    told: set[Source] = set()
    for place, source in _sources(pack, ""):
        if source.read_on is not None and source.read_on > on and source not in told:
            told.add(source)
            yield Fault(f"{place}.read_on", source.read_on.isoformat(), f"the day on which the source was read, {on} at the latest")


def _sources(value: object, place: str) -> Iterator[tuple[str, Source]]:
    if isinstance(value, Source):
        yield place, value
    for at, inner in within(value, place):
        yield from _sources(inner, at)


def _words(value: object, place: str, languages: Iterable[str]) -> Iterator[Fault]:
    """Every text is there in each language that the pack says its own name in."""
    if isinstance(value, Words):
        for language in languages:
            if not value.by_language.get(language, "").strip():
                yield Fault(f"{place}.{language}", "no text", "the words in each language of the pack's own `words`")
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
            yield f"{place}[{next((getattr(inner, name) for name in NAMED_BY if hasattr(inner, name)), index)}]", inner


def _fewest(quantile: Fraction) -> int:
    """Of how many batches the label has that rank."""
    return next(count for count in itertools.count(1) if rank(quantile, count) >= LEAST_RANK)


def _unique(place: str, ids: Sequence[str]) -> Iterator[Fault]:
    for id_, count in Counter(ids).items():
        if count > 1:
            yield Fault(place, f"{id_} {count} times", "each once")


def _dyadic(number: Fraction) -> bool:
    return number.denominator & (number.denominator - 1) == 0
