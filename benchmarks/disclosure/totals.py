"""The totals of a route: each hidden where, with the steps that are shown, it would give a hidden
step away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from fractions import Fraction

from benchmarks.composition.result import WHOLE_ROUTE, IndustryCell, IndustryLabel, RouteTotal
from benchmarks.disclosure import (
    beside_others,
    frequency_and_dominance,
    influence,
    one_firm,
)
from benchmarks.disclosure.beside_others import PublicHistory
from benchmarks.disclosure.decisions import CellDecision, Measure, PublishedVersion, Sight
from benchmarks.disclosure.frequency_and_dominance import Refusal
from benchmarks.disclosure.influence import Exhibit
from benchmarks.disclosure.reasons import GateReason, sentence
from benchmarks.disclosure.rounding import outward, to_grid, total_width
from benchmarks.measurements import Metric
from benchmarks.policies import DisclosurePolicy


def decide_totals(
    draft: IndustryLabel, cells: Sequence[IndustryCell], sight: Sight
) -> dict[Measure, tuple[RouteTotal, CellDecision]]:
    """Each total as it will be shown, and why.

    Args:
        cells: the draft's, as they will be shown.
    """
    headline = [cell for cell in draft.cells if cell.headline]
    width = total_width((cell.ratio, cell.grid) for cell in headline)
    hidden = _hidden_steps(cells)
    secondary = (
        (GateReason.SECONDARY, sentence(GateReason.SECONDARY, steps=", ".join(hidden)))
        if hidden
        else None
    )
    decided = {}
    totals: tuple[tuple[Measure, RouteTotal], ...] = (
        ("composite", draft.composite),
        ("best-reached", draft.best_reached),
        ("typical", draft.typical),
    )
    shown_now = _without_others(cell for cell in cells if cell.headline)
    who = sight.roster.of(WHOLE_ROUTE)
    for measure, total in totals:
        refusal = sight.too_early or _no_total(total, sight.policy) or secondary
        earlier = _earlier_totals(sight.previous, draft, measure)
        alike = [
            (version, old)
            for version, old in earlier
            if version.label.pack_digest == draft.pack_digest
        ]
        if measure == "best-reached":
            ours = influence.of_whole_route("", who, total, draft.headline, draft.period)
            standing = next(
                (
                    old
                    for version, old in alike
                    if ours.stands_as(_whole_route(version, old)) and old.rule == total.rule
                ),
                None,
            )
            refusal = refusal or frequency_and_dominance.alone(
                who, total.rule, sight.policy, sight.weights
            )
            if not refusal and not standing:
                elsewhere, other_years = (
                    _earlier_totals(versions, draft, measure)
                    for versions in (sight.elsewhere, sight.other_years)
                )
                public = PublicHistory(
                    *(
                        [_whole_route(*shown) for shown in versions]
                        for versions in (earlier, elsewhere, other_years)
                    )
                )
                claims = one_firm.of_whole_route(
                    ours, total, [(cell.ratio, cell.grid) for cell in headline]
                )
                audited = one_firm.audited_everywhere(headline, sight.audited)
                refusal = one_firm.refused(claims, ours, audited) or beside_others.refused(
                    ours, public, sight.policy
                )
        else:
            same = (
                (version, old) for version, old in alike if version.label.period == draft.period
            )
            standing = next(
                (
                    old
                    for version, old in same
                    if _without_others(version.label.headline) == shown_now
                ),
                None,
            )
        decided[measure] = _decide_total(draft, measure, total, refusal, standing, width)
    return decided


def _without_others(cells: Iterable[IndustryCell]) -> tuple[IndustryCell, ...]:
    """Cells without the counts of those who reported there and do not enter: these move no
    figure.
    """
    return tuple(dataclasses.replace(cell, sites=0, eligible=0, set_aside=()) for cell in cells)


def _earlier_totals(
    previous: Sequence[PublishedVersion], draft: IndustryLabel, measure: Measure
) -> list[tuple[PublishedVersion, RouteTotal]]:
    totals: list[tuple[PublishedVersion, RouteTotal]] = []
    for version in reversed(previous):
        total: RouteTotal = getattr(version.label, measure.replace("-", "_"))
        if version.label.route == draft.route and total.value is not None:
            totals.append((version, total))
    return totals


def _whole_route(version: PublishedVersion, total: RouteTotal) -> Exhibit:
    return influence.of_whole_route(
        version.version,
        version.roster.of(WHOLE_ROUTE),
        total,
        version.label.headline,
        version.label.period,
    )


def _no_total(total: RouteTotal, policy: DisclosurePolicy) -> Refusal | None:
    """Why composition gave no total, in the gate's words."""
    if total.value is not None:
        return None
    if total.reason == "incomplete":
        return GateReason.INCOMPLETE, sentence(
            GateReason.INCOMPLETE, steps=", ".join(total.missing)
        )
    if total.reason == "units-differ":
        return GateReason.UNITS_DIFFER, sentence(GateReason.UNITS_DIFFER)
    return GateReason.TOO_FEW_FIRMS, sentence(
        GateReason.TOO_FEW_FIRMS, firms=total.firms, fewest=policy.fewest_firms
    )


def _decide_total(
    draft: IndustryLabel,
    measure: Measure,
    total: RouteTotal,
    refusal: Refusal | None,
    earlier_total: RouteTotal | None,
    width: Fraction,
) -> tuple[RouteTotal, CellDecision]:
    reason, words = refusal or frequency_and_dominance.passed(unchanged=earlier_total is not None)
    if refusal:
        result = dataclasses.replace(total, value=None, interval=None, reason=reason.value)
    elif earlier_total:
        result = earlier_total
    else:
        value = None if total.value is None else to_grid(total.value, width)
        result = dataclasses.replace(
            total, value=value, interval=total.interval and outward(total.interval, width)
        )
    return result, CellDecision(
        measure, None, draft.product, "", Metric.TOTAL, total.firms, refusal is None, reason, words
    )


def _hidden_steps(cells: Sequence[IndustryCell]) -> list[str]:
    """Of those whose cells make up the totals."""
    return [cell.step for cell in cells if cell.headline and cell.best is None]
