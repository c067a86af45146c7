"""One batch from all that a site ever sends: repeated reports, corrections, quarters and pooled
years that hold the same batch.

The observer keeps the odds between two values of one batch, all others known, by the exact law of
every grid point seen. They may grow to e^(sum of debits) and no further: the cap and the reserve
for corrections, 4 together.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Batch, CarrierEnergy
from benchmarks.privacy import accounting
from benchmarks.privacy.accounting import Debit
from benchmarks.privacy.mechanism import draw_grid_point, exact_law, scores
from benchmarks.privacy.randomness import KeyedStream
from reporting_agent.sending.privacy_ledger import Ledger
from reporting_agent.sending.submission import ReportMaterial
from reporting_agent.state import StateDirectory, transaction
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.statistical.sectors import PACK
from tests.unit.agent_send.cast import Desk, heats, material

POLICY = PACK.policy
MOST = POLICY.cap_per_year + accounting.reserve(POLICY)
ONE_RELEASE = POLICY.epsilon_best + POLICY.epsilon_typical
BATCH = "H2016-00000"


def with_one_heat_edited(index: int, batches: list[Batch]) -> list[Batch]:
    """Another heat's meter reading changed: data that a correction may be made of; the batch
    attacked stays as it is.
    """
    other = batches[-1]
    first = other.energy[0]
    energy = (CarrierEnergy(first.carrier, first.quantity + index, first.unit), *other.energy[1:])
    return [*batches[:-1], dataclasses.replace(other, energy=energy)]


def attempts() -> list[tuple[str, ReportMaterial, bool]]:
    """Every way to have the same batch drawn once more."""
    year = heats(400)
    late = [dataclasses.replace(heat, start=heat.start + timedelta(seconds=1)) for heat in year]
    asked = [("2016", material(year), False), ("2016", material(year), False)]
    asked += [("2016", material(with_one_heat_edited(index, year)), True) for index in range(1, 5)]
    asked += [("2016", material(late), True)]
    asked += [
        (period, material(year, period), False)
        for period in ("2016-Q1", "2015-01-01/2017-01-01", "2016-01-01/2018-01-01")
    ]
    return asked


def reports_let_through(desk: Desk) -> tuple[int, Counter[str]]:
    """Reports sealed of all that were asked for, and under which code the others were refused."""
    refused: Counter[str] = Counter()
    for period, data, correct in attempts():
        submission = desk.submission()
        with desk.road as road:
            try:
                submission.send(submission.prepare(data, period, road, correct=correct), road)
            except PolicyRefusal as refusal:
                refused[refusal.code] += 1
    return len(desk.portal.submissions), refused


def most_on_the_batch(desk: Desk) -> Fraction:
    rows = desk.connection.execute(
        "SELECT epsilon_numerator, epsilon_denominator FROM ledger WHERE batch_id = ?", (BATCH,)
    )
    return sum((Fraction(*row) for row in rows), Fraction(0))


def nothing_is_refused(*_args: object, **_more: object) -> None:
    """In place of the ledger's rules."""


def largest_odds(folder: Path, games: int, tries: int) -> tuple[float, int]:
    """Log-odds of the luckiest observer, on the pair of data sets that tells most; and the releases
    it saw.

    A plant is asked for release after release of one batch; the real ledger lets through what it
    lets through.
    """
    laws = [
        [exact_law(scores((point,), 2, 1), epsilon) for point in (0, 1)]
        for epsilon in (POLICY.epsilon_best, POLICY.epsilon_typical)
    ]
    state, most, most_releases = StateDirectory(folder), 0.0, 0
    with state.exclusive(), state.connect() as connection:
        ledger = Ledger(connection)
        for game in range(games):
            odds, releases = 0.0, 0
            for index in range(tries):
                correction = index % 2 == 1
                debit = Debit(
                    "eaf", f"batch {game}", f"{game}/{index}", ONE_RELEASE, 2000 + game, correction
                )
                try:
                    with transaction(connection):
                        ledger.record([debit], parcel=f"{game}/{index // 4}", rules=POLICY)
                except PolicyRefusal:
                    continue
                releases += 1
                stream = KeyedStream(bytes(32), challenge=b"", data_root=b"", name=debit.release_id)
                for epsilon, (law, other) in zip(
                    (POLICY.epsilon_best, POLICY.epsilon_typical), laws, strict=True
                ):
                    point = draw_grid_point(scores((0,), 2, 1), epsilon, stream)
                    odds += float(np.log(law[point] / other[point]))
            most, most_releases = max(most, odds), max(most_releases, releases)
    return most, most_releases


@pytest.mark.timeout(
    1_200
)  # the long form plays three hundred games twice, and a slow machine takes five minutes for them
def test_reconstruction_from_all_that_a_site_ever_sends(
    stated: State, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    asked = len(attempts())
    through, refused = reports_let_through(desk)
    spent = most_on_the_batch(desk)
    assert (
        through == 2
    )  # the report and its one correction; the report asked for again is the same bytes
    assert spent <= MOST
    assert set(refused) == {"corrections-used", "budget-exhausted"}
    assert sum(refused.values()) == asked - through - 1

    games = 300 if long else 30
    odds, releases = largest_odds(tmp_path / "on", games, tries=24)
    assert odds <= float(MOST)

    monkeypatch.setattr(accounting, "check", nothing_is_refused)
    monkeypatch.setattr(accounting, "check_correction", nothing_is_refused)
    unbound, unbound_releases = largest_odds(tmp_path / "off", games, tries=24)
    assert unbound > float(MOST)

    stated(
        Row(
            "reconstruction",
            "one batch from repeats, corrections, quarters and pooled years",
            "the ledger: cap 2 and reserve 2 a batch",
            f"odds e^{MOST} = {math.exp(MOST):.0f}",
            f"{through} of {asked} reports drawn, epsilon {spent}; odds at most e^{odds:.1f} in "
            f"{games} games of {releases} releases",
            f"no debit: e^{unbound:.1f} from {unbound_releases} releases",
        )
    )


def test_the_agent_itself_would_send_them_all_without_the_ledgers_rules(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounting, "check", nothing_is_refused)
    monkeypatch.setattr(accounting, "check_correction", nothing_is_refused)
    through, refused = reports_let_through(desk)
    assert through > 2
    assert not refused
    assert most_on_the_batch(desk) > MOST
