"""How far one false report moves the industry's best, whether the published interval holds the
honest value all the same, and how many figures of honest sectors wait for an audit.

The liar is the firm in the middle, which sends 50 or 100 grid points less energy than it was about
to, or the best one, which sends 50 more. `before` is what the mean of the best five, on which the
label stood once, moves by at 50. A figure that the gate withholds until a report is audited misleads
nobody: held are those that are published.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.composition import IndustryCell, ReportedLabel, apply_rule
from benchmarks.composition.best_and_typical import compose_with_draws
from benchmarks.composition.entrants import entrants
from benchmarks.composition.result import CellRoster, Member
from benchmarks.disclosure import influence, one_firm
from tests.statistical.outcome import Outcome
from tests.statistical.sectors import BETWEEN, PACK, RULE, STEP, Sector, sector

LIES = ((0.5, -50), (0.5, -100), (0.0, 50))
"""Which firm, by its place among all, and the grid points that its report is off by."""
_SHORT = ((8, 26, 60), 24)
_LONG = ((8, 12, 20, 26, 40, 60, 100), 200)
_HELD = 0.95
_MOST_WITHHELD = 0.05  # of honest figures, on the average over all sizes and shapes
_DOUBT = 0.06  # of a share, in so few sectors


@dataclass(slots=True)
class Tried:
    """What sectors of one kind gave; moves as shares of the typical value."""

    before: list[float] = field(default_factory=list)
    moved: list[list[float]] = field(default_factory=lambda: [[] for _ in LIES])
    held: list[bool] = field(default_factory=list)  # of lies, where the figure is published
    wide: list[float] = field(default_factory=list)  # half the width of the interval
    honest: list[bool] = field(default_factory=list)  # withheld without a lie
    lied: int = 0


def run(long: bool) -> Outcome:
    sizes, sectors = _LONG if long else _SHORT
    rows, sound, honest = [], True, []
    for firms in sizes:
        for shape in BETWEEN:
            tried = try_sectors(shape, firms, sectors)
            share = float(np.mean(tried.held))
            sound &= share >= _HELD - (0.0 if long else _DOUBT)
            honest += tried.honest
            rows.append(
                (
                    shape,
                    f"{firms}",
                    f"{100 * float(np.mean(tried.before)):.2f}",
                    *(f"{100 * float(np.mean(moves)):+.2f}" for moves in tried.moved),
                    f"{100 * float(np.mean(tried.wide)):.2f}",
                    f"{100 * share:.0f}",
                    f"{100 * (1 - len(tried.held) / tried.lied):.0f}",
                    f"{100 * float(np.mean(tried.honest)):.0f}",
                )
            )
    sound &= float(np.mean(honest)) <= _MOST_WITHHELD
    return Outcome(
        "one-liar",
        sound,
        f"{sectors} sectors a row: by how much the best moves, in % of the typical value, where "
        "the firm in the middle reports 50 grid points too low (the mean of the best five as it "
        "was, then the published best), 100 too low, or the best firm 50 too high; half the width "
        "of the 95 % interval; % of the published intervals that hold the honest value in spite "
        "of a lie; % of figures that are withheld until a report is audited, with a lie and "
        "without one",
        (
            "spread",
            "firms",
            "best five, 50 low",
            "50 low",
            "100 low",
            "best firm 50 high",
            "half width",
            "held",
            "withheld",
            "withheld, honest",
        ),
        tuple(rows),
        "composition.md",
    )


def try_sectors(shape: str, firms: int, sectors: int) -> Tried:
    rng = np.random.default_rng([firms, 62, *shape.encode()])
    tried = Tried()
    for _ in range(sectors):
        _add(tried, sector(rng, shape, firms), rng)
    return tried


def _add(tried: Tried, honest: Sector, rng: np.random.Generator) -> None:
    cell, withheld = published(honest.labels, rng)
    assert cell.best is not None
    assert cell.interval is not None
    assert cell.rule is not None
    truth = float(apply_rule(cell.rule, honest.best))
    tried.honest.append(withheld)
    tried.wide.append((cell.interval[1] - cell.interval[0]) / 2 / RULE.typical)
    order = np.argsort(honest.best)
    for lie, (place, points) in enumerate(LIES):
        labels = lied(honest.labels, int(order[int(place * order.size)]), points)
        if lie == 0:
            tried.before.append((_best_five(honest.labels) - _best_five(labels)) / RULE.typical)
        false, withheld = published(labels, rng)
        assert false.best is not None
        assert false.interval is not None
        tried.moved[lie].append((false.best - cell.best) / RULE.typical)
        tried.lied += 1
        if not withheld:
            tried.held.append(false.interval[0] <= truth <= false.interval[1])


def published(
    labels: Sequence[ReportedLabel], rng: np.random.Generator
) -> tuple[IndustryCell, bool]:
    """The cell as it is composed, and whether the gate withholds it until a report is audited."""
    who = entrants(labels, PACK, STEP, RULE, "any")
    cell, *_ = compose_with_draws(
        who, PACK, STEP, RULE, rng, variant="any", ratio=1.0, headline=True
    )
    members = tuple(Member.of((row,)) for row in who.entering)
    shown = influence.of_cell("", CellRoster(cell.name, members), cell)
    return cell, one_firm.refused(one_firm.of_cell(shown, cell), shown, frozenset()) is not None


def lied(labels: Sequence[ReportedLabel], who: int, points: int) -> list[ReportedLabel]:
    """The labels where one firm sends a best that is so many grid points off."""
    label = labels[who].label
    point = min(max(label.best.grid_point + points, 0), label.grid.points - 1)
    false = dataclasses.replace(label, best=dataclasses.replace(label.best, grid_point=point))
    return [
        dataclasses.replace(row, label=false) if index == who else row
        for index, row in enumerate(labels)
    ]


def _best_five(labels: Sequence[ReportedLabel]) -> float:
    return float(np.sort([float(row.label.best_value) for row in labels])[:5].mean())
