"""The gate: decides every value of a draft, steps before totals; removes what is refused, rounds
the rest, or holds the whole draft.

Its `published` label is the only thing that pages, API, CSV and PDF may show: refused values are
gone from it, the others are rounded. A draft with a held cell (`GateResult.hold`) waits as a whole:
publishing the rest now would make the next version differ in this one cell.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from benchmarks.composition.result import WHOLE_ROUTE, IndustryCell, IndustryLabel, Roster
from benchmarks.disclosure import (
    beside_others,
    curve,
    frequency_and_dominance,
    influence,
    one_firm,
    potentials,
)
from benchmarks.disclosure.beside_others import PublicHistory
from benchmarks.disclosure.decisions import CellDecision, GateResult, PublishedVersion, Sight
from benchmarks.disclosure.influence import Exhibit
from benchmarks.disclosure.reasons import GateReason, sentence
from benchmarks.disclosure.rounding import outward, to_grid
from benchmarks.disclosure.totals import decide_totals
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from benchmarks.policies import DisclosurePolicy


def gate(
    draft: IndustryLabel,
    roster: Roster,
    policy: DisclosurePolicy,
    previous: Sequence[PublishedVersion] = (),
    *,
    elsewhere: Sequence[PublishedVersion] = (),
    other_years: Sequence[PublishedVersion] = (),
    period_end: date,
    today: date,
    size_weights: Mapping[str, float] | None = None,
    audited: Mapping[str, AbstractSet[str]] | None = None,
) -> GateResult:
    """Decide every value of a draft.

    Args:
        roster: `composition.roster_of` on the same participants as the draft.
        previous: every version of this peer group and period that was ever published, oldest first.
        elsewhere: every version that other peer groups of the sector published, or this one, for a
            period that overlaps this one, oldest first: another route, another jurisdiction or
            another spelling of a period shows some of the same cells, of nearly
            the same firms.
        other_years: every version of the sector for periods that do not overlap this one: what
            bests and sums over firms are held against.
        period_end: the first day after the period.
        size_weights: firm -> declared size class weight; a firm not named weighs 1.
        audited: step -> sites whose report an auditor's positive opinion covers there.
    """
    _refuse_other_roster(draft, roster)
    too_early = frequency_and_dominance.lag(policy, period_end, today)
    sight = Sight(
        roster,
        policy,
        size_weights or {},
        previous,
        elsewhere,
        too_early,
        other_years,
        audited or {},
    )
    decided: dict[str, tuple[IndustryCell, CellDecision]] = {}
    # where two metrics cannot both be shown, the route's own is
    for cell in sorted(draft.cells, key=lambda candidate: not candidate.headline):
        beside = [
            other for other in draft.cells if other.name in decided and decided[other.name][1].shown
        ]
        decided[cell.name] = _decide_cell(cell, draft.period, sight, beside)
    cells = [decided[cell.name][0] for cell in draft.cells]
    decisions = [decided[cell.name][1] for cell in draft.cells]
    totals = decide_totals(draft, cells, sight)
    published = dataclasses.replace(
        draft,
        cells=tuple(cells),
        composite=totals["composite"][0],
        best_reached=totals["best-reached"][0],
        typical=totals["typical"][0],
    )
    return GateResult((*decisions, *(decision for _, decision in totals.values())), published)


def _refuse_other_roster(draft: IndustryLabel, roster: Roster) -> None:
    counts = {
        **{cell.name: cell.firms for cell in draft.cells},
        WHOLE_ROUTE: draft.best_reached.firms,
    }
    for cell, firms in counts.items():
        named = len(roster.of(cell).members)
        if named != firms:
            raise InputError(
                "roster-differs",
                Phrase(
                    "Firms in %(cell)s: the draft counts %(firms)s, the roster names %(named)s.",
                    firms=firms,
                    cell=cell,
                    named=named,
                ),
                "Use the same participants for the draft and for its roster.",
            )


def _decide_cell(
    cell: IndustryCell, period: str, sight: Sight, beside: Sequence[IndustryCell]
) -> tuple[IndustryCell, CellDecision]:
    """One cell as it will be shown; `beside` are those of this draft that will be."""
    earlier, elsewhere = (
        _shown_before(versions, cell.name) for versions in (sight.previous, sight.elsewhere)
    )
    ours = influence.of_cell("", sight.roster.of(cell.name), cell, period)
    already_public = [
        shown
        for old, shown in (*earlier, *elsewhere)
        if ours.stands_as(old) and (shown.rule, shown.grid) == (cell.rule, cell.grid)
    ]
    same = _standing(already_public[0], cell) if already_public else None
    refusal = sight.too_early or frequency_and_dominance.alone(
        ours.who, cell.rule, sight.policy, sight.weights
    )
    if not refusal and not same:
        public = PublicHistory(
            earlier=[exhibit for exhibit, _ in earlier],
            elsewhere=[exhibit for exhibit, _ in elsewhere],
            other_years=[exhibit for exhibit, _ in _shown_before(sight.other_years, cell.name)],
            other_metrics=list(_other_metrics(cell, period, sight, beside)),
        )
        audited = sight.audited.get(cell.step, frozenset())
        refusal = one_firm.refused(
            one_firm.of_cell(ours, cell), ours, audited
        ) or beside_others.refused(ours, public, sight.policy)
        if curve.gives_firms_away(ours, public.of_these_days, sight.policy) or one_firm.refused(
            one_firm.of_curve(ours, cell), ours, audited
        ):
            cell = dataclasses.replace(cell, curve=(), curve_withheld=True)
        apart = [*public.other_metrics, *public.other_years]
        withheld_potentials = potentials.withheld(
            cell, ours, public.of_these_days, apart, sight.policy
        )
        cell = dataclasses.replace(cell, potential_withheld=withheld_potentials)
    if refusal is None and cell.best is None:
        refusal = (
            GateReason.TOO_FEW_FIRMS,
            sentence(GateReason.TOO_FEW_FIRMS, firms=cell.firms, fewest=sight.policy.fewest_firms),
        )
    reason, words = refusal or frequency_and_dominance.passed(unchanged=same is not None)
    shown = _hidden(cell, reason) if refusal else same or _rounded(cell)
    return shown, CellDecision(
        "step",
        cell.step,
        cell.product,
        cell.variant,
        cell.metric,
        cell.firms,
        refusal is None,
        reason,
        words,
    )


def _shown_before(
    versions: Sequence[PublishedVersion], name: str
) -> list[tuple[Exhibit, IndustryCell]]:
    """Versions that showed the cell of this name, latest first."""
    return [
        (
            influence.of_cell(version.version, version.roster.of(name), cell, version.label.period),
            cell,
        )
        for version in reversed(versions)
        for cell in version.label.cells
        if cell.name == name and cell.best is not None
    ]


def _other_metrics(
    cell: IndustryCell, period: str, sight: Sight, beside: Sequence[IndustryCell]
) -> Iterator[Exhibit]:
    """What this draft and every version show of the same step, product, variant and boundary in
    another metric.
    """

    def another(candidate: IndustryCell) -> bool:
        return (
            candidate.metric != cell.metric
            and candidate.name.rpartition("/")[0] == cell.name.rpartition("/")[0]
        )

    yield from (
        influence.of_cell("", sight.roster.of(sibling.name), sibling, period)
        for sibling in beside
        if another(sibling)
    )
    for version in (*sight.previous, *sight.elsewhere):
        for other in version.label.cells:
            if another(other) and other.best is not None:
                yield influence.of_cell(
                    version.version, version.roster.of(other.name), other, version.label.period
                )


def _standing(earlier: IndustryCell, cell: IndustryCell) -> IndustryCell:
    """A figure already public, which gives nothing away: in this route's ratio, beside those of
    this draft who do not enter.
    """
    return dataclasses.replace(
        earlier,
        ratio=cell.ratio,
        headline=cell.headline,
        sites=cell.sites,
        eligible=cell.eligible,
        set_aside=cell.set_aside,
    )


def _hidden(cell: IndustryCell, reason: GateReason) -> IndustryCell:
    return dataclasses.replace(
        cell,
        best=None,
        interval=None,
        typical=None,
        typical_interval=None,
        good_fit=None,
        note=reason.value,
        curve=(),
        curve_withheld=False,
        potential=(),
        potential_withheld=(),
        pooled=(),
        in_part=0,
    )


def _rounded(cell: IndustryCell) -> IndustryCell:
    width, origin = cell.grid.width, cell.grid.lower
    return dataclasses.replace(
        cell,
        best=None if cell.best is None else to_grid(cell.best, width, origin),
        interval=cell.interval and outward(cell.interval, width, origin),
        typical=None if cell.typical is None else to_grid(cell.typical, width, origin),
        typical_interval=cell.typical_interval and outward(cell.typical_interval, width, origin),
        curve=curve.let_through(cell.curve, cell.firms, width, origin),
        potential=potentials.let_through(cell, cell.potential_withheld),
    )
