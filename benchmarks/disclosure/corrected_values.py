"""One value of a version that is corrected: who stood behind it, what the corrected firms reported
and report, and how far that moves each of its figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from math import hypot

import numpy as np
from scipy.special import ndtri

from benchmarks.composition import IndustryCell
from benchmarks.composition.behind_figures import Array, Move, PublishedFigures, moves
from benchmarks.composition.result import CellRoster, Interval, Member, Roster
from benchmarks.composition.rules import RuleName, rule_for
from benchmarks.disclosure.decisions import GateResult
from benchmarks.routes import Pack


class Correction(StrEnum):
    """What becomes of a firm's report in an erratum."""

    AT_FAULT = "at-fault"  # its present report counts, or none where it has none
    TAKEN_OUT = "taken-out"  # at fault, and its present report does not count either
    NOT_AT_FAULT = "not-at-fault"


STANDS = 0.1
"""Of the width of its interval: a figure that an honest correction moves by no more stands."""

_TO_SD = 1.959964
NO_MOVE = Move(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class CorrectedVersion:
    """The version that an erratum corrects, as it went out, and the reports as they are now."""

    name: str
    gate: GateResult
    roster: Roster
    now: Roster


@dataclass(frozen=True, slots=True)
class CorrectedValue:
    """One value whose members are corrected: who stood there, and what the corrected ones were and
    are, as rows of best and typical value.
    """

    members: CellRoster
    fault_before: Array
    fault_now: Array
    others_before: Array  # of firms not at fault
    others_now: Array
    settled: CellRoster  # without or with another report of the firms at fault
    replaced: CellRoster  # without those not at fault, too
    present_others: int  # firms not at fault that report still

    @classmethod
    def of(
        cls,
        version: CorrectedVersion,
        members: CellRoster,
        corrections: Mapping[str, Correction],
        worth: Callable[[Member], tuple[float, float]],
    ) -> CorrectedValue:
        today = {member.firm: member for member in version.now.of(members.cell).members}

        def rows(those: Sequence[Member | None]) -> Array:
            return np.array([worth(member) for member in those if member]).reshape(-1, 2)

        corrected = [member for member in members.members if member.firm in corrections]
        others = [m for m in corrected if corrections[m.firm] is Correction.NOT_AT_FAULT]
        fault = [member for member in corrected if member not in others]
        now_of_fault = [
            today.get(member.firm)
            for member in fault
            if corrections[member.firm] is Correction.AT_FAULT
        ]
        now_of_others = [today.get(member.firm) for member in others]
        kept = [member for member in members.members if member not in fault]
        settled = (*kept, *(member for member in now_of_fault if member))
        gone = {member.firm for member in others}
        return cls(
            members,
            rows(fault),
            rows(now_of_fault),
            rows(others),
            rows(now_of_others),
            CellRoster(members.cell, settled),
            CellRoster(members.cell, tuple(m for m in settled if m.firm not in gone)),
            sum(member is not None for member in now_of_others),
        )

    @property
    def firms_where_settled(self) -> int:
        return len(self.settled.members)

    @property
    def firms(self) -> int:
        return len(self.replaced.members) + self.present_others

    def moves(
        self, published: PublishedFigures, pack: Pack, seed: int
    ) -> tuple[dict[str, Move], AbstractSet[str]]:
        """How far each figure moves, and which of them those not at fault leave where they are."""

        def moved(
            taken_out: Sequence[Array], put_in: Sequence[Array], firms: int, unknown: int = 0
        ) -> dict[str, Move]:
            return moves(
                published,
                np.concatenate(taken_out),
                np.concatenate(put_in),
                np.random.default_rng(seed),  # the same chance for all three
                unknown=unknown,
                rule=rule_of(firms, pack),
            )

        settled = dict.fromkeys(published.figures, NO_MOVE)
        if len(self.fault_before):
            settled = moved([self.fault_before], [self.fault_now], self.firms_where_settled)
        if not len(self.others_before):
            return settled, set()
        out = [self.fault_before, self.others_before]
        corrected = moved(out, [self.fault_now, self.others_now], self.firms)
        replaced = moved(out, [self.fault_now], self.firms, self.present_others)
        stand = {
            name
            for name, move in settled.items()
            if name in corrected and _stands(published.figures[name], corrected[name].by - move.by)
        }
        return {
            name: settled[name] if name in stand else replaced[name]
            for name in settled
            if name in stand or name in replaced
        }, stand


def _stands(figure: tuple[float, Interval], by: float) -> bool:
    _, (low, high) = figure
    return abs(by) <= STANDS * (high - low)


def rule_of(firms: int, pack: Pack) -> RuleName:
    """Of so few that no rule holds nothing is shown; the least of the rules stands in."""
    holds = rule_for(firms, pack.composition) or min(
        pack.composition, key=lambda rule: rule.firms_from
    )
    return holds.rule


def of_cell(cell: IndustryCell) -> Callable[[Member], tuple[float, float]]:
    lower, width = float(cell.grid.lower), float(cell.grid.width)
    return lambda member: (
        lower + width * member.bests[0],
        lower + width * member.typicals[0],
    )


def distance(cell: IndustryCell, pack: Pack) -> float:
    """From best to typical value of a typical plant, by the pack's public spread of batches."""
    step = pack.step(cell.step)
    rule = step.metric(cell.metric)
    spread = rule.spread if rule else float(cell.grid.width)
    return -float(ndtri(float(step.label_rule.quantile))) * spread


def figures(cell: IndustryCell) -> dict[str, tuple[float, Interval]]:
    """Every figure of the cell that is shown, by name."""
    named = {"best": (cell.best, cell.interval), "typical": (cell.typical, cell.typical_interval)}
    named |= {f"p{point.percent}": (point.value, point.interval) for point in cell.curve}
    named |= {f"saved-{saved.to}": (saved.value, saved.interval) for saved in cell.potential}
    return {
        name: (value, interval)
        for name, (value, interval) in named.items()
        if value is not None and interval is not None
    }


def moved_by(value: float, interval: Interval, move: Move) -> tuple[float, Interval]:
    """A figure moved; what is not known about the move widens its interval."""
    unsure = _TO_SD * move.sd
    now = value + move.by
    return now, (now - hypot(value - interval[0], unsure), now + hypot(interval[1] - value, unsure))


def of_route(headline: Sequence[IndustryCell]) -> Callable[[Member], tuple[float, float]]:
    """A plant's totals over the route, of its best and of its typical values."""
    cells = [(cell.ratio, of_cell(cell)) for cell in headline]

    def worth(member: Member) -> tuple[float, float]:
        runs = zip(member.bests, member.typicals, strict=True)
        steps = [
            [ratio * value for value in of_cell(Member("", "", (0, *run)))]
            for (ratio, of_cell), run in zip(cells, runs, strict=True)
        ]
        best, typical = (sum(column) for column in zip(*steps, strict=True))
        return best, typical

    return worth
