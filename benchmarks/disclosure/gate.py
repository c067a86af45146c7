"""The gate over a whole draft: each step's values, then the totals, then what the totals would give away.

Its `published` label is the only thing that pages, API, CSV and PDF may show: refused values are gone from it, the
others are rounded. A draft with a held cell (`GateResult.hold`) waits as a whole: publishing the rest now would make
the next version differ in this one cell.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from benchmarks.composition.industry import IndustryLabel, RouteTotal, StepBest
from benchmarks.composition.participants import WHOLE_ROUTE, CellRoster, Roster
from benchmarks.composition.rules import RuleName
from benchmarks.disclosure import checks
from benchmarks.disclosure.checks import Refusal
from benchmarks.disclosure.reasons import Reason, sentence
from benchmarks.disclosure.rounding import outward, to_grid, total_width
from benchmarks.errors import InputError
from benchmarks.measurements import Metric
from benchmarks.routes import DisclosurePolicy, Words
from benchmarks.stored import Stored

Measure = Literal["step", "composite", "best-reached", "typical"]


@dataclass(frozen=True, slots=True)
class CellDecision:
    """One value of the draft: shown or not, and why. `step` is None for the three totals of the route."""

    measure: Measure
    step: str | None
    product: str
    variant: str
    metric: Metric
    firms: int
    shown: bool
    reason_code: Reason
    reason: Words


@dataclass(frozen=True, slots=True)
class GateResult(Stored):
    """Every decision, and the label as it may be published."""

    cells: tuple[CellDecision, ...]
    published: IndustryLabel

    @property
    def hold(self) -> bool:
        """Whether the draft waits: some value may not go out yet, though nothing is wrong with it."""
        return any(cell.reason_code in (Reason.DIFFERENCING, Reason.LAG) for cell in self.cells)

    @property
    def shown(self) -> int:
        return sum(cell.shown for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Published:
    """A version that the public has seen, withdrawn or not: its gated label and who stood behind it.

    `version` is the name the gate's sentences give it: "2", or in another peer group that group's name with it.
    """

    version: str
    label: IndustryLabel
    roster: Roster


def gate(
    draft: IndustryLabel,
    roster: Roster,
    policy: DisclosurePolicy,
    previous: Sequence[Published] = (),
    *,
    elsewhere: Sequence[Published] = (),
    period_end: date,
    today: date,
    size_weights: Mapping[str, float] | None = None,
) -> GateResult:
    """Decide every value of a draft.

    Args:
        roster: `composition.roster_of` on the same participants as the draft.
        previous: every version of this peer group and period that was ever published, oldest first.
        elsewhere: every version of this period that other peer groups of the sector published, oldest first: another route
            or another jurisdiction shows some of the same cells, of nearly the same firms.
        period_end: the first day after the period.
        size_weights: firm -> declared size class weight; a firm not named weighs 1.
    """
    _refuse_other_roster(draft, roster)
    late = checks.lag(policy, period_end, today)
    weights = size_weights or {}
    steps: list[StepBest] = []
    decisions: list[CellDecision] = []
    for step in draft.steps:
        earlier, others = (_shown_before(versions, draft.period, step.cell) for versions in (previous, elsewhere))
        who = roster.of(step.cell)
        known = [shown for _, old, shown in (*earlier, *others) if not checks.changed_firms(old, who) and _same_method(shown, step)]
        # a figure already public gives nothing away, and stands: in this route's ratio
        same = dataclasses.replace(known[0], ratio=step.ratio, headline=step.headline) if known else None
        refusal = late or _refusal(who, step.rule, policy, weights)
        if not refusal and not same:
            refusal = _difference(who, policy, [entry[:2] for entry in earlier], [entry[:2] for entry in others])
        if refusal is None and step.best is None:
            refusal = Reason.TOO_FEW_FIRMS, sentence(Reason.TOO_FEW_FIRMS, firms=step.firms, fewest=policy.fewest_firms)
        outcome = refusal or _shown(same is not None)
        steps.append(_hidden(step, outcome[0]) if refusal else same or _rounded(step))
        decisions.append(_step_decision(step, outcome))
    totals = _totals(draft, steps, roster, policy, weights, previous, elsewhere, late)
    published = dataclasses.replace(
        draft,
        steps=tuple(steps),
        composite=totals[0][0],
        best_reached=totals[1][0],
        typical=totals[2][0],
    )
    return GateResult((*decisions, *(decision for _, decision in totals)), published)


def _refuse_other_roster(draft: IndustryLabel, roster: Roster) -> None:
    counts = {**{step.cell: step.firms for step in draft.steps}, WHOLE_ROUTE: draft.best_reached.firms}
    for cell, firms in counts.items():
        named = len(roster.of(cell).members)
        if named != firms:
            raise InputError(
                "roster-differs",
                f"The draft counts {firms} firms in {cell} and the roster names {named}.",
                "Compose the draft and take its roster from the same participants.",
            )


def _refusal(
    who: CellRoster,
    rule: RuleName | None,
    policy: DisclosurePolicy,
    weights: Mapping[str, float],
) -> Refusal | None:
    """The first check that the value fails by itself; frequency first, so that the later ones always have firms to look at."""
    return (
        checks.frequency(who, policy)
        or checks.dominance(who, policy, weights)
        or (checks.weight(rule, len(who.firms), policy) if rule else None)
    )


def _difference(
    who: CellRoster, policy: DisclosurePolicy, earlier: Iterable[tuple[str, CellRoster]], others: Iterable[tuple[str, CellRoster]]
) -> Refusal | None:
    """The first check that the value fails beside what is public: versions of its own, then other peer groups."""
    return checks.differencing(who, earlier, policy) or checks.differencing(who, others, policy, Reason.OVERLAP)


def _shown(unchanged: bool) -> Refusal:
    reason = Reason.UNCHANGED if unchanged else Reason.SHOWN
    return reason, sentence(reason)


def _shown_before(versions: Sequence[Published], period: str, cell: str) -> list[tuple[str, CellRoster, StepBest]]:
    """Versions of the period that showed this cell, latest first."""
    return [
        (version.version, version.roster.of(cell), step)
        for version in reversed(versions)
        if version.label.period == period
        for step in version.label.steps
        if step.cell == cell and step.best is not None
    ]


def _same_method(earlier: StepBest, step: StepBest) -> bool:
    """Whether an earlier figure may stand: same rule and grid; another method is another figure."""
    return (earlier.rule, earlier.grid) == (step.rule, step.grid)


def _hidden(step: StepBest, reason: Reason) -> StepBest:
    return dataclasses.replace(
        step, best=None, interval=None, typical=None, typical_interval=None, influence=None, good_fit=None, note=reason.value
    )


def _rounded(step: StepBest) -> StepBest:
    width, origin = step.grid.width, step.grid.lower
    return dataclasses.replace(
        step,
        best=None if step.best is None else to_grid(step.best, width, origin),
        interval=step.interval and outward(step.interval, width, origin),
        typical=None if step.typical is None else to_grid(step.typical, width, origin),
        typical_interval=step.typical_interval and outward(step.typical_interval, width, origin),
    )


def _step_decision(step: StepBest, outcome: Refusal) -> CellDecision:
    reason, words = outcome
    shown = reason in (Reason.SHOWN, Reason.UNCHANGED)
    return CellDecision("step", step.step, step.product, step.variant, step.metric, step.firms, shown, reason, words)


def _totals(
    draft: IndustryLabel,
    steps: Sequence[StepBest],
    roster: Roster,
    policy: DisclosurePolicy,
    weights: Mapping[str, float],
    previous: Sequence[Published],
    elsewhere: Sequence[Published],
    late: Refusal | None,
) -> list[tuple[RouteTotal, CellDecision]]:
    """Composite, best reached and typical, each hidden where it would give a hidden step away."""
    headline = [step for step in draft.steps if step.headline]
    width = total_width((step.ratio, step.grid) for step in headline)
    hidden = [step.step for step in steps if step.headline and step.best is None]
    secondary = (Reason.SECONDARY, sentence(Reason.SECONDARY, steps=", ".join(hidden))) if hidden else None
    found = []
    totals: tuple[tuple[Measure, RouteTotal], ...] = (
        ("composite", draft.composite),
        ("best-reached", draft.best_reached),
        ("typical", draft.typical),
    )
    shown_now = tuple(step for step in steps if step.headline)
    who = roster.of(WHOLE_ROUTE)
    for measure, total in totals:
        refusal = late or _no_total(total, policy) or secondary
        earlier = _earlier_totals(previous, draft, measure)
        alike = [(version, old) for version, old in earlier if version.label.pack_digest == draft.pack_digest]
        if measure == "best-reached":
            kept = next((old for version, old in alike if not checks.changed_firms(version.roster.of(WHOLE_ROUTE), who)), None)
            refusal = refusal or _refusal(who, total.rule, policy, weights)
            if not refusal and not kept:
                refusal = _difference(who, policy, _whole_routes(earlier), _whole_routes(_earlier_totals(elsewhere, draft, measure)))
        else:
            kept = next((old for version, old in alike if version.label.headline == shown_now), None)
        found.append(_decide_total(draft, measure, total, refusal, kept, width))
    return found


def _earlier_totals(previous: Sequence[Published], draft: IndustryLabel, measure: Measure) -> list[tuple[Published, RouteTotal]]:
    name = {"composite": "composite", "best-reached": "best_reached", "typical": "typical"}[measure]
    found: list[tuple[Published, RouteTotal]] = []
    for version in reversed(previous):
        total: RouteTotal = getattr(version.label, name)
        if (version.label.route, version.label.period) == (draft.route, draft.period) and total.value is not None:
            found.append((version, total))
    return found


def _whole_routes(totals: Iterable[tuple[Published, RouteTotal]]) -> list[tuple[str, CellRoster]]:
    return [(version.version, version.roster.of(WHOLE_ROUTE)) for version, _ in totals]


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
    reason, words = refusal or _shown(kept is not None)
    if refusal:
        result = dataclasses.replace(total, value=None, interval=None, reason=reason.value)
    elif kept:
        result = kept
    else:
        value = None if total.value is None else to_grid(total.value, width)
        result = dataclasses.replace(total, value=value, interval=total.interval and outward(total.interval, width))
    return result, CellDecision(measure, None, draft.product, "", Metric.TOTAL, total.firms, refusal is None, reason, words)
