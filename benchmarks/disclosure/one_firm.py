"""How far a figure lies from where it would be without any one firm's report, and whom to audit
first.

A published interval reaches as far as one false report moves the figure in a sector that is spread
as this one (`composition.best_and_typical`). Where the firms at its ranks lie farther apart
than that, one of them may stand where it stands because its report is false. So a figure that would
lie outside its interval without one firm's report waits until that report has been audited: who was
found to have reported the truth may move it as far as it does. Worked out, as in `influence`, on
released values by the published rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from benchmarks.composition.result import (
    WHOLE_ROUTE,
    IndustryCell,
    IndustryLabel,
    Interval,
    Member,
    Roster,
    RouteTotal,
)
from benchmarks.disclosure import influence
from benchmarks.disclosure.frequency_and_dominance import Refusal
from benchmarks.disclosure.influence import Array, Exhibit, RankAverage
from benchmarks.disclosure.reasons import GateReason, sentence
from benchmarks.disclosure.rounding import outward, total_width
from benchmarks.released import Grid

Moves = Mapping[str, float]
"""By how much, in its unit, a figure would rise without each site's report."""


@dataclass(frozen=True, slots=True)
class LargestMove:
    """By how much at most a value moves without any one firm's report, in its unit and as a share
    of it, and whose report to audit first: of those not audited the one that moves it most.
    """

    by: float
    share: float | None
    audit_first: str | None  # a site; None where every report that moves it is audited


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure with the value and the interval that are to be published of it."""

    figure: RankAverage
    value: float
    interval: Interval


def moved(figure: RankAverage, members: Sequence[Member]) -> Array:
    """By how much, in its unit, the figure would rise without each firm's report."""
    worth = np.array([figure.worth(member) for member in members])
    order = np.argsort(worth, kind="stable")
    place, ordered = np.argsort(order), worth[order]
    whole, without = figure.ranks(worth.size), figure.ranks(worth.size - 1)
    left = np.zeros(worth.size)
    for rank, times in Counter(without).items():  # of the others the one at this rank
        left += times * ordered[rank + (rank >= place)]
    return np.asarray((left / len(without) - ordered[list(whole)].mean()) * figure.width)


def of_cell(ours: Exhibit, cell: IndustryCell) -> Iterator[Claim]:
    """Best and typical value."""
    shown = {"best": (cell.best, cell.interval), "typical": (cell.typical, cell.typical_interval)}
    for figure in ours.figures:
        value, interval = shown[figure.name]
        if value is not None and interval is not None:
            yield Claim(figure, value, outward(interval, cell.grid.width, cell.grid.lower))


def of_curve(ours: Exhibit, cell: IndustryCell) -> Iterator[Claim]:
    for figure, point in zip(ours.curve, cell.curve, strict=True):
        interval = outward(point.interval, cell.grid.width, cell.grid.lower)
        yield Claim(figure, point.value, interval)


def of_whole_route(
    ours: Exhibit, total: RouteTotal, parts: Iterable[tuple[float, Grid]]
) -> Iterator[Claim]:
    if total.value is not None and total.interval is not None:
        for figure in ours.figures:
            yield Claim(figure, total.value, outward(total.interval, total_width(parts)))


def largest_moves(
    draft: IndustryLabel, roster: Roster, audited: Mapping[str, AbstractSet[str]]
) -> dict[str, LargestMove]:
    """Of the best of every cell, by its name, and of the best totals, by their measure, as far as
    they have a value: for who may see whose report it is.
    """
    found: dict[str, LargestMove] = {}
    summed: dict[str, float] = {}
    for cell in draft.cells:
        exhibit = influence.of_cell("", roster.of(cell.name), cell)
        if cell.best is None:
            continue
        by_site = _by_site(exhibit)
        found[cell.name] = _largest(cell.best, by_site, audited.get(cell.step, frozenset()))
        if cell.headline:
            for site, by in by_site.items():
                summed[site] = summed.get(site, 0.0) + cell.ratio * by
    everywhere = audited_everywhere(draft.headline, audited)
    if draft.composite.value is not None:
        found["composite"] = _largest(draft.composite.value, summed, everywhere)
    who, total = roster.of(WHOLE_ROUTE), draft.best_reached
    reached = influence.of_whole_route("", who, total, draft.headline)
    if total.value is not None and reached.figures:
        found["best-reached"] = _largest(total.value, _by_site(reached), everywhere)
    return found


def audited_everywhere(
    headline: Iterable[IndustryCell], audited: Mapping[str, AbstractSet[str]]
) -> frozenset[str]:
    """Sites whose report is audited at every step of the route."""
    by_step = [frozenset(audited.get(cell.step, ())) for cell in headline]
    return frozenset.intersection(*by_step) if by_step else frozenset()


def _by_site(exhibit: Exhibit) -> Moves:
    """How far the best moves, the best firm first."""
    figure, members = exhibit.figures[0], exhibit.who.members
    by = moved(figure, members)
    order = np.argsort([figure.worth(member) for member in members], kind="stable")
    return {members[index].site: float(by[index]) for index in order}


def _largest(value: float, moves: Moves, audited: AbstractSet[str]) -> LargestMove:
    """Of firms that move it alike the first is named."""
    sizes = {site: round(abs(by), 9) for site, by in moves.items()}
    most = max(sizes.values(), default=0.0)
    unaudited = {site: size for site, size in sizes.items() if size and site not in audited}
    first = max(unaudited, key=unaudited.__getitem__, default=None)
    return LargestMove(most, most / abs(value) if value else None, first)


def refused(claims: Iterable[Claim], ours: Exhibit, audited: AbstractSet[str]) -> Refusal | None:
    """Args:
    audited: sites whose report an auditor's positive opinion covers.
    """
    for claim in claims:
        low, high = claim.interval
        without = claim.value + moved(claim.figure, ours.who.members)
        beyond = np.flatnonzero((without < low) | (without > high))
        if any(ours.who.members[index].site not in audited for index in beyond):
            return GateReason.INFLUENCE, sentence(GateReason.INFLUENCE)
    return None
