"""Whether a corrected report can be taken out of a published version: how often, how right the
erratum is, and what it tells the corrected firm of another.

Sectors of 8 to 60 firms in three shapes, of which one firm, any, first reported wrongly: in turn it
read a few batches otherwise (0.5 % off), had a wrong factor (3 % off), or lied by 50 cells of the
grid. The first two are corrected as not at fault, the liar as at fault. Of each the first version,
the new version of all reports (which the gate has to judge), and the erratum.

The reader is the corrected firm, which knows both of its values. It asks for the value of the firm
that comes into the best in its place, or the next one where it was not among them: a linear
regression on half of the cases learns that firm's value from the first version and the reader's own
values alone, and from these with the later figures; tried on the other half. The erratum is
computed from nothing else, so that it can tell no more; the new version can.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice

import numpy as np

from benchmarks.composition import IndustryCell, IndustryLabel, ReportedLabel
from benchmarks.composition.rules import apply_rule, averaged, median_of_ordered, rule_for
from benchmarks.disclosure.corrected_values import CorrectedVersion, Correction
from benchmarks.disclosure.errata import erratum
from tests.attacks.published import drafted, shown
from tests.statistical.outcome import Outcome
from tests.statistical.sectors import BETWEEN, PACK, RULE, STEP, Array, sector

SIZES = ((8, 19), (20, 49), (50, 60))
ERRORS = (0.005, 0.03, None)  # sd as a share of the typical value; None: a lie
LIE = -50  # cells
CLOSE = 0.01
MOST_GAIN, _SURE = 0.03, 2.5
LEAST_PUBLISHED, MOST_BIAS, LEAST_COVERED = 0.95, 0.002, 0.95
_SHORT, _LONG = 120, 1_000


@dataclass(frozen=True, slots=True)
class Case:
    firms: int
    lied: bool
    anew: bool  # the gate releases a new version
    published: bool  # the erratum shows all that the first version showed
    off: Array  # of best and typical value, by which the erratum is off, as a share
    covered: Array
    one: Array  # what the reader reads of the first version, from the typical value on
    by_erratum: Array  # further figures
    by_new_version: Array
    asked: float  # the other firm's exact value, from the typical value on
    level: float


def run(long: bool) -> Outcome:
    tries = (case for number in count() if (case := _case(number)) is not None)
    cases = list(islice(tries, _LONG if long else _SHORT))
    train, tried = cases[::2], cases[1::2]
    alone, corrected, anew = (
        _close(train, tried, name) for name in ("one", "by_erratum", "by_new_version")
    )
    rows, sound = [], True
    for first, last in (*SIZES, (SIZES[0][0], SIZES[-1][1])):
        these = [case for case in cases if first <= case.firms <= last]
        published = float(np.mean([case.published for case in these]))
        off = np.array([case.off for case in these])
        covered = float(np.mean([case.covered for case in these]))
        gains = [later - alone for later in (corrected, anew)]
        whole = last - first == SIZES[-1][1] - SIZES[0][0]
        if whole:
            unsure = float(gains[0].std()) / gains[0].size ** 0.5
            sound &= published >= LEAST_PUBLISHED and covered >= LEAST_COVERED
            sound &= bool(np.abs(off.mean(axis=0)).max() <= MOST_BIAS)
            sound &= bool(gains[0].mean() <= MOST_GAIN + _SURE * unsure * (not long))
            sound &= bool(gains[1].mean() > MOST_GAIN) or not long
        rows.append(
            (
                "all" if whole else f"{first} to {last}",
                f"{len(these):,}",
                f"{100 * float(np.mean([case.anew for case in these])):.0f}",
                f"{100 * published:.0f}",
                *(f"{100 * bias:+.2f}" for bias in off.mean(axis=0)),
                f"{100 * covered:.1f}",
                *(("-",) * 3 if not whole else _found(alone, gains)),
            )
        )
    return Outcome(
        "corrections",
        sound,
        f"{len(cases):,} sectors of which one firm corrects its report after version 1: % of new "
        "versions of all reports that the gate lets out, % of errata that show all that version 1 "
        "showed; bias of the erratum's best and typical value in %, % of its 95 % intervals that "
        "hold the exact value; % of tries in which the corrected firm finds the firm next to it "
        "to within 1 % from version 1, and points gained from the erratum and from the new version",
        (
            "firms",
            "sectors",
            "new version",
            "erratum",
            "bias, best",
            "bias, typical",
            "covered",
            "version 1",
            "with the erratum",
            "with the new version",
        ),
        tuple(rows),
    )


def _case(number: int) -> Case | None:
    """None where the first version shows no value, for one report moves it too far."""
    rng = np.random.default_rng([62, number])
    firms = int(rng.integers(SIZES[0][0], SIZES[-1][1] + 1))
    cohort = sector(rng, tuple(BETWEEN)[number % len(BETWEEN)], firms)
    reader, error = int(rng.integers(firms)), ERRORS[number // len(BETWEEN) % len(ERRORS)]
    cells = LIE
    if error is not None:
        cells = round(float(rng.normal(0, error * RULE.typical) / float(RULE.grid.width)))
    true = [dataclasses.replace(row, report=f"{row.site} 1") for row in cohort.labels]
    first, again = list(true), list(true)
    first[reader] = moved(true[reader], cells)
    again[reader] = dataclasses.replace(true[reader], report="corrected")
    then, now = drafted(first, number), drafted(again, number + 1)
    gated = then.gated()
    if shown(gated.published)[0] is None:
        return None
    kind = Correction.AT_FAULT if error is None else Correction.NOT_AT_FAULT
    version = CorrectedVersion("1", gated, then.roster, now.roster)
    corrected = erratum(version, {true[reader].firm: kind}, PACK, number).gate
    best, typical = shown(gated.published)
    after = _cell(corrected.published)
    rule = rule_for(firms, PACK.composition)
    if best is None or typical is None or rule is None or after.best is None:
        raise RuntimeError(f"the erratum of {firms} firms shows no value")
    exact = np.array([float(apply_rule(rule.rule, cohort.best)), _median(cohort.typical)])
    values = np.array([after.best, after.typical])
    ends = np.array([after.interval, after.typical_interval])
    own = [float(labels[reader].label.best_value) for labels in (first, again)]
    others = np.sort(np.delete(cohort.best, reader))
    comes_in = others[averaged(rule.rule, firms)[-1]]
    next_best, next_typical = shown(now.label)
    read = np.array([1.0, best - typical, *(value - typical for value in own)])
    read = np.concatenate([read, np.minimum(read[2:], best - typical), read[1:2] / firms])
    return Case(
        firms=firms,
        lied=error is None,
        anew=shown(now.gated((then.published("1"),)).published)[0] is not None,
        published=corrected.shown == gated.shown,
        off=(values - exact) / RULE.typical,
        covered=np.asarray((ends[:, 0] <= exact) & (exact <= ends[:, 1]), dtype=float),
        one=read,
        by_erratum=np.append(read, [after.best - best, float(after.typical or 0) - typical]),
        by_new_version=np.append(
            read, [round(next_best or 0) - best, round(next_typical or 0) - typical]
        ),
        asked=float(comes_in) - typical,
        level=typical,
    )


def moved(row: ReportedLabel, cells: int) -> ReportedLabel:
    """The report with its values so many cells further."""
    label, points = row.label, row.label.grid.points
    best, typical = (
        dataclasses.replace(drawn, grid_point=min(max(drawn.grid_point + cells, 0), points - 1))
        for drawn in (label.best, label.typical)
    )
    return dataclasses.replace(row, label=dataclasses.replace(label, best=best, typical=typical))


def _cell(label: IndustryLabel) -> IndustryCell:
    return next(cell for cell in label.cells if cell.step == STEP.id and cell.metric == RULE.metric)


def _median(typicals: Array) -> float:
    return float(median_of_ordered(np.sort(typicals)))


def _found(alone: Array, gains: Sequence[Array]) -> tuple[str, ...]:
    """In % of all tries: those of one size are too few to tell."""
    return f"{100 * float(alone.mean()):.0f}", *(f"{100 * gain.mean():+.0f}" for gain in gains)


def _close(train: list[Case], tried: list[Case], name: str) -> Array:
    """Where a linear regression on these figures finds the asked value to within 1 %."""
    learnt, read = (np.array([getattr(case, name) for case in cases]) for cases in (train, tried))
    slopes, *_ = np.linalg.lstsq(learnt, np.array([case.asked for case in train]), rcond=None)
    levels = np.array([case.level for case in tried])
    exact = levels + np.array([case.asked for case in tried])
    return np.asarray(np.abs((levels + read @ slopes) / exact - 1) <= CLOSE, dtype=float)
