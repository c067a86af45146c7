"""From raw files to what leaves: how many other records one input record changes, and what
everything that leaves then tells of it.

Neighbours differ in one input record at the level of files: a row replaced, added or removed in any
field, the readings in one window replaced by anything. Of each pair all that the labels hold is
compared account by account, and over every drawn cell of the report the exact laws on both sides; a
joint loss is the sum over all draws of the largest ratio of their probabilities. It is held against
what the ledger debits from the accounts that the changed record names, on the side where that is
more.

Several changes go through the whole agent in one set of files, as long as they are of different
records. No record besides theirs may change; each change by itself is then the plant with what its
own record came to, planned anew. That the same comes out where a change goes through the whole
agent alone is tried as well (`ALONE`), and so goes every change that lets batches overlap.

What is declared and not noised (a label released or withheld and why, classes, a step or report
refused) is in no loss: of how many pairs it differs is counted, and how many released cells of a
metric at once.

The control is the plant's own label on the same neighbours: were the outward judgement switched
off, this is what would be released.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests.statistical import raw_plants, whole_files
from tests.statistical.leaving import NOTHING, Report, changed, joint_loss, judge, swiftly
from tests.statistical.outcome import Outcome
from tests.statistical.raw_neighbours import mistyped, neighbour, tangled, tipped
from tests.statistical.raw_plants import Plant


@dataclass(frozen=True, slots=True)
class Road:
    """One way of files to what leaves: whether it has a bound (one without must be refused), and
    how many neighbours are tried.
    """

    make: Callable[[], Plant]
    bounded: bool = True
    short: int = 24
    long: int = 10_000
    first: Callable[[Plant], Plant] = mistyped  # the neighbour that an attacker would choose


ROADS = (
    Road(raw_plants.by_energy),
    Road(raw_plants.at_a_class),
    Road(raw_plants.tipping, short=1, long=100, first=tipped),
    Road(raw_plants.declared_rows),
    Road(lambda: raw_plants.by_energy(xlsx=True)),
    Road(lambda: raw_plants.by_readings("register")),
    Road(lambda: raw_plants.by_readings("rate")),
    Road(lambda: raw_plants.by_readings("interval")),
    Road(raw_plants.declared_meters),
    Road(raw_plants.by_log),
    Road(lambda: raw_plants.shared("power")),
    Road(lambda: raw_plants.shared("shares", by_turns=True)),
    Road(raw_plants.small_shared),
    *(Road(make, short=1, long=1, first=first) for make, first in whole_files.PAIRS),
    Road(lambda: raw_plants.by_log("campaign"), bounded=False, short=1, long=200),
    Road(lambda: raw_plants.shared("shares"), bounded=False, short=1, long=200),
    Road(lambda: raw_plants.shared("output"), bounded=False, short=1, long=200),
    Road(lambda: raw_plants.shared("hours"), bounded=False, short=1, long=200),
    Road(lambda: raw_plants.shared("rated-power"), bounded=False, short=1, long=200),
)

TOGETHER = 16  # changes that go through the agent in one set of files
ALONE = 10  # one in so many sets: its first change goes alone as well
TELLING, OFF = (
    100,
    70.0,
)  # others that the control must find changed by one record, and what it must lose, somewhere
MOST_CELLS = 2  # of a metric, that one record can leave and enter


@dataclass(slots=True)
class Found:
    """The worst over the neighbours of one road."""

    tried: int = 0
    refused: int = 0
    declared: int = 0  # pairs of which something declared differs, and is told with certainty
    cells: int = 0  # of one metric whose class, or being released, differs at once
    others: int = 0
    ratio: float = 0.0
    loss: float = 0.0
    worst: str = ""
    disagree: int = 0  # changes that came to something else alone than together with others


def run(long: bool) -> Outcome:
    sound, rows, others, lost = True, [], 0, 0.0
    for index, road in enumerate(ROADS):
        plant = road.make()
        with swiftly():
            outward, local = compare(
                plant, road.first(plant), road.long if long else road.short, index
            )
        sound &= (
            outward.others == 0
            and outward.ratio <= 1 + 1e-9
            and outward.cells <= MOST_CELLS
            and outward.disagree == 0
        )
        sound &= (
            outward.refused < outward.tried / 2
            if road.bounded
            else outward.refused == outward.tried
        )
        others, lost = max(others, local.others), max(lost, local.loss)
        rows.append(_row(plant.road, road.bounded, outward, local))
    return Outcome(
        "stability",
        sound and others >= TELLING and lost >= OFF,
        "neighbours in raw files: how many other records change, and the exact joint loss over "
        "all that is drawn as a share of the debit",
        (
            "road",
            "neighbours",
            "refused",
            "bound",
            "others changed",
            "loss / debit",
            "told by what is declared",
            "own label: others",
            "own label: loss",
        ),
        tuple(rows),
    )


def _row(road: str, bounded: bool, outward: Found, local: Found) -> tuple[str, ...]:
    return (
        road,
        f"{outward.tried:,}",
        f"{outward.refused:,}",
        "1" if bounded else "none: refused",
        f"{outward.others}" if bounded else "",
        f"{outward.ratio:.2f}" if bounded else "",
        f"{outward.declared:,}" if bounded else "",
        f"{local.others}",
        f"{local.loss:.1f}",
    )


def compare(plant: Plant, first: Plant, count: int, seed: int) -> tuple[Found, Found]:
    """Neighbours of one plant, as they are judged on their way out and, as the control for the
    first, by the plant's own label.
    """
    chance = random.Random(seed)  # noqa: S311  # which neighbours are tried
    outward, local = Found(), Found()
    with tempfile.TemporaryDirectory() as name:
        folder, groups = Path(name), 0
        base = judge(plant, folder)
        assert base is not None
        of_base = base.report()
        queue = [[first]]
        while outward.tried < count:
            group = queue.pop() if queue else _together(plant, chance)
            both = judge(group[-1], folder)
            report = NOTHING if both is None else both.report()
            if not outward.tried:
                _add(local, base.own(), NOTHING if both is None else both.own(), first)
            if len(group) == 1:
                _add(outward, of_base, report, group[0])
            elif both is None or not both.bounded:
                queue += [[neighbour(plant, chance)] for _ in group]
            else:
                outward.others = max(
                    outward.others,
                    len(
                        changed(of_base, report).difference(*(member.accounts for member in group))
                    ),
                )
                apart = [base.with_those_of(both, member.accounts) for member in group]
                for variant, beside in zip(group, apart, strict=True):
                    _add(outward, of_base, beside, variant)
                if groups % ALONE == 0:
                    alone = judge(group[0], folder)
                    outward.disagree += alone is None or not _same(alone.report(), apart[0])
                groups += 1
    return outward, local


def _together(plant: Plant, chance: random.Random) -> list[Plant]:
    """Changes of different records, each plant with those before it; one that may let batches
    overlap stands alone.
    """
    group: list[Plant] = []
    while len(group) < TOGETHER:
        before = group[-1] if group else plant
        other = neighbour(before, chance)
        if tangled(other):
            if not group:
                return [other]
        elif not other.accounts & before.touched:
            group.append(other)
    return group


def _same(base: Report, other: Report) -> bool:
    alike = all(
        getattr(base, name) == getattr(other, name)
        for name in ("classes", "withheld", "months", "debits", "refused")
    )
    return alike and not changed(base, other) and joint_loss(base, other) == 0


def _add(tally: Found, base: Report, beside: Report, plant: Plant) -> None:
    tally.tried, names = tally.tried + 1, plant.accounts
    if base.refused or beside.refused:
        tally.refused += 1
        return
    tally.others = max(tally.others, len(changed(base, beside) - names))
    otherwise = {
        cell
        for cell in base.classes.keys() | beside.classes.keys()
        if base.classes.get(cell) != beside.classes.get(cell)
    }
    tally.declared += (
        bool(otherwise) or base.withheld != beside.withheld or base.months != beside.months
    )
    tally.cells = max([tally.cells, *Counter((cell[0], cell[3]) for cell in otherwise).values()])
    loss = joint_loss(base, beside)
    debit = sum(
        (
            max(base.debits.get(name, Fraction(0)), beside.debits.get(name, Fraction(0)))
            for name in names
        ),
        Fraction(0),
    )
    ratio = loss / float(debit) if debit else (float("inf") if loss > 1e-9 else 0.0)
    tally.loss = max(tally.loss, loss)
    if ratio > tally.ratio:
        tally.ratio, tally.worst = ratio, f"{plant.kind} {sorted(names)}"
