"""Who is found in the difference between a version and its erratum: the firm that comes into the
best in place of a corrected one, by the corrected firm; and a firm that is corrected, by anybody.

Of the first there is nothing in an erratum, and so nothing to find: what the corrected firm gains
from a version of all reports is measured by `tests.statistical.corrections`. The second attacker's
sum is that of `test_differencing`: five times the later mean, less five times the earlier one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.composition import CellRoster, Member, ReportedLabel, Roster
from benchmarks.disclosure import GateResult, PublishedVersion
from benchmarks.disclosure.corrected_values import CorrectedVersion, Correction
from benchmarks.disclosure.errata import erratum
from tests.attacks.conftest import State
from tests.attacks.published import (
    CLOSE,
    TAKEN_IN,
    Draft,
    close,
    drafted,
    guess,
    median_error,
    shown,
)
from tests.attacks.table import Row
from tests.attacks.test_differencing import OFF
from tests.statistical.corrections import LIE, moved
from tests.statistical.sectors import PACK, Array, sector

FIRMS = 24
MIDDLE = FIRMS // 2
THIRD, LAST = 3, TAKEN_IN[-1]
OTHERWISE = -10  # cells


@dataclass(frozen=True, slots=True)
class Corrected:
    """A version of which the firm at one place had reported otherwise, and what comes after it."""

    then: Draft
    public: GateResult  # of `then`
    now: Draft
    otherwise: Draft  # as `now`, with another report of the fifth best
    firm: str
    reported: float  # falsely
    exact: Array  # in rising order

    @property
    def best(self) -> float:
        best, _ = shown(self.public.published)
        assert best is not None
        return best

    def later(self, kind: Correction | None, *, others: bool = False) -> float:
        """The best of the erratum; of a new version that no gate withholds where None, `others`
        with another report of the fifth best.
        """
        if kind is None:
            before = PublishedVersion("1", self.public.published, self.then.roster)
            now = self.otherwise if others else self.now
            label = now.gated((before,), policy=OFF).published
        else:
            version = CorrectedVersion("1", self.public, self.then.roster, self.now.roster)
            label = erratum(version, {self.firm: kind}, PACK, 1).gate.published
        best, _ = shown(label)
        assert best is not None
        return best


def corrected(sectors: int, place: int, cells: int) -> list[Corrected]:
    """Args:
    place: of the firm that is corrected, 1 the best.
    cells: by which it had reported too much.
    """
    versions = []
    for seed in range(sectors):
        cohort = sector(np.random.default_rng(seed), "normal", FIRMS)
        index = int(np.argsort(cohort.best)[place - 1])
        first, again = ([*cohort.labels] for _version in range(2))
        first[index] = moved(first[index], cells)
        again[index] = _sent_again(again[index])
        then, otherwise = drafted(first, seed), [*again]
        fifth = int(np.argsort(cohort.best)[4])
        otherwise[fifth] = moved(otherwise[fifth], OTHERWISE)
        versions.append(
            Corrected(
                then,
                then.gated(),
                drafted(again, seed + 1000),
                drafted(otherwise, seed + 1000),
                cohort.labels[index].firm,
                float(first[index].label.best_value),
                np.sort(cohort.best),
            )
        )
    return versions


def _sent_again(row: ReportedLabel) -> ReportedLabel:
    return dataclasses.replace(row, report="corrected")


def exchanged(roster: Roster, firm: str, seed: int) -> Roster:
    """With other values of every other firm."""
    rng = np.random.default_rng(seed)

    def other(member: Member) -> Member:
        drawn = tuple(point + int(rng.integers(-30, 31)) for point in member.fingerprint)
        return dataclasses.replace(member, fingerprint=drawn, report="another")

    return Roster(
        tuple(
            CellRoster(
                cell.cell,
                tuple(m if m.firm == firm else other(m) for m in cell.members),
            )
            for cell in roster.cells
        )
    )


def test_the_reports_of_other_firms_in_an_erratum(stated: State, long: bool) -> None:
    """Whatever the other firms reported, then and since: the corrected firm reads the same figures,
    and could have worked them out by itself.
    """
    versions = corrected(200 if long else 24, MIDDLE, LIE)
    differing = 0
    for seed, version in enumerate(versions):
        for kind in Correction:
            rosters = [
                exchanged(roster, version.firm, seed)
                for roster in (version.then.roster, version.now.roster)
            ]
            first, second = (
                erratum(
                    CorrectedVersion("1", version.public, *both), {version.firm: kind}, PACK, seed
                ).gate
                for both in ((version.then.roster, version.now.roster), rosters)
            )
            differing += first != second
    anew = sum(version.later(None) != version.later(None, others=True) for version in versions)
    assert differing == 0
    assert anew > 0.9 * len(versions)
    stated(
        Row(
            "correction-others",
            "the erratum of a version, by the corrected firm: anything of the report of another "
            "firm, such as the one that takes its place among the best",
            "an erratum is calculated from the version and the corrected reports alone",
            "the same figures whatever the others reported",
            f"0 of {len(versions) * len(Correction)} errata differ where all other reports are "
            "exchanged",
            f"composed of all reports: {anew} of {len(versions)} differ where one other report is",
        )
    )


def test_a_corrected_firm_that_is_not_at_fault(stated: State, long: bool) -> None:
    """The third best had reported a value of the middle; whose it is, everybody knows."""
    versions = corrected(400 if long else 40, THIRD, -LIE)
    exact = [float(version.exact[THIRD - 1]) for version in versions]

    def found(later: Callable[[Corrected], float]) -> list[float]:
        return [
            5 * later(version) - 5 * version.best + guess(version.best, FIRMS, LAST)
            for version in versions
        ]

    alone = [guess(version.best, FIRMS, THIRD) for version in versions]
    honest, fault, anew = (
        found(lambda version, kind=kind: version.later(kind))  # type: ignore[misc]
        for kind in (Correction.NOT_AT_FAULT, Correction.AT_FAULT, None)
    )
    assert close(honest, exact) <= close(alone, exact)
    assert close(anew, exact) > close(alone, exact) + 0.1
    stated(
        Row(
            "correction-firm",
            "a version and its erratum, subtracted by anybody: a corrected firm that is not at "
            f"fault, the third best, to within {CLOSE:.0%}",
            "its new report enters no figure: its place is taken by what the others lead to expect",
            f"{close(alone, exact):.0%}, the guess from the version",
            f"{close(honest, exact):.0%}, median error {median_error(honest, exact):.1%}; at "
            f"fault, which the firm bears: {close(fault, exact):.0%}",
            f"composed of all reports: {close(anew, exact):.0%}, median error "
            f"{median_error(anew, exact):.1%}",
        )
    )
