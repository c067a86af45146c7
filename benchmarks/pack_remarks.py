"""What a good pack keeps to beside what must hold of every pack (`packs.checks`); a pack may have a
reason to leave any of it.

An author meets them in `steplabel-agent pack check`, which tells them and refuses nothing.
`docs/packs.md` has their reasons, under *Choosing the figures*; the packs that come with Steplabel
are held to the same rules by their tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from benchmarks.conversion import MJ_PER_KGCE, Basis, FactorTable
from benchmarks.declared import Words
from benchmarks.measurements import Metric
from benchmarks.packs.checks import within
from benchmarks.packs.faults import PackFault
from benchmarks.phrases import Phrase
from benchmarks.privacy.eligibility import expected_error
from benchmarks.routes import MetricRule, Pack, Step

GRID_POINTS = (100, 400)
WIDTH_SHARE = 0.005  # of the typical value, at most
# of the typical value, on either side of it: clamping is rare even for a plant that far off
ROOM = 0.25
ROOM_SPREADS, BOUND_SPREADS = 4, 6  # and so many spreads for the grid, and for floor and ceiling
SLOPES_AGREE = 0.01
FAR = 0.5  # of the typical value, from which on a level of a limit is far from it
QUANTILES = {
    **dict.fromkeys(("heat", "coil"), (Fraction("0.05"), Fraction("0.05"))),
    "melt": (Fraction("0.1"), Fraction("0.1")),
    **dict.fromkeys(("shift", "day"), (Fraction("0.1"), Fraction("0.2"))),
    **dict.fromkeys(("month", "campaign", "pot-month"), (Fraction("0.2"), Fraction("0.25"))),
}
"""By run kind, from and to: low where runs come by the thousand, higher where they are few."""
SMALL_PLANT = {
    "heat": 670,
    "coil": 670,
    "shift": 670,
    "day": 200,
    "melt": 340,
    "pot-month": 340,
    "month": 12,
    "campaign": 12,
}
"""Runs a year of one line, at the lower edge of their count class: the smallest plant that a pack
is to serve.
"""


def remarks(pack: Pack) -> Iterator[PackFault]:
    """What the pack could do better, in the order a reader meets it: where, what was found, what is
    advised.
    """
    factors = FactorTable.of(pack.conversion)
    in_routes = {part.step for route in pack.routes for part in route.steps if len(route.steps) > 1}
    for step in pack.steps:
        place = f"steps[{step.id}]"
        yield from _runs(step, place)
        yield from _released(step, pack, f"{place}.metrics")
        for rule in step.metrics:
            at = f"{place}.metrics[{rule.metric}]"
            yield from _grid(rule, at)
            yield from _bounds(rule, at)
            yield from _precision(rule, step, pack, at)
        if step.id in in_routes and step.metrics[0].metric is not Metric.TOTAL:
            wanted = Phrase(
                "`total` as the headline of each step in a route of several steps: only totals of "
                "steps add up"
            )
            yield PackFault(f"{place}.metrics", step.metrics[0].metric, wanted)
        yield from _slopes(step, factors, f"{place}.reference_conditions")
        yield from _media(step, factors, f"{place}.boundary.media")
        yield from _untested(step, place)
        yield from _levels(step, pack, place)
    yield from _chinese(pack)


def _untested(step: Step, place: str) -> Iterator[PackFault]:
    """A step whose labels are held against nothing: whatever is left out of its energy, or of what
    it is made of, nobody sees.
    """
    boundary = step.boundary
    gives_back = step.metrics[0].typical < 0  # held against what others take of it
    if not (
        gives_back
        or boundary.essential
        or boundary.needs
        or boundary.yields
        or step.feeds
        or step.takes
    ):
        wanted = Phrase(
            "essential, needs, feeds or takes: what labels of the step are compared with"
        )
        yield PackFault(f"{place}.boundary.essential", Phrase("none of them"), wanted)


def _levels(step: Step, pack: Pack, place: str) -> Iterator[PackFault]:
    """Limits of any of the step's plants far from what the pack says is typical, and limits of
    which it names no edition.
    """
    editions = {edition.standard for edition in pack.editions}
    for limit in step.limits:
        at = f"{place}.limits[{limit.id}]"
        typical = next(
            (
                rule.typical
                for rule in step.metrics
                if (rule.metric, rule.unit) == (limit.metric, limit.unit)
            ),
            None,
        )
        far = [
            grade
            for grade in limit.grades
            if grade is not None
            and typical is not None
            and abs(grade - typical) > FAR * typical > 0
        ]
        if far and not limit.applies and limit.steps_covered == (step.id,):
            wanted = Phrase(
                "within %(share)s of the typical value, %(typical)s",
                share=f"{FAR:.0%}",
                typical=f"{typical:g}",
            )
            yield PackFault(f"{at}.grades", " / ".join(f"{grade:g}" for grade in far), wanted)
        if limit.standard not in editions:
            wanted = Phrase(
                "[[editions]] of %(standard)s: when each was in force, and which the pack contains",
                standard=limit.standard,
            )
            yield PackFault(f"{at}.standard", Phrase("no edition"), wanted)


def _runs(step: Step, place: str) -> Iterator[PackFault]:
    rule = step.label_rule
    low, high = QUANTILES[step.run_kind]
    if not low <= rule.quantile <= high:
        wanted = Phrase(
            "%(low)s to %(high)s, where run_kind is %(run_kind)s",
            low=f"{float(low):g}",
            high=f"{float(high):g}",
            run_kind=step.run_kind,
        )
        yield PackFault(f"{place}.label_rule.quantile", f"{float(rule.quantile):g}", wanted)
    if rule.longest_gap_s >= rule.shortest_s:
        wanted = Phrase(
            "less than shortest_s (%(shortest_s)s): a run without a reading of its own would "
            "count its neighbours' energy",
            shortest_s=rule.shortest_s,
        )
        yield PackFault(f"{place}.label_rule.longest_gap_s", str(rule.longest_gap_s), wanted)


def _released(step: Step, pack: Pack, place: str) -> Iterator[PackFault]:
    spent = sum(rule.released for rule in step.metrics) * (
        pack.policy.epsilon_best + pack.policy.epsilon_typical
    )
    if spent > pack.policy.cap_per_year:
        wanted = Phrase(
            "at most policy.cap_per_year (%(cap_per_year)s): use `released = false` for a metric "
            "that stays on the site",
            cap_per_year=f"{float(pack.policy.cap_per_year):g}",
        )
        yield PackFault(
            place, Phrase("releases that spend %(spent)s a year", spent=f"{float(spent):g}"), wanted
        )


def _grid(rule: MetricRule, place: str) -> Iterator[PackFault]:
    points, (fewest, most) = rule.grid.points, GRID_POINTS
    width, typical = float(rule.grid_width), abs(rule.typical)
    lower, upper = float(rule.grid_lower), float(rule.grid_upper)
    if not fewest <= points <= most:
        yield PackFault(
            f"{place}.grid_width",
            Phrase("%(points)s grid points", points=points),
            Phrase(
                "%(fewest)s to %(most)s grid points: with more, empty ones pull the released "
                "value away",
                fewest=fewest,
                most=most,
            ),
        )
    if width > WIDTH_SHARE * typical:
        yield PackFault(
            f"{place}.grid_width",
            f"{width:g}",
            Phrase(
                "at most %(width_share)s of the typical value: %(value)s",
                width_share=f"{WIDTH_SHARE:.1%}",
                value=f"{WIDTH_SHARE * typical:.3g}",
            ),
        )
    if 10_000 % rule.grid_width.denominator:
        yield PackFault(f"{place}.grid_width", f"{width:g}", Phrase("a short decimal"))
    away = max(ROOM * typical, ROOM_SPREADS * rule.spread)
    if lower > rule.typical - away or upper < rule.typical + away:
        span = Phrase(
            "%(least)s to %(most)s",
            least=f"{rule.typical - away:g}",
            most=f"{rule.typical + away:g}",
        )
        wanted = Phrase(
            "%(span)s: room for plants %(room)s or %(room_spreads)s spreads away from the typical "
            "value",
            span=span,
            room=f"{ROOM:.0%}",
            room_spreads=ROOM_SPREADS,
        )
        yield PackFault(
            f"{place}.grid_lower",
            Phrase("%(least)s to %(most)s", least=f"{lower:g}", most=f"{upper:g}"),
            wanted,
        )
    if lower < rule.floor or upper > rule.ceiling:
        wanted = Phrase(
            "only values that a batch can have: floor and ceiling are %(floor)s and %(ceiling)s",
            floor=f"{rule.floor:g}",
            ceiling=f"{rule.ceiling:g}",
        )
        yield PackFault(
            f"{place}.grid_lower",
            Phrase("%(least)s to %(most)s", least=f"{lower:g}", most=f"{upper:g}"),
            wanted,
        )


def _bounds(rule: MetricRule, place: str) -> Iterator[PackFault]:
    low, high = (
        rule.typical - BOUND_SPREADS * rule.spread,
        rule.typical + BOUND_SPREADS * rule.spread,
    )
    if not rule.floor < low or not high < rule.ceiling:
        wanted = Phrase(
            "below %(low)s and above %(high)s: %(spreads)s spreads from the typical value, so "
            "that no real batch counts as impossible",
            low=f"{low:g}",
            high=f"{high:g}",
            spreads=BOUND_SPREADS,
        )
        yield PackFault(
            f"{place}.floor",
            Phrase("%(least)s to %(most)s", least=f"{rule.floor:g}", most=f"{rule.ceiling:g}"),
            wanted,
        )


def _precision(rule: MetricRule, step: Step, pack: Pack, place: str) -> Iterator[PackFault]:
    if not rule.released:
        return
    runs, largest = SMALL_PLANT[step.run_kind], float(pack.policy.largest_expected_error)
    error = expected_error(rule, step.label_rule.quantile, pack.policy.epsilon_best, runs)
    if error > largest:
        wanted = Phrase(
            (
                "at most largest_expected_error (%(largest)s): use a narrower grid, shorter runs, "
                "a higher quantile, or `released = false`"
            ),
            largest=f"{largest:.1%}",
        )
        yield PackFault(
            place,
            Phrase(
                "an expected error of %(error)s for a plant with %(runs)s runs",
                error=f"{error:.1%}",
                runs=runs,
            ),
            wanted,
        )


def _slopes(step: Step, factors: FactorTable, place: str) -> Iterator[PackFault]:
    """What a variable moves in total is what it moves of heat and of electricity."""
    total, thermal = step.metric(Metric.TOTAL), step.metric(Metric.THERMAL)
    if total is None or thermal is None or not total.unit.startswith("kgce"):
        return
    of_heat = 1 / float(MJ_PER_KGCE) if thermal.unit.startswith("MJ") else 1.0
    of_power = float(factors.factors["electricity", Basis.CALORIFIC][-1].kgce_per_unit)
    slopes: dict[str, dict[Metric, float]] = {}
    for condition in step.reference_conditions:
        slopes.setdefault(condition.variable, {}).update(condition.slope)
    for variable, of in slopes.items():
        parts = of.get(Metric.THERMAL, 0.0) * of_heat + of.get(Metric.ELECTRICITY, 0.0) * of_power
        stated = of.get(Metric.TOTAL, 0.0)
        if abs(stated - parts) > SLOPES_AGREE * max(abs(stated), abs(parts)):
            wanted = Phrase(
                "%(parts)s %(unit)s, as it follows from the slopes of `thermal` and `electricity`",
                parts=f"{parts:.4g}",
                unit=total.unit,
            )
            yield PackFault(f"{place}[{variable}].slope.total", f"{stated:g}", wanted)


def _media(step: Step, factors: FactorTable, place: str) -> Iterator[PackFault]:
    for id_ in step.boundary.media:
        if (id_, Basis.CALORIFIC) not in factors.factors:
            wanted = Phrase(
                (
                    "a table of conversion factors (`conversion`, a path) that contains %(id)s: "
                    "without it a run that reports %(id)s has "
                    "no total"
                ),
                id=id_,
            )
            yield PackFault(place, id_, wanted)


def _chinese(value: object, place: str = "") -> Iterator[PackFault]:
    if isinstance(value, Words) and not re.search(
        r"[\u4e00-\u9fff]", chinese := value.by_language.get("zh", "")
    ):
        yield PackFault(f"{place}.zh", chinese, Phrase("Chinese words"))
    for at, inner in within(value, place):
        yield from _chinese(inner, at)
