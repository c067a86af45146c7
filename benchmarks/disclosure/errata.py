"""The erratum of a published version: one or two firms' reports are taken out of it or corrected,
and nobody reads the reports of the other firms again.

The gate withholds a new version that differs in so few firms: subtracted from the old one it would
tell of them, and of the firms that move up into their ranks. An erratum is worked out from the old
version as the public reads it, from the corrected firms' reports and from nothing else
(`composition.behind_figures`). So:

- it tells of the other firms nothing that the corrected firms could not work out before, and
  whoever learns the corrected values from it knows as much as these firms did;
- what a firm *at fault* reported is corrected by what it reports now, or taken out: the difference
  between the versions is that firm's, which bears it;
- of a firm *not at fault* the present report enters no figure. Where it would move a figure by no
  more than a tenth of its interval, the figure stands; else the firm's place is taken by what the
  other figures lead to expect of any firm, and the difference tells what the wrong report was;
- all errata of one version together take out fewer firms than `least_changed_participants`, so that
  at least three of the five firms in a mean are known to nobody.

See decision 0082, and `tests.attacks.test_corrections` for what a reader gains.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot

from benchmarks.composition import CurvePoint, IndustryCell, IndustryLabel, Potential, RouteTotal
from benchmarks.composition.behind_figures import Move, PublishedFigures
from benchmarks.composition.result import WHOLE_ROUTE, CellRoster, Member, Roster
from benchmarks.composition.rules import FEWEST_AVERAGED
from benchmarks.declared import Words
from benchmarks.disclosure import frequency_and_dominance
from benchmarks.disclosure.corrected_values import (
    NO_MOVE,
    CorrectedValue,
    CorrectedVersion,
    Correction,
    distance,
    figures,
    moved_by,
    of_cell,
    of_route,
    rule_of,
)
from benchmarks.disclosure.decisions import CellDecision, GateResult
from benchmarks.disclosure.frequency_and_dominance import Refusal
from benchmarks.disclosure.reasons import GateReason, sentence
from benchmarks.disclosure.rounding import outward, to_grid, total_width
from benchmarks.errors import PolicyRefusal
from benchmarks.phrases import Phrase
from benchmarks.policies import DisclosurePolicy
from benchmarks.routes import Pack


@dataclass(frozen=True, slots=True)
class Erratum:
    gate: GateResult
    roster: Roster


@dataclass(frozen=True, slots=True)
class MovedFigure:
    """One figure that an erratum moved. `step` is empty for a total of the route, whose name is
    then `figure`; a value is None where the version does not show it.
    """

    step: str
    variant: str
    metric: str
    figure: str
    unit: str
    before: float | None
    after: float | None


def most_corrected(policy: DisclosurePolicy) -> int:
    """Firms that all errata of one version may correct together."""
    return policy.least_changed_participants - 1


def unknown_firms(corrected: int) -> int:
    """Of the firms in a mean, how many at least are known to nobody after so many corrections."""
    return FEWEST_AVERAGED - corrected


def changed_firms(then: Roster, now: Roster) -> set[str]:
    """Firms behind some value then whose report is another now, or that stand there no more."""
    changed = set()
    for cell in then.cells:
        today = {member.firm: member for member in now.of(cell.cell).members}
        for member in cell.members:
            if member.firm not in today or today[member.firm] != member:
                changed.add(member.firm)
    return changed


def erratum(
    version: CorrectedVersion,
    corrections: Mapping[str, Correction],
    pack: Pack,
    seed: int,
    size_weights: Mapping[str, float] | None = None,
) -> Erratum:
    """The version corrected.

    Args:
        corrections: by firm.
        seed: of the simulation: by the version and the corrected reports.

    Raises:
        PolicyRefusal: `too-many-corrected`.
    """
    most = most_corrected(pack.disclosure)
    if len(corrections) > most:
        raise PolicyRefusal(
            "too-many-corrected",
            Phrase(
                "%(firms)s firms are to be corrected. All errata of one version together may "
                "correct %(most)s.",
                firms=len(corrections),
                most=most,
            ),
            "Compose a new version of all reports: with so many changed firms the disclosure "
            "gate may release it.",
        )
    base = version.gate.published
    former = {_place(decision): decision for decision in version.gate.cells}
    decisions, cells, rosters = [], [], []
    shifts: dict[str, Mapping[str, Move]] = {}
    for cell in base.cells:
        place = ("step", cell.step, cell.product, cell.variant, cell.metric)
        members = version.roster.of(cell.name)
        if cell.best is None or not members.firms & corrections.keys():
            result, decision, roster = cell, former[place], members
            if cell.best is not None:
                unchanged = frequency_and_dominance.passed(unchanged=True)
                decision = _decision(decision, cell.firms, *unchanged)
        else:
            corrected = CorrectedValue.of(version, members, corrections, of_cell(cell))
            result, why, roster, shifts[cell.name] = _cell(
                cell, corrected, version.name, pack, seed, size_weights or {}
            )
            decision = _decision(former[place], result.firms, *why)
        cells.append(result)
        decisions.append(decision)
        rosters.append(roster)
    published = dataclasses.replace(base, cells=tuple(cells))
    totals, whole = _totals(version, published, corrections, shifts, pack, seed, size_weights or {})
    for measure, (total, refusal) in totals.items():
        decision = former[measure, None, base.product, "", "total"]
        decisions.append(
            _decision(decision, total.firms, *refusal) if refusal is not None else decision
        )
    return Erratum(
        GateResult(
            tuple(decisions),
            dataclasses.replace(
                published,
                composite=totals["composite"][0],
                best_reached=totals["best-reached"][0],
                typical=totals["typical"][0],
            ),
        ),
        Roster((*rosters, whole)),
    )


def moved(before: IndustryLabel, after: IndustryLabel) -> tuple[MovedFigure, ...]:
    """What stands in the two otherwise, in the order of the route, totals last."""
    changes = []
    for then, now in zip(before.cells, after.cells, strict=True):
        old, new = figures(then), figures(now)
        for name in old:
            value = new[name][0] if name in new else None
            if value != old[name][0]:
                changes.append(
                    MovedFigure(
                        then.step, then.variant, then.metric, name, then.unit, old[name][0], value
                    )
                )
    for name in ("composite", "best_reached", "typical"):
        was, total = getattr(before, name), getattr(after, name)
        if was.value != total.value:
            changes.append(MovedFigure("", "", "", name, was.unit, was.value, total.value))
    return tuple(changes)


def _place(decision: CellDecision) -> tuple[str, str | None, str, str, str]:
    return decision.measure, decision.step, decision.product, decision.variant, decision.metric


def _decision(former: CellDecision, firms: int, reason: GateReason, words: Words) -> CellDecision:
    shown = reason in (GateReason.UNCHANGED, GateReason.STANDS, GateReason.CORRECTED)
    return dataclasses.replace(former, firms=firms, shown=shown, reason_code=reason, reason=words)


def _cell(
    cell: IndustryCell,
    corrected: CorrectedValue,
    version: str,
    pack: Pack,
    seed: int,
    size_weights: Mapping[str, float],
) -> tuple[IndustryCell, Refusal, CellRoster, Mapping[str, Move]]:
    if cell.rule is None:
        raise ValueError(f"{cell.name} is shown without a rule")
    published = PublishedFigures(
        cell.firms, cell.rule, distance(cell, pack), float(cell.grid.width), figures(cell)
    )
    shift, stand = corrected.moves(published, pack, seed)
    stands = not len(corrected.fault_before) and stand == published.figures.keys()
    roster = corrected.settled if stand == published.figures.keys() else corrected.replaced
    firms = corrected.firms_where_settled if roster is corrected.settled else corrected.firms
    if stands:
        words = sentence(GateReason.STANDS, version=version)
        return cell, (GateReason.STANDS, words), roster, {}
    if refusal := _refused(roster, firms, pack, size_weights):
        return _hidden(cell, firms, refusal[0]), refusal, roster, {}
    after = dataclasses.replace(_moved(cell, shift), firms=firms, rule=rule_of(firms, pack))
    words = sentence(GateReason.CORRECTED, version=version)
    return after, (GateReason.CORRECTED, words), roster, shift


def _refused(
    roster: CellRoster, firms: int, pack: Pack, size_weights: Mapping[str, float]
) -> Refusal | None:
    """As every value by itself. Firms whose place is taken by what is expected count as firms."""
    expected = (
        Member(f"expected-{number}", "", ()) for number in range(firms - len(roster.members))
    )
    return frequency_and_dominance.alone(
        CellRoster(roster.cell, (*roster.members, *expected)),
        rule_of(firms, pack),
        pack.disclosure,
        size_weights,
    )


def _moved(cell: IndustryCell, shift: Mapping[str, Move]) -> IndustryCell:
    """The cell with its figures moved, on the release grid. A curve whose points are others for so
    many firms is withheld."""
    width, origin = cell.grid.width, cell.grid.lower
    after = {}
    for name, (value, interval) in figures(cell).items():
        if name in shift:
            start = 0 * origin if name.startswith("saved-") else origin
            now, around = moved_by(value, interval, shift[name])
            after[name] = to_grid(now, width, start), outward(around, width, start)
    points = tuple(
        CurvePoint(point.percent, *after[f"p{point.percent}"])
        for point in cell.curve
        if f"p{point.percent}" in after
    )
    whole_curve = len(points) == len(cell.curve)
    return dataclasses.replace(
        cell,
        best=after["best"][0],
        interval=after["best"][1],
        typical=after["typical"][0],
        typical_interval=after["typical"][1],
        curve=points if whole_curve else (),
        curve_withheld=cell.curve_withheld or not whole_curve,
        potential=tuple(
            Potential(saved.to, *after[f"saved-{saved.to}"]) for saved in cell.potential
        ),
    )


def _hidden(cell: IndustryCell, firms: int, reason: GateReason) -> IndustryCell:
    return dataclasses.replace(
        cell,
        firms=firms,
        best=None,
        interval=None,
        typical=None,
        typical_interval=None,
        good_fit=None,
        note=reason.value,
        curve=(),
        potential=(),
        pooled=(),
        in_part=0,
    )


def _totals(
    version: CorrectedVersion,
    published: IndustryLabel,
    corrections: Mapping[str, Correction],
    shifts: Mapping[str, Mapping[str, Move]],
    pack: Pack,
    seed: int,
    size_weights: Mapping[str, float],
) -> tuple[dict[str, tuple[RouteTotal, Refusal | None]], CellRoster]:
    """Each total and why it is shown or not, None as before; and who stands behind the one that
    plants reached.
    """
    base = version.gate.published
    width = total_width((cell.ratio, cell.grid) for cell in published.headline)
    hidden = [cell.step for cell in published.headline if cell.best is None]
    secondary = (
        (GateReason.SECONDARY, sentence(GateReason.SECONDARY, steps=", ".join(hidden)))
        if hidden
        else None
    )

    def decided(
        total: RouteTotal, shift: Move, firms: int, refusal: Refusal | None = None
    ) -> tuple[RouteTotal, Refusal | None]:
        if total.value is None or total.interval is None:
            return total, None
        if why := secondary or refusal:
            return dataclasses.replace(total, value=None, interval=None, reason=why[0].value), why
        if shift == NO_MOVE:
            return total, frequency_and_dominance.passed(unchanged=True)
        value, around = moved_by(total.value, total.interval, shift)
        moved_total = dataclasses.replace(
            total, value=to_grid(value, width), interval=outward(around, width), firms=firms
        )
        words = sentence(GateReason.CORRECTED, version=version.name)
        return moved_total, (GateReason.CORRECTED, words)

    def summed(figure: str) -> Move:
        of_steps = [
            (cell.ratio, shifts[cell.name][figure])
            for cell in published.headline
            if shifts.get(cell.name)
        ]
        return Move(
            sum(ratio * move.by for ratio, move in of_steps),
            hypot(*(ratio * move.sd for ratio, move in of_steps)),
        )

    fewest = min(cell.firms for cell in published.headline)
    shift, firms, roster, refusal = _reached(version, corrections, pack, seed, size_weights)
    return {
        "composite": decided(base.composite, summed("best"), fewest),
        "best-reached": decided(base.best_reached, shift, firms, refusal),
        "typical": decided(base.typical, summed("typical"), fewest),
    }, roster


def _reached(
    version: CorrectedVersion,
    corrections: Mapping[str, Correction],
    pack: Pack,
    seed: int,
    size_weights: Mapping[str, float],
) -> tuple[Move, int, CellRoster, Refusal | None]:
    """How far the best whole route that plants reached moves; how many firms and who stand behind
    it then, and why it may not be shown.
    """
    base = version.gate.published
    total, typical, members = base.best_reached, base.typical, version.roster.of(WHOLE_ROUTE)
    if total.value is None or not members.firms & corrections.keys():
        return NO_MOVE, total.firms, members, None
    if not (total.interval and total.rule and typical.value and typical.interval):
        raise ValueError("a total that plants reached is shown without its rule or typical total")
    published = PublishedFigures(
        total.firms,
        total.rule,
        sum(cell.ratio * distance(cell, pack) for cell in base.headline),
        float(total_width((cell.ratio, cell.grid) for cell in base.headline)),
        {"best": (total.value, total.interval), "typical": (typical.value, typical.interval)},
    )
    corrected = CorrectedValue.of(version, members, corrections, of_route(base.headline))
    shift, stand = corrected.moves(published, pack, seed)
    if "best" in stand:
        firms, roster = corrected.firms_where_settled, corrected.settled
    else:
        firms, roster = corrected.firms, corrected.replaced
    return shift["best"], firms, roster, _refused(roster, firms, pack, size_weights)
