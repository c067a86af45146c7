"""A release costs little more than its two bare draws: measured in one run, so that a slow machine
slows both sides.
"""

from __future__ import annotations

import pytest

from tests.performance import draws

MOST = 3.0


def test_score_and_two_draws_cost_at_most_three_times_the_bare_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(draws, "RELEASES", 5)
    lines = draws.measure()
    assert [line["name"] for line in lines] == ["score and two draws"] * len(draws.SIZES)
    assert min(line["ratio"] for line in lines) <= MOST
    assert all(line["ours_s"] > 0 and line["reference_s"] > 0 for line in lines)
