"""The totals of a route: each hidden where, with the steps that are shown, it would give a hidden step away."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction

from benchmarks.composition.participants import WHOLE_ROUTE
from benchmarks.composition.result import IndustryLabel, RouteTotal, StepBest
from benchmarks.disclosure import differencing, frequency_and_dominance, influence, several_publications
from benchmarks.disclosure.decisions import CellDecision, Measure, Published, Sight
from benchmarks.disclosure.frequency_and_dominance import Refusal
from benchmarks.disclosure.influence import Exhibit
from benchmarks.disclosure.reasons import Reason, sentence
from benchmarks.disclosure.rounding import outward, to_grid, total_width
from benchmarks.measurements import Metric
from benchmarks.policies import DisclosurePolicy


def decide_totals(draft: IndustryLabel, steps: Sequence[StepBest], sight: Sight) -> list[tuple[RouteTotal, CellDecision]]:
    """Composite, best reached and typical, in this order.

    Args:
        steps: the draft's steps as they will be shown.
    """
    headline = [step for step in draft.steps if step.headline]
    width = total_width((step.ratio, step.grid) for step in headline)
    hidden = _hidden_steps(steps)
    secondary = (Reason.SECONDARY, sentence(Reason.SECONDARY, steps=", ".join(hidden))) if hidden else None
    decisions = []
    totals: tuple[tuple[Measure, RouteTotal], ...] = (
        ("composite", draft.composite),
        ("best-reached", draft.best_reached),
        ("typical", draft.typical),
    )
    shown_now = tuple(step for step in steps if step.headline)
    who = sight.roster.of(WHOLE_ROUTE)
    for measure, total in totals:
        refusal = sight.late or _no_total(total, sight.policy) or secondary
        earlier = _earlier_totals(sight.previous, draft, measure)
        alike = [(version, old) for version, old in earlier if version.label.pack_digest == draft.pack_digest]
        if measure == "best-reached":
            ours = influence.of_whole_route("", who, total, draft.headline, draft.period)
            standing = next((old for version, old in alike if ours.stands_as(_whole_route(version, old)) and old.rule == total.rule), None)
            refusal = refusal or frequency_and_dominance.alone(who, total.rule, sight.policy, sight.weights)
            if not refusal and not standing:
                others, apart = (_earlier_totals(versions, draft, measure) for versions in (sight.elsewhere, sight.other_years))
                before, elsewhere, years = ([_whole_route(*shown) for shown in versions] for versions in (earlier, others, apart))
                refusal = (
                    differencing.beside(ours, before, elsewhere, sight.policy)
                    or several_publications.left_over(ours, before + elsewhere, sight.policy)
                    or differencing.years(ours, years, sight.policy)
                )
        else:
            same = ((version, old) for version, old in alike if version.label.period == draft.period)
            standing = next((old for version, old in same if version.label.headline == shown_now), None)
        decisions.append(_decide_total(draft, measure, total, refusal, standing, width))
    return decisions


def _hidden_steps(steps: Sequence[StepBest]) -> list[str]:
    """Of those that make up the totals."""
    return [step.step for step in steps if step.headline and step.best is None]


def _earlier_totals(previous: Sequence[Published], draft: IndustryLabel, measure: Measure) -> list[tuple[Published, RouteTotal]]:
    name = {"composite": "composite", "best-reached": "best_reached", "typical": "typical"}[measure]
    totals: list[tuple[Published, RouteTotal]] = []
    for version in reversed(previous):
        total: RouteTotal = getattr(version.label, name)
        if version.label.route == draft.route and total.value is not None:
            totals.append((version, total))
    return totals


def _whole_route(version: Published, total: RouteTotal) -> Exhibit:
    return influence.of_whole_route(version.version, version.roster.of(WHOLE_ROUTE), total, version.label.headline, version.label.period)


def _no_total(total: RouteTotal, policy: DisclosurePolicy) -> Refusal | None:
    """Why composition gave no total, in the gate's words."""
    if total.value is not None:
        return None
    if total.reason == "incomplete":
        return Reason.INCOMPLETE, sentence(Reason.INCOMPLETE, steps=", ".join(total.missing))
    if total.reason == "units-differ":
        return Reason.UNITS_DIFFER, sentence(Reason.UNITS_DIFFER)
    return Reason.TOO_FEW_FIRMS, sentence(Reason.TOO_FEW_FIRMS, firms=total.firms, fewest=policy.fewest_firms)


def _decide_total(
    draft: IndustryLabel, measure: Measure, total: RouteTotal, refusal: Refusal | None, kept: RouteTotal | None, width: Fraction
) -> tuple[RouteTotal, CellDecision]:
    reason, words = refusal or frequency_and_dominance.passed(unchanged=kept is not None)
    if refusal:
        result = dataclasses.replace(total, value=None, interval=None, reason=reason.value)
    elif kept:
        result = kept
    else:
        value = None if total.value is None else to_grid(total.value, width)
        result = dataclasses.replace(total, value=value, interval=total.interval and outward(total.interval, width))
    return result, CellDecision(measure, None, draft.product, "", Metric.TOTAL, total.firms, refusal is None, reason, words)
