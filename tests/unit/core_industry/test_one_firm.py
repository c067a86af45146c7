"""A figure that one report moves beyond its interval waits until that report is audited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pytest

from benchmarks.composition import ReportedLabel, by_step, compose_with_roster
from benchmarks.composition.result import CellRoster, Member
from benchmarks.composition.rules import averaged, middle
from benchmarks.disclosure import GateReason, GateResult, gate, one_firm
from benchmarks.disclosure.influence import RankAverage
from tests.statistical.one_liar import lied
from tests.statistical.sectors import PACK, ROUTE, STEP, sector

TOO_GOOD = ("site-0001", "site-0026")
"""The two, the best first."""


@pytest.mark.parametrize("firms", [8, 9, 26, 51])
def test_a_move_is_what_working_the_figure_out_without_the_firm_gives(firms: int) -> None:
    values = [int(value) for value in np.random.default_rng(firms).integers(0, 60, firms)]
    members = [Member(f"f{at}", f"s{at}", (670, value, value)) for at, value in enumerate(values)]
    for ranks in (lambda n: averaged("trimmed-best-five", n), middle):
        figure = RankAverage("best", ranks, lambda member: float(member.bests[0]), width=0.5)

        def worked_out(of: list[int]) -> float:
            return 0.5 * float(np.mean(np.sort(of)[list(ranks(len(of)))]))  # noqa: B023

        for at, move in enumerate(one_firm.moved(figure, members)):
            without = worked_out([*values[:at], *values[at + 1 :]])
            assert move == pytest.approx(without - worked_out(values))


Gated = Callable[..., GateResult]


@pytest.fixture(scope="module")
def gated() -> Gated:
    """A sector of 48 alike firms of which the best two sent far too little, let through the gate."""
    rng = np.random.default_rng(62)
    honest = sector(rng, "normal", 48, 0.01)
    labels: Sequence[ReportedLabel] = honest.labels
    for best in np.argsort(honest.best)[:2]:
        labels = lied(labels, int(best), -25)
    draft, roster = compose_with_roster(PACK, ROUTE, by_step(labels), rng, period="2016")
    furnace = next(cell for cell in draft.cells if cell.best is not None)
    largest = one_firm.largest_moves(draft, roster, {STEP.id: frozenset(TOO_GOOD[:1])})
    assert largest[furnace.name].audit_first == TOO_GOOD[1]

    def let_through(*audited: str) -> GateResult:
        return gate(
            draft,
            roster,
            PACK.disclosure,
            period_end=date(2017, 1, 1),
            today=date(2017, 6, 1),
            audited={STEP.id: frozenset(audited)},
        )

    return let_through


def reason(result: GateResult) -> GateReason:
    return next(cell.reason_code for cell in result.cells if cell.firms == 48)


def test_it_waits_until_every_report_that_moves_it_so_far_is_audited(gated: Gated) -> None:
    assert reason(gated()) is GateReason.INFLUENCE
    assert reason(gated(TOO_GOOD[0])) is GateReason.INFLUENCE
    assert reason(gated("site-017", "site-018")) is GateReason.INFLUENCE
    assert reason(gated(*TOO_GOOD)) is GateReason.SHOWN
    assert not gated().hold, "the other steps may be published meanwhile"


def test_the_public_reads_of_no_firm(gated: Gated) -> None:
    result = gated()
    furnace = next(cell for cell in result.published.cells if cell.firms == 48)
    assert (furnace.best, furnace.interval, furnace.curve) == (None, None, ())
    assert not any(site in str(result.to_json()) for site in TOO_GOOD)


def test_nothing_is_said_of_a_report_that_moves_nothing() -> None:
    figure = RankAverage(
        "best",
        lambda firms: averaged("trimmed-best-five", firms),
        lambda member: float(member.bests[0]),
        width=1.0,
    )
    alike = tuple(Member(f"f{at}", f"s{at}", (670, 40, 50)) for at in range(12))
    assert not one_firm.moved(figure, CellRoster("cell", alike).members).any()
