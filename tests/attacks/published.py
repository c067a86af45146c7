"""What can be worked out of published values: simulated sectors, really composed and really gated,
and the attacker's sums.

Success is to come within 1 % of a firm's exact value, which is about how closely its own release
tells it. The p-percent of the gate (10 %) would be no measure here: firms of a sector lie within
some 4 % of each other, so that the published typical value alone is within 10 % of nearly every one
of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import ndtri

from benchmarks.composition import IndustryLabel, Roster, by_step, compose_with_roster
from benchmarks.composition.entrants import ReportedLabel
from benchmarks.disclosure import GateResult, PublishedVersion, gate
from benchmarks.policies import DisclosurePolicy
from tests.statistical.sectors import PACK, RULE, STEP, Sector

ROUTE = next(route for route in PACK.routes if route.id == "eaf")
CLOSE = 0.01
TAKEN_IN = range(2, 7)  # places of the firms whose mean the best is, 1 the best
FIVE = slice(TAKEN_IN.start - 1, TAKEN_IN.stop - 1)
TARGET = TAKEN_IN.start - 1  # the best firm of these, 0 the best of all
ENDS = (TARGET, TAKEN_IN.stop - 2)  # the best and the last of these
BETWEEN = 0.04 * RULE.typical  # as `tests.statistical.sectors` lays them
END, LATE = date(2017, 1, 1), date(2017, 6, 1)


@dataclass(frozen=True, slots=True)
class Draft:
    label: IndustryLabel
    roster: Roster

    def gated(
        self,
        previous: Sequence[PublishedVersion] = (),
        elsewhere: Sequence[PublishedVersion] = (),
        policy: DisclosurePolicy = PACK.disclosure,
        other_years: Sequence[PublishedVersion] = (),
    ) -> GateResult:
        return gate(
            self.label,
            self.roster,
            policy,
            previous,
            elsewhere=elsewhere,
            other_years=other_years,
            period_end=END,
            today=LATE,
            audited=self.audited,
        )

    @property
    def audited(self) -> dict[str, frozenset[str]]:
        """Every report is, so that nothing waits for that."""
        return {
            cell.step: frozenset(row.site for row in self.roster.of(cell.name).members)
            for cell in self.label.cells
            if cell.best is not None
        }

    def published(self, name: str) -> PublishedVersion:
        return PublishedVersion(name, self.gated().published, self.roster)


def drafted(reported: Sequence[ReportedLabel], seed: int) -> Draft:
    label, roster = compose_with_roster(
        PACK, ROUTE, by_step(reported), np.random.default_rng(seed), period="2016"
    )
    return Draft(label, roster)


def shown(label: IndustryLabel) -> tuple[float | None, float | None]:
    """The furnace's best and typical value as anybody reads them."""
    step = next(step for step in label.cells if step.step == STEP.id and step.metric == RULE.metric)
    return step.best, step.typical


def without(sector: Sector, gone: set[int]) -> list[ReportedLabel]:
    return [row for index, row in enumerate(sector.labels) if index not in gone]


def place(rank: int, firms: int) -> float:
    """Where the firm of this rank lies, in standard deviations below the typical one (Blom)."""
    return float(-ndtri((rank - 0.375) / (firms + 0.25)))


def guess(best: float, firms: int, rank: int) -> float:
    """The value of a firm whose rank somebody knows, from one published mean of the best: a normal
    sector laid through it.

    The attacker knows besides how far firms of such a sector lie apart: more than a publication
    tells.
    """
    middle = np.mean([place(position, firms) for position in TAKEN_IN])
    return float(best + BETWEEN * (middle - place(rank, firms)))


def guess_of_ends(best: float, firms: int) -> float:
    """Of a firm that is the best or the last of those that the mean takes in, nobody knows which."""
    return float(np.mean([guess(best, firms, end + 1) for end in ENDS]))


def end_of(seed: int) -> int:
    """Which of the two it is, by chance; not by the parity of seeds, which tells halves apart."""
    return ENDS[seed // 2 % 2]


def close(estimates: Sequence[float], exact: Sequence[float]) -> float:
    """The share of estimates within 1 % of the exact value."""
    return float(np.mean(np.abs(np.array(estimates) / np.array(exact) - 1) <= CLOSE))


def median_error(estimates: Sequence[float], exact: Sequence[float]) -> float:
    return float(np.median(np.abs(np.array(estimates) / np.array(exact) - 1)))
